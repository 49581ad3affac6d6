"""Queries over things that are kept elsewhere than in an index: users, roles, API keys."""

from collections.abc import Mapping
from typing import Any

from connote.search.analysis import Analysis
from connote.search.engine.build import build
from connote.search.engine.segment import Segment, Snapshot
from connote.search.mapping.document import Reader as DocumentReader
from connote.search.mapping.mapping import Mapping as Fields
from connote.search.mapping.row import row
from connote.search.query.query import Asks, Query
from connote.search.query.reader import Reader

Bodies = Mapping[str, Mapping[str, Any]]


async def matching(query: Query, bodies: Bodies, mapping: Mapping[str, Any], asks: Asks) -> list[str]:
    """The ids of those that a query finds, in their order; `mapping` is that of an index. Raises what it raises."""
    fields = Fields.read(mapping, Analysis({}))
    rows = []
    for number, (id, body) in enumerate(bodies.items()):
        values = DocumentReader(fields, id, lenient=True).read(dict(body))
        rows.append(row(id, number, 1, values, fields, {}))
    if not rows:
        return []
    segment = Segment(dict(build(rows)))
    reader = Reader("security", fields, Snapshot([segment]))
    mask = (await query.rewritten(asks, reader)).weigh(reader).run(segment, scored=False).mask
    return [id for id, is_found in zip(bodies, mask, strict=True) if is_found]
