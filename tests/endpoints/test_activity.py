"""What endpoints did in the last minutes can be watched."""

import httpx

from chats import Chats, answer
from connote.contract.results import Usage
from connote.endpoints.activity import SECONDS, SLOTS, Activity
from connote.endpoints.attempt import Attempt
from connote.endpoints.cache import Caching
from connote.endpoints.preconfigured import ENDPOINTS
from connote.services.service import Call
from provider import Reply

ELSER = ENDPOINTS[".elser-2-elastic"]


def attempt(seconds: float, read: int = 0, error: Exception | None = None) -> Attempt:
    ended = Attempt(Call(ELSER, ELSER.options, ()), "anonymous", Caching.USE)
    ended.seconds, ended.usage, ended.error = seconds, Usage(read), error
    return ended


def test_each_minute_has_its_own_figures_and_old_ones_are_forgotten() -> None:
    now = 0.0
    activity = Activity(lambda _: {"hits": 0, "misses": 0}, lambda: now)
    activity.count(attempt(0.010, 5))
    activity.count(attempt(0.030, 7, ValueError()))
    now += 2 * SECONDS
    activity.count(attempt(1.0))
    series = activity.wire()["endpoints"][ELSER.id]
    assert series["requests"] == [0] * (SLOTS - 3) + [2, 0, 1]
    assert (series["errors"][-3], series["input_tokens"][-3]) == (1, 12)
    assert (series["milliseconds"][-3], series["slowest"][-3], series["milliseconds"][-1]) == (20, 30, 1000)
    now += SLOTS * SECONDS
    assert sum(activity.wire()["endpoints"][ELSER.id]["requests"]) == 0
    activity.forget(ELSER.id)
    assert activity.wire()["endpoints"] == {}


def test_hits_of_the_cache_are_counted_once() -> None:
    counts = {"hits": 3, "misses": 1}
    activity = Activity(lambda _: counts, lambda: 0.0)
    activity.count(attempt(0.1))
    counts["hits"] += 2
    activity.count(attempt(0.1))
    activity.count(attempt(0.1))
    series = activity.wire()["endpoints"][ELSER.id]
    assert (series["cache_hits"][-1], series["cache_misses"][-1]) == (5, 1)


def test_what_the_cache_counts_anew_is_never_less_than_nothing() -> None:
    counts = {"hits": 3, "misses": 4}
    activity = Activity(lambda _: counts, lambda: 0.0)
    activity.count(attempt(0.1))
    counts.update(hits=1, misses=1)  # it was stopped, and started again
    activity.count(attempt(0.1))
    series = activity.wire()["endpoints"][ELSER.id]
    assert (series["cache_hits"][-1], series["cache_misses"][-1]) == (4, 5)
    activity.forget(ELSER.id)  # and another of this name is made
    activity.count(attempt(0.1))
    series = activity.wire()["endpoints"][ELSER.id]
    assert (series["cache_hits"][-1], series["cache_misses"][-1]) == (1, 1)


def test_the_activity_of_a_chat_is_that_of_its_requests(chats: Chats, remote: httpx.Client) -> None:
    chats.make("watched", answer(), Reply({"error": {"message": "no"}}, 400))
    for _ in range(2):
        chats.ask("watched")
    series = remote.get("/_connote/activity").json()["endpoints"]["watched"]
    assert (sum(series["requests"]), sum(series["errors"]), sum(series["input_tokens"])) == (2, 1, 2)
    assert max(series["slowest"]) > 0
