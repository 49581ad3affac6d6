"""Enrich policies and the processor, by the examples of the documentation."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

USERS = {"match": {"indices": "users", "match_field": "email", "enrich_fields": ["first_name", "city"]}}
NETWORKS = {"range": {"indices": "networks", "match_field": "range", "enrich_fields": ["name"]}}


@pytest.fixture
def enriching(indices: httpx.Client) -> Iterator[httpx.Client]:
    for id, (name, city) in {"mardy@asciidocsmith.com": ("Mardy", "New Orleans"), "ann@x.org": ("Ann", "Rome")}.items():
        body = {"email": [id, f"second-{id}"], "first_name": name, "city": city, "zip": 70116}
        indices.put(f"/users/_doc/{id}?refresh=true", json=body)
    for id, (network, name) in {"1": ("10.100.0.0/16", "production"), "2": ("10.100.34.0/24", "media")}.items():
        indices.put(f"/networks/_doc/{id}?refresh=true", json={"range": network, "name": name})
    yield indices
    indices.delete("/_ingest/pipeline/enriched")
    for policy in indices.get("/_enrich/policy").json()["policies"]:
        (config,) = policy["config"].values()
        assert indices.delete(f"/_enrich/policy/{config['name']}").is_success


def made(http: httpx.Client, name: str, body: dict[str, Any], **processor: object) -> None:
    assert http.put(f"/_enrich/policy/{name}", json=body).json() == {"acknowledged": True}
    assert http.post(f"/_enrich/policy/{name}/_execute").json() == {"status": {"phase": "COMPLETE"}}
    enrich = {"policy_name": name, **processor}
    told = http.put("/_ingest/pipeline/enriched", json={"processors": [{"enrich": enrich}]})
    assert told.is_success, told.text


def enriched(http: httpx.Client, document: dict[str, Any]) -> dict[str, Any]:
    docs = {"docs": [{"_source": document}]}
    (told,) = http.post("/_ingest/pipeline/enriched/_simulate", json=docs).json()["docs"]
    found: dict[str, Any] = told["doc"]["_source"]
    return found


def test_documents_are_enriched_by_a_value(enriching: httpx.Client) -> None:
    made(enriching, "users-policy", USERS, field="email", target_field="user", max_matches="1")
    wanted = {
        "email": ["mardy@asciidocsmith.com", "second-mardy@asciidocsmith.com"],
        "first_name": "Mardy",
        "city": "New Orleans",
    }
    enriching.put("/met/_doc/1?pipeline=enriched", json={"email": "mardy@asciidocsmith.com"})
    assert enriching.get("/met/_doc/1").json()["_source"]["user"] == wanted
    assert enriched(enriching, {"email": "nobody@x.org"}) == {"email": "nobody@x.org"}
    assert enriched(enriching, {"email": ["no", "second-ann@x.org"]})["user"]["first_name"] == "Ann"
    # What was copied stays, until the policy is executed again.
    enriching.put("/users/_doc/ann@x.org?refresh=true", json={"email": "ann@x.org", "first_name": "Anna"})
    assert enriched(enriching, {"email": "ann@x.org"})["user"]["first_name"] == "Ann"
    enriching.post("/_enrich/policy/users-policy/_execute")
    assert enriched(enriching, {"email": "ann@x.org"})["user"]["first_name"] == "Anna"


def test_only_what_an_alias_shows_is_copied(enriching: httpx.Client) -> None:
    enriching.put("/users/_alias/romans", json={"filter": {"match": {"city": "rome"}}})
    body = {"match": {**USERS["match"], "indices": "romans"}}
    made(enriching, "romans-policy", body, field="email", target_field="user")
    assert enriched(enriching, {"email": "ann@x.org"})["user"]["first_name"] == "Ann"
    assert "user" not in enriched(enriching, {"email": "mardy@asciidocsmith.com"})


@pytest.mark.parametrize("name", ["a,b", "*", "_a", "A"])
def test_what_no_policy_may_be_called(enriching: httpx.Client, name: str) -> None:
    assert enriching.put(f"/_enrich/policy/{name}", json=USERS).status_code == 400


def test_documents_are_enriched_by_the_ranges_that_have_a_value(enriching: httpx.Client) -> None:
    made(enriching, "networks-policy", NETWORKS, field="ip", target_field="network", max_matches=10)
    assert [each["name"] for each in enriched(enriching, {"ip": "10.100.34.1"})["network"]] == ["production", "media"]
    assert "network" not in enriched(enriching, {"ip": "10.101.0.1"})
    assert "network" not in enriched(enriching, {"ip": "no address"})


def test_policies_are_shown_and_kept_while_they_are_used(enriching: httpx.Client) -> None:
    made(enriching, "users-policy", USERS, field="email", target_field="user")
    (told,) = enriching.get("/_enrich/policy/users-policy").json()["policies"]
    assert told["config"]["match"] == {**USERS["match"], "name": "users-policy", "indices": ["users"]}
    again = enriching.put("/_enrich/policy/users-policy", json=USERS)
    assert again.json()["error"]["type"] == "resource_already_exists_exception"
    used = enriching.delete("/_enrich/policy/users-policy")
    assert (used.status_code, "a pipeline is referencing it ['enriched']" in used.text) == (409, True)
    assert enriching.get("/_enrich/policy/none").json() == {"policies": []}
    assert enriching.delete("/_enrich/policy/none").status_code == 404


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"geo_match": USERS["match"]}, "unsupported policy type [geo_match]"),
        ({"match": {**USERS["match"], "indices": "nowhere"}}, "no such index [nowhere]"),
        ({"match": {**USERS["match"], "enrich_fields": ["phone"]}}, "Could not find field [phone]"),
        ({"match": {"indices": "users"}}, "[policy] needs"),
        ({"match": {**USERS["match"], "filter": {}}}, "unknown field [filter]"),
        ({}, "must have one key"),
    ],
)
def test_what_is_no_policy_is_refused(enriching: httpx.Client, body: object, told: str) -> None:
    reply = enriching.put("/_enrich/policy/wrong", json=body)
    assert reply.status_code in (400, 404)
    assert told in reply.text


def test_a_policy_must_have_been_executed(enriching: httpx.Client) -> None:
    enriching.put("/_enrich/policy/users-policy", json=USERS)
    body = {"processors": [{"enrich": {"policy_name": "users-policy", "field": "a", "target_field": "b"}}]}
    reply = enriching.put("/_ingest/pipeline/enriched", json=body)
    assert (reply.status_code, "no enrich index exists" in reply.text) == (400, True)
