"""Another connote that runs the endpoints of the `elastic` service: one with a GPU, say."""

import math

import httpx
import msgspec

from connote.contract.errors import ConnoteError, IllegalArgument, NotFound, Overloaded, Unavailable
from connote.endpoints import entry
from connote.endpoints.cache import Caching
from connote.runtime.local import Inputs, Outputs
from connote.upstream.sender import retry_after

PATH = "/_connote/run"


class Request(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What is asked of the other one: these texts through this model."""

    model: str
    texts: list[str]
    query: str | None = None
    search: bool = False
    caching: Caching = Caching.USE  # of the other one's cache


class Remote:
    """Asks another connote, which answers with entries as the cache keeps them: numbers stay float32 on their way."""

    def __init__(self, url: str, api_key: str | None) -> None:
        self.url = url.rstrip("/")
        headers = {"Authorization": f"ApiKey {api_key}"} if api_key else {}
        self._client = httpx.AsyncClient(
            headers=headers, timeout=httpx.Timeout(None, connect=5), follow_redirects=False
        )

    async def run(self, model: str, inputs: Inputs, caching: Caching = Caching.USE) -> Outputs:
        """What the model gives there. Raises what the other one answers, Unavailable if it does not."""
        asked = Request(model, list(inputs.texts), inputs.query, inputs.search, caching)
        try:
            reply = await self._client.post(self.url + PATH, json=msgspec.to_builtins(asked))
        except httpx.HTTPError as error:
            raise Unavailable(
                f"{self.url} cannot be reached ([elastic] url): {error or type(error).__name__}"
            ) from None
        if reply.status_code != httpx.codes.OK:
            raise _failure(self.url, reply)
        try:
            entries = msgspec.msgpack.decode(reply.content, type=list[bytes])
            _check_count(entries, asked.texts)
            return entry.join(entries)
        except (msgspec.DecodeError, IndexError, ValueError):
            raise Unavailable(f"{self.url} ([elastic] url) does not answer as a connote of this version does") from None

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.aclose()


def _check_count(entries: list[bytes], texts: list[str]) -> None:
    if len(entries) != len(texts):
        raise ValueError(f"{len(entries)} entries for {len(texts)} texts")


def _failure(url: str, reply: httpx.Response) -> ConnoteError:
    try:
        reason = str(reply.json()["error"]["reason"])
    except (ValueError, LookupError, TypeError):
        reason = f"HTTP status {reply.status_code}"
    if reply.status_code == httpx.codes.TOO_MANY_REQUESTS:
        overloaded = Overloaded(f"{url}: {reason}")
        wait = retry_after(reply.headers.get("Retry-After", ""))  # a proxy may say a date, or anything
        overloaded.headers = {"Retry-After": str(math.ceil(1 if wait is None else wait))}
        return overloaded
    kinds: dict[int, type[ConnoteError]] = {400: IllegalArgument, 404: NotFound}
    return kinds.get(reply.status_code, Unavailable)(f"{url}: {reason}")
