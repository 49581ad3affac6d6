"""What a script makes of documents for an aggregation, in place of the values of a field or of each of these.

https://www.elastic.co/docs/explore-analyze/query-filter/aggregations#use-scripts-in-an-agg
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java
from connote.search.aggs.rows import Keys, Numbers, Rows
from connote.search.query import program
from connote.search.query.program import Program, Run

# A script sees the value of the field that stands beside it, too.
_NAMES = (*program.NAMES, "_value")


@dataclass(frozen=True)
class ValueScript:
    """With `is_text` what it makes are words, whatever it is."""

    script: Any
    is_text: bool = False

    @classmethod
    def read(cls, script: Any, *, is_text: bool) -> "ValueScript":  # noqa: ANN401 (JSON)
        """Checked. Raises BadScript, Unparsable, IllegalArgument."""
        program.check(script, _NAMES)
        return cls(script, is_text)

    def of_rows(self, rows: Rows) -> Iterator[tuple[int, Any]]:
        """The place of each row and what the script makes of it, once a value. Raises BadScript."""
        run, points = self._run(rows), rows.hits.points()
        for place, (at, document) in enumerate(zip(rows.numbers.tolist(), rows.documents.tolist(), strict=True)):
            for value in _listed(run(at, float(points[document]))):
                yield place, value

    def of_values(self, rows: Rows, which: Numbers, values: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        """The same of each value of a field, which it sees as `_value`; `which` are their rows' places."""
        run, points, documents = self._run(rows), rows.hits.points(), rows.documents
        for place, given in zip(which.tolist(), values, strict=True):
            made = run(int(rows.numbers[place]), float(points[documents[place]]), _value=given)
            for value in _listed(made):
                yield place, value

    def column(self, pairs: Iterator[tuple[int, Any]]) -> tuple[Numbers, Keys, Sequence[str] | None]:
        """int64 places of rows, what stands there, and the words that this numbers; None for numbers (float64)."""
        found = [(place, _scalar(value)) for place, value in pairs]
        which = np.array([place for place, _ in found], dtype=np.int64)
        if not self.is_text and not any(isinstance(value, str) for _, value in found):
            return which, np.array([float(value) for _, value in found], dtype=np.float64), None
        texts = [value if isinstance(value, str) else java(value) for _, value in found]
        words = sorted(set(texts))
        places = {word: number for number, word in enumerate(words)}
        return which, np.array([places[each] for each in texts], dtype=np.int64), words

    def _run(self, rows: Rows) -> Run:
        reader = rows.seen.reader if rows.path is None else rows.seen.reader.inside(rows.path)
        return Program.of(self.script, reader, _NAMES).over(rows.table)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 (a script's)
    return value if isinstance(value, list) else [] if value is None else [value]


def _scalar(value: Any) -> str | int | float | bool:  # noqa: ANN401
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if not isinstance(value, str | int | float | bool):
        raise IllegalArgument(f"a script of an aggregation must give numbers or texts, not [{java(value)[:100]}]")
    return value
