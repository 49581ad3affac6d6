"""How a typed query is read: in which fields its words are looked for, and how. It makes queries of its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from connote.contract.errors import ConnoteError
from connote.search.query.boolean import DisMax
from connote.search.query.fuzzy import Fuzziness, Fuzzy
from connote.search.query.match import How
from connote.search.query.multi import MultiMatch
from connote.search.query.patterns import Prefix
from connote.search.query.query import MatchNone, Query, Weight
from connote.search.query.reader import Reader

Fields = Sequence[tuple[str, float]]


@dataclass(frozen=True, kw_only=True)
class Lenient(Query):
    """A query that matches nothing where a field cannot be asked so."""

    inner: Query

    def weigh(self, reader: Reader) -> Weight:
        """The query's, or none."""
        try:
            return self.inner.weigh(reader)
        except ConnoteError:
            return MatchNone().weigh(reader)


@dataclass(frozen=True)
class Style:
    """The parameters of a typed query. `reader` is there once the index is known."""

    fields: Fields
    operator: str
    how: How
    least: str | int | None
    type: str
    tie: float | None
    fuzziness: Fuzziness
    lenient: bool | None = None
    with_leading_wildcards: bool = True
    zone: str | None = None
    suffix: str = ""
    quoting: str | None = None  # the analyzer of phrases
    is_simple: bool = False
    flags: frozenset[str] = frozenset()
    reader: Reader | None = field(default=None, repr=False, compare=False)

    @property
    def is_lenient(self) -> bool:
        """Whether what a field cannot be asked is passed over: always, where all fields are meant."""
        is_all = not self.fields or any(name == "*" for name, _ in self.fields)
        return self.is_simple or (is_all if self.lenient is None else self.lenient)

    def known(self, reader: Reader) -> "Style":
        """For one index."""
        return replace(self, reader=reader)

    def resolved(self, fields: Fields) -> Fields:
        """The fields that are there."""
        return fields if self.reader is None else self.reader.searched(fields)

    def words(self, text: str, fields: Fields) -> Query:
        """A text in the fields."""
        kind, tie = ("most_fields", 1.0) if self.is_simple else (self.type, self.tie)
        return MultiMatch(fields=self._listed(fields), text=text, type=kind, how=self._how(), tie=tie)

    def phrase(self, text: str, fields: Fields, slop: int | None) -> Query:
        """A phrase in the fields; where there are, in those with `quote_field_suffix`."""
        how = self._how() if slop is None else replace(self._how(), slop=slop)
        how = how if self.quoting is None else replace(how, analyzer=self.quoting)
        return MultiMatch(fields=self._quoted(fields), text=text, type="phrase", how=how)

    def fuzzy(self, word: str, fields: Fields, edits: str | None) -> Query:
        """Words near one."""
        how = self.fuzziness if edits is None else replace(self.fuzziness, edits=edits)
        return self.each(fields, lambda name: Fuzzy(field=name, value=word, how=how, is_lowered=True))

    def prefix(self, word: str, fields: Fields) -> Query:
        """Words that begin so."""
        return self.each(fields, lambda name: Prefix(field=name, value=word, is_lowered=True))

    def each(self, fields: Fields, make: Callable[[str], Query]) -> Query:
        """The best of a query on each field; of a simple text, the sum."""
        queries = [make(name).boosted(boost) for name, boost in self.resolved(fields)]
        if self.is_lenient:
            queries = [Lenient(inner=each) for each in queries]
        if len(queries) == 1:
            return queries[0]
        tie = 1.0 if self.is_simple or self.type == "most_fields" else self.tie or 0.0
        return DisMax(queries=queries, tie=tie)

    def _how(self) -> How:
        return replace(self.how, is_lenient=self.is_lenient)

    def _listed(self, fields: Fields) -> Fields:
        """What is resolved to nothing is one field that is not there: none would mean all."""
        return self.resolved(fields) or [("", 1.0)]

    def _quoted(self, fields: Fields) -> Fields:
        listed, reader = self._listed(fields), self.reader
        if not self.suffix or reader is None:
            return listed
        return [(name + self.suffix if reader.field(name + self.suffix) else name, boost) for name, boost in listed]
