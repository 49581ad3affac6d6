"""Phrases that may have been meant: Elasticsearch's own examples, and all phrases compared one by one."""

import itertools
import math
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import IllegalArgument
from connote.search.fetch.source import SourceFilter
from connote.search.suggest import Suggest, vocabulary
from connote.search.suggest.candidates import Candidate
from connote.search.suggest.correction import Place, best, score
from homes import Search
from search.query.small import Small

SHINGLE = {"type": "shingle", "min_shingle_size": 2, "max_shingle_size": 3}
ANALYSIS: dict[str, Any] = {
    "analyzer": {
        "trigram": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "shingle"]},
        "reverse": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "reverse"]},
        "pairs": {"type": "custom", "tokenizer": "standard", "filter": ["lowercase", "only_shingles"]},
    },
    "filter": {"shingle": SHINGLE, "only_shingles": {**SHINGLE, "output_unigrams": False}},
}
FIELDS = {name: {"type": "text", "analyzer": name} for name in ANALYSIS["analyzer"]}
PROPERTIES: dict[str, Any] = {"title": {"type": "text", "fields": FIELDS}}
PRIZES = [{"title": "noble warriors"}, {"title": "nobel prize"}]
TAGS = {"pre_tag": "<em>", "post_tag": "</em>"}
GENERATED: dict[str, Any] = {"direct_generator": [{"field": "title.trigram", "suggest_mode": "always"}]}
ALWAYS = {"field": "title.trigram", "suggest_mode": "always"}


def small(texts: Sequence[str], *, segments: int = 1) -> Small:
    return Small(PROPERTIES, [{"title": text} for text in texts], segments=segments, settings={"analysis": ANALYSIS})


def phrases(index: Small, text: str, **phrase: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    asked = Suggest.parse({"mine": {"text": text, "phrase": {"field": "title.trigram", **phrase}}})
    (entry,) = asked.entries([index.reader], SourceFilter())["mine"]
    assert (entry["text"], entry["offset"], entry["length"]) == (text, 0, len(text))
    options: list[dict[str, Any]] = entry["options"]
    return options


@pytest.fixture(scope="module")
def prizes(search: Search) -> Iterator[Search]:
    """The index of Elasticsearch's reference."""
    body = {"settings": {"analysis": ANALYSIS}, "mappings": {"properties": PROPERTIES}}
    assert search.http.put("/prizes", json=body).is_success
    for number, each in enumerate(PRIZES):
        assert search.http.put(f"/prizes/_doc/{number}?refresh=true", json=each).is_success
    yield search
    assert search.http.delete("/prizes").is_success


def suggested(prizes: Search, text: str, **phrase: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    asked = {"text": text, "phrase": {"field": "title.trigram", **phrase}}
    options: list[dict[str, Any]] = prizes("prizes", suggest={"mine": asked})["suggest"]["mine"][0]["options"]
    return options


def test_the_references_example_has_its_score() -> None:
    index = small(["noble warriors", "nobel prize"], segments=2)
    found = phrases(index, "noble prize", size=1, gram_size=3, direct_generator=[ALWAYS], highlight=TAGS)
    score = pytest.approx(0.48614594, rel=1e-6)
    assert found == [{"text": "nobel prize", "highlighted": "<em>nobel</em> prize", "score": score}]


def test_a_search_suggests_phrases(prizes: Search) -> None:
    (option,) = suggested(prizes, "noble prize", direct_generator=[ALWAYS], highlight=TAGS)
    assert (option["text"], option["highlighted"]) == ("nobel prize", "<em>nobel</em> prize")
    body = {"suggest": {"mine": {"text": "x", "phrase": {"field": "title.trigram"}}}}
    typed = prizes.http.post("/prizes/_search?typed_keys=true", json=body).json()
    assert list(typed["suggest"]) == ["phrase#mine"]


def test_a_second_generator_finds_words_that_begin_otherwise(prizes: Search) -> None:
    back = {"field": "title.reverse", "suggest_mode": "always", "pre_filter": "reverse", "post_filter": "reverse"}
    assert suggested(prizes, "obel prize", direct_generator=[ALWAYS]) == []
    (option,) = suggested(prizes, "obel prize", direct_generator=[ALWAYS, back])
    assert option["text"] == "nobel prize"


def test_phrases_that_find_nothing_are_left_out_or_marked(prizes: Search) -> None:
    def asked(*, prune: bool) -> list[tuple[str, bool | None]]:
        query = {"source": {"match_phrase": {"{{field}}": "{{suggestion}}"}}}
        collate = {"query": query, "params": {"field": "title"}, "prune": prune}
        found = suggested(prizes, "noble prize", confidence=0, direct_generator=[ALWAYS], collate=collate)
        return [(each["text"], each.get("collate_match")) for each in found]

    assert asked(prune=False) == [("nobel prize", None)]
    assert asked(prune=True) == [("nobel prize", True), ("noble prize", False)]


COMICS = [
    "Captain Marvel of the Kree", "Ghost Rider", "Doctor Strange", "Strange Tales", "Captain Britain", "Ghost Ships",
    "The Rider of the Storm", "Doctor Octopus", "Marvel Team", "Strange Doctor",
]  # fmt: skip


def test_only_likelier_phrases_are_told_unless_confidence_is_less() -> None:
    index = small(COMICS)
    found = phrases(index, "gost rider", highlight=TAGS, smoothing={"laplace": {"alpha": 0.5}})
    assert found[0]["highlighted"] == "<em>ghost</em> rider"
    assert phrases(index, "ghost rider") == []
    assert [each["text"] for each in phrases(index, "ghost rider", confidence=0)] == ["ghost rider"]


def test_neighbours_that_were_wrong_stand_in_one_tag_and_errors_are_limited() -> None:
    index = small(COMICS)
    both = phrases(index, "dcotor srtange tales", max_errors=2, highlight=TAGS)
    assert both[0]["highlighted"] == "<em>doctor strange</em> tales"
    one = phrases(index, "dcotor srtange tales", max_errors=1)
    assert {each["text"] for each in one} == {"doctor srtange tales", "dcotor strange tales"}


def test_a_text_of_as_many_words_as_the_limit_is_left_alone() -> None:
    index = small(COMICS)
    assert phrases(index, "gost rider " * 5) == []
    assert phrases(index, "gost rider", token_limit=2) == []
    assert phrases(index, "gost rider", token_limit=3)


def test_a_likelihood_beyond_all_measure_still_gives_a_number() -> None:
    found = phrases(
        small(["noble prize of peace"]), "nobel prise of", confidence=0, real_word_error_likelihood=1e300, **GENERATED
    )
    assert found
    assert all(math.isfinite(each["score"]) for each in found)


def test_queries_of_phrases_take_no_longer_than_suggestions_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "_PATIENCE", -1.0)
    collate = {"query": {"source": {"match": {"title": "{{suggestion}}"}}}}
    with pytest.raises(IllegalArgument, match="suggestions take more than"):
        phrases(small(["noble prize"]), "noble prize", confidence=0, collate=collate)


def test_the_models_are_those_of_the_reference() -> None:
    """By hand: 4 documents in one segment, 10 words and pairs of them, of which 8 are different."""
    index = small(["a bc", "a bd", "a bc", "x"])
    generator = {"field": "title.trigram", "suggest_mode": "always", "min_word_length": 1, "max_term_freq": 9}
    asked = {"confidence": 0, "gram_size": 2, "direct_generator": [generator], "real_word_error_likelihood": 0.9}
    first, typed = 0.9 * (1 + 3) / (10 + 6), 0.9
    for model, likelihood in (
        ({}, 2 / 3),
        ({"smoothing": {"stupid_backoff": {"discount": 0.3}}}, 2 / 3),
        (
            {
                "smoothing": {
                    "linear_interpolation": {"trigram_lambda": 0.5, "bigram_lambda": 0.3, "unigram_lambda": 0.2}
                }
            },
            0.3 * 2 / 3.5 + 0.2 * 3 / 16,
        ),
    ):
        found = {each["text"]: each["score"] for each in phrases(index, "a bc", **asked, **model)}
        assert found["a bc"] == pytest.approx(math.exp(math.log10(first) + math.log10(typed * likelihood)), rel=1e-6)
        assert set(found) == {"a bc", "a bd"}
    laplace = phrases(index, "a bc", **asked, smoothing={"laplace": {"alpha": 0.7}})[0]
    wanted = math.log10(0.9 * (0.7 + 3) / (10 + 0.7 * 6)) + math.log10(0.9 * (0.7 + 2) / (3 + 0.7 * 6))
    assert laplace["score"] == pytest.approx(math.exp(wanted), rel=1e-6)


@pytest.mark.parametrize(
    ("phrase", "told"),
    [
        ({"field": "none"}, "no mapping found for field [none]"),
        ({"gram_size": 0}, "gram_size must be >= 1"),
        ({"max_errors": 0}, "max_error must be > 0.0"),
        ({"confidence": -1}, "confidence must be >= 0.0"),
        ({"real_word_error_likelihood": 0}, "real_word_error_likelihood must be > 0.0"),
        ({"token_limit": 0}, "token_limit must be >= 1"),
        ({"token_limit": 101}, "at most 100"),
        ({"size": 0}, "size must be >= 1"),
        ({"highlight": {"pre_tag": "<b>"}}, "Pre and post tag must both be null or both not be null"),
        ({"smoothing": {"laplace": {"alpha": 0}}}, "alpha must be positive"),
        ({"smoothing": {"stupid_backoff": {"discount": 2}}}, "discount must be between 0 and 1"),
        ({"smoothing": {"linear_interpolation": {"trigram_lambda": 1}}}, "requires 'bigram_lambda' field"),
        (
            {"smoothing": {"linear_interpolation": {"trigram_lambda": 1, "bigram_lambda": 1, "unigram_lambda": 0}}},
            "linear smoothing lambdas must sum to 1",
        ),
        ({"smoothing": {"magic": {}}}, "needs one model"),
        ({"direct_generator": [{"max_edits": 1}]}, "requires 'field' field"),
        ({"direct_generator": [{**ALWAYS, "pre_filter": "nix"}]}, "Analyzer [nix] doesn't exists"),
        ({"direct_generator": [ALWAYS] * 11}, "at most [10]"),
        ({"field": "title.pairs"}, "doesn't emit unigrams"),
        ({"field": "title.pairs", "analyzer": "standard"}, "can't operate on field: [title.pairs]"),
        ({"field": "title.pairs", "analyzer": "pairs", "direct_generator": [ALWAYS]}, "At least one unigram"),
        ({"collate": {"query": {"source": "{"}}}, "what is not JSON"),
        ({"collate": {"query": {"source": {"magic": {}}}}}, "unknown query [magic]"),
        ({"shard_size": 10**9}, "would compare"),
        ({"direct_generator": [{**ALWAYS, "min_doc_freq": "NaN"}]}, "must be finite"),
        ({"direct_generator": [{**ALWAYS, "max_term_freq": "Infinity"}]}, "must be finite"),
        ({"nix": 1}, "does not support [nix]"),
    ],
)
def test_what_is_wrong_is_told(prizes: Search, phrase: dict[str, Any], told: str) -> None:
    own = {} if phrase.get("field", "").startswith("title") else {"direct_generator": [ALWAYS]}
    asked = {"field": "title.trigram", "confidence": 0, **own, **phrase}
    suggest = {"mine": {"text": "noble prize of", "phrase": asked}}
    assert told in prizes.error("prizes", suggest=suggest)["reason"]


WORDS = some.sampled_from(["aa", "ab", "bb", "ba", "c"])
PLACES = some.lists(some.tuples(WORDS, some.lists(WORDS, max_size=3, unique=True)), min_size=1, max_size=5)


@given(PLACES, some.integers(1, 3), some.integers(1, 5), some.integers(1, 6), some.randoms(use_true_random=False))
def test_the_best_phrases_are_those_of_all(
    drawn: list[tuple[str, list[str]]],
    reach: int,
    errors: int,
    most: int,
    random: Any,  # noqa: ANN401
) -> None:
    places = [
        Place(Candidate(word, 1.0, 1, is_typed=True), [Candidate(other, 0.5, 1) for other in others])
        for word, others in drawn
    ]
    known: dict[Any, float] = {}

    def likelihood(run: Sequence[Candidate]) -> float:
        return known.setdefault(tuple(run), math.log10(random.random() + 1e-6))

    every = []
    for words in itertools.product(*([place.typed, *place.others] for place in places)):
        if sum(not word.is_typed for word in words) <= errors:
            runs = [words[max(at + 1 - reach, 0) : at + 1] for at in range(len(words))]
            every.append(math.exp(sum(map(likelihood, runs))))
    found = best(places, likelihood, reach=reach, errors=errors, most=most)
    assert [each.score for each in found] == pytest.approx(sorted(every, reverse=True)[:most])
    assert score(places, likelihood, reach) in [pytest.approx(each) for each in every]


@given(
    some.text(max_size=60),
    some.fixed_dictionaries(
        {},
        optional={
            "size": some.integers(1, 20),
            "gram_size": some.integers(1, 5),
            "max_errors": some.floats(0.1, 20),
            "confidence": some.floats(0, 3),
            "token_limit": some.integers(1, 100),
            "force_unigrams": some.booleans(),
            "separator": some.text(max_size=2),
            "shard_size": some.integers(1, 100),
            "smoothing": some.sampled_from([{"laplace": {}}, {"stupid_backoff": {}}]),
        },
    ),
)
def test_any_text_is_answered_or_refused_soon(text: str, phrase: dict[str, Any]) -> None:
    index, began = small(COMICS, segments=2), time.process_time()
    with suppress(IllegalArgument):
        assert all(option["score"] >= 0 for option in phrases(index, text, **phrase))
    assert time.process_time() - began < 5
