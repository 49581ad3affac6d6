"""Who asks, and what they may do."""

from pathlib import Path

import httpx
import pytest

from conftest import Server

CHECK = {
    "cluster": ["monitor", "manage"],
    "index": [
        {"names": ["books", "b*"], "privileges": ["read"]},
        {"names": "books", "privileges": ["write"], "allow_restricted_indices": True},
    ],
    "application": [{"application": "kibana", "privileges": ["login"], "resources": ["space:a", "*"]}],
}


def test_without_keys_everyone_is_the_anonymous_user_and_may_do_all(http: httpx.Client) -> None:
    told = http.get("/_security/_authenticate").json()
    assert (told["username"], told["authentication_type"], told["enabled"]) == ("_anonymous", "anonymous", True)
    assert told["authentication_realm"] == told["lookup_realm"] == {"name": "__anonymous", "type": "__anonymous"}
    assert "api_key" not in told
    for method in ("GET", "POST"):
        assert http.request(method, "/_security/user/_has_privileges", json=CHECK).json() == {
            "username": "_anonymous",
            "has_all_requested": True,
            "cluster": {"monitor": True, "manage": True},
            "index": {"books": {"read": True, "write": True}, "b*": {"read": True}},
            "application": {"kibana": {"space:a": {"login": True}, "*": {"login": True}}},
        }


def test_with_keys_the_one_that_asks_is_told_by_its_name(tmp_path: Path) -> None:
    config = tmp_path / "connote.toml"
    config.write_text('api_key = "k0"\n[api_keys]\nteam-a = "k1"\n')
    server = Server(tmp_path / "data", "--config", str(config))
    try:
        with httpx.Client(base_url=server.url, trust_env=False) as client:
            for key, name in (("k0", "default"), ("k1", "team-a")):
                headers = {"Authorization": f"ApiKey {key}"}
                told = client.get("/_security/_authenticate", headers=headers).json()
                assert (told["username"], told["authentication_type"]) == (name, "api_key")
                assert told["api_key"] == {"id": name, "name": name}
                assert told["authentication_realm"] == {"name": "_es_api_key", "type": "_es_api_key"}
                body = {"cluster": ["all"]}
                told = client.post("/_security/user/_has_privileges", json=body, headers=headers).json()
                assert (told["username"], told["has_all_requested"]) == (name, True)
            assert client.get("/_security/_authenticate").status_code == 401
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "must specify at least one privilege"),
        ({"index": [], "cluster": None}, "must specify at least one privilege"),
        ({"roles": []}, "unexpected field [roles]"),
        ({"cluster": [1]}, "[cluster] must be a text or a list of texts"),
        ({"index": ["books"]}, "[index] must hold objects"),
        ({"index": [{"names": ["a"]}]}, "[index.privileges] must be"),
        ({"index": [{"names": ["a"], "privileges": ["read"], "query": {}}]}, "unexpected field [query] in [index]"),
        ({"application": [{"application": [], "privileges": [], "resources": []}]}, "[application] must be a text"),
    ],
)
def test_checks_that_are_none_are_refused(http: httpx.Client, body: object, told: str) -> None:
    reply = http.post("/_security/user/_has_privileges", json=body)
    assert reply.status_code == 400
    assert told in reply.json()["error"]["reason"]
