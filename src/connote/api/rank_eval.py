"""The route that tells how well searches rank."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.api.choice import CHOICE, chosen
from connote.api.exchange import Answer, Ask, Route
from connote.contract.errors import BadQuery, ConnoteError, IllegalArgument
from connote.contract.settings import java
from connote.search import request as requests
from connote.search.query.body import Body
from connote.search.ratings import Document, Metric, rating

_MOST, _AT_ONCE = 10_000, 8


@dataclass(frozen=True)
class _Rated:
    """A search with ratings of documents."""

    id: str
    search: Mapping[str, Any]
    ratings: Mapping[Document, int]


async def evaluate(ask: Ask) -> Answer:
    """The score of each search by a metric, and their mean. A search that fails is told of apart."""
    body = Body("rank_eval", await ask.json())
    metric, templates = Metric.parse(body.raw("metric")), _templates(body.raw("templates"))
    listed = [await _rated(ask, each, templates, metric.k) for each in _list(body.raw("requests"), "requests")]
    body.whole("max_concurrent_searches", 1)
    body.done()
    if len({each.id for each in listed}) < len(listed):
        raise IllegalArgument("[requests] must have ids that differ")
    names, turn = chosen(ask), asyncio.Semaphore(_AT_ONCE)
    details, failures = dict[str, Any](), dict[str, Any]()

    async def one(each: _Rated) -> None:
        async with turn:
            try:
                found = await ask.connote.searches.search(names, requests.parse(each.search))
                details[each.id] = _told(metric, each, found["hits"]["hits"])
            except ConnoteError as error:
                failures[each.id] = error.wire()
            await asyncio.sleep(0)  # for others, as among the searches of `_msearch`

    async def every() -> None:
        await asyncio.gather(*map(one, listed))

    await ask.attended(every())
    scores = [details[each.id]["metric_score"] for each in listed if each.id in details]
    mean = sum(scores) / len(scores) if scores else 0.0
    in_order = {each.id: details[each.id] for each in listed if each.id in details}
    return Answer({"metric_score": mean, "details": in_order, "failures": failures})


def _told(metric: Metric, rated: _Rated, hits: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What comes of one search."""
    found = [rated.ratings.get((hit["_index"], hit["_id"])) for hit in hits]
    score, detail = metric.of(found, list(rated.ratings.values()))
    pairs = list(zip(hits, found, strict=True))
    return {
        "metric_score": score,
        "unrated_docs": [{"_index": hit["_index"], "_id": hit["_id"]} for hit, own in pairs if own is None],
        "hits": [{"hit": hit, "rating": own} for hit, own in pairs],
        "metric_details": {metric.kind: detail},
    }


async def _rated(ask: Ask, given: Any, templates: Mapping[str, Any], k: int) -> _Rated:  # noqa: ANN401 (JSON)
    body = Body("rank_eval", given)
    id, fields = body.required("id", str), _list(body.raw("summary_fields") or [], "summary_fields")
    ratings = [_rating(each) for each in _list(body.raw("ratings"), "ratings")]
    search, template, params = body.raw("request"), body.text("template_id"), body.raw("params") or {}
    body.done()
    if (search is None) == (template is None):
        raise IllegalArgument(f"Either [request] or [template_id] of [{id}] must be given")
    if template is not None:
        search = await ask.connote.scripts.rendered({**templates.get(template, {"id": template}), "params": params})
    if not isinstance(search, Mapping):
        raise BadQuery(f"[request] of [{id}] must be an object, not [{java(search)[:100]}]")
    if len(known := dict(ratings)) < len(ratings):
        raise IllegalArgument(f"[ratings] of [{id}] name a document twice")
    return _Rated(id, {**search, "size": k, "_source": fields or False}, known)


def _rating(given: Any) -> tuple[Document, int]:  # noqa: ANN401
    body = Body("rated_document", given)
    index, id, made = body.required("_index", str), body.required("_id", str), rating(body.raw("rating"))
    body.done()
    return (index, id), made


def _templates(given: Any) -> dict[str, Any]:  # noqa: ANN401
    """The templates that come with the request, by id."""
    found = {}
    for each in _list(given or [], "templates"):
        body = Body("templates", each)
        id, template = body.required("id", str), Body("template", body.raw("template"))
        found[id] = {"source": template.raw("source", template.raw("inline"))}
    return found


def _list(given: Any, name: str) -> list[Any]:  # noqa: ANN401
    if not isinstance(given, list) or len(given) > _MOST:
        raise BadQuery(f"[{name}] must be an array of at most {_MOST}, not [{java(given)[:100]}]")
    return given


ROUTES = tuple(
    Route(method, f"{prefix}/_rank_eval", evaluate, CHOICE | {"search_type": "Accepted."})
    for prefix in ("", "/{index}")
    for method in ("GET", "POST")
)
