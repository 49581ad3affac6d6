"""Versions and addresses stand in an order of their own, not in that of their letters."""

from typing import Any

import httpx
import pytest

# The first eight are the example of https://semver.org/#spec-item-11.
VERSIONS = [
    "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",
    "1.0.0", "1.0.0+build", "1.0.1", "1.2", "1.2.0", "1.10.0", "2", "2.0.0-9", "10.1.0", "1.a", "01.0", "nightly",
]  # fmt: skip
ORDERED = [*VERSIONS[:16], "01.0", "1.a", "nightly"]
ADDRESSES = ["::1", "9.0.0.1", "10.0.0.2", "192.168.0.1", "2001:db8::1"]


@pytest.fixture
def releases(indices: httpx.Client) -> httpx.Client:
    mapping = {"properties": {"v": {"type": "version"}, "ip": {"type": "ip"}, "at": {"type": "integer"}}}
    for index in ("releases-1", "releases-2"):
        indices.put(f"/{index}", json={"mappings": mapping})
    for at, version in enumerate(VERSIONS[::-1]):
        body = {"v": version, "at": at, **({"ip": ADDRESSES[at]} if at < len(ADDRESSES) else {})}
        indices.put(f"/releases-{1 + at % 2}/_doc/{at}?refresh={str(at % 5 == 0).lower()}", json=body)
    indices.post("/releases-*/_refresh")
    return indices


def found(http: httpx.Client, **body: Any) -> list[dict[str, Any]]:  # noqa: ANN401 (JSON)
    reply = http.post("/releases-*/_search", json={"size": 50, **body})
    assert reply.is_success, reply.text
    hits: list[dict[str, Any]] = reply.json()["hits"]["hits"]
    return hits


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_versions_are_sorted_as_such(releases: httpx.Client, order: str) -> None:
    wanted = ORDERED if order == "asc" else ORDERED[::-1]
    hits = found(releases, sort=[{"v": order}])
    assert [hit["sort"][0] for hit in hits] == wanted
    after = found(releases, sort=[{"v": order}], search_after=hits[6]["sort"], size=4)
    assert [hit["_source"]["v"] for hit in after] == wanted[7:11]
    between = found(releases, sort=[{"v": order}], search_after=["1.0.0-zeta"])  # which no document has
    assert [hit["_source"]["v"] for hit in between] == (wanted[7:] if order == "asc" else wanted[-7:])


@pytest.mark.parametrize(
    ("bounds", "first", "last"),
    [
        ({"gte": "1.0.0", "lt": "2"}, "1.0.0", "1.10.0"),
        ({"gt": "1.0.0", "lte": "2"}, "1.0.0+build", "2"),
        ({"lt": "1.0.0"}, "1.0.0-alpha", "1.0.0-rc.1"),
        ({"gt": "9"}, "10.1.0", "nightly"),
    ],
)
def test_versions_have_ranges(releases: httpx.Client, bounds: dict[str, str], first: str, last: str) -> None:
    hits = found(releases, query={"range": {"v": bounds}}, sort=["v"])
    assert [hit["_source"]["v"] for hit in hits] == ORDERED[ORDERED.index(first) : ORDERED.index(last) + 1]
    texts = found(releases, query={"query_string": {"query": "v:[1.0.0 TO 1.2]"}}, sort=["v"])
    assert [hit["_source"]["v"] for hit in texts] == ["1.0.0", "1.0.0+build", "1.0.1", "1.2"]


def test_addresses_are_sorted_by_their_numbers(releases: httpx.Client) -> None:
    hits = found(releases, query={"exists": {"field": "ip"}}, sort=[{"ip": "asc"}])
    assert [hit["sort"][0] for hit in hits] == ADDRESSES
    assert [hit["sort"][0] for hit in found(releases, sort=[{"ip": "asc"}], size=2, search_after=["10.0.0.1"])] == [
        "10.0.0.2",
        "192.168.0.1",
    ]
