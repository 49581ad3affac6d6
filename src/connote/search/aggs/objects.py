"""What an answer shows of a nested object that was found."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from connote.search.aggs.rows import Rows, owners
from connote.search.collect import Seen
from connote.search.fetch.docvalues import docvalues
from connote.search.fetch.fields import values
from connote.search.request import SearchRequest


def identity(rows: Rows, number: int) -> dict[str, Any]:
    """Which nested object a row is: of each object on the way to it the field, and its place there."""
    levels, told = [*rows.above, rows], dict[str, Any]()
    for outer, own in reversed(list(pairwise(levels))):
        of, path = owners(own.table), str(own.path)
        parent = int(of.numbers[number])
        field = path if outer.path is None else path.removeprefix(f"{outer.path}.")
        told = {"field": field, "offset": number - int(of.starts[parent]), **({"_nested": told} if told else {})}
        number = parent
    return told


def shown(
    seen: Seen,
    id: str,
    path: str,
    nested: Mapping[str, Any],
    score: float,
    own: Mapping[str, Any],
    request: SearchRequest,
) -> dict[str, Any]:
    """The object at `path` of a document; `own` is its source, and `nested` tells which it is."""
    body: dict[str, Any] = {
        "_index": seen.index.name,
        "_id": id,
        "_nested": nested,
        "_score": np.float32(score) if request.is_scored else None,
    }
    whole = dict(own)
    for part in reversed(path.split(".")):
        whole = {part: whole}
    mapping = seen.reader.mapping
    if request.source.is_shown:
        source = request.source.settled(seen.index.settings.excludes_vectors)
        found: Any = source.apply(whole, mapping.vectors)
        for part in path.split("."):
            found = found.get(part, {}) if isinstance(found, Mapping) else {}
        # Names may be from the document on, or from the object on.
        inside = [name.removeprefix(f"{path}.") for name in mapping.vectors]
        body["_source"] = found or source.apply(own, inside)
    fields = values(request.fields, whole, mapping) | docvalues(request.docvalue_fields, whole, mapping, path)
    if fields:
        body["fields"] = fields
    return body
