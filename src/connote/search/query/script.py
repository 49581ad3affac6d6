"""Scores by a script: script_score, as a query and as a function of function_score.

What scripts may call: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-script-score-query
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connote.contract.errors import IllegalArgument
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Segment, Table
from connote.search.query import program
from connote.search.query.body import Body
from connote.search.query.program import Program
from connote.search.query.query import Asks, Explanation, Hits, Query, Weight
from connote.search.query.reader import Reader

Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class Scripted:
    """A script on the documents of an index."""

    program: Program

    @classmethod
    def of(cls, given: Any, reader: Reader) -> "Scripted":  # noqa: ANN401 (JSON)
        """Compiled. Raises BadScript, Unparsable, IllegalArgument."""
        return cls(Program.of(given, reader))

    def values(self, table: Table, scores: Doubles, wanted: Mask) -> Doubles:
        """float64 [size]: what the script gives for the documents that are wanted."""
        made = np.zeros(table.size)
        run = self.program.over(table)
        for at in np.flatnonzero(wanted).tolist():
            found = run(at, float(scores[at]))
            if isinstance(found, bool) or not isinstance(found, int | float):
                raise IllegalArgument(f"script_score script returned [{found}], which is no number")
            if not 0 <= found < float("inf"):
                raise IllegalArgument(
                    f"script_score script returned an invalid score [{found}] for doc [{at}]. "
                    f"Must be a non-negative score!"
                )
            made[at] = found
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
        program.check(script)  # what is wrong is told before any index is looked at
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
