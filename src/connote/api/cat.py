"""The routes of `_cat`: tables for people, and for scripts with `format=json`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.responses import PlainTextResponse

from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import IllegalArgument
from connote.models.trained import Trained

# Name, other names, and what it is; the first are shown without being asked for.
_COLUMNS = (
    ("id", ("id",), "the trained model id"),
    ("heap_size", ("hs", "modelHeapSize"), "the estimated heap size to keep the model in memory"),
    ("operations", ("o", "modelOperations"), "the estimated number of operations to use the model"),
    ("create_time", ("ct",), "the time the model was created"),
    ("type", ("t",), "the model type"),
    ("ingest.pipelines", ("ip", "ingestPipelines"), "the number of pipelines referencing the model"),
    ("data_frame.id", ("dfid", "dataFrameAnalytics"), "the data frame analytics config id that created the model"),
    ("description", ("d",), "the model description"),
    ("version", ("v",), "the version when the model was created"),
    ("license", ("l",), "the license level of the model"),
)
_DEFAULT = ("id", "heap_size", "operations", "create_time", "type", "ingest.pipelines", "data_frame.id")
_NAMES = {alias: name for name, aliases, _ in _COLUMNS for alias in (name, *aliases)}


async def trained_models(ask: Ask) -> Answer:
    """Trained models as a table."""
    if ask.flag("help"):
        lines = [[name, ",".join(aliases), about] for name, aliases, about in _COLUMNS]
        return _text(_aligned(lines, " | "))
    models = ask.connote.trained.models
    expression = str(ask.request.path_params.get("model_id", "_all"))
    found = models.get(expression, allow_no_match=ask.text("allow_no_match") is None or ask.flag("allow_no_match"))
    rows = _sorted(ask, [_row(ask, model) for model in found])
    rows = rows[_number(ask, "from", 0) :][: _number(ask, "size", 100)]
    columns = _columns(ask)
    if ask.text("format") == "json":
        return Answer([{name: row[name] for name in columns} for row in rows])
    lines = [[row[name] or "" for name in columns] for row in rows]
    return _text(_aligned([list(columns), *lines] if ask.flag("v") else lines, " "))


def _row(ask: Ask, model: Trained) -> dict[str, str | None]:
    models = ask.connote.trained.models
    size, created = models.size(model), (model.created or 0) / 1000
    return {
        "id": model.id,
        "heap_size": _size(ask, size),
        "operations": "0",
        "create_time": datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "type": "pytorch",
        "ingest.pipelines": str(len(models.pipelines(models.names(model.id)))),
        "data_frame.id": None,
        "description": model.config.body.description,
        "version": str(model.wire(size)["version"]),
        "license": "basic",
    }


def _size(ask: Ask, size: int) -> str:
    """As Elasticsearch prints sizes, or in the unit that is asked for."""
    units = {"b": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40}
    wanted = ask.text("bytes")
    if wanted is not None:
        if wanted not in units:
            raise IllegalArgument(f"[bytes] must be one of [{', '.join(units)}], not [{wanted}]")
        return str(size >> units[wanted])
    unit = next(unit for unit in reversed(units) if size >> units[unit] or unit == "b")
    number = f"{size / (1 << units[unit]):.1f}".removesuffix(".0")
    return f"{number}{unit}"


def _columns(ask: Ask) -> list[str]:
    if (asked := ask.text("h")) is None:
        return list(_DEFAULT)
    names = [name for part in asked.split(",") for name in ([*_NAMES.values()] if part == "*" else [_NAMES.get(part)])]
    return list(dict.fromkeys(name for name in names if name))


def _sorted(ask: Ask, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    for part in reversed([part for part in (ask.text("s") or "").split(",") if part]):
        name, _, order = part.partition(":")
        if name not in _NAMES or order not in ("", "asc", "desc"):
            raise IllegalArgument(f"Unable to sort by unknown sort key `{part}`")
        rows = sorted(rows, key=lambda row: str(row[_NAMES[name]] or ""), reverse=order == "desc")
    return rows


def _number(ask: Ask, name: str, default: int) -> int:
    told = ask.text(name)
    try:
        number = default if told is None else int(told)
    except ValueError:
        number = -1
    if number < 0:
        raise IllegalArgument(f"Parameter [{name}] must be a number that is not negative, not [{told}]")
    return number


def _aligned(lines: Sequence[Sequence[str]], between: str) -> str:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (between.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
    return "".join(f"{line.rstrip()}\n" for line in padded)


def _text(table: str) -> Answer:
    return Answer(response=PlainTextResponse(table))


_PARAMS = {
    "allow_no_match": "Whether wildcards may mean nothing; default true.",
    "bytes": "The unit of sizes: `b`, `kb`, `mb`, …",
    "format": "`text` (default) or `json`.",
    "from": "How many to leave out at the beginning.",
    "h": "The columns, by name or short name.",
    "help": "Tell the columns.",
    "s": "The columns to sort by: `id:desc`.",
    "size": "How many to tell at most; default 100.",
    "time": "Accepted.",
    "v": "Begin with the columns' names.",
}

ROUTES = (
    Route("GET", "/_cat/ml/trained_models", trained_models, _PARAMS),
    Route("GET", "/_cat/ml/trained_models/{model_id}", trained_models, _PARAMS),
)
