"""Many buckets cost little more than what they show: work over whole tables is done once, not once a bucket."""

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from connote.search import aggs
from connote.search.collect import Found, Seen
from connote.search.engine.arrays import Mask
from connote.search.engine.segment import Table
from connote.search.index import Index
from connote.search.query.query import Hits, MatchAll, Query
from connote.search.rewrites import Rewrites
from search.query.small import Small

PROPERTIES = {"rooms": {"type": "nested", "properties": {"name": {"type": "keyword"}, "size": {"type": "long"}}}}
HOMES = [{"rooms": [{"name": f"room {home} {at}", "size": at} for at in range(20)]} for home in range(40)]


@dataclass
class Counting(Rewrites):
    """Counts how often a query is prepared for a table."""

    asked: list[Query] = field(default_factory=list)

    def of_query(self, seen: Seen, query: Query) -> Query:
        self.asked.append(query)
        return super().of_query(seen, query)


def run(rewrites: Rewrites, body: dict[str, Any]) -> Any:  # noqa: ANN401 (JSON)
    small = Small(PROPERTIES, HOMES, segments=2)
    seen = Seen(cast("Index", None), small.reader.snapshot, small.reader)
    found = Found(seen, MatchAll().weigh(small.reader), MatchAll(), [])
    found.masks = [Hits(np.ones(each.size, dtype=np.bool_)) for each in small.segments]
    context = aggs.Context([found], rewrites, lambda hits, _: [{} for _ in hits])
    return aggs.parse({"rooms": {"nested": {"path": "rooms"}, "aggs": body}}).run(context.parts(), context)["rooms"]


def test_a_query_inside_of_buckets_runs_once_a_table() -> None:
    rewrites = Counting()
    inner = {"large": {"filter": {"range": {"rooms.size": {"gte": 15}}}}}
    got = run(rewrites, {"names": {"terms": {"field": "rooms.name", "size": 1000}, "aggs": inner}})
    counts = {each["key"]: each["large"]["doc_count"] for each in got["names"]["buckets"]}
    assert counts == {room["name"]: int(room["size"] >= 15) for home in HOMES for room in home["rooms"]}  # type: ignore[operator]
    assert len(rewrites.asked) == 2


def test_what_lacks_a_field_is_looked_for_once_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    exists, asked = Table.exists, list[str]()

    def counting(table: Table, name: str) -> Mask:
        asked.append(name)
        return exists(table, name)

    monkeypatch.setattr(Table, "exists", counting)
    inner = {"none": {"missing": {"field": "rooms.size"}}}
    got = run(Rewrites(), {"names": {"terms": {"field": "rooms.name", "size": 1000}, "aggs": inner}})
    assert [each["none"]["doc_count"] for each in got["names"]["buckets"]] == [0] * 800
    assert asked == ["rooms.size"] * 2


def test_buckets_without_aggregations_of_their_own_are_counted_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    def parted(*_: object) -> None:
        raise AssertionError("rows were taken out")

    monkeypatch.setattr("connote.search.aggs.terms.parted", parted)
    got = run(Rewrites(), {"names": {"terms": {"field": "rooms.name", "size": 1000, "order": {"_key": "asc"}}}})
    names = sorted(str(room["name"]) for home in HOMES for room in home["rooms"])
    assert got["names"]["buckets"] == [{"key": name, "doc_count": 1} for name in names]
    assert got["names"]["sum_other_doc_count"] == 0
