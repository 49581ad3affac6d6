"""Every task gives what transformers' own pipeline gives with the same weights."""

import json
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import networks
from connote.contract import nlp
from connote.contract.errors import IllegalArgument, Rejected
from connote.contract.predictions import Answered, Classified, Entities, Prediction, Predictions, Tensor, wire
from connote.contract.results import Dense, Sparse
from connote.contract.vocabulary import Vocabulary
from connote.runtime.backends.backend import Terms
from connote.runtime.local import Inputs, LocalModel, Outputs, Scores
from connote.runtime.nlp.model import NlpModel
from connote.runtime.nlp.pieces import Pieces
from connote.runtime.nlp.windows import Window
from networks import hf

# Made once by the pipeline of transformers 4.57, the last that has one, with the network and the vocabulary of `asked`.
ANSWERS = json.loads(Path(__file__).with_name("answers.json").read_text(encoding="utf-8"))
TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
TEXTS = [
    "Angela Merkel lives in Berlin near Hugging Face in Paris.",
    "the quick brown fox; jumps over München & Sèvres",
    "東京は大きい都市です。 안녕하세요 세계",
    "emoji 👩‍👩‍👧 lives in Berlin 🤗",
    "x",
]
KINDS = ("bert", "roberta")


def tokens(kind: str, **settings: object) -> dict[str, Any]:
    return {"tokenization": {kind: ({"do_lower_case": True} if kind == "bert" else {}) | settings}}


@cache
def made(auto: str, kind: str, labels: int = 2) -> Any:  # noqa: ANN401 (transformers')
    return networks.network(getattr(hf, auto), kind, num_labels=labels)


@cache
def reference(kind: str) -> Any:  # noqa: ANN401 (transformers')
    found = networks.tokenizer(kind)
    found.model_max_length = 128
    return found


def run(model: NlpModel | LocalModel, inputs: Inputs) -> Outputs:
    encoded = model.encode(inputs)
    return model.finish(encoded, model.run(encoded) if encoded else [])


def predict(model: NlpModel, *texts: str, change: dict[str, Any] | None = None) -> Sequence[Any]:
    config = model.config.updated({model.config.task: change}) if change else None
    found = run(model, Inputs(texts, config=config))
    assert isinstance(found, Predictions)
    return found.values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_classification(kind: str, text: str) -> None:
    module = made("AutoModelForSequenceClassification", kind, 3)
    labels = ["good", "bad", "ugly"]
    options = tokens(kind) | {"classification_labels": labels, "num_top_classes": 3}
    (found,) = predict(networks.uploaded({"text_classification": options}, module), text)
    pipeline = hf.pipeline("text-classification", model=module, tokenizer=reference(kind), top_k=None)
    expected = pipeline([text])[0]
    named = {f"LABEL_{i}": label for i, label in enumerate(labels)}
    assert [each.name for each in found.top] == [named[each["label"]] for each in expected]
    assert [each.probability for each in found.top] == pytest.approx([each["score"] for each in expected], abs=1e-4)
    assert found.best == found.top[0]


@pytest.mark.filterwarnings("ignore:Tokenizer does not support real words")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", TEXTS)
def test_ner(kind: str, text: str) -> None:
    module = made("AutoModelForTokenClassification", kind, len(TAGS))
    module.config.id2label = dict(enumerate(TAGS))
    options = tokens(kind) | {"classification_labels": [tag.replace("-", "_") for tag in TAGS]}
    (found,) = predict(networks.uploaded({"ner": options}, module), text)
    pipeline = hf.pipeline(
        "token-classification", model=module, tokenizer=reference(kind), aggregation_strategy="average"
    )
    units = [len(text[:i].encode("utf-16-le")) // 2 for i in range(len(text) + 1)]
    expected = [(each["entity_group"], units[each["start"]], units[each["end"]]) for each in pipeline(text)]
    assert isinstance(found, Entities)
    assert [(each.name, each.start, each.end) for each in found.found] == expected
    assert [each.probability for each in found.found] == pytest.approx(
        [each["score"] for each in pipeline(text)], abs=1e-4
    )


@pytest.mark.parametrize("kind", KINDS)
def test_fill_mask(kind: str) -> None:
    module = made("AutoModelForMaskedLM", kind)
    mask = reference(kind).mask_token
    text = f"The capital of France is {mask}."
    (found,) = predict(networks.uploaded({"fill_mask": tokens(kind)}, module), text, change={"num_top_classes": 5})
    expected = hf.pipeline("fill-mask", model=module, tokenizer=reference(kind), top_k=5)(text)
    names = [each["token_str"].removeprefix("##").strip() for each in expected]
    assert [each.name for each in found.top] == names
    assert [each.probability for each in found.top] == pytest.approx([each["score"] for each in expected], abs=1e-4)
    assert wire(found, "city")["city_sequence"] == f"The capital of France is {names[0]}."


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("labels", [["politics", "sports", "cooking"], ["food"]])
def test_zero_shot_classification(kind: str, several: bool, labels: list[str]) -> None:
    module = made("AutoModelForSequenceClassification", kind, 3)
    names = ["contradiction", "neutral", "entailment"]
    module.config.label2id, module.config.id2label = {name: i for i, name in enumerate(names)}, dict(enumerate(names))
    options = tokens(kind) | {"classification_labels": names, "multi_label": several}
    model = networks.uploaded({"zero_shot_classification": options}, module)
    found = predict(model, *TEXTS[:2], change={"labels": labels})
    pipeline = hf.pipeline("zero-shot-classification", model=module, tokenizer=reference(kind))
    for one, text in zip(found, TEXTS[:2], strict=True):
        expected = pipeline(text, labels, multi_label=several)
        assert [each.name for each in one.top] == expected["labels"]
        assert [each.probability for each in one.top] == pytest.approx(expected["scores"], abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", TEXTS)
def test_pass_through_and_text_embedding(kind: str, text: str) -> None:
    module = made("AutoModel", kind)
    (found,) = predict(networks.uploaded({"pass_through": tokens(kind)}, module), text)
    (expected,) = hf.pipeline("feature-extraction", model=module, tokenizer=reference(kind))(text)
    assert isinstance(found, Tensor)
    assert wire(found, "out")["out"] == pytest.approx(np.array(expected), abs=1e-4)
    vectors = run(networks.uploaded({"text_embedding": tokens(kind)}, module), Inputs([text, text]))
    assert isinstance(vectors, Dense)
    assert vectors.vectors == pytest.approx(np.array([expected[0], expected[0]]), abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_text_similarity_scores_each_text_with_that_of_the_call(kind: str) -> None:
    module = made("AutoModelForSequenceClassification", kind, 1)
    options = tokens(kind, truncate="second")
    model = networks.uploaded({"text_similarity": options}, module)
    query = "Who lives in Berlin?"
    found = run(model, Inputs(TEXTS, config=model.config.updated({"text_similarity": {"text": query}})))
    ranked = run(model, Inputs(TEXTS, query=query))  # a rerank endpoint asks so
    pipeline = hf.pipeline("text-classification", model=module, tokenizer=reference(kind), function_to_apply="none")
    expected = [pipeline({"text": query, "text_pair": text})["score"] for text in TEXTS]
    assert isinstance(found, Scores)
    assert isinstance(ranked, Scores)
    assert found.values == pytest.approx(expected, abs=1e-4)
    assert found.values.tolist() == ranked.values.tolist()


@cache
def asked() -> NlpModel:
    options = tokens("bert", max_sequence_length=48, truncate="none", span=16)
    module = made("AutoModelForQuestionAnswering", "bert")
    return networks.uploaded({"question_answering": options}, module)


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: case["text"][:20])
def test_question_answering(case: dict[str, Any]) -> None:
    (found,) = predict(
        asked(), case["text"], change={"question": case["question"], "max_answer_length": case["longest"]}
    )
    units = [len(case["text"][:i].encode("utf-16-le")) // 2 for i in range(len(case["text"]) + 1)]
    assert isinstance(found, Answered)
    best = found.best
    assert (best.text, best.start, best.end) == (case["answer"], units[case["start"]], units[case["end"]])
    assert best.probability == pytest.approx(case["score"], abs=1e-4)
    assert not found.top


def test_of_several_answers_the_best_comes_first_and_none_twice() -> None:
    change = {"question": "Who lives in Berlin?", "num_top_classes": 7}
    (found,) = predict(asked(), " ".join(TEXTS) * 3, change=change)
    assert len(found.top) == 7
    assert found.top[0] == found.best
    assert len({(each.start, each.end) for each in found.top}) == 7
    scores = [each.probability for each in found.top]
    assert scores == sorted(scores, reverse=True)
    (short,) = predict(asked(), "x", change=change)
    assert [each.text for each in short.top] == ["x"]
    assert wire(short, "answer")["top_classes"][0] == {
        "answer": "x",
        "score": short.best.probability,
        "start_offset": 0,
        "end_offset": 1,
    }


def test_text_expansion_weighs_tokens_and_hides_special_ones() -> None:
    module = made("AutoModelForMaskedLM", "bert")
    whole = networks.VOCABULARIES["bert"].tokens
    found = run(networks.uploaded({"text_expansion": tokens("bert")}, module), Inputs(TEXTS[:1]))
    assert isinstance(found, Sparse)
    logits = module(**reference("bert")(TEXTS[0], return_tensors="pt")).logits[0].detach().numpy()
    weights = np.log1p(np.maximum(logits.max(axis=0), 0))
    expected = {
        token.replace(".", "__"): weight
        for token, weight in zip(whole, weights, strict=True)
        if weight > 0 and token not in networks.BERT
    }
    (vector,) = found.vectors
    shown = dict(zip(vector.tokens, vector.weights.tolist(), strict=True))
    assert shown == pytest.approx(expected, abs=1e-4)
    assert "." in whole
    assert "." not in shown
    assert list(shown.values()) == sorted(shown.values(), reverse=True)


def test_an_uploaded_splade_gives_what_the_model_of_the_catalog_gives(load: Callable[[str], LocalModel]) -> None:
    local = load("rasyosef/splade-tiny")
    raw = local._tokenizer.ids()  # of the file
    model = NlpModel(
        local.row,
        nlp.parse({"text_expansion": tokens("bert")}),
        Pieces(
            Vocabulary(sorted(raw, key=raw.__getitem__)), nlp.parse({"text_expansion": tokens("bert")}).tokenization
        ),
        local.backend,
    )
    texts = ["There is no reason anyone would want a computer in their home", "", "U.S. naïve café. " * 300]
    ours, theirs = run(model, Inputs(texts)), run(local, Inputs(texts))
    assert isinstance(ours, Sparse)
    assert isinstance(theirs, Sparse)
    for one, other in zip(ours.vectors, theirs.vectors, strict=True):
        assert one.tokens == other.tokens
        assert one.weights.tolist() == other.weights.tolist()
        assert one.is_truncated == other.is_truncated
    assert (ours.cuts, ours.reads) == (theirs.cuts, theirs.reads)


def test_terms_beyond_the_vocabulary_are_left_out() -> None:
    module = made("AutoModelForMaskedLM", "bert")
    model = networks.uploaded({"text_expansion": tokens("bert")}, module)
    count = len(networks.VOCABULARIES["bert"].tokens)
    found = model.finish(model.encode(Inputs(["a"])), [Terms(np.array([40, count + 5]), np.ones(2, dtype=np.float32))])
    assert isinstance(found, Sparse)
    assert found.vectors[0].tokens == [networks.VOCABULARIES["bert"].tokens[40]]


def test_prefixes_are_put_before_texts_by_what_they_are_for() -> None:
    module = made("AutoModel", "bert")
    prefixed = networks.uploaded(
        {"text_embedding": tokens("bert")}, module, query_prefix="query: ", passage_prefix="text: "
    )
    plain = networks.uploaded({"text_embedding": tokens("bert")}, module)
    for search, prefix in ((True, "query: "), (False, "text: ")):
        ours, theirs = run(prefixed, Inputs(["x"], search=search)), run(plain, Inputs([prefix + "x"]))
        assert isinstance(ours, Dense)
        assert isinstance(theirs, Dense)
        assert ours.vectors.tolist() == theirs.vectors.tolist()


def test_of_a_text_with_windows_classes_have_the_mean_probability_and_scores_are_combined_as_configured() -> None:
    text = " ".join(TEXTS[:2]) * 6
    split = {"max_sequence_length": 40, "truncate": "none", "span": 10}
    module = made("AutoModelForSequenceClassification", "bert", 2)
    model = networks.uploaded({"text_classification": tokens("bert", **split)}, module)
    (found,) = predict(model, text)
    logits = np.array(model.run(model.encode(Inputs([text]))))
    assert len(logits) > 3
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert found.best.probability == pytest.approx(shares.mean(axis=0).max(), abs=1e-6)
    assert found.best.name == f"LABEL_{shares.mean(axis=0).argmax()}"

    module = made("AutoModelForSequenceClassification", "bert", 1)
    model = networks.uploaded({"text_similarity": tokens("bert", **split) | {"text": "x"}}, module)
    scores = np.array(model.run(model.encode(Inputs([text]))))
    for how, expected in (("max", scores.max()), ("mean", scores.mean())):
        config = model.config.updated({"text_similarity": {"span_score_combination_function": how}})
        combined = run(model, Inputs([text, text], config=config))
        assert isinstance(combined, Scores)
        assert combined.values.tolist() == pytest.approx([expected] * 2, abs=1e-5)
        assert not combined.cuts
        assert combined.reads[0] > 40


def test_what_was_cut_is_told() -> None:
    options = tokens("bert", max_sequence_length=10) | {"classification_labels": TAGS}
    module = made("AutoModelForTokenClassification", "bert", len(TAGS))
    model = networks.uploaded({"ner": options}, module)
    found = run(model, Inputs(["x", TEXTS[0]]))
    assert isinstance(found, Predictions)
    assert [each.is_truncated for each in found.values] == [False, True]
    assert wire(found.values[1], "ents")["is_truncated"] is True
    assert "is_truncated" not in wire(found.values[0], "ents")
    assert [(cut.position, cut.used) for cut in found.cuts] == [(1, 10)]
    assert found.reads == [3, 10]


def test_no_texts_have_no_results() -> None:
    for task, auto in (
        ("text_embedding", "AutoModel"),
        ("text_expansion", "AutoModelForMaskedLM"),
        ("ner", "AutoModel"),
    ):
        found = run(networks.uploaded({task: tokens("bert")}, made(auto, "bert")), Inputs([]))
        assert not found.cuts
        assert not found.reads


def test_entities_are_marked_as_annotated_text_whose_links_are_encoded_as_java_does() -> None:
    options = tokens("bert") | {"classification_labels": ["O", "B_PER", "I_PER"]}
    module = made("AutoModelForTokenClassification", "bert", 3)
    model = networks.uploaded({"ner": options}, module)
    text = "👍 Angela*~ Söhne, x"
    (window,) = cast("list[Window]", model.encode(Inputs([text])))
    logits = np.tile(np.array([9, 0, 0], dtype=np.float32), (window.used, 1))
    own = logits[window.first : window.first + len(window.part)]
    own[(window.part.offsets[:, 0] >= 2) & (window.part.offsets[:, 1] <= 16)] = 0, 0, 9
    found = model.finish([window], [logits])
    assert isinstance(found, Predictions)
    shown = wire(found.values[0], "predicted_value")
    assert shown["predicted_value"] == "👍 [Angela*~ Söhne](PER&Angela*%7E+S%C3%B6hne), x"
    (entity,) = shown["entities"]
    assert entity.pop("class_probability") == pytest.approx(1, abs=1e-3)
    # The model sees no case, and an emoji has two code units.
    assert entity == {"entity": "angela*~ söhne", "class_name": "PER", "start_pos": 3, "end_pos": 17}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no mask", r"no \[MASK\] token could be found$"),
        ("[MASK] and [MASK]", r"only one \[MASK\] token should exist in the input"),
        ("word " * 60 + "[MASK]", r"no \[MASK\] token could be found in the first \[20\] tokens"),
    ],
)
def test_a_text_needs_exactly_one_mask(text: str, told: str) -> None:
    options = tokens("bert", max_sequence_length=20)
    model = networks.uploaded({"fill_mask": options}, made("AutoModelForMaskedLM", "bert"))
    with pytest.raises(Rejected, match=told):
        model.encode(Inputs([text]))


def test_of_a_text_only_the_numbers_at_the_mask_are_kept() -> None:
    """All that a model gives for a text are hundreds of megabytes, and a request may have thousands of texts."""
    model = networks.uploaded({"fill_mask": tokens("bert")}, made("AutoModelForMaskedLM", "bert"))
    window, other = cast("list[Window]", model.encode(Inputs(["the capital of [MASK]", "[MASK] is slow"])))
    for kept, item in zip(model.run([window, other]), (window, other), strict=True):
        (all_rows,) = model.backend.run([item])
        assert isinstance(kept, np.ndarray)
        assert isinstance(all_rows, np.ndarray)
        (place,) = np.flatnonzero(item.ids == model.encode(Inputs(["[MASK]"]))[0].ids[1])
        assert kept.base is None
        np.testing.assert_allclose(kept, all_rows[place : place + 1], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("task", "options", "told"),
    [
        ("question_answering", {}, r"including the desired \[question\]"),
        ("text_similarity", {}, r"including the desired \[text\]"),
        (
            "zero_shot_classification",
            {"classification_labels": ["entailment", "neutral", "contradiction"]},
            r"requires non-empty \[labels\]",
        ),
    ],
)
def test_what_a_call_must_say_is_asked_for(task: str, options: dict[str, Any], told: str) -> None:
    model = networks.uploaded({task: tokens("bert") | options}, made("AutoModel", "bert"))
    with pytest.raises(Rejected, match=told):
        model.encode(Inputs(["a"]))


@pytest.mark.parametrize(
    ("task", "options", "shape"),
    [
        ("ner", {"classification_labels": ["O", "B_X"]}, (3, 3)),
        ("text_classification", {"classification_labels": ["a", "b"]}, (3,)),
        ("text_classification", {}, (3, 2)),
        ("fill_mask", {}, (3, 7)),
        ("fill_mask", {}, ()),
        ("text_similarity", {"text": "x"}, (2,)),
        ("text_classification", {}, (0,)),
        ("text_embedding", {}, (0,)),
        ("text_embedding", {}, (3, 0)),
        ("question_answering", {"question": "x"}, (2, 3)),
        (
            "zero_shot_classification",
            {"labels": ["x"], "classification_labels": ["entailment", "neutral", "contradiction"]},
            (2,),
        ),
    ],
)
@pytest.mark.parametrize("fill", [1.0, np.nan])
def test_a_model_of_another_shape_is_refused(
    task: str, options: dict[str, Any], shape: tuple[int, ...], fill: float
) -> None:
    model = networks.uploaded({task: tokens("bert") | options}, made("AutoModel", "bert"))
    encoded = model.encode(Inputs(["[MASK]"]))
    with pytest.raises(Rejected, match=r"[Ee]xpect"):
        model.finish(encoded, [np.full(shape, fill, dtype=np.float32) for _ in encoded])


@pytest.mark.parametrize("fill", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(
    ("task", "options"),
    [("text_embedding", {}), ("pass_through", {}), ("text_classification", {}), ("text_similarity", {"text": "x"})],
)
def test_numbers_that_json_cannot_say_are_refused(task: str, options: dict[str, Any], fill: float) -> None:
    model = networks.uploaded({task: tokens("bert") | options}, made("AutoModel", "bert"))
    encoded = model.encode(Inputs(["a"]))
    with pytest.raises(Rejected, match="not finite"):
        model.finish(encoded, [np.full(1, fill, dtype=np.float32)])


def test_vectors_of_different_lengths_are_refused() -> None:
    model = networks.uploaded({"text_embedding": tokens("bert")}, made("AutoModel", "bert"))
    encoded = model.encode(Inputs(["a", "b c"]))
    with pytest.raises(Rejected, match="vectors of one length"):
        model.finish(encoded, [np.ones(item.used, dtype=np.float32) for item in encoded])


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(st.characters(), max_size=60), max_size=4), kind=st.sampled_from(KINDS))
def test_whatever_text_comes_there_is_a_result_for_each_or_a_clear_refusal(texts: list[str], kind: str) -> None:
    labels = {"classification_labels": ["O", "B_PER", "I_PER", "B_LOC", "I_LOC"]}
    cases: list[tuple[str, str, dict[str, Any], int]] = [
        ("ner", "AutoModelForTokenClassification", labels, 5),
        ("question_answering", "AutoModelForQuestionAnswering", {"question": "who?", "num_top_classes": 2}, 2),
        ("text_classification", "AutoModelForSequenceClassification", {}, 2),
    ]
    for task, auto, options, count in cases:
        model = networks.uploaded(
            {task: tokens(kind, max_sequence_length=20, truncate="second") | options}, made(auto, kind, count)
        )
        try:
            found = predict(model, *texts)
        except IllegalArgument:  # an unpaired surrogate
            assert any("\ud800" <= character <= "\udfff" for text in texts for character in text)
            continue
        assert len(found) == len(texts)
        for one, text in zip(found, texts, strict=True):
            _check_places(one, text)


def _check_places(found: Prediction, text: str) -> None:
    units = text.encode("utf-16-le")
    if isinstance(found, Entities):
        for entity in found.found:
            assert units[2 * entity.start : 2 * entity.end].decode("utf-16-le").lower() == entity.text.lower()
    elif isinstance(found, Answered):
        for answer in found.top:
            assert units[2 * answer.start : 2 * answer.end].decode("utf-16-le") == answer.text
    else:
        assert isinstance(found, Classified)
        assert 0 <= found.best.probability <= 1
