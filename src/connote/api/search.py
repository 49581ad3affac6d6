"""The routes of searches."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson

from connote.api.choice import CHOICE, chosen, filters, states
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument, InvalidRequest, Unparsable
from connote.search import request as requests
from connote.search.answer import shards
from connote.search.query.parse import parse as parse_query
from connote.search.query.query import MatchAll, Query
from connote.search.request import SearchRequest
from connote.search.view import NO_FILTERS, Filters

# Searches of one `_msearch`, and how many of them run at a time: those that wait for an endpoint share its batches.
_MOST_SEARCHES, _AT_ONCE = 1000, 8
_HEADER = (
    "index", "indices", "ignore_unavailable", "allow_no_indices", "expand_wildcards", "preference", "routing",
    "search_type", "request_cache", "allow_partial_search_results", "ccs_minimize_roundtrips", "ignore_throttled",
)  # fmt: skip


Make = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


async def search(ask: Ask) -> Answer:
    """Search: a query or a retriever, in the body or as `q` in the URL."""
    return Answer(as_asked(ask, await answered(ask, await ask.json_if_any())))


async def answered(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to a search of that body, and what the URL says."""
    request, searches = parsed(ask, body), ask.connote.searches
    names, kept = meant(ask, request)
    if ask.text("scroll") is None:
        return await ask.attended(searches.search(names, request, kept))
    return await ask.attended(searches.scroll(names, request, requests.alive(ask.text("scroll")), kept))


def parsed(ask: Ask, body: dict[str, Any]) -> SearchRequest:
    """The request in that body, and in what the URL says. Raises what is wrong with it."""
    return _told(ask, requests.parse(_with_params(ask, body)))


def meant(ask: Ask, request: SearchRequest) -> tuple[Sequence[str], Filters]:
    """The indices that it is for, and what aliases let be seen of them: those of its point in time are not named."""
    if request.pit is None:
        names = chosen(ask)
        return names, filters(ask, names)
    if "index" in ask.request.path_params:
        raise InvalidRequest(
            ["[indices] cannot be used with point in time. Do not specify any index with point in time."]
        )
    return (), NO_FILTERS


def _told(ask: Ask, request: SearchRequest) -> SearchRequest:
    """The request with what the URL says of how its answer is told."""
    if not ask.params:
        return request
    return replace(request, typed=ask.flag("typed_keys"), scores_names=ask.flag("include_named_queries_score"))


async def count(ask: Ask) -> Answer:
    """How many documents match."""
    body = await ask.json_if_any()
    if unknown := body.keys() - {"query"}:
        raise BadQuery(f"request does not support [{min(unknown)}]")
    names, least = chosen(ask), ask.text("min_score")
    try:
        score = None if least is None else float(least)
    except ValueError:
        raise IllegalArgument(f"Failed to parse float parameter [min_score] with value [{least}]") from None
    query, enough = query_of(ask, body), ask.whole("terminate_after") or None
    found = await ask.attended(ask.connote.searches.count(names, query, score, filters(ask, names), enough))
    early = {} if enough is None else {"terminated_early": found >= enough}
    return Answer({"count": found, **early, "_shards": shards(len(names))})


async def msearch(ask: Ask) -> Answer:
    """Several searches: a line that says where, and a line that says what, for each. One that fails harms no other."""

    async def as_it_is(body: dict[str, Any]) -> dict[str, Any]:
        return body

    return Answer(await msearched(ask, await ask.lines(), as_it_is))


async def msearched(ask: Ask, raw: bytes, make: Make) -> dict[str, Any]:
    """The answers to all searches, some at a time; `make` gives a search's body of its line."""
    began, turn = time.perf_counter(), asyncio.Semaphore(_AT_ONCE)

    async def one(header: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
        async with turn:
            try:
                answer = as_asked(ask, await _one(ask, header, await make(line))) | {"status": 200}
            except ConnoteError as error:
                answer = error.wire()
            await asyncio.sleep(0)  # for others, who would have no turn among searches that need no thread
            return answer

    responses = await ask.attended(_all([one(*pair) for pair in _pairs(raw)]))
    return {"took": int((time.perf_counter() - began) * 1000), "responses": responses}


async def _all(work: Iterable[Awaitable[dict[str, Any]]]) -> list[dict[str, Any]]:
    return list(await asyncio.gather(*work))


async def _one(ask: Ask, header: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := [name for name in header if name not in _HEADER]:
        raise IllegalArgument(f"key [{unknown[0]}] is not supported in the metadata section")
    request, wanted = requests.parse(body), header.get("index", header.get("indices"))
    request = _told(ask, request)
    if request.pit is not None:
        return await ask.connote.searches.search((), request)
    if wanted is None or wanted == []:
        wanted = ask.request.path_params.get("index")
    listed = wanted if isinstance(wanted, list) else [] if wanted is None else [wanted]
    if not all(isinstance(each, str) for each in listed):
        raise IllegalArgument("[index] in the metadata section must be a text, or an array of texts")
    expression = ",".join(listed) or None
    names = ask.connote.indices.resolve(
        expression,
        ignore_missing=header.get("ignore_unavailable", ask.text("ignore_unavailable")) in (True, "true", ""),
        allow_none=header.get("allow_no_indices", True) in (True, "true"),
        expand=states(_joined(header.get("expand_wildcards") or ask.text("expand_wildcards") or "open")),
    )
    return await ask.connote.searches.search(names, request, ask.connote.indices.filters(expression, names))


def _joined(value: Any) -> str:  # noqa: ANN401 (JSON)
    """Texts as one, with commas."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _pairs(raw: bytes) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    lines = raw.split(b"\n")
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
    if not ask.params:
        return body
    made = dict(body)
    if ask.text("q") is not None:
        made["query"] = typed(ask)
    kinds: list[tuple[tuple[str, ...], Callable[[str], Any]]] = [
        (("from", "size", "terminate_after"), ask.whole),
        (("sort", "search_after", "stored_fields", "docvalue_fields"), ask.names),
        (("track_total_hits", "timeout"), ask.text),
        (("explain", "version", "seq_no_primary_term", "track_scores"), ask.flag),
    ]
    for names, read in kinds:
        made |= {name: read(name) for name in names if ask.text(name) is not None}
    if (field := ask.text("suggest_field")) is not None:
        made["suggest"] = {field: _suggested(ask, field)}
    source = _source(ask)
    return made if source is None else {**made, "_source": source}


def _suggested(ask: Ask, field: str) -> dict[str, Any]:
    term = {"field": field, "size": ask.whole("suggest_size"), "suggest_mode": ask.text("suggest_mode")}
    own = {name: value for name, value in term.items() if value is not None}
    return {"text": ask.text("suggest_text") or ask.text("q"), "term": own}


def _source(ask: Ask) -> Any:  # noqa: ANN401 (JSON)
    includes, excludes = ask.names("_source_includes"), ask.names("_source_excludes")
    vectors = ask.text("_source_exclude_vectors")
    if includes or excludes or vectors is not None:
        return {"includes": includes or [], "excludes": excludes or [], "exclude_vectors": vectors or None}
    given = ask.text("_source")
    return given.split(",") if given not in (None, "", "true", "false") else given or None


def query_of(ask: Ask, body: Mapping[str, Any]) -> Query:
    """The query in the body, or `q` in the URL; without both every document matches."""
    if ask.text("q") is not None:
        return parse_query(typed(ask))
    return MatchAll() if body.get("query") is None else parse_query(body["query"])


def typed(ask: Ask) -> dict[str, Any]:
    """The query that is `q` in the URL."""
    names = {"query": "q", "default_field": "df", "analyzer": "analyzer", "default_operator": "default_operator"}
    options: dict[str, Any] = {name: ask.text(param) for name, param in names.items()}
    options |= {name: ask.flag(name) for name in ("lenient", "analyze_wildcard") if ask.text(name) is not None}
    return {"query_string": {name: value for name, value in options.items() if value is not None}}


def as_asked(ask: Ask, body: dict[str, Any]) -> dict[str, Any]:
    """The answer with the total in its older form, a number, if it is asked for."""
    if ask.flag("rest_total_hits_as_int") and "total" in body["hits"]:
        body["hits"]["total"] = body["hits"]["total"]["value"]
    return body


TYPED = {
    "q": "A query in Lucene's syntax, in place of the body's.",
    "df": "The field of `q` where it names none.",
    "analyzer": "The analyzer of `q`.",
    "analyze_wildcard": "Of `q`.",
    "default_operator": "`OR` (default) or `AND`, for `q`.",
    "lenient": "Of `q`.",
    "preference": "Accepted: there is one copy.",
    "routing": "Accepted: there is one shard.",
}
SEARCH = (
    CHOICE
    | TYPED
    | {
        "from": "Hits to leave out.",
        "size": "Hits to show.",
        "sort": "Fields to sort by, as `field:order`.",
        "search_after": "Sort values of the hit to go on behind.",
        "_source": "Whether, or which parts of, documents are shown.",
        "_source_includes": "Parts that are shown.",
        "_source_excludes": "Parts that are not.",
        "_source_exclude_vectors": "Without vectors, the default; `false`: with them, and with what texts became.",
        "stored_fields": "Fields to show in place of the document; `_none_` for none.",
        "docvalue_fields": "Fields that are shown.",
        "track_total_hits": "`true`, `false`, or up to how many hits are counted; all always are.",
        "track_scores": "Show scores where hits are sorted otherwise.",
        "explain": "Say why each hit has its score.",
        "version": "Show versions.",
        "seq_no_primary_term": "Show sequence numbers.",
        "timeout": "For how long each index is searched; after it the answer is what was found until then.",
        "terminate_after": "Of each index, how many documents are looked at.",
        "typed_keys": "Names of aggregations with their types.",
        "rest_total_hits_as_int": "The total as a number.",
        "search_type": "Accepted: statistics are always of the whole index.",
        "request_cache": "Accepted.",
        "batched_reduce_size": "Accepted.",
        "ccs_minimize_roundtrips": "Accepted.",
        "allow_partial_search_results": "Accepted: there are none.",
        "max_concurrent_searches": "Accepted: of several searches some run at a time.",
        "max_concurrent_shard_requests": "Accepted.",
        "pre_filter_shard_size": "Accepted.",
        "ignore_throttled": "Accepted.",
        "scroll": "Keep the search open to read on.",
        "suggest_field": "Suggest words of this field for those of `suggest_text`.",
        "suggest_text": "What to suggest words for; default `q`.",
        "suggest_mode": "`missing` (default), `popular`, `always`.",
        "suggest_size": "Words to suggest for each; default 5.",
        "include_named_queries_score": "Tell the scores of queries with a `_name`.",
        "force_synthetic_source": "Accepted.",
    }
)
_COUNT = (
    CHOICE
    | TYPED
    | {
        "min_score": "Only documents with at least this score.",
        "terminate_after": "Of each index, how many documents are counted.",
        "ignore_throttled": "Accepted.",
    }
)

ROUTES = tuple(
    route
    for prefix in ("", "/{index}")
    for method in ("GET", "POST")
    for route in (
        Route(method, f"{prefix}/_search", search, SEARCH),
        Route(method, f"{prefix}/_count", count, _COUNT),
        Route(method, f"{prefix}/_msearch", msearch, SEARCH),
    )
)
