"""Fallbacks answer in place of an endpoint that is down, and never hide a request that is wrong."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from chats import ASK, DOWN, Chats, answer, body, stream, text, vectors
from conftest import Server
from connote.contract.policy import Policy
from connote.endpoints import fallback
from connote.endpoints.preconfigured import ENDPOINTS
from connote.runtime.library import Library
from provider import Provider, Reply

SLOW = Reply(pieces=[b"{", b" " * 10] * 20, pause=0.5)


def test_the_first_that_is_not_down_answers_and_the_answer_says_so(chats: Chats) -> None:
    chats.make("second", DOWN)
    chats.make("third", answer("third"))
    chats.make("first", DOWN, fallback=["second", "third"])
    reply = chats.ask("first")
    assert text(reply) == "third"
    assert reply.headers["X-Connote-Endpoint"] == "third"
    warning = reply.headers["Warning"]
    assert "[third] has answered in place of [first], which did not: Received a server error status code" in warning
    assert "out of order" in warning
    # What answers with a passing fault is tried once more, and not four times.
    assert (chats.asked("first"), chats.asked("second"), chats.asked("third")) == (2, 2, 1)
    assert [chats.usage(id)["errors"] for id in ("first", "second", "third")] == [1, 1, 0]


def test_a_warning_holds_nothing_that_a_header_may_not(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("rude", Reply({"error": {"message": 'a\x00b\x1b[31m\td\r\ne "f" \\ g\u00e9'}}, 503), fallback=["spare"])
    reply = chats.ask("rude")
    assert text(reply) == "spare"
    assert "a b [31m d  e 'f' / g?" in reply.headers["Warning"]


def test_the_endpoint_answers_itself_if_it_can(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("own", answer("own"), fallback=["spare"])
    reply = chats.ask("own")
    assert (text(reply), reply.headers["X-Connote-Endpoint"]) == ("own", "own")
    assert "Warning" not in reply.headers
    assert chats.asked("spare") == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_request_that_is_wrong_is_wrong_everywhere(chats: Chats, status: int) -> None:
    chats.make("spare", answer())
    chats.make("strict", Reply({"error": {"message": "wrong"}}, status), fallback=["spare"])
    assert chats.ask("strict").status_code == status
    assert chats.asked("spare") == 0


def test_an_answer_that_makes_no_sense_is_a_service_that_is_down(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("mad", Reply(content=b"<html>"), fallback=["spare"])
    assert text(chats.ask("mad")) == "spare"


def test_an_endpoint_over_its_budget_has_its_fallback_answer(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("spent", answer("own"), model="priced", budget={"monthly": 0.001}, fallback=["spare"])
    replies = [chats.ask("spent") for _ in range(2)]
    assert [text(reply) for reply in replies] == ["own", "spare"]
    assert "[spent] has spent" in replies[1].headers["Warning"]


def test_each_attempt_has_its_share_of_the_time(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("slow", SLOW, fallback=["spare"])
    began = time.monotonic()
    reply = chats.ask("slow", timeout="2s")
    assert text(reply) == "spare"
    assert 0.9 < time.monotonic() - began < 1.8
    assert "timeout [1s] waiting for inference result of [slow]" in reply.headers["Warning"]


def test_if_all_are_down_all_are_told_in_time(chats: Chats) -> None:
    chats.make("tired", SLOW)
    chats.make("broke", answer(), budget={"monthly_tokens": 0}, fallback=["tired"])
    began = time.monotonic()
    reply = chats.ask("broke", timeout="1s")
    assert time.monotonic() - began < 1.8
    assert reply.status_code == 408  # what may pass sooner than a month
    message = reply.json()["error"]["message"]
    assert "waiting for inference result of [tired]" in message
    assert "[broke]: Inference endpoint [broke] has spent [0] of [0] tokens" in message
    assert "X-Connote-Endpoint" not in reply.headers


def test_a_fallback_is_followed_by_its_own(chats: Chats) -> None:
    chats.make("c", answer("c"))
    chats.make("b", DOWN, fallback=["c"])
    chats.make("a", DOWN, fallback=["b"])
    assert text(chats.ask("a")) == "c"


def test_a_fallback_is_asked_for_its_own_model(chats: Chats) -> None:
    chats.make("spare", answer("spare"), model="spare-model")
    chats.make("named", DOWN, fallback=["spare"])
    reply = chats.http.post("/_inference/chat_completion/named", json=ASK | {"model": "mine", "temperature": 0.5})
    assert text(reply) == "spare"
    sent = {asked.path: asked.json for asked in chats.provider.asked}
    assert sent["/named"]["model"] == "mine"
    assert (sent["/spare"]["model"], sent["/spare"]["temperature"]) == ("spare-model", 0.5)


def test_of_the_requests_task_settings_a_fallback_takes_those_that_it_knows(chats: Chats) -> None:
    chats.provider.tell("/one", answer(), DOWN)
    chats.provider.tell("/two", answer("two"))
    for id, members in (("two", {"task_settings": {"user": "own"}}), ("one", {"fallback": ["two"]})):
        chats.http.put(f"/_inference/completion/{id}", json=body(f"{chats.provider.url}/{id}", **members))
    reply = chats.http.post("/_inference/one", json={"input": "a", "task_settings": {"user": "asker"}})
    assert reply.json() == {"completion": [{"result": "two"}]}
    assert chats.provider.asked[-1].json["user"] == "asker"


def test_a_stream_falls_back_before_its_first_chunk_and_never_after(chats: Chats) -> None:
    chats.make("spare", stream("sp", "are"))
    chats.make("closed", DOWN, fallback=["spare"])
    reply = chats.stream("closed")
    assert '"content":"sp"' in reply.text
    assert reply.text.endswith("data: [DONE]\n\n")
    assert reply.headers["X-Connote-Endpoint"] == "spare"
    assert "in place of [closed]" in reply.headers["Warning"]
    chats.provider.asked.clear()
    chats.make("cut", stream("be", "gun", cut=True), fallback=["spare"])
    reply = chats.stream("cut")
    assert reply.headers["X-Connote-Endpoint"] == "cut"
    assert "event: error" in reply.text
    assert chats.asked("spare") == 0


def test_a_local_model_can_stand_by(chats: Chats) -> None:
    local = {"service": "elasticsearch", "service_settings": {"num_threads": 1, "num_allocations": 1}}
    for id, model in (("small", ".elser_model_2"), ("none", "naver/splade-v3")):
        given = local | {"service_settings": local["service_settings"] | {"model_id": model}}  # type: ignore[operator]
        members = {"fallback": ["small"]} if id == "none" else {}
        made = chats.http.put(f"/_inference/sparse_embedding/{id}", json=given | members)
        assert made.status_code == 200, made.text
    reply = chats.http.post("/_inference/none", json={"input": "a quiet house"})
    assert reply.headers["X-Connote-Endpoint"] == "small"
    assert reply.json() == chats.http.post("/_inference/small", json={"input": "a quiet house"}).json()


class TestPut:
    """What a fallback must be is checked when it is named."""

    def test_ids_and_task_types(self, chats: Chats) -> None:
        chats.make("spare", answer())
        given = body(
            f"{chats.provider.url}/spare", fallback=["nobody", ".rerank-v1-elasticsearch", "new", "spare", "spare"]
        )
        reason = chats.http.put("/_inference/chat_completion/new", json=given).json()["error"]["reason"]
        for part in (
            "[fallback] Invalid value [nobody]. Inference endpoint not found [nobody]",
            "[.rerank-v1-elasticsearch]. Its task type is [rerank] and must be [chat_completion]",
            "[new]. It is the endpoint itself",
            "[spare]. It is listed twice",
        ):
            assert part in reason
        assert chats.http.get("/_inference/new").status_code == 404

    def test_circles(self, chats: Chats) -> None:
        chats.make("c", answer())
        chats.make("b", answer(), fallback=["c"])
        chats.make("a", answer(), fallback=["b"])
        refused = chats.update("c", fallback=["a"])
        assert refused.status_code == 400
        assert "[a]. It falls back to [c] itself" in refused.json()["error"]["reason"]
        assert "fallback" not in chats.http.get("/_inference/c").json()["endpoints"][0]

    @pytest.mark.parametrize(
        ("row", "extra", "reason"),
        [
            ([1, 2, 3], {}, None),
            (
                [1, 2, 3, 4],
                {},
                "[4 dimensions, similarity dot_product, elements float] and must have [3 dimensions",
            ),
            ([1, 2, 3], {"similarity": "cosine"}, "[3 dimensions, similarity cosine, elements float] and must have"),
        ],
    )
    def test_vectors(self, chats: Chats, row: list[float], extra: dict[str, str], reason: str | None) -> None:
        provider = chats.provider
        provider.tell("/dense", vectors([1, 2, 3]), DOWN)
        provider.tell("/other", vectors(row))
        other = body(f"{provider.url}/other")
        other["service_settings"] |= extra  # type: ignore[operator]
        assert chats.http.put("/_inference/text_embedding/other", json=other).status_code == 200
        given = body(f"{provider.url}/dense", fallback=["other"])
        made = chats.http.put("/_inference/text_embedding/dense", json=given)
        if reason is None:
            assert made.status_code == 200
            reply = chats.http.post("/_inference/dense", json={"input": "a"})
            assert reply.json() == {"text_embedding": [{"embedding": [1.0, 2.0, 3.0]}]}
        else:
            assert reason in made.json()["error"]["reason"]

    def test_vectors_of_preconfigured_endpoints_are_known(self, chats: Chats) -> None:
        chats.provider.tell("/dense", vectors([1.0] * 384))
        for similarity, status in (("cosine", 200), ("dot_product", 400)):
            given = body(f"{chats.provider.url}/dense", fallback=[".multilingual-e5-small-elasticsearch"])
            given["service_settings"] |= {"similarity": similarity}  # type: ignore[operator]
            made = chats.http.put(f"/_inference/text_embedding/e5-{similarity.replace('_', '-')}", json=given)
            assert made.status_code == status, made.text


def test_an_endpoint_that_others_count_on_is_deleted_only_by_force(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("main", answer("main"), fallback=["spare"])
    chats.make("shadowed", answer(), shadow={"endpoint": "spare"})
    reason = "Inference endpoint spare is the fallback or shadow of inference endpoints: [main, shadowed]. Ensure that"
    refused = chats.http.delete("/_inference/spare")
    assert refused.status_code == 409
    assert refused.json()["error"]["reason"].startswith(reason)
    assert chats.http.delete("/_inference/spare?dry_run").json()["error_message"].startswith(reason)
    assert chats.http.delete("/_inference/spare?force").json()["acknowledged"] is True
    # What is left goes on without it, and may be changed.
    chats.provider.tell("/main", DOWN)
    assert chats.ask("main").status_code == 400
    assert chats.update("main", fallback=None).status_code == 200


@pytest.fixture
def patient(provider: Provider, tmp_path: Path) -> Iterator[Chats]:
    """Chats of a connote that waits for two seconds or more before it tries again."""
    config = tmp_path / "connote.toml"
    config.write_text('[outbound]\nfirst_delay = "4s"\nmost_delay = "4s"\nretries = 1\n')
    server = Server(tmp_path / "data", "--config", str(config))
    with httpx.Client(base_url=server.url, timeout=60, trust_env=False) as http:
        yield Chats(http, provider)
    server.stop()


def test_what_cannot_be_connected_to_is_not_tried_again_if_there_is_a_fallback(patient: Chats) -> None:
    gone = Provider()
    gone.tell("/gone", replace(answer(), headers={"Connection": "close"}))
    patient.make("spare", answer("spare"))
    patient.make("gone", url=f"{gone.url}/gone", fallback=["spare"])
    gone.close()
    began = time.monotonic()
    reply = patient.ask("gone")
    assert text(reply) == "spare"
    assert time.monotonic() - began < 1.5
    # Without one it is: that takes two seconds at least.
    assert patient.update("gone", fallback=None).status_code == 200
    began = time.monotonic()
    assert "Failed to send request" in patient.ask("gone").text
    assert time.monotonic() - began >= 2


def test_requests_side_by_side_are_told_of_their_own_fallback(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("down", DOWN, fallback=["spare"])
    chats.make("up", answer("up"))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(chats.ask, ["down", "up"] * 20))
    for reply, (content, warned) in zip(replies, [("spare", True), ("up", False)] * 20, strict=True):
        assert (text(reply), reply.headers["X-Connote-Endpoint"]) == (content, content)
        assert ("Warning" in reply.headers) == warned


def test_the_routes_of_other_apis_fall_back_and_are_counted_too(chats: Chats) -> None:
    chats.make("spare", answer("spare"))
    chats.make("foreign", DOWN, fallback=["spare"])
    reply = chats.http.post("/v1/chat/completions", json=ASK | {"model": "foreign"})
    assert text(reply) == "spare"
    assert reply.headers["X-Connote-Endpoint"] == "spare"
    assert "in place of [foreign]" in reply.headers["Warning"]
    assert chats.usage("foreign")["errors"] == 1


def test_circles_are_found_when_an_endpoint_is_made_anew(chats: Chats) -> None:
    chats.make("head", answer())
    chats.make("tail", answer(), fallback=["head"])
    chats.http.delete("/_inference/head?force=true")
    again = body(f"{chats.provider.url}/head", fallback=["tail"])
    refused = chats.http.put("/_inference/chat_completion/head", json=again)
    assert refused.status_code == 400
    assert "[fallback] Invalid value [tail]. It falls back to [head] itself" in refused.json()["error"]["reason"]


def test_a_list_has_its_bound_and_a_line_may_be_long(chats: Chats, library: Library) -> None:
    chats.provider.tell("/many", answer())
    given = body(f"{chats.provider.url}/many", fallback=[f"e{i}" for i in range(100_000)])
    refused = chats.http.put("/_inference/chat_completion/many", json=given)
    assert "[fallback] has [100000] endpoints; at most 16 are allowed" in refused.json()["error"]["reason"]
    one = ENDPOINTS[".elser-2-elastic"]
    line = {f"e{i}": replace(one, id=f"e{i}", policy=Policy(fallback=[f"e{i + 1}"])) for i in range(3000)}
    line["e3000"] = replace(one, id="e3000")
    assert [each.id for each in fallback.chain(line["e0"], line.__getitem__, library)] == list(line)
