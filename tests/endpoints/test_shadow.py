"""A shadow is asked beside an endpoint, in the background: compared, bounded, and never in the way."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chats import ASK, DOWN, Chats, answer, body, stream, text, vectors
from connote.endpoints.shadow import MOST_IN_FLIGHT
from provider import Reply


def figures(chats: Chats, id: str, requests: int) -> dict[str, Any]:
    """What is told of an endpoint and its shadow, once so many requests have been compared."""
    for _ in range(100):
        rows = {row["inference_id"]: row for row in chats.http.get("/_connote/shadow").json()["shadows"]}
        if rows[id]["requests"] >= requests and not rows[id]["in_flight"]:
            return dict(rows[id])
        time.sleep(0.05)
    raise AssertionError(rows[id])


def test_lengths_errors_and_times_of_both_are_told(chats: Chats) -> None:
    chats.make("other", answer("a longer answer"), DOWN)
    chats.make("seen", answer("short"), shadow={"endpoint": "other", "sample": 1})
    assert text(chats.ask("seen")) == "short"
    figures(chats, "seen", 1)
    assert chats.ask("seen").headers["X-Connote-Endpoint"] == "seen"
    found = figures(chats, "seen", 2)
    assert (found["shadow_id"], found["sample"], found["requests"], found["dropped"]) == ("other", 1, 2, 0)
    assert (found["live"]["errors"], found["shadow"]["errors"], found["compared"]) == (0, 1, 1)
    assert found["mean"] == {"live_characters": 5.0, "shadow_characters": 15.0}
    assert "out of order" in found["shadow"]["last_error"]
    assert 0 < found["live"]["mean_ms"] <= found["live"]["max_ms"]
    assert found["shadow"]["max_ms"] > 0


def test_the_usage_of_a_shadow_is_its_own(chats: Chats) -> None:
    chats.make("paid", answer(), model="priced")
    chats.make("tailed", answer(), model="priced", shadow={"endpoint": "paid", "sample": 1}, budget={"monthly": 0.005})
    chats.ask("tailed")
    figures(chats, "tailed", 1)
    assert (chats.usage("tailed")["requests"], chats.usage("tailed")["key"]) == (1, "anonymous")
    assert (chats.usage("paid")["requests"], chats.usage("paid")["key"]) == (1, "shadow")
    assert chats.ask("tailed").status_code == 200  # 0.004 of 0.005 were spent, and not twice that


def test_a_shadows_own_budget_holds(chats: Chats) -> None:
    chats.make("thrifty", answer(), budget={"monthly_tokens": 0})
    chats.make("generous", answer(), shadow={"endpoint": "thrifty", "sample": 1})
    assert chats.ask("generous").status_code == 200
    found = figures(chats, "generous", 1)
    assert "has spent [0] of [0] tokens" in found["shadow"]["last_error"]
    assert chats.asked("thrifty") == 0


def test_a_live_failure_is_told_and_the_shadow_is_asked_all_the_same(chats: Chats) -> None:
    chats.make("well", answer("well"))
    chats.make("ill", Reply({"error": {"message": "ill"}}, 400), shadow={"endpoint": "well", "sample": 1})
    assert chats.ask("ill").status_code == 400
    found = figures(chats, "ill", 1)
    assert (found["live"]["errors"], found["shadow"]["errors"], found["compared"]) == (1, 0, 0)


def test_streams_are_compared_when_they_have_ended(chats: Chats) -> None:
    chats.make("whole", answer("12345"))
    chats.make("pieces", stream("1", "23"), shadow={"endpoint": "whole", "sample": 1})
    assert "[DONE]" in chats.stream("pieces").text
    assert figures(chats, "pieces", 1)["mean"] == {"live_characters": 3.0, "shadow_characters": 5.0}
    assert "stream" not in next(asked for asked in chats.provider.asked if asked.path == "/whole").json


def test_a_slow_shadow_slows_nobody_and_what_is_too_much_is_dropped(chats: Chats) -> None:
    chats.make("slow", Reply(pieces=[b"{}"], pause=2))
    chats.make("quick", answer(), shadow={"endpoint": "slow", "sample": 1})
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        assert {reply.status_code for reply in pool.map(chats.ask, ["quick"] * (MOST_IN_FLIGHT + 4))} == {200}
    assert time.monotonic() - began < 1.5
    (row,) = (row for row in chats.http.get("/_connote/shadow").json()["shadows"] if row["inference_id"] == "quick")
    assert (row["in_flight"], row["dropped"]) == (MOST_IN_FLIGHT, 4)


def test_only_a_sample_is_asked(chats: Chats) -> None:
    chats.make("rare", answer())
    for id, sample in (("never", 0.0), ("half", 0.5)):
        chats.make(id, answer(), shadow={"endpoint": "rare", "sample": sample})
    for _ in range(40):
        chats.ask("never")
        chats.ask("half")
        figures(chats, "half", 0)
    assert figures(chats, "never", 0)["requests"] == 0
    assert 5 <= figures(chats, "half", 0)["requests"] <= 35  # misses this once in a million runs


def test_figures_are_reset(chats: Chats) -> None:
    chats.make("other", answer())
    chats.make("reset", answer(), shadow={"endpoint": "other", "sample": 1})
    chats.ask("reset")
    figures(chats, "reset", 1)
    assert chats.http.delete("/_connote/shadow/reset").json() == {"acknowledged": True}
    found = figures(chats, "reset", 0)
    assert (found["requests"], found["compared"], found["live"]["mean_ms"]) == (0, 0, None)
    assert chats.http.delete("/_connote/shadow/other").status_code == 404
    assert chats.http.delete("/_connote/shadow/nobody").status_code == 404
    # So they are for an endpoint that is made anew.
    chats.ask("reset")
    figures(chats, "reset", 1)
    chats.http.delete("/_inference/reset")
    chats.make("reset", answer(), shadow={"endpoint": "other", "sample": 1})
    assert figures(chats, "reset", 0)["requests"] == 0


@pytest.mark.parametrize(
    ("rows", "mean"),
    [
        ([[2, 4], [1, 0]], {"cosine": pytest.approx((1 + 2**-0.5) / 2)}),
        ([[1, 2, 3], [1, 2, 3]], {}),
    ],
)
def test_dense_vectors_are_compared_if_they_can_be(
    chats: Chats, rows: Sequence[Sequence[float]], mean: dict[str, Any]
) -> None:
    provider = chats.provider
    provider.tell("/other", vectors(rows[0]), vectors(*rows))
    provider.tell("/dense", vectors([1, 2]), vectors([1, 2], [1, 1]))
    for id, members in (("other", {}), ("dense", {"shadow": {"endpoint": "other", "sample": 1}})):
        given: dict[str, Any] = body(f"{provider.url}/{id}") | members
        assert chats.http.put(f"/_inference/text_embedding/{id}", json=given).status_code == 200
    assert chats.http.post("/_inference/dense", json={"input": ["a", "b"]}).status_code == 200
    found = figures(chats, "dense", 1)
    assert (found["mean"], found["compared"]) == (mean, int(bool(mean)))


def test_local_models_are_compared_by_tokens_and_by_order(chats: Chats) -> None:
    local = {"num_threads": 1, "num_allocations": 1}
    made = (
        ("sparse_embedding", "one", ".elser_model_2", None),
        ("sparse_embedding", "two", ".elser_model_2", "one"),
        ("rerank", "three", ".rerank-v1", None),
        ("rerank", "four", ".rerank-v1", "three"),
    )
    for task, id, model, shadow in made:
        given: dict[str, Any] = {"service": "elasticsearch", "service_settings": local | {"model_id": model}}
        if shadow:
            given["shadow"] = {"endpoint": shadow, "sample": 1.0}
        assert chats.http.put(f"/_inference/{task}/{id}", json=given).status_code == 200
    chats.http.post("/_inference/two", json={"input": ["a quiet house", "the sea"]})
    chats.http.post("/_inference/four", json={"query": "a house", "input": ["a cottage", "tax law", "a home"]})
    assert figures(chats, "two", 1)["mean"] == {"top_overlap": 1.0}
    assert figures(chats, "four", 1)["mean"] == {"order_agreement": 1.0}


def test_a_shadow_must_be_another_endpoint_for_the_same_task(chats: Chats) -> None:
    chats.make("self", answer())
    for endpoint, reason in (
        ("self", "[shadow] Invalid value [self]. [endpoint]: It is the endpoint itself"),
        ("nobody", "Inference endpoint not found [nobody]"),
        (".rerank-v1-elasticsearch", "Its task type is [rerank] and must be [chat_completion]"),
    ):
        refused = chats.update("self", shadow={"endpoint": endpoint})
        assert refused.status_code == 400
        assert reason in refused.json()["error"]["reason"]
    assert chats.http.post("/_inference/chat_completion/self", json=ASK).status_code == 200


def test_a_shadow_that_was_made_anew_for_another_task_is_not_asked(chats: Chats) -> None:
    chats.make("twin", answer())
    chats.make("cast", answer("cast"), shadow={"endpoint": "twin", "sample": 1})
    chats.http.delete("/_inference/twin?force=true")
    assert chats.http.put("/_inference/completion/twin", json=body(f"{chats.provider.url}/twin")).status_code == 200
    chats.provider.asked.clear()
    assert text(chats.ask("cast")) == "cast"
    found = figures(chats, "cast", 1)
    assert found["shadow"]["last_error"] == "Its task type is [completion] and must be [chat_completion]"
    assert chats.asked("twin") == 0
