"""Queries for values as a whole: term, terms, ids, exists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.search.engine import scores
from connote.search.engine.arrays import Mask, Ranked
from connote.search.engine.scores import Bm25
from connote.search.engine.segment import Segment, Table
from connote.search.mapping.date import Date
from connote.search.mapping.keyword import ConstantKeyword, Ip
from connote.search.mapping.number import Number
from connote.search.mapping.ranges import Range
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import MatchOnlyText, scalar
from connote.search.mapping.vectors import SparseVector
from connote.search.query import patterns
from connote.search.query.body import Body, one_field
from connote.search.query.query import Asks, Constant, Explanation, Hits, MatchNone, Query, Ranking, Weight
from connote.search.query.reader import Reader
from connote.search.query.sparse import SparseWeight
from connote.search.query.values import equal, everything, having, normal

# As many values as Elasticsearch takes (index.max_terms_count).
MOST_TERMS = 65536


@dataclass(frozen=True)
class TermsWeight(Ranking):
    """BM25 over some terms of one field, added up. `factors` are boost × idf by term."""

    field: str
    factors: Mapping[str, float]
    model: Bm25
    frequencies: Mapping[str, int]
    boost: float = 1.0

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Who has one of the terms."""
        points, mask = scores.bm25(table, self.field, self.factors, self.model)
        return Hits(mask, points if scored else None)

    def rank(self, table: Table, allowed: Mask, count: int) -> Ranked | None:
        """The best of them; of text."""
        if table.text(self.field) is None:
            return None
        return scores.rank_bm25(table, self.field, self.factors, self.model, allowed, count)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """Term by term."""
        found = []
        for term, factor in self.factors.items():
            points, mask = scores.bm25(table, self.field, {term: factor}, self.model)
            if mask[document]:
                found.append(self._term(document, term, float(points[document])))
        if not found:
            return None
        return found[0] if len(found) == 1 else Explanation(sum(each.value for each in found), "sum of:", found)

    def _term(self, document: int, term: str, value: float) -> Explanation:
        count, frequency = self.model.count, self.frequencies[term]
        idf = float(self.model.idf(frequency))
        factor = self.factors[term]
        return Explanation(
            value,
            f"weight({self.field}:{term} in {document}) [PerFieldSimilarity], result of:",
            [
                Explanation(
                    value,
                    "score(freq=1.0), computed as boost * idf * tf from:" if factor else "",
                    [
                        Explanation(factor / idf if idf else self.boost, "boost"),
                        Explanation(
                            idf,
                            "idf, computed as log(1 + (N - n + 0.5) / (n + 0.5)) from:",
                            [
                                Explanation(frequency, "n, number of documents containing term"),
                                Explanation(count, "N, total number of documents with field"),
                            ],
                        ),
                        Explanation(
                            value / factor if factor else 0.0,
                            "tf, computed as freq / (freq + k1 * (1 - b + b * dl / avgdl)) from:",
                        ),
                    ],
                )
            ],
        )


def terms_weight(reader: Reader, field: str, boosts: Mapping[str, float]) -> TermsWeight:
    """The weight of terms with their boosts."""
    model = reader.model(field)
    frequencies = {term: reader.frequency(field, term) for term in boosts}
    factors = {term: model.weight([frequencies[term]], boost) for term, boost in boosts.items()}
    return TermsWeight(field, factors, model, frequencies)


@dataclass(frozen=True, kw_only=True)
class Term(Query):
    """One value, as it is kept."""

    field: str
    value: Any
    is_insensitive: bool = False

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"price": 5}` or `{"price": {"value": 5, "boost": 2}}`."""
        field, body, _ = one_field("term", given, "value")
        value = body.required("value", lambda found: found)
        if isinstance(value, list | Mapping):
            raise BadQuery(
                f"[term] query does not support [{field}]"
                if isinstance(value, Mapping)
                else "[term] query does not support array of values"
            )
        made = cls(
            field=field, value=value, is_insensitive=body.flag("case_insensitive", default=False), **body.common()
        )
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """BM25 for words and terms; numbers and dates all score the boost, tokens of sparse vectors their weight."""
        if self.field in ("_id", "_index"):
            return _meta(self.field, [scalar(self.value)], reader, self.boost)
        field = reader.field(self.field)
        if field is None:
            return MatchNone().weigh(reader)
        if self.is_insensitive or isinstance(field, Number | Date | Ip | Range | MatchOnlyText):
            is_exact = not self.is_insensitive
            find = equal(field, [self.value]) if is_exact else patterns.insensitive(field.name, scalar(self.value))
            return Constant(find, self.boost)
        if isinstance(field, SemanticText):
            raise IllegalArgument(
                f"semantic_text fields do not support term queries; use [match] or [semantic] on [{field.name}]"
            )
        if isinstance(field, SparseVector):
            return SparseWeight(field.name, {scalar(self.value): 1.0}, self.boost)
        value = normal(field, self.value)
        if isinstance(field, ConstantKeyword):
            return _constant(field, [value], self.boost)
        return terms_weight(reader, field.name, {value: self.boost})


@dataclass(frozen=True, kw_only=True)
class Terms(Query):
    """One of several values; all score the boost. `lookup` says which document's values they are."""

    field: str
    values: Sequence[Any] = ()
    lookup: Mapping[str, Any] | None = None

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"tags": ["a", "b"]}` or `{"tags": {"index": …, "id": …, "path": …}}`."""
        body = Body("terms", given)
        common = body.common()
        names = body.names()
        if len(names) != 1:
            raise BadQuery(
                "[terms] query requires a field name, followed by array of terms or a document lookup specification"
            )
        value = body.raw(names[0])
        if isinstance(value, Mapping):
            wanted = Body("terms", value)
            lookup = {name: wanted.required(name, str) for name in ("index", "id", "path")}
            wanted.raw("routing")
            wanted.done()
            return cls(field=names[0], lookup=lookup, **common)
        if not isinstance(value, list):
            raise BadQuery("[terms] query does not support [" + names[0] + "]: it must be an array of values")
        if len(value) > MOST_TERMS:
            raise IllegalArgument(
                f"The number of terms [{len(value)}] used in the Terms Query request has exceeded the allowed "
                f"maximum of "
                f"[{MOST_TERMS}]."
            )
        if None in value:
            raise IllegalArgument("No value specified for terms query")
        return cls(field=names[0], values=tuple(value), **common)

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:  # noqa: ARG002
        """With the values of the document that is looked up."""
        if self.lookup is None:
            return self
        source = await asks.document(self.lookup["index"], self.lookup["id"])
        return replace(self, values=tuple(values_at(source or {}, self.lookup["path"].split("."))), lookup=None)

    def weigh(self, reader: Reader) -> Weight:
        """A filter."""
        if self.field in ("_id", "_index"):
            return _meta(self.field, [scalar(value) for value in self.values], reader, self.boost)
        field = reader.field(self.field)
        if field is None or not self.values:
            return MatchNone().weigh(reader)
        if isinstance(field, ConstantKeyword):
            return _constant(field, [normal(field, value) for value in self.values], self.boost)
        return Constant(equal(field, self.values), self.boost)


@dataclass(frozen=True, kw_only=True)
class Ids(Query):
    """Documents by id."""

    values: Sequence[str]

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"values": ["1"]}`."""
        body = Body("ids", given)
        values = body.raw("values", [])
        body.raw("type")
        listed = values if isinstance(values, list) else [values]
        if not all(isinstance(each, str | int) and not isinstance(each, bool) for each in listed):
            raise BadQuery(f"[ids] [values] must be texts, not [{java(values)[:100]}]")
        made = cls(values=tuple(str(each) for each in listed), **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """A filter."""
        return _meta("_id", self.values, reader, self.boost)


@dataclass(frozen=True, kw_only=True)
class Exists(Query):
    """Documents with a value."""

    field: str

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401
        """`{"field": "price"}`."""
        body = Body("exists", given)
        made = cls(field=body.required("field", str), **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """A filter; an object exists if one of its fields does."""
        fields = reader.fields(self.field)
        names = [each.name for each in fields]
        names += [name for name in reader.mapping.fields if name.startswith(f"{self.field}.")]
        if self.field in _META or any(isinstance(each, ConstantKeyword) for each in fields):
            return Constant(everything, self.boost)

        def find(table: Table) -> Mask:
            found = np.zeros(table.size, dtype=np.bool_)
            for name in names:
                found |= table.exists(name)
            return found

        return Constant(find, self.boost, f"FieldExistsQuery [field={self.field}]")


# What every document has.
_META = ("_id", "_index", "_source", "_seq_no", "_version")


def _meta(field: str, values: Sequence[str], reader: Reader, boost: float) -> Weight:
    if field == "_index":
        is_own = reader.index in values
        return Constant(lambda table: np.full(table.size, is_own, dtype=np.bool_), boost)

    def find(table: Table) -> Mask:
        found = np.zeros(table.size, dtype=np.bool_)
        if isinstance(table, Segment):
            documents = table.find(list(values))
            found[documents[documents >= 0]] = True
        return found

    return Constant(find, boost)


def _constant(field: ConstantKeyword, values: Sequence[str], boost: float) -> Weight:
    is_it = field["value"] in values
    return Constant(lambda table: np.full(table.size, is_it, dtype=np.bool_), boost)


def values_at(value: Any, path: Sequence[str]) -> list[Any]:  # noqa: ANN401
    """The values at a path of a document."""
    if isinstance(value, list):
        return [found for each in value for found in values_at(each, path)]
    if not path:
        return [] if value is None else [value]
    if not isinstance(value, Mapping):
        return []
    return values_at(value.get(path[0]), path[1:])


__all__ = ["Exists", "Ids", "Term", "Terms", "TermsWeight", "having", "normal", "terms_weight", "values_at"]
