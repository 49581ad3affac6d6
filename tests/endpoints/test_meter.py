"""What endpoints are used for is counted, by API key and month, and outlives the process."""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine, text

from chats import Chats, answer, stream, vectors
from conftest import Server
from connote.config import load
from connote.contract.chat import ChatUsage, Chunk
from connote.contract.errors import IllegalArgument, OverBudget, Unavailable
from connote.contract.policy import Budget, Policy
from connote.contract.results import Completion, Usage
from connote.endpoints import meter as metering
from connote.endpoints.attempt import Attempt
from connote.endpoints.cache import Caching
from connote.endpoints.meter import Meter
from connote.endpoints.preconfigured import ENDPOINTS
from connote.endpoints.price import Price, Prices
from connote.runtime.library import Library
from connote.services.service import Call, Endpoint
from connote.store import database
from connote.store.usage import UsageStore
from provider import Asked, Provider, Reply

MONTH = f"{datetime.now(UTC):%Y-%m}"


def test_tokens_and_cost_are_counted_and_a_trial_is_not(chats: Chats) -> None:
    chats.make("counted", answer(), model="priced")
    for _ in range(2):
        assert chats.ask("counted").headers["X-Connote-Endpoint"] == "counted"
    assert chats.usage("counted") == {
        "month": MONTH,
        "inference_id": "counted",
        "key": "anonymous",
        "requests": 2,
        "errors": 0,
        "input_tokens": 4,
        "output_tokens": 2,
        "cost": pytest.approx(2 * (2 * 0.001 + 0.002)),
        "currency": "USD",
        "unpriced_requests": 0,
    }


@pytest.mark.parametrize(("model", "counts"), [("gpt", True), ("priced", False)])
def test_a_cost_that_is_not_known_is_null(chats: Chats, model: str, counts: bool) -> None:
    chats.make(f"unknown-{model}", answer(counts=counts), model=model)
    chats.ask(f"unknown-{model}")
    row = chats.usage(f"unknown-{model}")
    assert (row["requests"], row["cost"], row["unpriced_requests"]) == (1, None, 1)


def test_a_request_that_fails_is_an_error_and_costs_nothing(chats: Chats) -> None:
    chats.make("failing", Reply({"error": {"message": "no"}}, 400), model="priced")
    assert chats.ask("failing").status_code == 400
    row = chats.usage("failing")
    assert (row["requests"], row["errors"], row["cost"], row["unpriced_requests"]) == (1, 1, 0.0, 0)


def test_a_stream_is_counted_when_it_ends(chats: Chats) -> None:
    chats.make("streaming", stream("a", "b"), model="priced")
    assert "[DONE]" in chats.stream("streaming").text
    row = chats.usage("streaming")
    assert (row["errors"], row["input_tokens"], row["output_tokens"]) == (0, 2, 2)
    assert row["cost"] == pytest.approx(2 * 0.001 + 2 * 0.002)


def test_a_stream_that_breaks_off_is_counted_though_its_cost_is_not_known(chats: Chats) -> None:
    chats.make("breaking", stream("a", counts=False, cut=True), model="priced")
    assert "event: error" in chats.stream("breaking").text
    row = chats.usage("breaking")
    assert (row["requests"], row["errors"], row["cost"], row["unpriced_requests"]) == (1, 1, None, 1)


def test_a_stream_whose_client_leaves_is_counted_and_is_no_error(chats: Chats) -> None:
    chats.make("left", stream(*"abcdefgh" * 20, pause=0.05), model="priced")
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    with chats.http.stream("POST", "/_inference/chat_completion/left/_stream", json=body) as reply:
        next(reply.iter_bytes())
    assert chats.provider.left.wait(10)
    row = chats.usage("left")
    assert (row["requests"], row["errors"], row["unpriced_requests"]) == (1, 0, 1)


def test_embeddings_that_are_split_count_as_one_request(chats: Chats) -> None:
    provider = chats.provider
    provider.tell("/openai/v1/embeddings", lambda asked: vectors(*[[1, 2]] * len(asked.json["input"])))
    settings = {"service": "openai", "service_settings": {"api_key": "sk", "model_id": "priced"}}
    chats.http.put("/_inference/text_embedding/split", json=settings)
    assert chats.http.post("/_inference/split", json={"input": ["a"] * 2049}).status_code == 200
    row = chats.usage("split")
    assert (row["requests"], row["input_tokens"], row["cost"]) == (1, 8, pytest.approx(0.008))


def test_of_a_split_request_that_fails_the_parts_that_came_are_counted(chats: Chats) -> None:
    first = threading.Event()

    def answered(asked: Asked) -> Reply:
        if len(asked.json["input"]) > 1:
            first.set()
            return vectors(*[[1, 2]] * len(asked.json["input"]))
        time.sleep(0.5 if first.wait(5) else 0)
        return Reply({"error": {"message": "no"}}, 400)

    chats.provider.tell("/openai/v1/embeddings", vectors([1, 2]), answered)
    settings = {"service": "openai", "service_settings": {"api_key": "sk", "model_id": "priced"}}
    chats.http.put("/_inference/text_embedding/half", json=settings)
    assert chats.http.post("/_inference/half", json={"input": ["a"] * 2049}).status_code == 400
    row = chats.usage("half")
    assert (row["requests"], row["errors"], row["input_tokens"], row["cost"]) == (1, 1, 4, pytest.approx(0.004))


def test_tokens_that_cannot_be_do_no_harm_to_others(chats: Chats) -> None:
    mad = {"prompt_tokens": 2**70, "completion_tokens": -5, "total_tokens": 3}
    chats.make("sane", answer())
    chats.make("mad", Reply({"id": "c", "model": "m", "choices": [], "usage": mad}))
    chats.ask("sane")
    chats.ask("mad")
    assert chats.usage("sane")["requests"] == 1
    assert (chats.usage("mad")["input_tokens"], chats.usage("mad")["output_tokens"]) == (10**9, 0)


def test_the_cost_of_what_was_given_up_is_not_known(chats: Chats) -> None:
    chats.make("given-up", Reply(pieces=[b"{"] * 10, pause=0.3), model="priced")
    assert chats.ask("given-up", timeout="200ms").status_code == 408
    row = chats.usage("given-up")
    assert (row["requests"], row["errors"], row["cost"], row["unpriced_requests"]) == (1, 1, None, 1)


def test_local_models_count_the_tokens_that_they_read(chats: Chats, library: Library) -> None:
    for name in (".elser_model_2", ".rerank-v1"):
        library.resolve(library.find(name), lambda *_: None)
    local = {"num_threads": 1, "num_allocations": 1}
    for task, model in (("sparse_embedding", ".elser_model_2"), ("rerank", ".rerank-v1")):
        body = {"service": "elasticsearch", "service_settings": local | {"model_id": model}}
        assert chats.http.put(f"/_inference/{task}/local-{task}", json=body).status_code == 200
    chats.http.post("/_connote/cache/_clear")
    for texts in (["a quiet house"], ["a quiet house", "a quiet house"], ["a quiet house", "sea"]):
        chats.http.post("/_inference/local-sparse_embedding", json={"input": texts})
    row = chats.usage("local-sparse_embedding")
    # [CLS] a quiet house [SEP] and [CLS] sea [SEP], also those that the cache had.
    assert (row["requests"], row["input_tokens"], row["cost"]) == (3, 5 + 10 + 5 + 3, None)
    chats.http.post("/_inference/local-rerank", json={"query": "a house", "input": ["a cottage", "tax law"]})
    row = chats.usage("local-rerank")
    assert row["input_tokens"] > 8
    assert (row["cost"], row["currency"]) == (0.5, None)


def test_rows_are_chosen_by_endpoint_key_and_month(chats: Chats) -> None:
    chats.make("chosen", answer())
    chats.ask("chosen")
    for params, count in (
        ({"month": MONTH}, 1),
        ({"month": "2020-01"}, 0),
        ({"key": "anonymous"}, 1),
        ({"key": "other"}, 0),
        ({"month": MONTH, "key": "anonymous"}, 1),
    ):
        rows = chats.http.get("/_connote/usage", params={"endpoint": "chosen", **params}).json()["usage"]
        assert len(rows) == count, params
    refused = chats.http.get("/_connote/usage?month=May")
    assert refused.status_code == 400
    assert "[month] must be such as [2026-11], not [May]" in refused.json()["error"]["reason"]


def test_each_api_key_has_rows_of_its_own(provider: Provider, tmp_path: Path) -> None:
    config = tmp_path / "connote.toml"
    config.write_text(
        'api_key = "k0"\n[api_keys]\nteam-a = "k1"\nteam-b = "k2"\n'
        f'[services.openai]\nbase_url = "{provider.url}/openai"\n'
    )
    provider.tell("/openai/v1/chat/completions", answer())
    server = Server(tmp_path / "data", "--config", str(config))
    with httpx.Client(base_url=server.url, timeout=60) as http:

        def sent(method: str, path: str, key: str, json: object = None) -> httpx.Response:
            return http.request(method, path, json=json, headers={"Authorization": f"ApiKey {key}"})

        made = {"service": "openai", "service_settings": {"api_key": "sk", "model_id": "gpt"}}
        assert sent("PUT", "/_inference/completion/mine", "k0", made).status_code == 200
        for key, count in (("k0", 1), ("k1", 2), ("k2", 3)):
            for _ in range(count):
                assert sent("POST", "/_inference/mine", key, {"input": "a"}).status_code == 200
        assert sent("POST", "/_inference/mine", "k3", {"input": "a"}).status_code == 401
        rows = sent("GET", "/_connote/usage", "k2").json()["usage"]
        assert {row["key"]: row["requests"] for row in rows} == {"default": 1, "team-a": 2, "team-b": 3}
        (row,) = sent("GET", "/_connote/usage?key=team-a", "k1").json()["usage"]
        assert row["input_tokens"] == 4
    assert server.stop() == 0
    assert not any(key in server.log.read_text() for key in ("k0", "k1", "k2"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[api_keys]\nanonymous = "x"', r"\[api_keys\] anonymous is no name for a key"),
        ('[api_keys]\nshadow = "x"', r"\[api_keys\] shadow is no name for a key"),
        ('api_key = "x"\n[api_keys]\ndefault = "y"', r"\[api_keys\] default is no name"),
        ('[api_keys]\n"a b" = "x"', r"\[api_keys\] a b is no name"),
        ('[api_keys]\na = ""', r"\[api_keys\] a must be a key"),
        ('[api_keys]\na = "same"\nb = "same"', r"\[api_keys\] b must be a key, and one that no other name has"),
        ('[prices."nobody/m"]\ninput = 1', r'\[prices\."nobody/m"\] must be named "SERVICE/MODEL"'),
        ('[prices."openai"]\ninput = 1', r'\[prices\."openai"\] must be named "SERVICE/MODEL"'),
        ('[prices."openai/m"]\ncurrency = "EUR"', r"must have one of input, output, search"),
        ('[prices."openai/m"]\ninput = -1', r"Expected `float` >= 0.0 - at `\$.prices"),
    ],
)
def test_keys_and_prices_that_make_no_sense_are_told_at_the_start(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "connote.toml"
    file.write_text(text)
    with pytest.raises(IllegalArgument, match=reason) as refused:
        load(file, {})
    assert "same" not in str(refused.value)


def test_after_a_kill_at_most_the_last_second_is_lost(library: Library, tmp_path: Path) -> None:
    library.resolve(library.find(".elser_model_2"), lambda *_: None)
    counted = []
    for how in (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM):
        server = Server(tmp_path / "data")
        with httpx.Client(base_url=server.url, timeout=60) as http:
            rows = http.get("/_connote/usage?endpoint=.elser-2-elastic").json()["usage"]
            counted.append(rows[0]["requests"] if rows else 0)
            http.post("/_inference/.elser-2-elastic", json={"input": "a"})
        if how is signal.SIGKILL:
            time.sleep(1)
        server.stop(how)
    # SIGTERM loses nothing, whenever it comes.
    assert counted == [0, 1, 2]


class Clock:
    """The time, as a test says."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def used(endpoint: Endpoint, tokens: int) -> Attempt:
    attempt = Attempt(Call(endpoint, endpoint.options, ["a"]), "anonymous", Caching.USE)
    attempt.gave(Completion([""], Usage(tokens)))
    return attempt


@contextmanager
def opened(folder: Path) -> Iterator[Engine]:
    engine = database.connect(folder)
    yield engine
    engine.dispose()


def budgeted(budget: Budget) -> Endpoint:
    return replace(ENDPOINTS[".elser-2-elastic"], policy=Policy(budget=budget))


def test_a_budget_holds_until_the_month_turns_also_after_a_restart(tmp_path: Path) -> None:
    clock, endpoint = Clock(datetime(2026, 12, 31, 23, tzinfo=UTC)), budgeted(Budget(monthly=1.0))
    prices = Prices({"elastic/elser_model_2": Price(input=1e6)})

    async def spend() -> None:
        with opened(tmp_path) as engine:
            meter = Meter(UsageStore(engine), prices, clock)
            meter.check(endpoint)
            meter.count(used(endpoint, 1))
            await meter.close()

    async def turn() -> None:
        with opened(tmp_path) as engine:
            meter = Meter(UsageStore(engine), prices, clock)
            with pytest.raises(OverBudget, match=r"has spent \[1\] of \[1\], its budget of the month 2026-12") as over:
                meter.check(endpoint)
            assert over.value.headers == {"Retry-After": "3600"}
            assert "It answers again from 2027-01-01 (UTC) on" in over.value.reason
            clock.now = datetime(2027, 1, 1, tzinfo=UTC)
            meter.check(endpoint)
            meter.count(used(endpoint, 0))
            assert [row["month"] for row in await meter.read(None, None, None)] == ["2026-12", "2027-01"]
            await meter.close()

    asyncio.run(spend())
    asyncio.run(turn())


def test_a_budget_whose_price_has_gone_from_the_configuration_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        fix = r'add \[prices."elastic/elser_model_2"\] to the configuration'
        with opened(tmp_path) as engine, pytest.raises(Unavailable, match=fix):
            Meter(UsageStore(engine), Prices({})).check(budgeted(Budget(monthly=1.0)))

    asyncio.run(story())


def test_what_cannot_be_written_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metering, "GATHER", 0.01)
    monkeypatch.setattr(metering, "_LATER", 0.01)
    endpoint = budgeted(Budget(monthly_tokens=100))

    async def story() -> None:
        with opened(tmp_path) as engine:
            meter = Meter(UsageStore(engine), Prices({}))
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE usage RENAME TO away"))
            meter.count(used(endpoint, 3))
            await asyncio.sleep(0.1)
            meter.count(used(endpoint, 4))
            with engine.begin() as connection:
                connection.execute(text("ALTER TABLE away RENAME TO usage"))
            await asyncio.sleep(0.1)
            (figures,) = UsageStore(engine).read().values()
            assert (figures.requests, figures.read) == (2, 7)
            await meter.close()

    asyncio.run(story())


def test_usage_that_is_reported_again_and_again_is_counted_once() -> None:
    endpoint = budgeted(Budget(monthly_tokens=100))
    attempt = Attempt(Call(endpoint, endpoint.options, []), "anonymous", Caching.BYPASS)
    with attempt:
        for told in (ChatUsage.of(5, 1), ChatUsage.of(0, 3), None, ChatUsage.of(5, 4)):
            attempt.streamed(Chunk(usage=told))
        attempt.ended()
    assert attempt.usage == Usage(5, 4)
