"""Scores changed by functions and scripts, held against loops over the documents."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import BadScript, ConnoteError
from search.query.houses import MAPPING, areas, houses, points, prices, words
from search.query.slow import Scores, listed, metres, same
from search.query.small import Small

Houses = tuple[Small, list[dict[str, Any]]]
JOIN: dict[str, Any] = {
    "multiply": lambda a, b: a * b,
    "sum": lambda a, b: a + b,
    "avg": lambda a, b: (a + b) / 2,
    "max": max,
    "min": min,
    "replace": lambda _, b: b,
}


@given(
    houses(),
    some.sampled_from(["multiply", "sum", "avg", "first", "max", "min"]),
    some.sampled_from(sorted(JOIN)),
    some.lists(some.tuples(words, some.sampled_from([0.5, 2.0, 3.0])), max_size=3),
    some.sampled_from([1.0, 2.5]),
    some.sampled_from([0.75, 100.0]),
)
def test_weights_of_filters_are_joined(
    index: Houses, mode: str, how: str, parts: list[tuple[str, float]], boost: float, most: float
) -> None:
    small, _ = index
    inner = {"match": {"body": "river house"}}
    filters = [(small.search({"match": {"body": word}}), weight) for word, weight in parts]
    wanted: Scores = {}
    for number, score in small.search(inner).items():
        own = [weight for found, weight in filters if number in found]
        joined = {"multiply": math.prod(own), "sum": sum(own), "max": max(own, default=1), "min": min(own, default=1)}
        joined |= {"first": (own or [1.0])[0], "avg": 1.0}  # the average by weight of functions that all give 1
        factor = joined[mode] if own else 1.0
        wanted[number] = JOIN[how](score * boost, min(factor, most)) if parts else score * boost
    functions = [{"filter": {"match": {"body": word}}, "weight": weight} for word, weight in parts]
    query = {"query": inner, "functions": functions, "score_mode": mode, "boost_mode": how, "boost": boost}
    same(small.search({"function_score": {**query, "max_boost": most}}), wanted)


MODIFIERS: dict[str, Any] = {
    "none": lambda x: x,
    "log1p": lambda x: math.log10(x + 1),
    "log2p": lambda x: math.log10(x + 2),
    "ln1p": lambda x: math.log(x + 1),
    "ln2p": lambda x: math.log(x + 2),
    "square": lambda x: x * x,
    "sqrt": math.sqrt,
}


@given(
    some.lists(some.integers(0, 50), min_size=1, max_size=5),
    some.sampled_from(sorted(MODIFIERS)),
    some.sampled_from([1, 0.5]),
)
def test_a_field_is_a_factor(values: list[int], modifier: str, factor: float) -> None:
    small = Small(MAPPING, [{"price": value} for value in values] + [{}])
    wanted = {number: MODIFIERS[modifier](value * factor) for number, value in enumerate([*values, 4])}
    query = {"field_value_factor": {"field": "price", "modifier": modifier, "factor": factor, "missing": 4}}
    same(small.search({"function_score": query}), wanted)


@given(
    houses(),
    some.sampled_from(["gauss", "exp", "linear"]),
    prices,
    some.integers(1, 9),
    some.integers(0, 3),
    some.floats(0.1, 0.9),
)
def test_numbers_decay(index: Houses, shape: str, origin: int, scale: int, offset: int, decay: float) -> None:
    small, documents = index
    wanted = {}
    for number, each in enumerate(documents):
        away = [max(abs(price - origin) - offset, 0) for price in listed(each.get("price"))]
        wanted[number] = factor(shape, min(away), scale, decay) if away else 1.0
    query = {"price": {"origin": origin, "scale": scale, "offset": offset, "decay": decay}}
    same(small.search({"function_score": {shape: query}}), wanted)


def factor(shape: str, away: float, scale: float, decay: float) -> float:
    """The formulas of the documentation."""
    if shape == "gauss":
        return math.exp(-(away**2) / (2 * (-(scale**2) / (2 * math.log(decay)))))
    if shape == "exp":
        return math.exp(math.log(decay) / scale * away)
    reach = scale / (1 - decay)
    return max((reach - away) / reach, 0)


@given(houses(), points)
def test_places_decay(index: Houses, origin: dict[str, float]) -> None:
    small, documents = index
    wanted = {}
    for number, each in enumerate(documents):
        away = [metres(place, origin["lat"], origin["lon"]) for place in listed(each.get("place"))]
        wanted[number] = factor("exp", min(away), 2_000_000, 0.5) if away else 1.0
    query = {"exp": {"place": {"origin": origin, "scale": "2000km"}}}
    same(small.search({"function_score": query}), wanted, 1e-5)


def test_dates_decay() -> None:
    small = Small(MAPPING, [{"day": "2024-01-01"}, {"day": "2024-01-11"}, {"day": "2024-01-21"}])
    query = {"linear": {"day": {"origin": "2024-01-01", "scale": "10d", "decay": 0.5}}}
    same(small.search({"function_score": query}), {0: 1.0, 1: 0.5, 2: 0.0})


def test_chance_is_the_same_for_the_same_seed() -> None:
    small = Small(MAPPING, [{"price": number} for number in range(50)], segments=3)
    query = {"function_score": {"random_score": {"seed": 7, "field": "_seq_no"}}}
    found = small.search(query)
    assert found == small.search(query)
    assert len(set(found.values())) == 50
    assert all(0 <= score < 1 for score in found.values())
    assert found != small.search({"function_score": {"random_score": {"seed": "x", "field": "_seq_no"}}})
    assert small.search({"function_score": {"random_score": {}}}) != small.search(
        {"function_score": {"random_score": {}}}
    )


def test_low_scores_may_be_left_out() -> None:
    small = Small(MAPPING, [{"price": 1}, {"price": 5}])
    query = {"field_value_factor": {"field": "price"}, "min_score": 2}
    assert small.search({"function_score": query}) == {1: 5.0}


@given(houses(), areas)
def test_a_script_sees_the_score_and_the_values(index: Houses, plus: float) -> None:
    small, documents = index
    inner = {"match": {"body": "river house"}}
    source = "doc['price'].size() == 0 ? _score : _score * Math.max(doc['price'].value, 0) + params.plus"
    wanted = {}
    for number, score in small.search(inner).items():
        values = listed(documents[number].get("price"))
        wanted[number] = score * max(min(values), 0) + abs(plus) if values else score
    script = {"source": source, "params": {"plus": abs(plus)}}
    same(small.search({"script_score": {"query": inner, "script": script}}), wanted)
    replaced = {"query": inner, "script_score": {"script": script}, "boost_mode": "replace"}
    same(small.search({"function_score": replaced}), wanted)


VECTORS = {
    "v": {"type": "dense_vector", "dims": 3, "similarity": "l2_norm"},
    "place": {"type": "geo_point"},
    "day": {"type": "date"},
}


@given(
    some.lists(
        some.tuples(*[some.integers(-40, 40).map(lambda each: each / 8)] * 3).filter(any), min_size=1, max_size=5
    )
)
def test_scripts_compare_vectors(vectors: list[tuple[float, ...]]) -> None:
    small, query = Small(VECTORS, [{"v": list(each)} for each in vectors], segments=2), [1.0, -2.0, 0.5]
    length = math.hypot(*query)
    formulas: dict[str, Any] = {
        "cosineSimilarity(params.q, 'v') + 1.0": lambda v: 1 + dot(v, query) / (math.hypot(*v) * length),
        "dotProduct(params.q, 'v') + 100": lambda v: dot(v, query) + 100,
        "1 / (1 + l2norm(params.q, 'v'))": lambda v: 1 / (1 + math.dist(v, query)),
        "1 / (1 + l1norm(params.q, 'v'))": lambda v: 1 / (1 + sum(abs(a - b) for a, b in zip(v, query, strict=True))),
        "doc['v'].magnitude + doc['v'].vectorValue[0] + 40": lambda v: math.hypot(*v) + v[0] + 40,
        "double d = dotProduct(params.q, 'v'); return saturation(d * d, 2);": lambda v: (
            dot(v, query) ** 2 / (2 + dot(v, query) ** 2)
        ),
    }
    for source, formula in formulas.items():
        script = {"source": source, "params": {"q": query}}
        found = small.search({"script_score": {"query": {"match_all": {}}, "script": script, "boost": 2}})
        same(found, {number: 2 * formula(each) for number, each in enumerate(vectors)}, 1e-4)


@given(some.lists(some.binary(min_size=2, max_size=2), min_size=1, max_size=5), some.binary(min_size=2, max_size=2))
def test_scripts_compare_bytes_and_bits(vectors: list[bytes], query: bytes) -> None:
    fields = {
        "bits": {"type": "dense_vector", "dims": 16, "element_type": "bit"},
        "bytes": {"type": "dense_vector", "dims": 2, "element_type": "byte", "similarity": "l2_norm"},
    }
    small = Small(fields, [{"bits": each.hex(), "bytes": signed(each)} for each in vectors], segments=2)
    mask = [number / 4 for number in range(16)]
    formulas: dict[str, Callable[[bytes], float]] = {
        "hamming(params.q, 'bits')": lambda v: sum((a ^ b).bit_count() for a, b in zip(v, query, strict=True)),
        "hamming(params.q, 'bytes')": lambda v: sum((a ^ b).bit_count() for a, b in zip(v, query, strict=True)),
        "hamming(params.hex, 'bits')": lambda v: sum((a ^ b).bit_count() for a, b in zip(v, query, strict=True)),
        "l1norm(params.q, 'bits')": lambda v: sum((a ^ b).bit_count() for a, b in zip(v, query, strict=True)),
        "l2norm(params.q, 'bits')": lambda v: sum((a ^ b).bit_count() for a, b in zip(v, query, strict=True)) ** 0.5,
        "dotProduct(params.q, 'bits')": lambda v: sum((a & b).bit_count() for a, b in zip(v, query, strict=True)),
        "dotProduct(params.mask, 'bits')": lambda v: sum(
            weight * int(bit) for weight, bit in zip(mask, "".join(f"{each:08b}" for each in v), strict=True)
        ),
        "l1norm(params.q, 'bytes')": lambda v: sum(abs(a - b) for a, b in zip(signed(v), signed(query), strict=True)),
        "dotProduct(params.q, 'bytes') + 40000": lambda v: dot(signed(v), signed(query)) + 40000,
    }
    params = {"q": signed(query), "hex": query.hex(), "mask": mask}
    for source, formula in formulas.items():
        script = {"source": source, "params": params}
        found = small.search({"script_score": {"query": {"match_all": {}}, "script": script}})
        same(found, {number: formula(each) for number, each in enumerate(vectors)}, 1e-5)


PAIRS = some.lists(some.binary(min_size=2, max_size=2), min_size=1, max_size=4)


@given(some.lists(PAIRS, min_size=1, max_size=4), PAIRS)
def test_scripts_compare_many_vectors_with_many(documents: list[list[bytes]], query: list[bytes]) -> None:
    """Each of the query's vectors counts by the one of the document that is most like it."""
    fields = {
        "floats": {"type": "rank_vectors"},
        "bytes": {"type": "rank_vectors", "element_type": "byte", "dims": 2},
        "bits": {"type": "rank_vectors", "element_type": "bit"},
    }
    sources = [
        {
            "floats": [[each / 8 for each in signed(one)] for one in several],
            "bytes": [signed(one) for one in several],
            "bits": [one.hex() for one in several],
        }
        for several in documents
    ]
    small = Small(fields, sources, segments=2)
    masks = [[number / (4 + at) for number in range(16)] for at, _ in enumerate(query)]
    params = {"q": [signed(each) for each in query], "hex": [each.hex() for each in query], "masks": masks}

    def most(one: Any, like: Callable[[Any, bytes], float], several: list[bytes]) -> float:  # noqa: ANN401
        return max(like(one, each) for each in several)

    def nearness(one: bytes, other: bytes) -> float:
        return 1 - sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True)) / 16

    def masked(mask: list[float], other: bytes) -> float:
        return sum(
            weight * int(bit) for weight, bit in zip(mask, "".join(f"{each:08b}" for each in other), strict=True)
        )

    formulas: dict[str, Callable[[list[bytes]], float]] = {
        "maxSimDotProduct(params.q, 'floats') + 40000": lambda several: (
            40000 + sum(most(signed(one), lambda one, v: dot(one, signed(v)) / 8, several) for one in query)
        ),
        "maxSimDotProduct(params.q, 'bytes') + 400000": lambda several: (
            400000 + sum(most(signed(one), lambda one, v: dot(one, signed(v)), several) for one in query)
        ),
        "maxSimInvHamming(params.q, 'bytes')": lambda several: sum(most(one, nearness, several) for one in query),
        "maxSimInvHamming(params.hex, 'bits')": lambda several: sum(most(one, nearness, several) for one in query),
        "maxSimDotProduct(params.masks, 'bits')": lambda several: sum(most(mask, masked, several) for mask in masks),
    }
    for source, formula in formulas.items():
        script = {"source": source, "params": params}
        found = small.search({"script_score": {"query": {"match_all": {}}, "script": script}})
        same(found, {number: formula(each) for number, each in enumerate(documents)}, 1e-4)


def signed(raw: bytes) -> list[int]:
    return [each - 256 if each > 127 else each for each in raw]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("hamming([1.0, 2.0], 'floats')", "only supported for byte or bit vectors"),
        ("cosineSimilarity([1], 'bits')", "not supported for bit vectors"),
        ("hamming([1.5], 'bits')", "only support integers between [-128, 127]"),
        ("hamming([1, 2], 'bits')", "different number of dimensions"),
        ("hamming('zz', 'bits')", "must be a list of numbers"),
        ("hamming(['a'], 'bits')", "must be a list of numbers"),
    ],
)
def test_what_cannot_be_compared_is_told(source: str, reason: str) -> None:
    fields = {
        "bits": {"type": "dense_vector", "dims": 8, "element_type": "bit"},
        "floats": {"type": "dense_vector", "dims": 2},
    }
    small = Small(fields, [{"bits": [1], "floats": [1, 2]}])
    with pytest.raises(BadScript) as told:
        small.search({"script_score": {"query": {"match_all": {}}, "script": source}})
    assert reason in str(told.value.wire())


def dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_scripts_see_places_dates_and_words() -> None:
    small = Small(MAPPING, [{"place": [0, 0], "day": "2024-03-01", "tag": "new", "sold": True}])
    for source, score in (
        ("doc['place'].arcDistance(1.0, 0.0)", 111_195.08),
        ("doc['place'].lat + 1", 1.0),
        ("doc['day'].value.getYear()", 2024.0),
        ("doc['day'].value.dayOfWeekEnum.value", 5.0),
        ("doc['day'].value.dayOfWeekEnum.getDisplayName(TextStyle.FULL, Locale.ROOT) == 'Friday' ? 7 : 8", 7.0),
        ("doc['tag'].value == 'new' ? 3 : 4", 3.0),
        ("decayNumericLinear(5, 10, 2, 0.5, 9)", 0.9),
        ("decayNumericExp(5, 10.0, 0, 0.5, 15)", 0.5),
        ("decayDateGauss('2024-03-11', '10d', '0', 0.5, doc['day'].value)", 0.5),
        ("decayGeoExp('1,0', '111195.08m', '0', 0.25, doc['place'].value)", 0.25),
        ("randomScore(7) == randomScore(7, '_seq_no') && randomScore(7) < 1 ? 2 : 1", 2.0),
        ("randomScore(7, 'tag') == randomScore(8, 'tag') ? 2 : 1", 1.0),
        ("doc['sold'].value ? 3 : 4", 3.0),
        ("doc.containsKey('price') && doc['price'].empty ? 5 : 6", 5.0),
        ("sigmoid(2, 2, 1)", 0.5),
    ):
        found = small.search({"script_score": {"query": {"match_all": {}}, "script": {"source": source}}})
        same(found, {0: score}, 1e-5)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"function_score": {"functions": [{}]}}, "an entry in functions list is missing a function."),
        ({"function_score": {"functions": [{"weight": "x"}]}}, "[weight] must be a number"),
        ({"function_score": {"functions": [], "weight": 2}}, "already found [functions] array"),
        (
            {"function_score": {"gauss": {"price": {"scale": 1, "origin": 1, "decay": 2}}}},
            "must be in the range (0..1)",
        ),
        ({"function_score": {"gauss": {"price": {"scale": 1}}}}, "Cannot parse [null] as a number"),
        ({"function_score": {"gauss": {"price": {"origin": 1, "scale": "x"}}}}, "must be numbers"),
        ({"function_score": {"gauss": {"tag": {"origin": 1, "scale": 1}}}}, "only numeric types are supported"),
        ({"function_score": {"field_value_factor": {"field": "missing"}}}, "Unable to find a field mapper"),
        ({"function_score": {"field_value_factor": {"field": "price"}}}, "Missing value for field [price]"),
        ({"function_score": {"score_mode": "best"}}, "[score_mode] [best]"),
        ({"script_score": {"query": {"match_all": {}}}}, "[script_score] requires 'script' field"),
        ({"script_score": {"query": {"match_all": {}}, "script": {"source": "-1"}}}, "Must be a non-negative score!"),
        ({"script_score": {"query": {"match_all": {}}, "script": {"source": "1 +"}}}, "compile error"),
        ({"script_score": {"query": {"match_all": {}}, "script": {"source": "doc['price'].value"}}}, "runtime error"),
        ({"script_score": {"query": {"match_all": {}}, "script": {"source": "doc['nope'].value"}}}, "runtime error"),
        ({"script_score": {"query": {"match_all": {}}, "script": {"source": "dotProduct(1)"}}}, "runtime error"),
        ({"script_score": {"query": {"match_all": {}}, "script": {"source": "true"}}}, "which is no number"),
        ({"script_score": {"query": {"match_all": {}}, "script": "decayNumericExp(1, 0, 0, 0.5, 1)"}}, "runtime error"),
        ({"script_score": {"query": {"match_all": {}}, "script": "decayGeoExp(1, 2, 3, 4, 5)"}}, "runtime error"),
        ({"script_score": {"query": {"match_all": {}}, "script": "decayDateExp('x', 2, 3, 4, 5)"}}, "runtime error"),
    ],
)
def test_what_is_wrong_is_told(query: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConnoteError) as caught:
        Small(MAPPING, [{}]).search(query)
    assert caught.value.status == 400
    assert reason in str(caught.value.reason)


@given(houses(), some.integers(1, 400))
def test_a_script_finds_documents(index: Houses, most: int) -> None:
    small, documents = index
    source = "doc['price'].size() > 0 && doc['price'].value < params.most"
    asked = {"script": {"script": {"source": source, "params": {"most": most}}, "boost": 2}}
    cheap = [number for number, own in enumerate(documents) if (p := listed(own.get("price"))) and min(p) < most]
    same(
        small.search(asked),
        {number: 2.0 for number in small.search({"range": {"price": {"lt": most}}}) if number in cheap},
    )


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ({"source": "_score > 1"}, "compile error"),
        ({"source": "doc['nope'].value"}, "runtime error"),
        (None, "[script] requires 'script' field"),
    ],
)
def test_what_is_wrong_with_a_script_that_finds_is_told(script: object, reason: str) -> None:
    with pytest.raises(ConnoteError) as caught:
        Small(MAPPING, [{}]).search({"script": {"script": script}})
    assert (caught.value.status, reason in caught.value.reason) == (400, True)
