"""Whatever a service does, its caller gets the right error in time, and nothing is left behind."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from connote.app import Connote, opened
from connote.config import Config, OutboundConfig, ServiceConfig
from connote.contract import chat, requests
from connote.contract.errors import ConnoteError, Malformed, Refused, TimedOut
from connote.contract.results import Dense
from connote.contract.tasks import TaskType
from connote.endpoints import endpoints
from connote.upstream import sender
from connote.upstream.client import Http1Transport
from provider import Answer, Asked, Provider, Reply, events

EMBED, CHAT = "/v1/embeddings", "/v1/chat/completions"
GOOD = Reply({"data": [{"embedding": [1.0, 2.0]}]})
ANSWER = Reply({"choices": [{"message": {"content": "x"}}]})
MESSAGES = {"messages": [{"role": "user", "content": "a"}]}
CHUNK: dict[str, Any] = {"choices": [{"delta": {"content": "a"}}]}

Act = Callable[[Connote], Awaitable[Any]]


@pytest.fixture
def service() -> Iterator[Provider]:
    provider = Provider()
    yield provider
    provider.close()


@asynccontextmanager
async def house(
    service: Provider,
    folder: Path,
    *,
    api_key: str | None = None,
    **outbound: Any,  # noqa: ANN401
) -> AsyncIterator[Connote]:
    """A connote whose openai is the provider, with two endpoints. At the end nothing may be left of its requests."""
    quick: dict[str, Any] = {"first_delay": "10ms", "most_delay": "20ms", "retries": 2}
    config = Config(data=str(folder), secret_key_file=str(folder / "key"), api_key=api_key)
    config.outbound = OutboundConfig(**(quick | outbound))
    config.services = {"openai": ServiceConfig(base_url=service.url)}
    async with opened(config) as rooms:
        await asyncio.sleep(0)
        before = asyncio.all_tasks()  # the house has some of its own, which have begun by now
        for task, path, good in (("text_embedding", EMBED, GOOD), ("chat_completion", CHAT, ANSWER)):
            service.tell(path, good)
            settings = {"api_key": "sk-secret", "model_id": "m", "rate_limit": {"requests_per_minute": 10**9}}
            await rooms.endpoints.create(
                task, TaskType.parse(task), {"service": "openai", "service_settings": settings}
            )
        service.reset()
        yield rooms
        await rooms.meter.write()  # which it else does by itself, a little later
        await asyncio.sleep(0.05)  # closed sockets are noticed by the loop
        assert connector(rooms)._acquired == set()
        assert asyncio.all_tasks() - before == set()


def connector(rooms: Connote) -> aiohttp.TCPConnector:
    """The connections to the service."""
    transport = cast("Http1Transport", rooms.sender._transports["openai", True])
    return cast("aiohttp.TCPConnector", transport._session.connector)


async def embed(rooms: Connote, limit: str = "5s") -> list[list[float]]:
    request = requests.parse({"input": "a", "timeout": limit}, TaskType.TEXT_EMBEDDING)
    _, result = await rooms.inference.infer("text_embedding", request)
    vectors: list[list[float]] = cast("Dense", result).vectors.tolist()
    return vectors


async def stream(rooms: Connote) -> list[str]:
    chunks = await rooms.inference.stream_chat("chat_completion", chat.parse(MESSAGES), "5s")
    async with aclosing(chunks):
        return [chunk.text() async for chunk in chunks]


def run(
    service: Provider,
    folder: Path,
    path: str,
    answers: Sequence[Answer],
    act: Act,
    **outbound: Any,  # noqa: ANN401
) -> Any:  # noqa: ANN401 (what the act gives)
    async def acted() -> Any:  # noqa: ANN401
        async with house(service, folder, **outbound) as rooms:
            service.tell(path, *answers)
            return await act(rooms)

    return asyncio.run(acted())


@pytest.mark.parametrize(
    ("reply", "status", "reason"),
    [
        (Reply({"error": {"message": "slow down"}}, 429), 429, "Received a rate limit status code"),
        (Reply({}, 500), 400, "Received a server error status code"),
        (Reply({}, 503), 400, "Received a server error status code"),
        (Reply({"error": {"message": "bad sk-secret"}}, 401), 401, "Error message: [bad ***]"),
        (Reply({}, 302, {"Location": "/elsewhere"}), 400, "Unhandled redirection"),
        (Reply({}, 307, {"Location": "/elsewhere"}), 400, "Unhandled redirection"),
        (Reply(content=b"<html>"), 400, "Failed to parse the answer of the service [openai]"),
        (Reply({"data": [{"embedding": ["a"]}]}), 400, "Failed to parse the answer of the service [openai]"),
        (Reply({"error": {"message": "no money"}}), 400, "Received an error response"),
        (Reply({"data": []}), 400, "the service answers with 0 vectors for 1 inputs"),
        (Reply({"data": [{"embedding": []}]}), 400, "vectors that are empty or differ in length"),
        (Reply(content=b'{"data": [{"embedding": [1e999]}]}'), 400, "Failed to parse"),
        (Reply(content=b'{"data": [{"embedding": [1e300]}]}'), 400, "numbers that are not of type [float]"),
        (Reply(pieces=[b'{"data"'], cut=True), 400, "Failed to send request from inference entity id"),
        (Reply(content=b"no gzip", headers={"Content-Encoding": "gzip"}), 400, "Failed to send request"),
        (
            Reply(content=gzip.compress(bytes(10_000)), headers={"Content-Encoding": "gzip"}),
            400,
            "more than 5000 bytes",
        ),
        (Reply(content=bytes(10_000)), 400, "more than 5000 bytes"),
        (Reply({}, 429, {"Retry-After": "²"}), 429, "Received a rate limit status code"),
        (Reply({}, 429, {"Retry-After": "Mon, 01 Jan 99999999999 00:00:00 GMT"}), 429, "Received a rate limit"),
    ],
)
def test_a_fault_becomes_the_right_error(
    service: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reply: Reply, status: int, reason: str
) -> None:
    monkeypatch.setattr(sender, "MOST_REPLY", 5000)
    with pytest.raises(ConnoteError) as failed:
        run(service, tmp_path, EMBED, [reply], embed)
    assert failed.value.status == status
    assert reason in failed.value.reason
    assert all(asked.path == EMBED for asked in service.asked)  # no redirect is followed


def test_passing_faults_are_tried_again(service: Provider, tmp_path: Path) -> None:
    faults = [Reply({}, 500), Reply({}, 429)]
    assert run(service, tmp_path, EMBED, [*faults, GOOD], embed) == [[1.0, 2.0]]
    assert len(service.asked) == 3


def test_final_faults_are_not(service: Provider, tmp_path: Path) -> None:
    with pytest.raises(Refused):
        run(service, tmp_path, EMBED, [Reply({}, 400), GOOD], embed)
    assert len(service.asked) == 1


@pytest.mark.parametrize("wait", ["1", "date"])
def test_retry_after_is_honoured(service: Provider, tmp_path: Path, wait: str) -> None:
    start = time.monotonic()
    asked = formatdate(time.time() + 2, usegmt=True) if wait == "date" else wait
    answers = [Reply({}, 429, {"Retry-After": asked}), GOOD]
    assert run(service, tmp_path, EMBED, answers, embed) == [[1.0, 2.0]]
    assert time.monotonic() - start > 0.9


def test_a_wait_that_is_too_long_is_told_at_once(service: Provider, tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(Refused) as failed:
        run(service, tmp_path, EMBED, [Reply({}, 429, {"Retry-After": "30"})], embed)
    assert (failed.value.status, failed.value.headers) == (429, {"retry-after": "30"})
    assert time.monotonic() - start < 5


def test_slow_bytes_end_with_the_time_of_the_request(service: Provider, tmp_path: Path) -> None:
    with pytest.raises(TimedOut, match=r"timeout \[300ms\] waiting for inference result of \[text_embedding\]"):
        run(service, tmp_path, EMBED, [Reply(pieces=[b" "] * 50, pause=0.1)], lambda rooms: embed(rooms, "300ms"))
    assert service.left.wait(5)


def test_a_service_that_is_not_there(service: Provider, tmp_path: Path) -> None:
    async def act(rooms: Connote) -> object:
        service.close()
        for connections in connector(rooms)._conns.values():  # what is kept alive still answers
            for protocol, _ in connections:
                protocol.close()
        return await embed(rooms)

    with pytest.raises(Refused, match="Failed to send request from inference entity id"):
        run(service, tmp_path, EMBED, [GOOD], act)


def test_a_request_that_is_given_up_leaves_nothing(service: Provider, tmp_path: Path) -> None:
    async def act(rooms: Connote) -> None:
        asking = asyncio.ensure_future(embed(rooms))
        await asyncio.sleep(0.2)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    run(service, tmp_path, EMBED, [Reply(pieces=[b" "] * 50, pause=0.1)], act)
    assert service.left.wait(5)


@pytest.mark.parametrize(
    ("reply", "kind", "reason"),
    [
        (Reply({"error": {"message": "no key"}}, 401), Refused, "Received an authentication error status code"),
        (Reply({"error": {"message": "no money"}}), Refused, "Received an error response"),
        (Reply(pieces=[b'{"error"'], cut=True), Refused, "Failed to send request from inference entity id"),
        (events(CHUNK, {"error": {"message": "tired"}}), Refused, "Error message: [tired]"),
        (events(CHUNK, CHUNK, done=False, cut=True), Refused, "the stream broke off"),
        (events({"choices": "none"}), Malformed, "Failed to parse the answer"),
        (events(CHUNK, CHUNK, CHUNK, pause=1), Refused, "the stream broke off: the service says nothing"),
    ],
)
def test_faults_of_streams(
    service: Provider, tmp_path: Path, reply: Reply, kind: type[ConnoteError], reason: str
) -> None:
    with pytest.raises(kind) as failed:
        run(service, tmp_path, CHAT, [reply], stream, idle="300ms")
    assert reason in failed.value.reason


def test_a_stream_is_given_up_at_once(service: Provider, tmp_path: Path) -> None:
    async def act(rooms: Connote) -> str:
        chunks = await rooms.inference.stream_chat("chat_completion", chat.parse(MESSAGES))
        async with aclosing(chunks):
            return (await anext(chunks)).text()

    assert run(service, tmp_path, CHAT, [events(*[CHUNK] * 200, pause=0.05)], act) == "a"
    assert service.left.wait(5)


def test_a_stream_without_events_is_empty(service: Provider, tmp_path: Path) -> None:
    assert run(service, tmp_path, CHAT, [events()], stream) == []


def test_large_inputs_are_split_and_their_order_is_kept(service: Provider, tmp_path: Path) -> None:
    def lengths(asked: Asked) -> Reply:
        return Reply({"data": [{"embedding": [len(text), 1]} for text in asked.json["input"]]})

    async def act(rooms: Connote) -> list[float]:
        texts = ["a" * (1 + number % 7) for number in range(4096)]
        request = requests.parse({"input": texts}, TaskType.TEXT_EMBEDDING)
        _, result = await rooms.inference.infer("text_embedding", request)
        return [row[0] for row in cast("Dense", result).vectors.tolist()]

    assert run(service, tmp_path, EMBED, [lengths], act) == [1 + number % 7 for number in range(4096)]
    assert [len(asked.json["input"]) for asked in service.asked] == [2048, 2048]


def test_a_failing_part_fails_the_request_and_ends_the_others(service: Provider, tmp_path: Path) -> None:
    def some(asked: Asked) -> Reply:
        return Reply({}, 400) if "bad" in asked.json["input"] else Reply(pieces=[b" "] * 100, pause=0.1)

    async def act(rooms: Connote) -> None:
        request = requests.parse({"input": ["a"] * 2048 + ["bad"]}, TaskType.TEXT_EMBEDDING)
        await rooms.inference.infer("text_embedding", request)

    with pytest.raises(Refused, match="Received a bad request"):
        run(service, tmp_path, EMBED, [some], act)
    assert service.left.wait(5)


def test_a_url_of_a_user_is_not_trusted_because_it_names_the_host_of_the_gateway(
    service: Provider, tmp_path: Path
) -> None:
    """The gateway is private: users get there by what the configuration has, not by what they write."""

    async def act() -> None:
        async with house(service, tmp_path, api_key="k") as rooms:
            service.tell("/admin", GOOD)
            settings = {"api_key": "sk-secret", "model_id": "m", "url": f"{service.url}/admin"}
            body = {"service": "openai", "service_settings": settings}
            with pytest.raises(Refused, match=r"\[127.0.0.1\] is not reached"):
                await rooms.endpoints.create("mine", TaskType.TEXT_EMBEDDING, body)
            assert service.asked == []
            service.tell(EMBED, GOOD)
            assert await embed(rooms) == [[1.0, 2.0]]

    asyncio.run(act())


def test_nothing_is_kept_of_an_endpoint_that_came_to_nothing(service: Provider, tmp_path: Path) -> None:
    async def act(rooms: Connote) -> None:
        service.tell(EMBED, Reply({}, 401))
        accounts, paces = len(rooms.sender._accounts), len(rooms.sender._paces)
        for number in range(5):
            settings = {"api_key": f"sk-{number}", "model_id": "m", "rate_limit": {"requests_per_minute": 10**9}}
            body = {"service": "openai", "service_settings": settings}
            with pytest.raises(Refused):
                await rooms.endpoints.create(f"mine{number}", TaskType.TEXT_EMBEDDING, body)
        assert len(rooms.sender._accounts) <= accounts
        assert len(rooms.sender._paces) <= paces + 1

    run(service, tmp_path, EMBED, [GOOD], act)


def test_a_service_that_says_nothing_is_not_tried_for_ever(
    service: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoints, "_MOST_TRIAL", 0.3)

    async def act(rooms: Connote) -> None:
        body = {"service": "openai", "service_settings": {"api_key": "sk-secret", "model_id": "m"}}
        with pytest.raises(TimedOut, match="waiting for the trial"):
            await rooms.endpoints.create("mine", TaskType.TEXT_EMBEDDING, body, None)

    run(service, tmp_path, EMBED, [Reply(pieces=[b" "] * 50, pause=0.1)], act)
