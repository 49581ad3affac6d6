"""Span queries, from their JSON to their sources.

https://www.elastic.co/docs/reference/query-languages/query-dsl/span-queries
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.mapping.text import MatchOnlyText, Text, scalar
from connote.search.query.body import Body, one_field
from connote.search.query.boolean import MOST_CLAUSES
from connote.search.query.places import check_positions
from connote.search.query.query import Query, Weight
from connote.search.query.reader import Reader
from connote.search.query.spans import near, source
from connote.search.query.spans.many import Many
from connote.search.query.spans.source import Source
from connote.search.query.spans.span import Parse, SpanQuery, check_alike, inner


@dataclass(frozen=True, kw_only=True)
class SpanTerm(SpanQuery):
    """Where one term stands."""

    field: str
    value: Any

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ARG003, ANN401
        """`{"text": "house"}` or `{"text": {"value": "house"}}`, also with `term` for `value`."""
        field, body, _ = one_field("span_term", given, "value")
        older = body.raw("term")
        value = body.raw("value", older)
        if value is None or isinstance(value, Mapping | list):
            raise BadQuery(f"[span_term] requires a single value for [{field}], not [{java(value)[:100]}]")
        made = cls(field=field, value=value, **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """The term as it is: spans are not analysed."""
        return source.Terms(positioned(reader, self.field), (scalar(self.value),))


def positioned(reader: Reader, name: str) -> str:
    """The name of a field with positions, or of one that is not there. Raises IllegalArgument."""
    field = reader.field(name)
    if field is None:
        return name
    told = f"Span term query requires position data, but field {field.name} was indexed without position data"
    if not isinstance(field, Text) or isinstance(field, MatchOnlyText):
        raise IllegalArgument(told)
    check_positions(field, told)
    return field.name


class Gap(NamedTuple):
    """Positions between two clauses."""

    field: str
    width: int

    @classmethod
    def parse(cls, given: Any) -> "Gap":  # noqa: ANN401
        """`{"text": 2}`."""
        if not isinstance(given, Mapping) or len(given) != 1:
            raise BadQuery("[span_gap] must be an object with a field and its width")
        ((field, _),) = given.items()
        width = Body("span_gap", given).whole(field, 0)
        if width < 0:
            raise BadQuery(f"[span_gap] of [{field}] must not be negative")
        return cls(field, width)


def _clauses(body: Body) -> list[Any]:
    listed = body.raw("clauses")
    if not isinstance(listed, list):
        raise BadQuery(f"[{body.kind}] query requires [clauses], an array of span queries")
    if not listed:
        raise BadQuery(f"{body.kind} must include [clauses]")
    if len(listed) > MOST_CLAUSES:
        raise IllegalArgument(f"too_many_clauses: maxClauseCount is set to {MOST_CLAUSES}")
    return listed


@dataclass(frozen=True, kw_only=True)
class SpanNear(SpanQuery):
    """Spans near each other."""

    clauses: Sequence[SpanQuery | Gap]
    slop: int
    ordered: bool

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"clauses": […], "slop": 2, "in_order": false}`; among the clauses may be `{"span_gap": {"text": 1}}`."""
        body = Body("span_near", given)
        clauses = [
            Gap.parse(each["span_gap"])
            if isinstance(each, Mapping) and set(each) == {"span_gap"}
            else inner("span_near", "clauses", each, parse)
            for each in _clauses(body)
        ]
        slop, ordered = body.whole("slop", 0), body.flag("in_order", default=True)
        made = cls(clauses=clauses, slop=slop, ordered=ordered, **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """One clause is itself. Raises IllegalArgument for gaps that have no place."""
        parts = [each.width if isinstance(each, Gap) else each.source(reader) for each in self.clauses]
        sources = [each for each in parts if isinstance(each, Source)]
        if not sources:
            raise IllegalArgument("[span_near] requires a clause that is no [span_gap]")
        check_alike(sources)
        if len(parts) == 1:
            return sources[0]
        if len(sources) < len(parts) and not self.ordered:
            raise IllegalArgument("Gaps can only be added to ordered near queries")
        made = near.Ordered if self.ordered else near.Unordered
        return made(tuple(parts), self.slop)

    def parts(self) -> Sequence[Query]:
        """The clauses."""
        return [each for each in self.clauses if isinstance(each, SpanQuery)]


@dataclass(frozen=True, kw_only=True)
class SpanOr(SpanQuery):
    """Spans of any clause."""

    clauses: Sequence[SpanQuery]

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"clauses": […]}`."""
        body = Body("span_or", given)
        made = cls(clauses=[inner("span_or", "clauses", each, parse) for each in _clauses(body)], **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """All of them."""
        parts = tuple(each.source(reader) for each in self.clauses)
        check_alike(parts)
        return source.AnyOf(parts)

    def parts(self) -> Sequence[Query]:
        """The clauses."""
        return self.clauses


def _required(body: Body, name: str, parse: Parse) -> SpanQuery:
    given = body.raw(name)
    if given is None:
        raise BadQuery(f"{body.kind} must have [{name}] span query clause")
    return inner(body.kind, name, given, parse)


@dataclass(frozen=True, kw_only=True)
class SpanNot(SpanQuery):
    """Spans that have none of the others so many positions before or behind them."""

    include: SpanQuery
    exclude: SpanQuery
    before: int
    behind: int

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"include": …, "exclude": …, "pre": 1, "post": 0}`, or `dist` for both."""
        body = Body("span_not", given)
        include, exclude = _required(body, "include", parse), _required(body, "exclude", parse)
        if "dist" in body and ("pre" in body or "post" in body):
            raise BadQuery("span_not can either use [dist] or [pre] & [post] (or none)")
        both = body.whole("dist", 0)
        before, behind = (max(body.whole(name, both), 0) for name in ("pre", "post"))
        made = cls(include=include, exclude=exclude, before=before, behind=behind, **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """The spans of `include`."""
        own, others = self.include.source(reader), self.exclude.source(reader)
        check_alike((own, others))
        return source.Without(own, others, self.before, self.behind)

    def parts(self) -> Sequence[Query]:
        """What a document may be a hit for."""
        return (self.include,)


@dataclass(frozen=True, kw_only=True)
class SpanFirst(SpanQuery):
    """Spans that end by a position."""

    match: SpanQuery
    end: int

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"match": …, "end": 3}`."""
        body = Body("span_first", given)
        match = _required(body, "match", parse)
        if "end" not in body:
            raise BadQuery("span_first must have [end] set for it")
        end = body.whole("end", 0)
        if end < 0:
            raise IllegalArgument("parameter [end] needs to be positive.")
        made = cls(match=match, end=end, **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """The spans of `match`."""
        return source.First(self.match.source(reader), self.end)

    def parts(self) -> Sequence[Query]:
        """What is matched."""
        return (self.match,)


@dataclass(frozen=True, kw_only=True)
class SpanContaining(SpanQuery):
    """Large spans with a small one in them."""

    big: SpanQuery
    little: SpanQuery

    @classmethod
    def parse(cls, given: Any, parse: Parse, kind: str = "span_containing") -> Query:  # noqa: ANN401
        """`{"big": …, "little": …}`."""
        body = Body(kind, given)
        made = cls(big=_required(body, "big", parse), little=_required(body, "little", parse), **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """The large ones."""
        return self._inside(reader, is_large=True)

    def _inside(self, reader: Reader, *, is_large: bool) -> Source:
        large, small = self.big.source(reader), self.little.source(reader)
        check_alike((large, small))
        return source.Inside(large, small, is_large)

    def parts(self) -> Sequence[Query]:
        """Both."""
        return (self.big, self.little)


@dataclass(frozen=True, kw_only=True)
class SpanWithin(SpanContaining):
    """Small spans in a large one."""

    @classmethod
    def parse(cls, given: Any, parse: Parse, kind: str = "span_within") -> Query:  # noqa: ANN401
        """`{"big": …, "little": …}`."""
        return super().parse(given, parse, kind)

    def source(self, reader: Reader) -> Source:
        """The small ones."""
        return self._inside(reader, is_large=False)


@dataclass(frozen=True, kw_only=True)
class SpanFieldMasking(SpanQuery):
    """Spans of one field that are combined with those of another."""

    inner: SpanQuery
    field: str

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"query": …, "field": "text"}`."""
        body = Body("span_field_masking", given)
        made = cls(inner=_required(body, "query", parse), field=body.required("field", str), **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """The same spans."""
        known = reader.field(self.field)
        return source.Masked(self.inner.source(reader), self.field if known is None else known.name)

    def parts(self) -> Sequence[Query]:
        """What is masked."""
        return (self.inner,)


@dataclass(frozen=True, kw_only=True)
class SpanMulti(SpanQuery):
    """Where the terms of a pattern stand, or those near a word or within bounds."""

    match: Many

    @classmethod
    def parse(cls, given: Any, parse: Parse) -> Query:  # noqa: ANN401
        """`{"match": {"prefix": {"text": "ho"}}}`."""
        body = Body("span_multi", given)
        wrapped = body.raw("match")
        if wrapped is None:
            raise BadQuery("[span_multi] must have [match] multi term query clause")
        made = cls(match=Many.parse(wrapped, parse), **body.common())
        body.done()
        return made

    def source(self, reader: Reader) -> Source:
        """As many as the index has."""
        field = positioned(reader, self.match.query.field)
        return source.Terms(field, self.match.terms(reader))

    def weigh(self, reader: Reader) -> Weight:
        """With the boost of what is wrapped."""
        return SpanQuery.weigh(self.boosted(self.match.query.boost), reader)
