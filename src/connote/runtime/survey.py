"""What a folder of files is: which head a checkpoint has, and how long its texts may be, as its own files tell.

The files are those of transformers and sentence-transformers: config.json, modules.json, the modules' own config.json
(https://sbert.net/docs/sentence_transformer/usage/custom_models.html), sentence_bert_config.json,
tokenizer_config.json.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from connote.contract.errors import IllegalArgument
from connote.runtime.catalog import GRAPH, Head, Model
from connote.runtime.sources import REQUIRED, Absent, Hub

# What tells, besides what is required. Not all have all of them.
HINTS = ("modules.json", "sentence_bert_config.json", "tokenizer_config.json", "config_sentence_transformers.json")
_WEIGHTS = "model.safetensors"
_LONGEST = 1 << 16
_DEFAULT = 512

# Reads a JSON file of the model; None if there is none of that name.
Read = Callable[[str], Any]


def surveyed(row: Model, read: Read, head: Head | None = None) -> Model:
    """The row with what the model's files say of it; a head that is given is believed.

    Raises IllegalArgument for a model that the fast lanes cannot serve, or whose head its files do not tell.
    """
    config = read("config.json")
    if not isinstance(config, dict):
        raise IllegalArgument(f"{row.id}: there is no config.json that holds an object")
    found = head or _head(row.id, config, read)
    prompts = _object(read("config_sentence_transformers.json")).get("prompts")
    prompts = _object(prompts)
    return replace(
        row,
        head=found,
        max_tokens=_max_tokens(config, read),
        dimensions=_number(config.get("hidden_size", config.get("dim"))) if found in (Head.MEAN, Head.CLS) else None,
        query_prefix=_text(prompts.get("query")),
        passage_prefix=_text(prompts.get("passage", prompts.get("document"))),
    )


def in_folder(folder: Path) -> Read:
    """Reads the files of a folder."""

    def read(name: str) -> Any:  # noqa: ANN401 (JSON)
        path = folder / name
        try:
            return json.loads(path.read_bytes()) if path.is_file() else None
        except (OSError, ValueError, RecursionError) as error:
            raise IllegalArgument(f"{path} cannot be read: {error}") from None

    return read


def on_hub(hub: Hub, into: Path) -> Read:
    """Reads the files of a repository, which are kept in that folder."""
    read = in_folder(into)

    def fetch(name: str) -> Any:  # noqa: ANN401 (JSON)
        try:
            hub.fetch(into, [name], {}, lambda *_: None)
        except Absent:
            return None
        return read(name)

    return fetch


def format_of(folder: Path) -> bool:
    """Whether a folder's weights are an ONNX graph. Raises IllegalArgument if it lacks what a model needs."""
    needed = [name for name in REQUIRED if name != _WEIGHTS]
    if missing := [name for name in needed if not (folder / name).is_file()]:
        raise IllegalArgument(f"{folder} does not have {', '.join(missing)}")
    if (folder / _WEIGHTS).is_file():
        return False
    if (folder / GRAPH).is_file():
        return True
    raise IllegalArgument(f"{folder} has neither {_WEIGHTS} nor {GRAPH}; pickles are never loaded")


def modules(read: Read) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The modules of a sentence-transformers model: the kind of each, and its own configuration."""
    listed = read("modules.json")
    for each in listed if isinstance(listed, list) else ():
        module = _object(each)
        kind, path = str(module.get("type", "")).rpartition(".")[2], str(module.get("path", ""))
        place = PurePosixPath(path)
        if path and not place.is_absolute() and ".." not in place.parts:
            yield kind, _object(read(f"{place}/config.json"))
        else:
            yield kind, {}


def _head(id: str, config: Mapping[str, Any], read: Read) -> Head:
    kinds = dict(modules(read))
    if "SpladePooling" in kinds:
        return Head.SPARSE
    if other := sorted(kinds.keys() - {"Transformer", "Pooling", "Normalize", "MLMTransformer"}):
        raise IllegalArgument(
            f"{id} has modules that the fast lanes do not run: {', '.join(other)}; upload it with eland"
        )
    if "Pooling" in kinds:
        return _pooling(id, kinds["Pooling"])
    return _by_architecture(id, config)


def _pooling(id: str, config: Mapping[str, Any]) -> Head:
    named = config.get("pooling_mode")
    modes = [name.removeprefix("pooling_mode_") for name, is_on in config.items() if is_on is True]
    modes = [named] if isinstance(named, str) else [mode for mode in modes if mode in _POOLINGS or "_t" in mode]
    if len(modes) != 1 or modes[0] not in _POOLINGS:
        raise IllegalArgument(f"{id} pools by {modes}; the fast lanes pool by one of [{', '.join(_POOLINGS)}]")
    return _POOLINGS[modes[0]]


_POOLINGS = {"mean_tokens": Head.MEAN, "mean": Head.MEAN, "cls_token": Head.CLS, "cls": Head.CLS}


def _by_architecture(id: str, config: Mapping[str, Any]) -> Head:
    listed = config.get("architectures")
    (name,) = listed if isinstance(listed, list) and len(listed) == 1 else ("",)
    if str(name).endswith("ForMaskedLM"):
        return Head.SPARSE
    if str(name).endswith("ForSequenceClassification"):
        labels = config.get("id2label")
        if len(labels) != 1 if isinstance(labels, dict) else config.get("num_labels") != 1:
            raise IllegalArgument(f"{id} is a classifier of several classes, no reranker: upload it with eland")
        return Head.CROSS
    raise IllegalArgument(f"what the head of {id} is its files do not tell: give one of [{', '.join(Head)}]")


def _max_tokens(config: Mapping[str, Any], read: Read) -> int:
    offset = 2 if "roberta" in str(config.get("model_type")) else 0  # their positions count from the padding's id + 1
    positions = _number(config.get("max_position_embeddings"))
    told = (
        _number(_object(read("sentence_bert_config.json")).get("max_seq_length")),
        _number(_object(read("tokenizer_config.json")).get("model_max_length")),
        positions and positions - offset,
    )
    return min((each for each in told if each), default=_DEFAULT)


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 (JSON)
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> int | None:  # noqa: ANN401 (JSON)
    """A size; what is none, or so large that it means nothing, says nothing."""
    is_size = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= _LONGEST
    return value if is_size else None


def _text(value: Any) -> str:  # noqa: ANN401 (JSON)
    return value if isinstance(value, str) else ""
