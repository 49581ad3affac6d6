"""Queries by dense vectors, given or made of a text.

Of a document with several chunks the best one counts: exactly, since every chunk is scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.results import Vector
from connote.contract.settings import java
from connote.search.engine import kernels, nearest, scores
from connote.search.engine.arrays import Floats, Ints, Mask, Ranked
from connote.search.engine.fields import Dense
from connote.search.engine.segment import Table
from connote.search.mapping.field import Field
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.vectors import DenseVector
from connote.search.query.body import Body
from connote.search.query.chunks import check_task, chunks_of
from connote.search.query.query import Asks, Explanation, Hits, MatchNone, Query, Ranking, Weight
from connote.search.query.reader import Reader

MOST_CANDIDATES = 10_000


@dataclass(frozen=True)
class DenseWeight(Ranking):
    """How near each document's best vector is. `among` limits who counts, `least` the similarity, `most` how many."""

    field: str
    query: Vector
    similarity: str
    boost: float
    among: Weight | None = None
    least: float | None = None
    nearest: Mapping[int, Ranked] | None = None  # by segment, those of the first of all, best first

    def run(self, table: Table, *, scored: bool) -> Hits:
        """The nearest."""
        if self.nearest is None:
            points = self.points(table)
        elif (first := self.nearest.get(id(table.arrays))) is None:
            return Hits.none(table.size)
        else:
            points = np.full(table.size, -np.inf, dtype=np.float32)
            points[first.docs] = first.scores
        return Hits(points > -np.inf, points if scored else None)

    def rank(self, table: Table, allowed: Mask, count: int) -> Ranked | None:
        """The first of all that are in this segment; where they are not known, its nearest."""
        if self.nearest is not None:
            first = self.nearest.get(id(table.arrays), _NOBODY)
            kept = allowed[first.docs]
            return Ranked(first.docs[kept][:count], first.scores[kept][:count], int(np.count_nonzero(kept)))
        view = self._view(table)
        is_limited = self.least is not None or self.among is not None
        # A boost may make scores equal that were not.
        if view is None or is_limited or self.boost != 1 or not nearest.pays(view):
            return None
        documents, points = self.candidates(table, allowed, count)
        best = kernels.top(points, points > -np.inf, count)
        return Ranked(documents[best], points[best], int(np.count_nonzero(allowed & view.exists)))

    def candidates(self, table: Table, allowed: Mask, count: int) -> tuple[Ints, Floats]:
        """Documents, rising, among which the nearest are of those that are allowed, and their scores (or -inf).

        The boost is left out, which has no part in who is near.
        """
        view = self._view(table)
        if view is None:
            return _NOBODY.docs, _NOBODY.scores
        if self.among is not None:
            allowed = allowed & self.among.run(table, scored=False).mask
        asked = view, self.query, _ENGINE[self.similarity], allowed
        documents, compared = nearest.nearest(*asked, count)
        points = self._near(compared)
        if np.count_nonzero(points > 0) < count and (points == 0).any():
            # No score is below 0: some may be equal that are not equally near.
            documents, compared = nearest.every(*asked)
            points = self._near(compared)
        return documents, points

    def points(self, table: Table) -> Floats:
        """float32 [size]: every document's score, -inf of those without a vector or that do not count."""
        view = self._view(table)
        if view is None:
            return np.full(table.size, -np.inf, dtype=np.float32)
        rows = self._near(scores.dense(view, self.query, _ENGINE[self.similarity]))
        best: Floats = view.owners.best(rows) * np.float32(self.boost)
        if self.among is not None:
            best = np.where(self.among.run(table, scored=False).mask, best, np.float32(-np.inf))
        return best

    def _view(self, table: Table) -> Dense | None:
        view = table.dense(self.field)
        if view is not None and view.matrix.shape[1] != len(self.query):
            raise IllegalArgument(
                f"the query vector has a different dimension [{len(self.query)}] than the index vectors "
                f"[{view.matrix.shape[1]}]"
            )
        return view

    def _near(self, raw: Floats) -> Floats:
        """The scores of vectors, -inf of those that are not near enough."""
        points = _scored(raw, self.similarity, len(self.query))
        if self.least is None:
            return points
        if self.similarity in ("l2_norm", "hamming"):
            near = raw <= (self.least if self.similarity == "hamming" else self.least**2)
        else:
            near = raw >= self.least
        return np.where(near, points, np.float32(-np.inf))

    def near(self, table: Table, document: int) -> list[tuple[float, float]]:
        """Of each of a document's vectors how similar it is (of l2_norm: the distance, squared), and its score."""
        view = table.dense(self.field)
        if view is None or view.matrix.shape[1] != len(self.query):
            return []
        own = view.owners.of(document)
        raw = scores.dense(view, self.query, _ENGINE[self.similarity], np.arange(own.start, own.stop))
        points = _scored(raw, self.similarity, len(self.query))
        return list(zip(raw.tolist(), (points * np.float32(self.boost)).tolist(), strict=True))

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The similarity."""
        value = float(self.run(table, scored=True).points()[document])
        if not np.isfinite(value) or not self.run(table, scored=False).mask[document]:
            return None
        return Explanation(value, f"within top k documents by {self.similarity} of [{self.field}]")


_NOBODY = Ranked(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.float32), 0)
# How the engine compares vectors for each measure of a field.
_ENGINE: Mapping[str, Any] = {
    "cosine": "cosine",
    "dot_product": "dot",
    "l2_norm": "l2",
    "max_inner_product": "dot",
    "hamming": "l2",
    "byte_product": "dot",
}


def _scored(raw: Floats, similarity: str, dims: int) -> Floats:
    """Elasticsearch's scores: https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/dense-vector."""
    one = np.float32(1)
    if similarity == "hamming":
        return (np.float32(dims) - raw) / np.float32(dims)
    if similarity == "byte_product":
        return np.float32(0.5) + raw / np.float32(32768 * dims)
    if similarity == "l2_norm":
        return one / (one + raw)
    if similarity == "max_inner_product":
        return np.where(raw < 0, one / (one + np.abs(raw)), raw + one)
    made: Floats = np.maximum((one + raw) / np.float32(2), np.float32(0))  # a rounded cosine may be below -1
    return made


@dataclass(frozen=True, kw_only=True)
class Knn(Query):
    """The nearest vectors: of each document the best, and of all documents the first `k`. The search is exact."""

    field: str
    vector: Vector | None = None
    text: str | None = None
    endpoint: str | None = None
    lookup: Mapping[str, Any] | None = None
    k: int | None = None
    filters: tuple[Query, ...] = ()
    similarity: float | None = None
    inner_hits: Any = None

    @classmethod
    def parse_query(cls, given: Any, parse: Any, size: int) -> Query:  # noqa: ANN401
        """As a query among others: without `k` all of its candidates are found, by default half as many again as hits.

        https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-knn-query
        """
        if not isinstance(given, Mapping) or given.get("k") is not None:
            return cls.parse(given, parse, size=size)
        candidates = given.get("num_candidates")
        return cls.parse(given, parse, size=min(3 * size // 2, MOST_CANDIDATES) if candidates is None else candidates)

    @classmethod
    def parse(cls, given: Any, parse: Any, *, size: int) -> "Knn":  # noqa: ANN401
        """`{"field": …, "query_vector": […], "k": 10, "num_candidates": 100, "filter": …}`; `size` stands for `k`."""
        body = Body("knn", given)
        filters, k = body.raw("filter"), body.raw("k")
        builder, vector = body.raw("query_vector_builder"), body.raw("query_vector")
        if (builder is None) == (vector is None):
            raise IllegalArgument(
                "Either [query_vector_builder] or [query_vector] must be provided"
                if builder is None
                else "cannot provide both a [query_vector_builder] and a [query_vector]"
            )
        candidates = body.raw("num_candidates")
        similarity = body.number("similarity", 0) if "similarity" in body else None
        for name in ("rescore_vector", "visit_percentage"):
            body.raw(name)
        made = cls(
            field=body.required("field", str),
            vector=None if vector is None else read_vector(vector),
            k=_k(k, candidates, size),
            filters=tuple(
                parse(each) for each in ([] if filters is None else filters if isinstance(filters, list) else [filters])
            ),
            similarity=similarity,
            inner_hits=body.raw("inner_hits"),
            **_builder(builder),
            **body.common(),
        )
        body.done()
        return made

    @classmethod
    def of(cls, field: str, vector: Any, builder: Any) -> "Knn":  # noqa: ANN401
        """A field, and a vector or what makes one; it needs neither. Raises IllegalArgument, BadQuery."""
        if builder is not None and vector is not None:
            raise IllegalArgument("cannot provide both a [query_vector_builder] and a [query_vector]")
        return cls(field=field, vector=None if vector is None else read_vector(vector), **_builder(builder))

    async def asked(self, asks: Asks, reader: Reader) -> Vector | None:
        """The vector alone; None without one, and nothing that makes one."""
        if self.vector is None and self.text is None and self.lookup is None:
            return None
        made = await self._with_vector(asks, reader)
        return made.vector if isinstance(made, Knn) else None

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """With the vector of its text, or of the document that it names; of nested vectors the best count."""
        made = await self._with_vector(asks, reader)
        path = reader.mapping.nested_above(self.field) if reader.path is None else None
        if path is None or not isinstance(made, Knn):
            return made
        from connote.search.query.nested import First, Nested  # noqa: PLC0415 (each needs the other)

        inner = replace(made, k=None, filters=(), boost=1.0, name=None, inner_hits=None)
        best = Nested(path=path, inner=inner, mode="max", inner_hits=self.inner_hits, boost=self.boost)
        return First(inner=best, k=self.k, filters=made.filters, name=self.name)

    async def _with_vector(self, asks: Asks, reader: Reader) -> Query:
        if self.vector is not None and not self.filters:
            return self
        filters = tuple([await each.rewritten(asks, reader) for each in self.filters])
        if self.vector is not None:
            return replace(self, filters=filters)
        if self.lookup is not None:
            source = await asks.document(self.lookup["index"], self.lookup["id"])
            found: Any = source
            for part in str(self.lookup["path"]).split("."):
                found = found.get(part) if isinstance(found, Mapping) else None
            if found is None:
                raise IllegalArgument(f"[lookup] finds no vector at [{self.lookup['path']}]")
            return replace(self, vector=read_vector(found), lookup=None, filters=filters)
        field = reader.field(self.field)
        endpoint = self.endpoint or (field.search_endpoint if isinstance(field, SemanticText) else None)
        if endpoint is None:
            if field is None:
                return MatchNone(name=self.name)
            raise IllegalArgument("[model_id] must not be null or empty")
        vector = await asks.dense(endpoint, self.text or "")
        return replace(self, vector=vector, filters=filters)

    def weigh(self, reader: Reader) -> Weight:
        """The first k of the index."""
        field = reader.field(chunks_of(reader, self.field))
        if field is None or self.vector is None:
            return MatchNone().weigh(reader)
        check_task(field, "knn", "text_embedding")
        return dense_weight(
            reader,
            field,
            self.vector,
            boost=self.boost,
            k=self.k,
            among=[each.weigh(reader) for each in self.filters],
            least=self.similarity,
        )

    def parts(self) -> tuple[Query, ...]:
        """Its filters."""
        return self.filters


def dense_weight(
    reader: Reader,
    field: Field,
    query: Vector,
    *,
    boost: float,
    k: int | None = None,
    among: list[Weight] | None = None,
    least: float | None = None,
) -> Weight:
    """The weight of a dense vector on a field. Raises IllegalArgument for a field of no vectors."""
    similarity = "cosine"
    if isinstance(field, DenseVector):
        query, similarity = field.asked(query), field.measure
    elif isinstance(field, SemanticText):
        similarity = str((field.model or {}).get("similarity", "cosine"))
    else:
        raise IllegalArgument(
            f"[knn] queries are only supported on [dense_vector] fields; [{field.name}] is [{field.kind}]"
        )
    weight = DenseWeight(field.name, query, similarity, boost, _all(among), least)
    return weight if k is None else _nearest(reader, weight, k)


def _nearest(reader: Reader, weight: DenseWeight, k: int) -> DenseWeight:
    """The same, but only of the k documents that are nearest in all segments; of nested objects each one's nearest."""
    if reader.path is not None:
        return replace(weight, nearest=_nearest_objects(reader, weight, k))
    parts = [weight.candidates(segment, segment.live, k) for segment in reader.snapshot.segments]
    every = parts[0][1] if len(parts) == 1 else np.concatenate([_NOBODY.scores, *(points for _, points in parts)])
    best, found, start = kernels.top(every, every > -np.inf, k), {}, 0
    for segment, (documents, points) in zip(reader.snapshot.segments, parts, strict=True):
        own = best if len(parts) == 1 else best[(best >= start) & (best < start + len(documents))] - np.int32(start)
        found[id(segment.arrays)] = _boosted(documents[own], points[own], weight.boost)
        start += len(documents)
    return replace(weight, nearest=found)


def _boosted(documents: Ints, points: Floats, boost: float) -> Ranked:
    """Best first, as they are given, but for what a boost makes equal: there the smaller document comes first."""
    if boost == 1:
        return Ranked(documents, points, len(documents))
    points = points * np.float32(boost)
    order = np.lexsort((documents, -points))
    return Ranked(documents[order], points[order], len(documents))


def _nearest_objects(reader: Reader, weight: DenseWeight, k: int) -> dict[int, Ranked]:
    """By table, the nearest of nested objects: of each document the nearest one, and of these the first k."""
    if not reader.rows:
        return {}
    plain = replace(weight, boost=1.0)
    every = np.concatenate([np.where(rows.live, plain.points(rows.table), np.float32(-np.inf)) for rows in reader.rows])
    order = np.argsort(-every, kind="stable")  # of equals the older ones come first
    segments = np.concatenate([np.full(rows.table.size, number) for number, rows in enumerate(reader.rows)])
    documents = np.concatenate([rows.documents for rows in reader.rows])
    owners = np.stack([segments, documents], axis=1)[order]
    best = order[np.sort(np.unique(owners, axis=0, return_index=True)[1])][:k].astype(np.int32)
    best = best[every[best] > -np.inf]
    found, start = {}, 0
    for table in reader.tables:
        own = best[(best >= start) & (best < start + table.size)]
        found[id(table.arrays)] = _boosted(own - np.int32(start), every[own], weight.boost)
        start += table.size
    return found


def _all(among: list[Weight] | None) -> Weight | None:
    from connote.search.query.boolean import BoolWeight  # noqa: PLC0415 (each needs the other)

    return BoolWeight((), (), among, (), 0, 1.0) if among else None


def read_vector(value: Any) -> Vector:  # noqa: ANN401
    """A vector. Raises BadQuery."""
    if isinstance(value, str):
        try:
            return np.frombuffer(bytes.fromhex(value), dtype=np.int8).astype(np.float32)
        except ValueError:
            raise BadQuery(f"[knn] [query_vector] must be numbers or hexadecimal, not [{value[:50]}]") from None
    if not isinstance(value, list) or not value or not {int, float}.issuperset(map(type, value)):
        raise BadQuery(f"[knn] [query_vector] must be an array of numbers, not [{java(value)[:100]}]")
    with np.errstate(over="ignore"):
        found = np.array(value, dtype=np.float32)
    if not np.isfinite(found).all():
        raise BadQuery("[knn] [query_vector] must have finite numbers only")
    return found


def _k(k: Any, candidates: Any, size: int) -> int:  # noqa: ANN401
    for name, value in (("k", k), ("num_candidates", candidates)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
            raise IllegalArgument(f"[{name}] must be greater than 0")
    if candidates is not None and candidates > MOST_CANDIDATES:
        raise IllegalArgument(f"[num_candidates] cannot exceed [{MOST_CANDIDATES}]")
    if candidates is not None and k is not None and candidates < k:
        raise IllegalArgument("[num_candidates] cannot be less than [k]")
    return int((size or 10) if k is None else k)  # where no hits are asked for, what is found still counts


def _builder(given: Any) -> dict[str, Any]:  # noqa: ANN401
    if given is None:
        return {}
    if not isinstance(given, Mapping) or len(given) != 1:
        raise BadQuery("[query_vector_builder] must have exactly one builder")
    ((kind, value),) = given.items()
    body = Body(kind, value)
    if kind == "text_embedding":
        found: dict[str, Any] = {"endpoint": body.text("model_id"), "text": body.required("model_text", str)}
    elif kind == "embedding":
        text = body.raw("input")
        if isinstance(text, Mapping):
            text = text.get("value")
        if not isinstance(text, str):
            raise IllegalArgument("[embedding] [input] must be a text; other inputs are not supported yet")
        found = {"endpoint": body.text("inference_id"), "text": text}
        body.raw("timeout")
    elif kind == "lookup":
        found = {"lookup": {name: body.required(name, str) for name in ("index", "id", "path")}}
        body.raw("routing")
    else:
        raise BadQuery(f"unknown field [{kind}]; a query_vector_builder is [text_embedding], [embedding] or [lookup]")
    body.done()
    return found
