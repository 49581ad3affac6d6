"""One request and its answer, as the routes see them."""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from connote.api import media, pretty
from connote.api.filter_path import FilterPath
from connote.app import Connote
from connote.contract import sse
from connote.contract.errors import ConnoteError, IllegalArgument, TooLarge, Unparsable
from connote.contract.settings import java
from connote.contract.tasks import TaskType
from connote.endpoints import asking
from connote.ingest.painless import kept
from connote.search.fetch.source import OLDER
from connote.security.asker import Asker
from connote.security.authentication import ANYBODY
from connote.version import VERSION_SPOKEN

T = TypeVar("T")

_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f]")

# Seconds until it is looked whether the client has left: most answers are there before, and to look costs more than
# some of them.
_SOON = 0.02

# Accepted by every route.
COMMON_PARAMS = {
    "pretty": "Indent the answer.",
    "human": "Also tell dates and versions of settings for people.",
    "error_trace": "Add `stack_trace` to errors.",
    "filter_path": "Only these parts of the answer: `a.b,c.*,-d`.",
    "format": "Only `json`.",
}


@dataclass(frozen=True)
class Answer:
    """What a route answers with: JSON, unless `response` is something else ready to send."""

    body: Any = None
    status: int = 200
    warnings: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    response: Response | None = None


class Ask:
    """A request: path, query, headers (their names small) and body, read as what they should be."""

    def __init__(self, request: Request, connote: Connote) -> None:
        self.request, self.connote = request, connote
        self.asking = asking.begin(request.scope["client"])
        kept.use(connote.scripts.find)
        self.params: Mapping[str, str] = dict(request.query_params) if request.scope["query_string"] else {}
        # Of several of one name the first, as Starlette has it, whose own mapping looks for each from the start.
        self.headers: Mapping[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(request.scope["headers"])
        }
        OLDER.set(media.is_older(self.headers))
        self.filter_path: FilterPath | None = None  # once it is known to be one
        self.body: dict[str, Any] | None = None  # once it is read
        self._raw: bytes | None = None

    @property
    def asker(self) -> Asker:
        """Who asks."""
        return self.asking.asker or ANYBODY

    def path(self, name: str) -> str:
        """A part of the path."""
        value: str = self.request.path_params[name]
        return value

    def task(self) -> TaskType:
        """The task type in the path; `any` if the path has none."""
        named = self.request.path_params.get("task_type")
        return TaskType.ANY if named is None else TaskType.parse(named)

    def text(self, name: str) -> str | None:
        """A query parameter."""
        return self.params.get(name)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A query parameter that is true or false; true if it stands alone."""
        value = self.params.get(name, "true" if default else "false")
        if value not in ("", "true", "false"):
            raise IllegalArgument(f"Failed to parse value [{value}] of [{name}] as only [true] or [false] are allowed.")
        return value != "false"

    def names(self, name: str) -> list[str] | None:
        """A query parameter that is a list, separated by commas; None if it is not there."""
        value = self.params.get(name)
        return None if value is None else [each.strip() for each in value.split(",") if each.strip()]

    def whole(self, name: str, default: int | None = None) -> int | None:
        """A query parameter that is an integer. Raises IllegalArgument."""
        value = self.params.get(name)
        if value is None:
            return default
        if not _WHOLE.fullmatch(value):
            raise IllegalArgument(f"Failed to parse int parameter [{name}] with value [{value}]")
        return int(value)

    async def json(self) -> dict[str, Any]:
        """The body, a JSON object. Raises Unparsable, NotAcceptable or TooLarge."""
        if self.body is not None:
            return self.body
        raw = await self._body() if self._raw is None else self._raw
        if not raw.strip():
            raise Unparsable("request body is required")
        media.check_body_type(self.headers)
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise Unparsable(f"[{error.lineno}:{error.colno}] the request body is not JSON: {error.msg}") from None
        if not isinstance(body, dict):
            raise Unparsable(f"the request body must be a JSON object, not [{java(body)}]")
        self.body = body
        return body

    async def has_body(self) -> bool:
        """Whether a body came with the request."""
        if self._raw is None:
            self._raw = await self._body()
        return bool(self._raw.strip())

    @property
    def size(self) -> int:
        """Bytes of the body, once `has_body` is known."""
        return len(self._raw or b"")

    async def json_if_any(self) -> dict[str, Any]:
        """The body, a JSON object; an empty one if there is none. Raises what `json` raises."""
        return await self.json() if await self.has_body() else {}

    async def lines(self) -> bytes:
        """The body, JSON in lines. Raises NotAcceptable or TooLarge."""
        raw = await self._body()
        media.check_body_type(self.headers, lines=True)
        return raw

    async def attended(self, work: Coroutine[Any, Any, T]) -> T:
        """What the work comes to. When the client leaves it is cancelled, and ClientDisconnect raised."""
        answering = cast("asyncio.Task[Any]", asyncio.current_task())  # for it is one that calls
        watching: list[asyncio.Task[None]] = []
        later = asyncio.get_running_loop().call_later(
            _SOON, lambda: watching.append(asyncio.create_task(self._watch(answering)))
        )
        try:
            return await work
        except asyncio.CancelledError:
            if not any(each.done() for each in watching):
                raise
            answering.uncancel()
            raise ClientDisconnect from None
        finally:
            later.cancel()
            for each in watching:
                each.cancel()

    async def _watch(self, answering: asyncio.Task[Any]) -> None:
        while (await self.request.receive())["type"] != "http.disconnect":
            pass
        answering.cancel()

    async def _body(self) -> bytes:
        most = self.connote.config.server.max_body_bytes
        parts, size = [], 0
        is_more = True
        while is_more:
            message = await self.request.receive()
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > most:
                raise TooLarge(f"the request body is larger than {most} bytes ([server] max_body_bytes)")
            is_more = message.get("more_body", False)
        return _decoded(b"".join(parts), self.headers.get("content-encoding", "identity").lower(), most)


def elastic(ask: Ask, error: ConnoteError) -> Answer:
    """A failure as Elasticsearch tells it."""
    # The flag itself may be what is wrong, so it is read leniently.
    body = error.wire(trace=ask.text("error_trace") in ("", "true"))
    return Answer(body, error.status, headers=error.headers)


Handler = Callable[[Ask], Awaitable[Answer]]
Told = Callable[[Ask, ConnoteError], Answer]


@dataclass(frozen=True)
class Route:
    """One thing that can be asked: the reference of the API is made of these.

    `told` is how a failure looks. If the route `streams`, it is the stream's only event.
    """

    method: str
    path: str
    handler: Handler
    params: Mapping[str, str] = field(default_factory=dict)
    streams: bool = False
    told: Told = elastic

    def check(self, ask: Ask) -> None:
        """Raise IllegalArgument for query parameters that this route does not know."""
        if not ask.params:
            return
        unknown = [name for name in ask.params if name not in self.params and name not in COMMON_PARAMS]
        if unknown:
            raise IllegalArgument(
                f"request [{ask.request.url.path}] contains unrecognized parameter{'s' * (len(unknown) > 1)}: "
                f"{', '.join(f'[{name}]' for name in unknown)}; known are [{', '.join((*self.params, *COMMON_PARAMS))}]"
            )
        for name in ("pretty", "human", "error_trace"):
            ask.flag(name)
        if "format" not in self.params and ask.text("format") not in (None, "json"):
            raise IllegalArgument(f"[format] must be [json], not [{ask.text('format')}]")


def render(ask: Ask, answer: Answer) -> Response:
    """The HTTP response to an answer."""
    response = answer.response or _json(ask, answer)
    for name, value in answer.headers.items():
        response.headers[name] = value
    for warning in (*answer.warnings, *ask.asking.warnings):
        # A service's own words may be in it; the quoted text may hold neither quotes nor anything but visible ASCII.
        text = _UNSEEN.sub(" ", warning).replace('"', "'").replace("\\", "/").encode("ascii", "replace").decode()
        response.headers.append("Warning", f'299 Elasticsearch-{VERSION_SPOKEN}-connote "{text}"')
    return response


def encoded(ask: Ask, body: Any) -> Answer:  # noqa: ANN401 (JSON)
    """The answer with that body, made into bytes already: for long ones, in the thread that has made them."""
    return Answer(response=_json(ask, Answer(body)))


def failure(ask: Ask, error: ConnoteError, routes: Mapping[str, Route]) -> Answer:
    """The answer to a request that failed, `routes` being those of its path by method. Nothing of it is left out."""
    ask.filter_path = None
    route = routes.get(ask.request.method)
    # A method that is not there is told as the path's others would tell it.
    told = (route or next(iter(routes.values()))).told if routes else elastic
    answer = told(ask, error)
    if route is None or not route.streams:
        return answer
    event = sse.event(answer.body, "error")
    return Answer(response=Response(event, answer.status, media_type="text/event-stream"), headers=answer.headers)


def _json(ask: Ask, answer: Answer) -> Response:
    body = answer.body
    if ask.filter_path is not None and body is not None:
        body = ask.filter_path.apply(body)
    if ask.text("pretty") in ("", "true"):
        return Response(pretty.printed(body), answer.status, media_type=None)
    return Response(orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY), answer.status, media_type=None)


def _decoded(raw: bytes, encoding: str, most: int) -> bytes:
    if encoding == "identity":
        return raw
    if encoding != "gzip":
        raise IllegalArgument(f"Content-Encoding [{encoding}] is not supported; send [gzip] or nothing")
    try:
        decoder = zlib.decompressobj(wbits=31)
        body = decoder.decompress(raw, most)
    except zlib.error as error:
        raise Unparsable(f"the request body is not gzip: {error}") from None
    if decoder.unconsumed_tail:
        raise TooLarge(f"the request body is larger than {most} bytes when unpacked ([server] max_body_bytes)")
    return body
