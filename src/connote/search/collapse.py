"""Collapsing: of all hits with one value of a field only the first is shown.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/collapse-search-results
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.search.engine.arrays import Longs, Mask
from connote.search.engine.segment import Segment
from connote.search.mapping.date import Date
from connote.search.mapping.field import Field
from connote.search.mapping.keyword import Keyword
from connote.search.mapping.number import Number
from connote.search.query.query import Hits
from connote.search.query.reader import Reader

if TYPE_CHECKING:
    from connote.search.collect import Hit


@dataclass(frozen=True)
class Collapse:
    """`inner_hits` are still JSON: what is shown of each group."""

    field: str
    inner_hits: Sequence[Mapping[str, Any]] = ()

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> "Collapse":
        """`{"field": "user", "inner_hits": {"name": "latest", "size": 5}}`. Raises BadQuery."""
        known = {"field", "inner_hits", "max_concurrent_group_searches"}
        if unknown := given.keys() - known:
            raise BadQuery(f"[collapse] unknown field [{min(unknown)}]")
        if not isinstance(given.get("field"), str):
            raise BadQuery("[collapse] requires a [field]")
        inner = given.get("inner_hits") or []
        listed = inner if isinstance(inner, list) else [inner]
        if not all(isinstance(each, Mapping) for each in listed):
            raise BadQuery("[collapse] [inner_hits] must be an object, or an array of objects")
        return cls(given["field"], listed)

    def of(self, reader: Reader) -> Field:
        """The field in an index. Raises IllegalArgument for one that is not there, or has no columns."""
        field = reader.field(self.field)
        if field is None:
            raise IllegalArgument(f"no mapping found for `{self.field}` in order to collapse on")
        if not isinstance(field, Keyword | Number | Date):
            raise IllegalArgument(f"collapse is not supported for the field [{self.field}] of the type [{field.kind}]")
        return field

    def groups(self, segment: Segment, reader: Reader, mask: Mask) -> Longs:
        """int64 [size]: each document's group, -1 without a value.

        Raises IllegalArgument for a field of no columns, and if a document of the mask has several values.
        """
        field = self.of(reader)
        found = np.full(segment.size, -1, dtype=np.int64)
        words, numbers = segment.words(field.name), segment.numbers(field.name)
        view = words if numbers is None else numbers
        if view is not None and not view.owners.single and (np.diff(view.owners.starts)[mask] > 1).any():
            raise IllegalArgument(f"failed to collapse on [{self.field}]: the grouping field must be single valued")
        if words is not None:
            has = words.exists
            found[has] = words.ordinals[words.owners.starts[:-1][has]]
        elif numbers is not None:
            has = numbers.exists
            found[has] = np.unique(numbers.values[numbers.owners.starts[:-1][has]], return_inverse=True)[1]
        return found

    def leaders(self, segment: Segment, hits: Hits, keys: Sequence[Any], reader: Reader) -> Mask:
        """Mask [size]: the first hit of each group; `keys` are what hits are sorted by, the smallest first."""
        documents = np.flatnonzero(hits.mask)
        columns = [key[documents] for key in reversed(keys)]
        ordered = documents[np.lexsort(columns)] if columns else documents
        _, firsts = np.unique(self.groups(segment, reader, hits.mask)[ordered], return_index=True)
        mask = np.zeros(segment.size, dtype=np.bool_)
        mask[ordered[firsts]] = True
        return mask

    def value(self, hit: "Hit") -> Any:  # noqa: ANN401
        """The value of a hit's group: a word or number, None without one."""
        segment = hit.found.seen.snapshot.segments[hit.segment]
        field = hit.found.seen.reader.field(self.field)
        name = self.field if field is None else field.name
        words, numbers = segment.words(name), segment.numbers(name)
        if words is not None:
            own = words.owners.of(hit.document)
            return words.terms[int(words.ordinals[own.start])] if own.stop > own.start else None
        if numbers is not None:
            own = numbers.owners.of(hit.document)
            return numbers.values[own.start].item() if own.stop > own.start else None
        return None

    def distinct(self, hits: Sequence["Hit"]) -> list["Hit"]:
        """Of sorted hits the first of each group."""
        found, seen = list["Hit"](), set[Any]()
        for hit in hits:
            value = self.value(hit)
            if value not in seen:
                seen.add(value)
                found.append(hit)
        return found
