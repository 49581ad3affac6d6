"""Sources of spans, as Lucene has them: each finds the spans of a document, by where they begin, then end.

Semantics are those of the package `org.apache.lucene.queries.spans`
(https://lucene.apache.org/core/9_12_0/queries/org/apache/lucene/queries/spans/package-summary.html).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Table
from connote.search.query import places
from connote.search.query.places import Reading


class Span(NamedTuple):
    """From a first position to the one behind the last; `width` is how much more it spans than its parts."""

    start: int
    end: int
    width: int = 0


class Source:
    """Base of the sources. `field` is whose positions the spans are, `scored` whose statistics they score by."""

    @property
    def field(self) -> str:
        """The field that combinations must have in common."""
        raise NotImplementedError

    @property
    def scored(self) -> str:
        """The same, unless it is masked."""
        return self.field

    def documents(self, table: Table) -> Ints:
        """int32, rising: those that may have a span; no other has any."""
        raise NotImplementedError

    def found(self, reading: Reading) -> list[Span]:
        """The spans, by where they begin."""
        raise NotImplementedError

    def words(self) -> Iterator[tuple[str, str]]:
        """The terms that count, each with its field."""
        raise NotImplementedError

    def stretches(self, reading: Reading) -> Iterable[tuple[int, int]]:
        """The first and the last position of each span."""
        return ((each.start, each.end - 1) for each in reading.of(self))


@dataclass(frozen=True)
class Terms(Source):
    """Terms of one field, each with spans of its own."""

    own: str
    terms: tuple[str, ...]

    @property
    def field(self) -> str:
        """Its own."""
        return self.own

    def documents(self, table: Table) -> Ints:
        """Who has one of them."""
        return places.having(table, self.own, self.terms)

    def found(self, reading: Reading) -> list[Span]:
        """One position each."""
        return [Span(place, place + 1) for place in reading.places(self.own, self.terms)]

    def words(self) -> Iterator[tuple[str, str]]:
        """Themselves."""
        return ((self.own, term) for term in self.terms)


@dataclass(frozen=True)
class Derived(Source):
    """What is made of the spans of another source, in its documents."""

    inner: Source

    @property
    def field(self) -> str:
        """The inner's."""
        return self.inner.field

    def documents(self, table: Table) -> Ints:
        """The inner's."""
        return self.inner.documents(table)

    def words(self) -> Iterator[tuple[str, str]]:
        """The inner's."""
        return self.inner.words()


@dataclass(frozen=True)
class Masked(Derived):
    """Spans of one field that pass for those of another, to be combined with these."""

    mask: str

    @property
    def field(self) -> str:
        """The other."""
        return self.mask

    @property
    def scored(self) -> str:
        """What it really is."""
        return self.inner.scored

    def found(self, reading: Reading) -> list[Span]:
        """The inner's."""
        return reading.of(self.inner)


@dataclass(frozen=True)
class AnyOf(Source):
    """The spans of several sources together."""

    parts: tuple[Source, ...]

    @property
    def field(self) -> str:
        """That of all."""
        return self.parts[0].field

    def documents(self, table: Table) -> Ints:
        """Anyone's."""
        return places.united([each.documents(table) for each in self.parts])

    def found(self, reading: Reading) -> list[Span]:
        """All, the same ones too."""
        return sorted(span for each in self.parts for span in reading.of(each))

    def words(self) -> Iterator[tuple[str, str]]:
        """Everyone's."""
        return (word for each in self.parts for word in each.words())


@dataclass(frozen=True)
class First(Derived):
    """Spans that end early in the text: before or at a position."""

    last: int

    def found(self, reading: Reading) -> list[Span]:
        """Those that do."""
        return [each for each in reading.of(self.inner) if each.end <= self.last]


@dataclass(frozen=True)
class Without(Derived):
    """Spans that have none of the others so close before or behind them; words of the others do not count."""

    others: Source
    before: int
    behind: int

    def found(self, reading: Reading) -> list[Span]:
        """Those for which the first of the others that does not lie far before them lies far behind them."""
        own = reading.of(self.inner)
        others, at, found = reading.of(self.others) if own else [], 0, []
        for each in own:
            while at < len(others) and others[at].end <= each.start - self.before:
                at += 1
            if at == len(others) or others[at].start - self.behind >= each.end:
                found.append(each)
        return found


@dataclass(frozen=True)
class Inside(Source):
    """Of large and small spans, of which the ones are in the others: the large ones, or the small ones."""

    large: Source
    small: Source
    is_large: bool

    @property
    def field(self) -> str:
        """Both's."""
        return self.large.field

    def documents(self, table: Table) -> Ints:
        """Those of both."""
        return places.shared((self.large.documents(table), self.small.documents(table)))

    def found(self, reading: Reading) -> list[Span]:
        """By going through both once."""
        large = reading.of(self.large)
        small = reading.of(self.small) if large else []
        return list(_containing(large, small) if self.is_large else _within(large, small))

    def words(self) -> Iterator[tuple[str, str]]:
        """Both's."""
        yield from self.large.words()
        yield from self.small.words()


def _containing(large: list[Span], small: list[Span]) -> Iterator[Span]:
    """The large ones that the first small one fits in that does not begin before them."""
    at = 0
    for each in large:
        while at < len(small) and small[at].start < each.start:
            at += 1
        if at == len(small):
            return
        if small[at].end <= each.end:
            yield each


def _within(large: list[Span], small: list[Span]) -> Iterator[Span]:
    """The small ones that fit in the first large one that does not end before them."""
    at = 0
    for each in small:
        while at < len(large) and large[at].end < each.end:
            at += 1
        if at == len(large):
            return
        if large[at].start <= each.start:
            yield each
