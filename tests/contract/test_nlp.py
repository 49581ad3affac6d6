"""Inference configurations are read, echoed and changed as Elasticsearch does it."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connote.contract import nlp
from connote.contract.errors import ConnoteError, Rejected, Unparsable
from connote.contract.tokenization import TOKENIZATIONS, parse
from connote.contract.vocabulary import Vocabulary

ENTAILMENT = ["entailment", "neutral", "contradiction"]
# What eland sends for each task (its version 9.2, eland/ml/pytorch).
ELAND: list[dict[str, Any]] = [
    {
        "text_embedding": {
            "tokenization": {"bert": {"do_lower_case": True, "max_sequence_length": 256}},
            "embedding_size": 384,
        }
    },
    {"text_expansion": {"tokenization": {"bert": {"do_lower_case": True, "max_sequence_length": 512}}}},
    {"fill_mask": {"tokenization": {"roberta": {"add_prefix_space": False, "max_sequence_length": 512}}}},
    {"pass_through": {"tokenization": {"mpnet": {"do_lower_case": True}}}},
    {"text_similarity": {"tokenization": {"deberta_v2": {"do_lower_case": False, "truncate": "second"}}}},
    {"ner": {"tokenization": {"xlm_roberta": {}}, "classification_labels": ["O", "B_PER", "I_PER"]}},
    {"text_classification": {"tokenization": {"bert_ja": {}}, "classification_labels": ["good", "bad"]}},
    {"zero_shot_classification": {"tokenization": {"bert": {}}, "classification_labels": ENTAILMENT}},
    {"question_answering": {"tokenization": {"bert": {"max_sequence_length": 386, "span": 128, "truncate": "none"}}}},
]


@pytest.mark.parametrize("sent", ELAND, ids=lambda sent: next(iter(sent)))
def test_what_eland_sends_is_echoed_with_all_defaults_and_can_be_read_again(sent: dict[str, Any]) -> None:
    config = nlp.parse(sent)
    ((task, fields),) = sent.items()
    ((name, options),) = fields["tokenization"].items()
    assert config.task == task
    assert config.results_field == "predicted_value"
    shown = config.wire()[task]
    assert shown["vocabulary"] == {"index": ".ml-inference-native-000002"}
    assert shown["tokenization"] == {
        name: {
            "do_lower_case": False,
            "with_special_tokens": True,
            "max_sequence_length": 512,
            "truncate": "first",
            "span": -1,
            **({"add_prefix_space": False} if name == "roberta" else {}),
            **options,
        }
    }
    assert {key: shown[key] for key in fields if key != "tokenization"} == {
        key: value for key, value in fields.items() if key != "tokenization"
    }
    assert nlp.parse(config.wire(), kept=True) == config


def test_without_a_tokenisation_it_is_that_of_bert() -> None:
    assert nlp.parse({"ner": {}}).wire()["ner"]["tokenization"]["bert"]["max_sequence_length"] == 512


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([], r"\[inference_config\] must be an object with one task of \[fill_mask, ner,"),
        ({}, "must be an object with one task"),
        ({"ner": {}, "fill_mask": {}}, "must be an object with one task"),
        ({"ner": 1}, r"\[inference_config\] \[ner\] must be an object"),
        ({"nur": {}}, r"unknown task \[nur\]; known are \[fill_mask, ner"),
        ({"regression": {}}, r"\[regression\] is for tree models, which connote does not serve"),
        ({"ner": {"labels": ["a"]}}, r"\[ner\] unknown field \[labels\]"),
        ({"ner": {"vocabulary": {"index": "x"}}}, r"illegal setting \[vocabulary\] on inference model creation"),
        (
            {"ner": {"classification_labels": ["O", "PER"]}},
            r"only allows IOB tokenization tagging .*; provided \[PER\]",
        ),
        ({"ner": {"classification_labels": ["B_PER", "I_PER"]}}, r"missing outside label \[O\]"),
        ({"text_classification": {"classification_labels": ["one"]}}, r"requires at least 2 \[classification_labels\]"),
        ({"text_classification": {"num_top_classes": "2"}}, r"\[num_top_classes\] is not of the expected type"),
        ({"zero_shot_classification": {}}, r"required setting \[classification_labels\]"),
        (
            {"zero_shot_classification": {"classification_labels": ["entailment", "neutral", "no"]}},
            "must contain exactly the three values",
        ),
        (
            {"zero_shot_classification": {"classification_labels": ENTAILMENT, "labels": []}},
            r"\[labels\] must hold 1 to 1000 labels, not 0",
        ),
        (
            {"zero_shot_classification": {"classification_labels": ENTAILMENT, "hypothesis_template": "It is so."}},
            r"\[hypothesis_template\] must hold {} where a label goes",
        ),
        ({"fill_mask": {"mask_token": "<mask>"}}, r"Mask token requested was \[<mask>\] but must be \[\[MASK\]\]"),
        ({"ner": {"tokenization": {"word": {}}}}, r"unknown tokenization \[word\]; known are \[bert, bert_ja"),
        ({"ner": {"tokenization": {"bert": {"lower": True}}}}, r"\[bert\] unknown field \[lower\]"),
        ({"ner": {"tokenization": {"bert": {"max_sequence_length": 0}}}}, "must be a positive integer"),
        ({"ner": {"tokenization": {"bert": {"truncate": "third"}}}}, r"\[truncate\] must be one of \[balanced, first,"),
        (
            {"question_answering": {"tokenization": {"bert": {"span": 600, "truncate": "none"}}}},
            r"\[span\] provided \[600\] must not be greater than \[max_sequence_length\] provided \[512\]",
        ),
        (
            {"question_answering": {"tokenization": {"bert": {"span": 8}}}},
            r"\[span\] must not be provided when \[truncate\] is \[first\]",
        ),
        (
            {"ner": {"tokenization": {"bert": {"span": 8, "truncate": "none"}}}},
            r"\[ner\] does not support windowing long text sequences; configured span \[8\]",
        ),
    ],
)
def test_what_is_wrong_is_told(sent: object, told: str) -> None:
    with pytest.raises(Unparsable, match=told):
        nlp.parse(sent)


def test_a_call_changes_what_may_be_changed_and_nothing_else() -> None:
    stored = nlp.parse({"zero_shot_classification": {"classification_labels": ENTAILMENT, "results_field": "old"}})
    changed = stored.updated(
        {
            "zero_shot_classification": {
                "labels": ["a", "b"],
                "multi_label": True,
                "results_field": "new",
                "tokenization": {"bert": {"truncate": "NONE"}},
            }
        }
    )
    assert changed.results_field == "new"
    shown, before = changed.wire()["zero_shot_classification"], stored.wire()["zero_shot_classification"]
    assert shown["tokenization"]["bert"].pop("truncate") == "none"
    assert shown | {"tokenization": 0} == before | {
        "labels": ["a", "b"],
        "multi_label": True,
        "results_field": "new",
        "tokenization": 0,
    }
    assert stored.wire()["zero_shot_classification"]["results_field"] == "old"


@pytest.mark.parametrize(
    ("stored", "change", "kind", "told"),
    [
        (
            {"ner": {}},
            {"fill_mask": {}},
            Rejected,
            r"Inference config of type \[ner\] can not be updated with a inference request of type \[fill_mask\]",
        ),
        (
            {"ner": {}},
            {"ner": {"classification_labels": ["O"]}},
            Unparsable,
            r"unknown field \[classification_labels\]",
        ),
        ({"fill_mask": {}}, {"fill_mask": {"mask_token": "x"}}, Unparsable, r"unknown field \[mask_token\]; known are"),
        (
            {"ner": {}},
            {"ner": {"tokenization": {"roberta": {}}}},
            Rejected,
            "can not be updated with a request of type",
        ),
        (
            {"ner": {}},
            {"ner": {"tokenization": {"bert": {"do_lower_case": True}}}},
            Unparsable,
            r"\[bert_tokenization_update\] unknown field \[do_lower_case\]; known are \[truncate, span\]",
        ),
        ({"ner": {}}, {"ner": {"tokenization": {"bert": {"span": 3, "truncate": "none"}}}}, Unparsable, "windowing"),
        ({"question_answering": {}}, {"question_answering": {"max_answer_length": 0}}, Unparsable, "positive integer"),
    ],
)
def test_what_a_call_may_not_change_is_told(
    stored: dict[str, Any], change: dict[str, Any], kind: type[ConnoteError], told: str
) -> None:
    with pytest.raises(kind, match=told) as caught:
        nlp.parse(stored).updated(change)
    assert caught.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = sorted({field.name for kind in nlp.TASKS.values() for field in kind.fields()} | {"tokenization", "vocabulary"})
TOKENS = sorted({field.name for kind in TOKENIZATIONS.values() for field in kind.fields()})
NEARLY = st.dictionaries(
    st.sampled_from(sorted(nlp.TASKS)),
    st.dictionaries(
        st.sampled_from(FIELDS),
        JSON
        | st.dictionaries(
            st.sampled_from(sorted(TOKENIZATIONS)),
            st.dictionaries(st.sampled_from(TOKENS), JSON, max_size=3),
            max_size=1,
        ),
        max_size=3,
    ),
    min_size=1,
    max_size=1,
)


@settings(max_examples=300, deadline=None)
@given(sent=NEARLY | JSON, change=NEARLY | JSON)
def test_whatever_is_sent_is_read_or_refused_with_400(sent: object, change: object) -> None:
    with suppress(Rejected):  # which is 400; anything else would be a 500
        config = nlp.parse(sent)
        assert nlp.parse(config.wire(), kept=True) == config
        assert config.updated(change).task == config.task


def test_a_vocabulary_must_have_what_its_tokenisation_needs() -> None:
    plain = Vocabulary.parse({"vocabulary": ["<s>", "a"]})
    told = r"cannot put vocabulary for model \[m\] as tokenizer type \[roberta\] requires \[merges\] to be provided"
    with pytest.raises(Rejected, match=told):
        plain.check("m", parse({"roberta": {}}))
    with pytest.raises(Rejected, match=r"requires \[scores\]"):
        plain.check("m", parse({"xlm_roberta": {}}))
    plain.check("m", parse({"bert": {}}))
    whole = Vocabulary.parse({"vocabulary": ["<s>", "a"], "merges": None, "scores": [0, -1.5]})
    whole.check("m", parse({"deberta_v2": {}}))
    assert Vocabulary.parse(whole.wire()) == whole


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({}, "must not be empty"),
        ({"vocabulary": []}, "must not be empty"),
        ({"vocabulary": "a"}, "must be an array"),
        ({"vocabulary": ["a", 1]}, r"\[vocabulary\] must hold strings only"),
        ({"vocabulary": ["a"], "scores": [0, 1]}, r"\[scores\] must have the same length as \[vocabulary\]"),
        ({"vocabulary": ["a"], "scores": ["0"]}, r"\[scores\] must hold numbers only"),
        ({"vocabulary": ["a"], "scores": [10**400]}, r"\[scores\] must be finite numbers"),
        ({"vocabulary": ["a"], "scores": [float("nan")]}, r"\[scores\] must be finite numbers"),
        ({"vocabulary": ["a"], "merges": ["ab"]}, r"\[merges\] must each be two tokens with a space between"),
        ({"vocabulary": ["a"], "tokens": []}, r"unknown field \[tokens\]"),
        ([], "must be an object"),
    ],
)
def test_a_vocabulary_that_is_none_is_refused(sent: object, told: str) -> None:
    with pytest.raises(Unparsable, match=told):
        Vocabulary.parse(sent)
