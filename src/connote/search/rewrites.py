"""Queries beside the main one (of aggregations, highlights, inner hits), as each index of a search understands them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from connote.search.collect import Seen
from connote.search.query.query import Asks, Query


@dataclass
class Rewrites:
    """Made before anything runs, since endpoints are asked for the vectors of texts."""

    made: dict[tuple[int, int], tuple[Query, Query]] = field(default_factory=dict)

    @classmethod
    async def of(cls, queries: Iterable[Query], seen: Sequence[Seen], asks: Asks) -> "Rewrites":
        """Of all queries on all indices. Raises what rewriting raises."""
        listed = list(queries)
        made = {(id(own), id(each)): (each, await each.rewritten(asks, own.reader)) for own in seen for each in listed}
        return cls(made)

    def of_query(self, seen: Seen, query: Query) -> Query:
        """A query as an index understands it: itself if it is none of those."""
        return self.made.get((id(seen), id(query)), (query, query))[1]
