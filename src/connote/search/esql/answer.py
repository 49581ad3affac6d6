"""A table as answers show it: JSON, or text in columns."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import orjson

from connote.contract.errors import IllegalArgument
from connote.search.esql.column import Column
from connote.search.esql.queries import Table
from connote.search.esql.rendering import decimal, wire
from connote.search.esql.running import MOST_ANSWERED
from connote.search.thread import check

_LEAST_WIDTH = 15


def body(table: Table, *, columnar: bool = False, drops_nulls: bool = False) -> dict[str, Any]:
    """The JSON of a table: values by row, or if it is columnar by column."""
    columns = [_column(name, kind, table) for name, kind in table.types.items()]
    values = _values(table)
    shown, kept = columns, values
    if drops_nulls:
        has = [not table.page[name].nulls.all() and kind != "null" for name, kind in table.types.items()]
        shown = [each for each, some in zip(columns, has, strict=True) if some]
        kept = [each for each, some in zip(values, has, strict=True) if some]
    running = table.page.running
    return {
        "took": int(table.seconds * 1000),
        "is_partial": running.is_partial,
        "documents_found": running.found,
        "values_loaded": running.loaded,
        **({"all_columns": columns} if drops_nulls else {}),
        "columns": shown,
        "values": kept if columnar else _rows(kept, table.page.size),
    }


def _rows(columns: list[list[Any]], size: int) -> list[Any]:
    return [[] for _ in range(size)] if not columns else list(zip(*columns, strict=True))


def _column(name: str, kind: str, table: Table) -> dict[str, Any]:
    told: dict[str, Any] = {"name": name, "type": kind}
    if kind == "unsupported" and name in table.why:
        told["original_types"] = [table.why[name]] if not table.why[name].startswith("mapped") else ["conflict"]
    return told


def _values(table: Table) -> list[list[Any]]:
    check_size(table)
    found = []
    for name in table.types:
        check()
        found.append(wire(table.page[name]))
    return found


def check_size(table: Table) -> None:
    """Raise IllegalArgument for a table that is too large to be answered."""
    size = 0
    for name in table.types:
        check()
        size += _size(table.page[name])
        if size > MOST_ANSWERED:
            raise IllegalArgument(
                f"the answer is larger than [{MOST_ANSWERED}] bytes: limit the rows, or keep fewer columns"
            )


def _size(column: Column) -> int:
    """About how many bytes of an answer it becomes."""
    count = 8 * (len(column) + sum(map(len, column.many.values())))
    if column.type not in ("keyword", "text"):
        return count
    single = sum(len(each) for each in column.values[~column.nulls].tolist())
    return count + single + sum(len(each) for row in column.many.values() for each in row[1:])


def separated(table: Table, delimiter: str, *, head: bool = True) -> str:
    """CSV."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    if head:
        writer.writerow(table.types)
    writer.writerows(_texts(table))
    return out.getvalue()


def tabbed(table: Table) -> str:
    """TSV: what would end a cell or line is escaped."""
    lines = [list(table.types), *_texts(table)]
    cells = (("\t".join(cell.replace("\t", "\\t").replace("\n", "\\n") for cell in line)) for line in lines)
    return "".join(f"{line}\n" for line in cells)


def drawn(table: Table) -> str:
    """A table for people: names in the middle of their columns, values at the left."""
    names, rows = list(table.types), list(_texts(table))
    widths = [max(_LEAST_WIDTH, len(name), *(len(row[at]) for row in rows), 0) for at, name in enumerate(names)]
    head = "|".join(_centred(name, width) for name, width in zip(names, widths, strict=True))
    line = "+".join("-" * width for width in widths)
    body_ = ["|".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "".join(f"{each}\n" for each in (head, line, *body_))


def _centred(name: str, width: int) -> str:
    left = (width - len(name)) // 2
    return " " * left + name + " " * (width - len(name) - left)


def _texts(table: Table) -> Sequence[Sequence[str]]:
    columns = [[_text(value) for value in each] for each in _values(table)]
    return _rows(columns, table.page.size)


def _text(value: Any) -> str:  # noqa: ANN401 (JSON)
    if value is None:
        return ""
    if isinstance(value, list):
        return f"[{','.join(_text(each) for each in value)}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    return decimal(value) if isinstance(value, float) else str(value)
