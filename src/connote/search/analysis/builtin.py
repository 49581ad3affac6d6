"""The analyzers that every index has, by their types.

The languages have the chains that are in Elasticsearch's reference ("Language analyzers"); where it has a stemmer that
connote has not, so the language is refused.
"""

from collections.abc import Callable, Mapping, Sequence

from connote.contract.errors import IllegalArgument
from connote.search.analysis.analyzer import POSITION_GAP, Analyzer, Named
from connote.search.analysis.catalog import max_token_length, user_pattern
from connote.search.analysis.component import TokenFilter, Tokenizer
from connote.search.analysis.filters import light
from connote.search.analysis.filters.case import IrishLowercase, Lowercase, TurkishLowercase
from connote.search.analysis.filters.cjk import CjkBigram
from connote.search.analysis.filters.english import PossessiveEnglish
from connote.search.analysis.filters.folding import AsciiFoldingAlone, CjkWidth, DecimalDigit
from connote.search.analysis.filters.keyword import KeywordMarker, StemmerOverride
from connote.search.analysis.filters.porter import PorterStem
from connote.search.analysis.filters.select import Fingerprint
from connote.search.analysis.filters.stemmers import Normal, Stem, snowball, snowball_filter
from connote.search.analysis.filters.stop import Stop
from connote.search.analysis.filters.trim import Apostrophe, Elision
from connote.search.analysis.options import Options
from connote.search.analysis.tokenizers.pattern import PatternTokenizer
from connote.search.analysis.tokenizers.simple import KeywordTokenizer, LowercaseTokenizer, WhitespaceTokenizer
from connote.search.analysis.tokenizers.standard import StandardTokenizer
from connote.search.analysis.words import (
    CATALAN_ARTICLES,
    FRENCH_ARTICLES,
    IRISH_ARTICLES,
    ITALIAN_ARTICLES,
    given_words,
)

Build = Callable[[Options], Analyzer]


def _chain(options: Options, tokenizer: Tokenizer, *filters: TokenFilter) -> Analyzer:
    named = [Named(type(part).__name__, part) for part in filters]
    gap = options.integer("position_increment_gap", POSITION_GAP)
    return Analyzer(options.name, Named(type(tokenizer).__name__, tokenizer), named, gap=gap)


def _stop(options: Options, default: str) -> Stop:
    return Stop(given_words(options, "stopwords", default))


def _standard(options: Options) -> Analyzer:
    return _chain(options, StandardTokenizer(max_token_length(options)), Lowercase(), _stop(options, "_none_"))


def _pattern(options: Options) -> Analyzer:
    pattern = user_pattern(options, "pattern", r"\W+", options.text("flags"))
    lowercase = [Lowercase()] if options.boolean("lowercase", True) else []
    return _chain(options, PatternTokenizer(pattern), *lowercase, _stop(options, "_none_"))


def _fingerprint(options: Options) -> Analyzer:
    joined = Fingerprint(options.text("separator", " ") or "", options.integer("max_output_size", 255))
    return _chain(options, StandardTokenizer(), Lowercase(), AsciiFoldingAlone(), _stop(options, "_none_"), joined)


def _cjk(options: Options) -> Analyzer:
    return _chain(options, StandardTokenizer(), CjkWidth(), Lowercase(), CjkBigram(), _stop(options, "_cjk_"))


def _snowball(options: Options) -> Analyzer:
    """Snowball's stemmer of a `language`, English by default; only four languages have stop words of their own here."""
    stemming = snowball_filter(options)
    language = (options.text("language") or "English").lower()
    possessive = [PossessiveEnglish()] if language in ("english", "porter") else []
    lowercase = TurkishLowercase() if language == "turkish" else Lowercase()
    stop = _stop(options, f"_{language}_" if language in ("english", "german", "french", "dutch") else "_none_")
    return _chain(options, StandardTokenizer(), *possessive, lowercase, stop, stemming)


def _language(
    name: str,
    *,
    first: Callable[[], Sequence[TokenFilter]] = lambda: [Lowercase()],
    after_stop: Callable[[], Sequence[TokenFilter]] = list,
    stem: Callable[[], TokenFilter] | None = None,
    then: Callable[[], Sequence[TokenFilter]] = list,
) -> Build:
    """A language's chain: what comes `first`, its stop words, what is `after_stop`, exclusions, its stemmer."""

    def build(options: Options) -> Analyzer:
        excluded = frozenset(options.texts("stem_exclusion"))
        marker = [KeywordMarker(excluded)] if excluded else []
        stemming = stem() if stem else snowball(name)
        return _chain(
            options,
            StandardTokenizer(),
            *first(),
            _stop(options, f"_{name}_"),
            *after_stop(),
            *marker,
            *then(),
            stemming,
        )

    return build


# Words that the Dutch stemmer would get wrong.
_DUTCH = {"fiets": "fiets", "bromfiets": "bromfiets", "ei": "eier", "kind": "kinder"}

_LANGUAGES: Mapping[str, Build] = {
    "arabic": _language(
        "arabic",
        first=lambda: [Lowercase(), DecimalDigit()],
        after_stop=lambda: [Normal(light.normal_arabic)],
        stem=lambda: Stem(light.arabic),
    ),
    "catalan": _language("catalan", first=lambda: [Elision(CATALAN_ARTICLES, ignore_case=True), Lowercase()]),
    "dutch": _language("dutch", then=lambda: [StemmerOverride(_DUTCH)]),
    "english": _language("english", first=lambda: [PossessiveEnglish(), Lowercase()], stem=PorterStem),
    "french": _language(
        "french",
        first=lambda: [Elision(FRENCH_ARTICLES, ignore_case=True), Lowercase()],
        stem=lambda: Stem(light.french),
    ),
    "german": _language("german", then=lambda: [Normal(light.normal_german)], stem=lambda: Stem(light.german)),
    "irish": _language(
        "irish",
        first=lambda: [
            Stop({"h", "n", "t"}, ignore_case=True), Elision(IRISH_ARTICLES, ignore_case=True), IrishLowercase()
        ],
    ),
    "italian": _language(
        "italian",
        first=lambda: [Elision(ITALIAN_ARTICLES, ignore_case=True), Lowercase()],
        stem=lambda: Stem(light.italian),
    ),
    "portuguese": _language("portuguese", stem=lambda: Stem(light.portuguese)),
    "spanish": _language("spanish", stem=lambda: Stem(light.spanish)),
    "turkish": _language("turkish", first=lambda: [Apostrophe(), TurkishLowercase()]),
    **{
        name: _language(name)
        for name in (
            "armenian", "basque", "danish", "finnish", "hungarian", "lithuanian", "norwegian", "romanian", "russian",
            "swedish",
        )
    },
}  # fmt: skip


def _missing(language: str) -> Build:
    def refuse(options: Options) -> Analyzer:
        raise IllegalArgument(
            f"The analyzer [{language}] of [{options.name}] is not there in connote; there are "
            f"[{', '.join(sorted(ANALYZERS))}]"
        )

    return refuse


# What Elasticsearch has besides.
MISSING: Mapping[str, Build] = {
    language: _missing(language)
    for language in (
        "bengali", "brazilian", "bulgarian", "czech", "estonian", "galician", "greek", "hindi", "indonesian", "latvian",
        "persian", "serbian", "sorani", "thai",
    )
}  # fmt: skip

ANALYZERS: Mapping[str, Build] = {
    "cjk": _cjk,
    "fingerprint": _fingerprint,
    "keyword": lambda options: _chain(options, KeywordTokenizer()),
    "pattern": _pattern,
    "simple": lambda options: _chain(options, LowercaseTokenizer()),
    "snowball": _snowball,
    "standard": _standard,
    "stop": lambda options: _chain(options, LowercaseTokenizer(), _stop(options, "_english_")),
    "whitespace": lambda options: _chain(options, WhitespaceTokenizer()),
    **_LANGUAGES,
}
