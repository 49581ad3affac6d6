"""The cache as clients see it."""

from pathlib import Path

import httpx
import pytest

from conftest import Server
from connote.config import load
from connote.contract.errors import IllegalArgument

INFER = "/_inference/.elser-2-elastic"


def counts(http: httpx.Client) -> tuple[int, int]:
    cache = http.get("/_connote/stats").json()["cache"]
    return cache["hits"], cache["misses"]


def test_the_same_text_is_answered_alike_and_counted_as_a_hit(http: httpx.Client) -> None:
    http.post("/_connote/cache/_clear")
    hits, misses = counts(http)
    first, second = (http.post(INFER, json={"input": ["a lighthouse", "house " * 700]}) for _ in range(2))
    assert second.content == first.content
    assert second.headers["warning"] == first.headers["warning"]
    assert counts(http) == (hits + 2, misses + 2)
    refused = http.post(f"{INFER}?truncate=none", json={"input": "house " * 700})
    assert refused.status_code == 400
    rows = {row["inference_id"]: row for row in http.get("/_connote/endpoints").json()["endpoints"]}
    assert rows[".elser-2-elastic"]["cache"]["hits"] >= 3


@pytest.mark.parametrize(
    ("header", "computes", "keeps"),
    [
        ("no-cache", True, True),
        ("max-stale, No-Cache=x", True, True),
        ("no-store", True, False),
        ("no-cache, no-store", True, False),
        ("max-age=3600", False, True),
    ],
)
def test_a_request_says_what_it_wants_of_the_cache(
    http: httpx.Client, header: str, computes: bool, keeps: bool
) -> None:
    http.post("/_connote/cache/_clear")
    before = counts(http)
    asked = {"Cache-Control": header}
    assert http.post(INFER, json={"input": "a lighthouse"}, headers=asked).status_code == 200
    looked_up = sum(counts(http)) - sum(before)
    assert looked_up == (0 if computes else 1)
    hits, _ = counts(http)
    http.post(INFER, json={"input": "a lighthouse"})
    assert (counts(http)[0] > hits) == keeps


def test_the_statistics(http: httpx.Client) -> None:
    http.post(INFER, json={"input": "a lighthouse"})
    cache = http.get("/_connote/stats").json()["cache"]
    assert list(cache) == ["hits", "misses", "hit_rate", "memory", "disk", "dropped_writes"]
    assert cache["hit_rate"] == pytest.approx(cache["hits"] / (cache["hits"] + cache["misses"]))
    assert cache["memory"]["limit_bytes"] == 64 << 20
    assert cache["disk"]["limit_bytes"] == 1 << 30
    assert 0 < cache["memory"]["bytes"] < 64 << 20
    assert http.post("/_connote/cache/_clear").json() == {"acknowledged": True}
    assert http.get("/_connote/stats").json()["cache"]["memory"] == {"entries": 0, "bytes": 0, "limit_bytes": 64 << 20}


def test_a_restarted_server_knows_what_it_computed_and_no_text_is_on_disk(tmp_path: Path) -> None:
    replies = []
    for _ in range(2):
        server = Server(tmp_path / "data")
        try:
            replies.append(httpx.post(server.url + INFER, json={"input": "a lighthouse"}, timeout=60, trust_env=False))
            rows = httpx.get(f"{server.url}/_connote/endpoints", trust_env=False).json()["endpoints"]
        finally:
            server.stop()
    assert replies[0].content == replies[1].content
    (row,) = (row for row in rows if row["inference_id"] == ".elser-2-elastic")
    assert (row["state"], row["model_id"]) == ("not loaded", "rasyosef/splade-tiny")
    assert row["cache"] == {"hits": 1, "misses": 0}
    assert b"a lighthouse" not in (tmp_path / "data" / "cache.db").read_bytes()


def test_sizes_are_configured_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    file = tmp_path / "connote.toml"
    file.write_text('[cache]\nmemory = 0\ndisk = "10mb"\n')
    cache = load(file, {}).cache
    assert (cache.memory_bytes(), cache.disk_bytes()) == (0, 10 << 20)
    file.write_text('[cache]\ndisk = "much"\n')
    with pytest.raises(IllegalArgument, match=r"\[cache\] disk must be .* not \[much\]"):
        load(file, {})
