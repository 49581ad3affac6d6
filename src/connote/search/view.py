"""An index as it is seen through the filters of aliases: what they hold back is not there."""

import asyncio
from collections.abc import Mapping as Object
from types import MappingProxyType

from connote.search import columns
from connote.search.engine.segment import Snapshot
from connote.search.index import Index
from connote.search.mapping.mapping import Mapping
from connote.search.query.query import Asks, Query
from connote.search.query.reader import Reader
from connote.search.sources import Sources

# By index, what an alias lets pass of it.
Filters = Object[str, Query]
NO_FILTERS: Filters = MappingProxyType({})


def reader(index: Index, mapping: Mapping, snapshot: Snapshot) -> Reader:
    """All that there is of an index, with the runtime fields of its mapping. Raises BadScript."""
    usual = index.settings.usual_fields
    every = Reader(index.name, mapping, snapshot, sources=Sources(index.documents), usual=usual)
    return columns.over(every, mapping.searched())


async def through(query: Query | None, reader: Reader, asks: Asks, *, is_part: bool = False) -> Reader:
    """A reader of those documents alone; raises what the query raises.

    Statistics stay those of all, unless `is_part` says that nothing of the others may be known.
    """
    if query is None:
        return reader
    rewritten = await query.rewritten(asks, reader)
    return await asyncio.to_thread(_seen, rewritten, reader, is_part=is_part)


def _seen(query: Query, reader: Reader, *, is_part: bool) -> Reader:
    weight = query.weigh(reader)
    kept = [each.with_live(each.live & weight.run(each, scored=False).mask) for each in reader.snapshot.segments]
    return reader.over(Snapshot(kept), is_part=is_part)
