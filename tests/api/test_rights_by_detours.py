"""Ways around what keys and roles say: other keys, other rights to the same index, aliases, and rights of before."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from conftest import Server
from guarded import ROLE, apikey, basic, guarded, owner, with_key

__all__ = ["guarded", "owner"]
ALL = {"all": {"cluster": ["all"], "indices": [{"names": ["*"], "privileges": ["all"]}]}}


def client_of(owner: httpx.Client, headers: dict[str, str]) -> httpx.Client:
    return httpx.Client(base_url=owner.base_url, headers=headers, timeout=60, trust_env=False)


def made(owner: httpx.Client, name: str, role: dict[str, Any]) -> httpx.Client:
    """A client of a new user of that name, who has a role of that name."""
    owner.put(f"/_security/role/{name}", json=role).raise_for_status()
    owner.put(f"/_security/user/{name}", json={"password": "secret-1", "roles": [name]}).raise_for_status()
    return client_of(owner, basic(name, "secret-1"))


def test_a_key_lets_no_other_key_do_what_its_maker_may_not(owner: httpx.Client) -> None:
    with made(owner, "maker", {"cluster": ["manage_own_api_key"]}) as maker:
        first = maker.post("/_security/api_key", json={"name": "a", "role_descriptors": ALL}).json()
        with client_of(owner, apikey(first)) as key:
            second = key.post("/_security/api_key", json={"name": "b", "role_descriptors": {"none": {}}}).json()
            changed = key.put(f"/_security/api_key/{second['id']}", json={"role_descriptors": ALL})
            several = key.post("/_security/api_key/_bulk_update", json={"ids": [second["id"]], "role_descriptors": ALL})
        assert changed.status_code == 400
        assert "only the owner user can update an API key" in changed.text
        assert several.json()["updated"] == []
        assert owner.get("/notes/_search", headers=apikey(second)).status_code == 403


def test_a_right_to_metadata_lets_see_no_documents(owner: httpx.Client) -> None:
    metadata = {"names": ["notes", "elsewhere"], "privileges": ["view_index_metadata", "monitor"]}
    shape = {"geo_shape": {"place": {"indexed_shape": {"index": "notes", "id": "2", "path": "place"}}}}
    owner.put("/notes/_alias/elsewhere").raise_for_status()

    def found(client: httpx.Client, name: str, word: str) -> httpx.Response:
        body = {"index_filter": {"term": {"word": word}}}
        return client.post(f"/{name}/_field_caps", params={"fields": "word"}, json=body)

    with with_key(owner, {"birds": ROLE, "more": {"indices": [metadata]}}) as bird:
        for name in ("notes", "elsewhere", "notes,elsewhere"):
            assert found(bird, name, "meadow").json()["indices"] == ["notes"]
            assert found(bird, name, "heron").json()["indices"] == []
            checked = bird.post(f"/{name}/_validate/query", params={"explain": "true"}, json={"query": shape})
            assert "not found" in checked.text
    with with_key(owner, {"more": {"indices": [metadata]}}) as looker:
        assert looker.get("/notes/_field_caps", params={"fields": "word"}).status_code == 200
        assert found(looker, "notes", "heron").status_code == 403
    owner.delete("/notes/_alias/elsewhere").raise_for_status()


def test_no_alias_comes_by_rolling_over_that_one_may_not_change(owner: httpx.Client) -> None:
    role = {"indices": [{"names": ["mine*"], "privileges": ["all"]}]}
    with with_key(owner, {"mine": role}) as key:
        key.put("/mine-000001", json={"aliases": {"mine": {"is_write_index": True}}}).raise_for_status()
        refused = key.post("/mine/_rollover", json={"aliases": {"notes-all": {"is_write_index": True}}})
        assert refused.status_code == 403
        assert key.post("/mine/_rollover", json={"aliases": {"mine-too": {}}}).json()["rolled_over"]
    owner.delete("/mine-000001,mine-000002").raise_for_status()


def test_what_transforms_have_done_is_not_for_everybody(owner: httpx.Client) -> None:
    with with_key(owner, {"r": ROLE}) as bird, with_key(owner, {"m": {"cluster": ["monitor_transform"]}}) as watcher:
        for path in ("/_transform/_stats", "/_transform/a/_stats", "/_transform/_node_stats"):
            assert bird.get(path).status_code == 403
        assert watcher.get("/_transform/_stats").json()["count"] == 0
        assert watcher.post("/_transform/_preview", json={}).status_code == 403


def test_a_page_of_another_site_does_nothing_by_the_password_that_a_browser_keeps(owner: httpx.Client) -> None:
    with made(owner, "reader", {"indices": [{"names": ["notes"], "privileges": ["read"]}]}) as client:
        elsewhere, here = {"Origin": "https://elsewhere.example"}, {"Origin": str(owner.base_url).rstrip("/")}
        assert client.post("/notes/_count", headers=elsewhere).status_code == 403
        assert client.post("/notes/_count", headers=here).status_code == 200
        assert client.get("/notes/_count", headers=elsewhere).status_code == 200
    assert owner.post("/notes/_count", headers=elsewhere).status_code == 200


def test_tasks_of_others_tell_nothing_to_who_sees_a_part(owner: httpx.Client) -> None:
    body = {"source": {"index": "notes"}, "dest": {"index": "notes-copy"}}
    task = owner.post("/_reindex", params={"wait_for_completion": "false"}, json=body).json()["task"]
    told = owner.get(f"/_tasks/{task}", params={"wait_for_completion": "true"}).json()
    assert told["response"]["total"] == 3
    mine = {"indices": [*ROLE["indices"], {"names": ["mine"], "privileges": ["all"]}], "cluster": ["monitor"]}
    with with_key(owner, {"birds": mine}) as bird, with_key(owner, {"m": {"cluster": ["monitor"]}}) as watcher:
        assert bird.get(f"/_tasks/{task}").status_code == 404
        assert watcher.get(f"/_tasks/{task}").json()["completed"]
        body["dest"]["index"] = "mine"
        own = bird.post("/_reindex", params={"wait_for_completion": "false"}, json=body).json()["task"]
        told = bird.get(f"/_tasks/{own}", params={"wait_for_completion": "true"}).json()
        assert told["response"]["total"] == 2
    owner.delete("/notes-copy,mine").raise_for_status()


@pytest.mark.parametrize("after", [{}, ROLE])
def test_what_was_left_open_ends_with_the_rights_that_opened_it(owner: httpx.Client, after: dict[str, Any]) -> None:
    with made(owner, "passing", {"indices": [{"names": ["notes"], "privileges": ["read"]}]}) as client:
        point = client.post("/notes/_pit", params={"keep_alive": "1m"}).json()["id"]
        scroll = client.post("/notes/_search", params={"scroll": "1m"}, json={"size": 1}).json()["_scroll_id"]
        body = {"pit": {"id": point}}
        assert client.post("/_search", json=body).json()["hits"]["total"]["value"] == 3
        owner.put("/_security/role/passing", json=after).raise_for_status()
        assert client.post("/_search", json=body).status_code == 404
        assert client.post("/_search/scroll", json={"scroll_id": scroll}).status_code == 404
        assert owner.post("/_search", json=body).status_code == 200


@pytest.fixture
def laptop(tmp_path: Path) -> Iterator[httpx.Client]:
    """Of a server where strangers may do all, and one user is known."""
    server = Server(tmp_path / "data")
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as client:
        client.put("/_security/role/r", json={"cluster": ["manage_token"]}).raise_for_status()
        client.put("/_security/user/kit", json={"password": "secret-1", "roles": ["r"]}).raise_for_status()
        yield client
    assert server.stop() == 0


def test_who_was_known_once_is_no_stranger(laptop: httpx.Client) -> None:
    wanted = {"grant_type": "password", "username": "kit", "password": "secret-1"}
    token = laptop.post("/_security/oauth2/token", json=wanted).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert laptop.get("/_security/_authenticate", headers=bearer).json()["username"] == "kit"
    laptop.request("DELETE", "/_security/oauth2/token", json={"token": token}).raise_for_status()
    assert laptop.get("/_security/_authenticate", headers=bearer).status_code == 401
    laptop.delete("/_security/user/kit").raise_for_status()
    assert laptop.get("/_security/user/kit").status_code == 404
    assert "kit" not in laptop.get("/_security/user").json()
    assert laptop.get("/_security/_authenticate", headers=basic("kit", "secret-1")).status_code == 401
    assert laptop.delete("/_security/user/kit").status_code == 404
    again = {"password": "secret-2", "roles": ["r"]}
    assert laptop.put("/_security/user/kit", json=again).json()["created"]
    assert laptop.get("/_security/_authenticate", headers=basic("kit", "secret-2")).json()["username"] == "kit"
