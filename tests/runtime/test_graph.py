"""The graph is what the checkpoint says; what a checkpoint may not say is refused by name."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from safetensors.numpy import load_file, save_file

from checkpoints import FAMILIES, TEXTS, VOCABULARY, Toy, spread
from connote.contract.errors import Unavailable
from connote.contract.results import Sparse
from connote.runtime import graph
from connote.runtime.architecture import Architecture
from connote.runtime.catalog import Head
from connote.runtime.local import Inputs, LocalModel
from connote.runtime.weights import Weights


def outputs(model: LocalModel, *texts: str, query: str | None = None) -> Any:  # noqa: ANN401
    return np.stack([spread(output, VOCABULARY) for output in model.run(model.encode(Inputs(texts, query=query)))])


def reconfigure(toy: Toy, **changes: object) -> None:
    """Change the config.json; None takes a key away."""
    file = toy.folder / "config.json"
    config = json.loads(file.read_text()) | changes
    file.write_text(json.dumps({key: value for key, value in config.items() if value is not None}))


def reweigh(toy: Toy, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the tensors of the checkpoint."""
    file = toy.folder / "model.safetensors"
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)


@pytest.mark.parametrize("head", list(Head))
@pytest.mark.parametrize("family", FAMILIES)
def test_every_graph_is_valid_onnx_without_its_weights(tmp_path: Path, family: str, head: Head) -> None:
    toy = Toy.write(tmp_path, family, head)
    built = graph.build(Architecture.read(tmp_path / "config.json"), Weights(tmp_path / "model.safetensors"), head)
    proto = onnx.load_model_from_string(built.proto)
    assert [wire.name for wire in proto.graph.input] == list(built.inputs)
    assert (graph.TYPES in built.inputs) == (family != "distilbert")
    names = {tensor.name for tensor in proto.graph.initializer}
    assert names > set(built.tensors)
    assert sum(tensor.size for tensor in built.tensors.values()) <= toy.network.num_parameters() * 2
    for name, tensor in built.tensors.items():
        proto.graph.initializer.remove(next(found for found in proto.graph.initializer if found.name == name))
        proto.graph.initializer.append(onnx.numpy_helper.from_array(tensor, name))
    onnx.checker.check_model(proto, full_check=True)


@pytest.mark.parametrize("activation", ["gelu", "gelu_new", "gelu_pytorch_tanh", "relu"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_configured_activation_is_used(tmp_path: Path, family: str, activation: str) -> None:
    name = "activation" if family == "distilbert" else "hidden_act"
    toy = Toy.write(tmp_path, family, Head.SPARSE, **{name: activation})
    expected = toy.reference(TEXTS)
    assert outputs(toy.load(), *TEXTS)[:, : expected.shape[1]] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_decoder_of_its_own_is_used(tmp_path: Path, family: str) -> None:
    toy = Toy.write(tmp_path, family, Head.SPARSE, tie_word_embeddings=False)
    embeddings = toy.network.get_input_embeddings().weight
    assert not torch.equal(toy.network.get_output_embeddings().weight, embeddings)
    expected = toy.reference(TEXTS)
    assert outputs(toy.load(), *TEXTS)[:, : expected.shape[1]] == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_two_labels_become_the_lead_of_the_second(tmp_path: Path, family: str) -> None:
    toy = Toy.write(tmp_path, family, Head.CROSS, num_labels=2)
    with torch.no_grad():
        logits = toy.network(**toy.inputs(TEXTS, query="a mat")).logits.numpy()
    expected = logits[:, 1] - logits[:, 0]
    assert outputs(toy.load(), *TEXTS, query="a mat") == pytest.approx(expected, abs=1e-4)


def test_more_labels_are_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="one or two labels"):
        Toy.write(tmp_path, "bert", Head.CROSS, num_labels=3).load()


def test_types_that_the_model_does_not_have_count_as_its_last(tmp_path: Path) -> None:
    toy = Toy.write(tmp_path, "bert", Head.CROSS, type_vocab_size=1)
    model = toy.load()
    assert np.isfinite(outputs(model, *TEXTS, query="a mat")).all()


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta"])
def test_positions_start_after_the_padding_even_if_the_config_does_not_say_so(tmp_path: Path, family: str) -> None:
    toy = Toy.write(tmp_path, family, Head.MEAN)
    reconfigure(toy, pad_token_id=None)
    assert outputs(toy.load(), *TEXTS) == pytest.approx(toy.reference(TEXTS), abs=1e-4)


@pytest.mark.parametrize(
    ("family", "head", "missing"),
    [
        ("bert", Head.MEAN, "bert.encoder.layer.1.output.dense.weight"),
        ("distilbert", Head.LATE, "distilbert.embeddings.position_embeddings.weight"),
        ("roberta", Head.SPARSE, "lm_head.dense.bias"),
        ("bert", Head.SPARSE, "cls.predictions.bias"),
        ("xlm-roberta", Head.CROSS, "classifier.out_proj.bias"),
    ],
)
def test_a_missing_tensor_is_named(tmp_path: Path, family: str, head: Head, missing: str) -> None:
    # A checkpoint of a bare encoder has no prefix, any other one has.
    toy = Toy.write(tmp_path, family, head)
    present = load_file(toy.folder / "model.safetensors")
    key = missing if missing in present else missing.removeprefix(f"{family}.")
    reweigh(toy, lambda tensors: tensors.pop(key))
    with pytest.raises(Unavailable, match=rf"has no tensor \[{missing.removeprefix(f'{family}.')}\]"):
        toy.load()


def test_a_checkpoint_without_a_head_cannot_have_it(tmp_path: Path) -> None:
    for head in (Head.SPARSE, Head.CROSS):
        toy = Toy.write(tmp_path, "bert", Head.MEAN)
        with pytest.raises(Unavailable, match="has no tensor"):
            Toy("bert", head, toy.folder, toy.network, toy.raw).load()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"model_type": "llama"}, r"model_type \[llama\] is not supported; supported are \[bert, distilbert, roberta"),
        ({"model_type": None}, "model_type"),
        ({"model_type": ["bert"]}, "model_type"),
        ({"model_type": {}}, "model_type"),
        ({"hidden_size": 1 << 40}, r"\[hidden_size\] must be a size"),
        ({"hidden_size": "32"}, r"\[hidden_size\] must be a size"),
        ({"hidden_size": True}, r"\[hidden_size\] must be a size"),
        ({"hidden_size": 36}, "has shape"),
        ({"num_hidden_layers": 0}, r"\[num_hidden_layers\] must be a size"),
        ({"num_hidden_layers": 4_000_000}, "has no tensor"),
        ({"num_attention_heads": 5}, "not a multiple of num_attention_heads 5"),
        ({"num_attention_heads": -4}, r"\[num_attention_heads\] must be a size"),
        ({"vocab_size": 4_000_000}, "has shape"),
        ({"max_position_embeddings": 4_000_000}, "has shape"),
        ({"max_position_embeddings": None}, r"\[max_position_embeddings\] must be a size"),
        ({"type_vocab_size": 4_000_000}, "has shape"),
        ({"layer_norm_eps": "1e-12"}, r"\[layer_norm_eps\] must be a small number"),
        ({"layer_norm_eps": float("nan")}, r"\[layer_norm_eps\] must be a small number"),
        ({"hidden_act": "silu"}, r"activation \[silu\] is not supported"),
        ({"hidden_act": {}}, "is not supported"),
        ({"pad_token_id": 4_000_000}, r"\[pad_token_id\] must be the id of a token"),
        ({"pad_token_id": -1}, r"\[pad_token_id\] must be the id of a token"),
        ({"position_embedding_type": "relative_key"}, "only absolute positions"),
        ({"is_decoder": True}, "is_decoder"),
    ],
)
def test_a_config_that_cannot_be_is_refused_by_name(tmp_path: Path, changes: dict[str, object], reason: str) -> None:
    toy = Toy.write(tmp_path, "bert", Head.MEAN)
    reconfigure(toy, **changes)
    with pytest.raises(Unavailable, match=reason):
        toy.load()


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "7", "[" * 100_000, "9" * 10_000, "\ud800"])
def test_a_config_that_is_not_an_object_is_unavailable(tmp_path: Path, content: str) -> None:
    toy = Toy.write(tmp_path, "bert", Head.MEAN)
    (tmp_path / "config.json").write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(Unavailable, match=r"config\.json"):
        toy.load()


def test_an_empty_folder_is_unavailable(tmp_path: Path) -> None:
    toy = Toy.write(tmp_path, "bert", Head.MEAN)
    for name in ("tokenizer.json", "model.safetensors", "config.json"):
        (tmp_path / name).unlink()
        with pytest.raises(Unavailable, match=name.replace(".", r"\.")):
            toy.load()


def test_weights_that_are_not_numbers_do_not_crash_a_sparse_model(tmp_path: Path) -> None:
    toy = Toy.write(tmp_path, "bert", Head.SPARSE)
    reweigh(toy, lambda tensors: tensors["cls.predictions.bias"].fill(np.nan))
    model = toy.load()
    items = model.encode(Inputs(["the cat"]))
    result = model.finish(items, model.run(items))
    assert isinstance(result, Sparse)
    assert result.wire()["sparse_embedding"] == [{"is_truncated": False, "embedding": {}}]
