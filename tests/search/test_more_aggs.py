"""Box plots, figures of words, adjacency matrices and ranges of addresses."""

import ipaddress
import json
import math
from collections.abc import Iterator
from random import Random
from typing import Any

import httpx
import pytest

ROWS: list[dict[str, Any]] = [
    {"ms": 2.0, "word": "ab", "ip": "10.0.0.1", "who": ["hillary", "sidney"]},
    {"ms": 3.0, "word": "b😀", "ip": ["10.0.0.200", "::1"], "who": ["hillary"]},
    {"ms": 4.0, "word": ["b", "aaa"], "ip": "192.168.0.1", "who": ["donald", "vladimir"]},
    {"ms": 5.0, "ip": "2001:db8::1", "who": "sidney"},
    {"ms": 100.0},
]
FIELDS = {"ms": "double", "word": "keyword", "ip": "ip", "who": "keyword"}


@pytest.fixture(scope="module")
def loads(http: httpx.Client) -> Iterator[httpx.Client]:
    mapping = {"properties": {name: {"type": kind} for name, kind in FIELDS.items()}}
    assert http.put("/loads", json={"mappings": mapping}).is_success
    for at, each in enumerate(ROWS):  # two segments
        lines = json.dumps({"index": {}}) + "\n" + json.dumps(each) + "\n"
        path = f"/loads/_bulk?refresh={str(at in (1, 4)).lower()}"
        assert http.post(path, content=lines, headers={"Content-Type": "application/x-ndjson"}).is_success
    yield http
    http.delete("/loads")


def told(http: httpx.Client, index: str = "loads", **agg: Any) -> Any:  # noqa: ANN401 (JSON)
    reply = http.post(f"/{index}/_search", json={"size": 0, "aggs": {"a": agg}})
    assert reply.status_code == 200, reply.text
    return reply.json()["aggregations"]["a"]


def test_a_box_plot_has_quartiles_and_the_last_values_within_reach(loads: httpx.Client) -> None:
    found = told(loads, boxplot={"field": "ms", "compression": 200})
    assert found == {"min": 2.0, "max": 100.0, "q1": 3.0, "q2": 4.0, "q3": 5.0, "lower": 2.0, "upper": 5.0}
    assert set(told(loads, boxplot={"field": "nothing"}).values()) == {None}


def test_a_box_plot_of_values_too_far_apart_for_a_number_has_their_ends(http: httpx.Client) -> None:
    assert http.put("/far", json={"mappings": {"properties": {"ms": {"type": "double"}}}}).is_success
    try:
        for value in (-1.7e308, 1.7e308):
            assert http.post("/far/_doc?refresh=true", json={"ms": value}).is_success
        found = told(http, "far", boxplot={"field": "ms"})
        assert (found["min"], found["lower"], found["upper"], found["max"]) == (-1.7e308, -1.7e308, 1.7e308, 1.7e308)
    finally:
        http.delete("/far")


def test_words_are_counted_with_their_lengths_and_the_entropy_of_their_characters(loads: httpx.Client) -> None:
    found = told(loads, string_stats={"field": "word", "show_distribution": True})
    assert (found["count"], found["min_length"], found["max_length"], found["avg_length"]) == (4, 1, 3, 2.25)
    chances = {"a": 4 / 9, "b": 3 / 9, "\\ud83d": 1 / 9, "\\ude00": 1 / 9}
    assert found["distribution"] == pytest.approx(chances)
    assert found["entropy"] == pytest.approx(-sum(each * math.log2(each) for each in chances.values()))
    nothing = {"count": 0, "min_length": None, "max_length": None, "avg_length": None, "entropy": 0.0}
    assert told(loads, string_stats={"field": "nothing"}) == nothing


def test_an_adjacency_matrix_has_what_two_filters_have_in_common(loads: httpx.Client) -> None:
    filters = {
        "grpA": {"terms": {"who": ["hillary", "sidney"]}},
        "grpB": {"terms": {"who": ["donald", "hillary"]}},
        "grpC": {"terms": {"who": ["vladimir", "nigel"]}},
    }
    tree = {"most": {"max": {"field": "ms"}}}
    found = told(loads, adjacency_matrix={"filters": filters}, aggs=tree)["buckets"]
    assert [(each["key"], each["doc_count"], each["most"]["value"]) for each in found] == [
        ("grpA", 3, 5.0),
        ("grpA&grpB", 2, 3.0),
        ("grpB", 3, 4.0),
        ("grpB&grpC", 1, 4.0),
        ("grpC", 1, 4.0),
    ]
    joined = told(loads, adjacency_matrix={"filters": filters, "separator": "+"})["buckets"]
    assert joined[1]["key"] == "grpA+grpB"


def test_a_filter_may_have_the_name_of_two_others(loads: httpx.Client) -> None:
    filters = {"a": {"match_all": {}}, "b": {"term": {"who": "sidney"}}, "a&b": {"term": {"who": "hillary"}}}
    found = [(each["key"], each["doc_count"]) for each in told(loads, adjacency_matrix={"filters": filters})["buckets"]]
    assert sorted(found) == sorted([("a", 5), ("b", 2), ("a&b", 2), ("a&b", 2), ("a&a&b", 2), ("a&b&b", 1)])


def test_addresses_are_in_ranges_and_networks(loads: httpx.Client) -> None:
    ranges: list[dict[str, Any]] = [{"to": "10.0.0.5"}, {"from": "10.0.0.5"}]
    found = told(loads, ip_range={"field": "ip", "ranges": ranges})["buckets"]
    assert found == [
        {"key": "*-10.0.0.5", "to": "10.0.0.5", "doc_count": 2},
        {"key": "10.0.0.5-*", "from": "10.0.0.5", "doc_count": 3},
    ]
    masks = [{"mask": "10.0.0.0/25"}, {"mask": "10.0.0.127/25", "key": "same"}, {"mask": "2001:db8::/32"}]
    nets = told(loads, ip_range={"field": "ip", "ranges": masks, "keyed": True})["buckets"]
    assert nets["10.0.0.0/25"] == {"from": "10.0.0.0", "to": "10.0.0.128", "doc_count": 1}
    assert nets["same"]["doc_count"] == 1
    assert nets["2001:db8::/32"] == {"from": "2001:db8::", "to": "2001:db9::", "doc_count": 1}


def test_ranges_of_addresses_are_as_a_loop_has_them(http: httpx.Client) -> None:
    """Of both versions, around the end of version 4 in the order of version 6, and with ends that are there."""
    random = Random(3)  # noqa: S311 (examples)
    known = [ipaddress.ip_address(random.randrange(40)) for _ in range(20)]
    known += [ipaddress.IPv6Address((0xFFFF << 32) + random.choice([-1, 1]) * random.randrange(2**34)) for _ in known]
    rows = [random.sample(known, random.randrange(4)) for _ in range(300)]
    spans = [random.sample(known, 2) for _ in range(40)]
    content = "".join(f'{{"index": {{}}}}\n{json.dumps({"ip": [str(ip) for ip in row]})}\n' for row in rows)
    assert http.put("/around", json={"mappings": {"properties": {"ip": {"type": "ip"}}}}).is_success
    try:
        http.post("/around/_bulk?refresh=true", content=content, headers={"Content-Type": "application/x-ndjson"})
        ranges = [{"from": str(low), "to": str(high)} for low, high in spans]
        found = told(http, "around", ip_range={"field": "ip", "ranges": ranges})["buckets"]
    finally:
        http.delete("/around")

    def place(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> int:
        return int(ip) + (0xFFFF << 32) * (ip.version == 4)

    ordered = sorted((place(low), place(high)) for low, high in spans)
    wanted = [sum(any(low <= place(ip) < high for ip in row) for row in rows) for low, high in ordered]
    assert [each["doc_count"] for each in found] == wanted
    assert max(wanted) > 100


def test_addresses_are_in_networks_of_one_length(loads: httpx.Client) -> None:
    found = told(loads, ip_prefix={"field": "ip", "prefix_length": 16})["buckets"]
    told_of = {"is_ipv6": False, "prefix_length": 16, "netmask": "255.255.0.0"}
    assert found == [
        {"key": "10.0.0.0", **told_of, "doc_count": 2},
        {"key": "192.168.0.0", **told_of, "doc_count": 1},
    ]
    six = {"field": "ip", "prefix_length": 32, "is_ipv6": True, "append_prefix_length": True, "keyed": True}
    assert told(loads, ip_prefix=six)["buckets"] == {
        "::/32": {"is_ipv6": True, "prefix_length": 32, "doc_count": 1},
        "2001:db8::/32": {"is_ipv6": True, "prefix_length": 32, "doc_count": 1},
    }
    (half,) = told(loads, ip_prefix={"field": "ip", "prefix_length": 1, "min_doc_count": 2})["buckets"]
    assert (half["netmask"], half["doc_count"]) == ("128.0.0.0", 2)


def test_a_bucket_may_begin_below_the_least_whole_number(http: httpx.Client) -> None:
    assert http.put("/least", json={"mappings": {"properties": {"n": {"type": "long"}}}}).is_success
    try:
        assert http.post("/least/_doc?refresh=true", json={"n": -(2**63)}).is_success
        (bucket,) = told(http, "least", histogram={"field": "n", "interval": 1e17})["buckets"]
        assert (bucket["key"], bucket["doc_count"]) == (-9.3e18, 1)
    finally:
        http.delete("/least")


@pytest.mark.parametrize(
    ("agg", "reason"),
    [
        ({"string_stats": {"field": "ms"}}, "is not supported for aggregation [string_stats]"),
        ({"boxplot": {"field": "word"}}, "of type [keyword] is not supported for aggregation [boxplot]"),
        ({"adjacency_matrix": {"filters": []}}, "[filters] must be an object of queries"),
        ({"adjacency_matrix": {"filters": {str(n): {"match_all": {}} for n in range(101)}}}, "is too large"),
        ({"ip_range": {"field": "ip", "ranges": [{"from": "x"}]}}, "'x' is not an IP string literal."),
        ({"ip_range": {"field": "ip", "ranges": [{"mask": "x"}]}}, "[mask] must be a network"),
        ({"ip_range": {"field": "ip", "ranges": [{"mask": "::/0", "to": "::"}]}}, "a [mask], or [from] and [to]"),
        ({"ip_prefix": {"field": "ip", "prefix_length": 33}}, "[prefix_length] must be in range [0, 32]"),
        ({"ip_prefix": {"field": "ms", "prefix_length": 3}}, "not supported for aggregation [ip_prefix]"),
        ({"ip_range": {"field": "word", "ranges": [{"from": "::"}]}}, "not supported for aggregation [ip_range]"),
    ],
)
def test_what_cannot_be_is_refused(loads: httpx.Client, agg: dict[str, Any], reason: str) -> None:
    reply = loads.post("/loads/_search", json={"aggs": {"a": agg}})
    assert (reply.status_code, reason in reply.text) == (400, True), reply.text
