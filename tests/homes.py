"""Documents that tests search for, and how they ask."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

MAPPING = {
    "properties": {
        "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "city": {"type": "keyword"},
        "price": {"type": "long"},
        "rate": {"type": "double"},
        "sold": {"type": "boolean"},
        "built": {"type": "date"},
        "at": {"type": "geo_point"},
        "look": {"type": "dense_vector", "dims": 2, "similarity": "cosine"},
        "words": {"type": "sparse_vector"},
        "rooms": {"type": "nested", "properties": {"kind": {"type": "keyword"}, "size": {"type": "integer"}}},
    }
}
_CITIES = ("rome", "oslo", "bern")


def _house(n: int) -> dict[str, Any]:
    document = {
        "title": f"house {n} by the sea" if n % 2 else f"house {n} in the woods",
        "city": _CITIES[n % 3],
        "price": 2**53 + n if n < 2 else n * 10,  # what no float can tell apart
        "rate": n / 4,
        "sold": n % 2 == 0,
        "built": f"20{n + 10}-01-01",
        "at": {"lat": n, "lon": 0},
        "look": [1, n],
        "words": {"sea": n + 1.0, "wood": 0.5},
        "rooms": [{"kind": "bed", "size": n}, {"kind": "bath", "size": 20 - n}],
    }
    if n == 5:
        for name in ("price", "city", "built", "at"):
            del document[name]
    return document


HOUSES = {str(n): _house(n) for n in range(12)}
FLATS = {f"f{n}": {"title": f"flat {n} near the sea", "city": "rome", "price": n} for n in range(5)}


@dataclass(frozen=True)
class Search:
    """Asks a server for houses, if nothing else is said."""

    http: httpx.Client

    def __call__(self, index: str = "houses", **body: object) -> dict[str, Any]:
        """The answer, which must be one of success."""
        reply = self.http.post(f"/{index}/_search" if index else "/_search", json=body)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def ids(self, index: str = "houses", **body: object) -> list[str]:
        """The ids of the hits."""
        return [hit["_id"] for hit in self(index, **body)["hits"]["hits"]]

    def error(self, index: str = "houses", status: int = 400, **body: object) -> dict[str, Any]:
        """What is wrong with a search: its root cause."""
        reply = self.http.post(f"/{index}/_search" if index else "/_search", json=body)
        assert reply.status_code == status, reply.text
        cause: dict[str, Any] = reply.json()["error"]["root_cause"][0]
        return cause

    def pages(self, index: str = "houses", size: int = 3, **body: object) -> Iterator[list[dict[str, Any]]]:
        """All hits, each page behind the last hit of the one before it."""
        after: list[Any] | None = None
        while True:
            more = {} if after is None else {"search_after": after}
            hits = self(index, size=size, **body, **more)["hits"]["hits"]
            if not hits:
                return
            yield hits
            after = hits[-1]["sort"]
