"""The routes of searches."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson

from connote.api.exchange import Answer, Ask, Route
from connote.api.indices import CHOICE, chosen
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument, Unparsable
from connote.search import request as requests
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import MatchAll, Query

# Searches of one `_msearch`.
_MOST_SEARCHES = 1000


async def search(ask: Ask) -> Answer:
    """Search: a query or a retriever, in the body or as `q` in the URL."""
    body = _with_params(ask, await ask.json_if_any())
    names = chosen(ask)
    request = replace(requests.parse(body), typed=ask.flag("typed_keys"))
    return Answer(_total(ask, await ask.attended(ask.connote.searches.search(names, request))))


async def count(ask: Ask) -> Answer:
    """How many documents match."""
    body = await ask.json_if_any()
    if unknown := body.keys() - {"query"}:
        raise BadQuery(f"request does not support [{sorted(unknown)[0]}]")
    names = chosen(ask)
    found = await ask.attended(ask.connote.searches.count(names, _query(ask, body)))
    shards = {"total": len(names), "successful": len(names), "skipped": 0, "failed": 0}
    return Answer({"count": found, "_shards": shards})


async def msearch(ask: Ask) -> Answer:
    """Several searches: a line that says where, and a line that says what, for each. One that fails harms no other."""
    pairs = _pairs(await ask.lines())
    responses = [await ask.attended(_one(ask, header, body)) for header, body in pairs]
    return Answer({"took": sum(each.get("took", 0) for each in responses), "responses": responses})


async def _one(ask: Ask, header: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    try:
        wanted = header.get("index", ask.request.path_params.get("index"))
        expression = ",".join(wanted) if isinstance(wanted, list) else wanted
        missing = header.get("ignore_unavailable") in (True, "true")
        names = ask.connote.indices.resolve(expression, ignore_missing=missing)
        return _total(ask, await ask.connote.searches.search(names, requests.parse(body))) | {"status": 200}
    except ConnoteError as error:
        return error.wire()


def _pairs(raw: bytes) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    lines = [line for line in raw.split(b"\n")]
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) % 2:
        raise IllegalArgument("a multi search must be pairs of lines: where to search, and what")
    if len(lines) // 2 > _MOST_SEARCHES:
        raise IllegalArgument(f"a multi search may have {_MOST_SEARCHES} searches, not {len(lines) // 2}")
    found = [_line(line, number) for number, line in enumerate(lines, start=1)]
    return list(zip(found[::2], found[1::2], strict=True))


def _line(line: bytes, number: int) -> dict[str, Any]:
    if not line.strip():
        return {}
    try:
        made = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Unparsable(f"line [{number}] is no JSON: {error.msg}") from None
    if not isinstance(made, dict):
        raise Unparsable(f"line [{number}] must be a JSON object")
    return made


def _with_params(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    """The body with what the URL says, which goes before it."""
    made = dict(body)
    if ask.text("q") is not None:
        made["query"] = _typed(ask)
    for name in ("from", "size"):
        if (number := ask.whole(name)) is not None:
            made[name] = number
    for name in ("sort", "search_after", "stored_fields", "docvalue_fields"):
        if (listed := ask.names(name)) is not None:
            made[name] = listed
    for name in ("track_total_hits", "timeout"):
        if (given := ask.text(name)) is not None:
            made[name] = given
    for name in ("explain", "version", "seq_no_primary_term", "track_scores"):
        if ask.text(name) is not None:
            made[name] = ask.flag(name)
    if (source := _source(ask)) is not None:
        made["_source"] = source
    return made


def _source(ask: Ask) -> Any:  # noqa: ANN401 (JSON)
    includes, excludes = ask.names("_source_includes"), ask.names("_source_excludes")
    if includes or excludes:
        return {"includes": includes or [], "excludes": excludes or []}
    given = ask.text("_source")
    return given.split(",") if given not in (None, "", "true", "false") else given or None


def _query(ask: Ask, body: Mapping[str, Any]) -> Query:
    if ask.text("q") is not None:
        return parse_query(_typed(ask))
    return MatchAll() if body.get("query") is None else parse_query(body["query"])


def _typed(ask: Ask) -> dict[str, Any]:
    options = {"query": ask.text("q"), "default_field": ask.text("df"), "analyzer": ask.text("analyzer")}
    options |= {"default_operator": ask.text("default_operator")}
    return {"query_string": {name: value for name, value in options.items() if value is not None}}


def _total(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    """The older form of the total, a number, if it is asked for."""
    if ask.flag("rest_total_hits_as_int") and "total" in body["hits"]:
        body["hits"]["total"] = body["hits"]["total"]["value"]
    return body


_TYPED = {
    "q": "A query in Lucene's syntax, in place of the body's.",
    "df": "The field of `q` where it names none.",
    "analyzer": "The analyzer of `q`.",
    "analyze_wildcard": "Accepted.",
    "default_operator": "`OR` (default) or `AND`, for `q`.",
    "lenient": "Accepted.",
    "preference": "Accepted: there is one copy.",
    "routing": "Accepted: there is one shard.",
}
_SEARCH = (
    CHOICE
    | _TYPED
    | {
        "from": "Hits to leave out.",
        "size": "Hits to show.",
        "sort": "Fields to sort by, as `field:order`.",
        "search_after": "Accepted in the body.",
        "_source": "Whether, or which parts of, documents are shown.",
        "_source_includes": "Parts that are shown.",
        "_source_excludes": "Parts that are not.",
        "stored_fields": "Accepted.",
        "docvalue_fields": "Fields that are shown.",
        "track_total_hits": "`true`, `false`, or up to how many hits are counted; all always are.",
        "track_scores": "Accepted.",
        "explain": "Say why each hit has its score.",
        "version": "Show versions.",
        "seq_no_primary_term": "Show sequence numbers.",
        "timeout": "Accepted.",
        "terminate_after": "Accepted.",
        "typed_keys": "Names of aggregations with their types.",
        "rest_total_hits_as_int": "The total as a number.",
        "search_type": "Accepted: statistics are always of the whole index.",
        "request_cache": "Accepted.",
        "batched_reduce_size": "Accepted.",
        "ccs_minimize_roundtrips": "Accepted.",
        "allow_partial_search_results": "Accepted: there are none.",
        "max_concurrent_shard_requests": "Accepted.",
        "pre_filter_shard_size": "Accepted.",
        "ignore_throttled": "Accepted.",
        "scroll": "Keep the search open to read on.",
        "include_named_queries_score": "Accepted.",
        "force_synthetic_source": "Accepted.",
    }
)
_COUNT = CHOICE | _TYPED | {"min_score": "Accepted.", "terminate_after": "Accepted.", "ignore_throttled": "Accepted."}

ROUTES = tuple(
    route
    for prefix in ("", "/{index}")
    for method in ("GET", "POST")
    for route in (
        Route(method, f"{prefix}/_search", search, _SEARCH),
        Route(method, f"{prefix}/_count", count, _COUNT),
        Route(method, f"{prefix}/_msearch", msearch, _SEARCH),
    )
)
