"""Random documents in two indices and several segments, and what plain Python says of them."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson

Document = dict[str, Any]
MAPPINGS = {
    "properties": {
        "tag": {"type": "keyword"},
        "count": {"type": "long"},
        "price": {"type": "double"},
        "day": {"type": "date"},
        "sold": {"type": "boolean"},
        "text": {"type": "text"},
        "place": {"type": "geo_point"},
        "parts": {"type": "nested", "properties": {"kind": {"type": "keyword"}, "size": {"type": "integer"}}},
    }
}
INDICES = ("shop-a", "shop-b")
_BEGIN = datetime(2023, 10, 1, tzinfo=UTC)


def documents(seed: int = 7, number: int = 240) -> list[Document]:
    """Seeded; fields are missing, single or several."""
    rng = random.Random(seed)  # noqa: S311 (no secret)
    return [_document(rng, number) for number in range(number)]


def _document(rng: random.Random, number: int) -> Document:
    made: Document = {"id": str(number), "tag": rng.sample("abcdefgh", rng.randint(0, 3)), "sold": rng.random() < 0.4}
    made["count"] = [rng.randint(-3, 9) for _ in range(rng.randint(0, 2))]
    if rng.random() < 0.8:
        made["price"] = round(rng.uniform(-50, 400), 2)
    if rng.random() < 0.9:
        made["day"] = (_BEGIN + timedelta(minutes=rng.randint(0, 400_000))).strftime("%Y-%m-%dT%H:%M:%SZ")
    made["text"] = " ".join(rng.choices(["red", "green", "blue", "small", "large"], k=rng.randint(1, 6)))
    made["place"] = {"lat": round(rng.uniform(-60, 60), 3), "lon": round(rng.uniform(-20, 40), 3)}
    made["parts"] = [{"kind": rng.choice("xyz"), "size": rng.randint(1, 20)} for _ in range(rng.randint(0, 4))]
    return made


def fill(http: httpx.Client) -> list[Document]:
    """Index them in batches, delete some; those that are left."""
    every = documents()
    for name in INDICES:
        http.delete(f"/{name}")
        assert http.put(f"/{name}", json={"mappings": MAPPINGS}).is_success
    for at in range(0, len(every), 40):
        lines = []
        for each in every[at : at + 40]:
            name = INDICES[int(each["id"]) % 3 == 0]
            source = {key: value for key, value in each.items() if key != "id"}
            lines += [orjson.dumps({"index": {"_index": name, "_id": each["id"]}}), orjson.dumps(source)]
        body = b"\n".join(lines) + b"\n"
        reply = http.post("/_bulk?refresh=true", content=body, headers={"Content-Type": "application/x-ndjson"})
        assert not reply.json()["errors"]
    gone = [each for each in every if int(each["id"]) % 17 == 5]
    for each in gone:
        name = INDICES[int(each["id"]) % 3 == 0]
        assert http.delete(f"/{name}/_doc/{each['id']}?refresh=true").is_success
    return [each for each in every if each not in gone]


def moment(document: Document) -> int | None:
    """The milliseconds of its day."""
    if "day" not in document:
        return None
    parsed = datetime.strptime(document["day"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (parsed - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def values(document: Document, field: str) -> list[Any]:
    """A field's values as aggregations see them: words once each, in order."""
    if field == "day":
        found = moment(document)
        return [] if found is None else [found]
    own = document.get(field, [])
    listed = own if isinstance(own, list) else [own]
    return sorted(set(listed)) if field == "tag" else listed


def counted(found: list[Document], keys: Callable[[Document], set[Any]]) -> dict[Any, int]:
    """How many documents have each key."""
    counts: dict[Any, int] = {}
    for each in found:
        for key in keys(each):
            counts[key] = counts.get(key, 0) + 1
    return counts
