"""Sorting by `_script`: by what a script makes of each hit.

https://www.elastic.co/docs/reference/elasticsearch/rest-apis/sort-search-results#script-based-sorting
"""

import math
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any

import numpy as np

from connote.contract.errors import BadQuery, IllegalArgument
from connote.contract.settings import java
from connote.ingest.painless.values import is_number
from connote.search.clauses import Column, number
from connote.search.engine.arrays import Ints
from connote.search.engine.segment import Segment
from connote.search.query.body import Body
from connote.search.query.program import Program
from connote.search.query.query import Hits
from connote.search.query.reader import Reader


class ByScript:
    """Numbers or texts; of texts the keys are, twice their places among all of a segment. Each hit's is made once."""

    def __init__(self, program: Program, *, is_text: bool, is_descending: bool) -> None:
        self._program, self._is_text, self.is_descending = program, is_text, is_descending
        self._made: dict[int, dict[int, Any]] = {}

    @classmethod
    def parse(cls, options: Mapping[str, Any], reader: Reader, *, is_descending: bool) -> "ByScript":
        """`{"type": "number", "script": {…}, "order": "asc"}`. Raises BadQuery, BadScript."""
        body = Body("_script", {name: value for name, value in options.items() if name != "order"})
        kind, script = body.required("type", str), body.required("script", lambda found: found)
        if kind not in ("number", "string"):
            raise BadQuery(f"Unsupported [_script] sort type [{kind}]; it is [number] or [string]")
        if body.raw("mode") not in (None, "min", "max", "sum", "avg", "median"):
            raise BadQuery("Unknown SortMode of [_script]")
        body.done()
        return cls(Program.of(script, reader), is_text=kind == "string", is_descending=is_descending)

    def keys(self, segment: Segment, hits: Hits, base: int) -> Column:  # noqa: ARG002
        """Of all documents [size], of meaning for hits only."""
        made = self._values(segment, hits)
        keys = np.zeros(segment.size)
        if self._is_text:
            places = {text: 2 * place for place, text in enumerate(self._texts(segment))}
            found = [places[each] for each in made.values()]
        else:
            found = list(made.values())
        keys[list(made)] = found
        return -keys if self.is_descending else keys

    def after(self, segment: Segment, value: Any) -> float:  # noqa: ANN401
        """The number; of a text its place, or between two."""
        if not self._is_text:
            key = number(value)
        else:
            texts, text = self._texts(segment), str(value)
            place = bisect_left(texts, text)
            key = 2 * place - (place == len(texts) or texts[place] != text)
        return -key if self.is_descending else key

    def values(self, segment: Segment, documents: Ints, hits: Hits, base: int) -> list[Any]:  # noqa: ARG002
        """What the script has made."""
        made = self._values(segment, hits)
        return [made[document] for document in documents.tolist()]

    def comparable(self, value: Any) -> tuple[int, Any]:  # noqa: ANN401
        """The value."""
        return 0, value

    def shown(self, value: Any) -> Any:  # noqa: ANN401
        """The value."""
        return value

    def _values(self, segment: Segment, hits: Hits) -> dict[int, Any]:
        """By document, of the hits. Raises BadScript, IllegalArgument."""
        made = self._made.setdefault(id(segment), {})
        run, points = self._program.over(segment), hits.points()
        for document in np.flatnonzero(hits.mask).tolist():
            if document not in made:
                made[document] = self._checked(run(document, float(points[document])))
        return made

    def _texts(self, segment: Segment) -> list[str]:
        return sorted(set(self._made.get(id(segment), {}).values()))

    def _checked(self, value: Any) -> Any:  # noqa: ANN401
        if self._is_text and isinstance(value, str):
            return value
        if not self._is_text and is_number(value) and not math.isnan(value):
            return float(value)
        kind = "string" if self._is_text else "number"
        raise IllegalArgument(f"a [_script] sort of type [{kind}] got [{java(value)[:100]}] from its script")
