"""The ASGI application: every route behind one door that reads, answers, and turns errors into the wire's."""

import logging
import re
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.types import ASGIApp, Receive, Scope, Send

from connote.api import (
    absent,
    aliases,
    api_keys,
    applications,
    async_search,
    auth,
    bulk,
    byquery,
    cat,
    cat_absent,
    cat_help,
    cat_indices,
    cluster,
    cohere,
    connote,
    console,
    contexts,
    datastreams,
    diskusage,
    documents,
    enrich,
    esql,
    explain,
    field_caps,
    health,
    ilm,
    indices,
    inference,
    ingest,
    lens,
    mappings,
    maptile,
    media,
    migration,
    ml,
    node,
    nodes,
    openai,
    rank_eval,
    reindexing,
    resize,
    rights,
    roles,
    rollover,
    root,
    rulesets,
    scripts,
    search,
    security,
    segments,
    settings,
    synonyms,
    tei,
    templates,
    termsenum,
    termvectors,
    threads,
    tokens,
    transforms,
    users,
)
from connote.api.awake import Awake
from connote.api.exchange import Answer, Ask, Route, failure, render
from connote.api.filter_path import FilterPath
from connote.api.paths import Paths
from connote.app import Connote
from connote.contract.errors import ConnoteError, IllegalArgument, MethodNotAllowed
from connote.search import dated

log = logging.getLogger("connote.api")

ROUTES = (
    *root.ROUTES,
    *inference.ROUTES,
    *ingest.ROUTES,
    *indices.ROUTES,
    *maptile.ROUTES,
    *mappings.ROUTES,
    *settings.ROUTES,
    *aliases.ROUTES,
    *rollover.ROUTES,
    *resize.ROUTES,
    *templates.ROUTES,
    *synonyms.ROUTES,
    *rulesets.ROUTES,
    *applications.ROUTES,
    *documents.ROUTES,
    *enrich.ROUTES,
    *lens.ROUTES,
    *bulk.ROUTES,
    *byquery.ROUTES,
    *reindexing.ROUTES,
    *cluster.ROUTES,
    *node.ROUTES,
    *nodes.ROUTES,
    *security.ROUTES,
    *api_keys.ROUTES,
    *users.ROUTES,
    *roles.ROUTES,
    *tokens.ROUTES,
    *diskusage.ROUTES,
    *threads.ROUTES,
    *segments.ROUTES,
    *absent.ROUTES,
    *datastreams.ROUTES,
    *cat_indices.ROUTES,
    *search.ROUTES,
    *async_search.ROUTES,
    *rank_eval.ROUTES,
    *ml.ROUTES,
    *cat.ROUTES,
    *cat_absent.ROUTES,
    *cat_help.ROUTES,
    *health.ROUTES,
    *migration.ROUTES,
    *ilm.ROUTES,
    *transforms.ROUTES,
    *contexts.ROUTES,
    *scripts.ROUTES,
    *esql.ROUTES,
    *explain.ROUTES,
    *field_caps.ROUTES,
    *termsenum.ROUTES,
    *termvectors.ROUTES,
    *connote.ROUTES,
    *openai.ROUTES,
    *cohere.ROUTES,
    *tei.ROUTES,
)


def create(house: Connote) -> ASGIApp:
    """The application over these rooms."""
    by_path: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        by_path.setdefault(_shape(route.path), {})[route.method] = route
    paths = Paths({next(iter(found.values())).path: found for found in by_path.values()})
    # Starlette's layers catch what doors never let out, and cost a tenth of a request; only the console has them.
    pages = Starlette(routes=[Mount("/console", console.create())])
    awake = Awake(house.config.server.poll_seconds())

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        raw = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("ascii", "replace")
        if raw.startswith("/console") and console.is_page(raw, Request(scope)):
            there = RedirectResponse("/console/") if raw == "/console" else pages
            await there(scope, receive, send)
        else:
            with awake:
                routes, scope["path_params"] = _found(paths, raw.partition("?")[0], scope["method"])
                response = await _answer(house, routes, Request(scope, receive))
                await response(scope, receive, send)

    return call


def _found(paths: Paths[dict[str, Route]], path: str, method: str) -> tuple[dict[str, Route], dict[str, str]]:
    """The routes at a path, by method, and its parameters: those that fit best of those with the method.

    `POST /embed` is a route, and `PUT /embed` makes an index. No index is called `_inference`, nor `_query`.
    """
    every: dict[str, Route] = {}
    for routes, params in paths.find(path):
        if method in routes:
            return routes, params
        if path.startswith("/_") and path.count("/") == 1 and params:
            break
        every = {**routes, **every}
        if path.startswith("/_"):
            break
    return every, {}


def _shape(path: str) -> str:
    """The path without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", path)


async def _answer(house: Connote, routes: dict[str, Route], request: Request) -> Response:
    """The one door: what the route of the request's method answers, whatever happens."""
    ask, content_type = Ask(request, house), media.JSON
    try:
        content_type = media.answer_type(ask.headers)
        if filters := ask.text("filter_path"):
            ask.filter_path = FilterPath.parse(filters)
        response = render(ask, await _handled(ask, routes))
    except ConnoteError as error:
        response = _failed(ask, error, routes)
    except ClientDisconnect:
        response = Response(status_code=499)
    except Exception:
        log.exception("%s %s failed", request.method, request.url.path)
        response = _failed(ask, ConnoteError("internal error; the server's log says more"), routes)
    raw = response.raw_headers
    if not any(name == b"content-type" for name, _ in raw):
        raw.append((b"content-type", content_type.encode()))
    raw.append((b"x-elastic-product", b"Elasticsearch"))
    if ask.asking.answered:
        response.headers["X-Connote-Endpoint"] = ask.asking.answered
    if opaque := ask.headers.get("x-opaque-id"):
        response.headers["X-Opaque-Id"] = opaque
    return response


async def _handled(ask: Ask, routes: dict[str, Route]) -> Answer:
    config, authentication = ask.connote.config, ask.connote.authentication
    if authentication.is_open:
        auth.check_host(ask.headers, [config.server.host, *config.server.allowed_hosts])
    if authentication.is_open or ask.headers.get("authorization", "")[:6].lower() == "basic ":
        auth.check_origin(ask.headers, ask.request.method)  # a browser sends a user's password along for any page
    asker = await authentication.recognise(ask.headers.get("authorization"), ask.request.scope["path"])
    ask.asking.key = auth.counted(asker)
    route = routes.get(ask.request.method)
    if route is None:
        raise _no_route(ask.request, routes)
    params = ask.request.path_params
    if "<" in params.get("index", ""):
        params["index"] = dated.resolved(params["index"])
    rights.begin(ask.asking, asker, (route.method, route.path), params)
    route.check(ask)
    ask.connote.asked[f"{route.method} {route.path}"] += 1
    return await route.handler(ask)


def _failed(ask: Ask, error: ConnoteError, routes: dict[str, Route]) -> Response:
    return render(ask, failure(ask, error, routes))


def _no_route(request: Request, routes: dict[str, Route]) -> ConnoteError:
    path, method = request.url.path, request.method
    if not routes:
        return IllegalArgument(f"no handler found for uri [{path}] and method [{method}]")
    allowed = ", ".join(sorted(routes))
    error = MethodNotAllowed(f"Incorrect HTTP method for uri [{path}] and method [{method}], allowed: [{allowed}]")
    error.headers = {"Allow": allowed}
    return error
