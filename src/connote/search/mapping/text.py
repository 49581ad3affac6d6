"""Fields of text that is analysed."""

from typing import Any, ClassVar

from connote.contract.errors import BadMapping, IllegalArgument
from connote.contract.settings import java
from connote.search.analysis import Analysis, Analyzer
from connote.search.analysis.analyzer import POSITION_GAP
from connote.search.mapping.field import LEAF, Field, Param, anything, flag, text, whole
from connote.search.mapping.values import Values

_TERMS = LEAF | {
    "analyzer": Param(text),
    "search_analyzer": Param(text, updatable=True),
    "search_quote_analyzer": Param(text, updatable=True),
    "norms": Param(flag, True, updatable=True),
    "index_options": Param(text, "positions"),
    "index_phrases": Param(flag, False),
    "index_prefixes": Param(anything),
    "term_vector": Param(text, "no"),
    "fielddata": Param(flag, False, updatable=True),
    "fielddata_frequency_filter": Param(anything, updatable=True),
    "eager_global_ordinals": Param(flag, False, updatable=True),
    "position_increment_gap": Param(whole, POSITION_GAP),
}


def scalar(value: Any) -> str:  # noqa: ANN401 (JSON)
    """The text of a value that is no object. Raises IllegalArgument."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    raise IllegalArgument(f"Can't get text on a {'START_OBJECT' if isinstance(value, dict) else 'START_ARRAY'}")


class Text(Field):
    """Text, cut into terms by an analyzer."""

    kind: ClassVar[str] = "text"
    params = _TERMS

    def prepare(self, analysis: Analysis) -> None:
        """The analyzers are there."""
        for name in ("analyzer", "search_analyzer", "search_quote_analyzer"):
            if (wanted := self[name]) and analysis.analyzer(wanted) is None:
                raise BadMapping(
                    f"Failed to parse mapping: analyzer [{wanted}] has not been configured in mappings "
                    f"(parameter [{name}] of field [{self.name}])"
                )
        own_name = self["analyzer"]
        found = analysis.analyzer(own_name) if own_name else analysis.default
        if found is not None and found.search_only:
            raise BadMapping(
                f"analyzer [{own_name or 'default'}] contains filters {java(list(found.search_only))} that are not "
                "allowed to run in all mode."
            )
        own, searching, quoted = (
            self["analyzer"],
            self["search_analyzer"] or self["analyzer"],
            self["search_quote_analyzer"],
        )
        object.__setattr__(self, "_analyzer", analysis.analyzer(own) if own else analysis.default)
        object.__setattr__(self, "_searcher", analysis.analyzer(searching) if searching else analysis.default_search)
        object.__setattr__(self, "_quoter", analysis.analyzer(quoted) if quoted else self.search_analyzer)

    @property
    def analyzer(self) -> Analyzer:
        """What cuts documents."""
        analyzer: Analyzer = self.__dict__["_analyzer"]
        return analyzer

    @property
    def search_analyzer(self) -> Analyzer:
        """What cuts queries."""
        analyzer: Analyzer = self.__dict__["_searcher"]
        return analyzer

    @property
    def quote_analyzer(self) -> Analyzer:
        """What cuts queries for phrases."""
        analyzer: Analyzer = self.__dict__["_quoter"]
        return analyzer

    def add(self, value: Any, into: Values, path: str) -> None:  # noqa: ARG002, ANN401
        """A text; numbers and booleans are their text."""
        if self["index"]:
            into.texts[self.name].append(scalar(value))


class MatchOnlyText(Text):
    """Text of which only is known which documents have a term: every match scores the same."""

    kind: ClassVar[str] = "match_only_text"


class SearchAsYouType(Text):
    """Text; its n-grams are not indexed, so queries on it match whole words and the prefix of the last."""

    kind: ClassVar[str] = "search_as_you_type"
    params = _TERMS | {"max_shingle_size": Param(whole, 3)}


class AnnotatedText(Text):
    """Text with annotations, taken as text."""

    kind: ClassVar[str] = "annotated_text"
