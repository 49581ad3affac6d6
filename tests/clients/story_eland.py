"""Told with eland: `story_eland.py URL FOLDER`. What a model answers is compared with what transformers answers."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import eland
import numpy as np
import pytest
import torch
import transformers
from eland.cli import eland_import_hub_model
from eland.ml.pytorch import PyTorchModel
from eland.ml.pytorch.transformers import TransformerModel
from elasticsearch import ConflictError, Elasticsearch, NotFoundError

URL, FOLDER = sys.argv[1], Path(sys.argv[2])
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS += [
    "the",
    "cat",
    "sat",
    "on",
    "mat",
    "a",
    "dog",
    "ran",
    ".",
    ",",
    "?",
    "who",
    "where",
    "anna",
    "lives",
    "in",
    "berlin",
]
TEXT = "anna lives in berlin . the cat sat on the mat ."
LABELS = {0: "O", 1: "B-PER", 2: "I-PER"}
ENTAILMENT = {0: "contradiction", 1: "neutral", 2: "entailment"}
LONGEST = 400
es = Elasticsearch(URL, request_timeout=120, node_class="requests")
kinds: Any = transformers
(FOLDER / "vocab.txt").write_text("\n".join(WORDS) + "\n")
tokenizer = kinds.BertTokenizerFast(str(FOLDER / "vocab.txt"), model_max_length=LONGEST)


def made(name: str, kind: str, **config: Any) -> Any:  # noqa: ANN401 (transformers' own)
    """A model with random weights, saved as a checkpoint."""
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48}
    if "id2label" in config:
        config["label2id"] = {label: id for id, label in config["id2label"].items()}
    sizes |= {"vocab_size": len(WORDS), "max_position_embeddings": LONGEST}
    network = getattr(kinds, kind)(kinds.BertConfig(**sizes, **config)).eval()
    network.save_pretrained(FOLDER / name)
    tokenizer.save_pretrained(FOLDER / name)
    return network


def upload(name: str, task: str, *, quantize: bool = False) -> PyTorchModel:
    """Trace the checkpoint, upload and start it, as eland's documentation does."""
    traced = TransformerModel(model_id=str(FOLDER / name), task_type=task, es_version=(9, 2, 0), quantize=quantize)
    out = FOLDER / f"{name}-traced"
    out.mkdir()
    path, config, vocabulary = traced.save(str(out))
    model = PyTorchModel(es, name)
    model.import_model(model_path=path, config_path=None, vocab_path=vocabulary, config=config)
    model.start()
    return model


def infer(name: str, text: str = TEXT, **options: Any) -> dict[str, Any]:  # noqa: ANN401 (of inference_config)
    """The result for one text."""
    config = {"inference_config": options} if options else {}
    answer = es.ml.infer_trained_model(model_id=name, docs=[{"text_field": text}], **config)
    result: dict[str, Any] = answer["inference_results"][0]
    return result


def inputs(text: str = TEXT, *more: str) -> Any:  # noqa: ANN401
    """A text as transformers tokenises it."""
    return tokenizer(text, *more, return_tensors="pt")


def close(one: Any, other: Any) -> None:  # noqa: ANN401 (arrays, or what becomes one)
    """Whether numbers are the same, but for rounding."""
    np.testing.assert_allclose(np.asarray(one, np.float32), np.asarray(other, np.float32), atol=1e-4)


def embeds(network: Any) -> None:  # noqa: ANN401
    hidden = network(**inputs()).last_hidden_state[0]
    close(infer("embeds")["predicted_value"], hidden.mean(0))


def expands(network: Any) -> None:  # noqa: ANN401
    """Every token has its part, though the traced graph gives the logits of each: the maximum is connote's."""
    weights = torch.log1p(torch.relu(network(**inputs()).logits[0].amax(0)))
    wanted = {token: float(w) for token, w in zip(WORDS, weights, strict=True) if w > 0 and not token.startswith("[")}
    found = infer("expands")["predicted_value"]
    assert set(found) == {token.replace(".", "__") for token in wanted}
    for token, weight in wanted.items():
        close(found[token.replace(".", "__")], weight)


def tags(network: Any) -> None:  # noqa: ANN401
    pipe = kinds.pipeline("ner", model=network, tokenizer=tokenizer, aggregation_strategy="simple")
    found = infer("tags")
    assert "".join(entity["entity"] for entity in found["entities"]).split()
    assert {entity["class_name"] for entity in found["entities"]} == {each["entity_group"] for each in pipe(TEXT)}
    assert f"]({found['entities'][0]['class_name']}&" in found["predicted_value"]


def classifies(network: Any) -> None:  # noqa: ANN401
    (wanted,) = kinds.pipeline("text-classification", model=network, tokenizer=tokenizer)(TEXT)
    found = infer("classifies", text_classification={"num_top_classes": 2})
    assert found["predicted_value"] == wanted["label"]
    close(found["prediction_probability"], wanted["score"])
    assert found["top_classes"][0]["class_name"] == wanted["label"]


def routes(network: Any) -> None:  # noqa: ANN401
    labels = ["cat", "dog", "berlin"]
    wanted = kinds.pipeline("zero-shot-classification", model=network, tokenizer=tokenizer)(TEXT, labels)
    found = infer("routes", zero_shot_classification={"labels": labels})
    assert [each["class_name"] for each in found["top_classes"]] == wanted["labels"]
    close([each["class_probability"] for each in found["top_classes"]], wanted["scores"])


def fills(network: Any) -> None:  # noqa: ANN401
    text = "the [MASK] sat on the mat ."
    wanted = kinds.pipeline("fill-mask", model=network, tokenizer=tokenizer)(text)[0]
    found = infer("fills", text)
    assert found["predicted_value"] == wanted["token_str"], (found, wanted)
    assert found["predicted_value_sequence"] == text.replace("[MASK]", wanted["token_str"])
    close(found["prediction_probability"], wanted["score"])


def answers(network: Any) -> None:  # noqa: ANN401
    question = "where lives anna ?"
    wanted = kinds.pipeline("question-answering", model=network, tokenizer=tokenizer)(question=question, context=TEXT)
    found = infer("answers", question_answering={"question": question})
    assert TEXT[found["start_offset"] : found["end_offset"]] == found["predicted_value"]
    assert found["predicted_value"] == wanted["answer"]


def ranks(network: Any) -> None:  # noqa: ANN401
    wanted = network(**inputs("who sat ?", TEXT)).logits[0, 0]
    close(infer("ranks", text_similarity={"text": "who sat ?"})["predicted_value"], wanted)
    answer = es.inference.rerank(inference_id="ranks", query="who sat ?", input=[TEXT])
    close(answer["rerank"][0]["relevance_score"], wanted)


def passes(network: Any) -> None:  # noqa: ANN401
    close(infer("passes")["predicted_value"], network(**inputs()).last_hidden_state[0])


TASKS: list[tuple[Callable[[Any], None], str, str, dict[str, Any]]] = [
    (embeds, "text_embedding", "BertModel", {}),
    (expands, "text_expansion", "BertForMaskedLM", {}),
    (tags, "ner", "BertForTokenClassification", {"num_labels": 3, "id2label": LABELS}),
    (classifies, "text_classification", "BertForSequenceClassification", {"id2label": {0: "bad", 1: "good"}}),
    (routes, "zero_shot_classification", "BertForSequenceClassification", {"num_labels": 3, "id2label": ENTAILMENT}),
    (fills, "fill_mask", "BertForMaskedLM", {}),
    (answers, "question_answering", "BertForQuestionAnswering", {}),
    (ranks, "text_similarity", "BertForSequenceClassification", {"num_labels": 1}),
    (passes, "pass_through", "BertModel", {}),
]


def of_catalog(name: str) -> Path:
    """A checkpoint of connote's own, with what transformers' tokenizer wants besides."""
    source, copy = Path(os.environ["CONNOTE_MODELS"]) / name, FOLDER / name
    copy.mkdir()
    for file in source.iterdir():
        (copy / file.name).symlink_to(file)
    vocabulary = json.loads((source / "tokenizer.json").read_text())["model"]["vocab"]
    (copy / "vocab.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.__getitem__)) + "\n")
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True, "model_max_length": 512}
    (copy / "tokenizer_config.json").write_text(json.dumps(settings))
    return copy


def imported(path: Path, id: str, task: str, *more: str) -> None:
    """Run eland's command line."""
    arguments = ["--url", URL, "--hub-model-id", str(path), "--es-model-id", id, "--task-type", task, "--start", *more]
    sys.argv = ["eland_import_hub_model", *arguments]
    eland_import_hub_model.main()


def real_weights() -> None:
    """MiniLM and SPLADE, by the command line: what they give is what the same weights give in the fast lanes."""
    imported(of_catalog("sentence-transformers--all-MiniLM-L6-v2"), "minilm", "text_embedding")
    found = np.array(infer("minilm", "a quiet house near the sea")["predicted_value"])
    wanted = np.array(infer("all-MiniLM-L6-v2", "a quiet house near the sea")["predicted_value"])
    assert found @ wanted / np.linalg.norm(found) > 0.998
    splade = of_catalog("rasyosef--splade-tiny")
    imported(splade, "splade", "text_expansion")
    imported(splade, "splade", "text_expansion", "--clear-previous")
    weights = infer("splade", "a quiet house near the sea")["predicted_value"]
    sparse = es.inference.inference(inference_id=".elser-2-elasticsearch", input="a quiet house near the sea")
    for token, weight in sparse["sparse_embedding"][0]["embedding"].items():
        close(weights[token], weight)
    assert len(weights) == len(sparse["sparse_embedding"][0]["embedding"])
    for id in ("minilm", "splade"):
        es.ml.stop_trained_model_deployment(model_id=id)
        es.ml.delete_trained_model(model_id=id)


def main() -> None:
    """Every task, one model each."""
    for check, task, kind, config in TASKS:
        network, name = made(check.__name__, kind, **config), check.__name__
        model = upload(name, task)
        assert es.ml.get_trained_models(model_id=name, include="definition_status")["trained_model_configs"][0][
            "fully_defined"
        ]
        with torch.no_grad():
            check(network)
        model.stop()
        with pytest.raises(ConflictError, match="must be deployed"):
            infer(name)
        model.delete()
        with pytest.raises(NotFoundError):
            es.ml.get_trained_models(model_id=name)
    real_weights()
    print(f"eland {eland.__version__}: all is well")


if __name__ == "__main__":
    main()
