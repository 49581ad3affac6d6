"""The routes of ES|QL."""

import threading
from typing import Any

from starlette.responses import Response

from connote.api.exchange import Answer, Ask, Route, encoded
from connote.contract import dates, durations
from connote.contract.errors import IllegalArgument, NotFound, Unparsable
from connote.endpoints import asking
from connote.search.asyncsearch import AsyncSearch
from connote.search.esql import answer, arrow
from connote.search.esql.queries import EsqlRequest, Table
from connote.search.query.parse import parse as parse_query
from connote.search.thread import abandonable

_KNOWN = {
    "query", "columnar", "filter", "locale", "params", "profile", "time_zone", "include_ccs_metadata",
    "include_execution_metadata", "wait_for_completion_timeout", "keep_alive", "keep_on_completion", "pragma",
    "accept_pragma_risks", "allow_partial_results", "drop_null_columns",
}  # fmt: skip
# In seconds, as in Elasticsearch.
_WAIT, _KEEP = 1.0, 5 * 86_400.0
_FORMATS = {
    "json": "application/json", "csv": "text/csv", "tsv": "text/tab-separated-values", "txt": "text/plain",
    "arrow": arrow.MEDIA,
}  # fmt: skip
_UNSPOKEN = ("cbor", "yaml", "smile")


async def query(ask: Ask) -> Answer:
    """Run a query."""
    body = await ask.json()
    form, wanted = _format(ask), _request(body)
    table = await ask.attended(ask.connote.esql.run(wanted))
    asking.current().warnings.extend(table.warnings)
    return await abandonable(_shown, ask, table, form, _flag(body, "columnar"))


async def submit(ask: Ask) -> Answer:
    """Begin a query, wait for it a little, and tell its id if it still runs (or is to be kept)."""
    body, searches = await ask.json(), ask.connote.async_searches
    if (form := _format(ask)) != "json":
        raise IllegalArgument(f"Invalid format [{form}] of an async query, known are [json]")
    wait = _seconds(body, "wait_for_completion_timeout", _WAIT)
    keep, keeps = _seconds(body, "keep_alive", _KEEP), _flag(body, "keep_on_completion")
    stopping = threading.Event()
    wanted, columnar, drops = _request(body, stopping), _flag(body, "columnar"), _drops(ask, body)

    async def work() -> dict[str, Any]:
        table = await ask.connote.esql.run(wanted)
        found = await abandonable(answer.body, table, columnar=columnar, drops_nulls=drops)
        return {**found, "warnings": table.warnings, "_shards": {}, "hits": {}}

    search = searches.start(work, 1, keep, ask.size)
    search.halt = stopping.set
    try:
        await ask.attended(searches.wait(search, wait))
        if search.is_running or keeps:
            await searches.keep(search)
        else:
            await searches.forget(search.id)
    except BaseException:
        await searches.forget(search.id)
        raise
    return _told(search)


async def get(ask: Ask) -> Answer:
    """What a query has come to."""
    keep = ask.text("keep_alive")
    alive = None if keep in (None, "-1") else durations.seconds(str(keep), "keep_alive")
    wait = ask.text("wait_for_completion_timeout")
    seconds = 0.0 if wait is None else durations.seconds(wait, "wait_for_completion_timeout")
    ask.flag("drop_null_columns")
    return _told(await ask.attended(ask.connote.async_searches.get(ask.path("id"), alive, seconds)))


async def stop(ask: Ask) -> Answer:
    """Let a query end with the rows that it has looked at so far, and tell what it has come to."""
    searches = ask.connote.async_searches
    search = await ask.attended(searches.get(ask.path("id")))
    if search.is_running:
        if search.halt is None:
            raise NotFound(search.id)  # it is a search of another kind
        search.halt()
        await ask.attended(searches.wait(search, None))
    return _told(search)


async def delete(ask: Ask) -> Answer:
    """Forget a query, which ends if it runs."""
    await ask.connote.async_searches.delete(ask.path("id"))
    return Answer({"acknowledged": True})


def _told(search: AsyncSearch) -> Answer:
    head: dict[str, Any] = {"id": search.id} if search.is_kept else {}
    headers = {"X-Elasticsearch-Async-Is-Running": "?1" if search.is_running else "?0"}
    if search.is_kept:
        headers["X-Elasticsearch-Async-Id"] = search.id
    times = {"start_time_in_millis": search.started, "expiration_time_in_millis": search.expires}
    if search.is_running:
        return Answer(
            {**head, "is_running": True, "is_partial": False, **times, "columns": [], "values": []}, headers=headers
        )
    if search.error is not None:
        failed = {"error": {"root_cause": [search.error], **search.error}, "status": search.status}
        return Answer(failed, search.status, headers=headers)
    found = dict(search.response or {})
    if "columns" not in found:
        raise NotFound(search.id)  # it is a search of another kind
    warnings = found.pop("warnings", [])
    for name in ("_shards", "hits"):
        found.pop(name, None)
    body = {**head, "is_running": False, **times, "completion_time_in_millis": search.ended, **found}
    return Answer(body, warnings=tuple(warnings), headers=headers)


def _request(body: dict[str, Any], stopping: threading.Event | None = None) -> EsqlRequest:
    """Raises Unparsable, IllegalArgument, BadQuery."""
    if unknown := body.keys() - _KNOWN:
        raise Unparsable(f"[esql/query] unknown field [{min(unknown)}]")
    text = body.get("query")
    if not isinstance(text, str) or not text.strip():
        raise IllegalArgument("[query] is required, a text")
    given, zone, locale = body.get("filter"), body.get("time_zone"), body.get("locale")
    for name, value in (("time_zone", zone), ("locale", locale)):
        if value is not None and not isinstance(value, str):
            raise IllegalArgument(f"[{name}] must be a text")
    named = {"zone": dates.zone_of(zone)} if zone is not None else {}
    only = parse_query(given) if given not in (None, {}) else None
    return EsqlRequest(text, body.get("params"), only, stopping=stopping, **named)


def _shown(ask: Ask, table: Table, form: str, columnar: bool) -> Answer:
    if form == "json":
        drops = _drops(ask, ask.body or {})
        return encoded(ask, answer.body(table, columnar=columnar, drops_nulls=drops))
    if columnar:
        raise IllegalArgument(
            f"Invalid use of [columnar] argument: cannot be used in combination with [{_FORMATS[form]}] formats"
        )
    if form == "arrow":
        return Answer(
            response=Response(arrow.stream(table, drops_nulls=_drops(ask, ask.body or {})), media_type=arrow.MEDIA)
        )
    if form == "csv":
        delimiter = ask.text("delimiter") or ","
        if len(delimiter) != 1 or delimiter in '"\n\r\t':
            raise IllegalArgument(
                f"invalid delimiter [{delimiter}]: it must be one character, and none of quotes, tabs and line breaks"
            )
        text = answer.separated(table, delimiter, head="header=absent" not in ask.headers.get("accept", ""))
    else:
        text = answer.tabbed(table) if form == "tsv" else answer.drawn(table)
    return Answer(response=Response(text.encode("utf-8", "replace"), media_type=_FORMATS[form]))


def _format(ask: Ask) -> str:
    """How the answer is wanted: by `format`, else by the header Accept. Raises IllegalArgument."""
    given = ask.text("format")
    if given is None:
        accepted = ask.headers.get("accept", "")
        named = (name for name, media in _FORMATS.items() if accepted.startswith(media))
        given = "arrow" if "apache.arrow" in accepted else next(named, "json")
    if given not in _FORMATS:
        more = "; of binary formats only [arrow] is spoken here" if given in _UNSPOKEN else ""
        raise IllegalArgument(f"Invalid format [{given}], known are [{', '.join(_FORMATS)}]{more}")
    if given != "csv" and ask.text("delimiter") is not None:
        raise IllegalArgument("[delimiter] is only of the format [csv]")
    ask.flag("drop_null_columns")
    return given


def _drops(ask: Ask, body: dict[str, Any]) -> bool:
    return ask.flag("drop_null_columns") or _flag(body, "drop_null_columns")


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if value not in (True, False):
        raise IllegalArgument(f"[{name}] must be true or false")
    return bool(value)


def _seconds(body: dict[str, Any], name: str, default: float) -> float | None:
    given = body.get(name)
    return default if given is None else durations.seconds(str(given), name)


_QUERY = {
    "format": "`json` (default), `csv`, `tsv`, `txt`, or with the extra of that name `arrow`; else what Accept says.",
    "delimiter": "Between the cells of `csv`; default a comma.",
    "drop_null_columns": "Leave out columns without any value.",
    "allow_partial_results": "Accepted: there are none.",
}
_SUBMIT = _QUERY | {"format": "Only `json`.", "delimiter": "Refused: there is no `csv`."}
_KEEP_ALIVE = {"keep_alive": "For how long it is kept from now on, from `1s` to `30d`."}
_GET = _KEEP_ALIVE | {
    "format": "Only `json`.",
    "drop_null_columns": "Accepted: what was asked for when it began counts.",
    "wait_for_completion_timeout": "How long to wait for its end; default not at all.",
}

ROUTES = (
    Route("POST", "/_query", query, _QUERY),
    Route("POST", "/_query/async", submit, _SUBMIT),
    Route("GET", "/_query/async/{id}", get, _GET),
    Route("DELETE", "/_query/async/{id}", delete),
    Route("POST", "/_query/async/{id}/stop", stop, {"drop_null_columns": "Accepted."}),
)
