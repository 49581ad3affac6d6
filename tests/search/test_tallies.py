"""Values are counted by their keys: as many as by looking at every row."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.search.aggs.codes import coded, combined
from connote.search.aggs.tallies import summed, tallied
from connote.search.aggs.values import Column
from homes import Search

ROWS = some.lists(some.lists(some.integers(-3, 3) | some.sampled_from([-(2**62), 2**62]), max_size=4), max_size=9)


def column(rows: list[list[int]], kind: Any = np.int64) -> Column:  # noqa: ANN401 (a dtype)
    which = [number for number, row in enumerate(rows) for _ in row]
    keys = [key for row in rows for key in row]
    return Column(np.array(which, dtype=np.int64), np.array(keys, dtype=kind))


@given(ROWS, some.sampled_from([np.int64, np.float64]))
def test_a_row_counts_once_for_each_of_its_values(rows: list[list[int]], kind: Any) -> None:  # noqa: ANN401
    found = tallied(column(rows, kind))
    assert dict(zip(found.keys.tolist(), found.counts.tolist(), strict=True)) == Counter(
        each for row in rows for each in set(row)
    )
    assert sorted(found.keys.tolist()) == found.keys.tolist()


@given(some.lists(ROWS, max_size=3))
def test_tallies_add_up(tables: list[list[list[int]]]) -> None:
    found = summed([tallied(column(rows)) for rows in tables])
    wanted = Counter(each for rows in tables for row in rows for each in set(row))
    assert dict(zip(found.keys.tolist(), found.counts.tolist(), strict=True)) == wanted


@given(some.lists(some.tuples(some.integers(0, 5), some.floats(0, 1), some.integers(-(2**60), 2**60)), max_size=9))
def test_combinations_are_told_apart(rows: list[tuple[int, float, int]]) -> None:
    parts = [coded(np.array(own)) for own in zip(*rows, strict=True)] if rows else []
    if not parts:
        return
    different, codes = combined(parts)
    made = [
        tuple(keys[at].item() for (keys, _), at in zip(parts, different[code].tolist(), strict=True))
        for code in codes.tolist()
    ]
    assert made == rows
    assert len(different) == len(set(rows))


@pytest.mark.parametrize("segments", [1, 3])
def test_the_first_of_many_values_are_those_of_all(search: Search, segments: int) -> None:
    chosen = np.random.default_rng(segments)
    homes = [
        {"tag": [f"t{n}" for n in chosen.integers(0, 400, 3)], "n": chosen.integers(0, 300, 2).tolist()}
        for _ in range(600)
    ]
    fields = {"tag": {"type": "keyword"}, "n": {"type": "integer"}}
    search.http.put("/many", json={"mappings": {"properties": fields}}).raise_for_status()
    try:
        for at in range(segments):
            lines: list[dict[str, Any]] = []
            for home in homes[at::segments]:
                lines += [{"index": {}}, home]
            body = "".join(f"{json.dumps(each)}\n" for each in lines)
            headers = {"Content-Type": "application/x-ndjson"}
            reply = search.http.post("/many/_bulk?refresh=true", content=body, headers=headers)
            assert not reply.json()["errors"]
        for field in ("tag", "n"):
            counts = Counter(each for home in homes for each in set(home[field]))
            by_count = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
            wants = {"desc": sorted(counts.items(), reverse=True), "asc": sorted(counts.items())}
            assert terms(search, field=field) == (by_count[:10], counts.total() - sum(own for _, own in by_count[:10]))
            for way, wanted in wants.items():
                assert terms(search, field=field, order={"_key": way})[0] == wanted[:10]
            few = sorted(counts.items(), key=lambda each: (each[1], each[0]))
            assert terms(search, field=field, order={"_count": "asc"}, size=500)[0] == few
            often = [each for each in by_count if each[1] >= 7]
            assert terms(search, field=field, min_doc_count=7, size=500) == (often, 0)
            found = search("many", size=0, aggs={"a": {"cardinality": {"field": field}}})
            assert found["aggregations"]["a"]["value"] == len(counts)
    finally:
        search.http.delete("/many")


def terms(search: Search, **body: Any) -> tuple[list[tuple[Any, int]], int]:  # noqa: ANN401
    """The keys and counts of buckets, and the rest; alike with an aggregation in them, which needs their rows."""
    inner = {"rows": {"value_count": {"field": body["field"]}}}
    found = search("many", size=0, aggs={"a": {"terms": body}, "b": {"terms": body, "aggs": inner}})["aggregations"]
    buckets, more = ([(each["key"], each["doc_count"]) for each in found[name]["buckets"]] for name in ("a", "b"))
    assert buckets == more
    return buckets, found["a"]["sum_other_doc_count"]


@pytest.mark.parametrize("segments", [1, 3])
def test_pages_of_combinations_are_those_of_all_and_whole_numbers_stay_exact(search: Search, segments: int) -> None:
    large = 2**53 + 1
    homes: list[dict[str, Any]] = [{"tag": f"t{n % 7}", "n": large + n % 5} for n in range(60)] + [{"tag": "t1"}]
    fields = {"tag": {"type": "keyword"}, "n": {"type": "long"}}
    search.http.put("/large", json={"mappings": {"properties": fields}}).raise_for_status()
    try:
        for at in range(segments):
            body = "".join(f'{{"index": {{}}}}\n{json.dumps(each)}\n' for each in homes[at::segments])
            headers = {"Content-Type": "application/x-ndjson"}
            assert not search.http.post("/large/_bulk?refresh=true", content=body, headers=headers).json()["errors"]
        counts = Counter((each["tag"], each.get("n")) for each in homes)
        sources: list[Any] = [{"t": {"terms": {"field": "tag", "order": "desc"}}}]
        sources.append({"n": {"terms": {"field": "n", "missing_bucket": True}}})
        found, page = list[Any](), dict[str, Any]()
        while True:
            aggs = {"a": {"composite": {"size": 4, "sources": sources, **page}, "aggs": {"s": {"max": {"field": "n"}}}}}
            own = search("large", size=0, aggs=aggs)["aggregations"]["a"]
            if not own["buckets"]:
                break
            found += [((each["key"]["t"], each["key"]["n"]), each["doc_count"]) for each in own["buckets"]]
            page = {"after": own["after_key"]}
        wanted = sorted(counts.items(), key=lambda each: each[0][1] or 0)
        assert found == sorted(wanted, key=lambda each: each[0][0], reverse=True)
        terms_of = {"a": {"terms": {"field": "n", "missing": 3}}}
        buckets = search("large", size=0, aggs=terms_of)["aggregations"]["a"]["buckets"]
        assert {each["key"]: each["doc_count"] for each in buckets} == Counter(each.get("n", 3) for each in homes)
    finally:
        search.http.delete("/large")
