"""The filters `synonym` and `synonym_graph`, made for the place in a chain where they stand."""

from collections.abc import Callable, Mapping, Sequence

from connote.contract.errors import IllegalArgument
from connote.search.analysis.analyzer import Analyzer, Named
from connote.search.analysis.component import CharFilter, ReadsNoRules, TokenFilter, Tokenizer
from connote.search.analysis.filters.synonyms import FlatSynonyms, Path, SynonymGraph, build
from connote.search.analysis.options import Options
from connote.search.analysis.rules import BadRule, Rule, SynonymsSet, solr, wordnet

TYPES: Mapping[str, type[SynonymGraph] | type[FlatSynonyms]] = {
    "synonym": FlatSynonyms,
    "synonym_graph": SynonymGraph,
}
# How many sets a filter may read (Elasticsearch 9.5).
_MOST_SETS = 100
# A set of synonyms by its name; None if there is none.
Sets = Callable[[str], SynonymsSet | None]


def make(
    options: Options,
    tokenizer: Named[Tokenizer],
    filters: Sequence[Named[TokenFilter]],
    char_filters: Sequence[Named[CharFilter]],
    sets: Sets,
) -> TokenFilter:
    """The filter after these `filters`, through which its rules are read. Raises IllegalArgument."""
    chain = [Named(named.name, part) for named in filters if (part := _for_rules(named)) is not None]
    analyzer = Analyzer("synonyms", tokenizer, chain, char_filters)
    lenient = options.boolean("lenient", options.boolean("updateable", False))
    rules = _rules(options, sets, lenient=lenient)
    try:
        made = build(rules, _cutter(analyzer), expand=options.boolean("expand", True), lenient=lenient)
    except BadRule as error:
        raise IllegalArgument(f"failed to build synonyms of [{options.name}]: {error}") from None
    return TYPES[options.type or options.name](made)


def is_search_only(options: Options) -> bool:
    """Whether its synonyms may change, so that only search analyzers may have it."""
    return options.boolean("updateable", False)


def _for_rules(named: Named[TokenFilter]) -> TokenFilter | None:
    try:
        return named.part.in_rules()
    except ReadsNoRules:
        raise IllegalArgument(f"Token filter [{named.name}] cannot be used to parse synonyms") from None


def _cutter(analyzer: Analyzer) -> Callable[[str], Path]:
    def cut(text: str) -> Path:
        tokens = analyzer.analyze(text)
        for token, place in zip(tokens, range(len(tokens)), strict=True):
            if token.position != place:
                raise BadRule(f"term: {text} analyzed to a token ({token.term}) with position increment != 1")
        if not tokens:
            raise BadRule(f"term: {text} was completely eliminated by analyzer")
        return tuple(token.term for token in tokens)

    return cut


def sets_of(options: Options) -> list[str]:
    """The names of the sets that its rules come from; none if they stand in its own options."""
    return options.texts("synonyms_set")


def _rules(options: Options, sets: Sets, *, lenient: bool) -> list[Rule | BadRule]:
    given = [key for key in ("synonyms", "synonyms_set", "synonyms_path") if options.has(key)]
    if len(given) != 1:
        raise IllegalArgument("synonym requires either `synonyms`, `synonyms_set` or `synonyms_path` to be configured")
    if given == ["synonyms_path"]:
        raise IllegalArgument(
            f"[synonyms_path] of [{options.name}] names a file; connote reads none. Use [synonyms] or [synonyms_set]"
        )
    if given == ["synonyms_set"]:
        return _read(_kept(options, sets, lenient=lenient))
    lines = (
        options.texts("synonyms") if isinstance(options.values["synonyms"], list) else [options.text("synonyms") or ""]
    )
    if (options.text("format") or "solr").lower() == "wordnet":
        try:
            return list(wordnet(lines))
        except BadRule as error:
            return [error]
    return _read(lines)


def _kept(options: Options, sets: Sets, *, lenient: bool) -> list[str]:
    """The rules of its sets. One that is lenient goes without a set that is not there: it is read once it is put."""
    names, rules = sets_of(options), list[str]()
    if not names:
        raise IllegalArgument(f"[synonyms_set] of [{options.name}] names no set")
    if len(names) > _MOST_SETS:
        raise IllegalArgument(f"At most {_MOST_SETS} synonym sets may be specified in [synonyms_set]")
    for name in names:
        found = sets(name)
        if found is None and not lenient:
            raise IllegalArgument(
                f"synonyms set [{name}] of [{options.name}] is not there; PUT _synonyms/{name} first, or say [lenient]"
            )
        rules.extend(rule.synonyms for rule in (found.rules if found else ()))
    return rules


def _read(lines: Sequence[str]) -> list[Rule | BadRule]:
    rules = list[Rule | BadRule]()
    for number, line in enumerate(lines, 1):
        try:
            rule = solr(line)
        except BadRule as error:
            rules.append(BadRule(f"Invalid synonym rule at line {number}: {error}"))
            continue
        if rule is not None:
            rules.append(rule)
    return rules
