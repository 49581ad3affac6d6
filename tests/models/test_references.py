"""Models that users add to the catalog: what their files tell of them, and that they serve."""

import json
from pathlib import Path
from typing import Any

import pytest

from connote.contract.errors import IllegalArgument
from connote.models.references import Reference, examined
from connote.runtime.catalog import Head

CONFIG = {"model_type": "bert", "hidden_size": 32, "max_position_embeddings": 64}
MEAN: dict[str, Any] = {
    "modules.json": [
        {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    ],
    "1_Pooling/config.json": {"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True},
}
CLS = MEAN | {"1_Pooling/config.json": {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}}


def folder(tmp_path: Path, files: dict[str, Any]) -> Path:
    """A checkpoint of these files; what is not JSON is empty."""
    for name in ("tokenizer.json", "model.safetensors"):
        (tmp_path / name).touch()
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    return tmp_path


TOLD: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "a masked-language model is sparse": (
        {"config.json": {"architectures": ["BertForMaskedLM"]}},
        {"head": Head.SPARSE},
    ),
    "one score is a reranker": (
        {"config.json": {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "LABEL_0"}}},
        {"head": Head.CROSS},
    ),
    "sentence-transformers' mean": (MEAN, {"head": Head.MEAN, "dimensions": 32, "max_tokens": 64}),
    "sentence-transformers' first token": (CLS, {"head": Head.CLS}),
    "sentence-transformers' SPLADE": (
        {
            "modules.json": [
                {"path": "", "type": "x.MLMTransformer"},
                {"path": "1_SpladePooling", "type": "x.SpladePooling"},
            ]
        },
        {"head": Head.SPARSE, "dimensions": None},
    ),
    "a shorter sentence": (MEAN | {"sentence_bert_config.json": {"max_seq_length": 48}}, {"max_tokens": 48}),
    "a tokenizer that says nothing": (
        MEAN | {"tokenizer_config.json": {"model_max_length": 10**30}},
        {"max_tokens": 64},
    ),
    "prompts": (
        MEAN | {"config_sentence_transformers.json": {"prompts": {"query": "q: ", "passage": "p: "}}},
        {"query_prefix": "q: ", "passage_prefix": "p: "},
    ),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_models_own_files_tell_what_it_is(tmp_path: Path, name: str) -> None:
    files, wanted = TOLD[name]
    config = CONFIG | files.get("config.json", {})
    row = examined("mine", Reference(folder=str(folder(tmp_path, files | {"config.json": config}))))
    assert {field: getattr(row, field) for field in wanted} == wanted


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing tells": ({}, "what the head of mine is its files do not tell: give one of"),
    "a classifier": (
        {"config.json": {"architectures": ["BertForSequenceClassification"], "id2label": {"0": "a", "1": "b"}}},
        "is a classifier of several classes",
    ),
    "another module": (
        {"modules.json": [{"path": "2_Dense", "type": "x.Dense"}]},
        "do not run: Dense; upload it with eland",
    ),
    "two poolings": (
        MEAN | {"1_Pooling/config.json": {"pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}},
        "pools by",
    ),
    "a path that leads out": ({"modules.json": [{"path": "../..", "type": "x.Pooling"}]}, "pools by"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_model_that_cannot_be_served_is_refused(tmp_path: Path, name: str) -> None:
    files, told = WRONG[name]
    config = CONFIG | files.get("config.json", {})
    with pytest.raises(IllegalArgument, match=told.replace("[", r"\[")):
        examined("mine", Reference(folder=str(folder(tmp_path, files | {"config.json": config}))))


def test_a_folder_that_lacks_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(IllegalArgument, match=r"does not have config\.json, tokenizer\.json"):
        examined("mine", Reference(folder=str(tmp_path)))
    with pytest.raises(IllegalArgument, match="there is no folder"):
        examined("mine", Reference(folder=str(tmp_path / "x")))
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "tokenizer.json").touch()
    with pytest.raises(IllegalArgument, match=r"has neither model\.safetensors nor model\.onnx"):
        examined("mine", Reference(folder=str(tmp_path)))
