"""The retriever `rule`: another one's documents, with what query rules pin above them or take out.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/retrievers/rule-retriever
"""

from collections.abc import Sequence
from dataclasses import dataclass

from connote.search.query.boolean import Bool
from connote.search.query.query import Query
from connote.search.query.rule import Rule, Ruling, Without
from connote.search.retriever import Joined, Run, Scored, above, pinned_first


@dataclass(frozen=True, kw_only=True)
class Ruled(Joined):
    """Filters and `min_score` are for the inner retriever's documents, not for those that are pinned."""

    ruling: Ruling

    async def ranked(self, run: Run, size: int, filters: Sequence[Query]) -> list[Scored]:
        """The pinned ones in their order, then the others."""
        pinned, excluded = await self.ruling.applied(run.asks)
        gone = [Without(docs=excluded)] if excluded else []
        first = await pinned_first(run, pinned, gone)
        (rest,) = await self._lists(run, size, [*filters, *gone])
        return above(first, self._cut(rest))[: self.window(size)]

    def queries(self, filters: Sequence[Query]) -> list[Query]:
        """Those of the inner one, under the same rules."""
        return [Rule(organic=Bool(should=super().queries(filters), least=1), ruling=self.ruling)]
