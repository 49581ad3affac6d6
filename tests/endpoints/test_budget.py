"""A budget stops an endpoint until the month ends, with an answer that says why and what to do."""

import calendar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from chats import Chats, answer, body
from conftest import Server

COST = 2 * 0.001 + 0.002


def test_an_endpoint_that_has_spent_its_budget_answers_429_until_it_is_raised(chats: Chats) -> None:
    chats.make("poor", answer(), model="priced", budget={"monthly": 2 * COST})
    assert [chats.ask("poor").status_code for _ in range(3)] == [200, 200, 429]
    refused = chats.ask("poor")
    message = refused.json()["error"]["message"]
    assert message.startswith(f"Inference endpoint [poor] has spent [{2 * COST:g}] of [{2 * COST:g}] USD, its budget")
    assert "raised with [PUT _inference/chat_completion/poor/_update]" in message
    now = datetime.now(UTC)
    days = calendar.monthrange(now.year, now.month)[1] - now.day
    assert days * 86400 <= int(refused.headers["Retry-After"]) <= (days + 1) * 86400
    assert chats.asked("poor") == 2
    assert chats.usage("poor")["requests"] == 2
    assert chats.update("poor", budget={"monthly": 1}).json()["budget"] == {"monthly": 1}
    assert chats.asked("poor") == 2  # nothing that the service sees has changed
    assert chats.ask("poor").status_code == 200


def test_tokens_can_be_the_budget_of_what_has_no_price(chats: Chats) -> None:
    chats.make("tokens", answer(), budget={"monthly_tokens": 4})
    assert [chats.ask("tokens").status_code for _ in range(3)] == [200, 200, 429]
    assert "has spent [6] of [4] tokens" in chats.ask("tokens").text
    assert chats.update("tokens", budget=None).json().get("budget") is None
    assert chats.ask("tokens").status_code == 200


def test_a_stream_over_the_budget_is_one_error_event(chats: Chats) -> None:
    chats.make("nothing", answer(), budget={"monthly_tokens": 0})
    reply = chats.stream("nothing")
    assert reply.status_code == 429
    assert reply.text.startswith("event: error\n")
    assert chats.asked("nothing") == 0


def test_a_budget_in_cost_needs_a_price(chats: Chats) -> None:
    chats.provider.tell("/free", answer())
    given = body(f"{chats.provider.url}/free", "free-model", budget={"monthly": 10})
    refused = chats.http.put("/_inference/chat_completion/free", json=given)
    assert refused.status_code == 400
    reason = refused.json()["error"]["reason"]
    assert 'add [prices."openai/free-model"] to the configuration, or use [monthly_tokens]' in reason
    assert chats.http.get("/_inference/free").status_code == 404
    chats.make("free", answer(), model="free-model")
    assert "needs a price" in chats.update("free", budget={"monthly": 10}).json()["error"]["reason"]


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"budget": {}}, "[budget] does not contain one of the required settings [monthly, monthly_tokens]"),
        ({"budget": {"monthly": -1}}, "[budget] Invalid value [-1.0]. [monthly] must be a greater than or equal to"),
        ({"budget": {"monthly_tokens": 1.5}}, "The value [1.5] cannot be converted to a [Integer]"),
        ({"budget": {"weekly": 1}}, "[budget] does not allow the setting [weekly]"),
        ({"budget": 5}, "field [budget] is not of the expected type. The value [5] cannot be converted to a [Map]"),
        ({"fallback": "a"}, "field [fallback] is not of the expected type. The value [a] cannot be converted"),
        ({"fallback": [1]}, "[fallback] must hold values of type [String] only"),
        ({"shadow": {}}, "[shadow] does not contain the required setting [endpoint]"),
        ({"shadow": {"endpoint": "a", "sample": 2}}, "[sample] must be a less than or equal to [1.0]"),
    ],
)
def test_a_policy_of_another_form_is_refused(chats: Chats, members: dict[str, Any], reason: str) -> None:
    refused = chats.http.put("/_inference/chat_completion/odd", json=body(f"{chats.provider.url}/odd", **members))
    assert refused.status_code == 400
    assert refused.json()["error"]["type"] == "validation_exception"
    assert reason in refused.json()["error"]["reason"]
    assert chats.asked("odd") == 0


def test_policies_are_shown_only_if_they_are_set_and_are_no_settings(chats: Chats) -> None:
    chats.make("plain", answer())
    policy: dict[str, Any] = {
        "budget": {"monthly_tokens": 5},
        "fallback": ["plain"],
        "shadow": {"endpoint": "plain", "sample": 0.5},
    }
    chats.make("full", answer(), **policy)
    plain, full = (chats.http.get(f"/_inference/{id}").json()["endpoints"][0] for id in ("plain", "full"))
    assert list(full) == [*plain, "budget", "fallback", "shadow"]
    assert {name: full[name] for name in policy} == policy
    listed = {row["service"]: row for row in chats.http.get("/_inference/_services").json()}
    assert not policy.keys() & listed["openai"]["configurations"].keys()
    emptied = chats.update("full", fallback=[], shadow=None).json()
    assert list(emptied) == [*plain, "budget"]


def test_policies_survive_a_restart_and_are_taken_by_preconfigured_endpoints(tmp_path: Path) -> None:
    policy = {"budget": {"monthly_tokens": 0}, "shadow": {"endpoint": ".elser-2-elasticsearch", "sample": 1.0}}
    path = "/_inference/sparse_embedding/.elser-2-elastic"
    for attempt in range(2):
        server = Server(tmp_path / "data")
        with httpx.Client(base_url=server.url, timeout=60) as http:
            if attempt == 0:
                assert http.put(f"{path}/_update", json=policy).status_code == 200
            shown = http.get(path).json()["endpoints"][0]
            refused = http.post(path, json={"input": "a"})
        server.stop()
        assert {name: shown[name] for name in policy} == policy
        assert refused.status_code == 429
