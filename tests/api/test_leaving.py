"""A client that leaves stops what was done for it, at once."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server
from provider import Provider, Reply, events

SETTINGS = {"api_key": "sk-secret", "model_id": "m"}
CHUNK = {"choices": [{"delta": {"content": "a"}}]}


@pytest.fixture
def chat(remote: httpx.Client, provider: Provider) -> str:
    provider.tell("/openai/v1/chat/completions", Reply({"choices": [{"message": {"content": "x"}}]}))
    body = {"service": "openai", "service_settings": SETTINGS}
    assert remote.put("/_inference/chat_completion/leaving", json=body).status_code == 200
    return "/_inference/chat_completion/leaving"


MESSAGES = {"messages": [{"role": "user", "content": "a"}]}


def test_leaving_a_request_ends_the_services_work(remote: httpx.Client, provider: Provider, chat: str) -> None:
    provider.tell("/openai/v1/chat/completions", Reply(pieces=[b" "] * 100, pause=0.1))
    with pytest.raises(httpx.ReadTimeout):
        remote.post(chat, json=MESSAGES, timeout=0.3)
    assert provider.left.wait(3)


def test_leaving_a_stream_ends_the_services_stream(remote: httpx.Client, provider: Provider, chat: str) -> None:
    provider.tell("/openai/v1/chat/completions", events(*[CHUNK] * 100, pause=0.1))
    with remote.stream("POST", f"{chat}/_stream", json=MESSAGES) as response:
        assert next(response.iter_lines()) == "event: message"
    assert provider.left.wait(3)


def test_a_client_that_reads_slowly_holds_the_services_stream_back(
    remote: httpx.Client, provider: Provider, chat: str
) -> None:
    """The pieces are 50 MB; if they were taken in ahead of the client they would be gone in no time."""
    sent = list[int]()

    def pieces() -> Iterator[bytes]:
        for number in range(500):
            sent.append(number)
            yield b'data: {"choices": [{"delta": {"content": "' + b"a" * 100_000 + b'"}}]}\n\n'

    stream = Reply(headers={"Content-Type": "text/event-stream"}, pieces=pieces())
    provider.tell("/openai/v1/chat/completions", stream)
    with remote.stream("POST", f"{chat}/_stream", json=MESSAGES) as response:
        next(response.iter_raw(1))
        time.sleep(1.5)
        assert len(sent) < 250
    assert provider.left.wait(3)


def test_leaving_a_local_model_drops_what_waits(http: httpx.Client) -> None:
    def lane() -> dict[str, Any]:
        http.post("/_inference/.elser-2-elasticsearch", json={"input": "loaded"})
        rows = {row["inference_id"]: row for row in http.get("/_connote/endpoints").json()["endpoints"]}
        found: dict[str, Any] = rows[".elser-2-elasticsearch"]
        return found

    before, texts = lane(), [f"{number} house " * 60 for number in range(1500)]  # some ten seconds of work
    with pytest.raises(httpx.ReadTimeout):
        http.post("/_inference/.elser-2-elasticsearch", json={"input": texts}, timeout=1)
    time.sleep(0.5)
    after = lane()
    assert after["waiting"] == 0
    assert after["totals"]["items"] - before["totals"]["items"] < 1000


def test_a_server_that_stops_ends_its_streams(provider: Provider, tmp_path: Path) -> None:
    provider.tell("/v1/chat/completions", Reply({"choices": [{"message": {"content": "x"}}]}))
    config = tmp_path / "connote.toml"
    config.write_text(f'[services.openai]\nbase_url = "{provider.url}"\n')
    server = Server(tmp_path / "data", "--config", str(config))
    with httpx.Client(base_url=server.url, timeout=30) as http:
        http.put("/_inference/chat_completion/mine", json={"service": "openai", "service_settings": SETTINGS})
        provider.tell("/v1/chat/completions", events(*[CHUNK] * 300, pause=0.1))
        with http.stream("POST", "/_inference/chat_completion/mine/_stream", json=MESSAGES) as response:
            lines = response.iter_lines()
            assert next(lines) == "event: message"
            began = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            told = list(lines)
        server.process.wait(timeout=5)
    assert server.stop() == 0
    assert time.monotonic() - began < 5
    assert "event: error" in told
    assert "the server stops" in told[-2]
    assert "Traceback" not in server.log.read_text()
    assert provider.left.wait(3)
