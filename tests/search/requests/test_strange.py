"""Whatever a stranger sends to searches: an answer in the wire's form, never a 5xx."""

import json
import string
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homes import Search

NAMES = "title city price rate sold built at look words rooms rooms.size _id _index _score _doc nowhere title.raw"
names = st.sampled_from(NAMES.split())
numbers = (
    st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([0, 1, 2, 3, 10, -1, 2**63])
)
texts = st.sampled_from(
    ["sea", "rome", "oslo", "2020-01-01", "now/d", "a*", "[a", "to", "desc", "min", "1km", "50%", "AUTO", "true"]
) | st.text(max_size=6)
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts | names,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names | st.text(string.ascii_lowercase), inner, max_size=3)
    ),
    max_leaves=6,
)


SOURCES = (
    "doc['price'].value",
    "doc['price'].size() > 0",
    "emit(doc['price'].size())",
    "emit(doc['city'].value)",
    "emit(1.5, 300)",
    "emit(params._source.title)",
    "for (c in doc['city']) emit(c)",
    "doc['a'].value",
    "params.x + _score",
    "[1, [doc['built'].value]]",
    "doc['at'].value",
    "'a'",
    "0 / 0",
    "emit(",
)


def some(**known: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object of some of these keys with likely values, a few of which may be anything."""
    return st.fixed_dictionaries({}, optional={name: _mostly(value) for name, value in known.items()})


def _mostly(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.integers(0, 19).flatmap(lambda n: anything if n == 0 else value)


def one(*kinds: str, of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(kinds).flatmap(lambda kind: st.fixed_dictionaries({kind: of}))


scripts = st.sampled_from(SOURCES) | some(source=st.sampled_from(SOURCES), params=anything) | anything
leaf = st.one_of(
    one(
        "match",
        "term",
        "prefix",
        "wildcard",
        "fuzzy",
        "match_phrase",
        "regexp",
        of=st.dictionaries(names, texts | numbers, max_size=1),
    ),
    one("range", of=st.dictionaries(names, some(gte=numbers | texts, lt=numbers | texts, format=texts), max_size=1)),
    one("terms", of=st.dictionaries(names, st.lists(texts | numbers, max_size=3), max_size=1)),
    one("exists", of=some(field=names)),
    one("knn", of=some(field=names, query_vector=st.lists(numbers, max_size=3), k=numbers, num_candidates=numbers)),
    one("sparse_vector", of=some(field=names, query_vector=st.dictionaries(texts, numbers, max_size=3))),
    one("geo_distance", of=some(distance=texts | numbers, at=st.lists(numbers, min_size=2, max_size=2))),
    one("match_all", "match_none", "ids", "query_string", of=anything),
    one("script", of=some(script=scripts)),
    one("rule", of=some(match_criteria=anything, ruleset_ids=st.lists(texts, max_size=2), organic=anything)),
)
queries = st.recursive(
    leaf | anything,
    lambda inner: (
        one("bool", of=some(must=inner, should=st.lists(inner, max_size=2), filter=inner, minimum_should_match=texts))
        | one("nested", of=some(path=names, query=inner, score_mode=texts))
        | one("constant_score", of=some(filter=inner, boost=numbers))
    ),
    max_leaves=4,
)


def diverse(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    known = {"type": st.just("mmr"), "lambda": numbers, "field": st.just("look") | names, "retriever": inner}
    return some(**known, size=numbers, query_vector=st.lists(numbers, max_size=3), query_vector_builder=anything)


standard = one("standard", of=some(query=queries, filter=queries, sort=anything, min_score=numbers))
retrievers = st.recursive(
    standard
    | one("knn", of=some(field=names, query_vector=st.lists(numbers, max_size=3), k=numbers, num_candidates=numbers)),
    lambda inner: (
        one(
            "rrf",
            "linear",
            of=some(
                retrievers=st.lists(inner | some(retriever=inner, weight=numbers), max_size=2),
                query=texts,
                fields=st.lists(names, max_size=2),
                rank_window_size=numbers,
                normalizer=texts,
            ),
        )
        | one("pinned", of=some(ids=st.lists(texts, max_size=2), retriever=inner))
        | one("rescorer", of=some(retriever=inner, rescore=anything))
        | one("rule", of=some(retriever=inner, match_criteria=anything, ruleset_ids=st.lists(texts, max_size=2)))
        | one("diversify", of=diverse(inner))
    ),
    max_leaves=3,
)
options = some(
    order=st.sampled_from(["asc", "desc"]),
    missing=texts | numbers,
    mode=st.sampled_from(["min", "avg", "sum"]),
    format=texts,
    nested=some(path=names, filter=leaf),
    unmapped_type=texts,
)
sorts = st.lists(names | st.dictionaries(names, options, max_size=1), max_size=2)
size = st.integers(0, 20)
more = some(
    _source=st.booleans() | names | st.lists(names, max_size=2),
    explain=st.booleans(),
    fields=st.lists(names | some(field=names, format=texts), max_size=2),
    post_filter=leaf,
    profile=st.booleans(),
    track_total_hits=st.booleans() | size,
)
kinds = st.sampled_from(["long", "double", "date", "keyword", "boolean", "geo_point", "ip", "text"])
runtime = some(type=kinds, script=scripts, on_script_error=st.sampled_from(["fail", "continue"]), format=texts)
made = st.dictionaries(st.sampled_from(["a", "b", "price", "city"]), runtime, max_size=2)
by_script = some(type=st.sampled_from(["number", "string"]), script=scripts, order=st.sampled_from(["asc", "desc"]))
suggester = some(
    text=texts,
    prefix=texts,
    term=some(field=names, size=numbers, suggest_mode=st.sampled_from(["always", "popular"]), max_term_freq=numbers),
    completion=some(field=names, fuzzy=anything, size=numbers),
)
plain = st.one_of(
    some(
        query=leaf | one("range", of=some(a=some(gte=numbers))),
        runtime_mappings=made,
        sort=sorts,
        fields=st.just(["*"]),
    ),
    some(query=leaf, script_fields=st.dictionaries(texts, some(script=scripts, ignore_failure=st.booleans()))),
    some(query=leaf, sort=st.lists(one("_script", of=by_script), max_size=2), terminate_after=numbers),
    some(suggest=st.dictionaries(texts, suggester, max_size=2), query=leaf),
    some(query=queries, size=size),
    some(query=queries, sort=sorts, slice=some(id=st.integers(0, 3), max=st.integers(1, 4))),
    some(sort=st.just(["price", "city"]), search_after=st.lists(texts | numbers | st.none(), min_size=2, max_size=2)),
    some(query=leaf, min_score=numbers, indices_boost=st.lists(st.dictionaries(texts, numbers), max_size=1)),
    some(query=leaf, rescore=some(window_size=size, query=some(rescore_query=leaf, query_weight=numbers))),
    some(knn=anything, query=leaf),
    some(retriever=retrievers, size=size),
    some(timeout=texts, pit=anything, highlight=anything, aggs=anything, colour=anything),
)
bodies = st.tuples(plain, more).map(lambda both: {**both[1], **both[0]})


PATHS = (
    "/homes/_search",
    "/houses/_search",
    "/homes/_count",
    "/houses/_explain/1",
    "/homes/_validate/query",
    "/homes/_search?scroll=1s",
)
OTHERS = ("/_render/template", "/houses/_search/template", "/_search/scroll", "/homes/_field_caps", "/_search")


def check(reply: httpx.Response) -> None:
    assert reply.status_code < 500, f"{reply.text} {reply.request.url} {reply.request.content!r}"
    if reply.status_code >= 400 and "error" in reply.json():
        error = reply.json()["error"]
        assert reply.json()["status"] == reply.status_code
        assert error["reason"]
        assert error["root_cause"][0]["type"]


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=st.sampled_from(PATHS), body=bodies)
def test_no_search_is_answered_with_a_5xx(search: Search, path: str, body: object) -> None:
    check(search.http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"}))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(OTHERS),
    body=some(
        id=texts, source=texts | bodies, params=anything, scroll=texts, scroll_id=texts, fields=texts, query=queries
    ),
)
def test_nor_is_what_stands_beside_it(search: Search, path: str, body: object) -> None:
    check(search.http.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"}))


@pytest.mark.parametrize(
    "params",
    [
        "from=-1",
        "size=x",
        "sort=price:up",
        "sort=nowhere",
        "q=(",
        "_source=a&size=1",
        "scroll=x",
        "search_after=1",
        "track_total_hits=x",
        "timeout=x",
        "explain=x",
    ],
)
def test_nor_is_what_the_url_says(search: Search, params: str) -> None:
    check(search.http.get(f"/homes/_search?{params}"))
