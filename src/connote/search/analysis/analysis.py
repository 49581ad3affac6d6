"""The analyzers of an index, made from its settings."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from connote.contract.errors import IllegalArgument
from connote.search.analysis.analyzer import POSITION_GAP, Analyzer, Named
from connote.search.analysis.builtin import ANALYZERS
from connote.search.analysis.catalog import CHAR_FILTERS, FILTERS, TOKENIZERS
from connote.search.analysis.component import CharFilter, TokenFilter
from connote.search.analysis.options import Options

Part = TypeVar("Part")
_KINDS = ("analyzer", "normalizer", "tokenizer", "filter", "char_filter")


class Analysis:
    """An index's analyzers and normalizers, and the parts that they are made of.

    `settings` are the index's, nested or dotted, with `index.` or without. All that they define is made at once, so
    that a wrong definition is refused with the index. Raises IllegalArgument, BadSetting.
    """

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        self._defined = _definitions(settings or {})
        self._tokenizers = dict(self._parts("tokenizer", TOKENIZERS))
        self._char_filters = dict(self._parts("char_filter", CHAR_FILTERS))
        self._filters = dict(self._parts("filter", FILTERS))
        self._analyzers = {name: self._analyzer(options) for name, options in self._defined["analyzer"].items()}
        self._normalizers = {name: self._normalizer(options) for name, options in self._defined["normalizer"].items()}

    def analyzer(self, name: str) -> Analyzer | None:
        """The analyzer of that name, defined or built in; None if there is none."""
        if name not in self._analyzers and name in ANALYZERS and name != "default":
            self._analyzers[name] = ANALYZERS[name](Options(name, {}))
        return self._analyzers.get(name)

    def normalizer(self, name: str) -> Analyzer | None:
        """The normalizer of that name, defined or `lowercase`; None if there is none."""
        if name == "lowercase" and name not in self._normalizers:
            self._normalizers[name] = self._normalizer(Options(name, {"filter": ["lowercase"]}))
        return self._normalizers.get(name)

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

    def _parts(self, kind: str, types: Mapping[str, Callable[[Options], Part]]) -> Iterator[tuple[str, Part]]:
        for name, options in self._defined[kind].items():
            type_name = options.text("type")
            if type_name is None:
                raise IllegalArgument(f"{kind} [{name}] must specify either an analyzer type, or a tokenizer")
            if type_name not in types:
                raise IllegalArgument(f"Unknown {kind} type [{type_name}] for [{name}]")
            yield name, types[type_name](options)

    def _analyzer(self, options: Options) -> Analyzer:
        name, type_name = options.name, options.text("type")
        if type_name is None and not options.has("tokenizer"):
            raise IllegalArgument(f"analyzer [{name}] must specify either an analyzer type, or a tokenizer")
        if type_name not in (None, "custom"):
            if type_name not in ANALYZERS:
                raise IllegalArgument(f"Unknown analyzer type [{type_name}] for [{name}]")
            return ANALYZERS[type_name](options)
        tokenizer = options.text("tokenizer")
        if tokenizer is None:
            raise IllegalArgument(f"Custom Analyzer [{name}] must be configured with a tokenizer")
        owner = f"Custom Analyzer [{name}]"
        return Analyzer(
            name,
            self._find(owner, "tokenizer", tokenizer, self._tokenizers, TOKENIZERS),
            self._filter_chain(owner, options),
            self._char_filter_chain(owner, options),
            gap=options.integer("position_increment_gap", POSITION_GAP),
            custom=True,
        )

    def _normalizer(self, options: Options) -> Analyzer:
        owner = f"Custom normalizer [{options.name}]"
        if options.has("tokenizer"):
            raise IllegalArgument(f"{owner} cannot configure a tokenizer")
        keyword = Named("keyword", TOKENIZERS["keyword"](Options("keyword", {})))
        filters = self._filter_chain(owner, options)
        for named in filters:
            if not named.part.normalizes:
                raise IllegalArgument(f"{owner} may not use filter [{named.name}]")
        return Analyzer(options.name, keyword, filters, self._char_filter_chain(owner, options), custom=True)

    def _filter_chain(self, owner: str, options: Options) -> list[Named[TokenFilter]]:
        return [self._find(owner, "filter", name, self._filters, FILTERS) for name in options.texts("filter")]

    def _char_filter_chain(self, owner: str, options: Options) -> list[Named[CharFilter]]:
        names = options.texts("char_filter")
        return [self._find(owner, "char_filter", name, self._char_filters, CHAR_FILTERS) for name in names]

    def _find(
        self,
        owner: str,
        kind: str,
        name: str,
        made: dict[str, Part],
        types: Mapping[str, Callable[[Options], Part]],
    ) -> Named[Part]:
        if name not in made and name in types:
            made[name] = types[name](Options(name, {}))
        if name not in made:
            raise IllegalArgument(f"{owner} failed to find {kind} under name [{name}]")
        return Named(name, made[name])


def _definitions(settings: Mapping[str, Any]) -> dict[str, dict[str, Options]]:
    """By kind and name, what the settings define."""
    found: dict[str, dict[str, Options]] = {kind: {} for kind in _KINDS}
    for path, value in _leaves(settings):
        parts = path.removeprefix("index.").split(".", 3)
        if parts[0] != "analysis" or len(parts) < 2:
            continue
        if parts[1] not in _KINDS or len(parts) < 4:
            raise IllegalArgument(
                f"unknown setting [index.{'.'.join(parts)}] please check that any required plugins are installed, or "
                "check the breaking changes documentation for removed settings"
            )
        kind, name, key = parts[1:]
        options = found[kind].setdefault(name, Options(name, {}))
        options.values = {**options.values, key: value}
    return found


def _leaves(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
