"""Queries by a script: script, which finds, and script_score, as a query and as a function of function_score.

What scripts may call: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-script-score-query
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.ingest.painless import Script
from connote.ingest.painless.fault import Fault
from connote.ingest.painless.values import Column
from connote.search.engine import scores
from connote.search.engine.arrays import Floats, Mask
from connote.search.engine.segment import Segment, Table
from connote.search.mapping.date import Date
from connote.search.mapping.keyword import Boolean
from connote.search.mapping.semantic import SemanticText
from connote.search.mapping.text import Text
from connote.search.mapping.vectors import DenseVector
from connote.search.query.body import Body
from connote.search.query.query import Asks, Constant, Explanation, Hits, Query, Weight
from connote.search.query.reader import Reader
from connote.search.write.script import read

Doubles = NDArray[np.float64]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Document(dict[str, Any]):
    """`doc`: the values of the fields of one document, looked up as they are asked for."""

    def __init__(self, reader: Reader, table: Table) -> None:
        super().__init__()
        self._reader, self._table, self.at = reader, table, 0

    def __contains__(self, name: object) -> bool:
        return self._reader.field(str(name)) is not None

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401, ARG002 (a dict's)
        """The values of a field. Raises Fault for one that has none to look up."""
        field = self._reader.field(name)
        if field is None and name == "_id" and isinstance(self._table, Segment):
            return Column([self._table.ids[self.at]])
        if field is None:
            raise Fault(f"No field found for [{name}] in mapping")
        if isinstance(field, Text):
            raise Fault(
                f"Fielddata is disabled on [{name}] in [{self._reader.index}]. Text fields are not optimised for "
                "operations that require per-document field data; please use a keyword field instead."
            )
        if (numbers := self._table.numbers(field.name)) is not None:
            found = np.sort(numbers.values[numbers.owners.of(self.at)]).tolist()
            return Column(
                [_EPOCH + timedelta(milliseconds=each) for each in found] if isinstance(field, Date) else found
            )
        if (words := self._table.words(field.name)) is not None:
            own = [words.terms[at] for at in words.ordinals[words.owners.of(self.at)].tolist()]
            return Column([each == "true" for each in own] if isinstance(field, Boolean) else own)
        if (points := self._table.points(field.name)) is not None:
            rows = points.owners.of(self.at)
            return Column(zip(points.latitudes[rows].tolist(), points.longitudes[rows].tolist(), strict=True))
        if (dense := self._table.dense(field.name)) is not None:
            return Column(dense.matrix[dense.owners.of(self.at)].tolist())
        return Column()


class Functions:
    """What scripts call by name. What a vector has to do with those of a field is worked out for all at once."""

    def __init__(self, reader: Reader, document: Document, table: Table) -> None:
        self._reader, self._document, self._table = reader, document, table
        self._known: dict[tuple[str, str, int], Floats] = {}

    def values(self) -> Mapping[str, Callable[..., float]]:
        """By name."""
        return {
            "cosineSimilarity": lambda query, name: self._near("cosine", query, name),
            "dotProduct": lambda query, name: self._near("dot", query, name),
            "l2norm": lambda query, name: max(self._near("l2", query, name), 0.0) ** 0.5,
            "l1norm": lambda query, name: self._near("l1", query, name),
            "saturation": lambda value, half: value / (half + value),
            "sigmoid": lambda value, half, power: value**power / (half**power + value**power),
        }

    def _near(self, kind: str, query: Any, name: str) -> float:  # noqa: ANN401
        key = (kind, name, id(query))
        if key not in self._known:
            self._known[key] = self._all(kind, query, name)
        found = float(self._known[key][self._document.at])
        if not np.isfinite(found):
            raise Fault("A document doesn't have a value for a vector field!")
        return found

    def _all(self, kind: str, query: Any, name: str) -> Floats:  # noqa: ANN401
        """float32 [size]: of each document's first vector (of a semantic field of the nearest), NaN without one."""
        field = self._reader.field(name)
        if not isinstance(field, DenseVector | SemanticText):
            raise Fault(f"No vector field found for [{name}] in mapping")
        vector = np.asarray(query, dtype=np.float32)
        view = self._table.dense(field.name)
        if view is None:
            return np.full(self._table.size, np.nan, dtype=np.float32)
        if vector.ndim != 1 or view.matrix.shape[1] != len(vector):
            told = f"The query vector has a different number of dimensions [{vector.size}] than the document vectors "
            raise Fault(f"{told}[{view.matrix.shape[1]}].")
        made: dict[str, Callable[[], Floats]] = {
            "l1": lambda: np.abs(view.matrix - vector).sum(axis=1),
            "l2": lambda: scores.dense(view, vector, "l2"),
            "dot": lambda: scores.dense(view, vector, "dot"),
            "cosine": lambda: scores.dense(view, vector, "cosine"),
        }
        rows: Floats = made[kind]()
        return -view.owners.best(-rows) if kind in ("l1", "l2") else view.owners.best(rows)


NAMES = ("params", "_score", "doc", "cosineSimilarity", "dotProduct", "l2norm", "l1norm", "saturation", "sigmoid")
FILTER_NAMES = ("params", "doc")


@dataclass(frozen=True)
class Scripted:
    """A script on the documents of an index."""

    script: Script
    params: Mapping[str, Any]
    reader: Reader

    @classmethod
    def of(cls, given: Any, reader: Reader, names: tuple[str, ...] = NAMES) -> "Scripted":  # noqa: ANN401 (JSON)
        """Compiled. Raises BadScript, Unparsable, IllegalArgument."""
        return cls(*read(given, names), reader)

    def values(self, table: Table, scores: Doubles, wanted: Mask) -> Doubles:
        """float64 [size]: what the script gives for the documents that are wanted."""
        document = Document(self.reader, table)
        functions = Functions(self.reader, document, table).values()
        made = np.zeros(table.size)
        for at in np.flatnonzero(wanted).tolist():
            document.at = at
            found = self.script.run(params=self.params, _score=float(scores[at]), doc=document, **functions)
            if isinstance(found, bool) or not isinstance(found, int | float):
                raise IllegalArgument(f"script_score script returned [{found}], which is no number")
            if not 0 <= found < float("inf"):
                raise IllegalArgument(
                    f"script_score script returned an invalid score [{found}] for doc [{at}]. "
                    f"Must be a non-negative score!"
                )
            made[at] = found
        return made

    def found(self, table: Table) -> Mask:
        """Bool [size]: for which documents the script gives true."""
        document, made = Document(self.reader, table), np.zeros(table.size, dtype=np.bool_)
        for at in np.flatnonzero(table.live if isinstance(table, Segment) else ~made).tolist():
            document.at = at
            made[at] = self.script.run(params=self.params, doc=document) is True
        return made


@dataclass(frozen=True)
class ScriptWeight:
    """A query's documents, with the scores of a script."""

    inner: Weight
    scripted: Scripted
    least: float | None
    boost: float

    def run(self, table: Table, *, scored: bool) -> Hits:
        """Without those below `min_score`."""
        if not scored and self.least is None:
            return self.inner.run(table, scored=False)
        hits = self.inner.run(table, scored=True)
        wanted = hits.mask & table.live if isinstance(table, Segment) else hits.mask
        with np.errstate(over="ignore"):
            points = (self.scripted.values(table, hits.points().astype(np.float64), wanted) * self.boost).astype(
                np.float32
            )
        mask = hits.mask if self.least is None else hits.mask & (points >= np.float32(self.least))
        return Hits(mask, points if scored else None)

    def explain(self, table: Table, document: int) -> Explanation | None:
        """The script's score, and the query's."""
        inner, hits = self.inner.explain(table, document), self.run(table, scored=True)
        if inner is None or not hits.mask[document]:
            return None
        return Explanation(float(hits.points()[document]), "script score function, computed with script:", [inner])


@dataclass(frozen=True, kw_only=True)
class ScriptScore(Query):
    """A query whose scores a script makes."""

    inner: Query
    script: Any
    least: float | None = None

    @classmethod
    def parse(cls, given: Any, parse: Callable[[Any], Query]) -> Query:  # noqa: ANN401
        """`{"query": {…}, "script": {"source": "_score * doc['price'].value", "params": {…}}}`."""
        body = Body("script_score", given)
        script = body.required("script", lambda found: found)
        read(script, NAMES)  # what is wrong is told before any index is looked at
        least = body.number("min_score", 0) if "min_score" in body else None
        made = cls(inner=body.required("query", parse), script=script, least=least, **body.common())
        body.done()
        return made

    async def rewritten(self, asks: Asks, reader: Reader) -> Query:
        """The query."""
        return replace(self, inner=await self.inner.rewritten(asks, reader))

    def weigh(self, reader: Reader) -> Weight:
        """With the script on the index's fields."""
        return ScriptWeight(self.inner.weigh(reader), Scripted.of(self.script, reader), self.least, self.boost)

    def parts(self) -> Sequence[Query]:
        """The query."""
        return (self.inner,)


@dataclass(frozen=True, kw_only=True)
class ScriptQuery(Query):
    """The documents for which a script gives true."""

    script: Any

    @classmethod
    def parse(cls, given: Any) -> Query:  # noqa: ANN401 (JSON)
        """`{"script": {"source": "doc['price'].value > params.most", "params": {…}}}`."""
        body = Body("script", given)
        script = body.required("script", lambda found: found)
        read(script, FILTER_NAMES)
        made = cls(script=script, **body.common())
        body.done()
        return made

    def weigh(self, reader: Reader) -> Weight:
        """All of one score."""
        return Constant(Scripted.of(self.script, reader, FILTER_NAMES).found, self.boost)
