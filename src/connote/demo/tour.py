"""A tour of the index of home listings: made, searched by words and by meaning side by side, and by both at once."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import httpx
import orjson

from connote.contract.errors import IllegalArgument, Unavailable
from connote.demo.listings import COUNT, listings

INDEX, BATCH = "properties", 100
SPARSE, DENSE = ".elser-2-elastic", ".multilingual-e5-small-elasticsearch"
MAPPINGS = {
    "dynamic": "strict",
    "properties": {
        "title": {"type": "text", "analyzer": "english"},
        "description": {"type": "text", "analyzer": "english", "copy_to": ["meaning", "meaning_dense"]},
        # Rare tokens count more: https://en.wikipedia.org/wiki/Tf%E2%80%93idf, over the model's own tokens.
        "meaning": {"type": "semantic_text", "inference_id": SPARSE, "weighting": {"idf": 0.5}},
        "meaning_dense": {"type": "semantic_text", "inference_id": DENSE},
        "price": {"type": "integer"},
        "bedrooms": {"type": "integer"},
        "bathrooms": {"type": "integer"},
        "square_metres": {"type": "integer"},
        "tax": {"type": "integer"},
        "kind": {"type": "keyword"},
        "town": {"type": "keyword"},
        "features": {"type": "keyword"},
        "listed": {"type": "date"},
        "location": {"type": "geo_point"},
    },
}
# Chosen because no listing says it in these words, or only some of them do.
SEARCHES = ("waterfront property", "disabled access", "telecommuting", "pet friendly", "handyman special")
HYBRID = "a house with flowers"


@dataclass(frozen=True)
class Shown:
    """What a search found: titles, and how long it took in milliseconds as the client saw it."""

    titles: Sequence[str]
    milliseconds: float


class Tour:
    """Asks a server over HTTP, as any client would."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._client = httpx.Client(base_url=url, headers=dict(headers), timeout=600, trust_env=False)

    def prepare(self, progress: Callable[[int, int], None]) -> float:
        """Make the index if it is not there whole; the seconds that took, 0 if it was there."""
        if self._client.head(f"/{INDEX}").status_code == 200:
            if self._asked("GET", f"/{INDEX}/_count", None)["count"] == COUNT:
                return 0.0
        else:
            self._asked("PUT", f"/{INDEX}", {"mappings": MAPPINGS})
        began, done = time.perf_counter(), 0
        rest = listings()
        while some := list(islice(rest, BATCH)):
            self._bulk(some)
            done += len(some)
            progress(done, COUNT)
        self._asked("POST", f"/{INDEX}/_refresh", None)
        return time.perf_counter() - began

    def by_words(self, text: str) -> Shown:
        """BM25."""
        return self._search({"query": {"match": {"description": text}}})

    def by_meaning(self, text: str) -> Shown:
        """The sparse vectors."""
        return self._search({"query": {"match": {"meaning": text}}})

    def hybrid(self, text: str) -> Shown:
        """Words and meaning, weighed and added up, among homes of three bedrooms at a price, near the middle of a town.

        Why a weighted sum, and why these weights: docs/performance.md.
        """
        filters = [
            {"range": {"price": {"lte": 600_000}}},
            {"range": {"bedrooms": {"gte": 3}}},
            {"geo_distance": {"distance": "15km", "location": {"lat": 32.081, "lon": -81.091}}},
        ]
        retrievers = [
            {"retriever": {"standard": {"query": {"match": {field: text}}}}, "weight": weight}
            for field, weight in (("description", 1.0), ("meaning", 0.66))
        ]
        return self._search(
            {"retriever": {"linear": {"retrievers": retrievers, "filter": filters, "rank_window_size": 50}}}
        )

    def _search(self, body: Mapping[str, Any]) -> Shown:
        began = time.perf_counter()
        found = self._asked(
            "POST", f"/{INDEX}/_search", {**body, "size": 3, "_source": ["title", "town", "price", "features"]}
        )
        took = (time.perf_counter() - began) * 1000
        return Shown([_told(hit["_source"]) for hit in found["hits"]["hits"]], took)

    def _bulk(self, some: Sequence[dict[str, Any]]) -> None:
        lines = b"".join(_lines(some))
        reply = self._client.post(f"/{INDEX}/_bulk", content=lines, headers={"Content-Type": "application/x-ndjson"})
        answer = orjson.loads(reply.content)
        failed = [item["index"]["error"]["reason"] for item in answer.get("items", ()) if "error" in item["index"]]
        if reply.is_error or failed:
            raise Unavailable(
                f"the listings could not be indexed: {failed[0] if failed else answer['error']['reason']}"
            )

    def _asked(self, method: str, path: str, body: Any) -> Any:  # noqa: ANN401 (JSON)
        reply = self._client.request(method, path, json=body)
        answer = orjson.loads(reply.content)
        if reply.is_error:
            raise IllegalArgument(f"{method} {path}: {answer['error']['reason']}")
        return answer


def _lines(some: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    for each in some:
        yield orjson.dumps({"index": {"_id": each["id"]}}) + b"\n"
        yield orjson.dumps({name: value for name, value in each.items() if name != "id"}) + b"\n"


def _told(source: Mapping[str, Any]) -> str:
    return f"{source['title']}, {source['town']}: {', '.join(source['features'])}"
