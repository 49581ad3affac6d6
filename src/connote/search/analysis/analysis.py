"""The analyzers of an index, made from its settings."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import branches, synonyms
from connote.search.analysis.analyzer import POSITION_GAP, Analyzer, Named
from connote.search.analysis.builtin import ANALYZERS, MISSING
from connote.search.analysis.catalog import CHAR_FILTERS, TOKENIZERS
from connote.search.analysis.component import CharFilter, TokenFilter, Tokenizer
from connote.search.analysis.definitions import definitions, groups, limits
from connote.search.analysis.filters.catalog import FILTERS
from connote.search.analysis.options import Options
from connote.search.analysis.similarity import similarities

Part = TypeVar("Part")
Types = Mapping[str, Callable[[Options], Part]]
# A part of a chain: the name of one, or its definition.
Reference = str | Mapping[str, Any]
# Types of filters that depend on what else is in their chain.
_CHAINED = (*synonyms.TYPES, *branches.TYPES)
_MOST_INSIDE = 2  # filters that are made of others: one, and one in it


class Analysis:
    """An index's analyzers and normalizers, and the parts that they are made of.

    `settings` are the index's, nested or dotted, with `index.` or without. All that they define is made at once, so
    that a wrong definition is refused with the index. `sets` gives the sets of synonyms; when one changes, the
    analyzers are to be made anew. Raises IllegalArgument, BadSetting.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None, *, sets: synonyms.Sets = lambda _: None) -> None:
        self.limits = limits(settings or {})
        self._sets = sets
        self._defined = definitions(settings or {}, self.limits)
        self.similarities = similarities(groups(settings or {}, "similarity"))
        self._tokenizers = self._parts("tokenizer", TOKENIZERS)
        self._char_filters = self._parts("char_filter", CHAR_FILTERS)
        self._filters = self._parts("filter", FILTERS, dict.fromkeys(_CHAINED, _refuse))
        self._analyzers = {name: self._analyzer(options) for name, options in self._defined["analyzer"].items()}
        self._normalizers = {name: self._normalizer(options) for name, options in self._defined["normalizer"].items()}

    def analyzer(self, name: str) -> Analyzer | None:
        """The analyzer of that name, defined or built in; None if there is none."""
        if name == "default":
            return self.default
        if name not in self._analyzers and (name in ANALYZERS or name in MISSING):
            self._analyzers[name] = {**ANALYZERS, **MISSING}[name](Options(name, {}, kind="analyzer"))
        return self._analyzers.get(name)

    def normalizer(self, name: str) -> Analyzer | None:
        """The normalizer of that name, defined or `lowercase`; None if there is none."""
        if name == "lowercase" and name not in self._normalizers:
            self._normalizers[name] = self._normalizer(Options(name, {"filter": ["lowercase"]}))
        return self._normalizers.get(name)

    def reloadable(self, synonyms_set: str | None = None) -> list[str]:
        """The analyzers whose synonyms may change: those that read that set, or without one all."""
        return sorted(
            name
            for name, options in self._defined["analyzer"].items()
            if any(self._reloads(each, synonyms_set) for each in options.texts("filter"))
        )

    @property
    def default(self) -> Analyzer:
        """What text fields are indexed with that name no analyzer: `default`, if it is defined, else `standard`."""
        found = self._analyzers.get("default") or self.analyzer("standard")
        assert found is not None  # noqa: S101 (it is built in)
        return found

    @property
    def default_search(self) -> Analyzer:
        """What is searched with where a field names no analyzer: `default_search`, if defined, else `default`."""
        return self._analyzers.get("default_search") or self.default

    def custom(
        self,
        tokenizer: Reference | None,
        filters: Sequence[Reference] = (),
        char_filters: Sequence[Reference] = (),
        *,
        found_in: str = "",
    ) -> Analyzer:
        """An analyzer made of these parts; a normalizer, without a tokenizer. `found_in` is for errors: `global `."""
        lookup = _Loose(found_in)
        cutter = self._find(lookup, "tokenizer", tokenizer or "keyword", self._tokenizers, TOKENIZERS)
        before = [self._find(lookup, "char_filter", each, self._char_filters, CHAR_FILTERS) for each in char_filters]
        chain = self._chain(lookup, filters, cutter, before)
        for named in chain if tokenizer is None else ():
            if not named.part.normalizes:
                raise IllegalArgument(f"Custom normalizer may not use filter [{named.name}]")
        return Analyzer("__custom__", cutter, chain, before, custom=True)

    def _parts(self, kind: str, types: Types[Part], chained: Types[Part] | None = None) -> dict[str, Part]:
        """Make all parts of a kind that are defined, but for those that depend on their chain."""
        made = {}
        for name, options in self._defined[kind].items():
            if options.type is None:
                raise IllegalArgument(f"{kind} [{name}] must specify either an analyzer type, or a tokenizer")
            if options.type in types:
                made[name] = types[options.type](options)
            elif not chained or options.type not in chained:
                raise IllegalArgument(f"Unknown {kind} type [{options.type}] for [{name}]")
        return made

    def _analyzer(self, options: Options) -> Analyzer:
        name = options.name
        if options.type is None and not options.has("tokenizer"):
            raise IllegalArgument(f"analyzer [{name}] must specify either an analyzer type, or a tokenizer")
        if options.type not in (None, "custom"):
            build = {**ANALYZERS, **MISSING}.get(options.type or "")
            if build is None:
                raise IllegalArgument(f"Unknown analyzer type [{options.type}] for [{name}]")
            return build(options)
        tokenizer = options.text("tokenizer")
        if tokenizer is None:
            raise IllegalArgument(f"Custom Analyzer [{name}] must be configured with a tokenizer")
        lookup = _Strict(f"Custom Analyzer [{name}]")
        cutter = self._find(lookup, "tokenizer", tokenizer, self._tokenizers, TOKENIZERS)
        before = self._char_filters_of(lookup, options)
        chain = self._chain(lookup, options.texts("filter"), cutter, before)
        gap = options.integer("position_increment_gap", POSITION_GAP)
        search_only = [each for each in options.texts("filter") if self._is_search_only(each)]
        return Analyzer(name, cutter, chain, before, gap=gap, custom=True, search_only=search_only)

    def _normalizer(self, options: Options) -> Analyzer:
        lookup = _Strict(f"Custom normalizer [{options.name}]")
        if options.type not in (None, "custom"):
            raise IllegalArgument(f"Unknown normalizer type [{options.type}] for [{options.name}]")
        if options.has("tokenizer"):
            raise IllegalArgument(f"{lookup.owner} cannot configure a tokenizer")
        keyword = Named("keyword", TOKENIZERS["keyword"](Options("keyword", {})))
        before = self._char_filters_of(lookup, options)
        chain = self._chain(lookup, options.texts("filter"), keyword, before)
        for named in chain:
            if not named.part.normalizes:
                raise IllegalArgument(f"{lookup.owner} may not use filter [{named.name}]")
        return Analyzer(options.name, keyword, chain, before, custom=True)

    def _char_filters_of(self, lookup: "_Lookup", options: Options) -> list[Named[CharFilter]]:
        names = options.texts("char_filter")
        return [self._find(lookup, "char_filter", name, self._char_filters, CHAR_FILTERS) for name in names]

    def _chain(
        self,
        lookup: "_Lookup",
        references: Sequence[Reference],
        tokenizer: Named[Tokenizer],
        char_filters: Sequence[Named[CharFilter]],
        inside: Sequence[str] = (),
    ) -> list[Named[TokenFilter]]:
        """The filters; `inside` are those that are made of them."""
        chain: list[Named[TokenFilter]] = []
        for reference in references:
            options = self._chained(reference)
            if options is None:
                chain.append(self._find(lookup, "filter", reference, self._filters, FILTERS))
            elif options.type in synonyms.TYPES:
                made = synonyms.make(options, tokenizer, chain, char_filters, self._sets)
                chain.append(Named(options.name, made))
            else:
                find = partial(self._inner, lookup, tokenizer, char_filters, (*inside, options.name))
                chain.append(Named(options.name, branches.TYPES[options.type or ""](options, find)))
        return chain

    def _inner(
        self,
        lookup: "_Lookup",
        tokenizer: Named[Tokenizer],
        char_filters: Sequence[Named[CharFilter]],
        inside: Sequence[str],
        names: Sequence[str],
    ) -> list[TokenFilter]:
        """The filters that another one is made of. Raises IllegalArgument for one that is made of itself."""
        if again := set(inside) & set(names):
            raise IllegalArgument(f"Token filter [{min(again)}] refers to itself")
        if len(inside) > _MOST_INSIDE:
            raise IllegalArgument(f"Token filters {java(list(inside))} are nested too deeply")
        return [named.part for named in self._chain(lookup, names, tokenizer, char_filters, inside)]

    def _chained(self, reference: Reference) -> Options | None:
        """The options of a filter that is made for its place in a chain; None if it is another one."""
        if isinstance(reference, str):
            options = self._defined["filter"].get(reference)
        else:
            options = Options(f"__anonymous__{reference.get('type')}", reference, limits=self.limits)
        return options if options is not None and options.type in _CHAINED else None

    def _is_search_only(self, name: str) -> bool:
        options = self._chained(name)
        return options is not None and options.type in synonyms.TYPES and synonyms.is_search_only(options)

    def _reloads(self, name: str, synonyms_set: str | None) -> bool:
        options = self._chained(name)
        if options is None or options.type not in synonyms.TYPES:
            return False
        if synonyms_set is not None:
            return synonyms_set in synonyms.sets_of(options)
        return options.has("synonyms_set") or synonyms.is_search_only(options)

    def _find(
        self, lookup: "_Lookup", kind: str, reference: Reference, made: dict[str, Part], types: Types[Part]
    ) -> Named[Part]:
        if not isinstance(reference, str):
            return self._anonymous(kind, reference, types)
        if reference not in made and reference in types:
            made[reference] = types[reference](Options(reference, {}, kind=kind, limits=self.limits))
        if reference not in made:
            raise IllegalArgument(lookup.missing(kind, reference))
        return Named(reference, made[reference])

    def _anonymous(self, kind: str, values: Mapping[str, Any], types: Types[Part]) -> Named[Part]:
        options = Options(f"__anonymous__{values.get('type')}", values, kind=kind, limits=self.limits)
        if options.type is None:
            raise IllegalArgument(f"Missing [type] setting for anonymous {kind}: {java(values)}")
        if options.type not in types:
            raise IllegalArgument(f"failed to find global {kind} under [{options.type}]")
        return Named(options.name, types[options.type](options))


class _Strict:
    """Looks parts up for an analyzer that an index defines."""

    def __init__(self, owner: str) -> None:
        self.owner = owner

    def missing(self, kind: str, name: str) -> str:
        return f"{self.owner} failed to find {kind} under name [{name}]"


class _Loose:
    """Looks parts up for a request to analyze."""

    def __init__(self, found_in: str) -> None:
        self.found_in = found_in

    def missing(self, kind: str, name: str) -> str:
        return f"failed to find {self.found_in}{kind} under [{name}]"


_Lookup = _Strict | _Loose


def _refuse(options: Options) -> TokenFilter:
    raise AssertionError(options.name)  # it is made for its chain
