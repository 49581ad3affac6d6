"""A package adds a service, and takes it away with it."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from conftest import Server
from provider import Provider, Reply

PACKAGE = Path(__file__).parent / "package"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder on the path with the package installed in it."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*install, "--target", str(tmp_path / "site"), str(PACKAGE)], check=True)  # noqa: S603
    return tmp_path / "site"


def test_a_package_adds_a_service_and_takes_it_away(site: Path, tmp_path: Path, provider: Provider) -> None:
    provider.tell("/echo", lambda asked: Reply({"said": asked.json["say"]}))
    settings = {"url": f"{provider.url}/echo", "api_key": "k"}
    with_it = {"PYTHONPATH": os.pathsep.join([str(site), os.environ.get("PYTHONPATH", "")])}
    server = Server(tmp_path / "data", environment=with_it)
    try:
        with httpx.Client(base_url=server.url) as http:
            listed = {service["service"]: service for service in http.get("/_inference/_services").json()}
            assert listed["echo"]["configurations"]["api_key"]["sensitive"] is True
            body = {"service": "echo", "service_settings": settings}
            assert http.put("/_inference/completion/mine", json=body).status_code == 200
            reply = http.post("/_inference/completion/mine", json={"input": "Hello"})
            assert reply.json() == {"completion": [{"result": "Hello"}]}
    finally:
        server.stop()

    server = Server(tmp_path / "data")
    try:
        with httpx.Client(base_url=server.url) as http:
            assert "echo" not in http.get("/_inference/_services").text
            gone = http.post("/_inference/completion/mine", json={"input": "Hello"})
            assert gone.status_code == 400
            assert gone.json()["error"]["reason"] == "Unknown service [echo] for model [mine]. "
            assert http.delete("/_inference/mine").json()["acknowledged"] is True
    finally:
        server.stop()
