"""Tables of `_cat`: text for people, JSON for scripts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import PlainTextResponse

from connote.api.exchange import Answer, Ask
from connote.contract.errors import IllegalArgument
from connote.search.names import fits

Cell = str | int | float | None
Row = Mapping[str, Cell]
_UNITS = {"b": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50}

PARAMS = {
    "bytes": "The unit of sizes: `b`, `kb`, `mb`, …; by default what suits each.",
    "format": "`text` (default) or `json`.",
    "h": "The columns, by name, short name or pattern.",
    "help": "Tell the columns.",
    "local": "Accepted.",
    "master_timeout": "Accepted.",
    "s": "The columns to sort by: `index:desc`.",
    "time": "Accepted.",
    "v": "Begin with the columns' names.",
}


@dataclass(frozen=True)
class Column:
    """`short` are other names; a `size` is in bytes; one that is not `shown` must be asked for."""

    name: str
    short: Sequence[str]
    about: str
    is_shown: bool = True
    is_size: bool = False
    is_right: bool = False


def table(ask: Ask, columns: Sequence[Column], rows: Sequence[Row], page: slice = slice(None)) -> Answer:
    """The answer: rows as the request wants them, and of the sorted ones a page. Raises IllegalArgument."""
    if ask.flag("help"):
        return _text([[each.name, ",".join(each.short), each.about] for each in columns], [False] * 3, " | ")
    chosen = _chosen(ask.text("h"), columns)
    kept = _sorted(ask.text("s"), columns, rows)[page]
    cells = [[_cell(ask, each, row.get(each.name)) for each in chosen] for row in kept]
    if _wants_json(ask):
        names = [each.name for each in chosen]
        return Answer([dict(zip(names, line, strict=True)) for line in cells])
    lines = [[cell or "" for cell in line] for line in cells]
    head = [[each.name for each in chosen]] if ask.flag("v") else []
    return _text([*head, *lines], [each.is_right for each in chosen], " ")


def _wants_json(ask: Ask) -> bool:
    wanted = ask.text("format")
    if wanted not in (None, "json", "text", "txt"):
        raise IllegalArgument(f"[format] must be [text] or [json], not [{wanted}]")
    accepts = ask.headers.get("accept", "")
    return wanted == "json" or (wanted is None and "json" in accepts and not accepts.startswith(("text/", "*/*")))


def _chosen(asked: str | None, columns: Sequence[Column]) -> list[Column]:
    if asked is None:
        return [each for each in columns if each.is_shown]
    found = dict[str, Column]()
    for part in asked.split(","):
        for each in columns:
            if any(fits(name, part.strip()) for name in (each.name, *each.short)):
                found.setdefault(each.name, each)
    return list(found.values())


def _sorted(asked: str | None, columns: Sequence[Column], rows: Sequence[Row]) -> list[Row]:
    kept = list(rows)
    for part in reversed([part for part in (asked or "").split(",") if part]):
        name, _, order = part.partition(":")
        column = next((each for each in columns if name in (each.name, *each.short)), None)
        if column is None or order not in ("", "asc", "desc"):
            raise IllegalArgument(f"Unable to sort by unknown sort key `{part}`")
        full = column.name
        kept.sort(key=lambda row: (row.get(full) is not None, row.get(full)), reverse=order == "desc")
    return kept


def _cell(ask: Ask, column: Column, value: Cell) -> str | None:
    if value is None:
        return None
    return size(ask.text("bytes"), int(value)) if column.is_size else str(value)


def size(unit: str | None, value: int) -> str:
    """A number of bytes as Elasticsearch prints it, or in the unit that is asked for. Raises IllegalArgument."""
    if unit is not None:
        if unit not in _UNITS:
            raise IllegalArgument(f"[bytes] must be one of [{', '.join(_UNITS)}], not [{unit}]")
        return str(value >> _UNITS[unit])
    name = next(name for name in reversed(_UNITS) if value >> _UNITS[name] or name == "b")
    return f"{value / (1 << _UNITS[name]):.1f}".removesuffix(".0") + name


def _text(lines: Sequence[Sequence[str]], right: Sequence[bool], between: str) -> Answer:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = ""
    for line in lines:
        cells = zip(line, widths, right, strict=True)
        text += between.join(cell.rjust(w) if r else cell.ljust(w) for cell, w, r in cells).rstrip() + "\n"
    return Answer(response=PlainTextResponse(text))
