"""A server that is killed at any time: what was acknowledged is there after the next start, and nothing half done."""

import base64
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest

from conftest import Server
from trained import MODELS, WORDS, bag, expected, infer, ok, start, upload


def client(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, timeout=60, trust_env=False)


def test_what_was_started_is_served_again(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with client(server) as http:
        upload(http, "bag")
        start(http, "bag", deployment_id="search", body={"adaptive_allocations": {"enabled": True}})
        start(http, "bag", priority="low")
        ok(http.post(f"{MODELS}/bag/deployment/_stop"))  # both; and one of them again
        start(http, "bag", deployment_id="search", number_of_allocations=2)
        ok(http.put(f"{MODELS}/bag/model_aliases/mine"))
    server.stop(signal.SIGKILL)
    server = Server(tmp_path / "data")
    with client(server) as http:
        (found,) = ok(http.get(f"{MODELS}/bag/_stats"))["trained_model_stats"]
        assert found["deployment_stats"]["deployment_id"] == "search"
        assert found["deployment_stats"]["number_of_allocations"] == 2
        (result,) = infer(http, "mine", "the cat")
        assert result["predicted_value"] == pytest.approx(expected("the", "cat"), abs=1e-6)
        assert ok(http.get(f"{MODELS}/bag/_stats"))["trained_model_stats"][0]["deployment_stats"]["state"] == "started"
    assert server.stop() == 0


def test_what_was_stopped_waits_to_be_started(tmp_path: Path) -> None:
    asked = f"{MODELS}/.elser_model_2/_infer"
    server = Server(tmp_path / "data")
    with client(server) as http:
        start(http, ".elser_model_2")
        ok(http.post(f"{MODELS}/.elser_model_2/deployment/_stop"))
    assert server.stop() == 0
    server = Server(tmp_path / "data")
    with client(server) as http:
        assert http.post(asked, json={"docs": [{"text_field": "a"}]}).status_code == 409
        start(http, ".elser_model_2")
        assert http.post(asked, json={"docs": [{"text_field": "a"}]}).status_code == 200
    assert server.stop() == 0


def test_the_command_line_knows_of_uploads(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with client(server) as http:
        upload(http, "bag")
    command = [sys.executable, "-m", "connote.cli", "models"]
    data = ["--data", str(tmp_path / "data")]
    for stops in (False, True):  # while the server runs, and when it has ended
        if stops:
            assert server.stop() == 0
        listed = subprocess.run([*command, "list", *data], capture_output=True, text=True, check=True)  # noqa: S603
        assert "bag " in listed.stdout
    removed = subprocess.run([*command, "remove", "bag", *data], capture_output=True, text=True, check=True)  # noqa: S603
    assert removed.stdout == "removed bag\n"
    assert list((tmp_path / "data" / "uploads").iterdir()) == []


def test_a_kill_while_it_starts_leaves_it_starting(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    with client(server) as http:
        upload(http, "bag")
        ok(http.post(f"{MODELS}/bag/deployment/_start?wait_for=starting"))
    server.stop(signal.SIGKILL)
    server = Server(tmp_path / "data")
    with client(server) as http:
        assert infer(http, "bag", "the cat")[0]["predicted_value"] == pytest.approx(expected("the", "cat"), abs=1e-6)
    assert server.stop() == 0


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05])
def test_a_kill_in_the_middle_of_an_upload_loses_nothing_that_was_acknowledged(tmp_path: Path, after: float) -> None:
    content = bag()
    size = len(content) // 40 + 1
    parts = [content[first : first + size] for first in range(0, len(content), size)]
    bodies = [
        {
            "definition": base64.b64encode(part).decode(),
            "total_definition_length": len(content),
            "total_parts": len(parts),
        }
        for part in parts
    ]
    server = Server(tmp_path / "data")
    acknowledged = list[int]()
    with client(server) as http:
        body = {"model_type": "pytorch", "inference_config": {"text_embedding": {}}}
        ok(http.put(f"{MODELS}/bag", json=body))
        ok(http.put(f"{MODELS}/bag/vocabulary", json={"vocabulary": WORDS}))

        def kill() -> None:
            while not acknowledged:
                time.sleep(0.001)
            time.sleep(after)
            server.stop(signal.SIGKILL)

        killing = threading.Thread(target=kill)
        killing.start()
        try:
            for number, each in enumerate(bodies):
                ok(http.put(f"{MODELS}/bag/definition/{number}", json=each))
                acknowledged.append(number)
        except httpx.TransportError:
            pass
        killing.join()
    server = Server(tmp_path / "data")
    with client(server) as http:
        for number in set(range(len(parts))) - set(acknowledged):
            ok(http.put(f"{MODELS}/bag/definition/{number}", json=bodies[number]))
        (found,) = ok(http.get(f"{MODELS}/bag?include=definition_status"))["trained_model_configs"]
        assert found["fully_defined"] is True
        start(http, "bag")
        assert infer(http, "bag", "the cat")[0]["predicted_value"] == pytest.approx(expected("the", "cat"), abs=1e-6)
    assert server.stop() == 0
