"""What all tests share: the models, fetched once, and a real server."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, settings

from chats import Chats
from checkpoints import Toy
from connote.runtime.backends import native
from connote.runtime.backends.backend import Precision
from connote.runtime.catalog import Head
from connote.runtime.library import Library
from connote.runtime.local import LocalModel
from connote.services.registry import SERVICES
from left import forget_indices
from provider import Provider

# Fixtures in files of their own: a second conftest.py would hide this one from those that import from it.
pytest_plugins = ("homes_indexed", "window", "written")
# Cases are many and small; a machine that has other work must not fail them.
settings.register_profile("connote", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("connote")

ROOT = Path(__file__).parent.parent
# A token of the model `priced` costs 0.001 to read and 0.002 to write; a reranking 0.5.
PRICES = """
[prices."openai/priced"]
input = 1000
output = 2000
currency = "USD"
[prices."elasticsearch/.rerank-v1"]
search = 500
"""
Load = Callable[[str], LocalModel]
Make = Callable[[str, Head], Toy]


@pytest.fixture(scope="session", autouse=True)
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Models come from wheels, without waiting for the hub, and the user's own settings stay out."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CONNOTE_DATA", "CONNOTE_API_KEY", "CONNOTE_HOST", "CONNOTE_PORT"):
            patch.delenv(name, raising=False)
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("CONNOTE_SECRET_KEY_FILE", str(tmp_path_factory.mktemp("key") / "secret.key"))
        patch.setenv("CONNOTE_MODELS", os.environ.get("CONNOTE_MODELS", str(ROOT / ".cache" / "models")))
        yield


@pytest.fixture(scope="session")
def library(environment: None) -> Library:  # noqa: ARG001 (it sets the folder)
    """The catalog, with its files in a folder that outlives the tests."""
    return Library(Path(os.environ["CONNOTE_MODELS"]))


@pytest.fixture(scope="session")
def load(library: Library) -> Load:
    """Loads a model by name, pulling it first if need be; each only once."""
    loaded: dict[str, LocalModel] = {}

    def get(name: str) -> LocalModel:
        if name not in loaded:
            row, folder = library.resolve(library.find(name), lambda *_: None)
            loaded[name] = LocalModel.load(row, folder, 1, Precision.FLOAT32)
        return loaded[name]

    return get


class Server:
    """A connote process of its own."""

    def __init__(self, data: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        command = [sys.executable, "-m", "connote.cli", "serve", "--port", "0", "--data", str(data), *arguments]
        self.log = data.with_suffix(".log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(  # noqa: S603
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=os.environ | (environment or {})
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, f"the server did not start: {line}{self.log.read_text()}"
        self.url = found[0]

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it, and give its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(timeout=20)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture(scope="session")
def server(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that all tests share, with the default models at hand."""
    for name in (".elser_model_2", ".multilingual-e5-small", ".rerank-v1"):
        library.resolve(library.find(name), lambda *_: None)
    running = Server(tmp_path_factory.mktemp("server") / "data")
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="session")
def http(server: Server) -> Iterator[httpx.Client]:
    """Plain HTTP to the shared server."""
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
def provider_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, Server]]:
    """A third party, and a connote that takes it for every service: openai's paths begin with `/openai`, and so on."""
    provider, folder = Provider(), tmp_path_factory.mktemp("remote")
    config = folder / "connote.toml"
    sections = [
        f'[services.{name}]\nbase_url = "{provider.url}/{name}"\ntoken_url = "{provider.url}/{name}/token"\n'
        for name, service in SERVICES.items()
        if service.site
    ]
    config.write_text('[outbound]\nfirst_delay = "10ms"\nmost_delay = "20ms"\n' + PRICES + "".join(sections))
    running = Server(folder / "data", "--config", str(config))
    yield provider, running
    assert running.stop() == 0
    provider.close()


@pytest.fixture
def provider(provider_server: tuple[Provider, Server]) -> Provider:
    """The third party, with nothing told and nothing asked."""
    provider_server[0].reset()
    return provider_server[0]


@pytest.fixture
def remote(provider_server: tuple[Provider, Server]) -> Iterator[httpx.Client]:
    """Plain HTTP to the connote whose services are the provider.

    Indices and endpoints that a test makes are deleted after it.
    """
    with httpx.Client(base_url=provider_server[1].url, timeout=60, trust_env=False) as client:
        yield client
        forget_indices(client)  # which may use the endpoints
        for endpoint in client.get("/_inference").json()["endpoints"]:
            if not endpoint["inference_id"].startswith("."):
                deleted = client.delete(f"/_inference/{endpoint['inference_id']}?force=true")
                assert deleted.status_code == 200, deleted.text


@pytest.fixture
def chats(remote: httpx.Client, provider: Provider) -> Chats:
    """Chat endpoints that fail as told."""
    return Chats(remote, provider)


@pytest.fixture(scope="session")
def make(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Toys by family and head, each made once."""
    return cache(lambda family, head: Toy.write(tmp_path_factory.mktemp("toy"), family, head))


@pytest.fixture(params=["native", "onnx"])
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each engine for the CPU in turn; without AVX-512 there is only one."""
    name = str(request.param)
    if name == "native":
        assert native.precisions(), "connote-native is not installed, or this CPU lacks AVX-512 VNNI"
    else:
        monkeypatch.setattr(native, "precisions", frozenset)
    return name
