"""ES|QL over HTTP: enrich policies, subqueries, queries that are stopped, and Arrow."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tables import answer, fill, reason, rows

LANGUAGES: dict[str, dict[str, Any]] = {
    "1": {"code": "1", "name": "English", "spoken": 1500, "since": "1066-10-14"},
    "2": {"code": "2", "name": "French", "spoken": 300, "since": "0842-02-14"},
    "3": {"code": ["3", "4"], "name": ["Spanish", "Castilian"], "spoken": 600},
    "4": {"code": "4", "name": "Catalan", "spoken": 10},
}
FIELDS = {
    "languages": {"code": {"type": "keyword"}, "name": {"type": "text"}, "spoken": {"type": "integer"},
                  "since": {"type": "date"}},
    "nets": {"net": {"type": "keyword"}, "town": {"type": "keyword"}},
}  # fmt: skip
POLICY = {"match": {"indices": "languages", "match_field": "code", "enrich_fields": ["name", "spoken", "since"]}}
NETS = {"range": {"indices": "nets", "match_field": "net", "enrich_fields": ["town"]}}

SINCE = {"match": {"indices": "languages", "match_field": "since", "enrich_fields": ["name"]}}


@pytest.fixture(scope="module")
def languages(http: httpx.Client) -> Iterator[httpx.Client]:
    """Languages by code, networks by range, and policies over both."""
    for index, fields in FIELDS.items():
        assert http.put(f"/{index}", json={"mappings": {"properties": fields}}).is_success
    fill(http, "languages", LANGUAGES)
    fill(http, "nets", {"1": {"net": "10.0.0.0/8", "town": "Bern"}, "2": {"net": "10.1.0.0/16", "town": "Basel"}})
    for name, policy in (
        ("languages_policy", POLICY),
        ("nets_policy", NETS),
        ("since_policy", SINCE),
        ("unused_policy", POLICY),
    ):
        assert http.put(f"/_enrich/policy/{name}", json=policy).is_success
    for name in ("languages_policy", "nets_policy", "since_policy"):
        assert http.put(f"/_enrich/policy/{name}/_execute").is_success
    yield http
    for name in ("languages_policy", "nets_policy", "since_policy", "unused_policy"):
        assert http.delete(f"/_enrich/policy/{name}").is_success
    assert http.delete("/languages,nets").is_success


def test_a_policy_adds_its_fields(languages: httpx.Client) -> None:
    found = answer(languages, 'ROW code = "1" | ENRICH languages_policy')
    assert [(each["name"], each["type"]) for each in found["columns"]] == [
        ("code", "keyword"), ("name", "text"), ("spoken", "integer"), ("since", "date"),
    ]  # fmt: skip
    assert found["values"] == [["1", "English", 1500, "1066-10-14T00:00:00.000Z"]]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("ENRICH languages_policy ON a WITH name", [["2", "French"]]),
        ("ENRICH languages_policy ON a WITH called = name, spoken", [["2", "French", 300]]),
        ("ENRICH _coordinator:languages_policy ON a WITH name", [["2", "French"]]),
        ("ENRICH _ANY:languages_policy ON a WITH name", [["2", "French"]]),
        ('EVAL a = 2 | ENRICH languages_policy ON a WITH name', [[2, "French"]]),
        ('EVAL a = "9" | ENRICH languages_policy ON a WITH name', [["9", None]]),
        ("EVAL a = null | ENRICH languages_policy ON a WITH name", [[None, None]]),
        ('EVAL a = "4" | ENRICH languages_policy ON a WITH name, spoken',
         [["4", ["Spanish", "Castilian", "Catalan"], [600, 10]]]),
        ('EVAL a = ["1", "2"] | ENRICH languages_policy ON a WITH spoken', [[["1", "2"], [1500, 300]]]),
        ('EVAL a = "1066-10-14"::date | ENRICH since_policy ON a | KEEP name', [["English"]]),
        ('EVAL a = "10.1.2.3"::ip | ENRICH nets_policy ON a', [["10.1.2.3", ["Bern", "Basel"]]]),
        ('EVAL a = "10.2.0.1" | ENRICH nets_policy ON a', [["10.2.0.1", "Bern"]]),
    ],
)  # fmt: skip
def test_values_are_looked_up(languages: httpx.Client, command: str, expected: list[list[Any]]) -> None:
    assert rows(languages, f'ROW a = "2" | {command}') == expected


def test_a_new_column_takes_the_place_of_one_of_its_name(languages: httpx.Client) -> None:
    found = answer(languages, 'ROW name = 1, code = "1" | ENRICH languages_policy WITH name')
    assert ([each["name"] for each in found["columns"]], found["values"]) == (["code", "name"], [["1", "English"]])


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("ENRICH language_policy", "cannot find enrich policy [language_policy], did you mean [languages_policy]?"),
        ("ENRICH unused_policy", "execute it"),
        ("ENRICH languages_policy", "Unknown column [code]"),
        (
            "ENRICH languages_policy ON a WITH nam",
            "[nam] not found in enrich policy [languages_policy], did you mean [name]",
        ),
        ("ENRICH _local:languages_policy ON a", "Unrecognized value [_local]"),
        ("ENRICH languages_policy ON b", "Unknown column [b]"),
        ("EVAL b = [1.5, 2]::dense_vector | ENRICH languages_policy ON b", "Unsupported type [dense_vector]"),
    ],
)
def test_what_cannot_be_looked_up_is_told(languages: httpx.Client, command: str, why: str) -> None:
    assert why in reason(languages, f'ROW a = "2" | {command}')


def test_rows_of_several_queries_stand_together(languages: httpx.Client) -> None:
    query = (
        'FROM languages, (FROM nets | WHERE town == "Bern" | EVAL spoken = 1), (ROW code = "x") '
        "| KEEP code, town, spoken | SORT code NULLS LAST, town | WHERE spoken IS NULL OR spoken < 500"
    )
    assert rows(languages, query) == [["2", None, 300], ["4", None, 10], ["x", None, None], [None, "Bern", 1]]
    alone = 'FROM (FROM languages METADATA _score | WHERE name:"french" | LIMIT 5) | KEEP name'
    assert rows(languages, alone) == [["French"]]
    counted = "FROM (FROM languages | STATS n = COUNT(*)), (FROM nets | STATS n = COUNT(*)) | SORT n | KEEP n"
    assert rows(languages, counted) == [[2], [4]]


@pytest.mark.parametrize(
    ("query", "why"),
    [
        (
            "FROM languages, (FROM nets | EVAL spoken = town)",
            "Column [spoken] has conflicting data types in subqueries",
        ),
        ("FROM (FROM nets, (FROM nets))", "not supported within subqueries"),
        ("FROM (FROM nets | FORK (LIMIT 1) (LIMIT 1))", "not supported within subqueries"),
        ("FROM (FROM nowhere)", "Unknown index [nowhere]"),
        ("FROM (FROM nets) METADATA _id", "give it within them"),
        ("FROM nets, (WHERE true)", "mismatched input 'WHERE'"),
        ("FROM " + ", ".join(["(FROM nets)"] * 9), "up to 8"),
        ('FROM nets, (FROM languages) | WHERE name:"a"', "cannot be used after subqueries"),
    ],
)
def test_queries_that_do_not_go_together_are_refused(languages: httpx.Client, query: str, why: str) -> None:
    assert why in reason(languages, query)


def test_a_branch_without_a_limit_has_one(http: httpx.Client) -> None:
    fork = "ROW a = [" + ", ".join(map(str, range(1500))) + "] | MV_EXPAND a | FORK (WHERE a >= 0) (LIMIT 1200) "
    assert rows(http, fork + "| STATS n = COUNT(*) BY _fork | SORT _fork") == [[1000, "fork1"], [1200, "fork2"]]


def test_a_query_that_is_stopped_tells_of_the_rows_so_far(http: httpx.Client) -> None:
    numbers = ", ".join(map(str, range(1000)))
    slow = "".join(f' | EVAL x{at} = REPLACE(CONCAT("aaaaaaaa", b::string), "(a+)+$", "b")' for at in range(10))
    query = f"ROW a = [{numbers}], b = [{numbers}] | MV_EXPAND a | MV_EXPAND b{slow} | STATS n = COUNT(*)"
    begun = http.post("/_query/async", json={"query": query, "wait_for_completion_timeout": "1ms"}).json()
    assert begun["is_running"] is True
    time.sleep(1.0)
    began = time.monotonic()
    stopped = http.post(f"/_query/async/{begun['id']}/stop").json()
    assert time.monotonic() - began < 10
    assert (stopped["is_running"], stopped["is_partial"]) == (False, True)
    assert 0 <= stopped["values"][0][0] < 1_000_000
    again = http.get(f"/_query/async/{begun['id']}").json()
    assert (again["values"], again["is_partial"]) == (stopped["values"], True)
    assert http.delete(f"/_query/async/{begun['id']}").json() == {"acknowledged": True}


def test_answers_may_be_arrow(languages: httpx.Client) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    query = (
        'FROM languages | SORT spoken | EVAL half = spoken / 2.0, place = "POINT (1 2)"::geo_point, ok = spoken > 99, '
        "big = spoken * 10000000000 | LIMIT 3"
    )
    media = "application/vnd.apache.arrow.stream"
    replies = [
        languages.post("/_query", params={"format": "arrow"}, json={"query": query}),
        languages.post("/_query", headers={"Accept": media}, json={"query": query}),
    ]
    for reply in replies:
        assert reply.headers["content-type"] == media, reply.text
        found = pyarrow.ipc.open_stream(reply.content).read_all()
        assert found["name"].to_pylist() == [["Catalan"], ["French"], ["Spanish", "Castilian"]]
        assert found["spoken"].to_pylist() == [10, 300, 600]
        assert found["half"].to_pylist() == [5.0, 150.0, 300.0]
        assert found["ok"].to_pylist() == [False, True, True]
        assert [each and each.year for each in found["since"].to_pylist()] == [None, 842, None]
        assert found.schema.field("since").type == pyarrow.timestamp("ms", tz="UTC")
        assert found.schema.field("big").type == pyarrow.int64()
        assert found.schema.field("spoken").metadata[b"elastic:type"] == b"integer"
        assert found["place"].to_pylist()[0][:5] == b"\x01\x01\x00\x00\x00"
    empty = languages.post("/_query", params={"format": "arrow"}, json={"query": "ROW a = 1 | WHERE a > 1"})
    assert pyarrow.ipc.open_stream(empty.content).read_all().num_rows == 0


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("code IN (FROM languages | WHERE spoken > 500 AND spoken < 1000 | KEEP code)", ["Catalan"]),
        ("spoken NOT IN (FROM languages | STATS m = MAX(spoken))", ["Catalan", "French", ["Spanish", "Castilian"]]),
        ('code IN (ROW c = ["1", "9"])', ["English"]),
        ('code IN (FROM nets | WHERE town == "Rome" | KEEP town)', []),
        (
            'code NOT IN (FROM nets | WHERE town == "Rome" | KEEP town)',
            ["Catalan", "English", "French", ["Spanish", "Castilian"]],
        ),
        (
            'name:"french" AND code IN (FROM languages METADATA _score | WHERE code IN (ROW c = "2") | KEEP code)',
            ["French"],
        ),
    ],
)
def test_values_of_a_subquery_are_compared_with(languages: httpx.Client, condition: str, expected: list[Any]) -> None:
    found = [name for (name,) in rows(languages, f"FROM languages | WHERE {condition} | SORT name | KEEP name")]
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_a_subquery_has_one_column(languages: httpx.Client) -> None:
    assert "exactly one column" in reason(languages, "FROM languages | WHERE code IN (FROM languages)")
    assert "must also be" in reason(languages, "FROM languages | WHERE code IN (FROM languages | KEEP spoken)")
    assert rows(languages, "ROW from = 1 | WHERE 1 IN (from, 2)") == [[1]]
