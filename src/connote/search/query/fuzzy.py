"""Words that are few edits away."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.search.engine.fields import Inverted
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.text import Text
from connote.search.query import patterns
from connote.search.query.body import Body, one_field
from connote.search.query.edits import near
from connote.search.query.query import MatchNone, Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.term import TermsWeight

# Terms that a word becomes at most, as in Elasticsearch.
MOST_EXPANSIONS = 50
_MOST_EXPANSIONS = 1024


@dataclass(frozen=True)
class Fuzziness:
    """How many edits, how many characters at the beginning must be alike, how many terms are looked for.

    `edits` is `AUTO`, `AUTO:3,6` or a number; `is_swapping` lets two neighbours change places as one edit.
    """

    edits: str = "AUTO"
    kept: int = 0
    expansions: int = MOST_EXPANSIONS
    is_swapping: bool = True

    @classmethod
    def parse(cls, body: Body, edits: Any, swapping: str = "transpositions") -> "Fuzziness":  # noqa: ANN401 (JSON)
        """The parameters that stand beside `fuzziness`. Raises BadQuery, IllegalArgument."""
        made = cls(
            str(edits),
            body.whole("prefix_length", 0),
            body.whole("max_expansions", MOST_EXPANSIONS),
            body.flag(swapping, default=True),
        )
        made.most("")
        if made.kept < 0 or not 0 < made.expansions <= _MOST_EXPANSIONS:
            raise IllegalArgument(
                f"[{body.kind}] [prefix_length] must not be negative, and [max_expansions] 1 to {_MOST_EXPANSIONS}"
            )
        return made

    def most(self, term: str) -> int:
        """How many edits a term is allowed. Raises IllegalArgument."""
        text = self.edits.upper()
        if text.startswith("AUTO"):
            low, high = self._lengths(text)
            return 0 if len(term) < low else 1 if len(term) < high else 2
        try:
            most = int(float(text))
        except (ValueError, OverflowError):
            raise IllegalArgument(f"Invalid fuzziness value: [{self.edits}]") from None
        if not 0 <= most <= 2:
            raise IllegalArgument(f"Valid edit distances are [0, 1, 2] but was [{most}]")
        return most

    def _lengths(self, text: str) -> tuple[int, int]:
        if text == "AUTO":
            return 3, 6
        try:
            low, high = (int(part) for part in text.removeprefix("AUTO:").split(","))
        except ValueError:
            raise IllegalArgument(f"failed to find low and high distance values in [{self.edits}]") from None
        if not 0 <= low <= high:
            raise IllegalArgument(
                f"fuzziness wrongly configured, must be: lowDistance < highDistance, not [{self.edits}]"
            )
        return low, high


AUTO = Fuzziness()


@dataclass(frozen=True, kw_only=True)
class Fuzzy(Query):
    """Terms that are few edits away; `is_lowered` lets the analyzer of a text field lower the word first."""

    field: str
    value: str
    how: Fuzziness = AUTO
    is_lowered: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"name": "conote"}` or `{"name": {"value": "conote", "fuzziness": 1}}`."""
        field, body, _ = one_field("fuzzy", given, "value")
        value = str(body.required("value", lambda found: found))
        how = Fuzziness.parse(body, body.raw("fuzziness", "AUTO"))
        body.raw("rewrite")
        made = cls(field=field, value=value, how=how, **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """BM25, the nearer the more."""
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        patterns.check_words("fuzzy", field)
        value = field.normal(self.value) if isinstance(field, Keyword) else self.value
        if self.is_lowered and isinstance(field, Text):
            value = field.search_analyzer.normalize(value)
        return weight(reader, field, value, self.how, self.boost)


def weight(reader: Reader, field: Field, value: str, how: Fuzziness, boost: float = 1.0) -> Weight:
    """The terms near a word, the best of them, each by its nearness.

    As Lucene's FuzzyQuery: a term counts 1 - edits / the shorter length, and all are as rare as the most frequent one.
    """
    found = nearest(reader, field, value, how)[: how.expansions]
    if not found:
        return MatchNone().weigh(reader)
    model, frequency = reader.model(field.name), max(reader.frequency(field.name, term) for term, _ in found)
    factors = {term: model.weight([frequency], boost * max(each, 0)) for term, each in found}
    return TermsWeight(field.name, factors, model, {term: frequency for term, _ in found})


def nearest(reader: Reader, field: Field, value: str, how: Fuzziness) -> list[tuple[str, float]]:
    """The terms near a word, the nearest first, each with how near it is: 1 for the word itself."""
    most, nearness = how.most(value), dict[str, float]()
    for table in reader.tables:
        view = table.text(field.name) if isinstance(field, Text) else table.words(field.name)
        if view is not None:
            nearness |= {
                term: 1 - edits / max(min(len(term), len(value)), 1) if edits else 1.0
                for term, edits in within(view, value, most, how)
            }
    return sorted(nearness.items(), key=lambda each: (-each[1], each[0]))


def within(view: Inverted, value: str, most: int, how: Fuzziness) -> Iterable[tuple[str, int]]:
    """The terms near enough, and how many edits away they are."""
    if most == 0:
        at = view.find(value)
        return [(value, 0)] if at >= 0 else []
    start = value[: how.kept]
    places = view.terms.prefixed(start) if start else range(len(view.terms))
    return ((view.terms[at], edits) for at, edits in near(value, view.terms, places, most, swapping=how.is_swapping))
