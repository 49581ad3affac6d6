"""How the console's pages are served."""

import re
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from connote.api import console


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A build in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "static").mkdir()
    (tmp_path / "index.html").write_text('<script nonce="{{nonce}}" src="./assets/index-1.js"></script>')
    (tmp_path / "assets" / "index-1.js").write_text("1" * 5000)
    (tmp_path / "static" / "icon.svg").write_text("<svg/>")
    return tmp_path


def test_each_page_has_a_nonce_of_its_own_and_a_strict_policy(folder: Path) -> None:
    client = TestClient(console.create(folder))
    pages = [client.get(path) for path in ("/", "/devtools", "/a/b")]
    nonces = [re.findall(r'nonce="([^"]+)"', page.text)[0] for page in pages]
    assert len(set(nonces)) == 3
    for page, nonce in zip(pages, nonces, strict=True):
        policy = page.headers["Content-Security-Policy"]
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert page.headers["Cache-Control"] == "no-store"


def test_files_are_kept_by_browsers_as_long_as_they_are_the_same(folder: Path) -> None:
    client = TestClient(console.create(folder))
    script, icon = client.get("/assets/index-1.js"), client.get("/static/icon.svg")
    assert "immutable" in script.headers["Cache-Control"]
    assert script.headers["Content-Encoding"] == "gzip"
    assert script.headers["X-Content-Type-Options"] == "nosniff"
    assert icon.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/icon.svg", headers={"If-None-Match": icon.headers["ETag"]}).status_code == 304
    assert client.get("/assets/gone.js").status_code == 404
    assert client.get("/static/../index.html").headers["Content-Type"].startswith("text/html")
    assert client.get("/assets/%2e%2e/index.html").status_code == 404


def test_a_page_below_others_finds_its_files(folder: Path) -> None:
    client = TestClient(console.create(folder))
    for path, up in (("/", "./"), ("/devtools", "./"), ("/devtools/", "../"), ("/a/b/c", "../../"), ("/a%2Fb", "./")):
        assert f'src="{up}assets/index-1.js"' in client.get(path).text


def test_an_index_may_be_called_console(http: httpx.Client) -> None:
    assert http.put("/console").status_code == 200
    assert http.head("/console").status_code == 200
    assert "console" in http.get("/console", headers={"Accept": "application/json"}).json()
    assert http.put("/console/_doc/1", params={"refresh": "true"}, json={"a": 1}).status_code == 201
    assert http.get("/console/_search").json()["hits"]["total"]["value"] == 1
    assert http.delete("/console").json() == {"acknowledged": True}


def test_without_a_build_a_page_tells_how_to_build_it(tmp_path: Path) -> None:
    page = TestClient(console.create(tmp_path)).get("/devtools")
    assert page.status_code == 200
    assert "make console" in page.text
    assert "{{nonce}}" not in page.text
