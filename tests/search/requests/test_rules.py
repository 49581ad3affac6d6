"""Query rules: what they pin and exclude, by the query and by the retriever; and sets that are kept."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import IllegalArgument
from connote.search.query.rules import MATCHES, Rule
from homes import Search

SEA = {"match": {"title": "sea"}}
PIN = {
    "rule_id": "pin",
    "type": "pinned",
    "criteria": [{"type": "contains", "metadata": "asked", "values": ["woods", "forest"]}],
    "actions": {"ids": ["4", "2", "gone"]},
}
LATE = {
    "rule_id": "late",
    "type": "pinned",
    "criteria": {"type": "always"},
    "actions": {"docs": [{"_index": "houses", "_id": "10"}, {"_index": "flats", "_id": "1"}]},
    "priority": 7,
}
HIDE = {
    "rule_id": "hide",
    "type": "exclude",
    "criteria": [
        {"type": "exact", "metadata": "country", "values": ["de", "at"]},
        {"type": "lt", "metadata": "age", "values": [18]},
    ],
    "actions": {"ids": ["3", "4"]},
}


@pytest.fixture(scope="module")
def ruled(search: Search) -> Iterator[Search]:
    """With two sets of rules."""
    made = search.http.put("/_query_rules/mine", json={"rules": [PIN, LATE]})
    assert (made.status_code, made.json()) == (201, {"result": "created"})
    assert search.http.put("/_query_rules/theirs", json={"rules": [HIDE]}).is_success
    yield search
    assert search.http.delete("/_query_rules/mine").json() == {"acknowledged": True}
    assert search.http.delete("/_query_rules/theirs").is_success


def asked(kind: str, said: dict[str, Any], sets: tuple[str, ...] = ("mine",)) -> dict[str, Any]:
    """The request, by query or by retriever."""
    rule = {"match_criteria": said, "ruleset_ids": list(sets)}
    if kind == "query":
        return {"query": {"rule": {**rule, "organic": SEA}}, "size": 20}
    return {
        "retriever": {"rule": {**rule, "rank_window_size": 20, "retriever": {"standard": {"query": SEA}}}},
        "size": 20,
    }


@pytest.mark.parametrize("kind", ["query", "retriever"])
def test_rules_that_are_met_pin_and_exclude(ruled: Search, kind: str) -> None:
    organic = ruled.ids(query=SEA, size=20)
    found = ruled(**asked(kind, {"asked": "a house in the woods"}))["hits"]
    first = ["10", "4", "2"]
    assert [hit["_id"] for hit in found["hits"]] == [*first, *organic]
    assert found["total"]["value"] == 3 + len(organic)
    assert ruled.ids(**asked(kind, {"asked": "a tent"})) == ["10", *organic]
    both = {"asked": ["forest"], "country": "de", "age": "17"}
    left = [id for id in organic if id != "3"]
    assert ruled.ids(**asked(kind, both, ("mine", "theirs"))) == ["10", "2", *left]
    assert ruled.ids(**asked(kind, {**both, "age": 18}, ("theirs",))) == organic


def test_which_rules_are_met_can_be_tested(ruled: Search) -> None:
    body = {"match_criteria": {"asked": "woods"}}
    told = ruled.http.post("/_query_rules/mine/_test", json=body).json()
    late, pin = ({"ruleset_id": "mine", "rule_id": id} for id in ("late", "pin"))
    assert told == {"total_matched_rules": 2, "matched_rules": [late, pin]}


def test_rules_are_kept_one_by_one_in_the_order_of_their_priority(search: Search) -> None:
    http, path = search.http, "/_query_rules/one/_rule"
    body = {name: value for name, value in PIN.items() if name != "rule_id"}
    assert http.put(f"{path}/a", json=body).json() == {"result": "created"}
    assert http.put(f"{path}/b", json={**body, "priority": 1}).json() == {"result": "created"}
    assert http.put(f"{path}/a", json={**body, "type": "exclude"}).json() == {"result": "updated"}
    assert http.get(f"{path}/a").json() == {"rule_id": "a", **body, "type": "exclude"}
    kept = http.get("/_query_rules/one").json()
    assert [rule["rule_id"] for rule in kept["rules"]] == ["b", "a"]
    counts = {"rule_criteria_types_counts": {"contains": 2}, "rule_type_counts": {"pinned": 1, "exclude": 1}}
    listed = http.get("/_query_rules").json()
    assert {"ruleset_id": "one", "rule_total_count": 2, **counts} in listed["results"]
    for id in ("a", "b"):
        assert http.delete(f"{path}/{id}").json() == {"acknowledged": True}
    assert http.get("/_query_rules/one").status_code == 404


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "must be an object with [rules]"),
        ({"rules": []}, "must have 1 to 100 rules"),
        ({"rules": [PIN, PIN]}, "rule_id [pin] is there twice"),
        ({"rules": [{**PIN, "type": "boost"}]}, "Invalid QueryRuleType [boost]"),
        ({"rules": [{**PIN, "actions": {}}]}, "either [ids] or [docs]"),
        ({"rules": [{**PIN, "actions": {"docs": [{"id": "1"}]}}]}, "objects with [_id]"),
        ({"rules": [{**PIN, "criteria": [{"type": "near"}]}]}, "Invalid QueryRuleCriteriaType [near]"),
        ({"rules": [{**PIN, "criteria": [{"type": "lt", "metadata": "a", "values": ["x"]}]}]}, "is not a number"),
        ({"rules": [{**PIN, "criteria": []}]}, "criteria cannot be null or empty"),
        ({"rules": [{**PIN, "priority": -1}]}, "Priority was not in the range"),
    ],
)
def test_what_is_wrong_with_rules_is_told(search: Search, body: dict[str, Any], told: str) -> None:
    wrong = search.http.put("/_query_rules/wrong", json=body)
    assert wrong.status_code == 400
    assert told in wrong.json()["error"]["reason"]
    assert search.http.get("/_query_rules/wrong").status_code == 404


def test_a_search_by_rules_that_are_not_there_fails(search: Search) -> None:
    assert "Query ruleset [nope] not found" in search.error(status=404, **asked("query", {"a": 1}, ("nope",)))["reason"]
    assert "[match_criteria]" in search.error(query={"rule": {"ruleset_ids": ["a"], "organic": SEA}})["reason"]


values = some.text(max_size=5) | some.integers() | some.floats(allow_nan=False)


@given(some.sampled_from(sorted(MATCHES)), some.lists(values, min_size=1, max_size=3), values | some.lists(values))
def test_criteria_compare_whatever_is_said(kind: str, given: list[Any], said: Any) -> None:  # noqa: ANN401
    try:
        rule = Rule.parse({**PIN, "criteria": [{"type": kind, "metadata": "m", "values": given}]})
        met = rule.met({"m": said})
    except IllegalArgument:
        return
    assert rule.met({}) is False
    if kind in ("exact", "prefix", "suffix", "contains", "fuzzy", "lte", "gte") and said == given[0]:
        assert met
