"""Architectures: the families of encoders, and what each calls its sizes and weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connote.contract.errors import Unavailable

_MOST = 1 << 22


@dataclass(frozen=True)
class Family:
    """What a family's checkpoints call things, without .weight and .bias; `{}` in a layer's name is its number."""

    prefix: str
    layer: Mapping[str, str]
    mlm: Mapping[str, str]
    classifier: Mapping[str, str]
    classifier_activation: str
    sizes: Mapping[str, str] = field(default_factory=dict)
    has_types: bool = True
    mlm_activation: str = ""  # if it is not the layers'
    padding: int = 0
    offset_positions: bool = False  # positions count from padding_idx + 1


_BERT_LAYER = {
    "query": "encoder.layer.{}.attention.self.query",
    "key": "encoder.layer.{}.attention.self.key",
    "value": "encoder.layer.{}.attention.self.value",
    "out": "encoder.layer.{}.attention.output.dense",
    "norm": "encoder.layer.{}.attention.output.LayerNorm",
    "up": "encoder.layer.{}.intermediate.dense",
    "down": "encoder.layer.{}.output.dense",
    "final_norm": "encoder.layer.{}.output.LayerNorm",
}
_BERT = Family(
    prefix="bert.",
    layer=_BERT_LAYER,
    mlm={
        "dense": "cls.predictions.transform.dense",
        "norm": "cls.predictions.transform.LayerNorm",
        "bias": "cls.predictions.bias",
    },
    classifier={"dense": "pooler.dense", "out": "classifier"},
    classifier_activation="tanh",
)
_ROBERTA = Family(
    prefix="roberta.",
    layer=_BERT_LAYER,
    mlm={"dense": "lm_head.dense", "norm": "lm_head.layer_norm", "bias": "lm_head.bias"},
    classifier={"dense": "classifier.dense", "out": "classifier.out_proj"},
    classifier_activation="tanh",
    mlm_activation="gelu",
    padding=1,
    offset_positions=True,
)
_DISTILBERT = Family(
    prefix="distilbert.",
    layer={
        "query": "transformer.layer.{}.attention.q_lin",
        "key": "transformer.layer.{}.attention.k_lin",
        "value": "transformer.layer.{}.attention.v_lin",
        "out": "transformer.layer.{}.attention.out_lin",
        "norm": "transformer.layer.{}.sa_layer_norm",
        "up": "transformer.layer.{}.ffn.lin1",
        "down": "transformer.layer.{}.ffn.lin2",
        "final_norm": "transformer.layer.{}.output_layer_norm",
    },
    mlm={"dense": "vocab_transform", "norm": "vocab_layer_norm", "bias": "vocab_projector.bias"},
    classifier={"dense": "pre_classifier", "out": "classifier"},
    classifier_activation="relu",
    sizes={
        "hidden_size": "dim",
        "num_hidden_layers": "n_layers",
        "num_attention_heads": "n_heads",
        "intermediate_size": "hidden_dim",
        "hidden_act": "activation",
    },
    has_types=False,
)
FAMILIES = {"bert": _BERT, "distilbert": _DISTILBERT, "roberta": _ROBERTA, "xlm-roberta": _ROBERTA}


@dataclass(frozen=True)
class Architecture:
    """The sizes of one model, as its config.json gives them."""

    family: Family
    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    padding: int
    epsilon: float
    activation: str

    @property
    def max_tokens(self) -> int:
        """The longest input that there are positions for."""
        return self.positions - (self.padding + 1 if self.family.offset_positions else 0)

    @classmethod
    def read(cls, file: Path) -> "Architecture":
        """The architecture in a config.json. Raises Unavailable that names what is missing, wrong or not supported."""
        try:
            config = json.loads(file.read_bytes())
        except (OSError, ValueError, RecursionError) as error:
            raise Unavailable(f"{file} cannot be read: {error}") from None
        if not isinstance(config, dict):
            raise Unavailable(f"{file} must hold a JSON object")
        kind = str(config.get("model_type"))
        if kind not in FAMILIES:
            raise Unavailable(f"{file}: model_type [{kind}] is not supported; supported are [{', '.join(FAMILIES)}]")
        family = FAMILIES[kind]
        hidden, heads = _size(file, config, family, "hidden_size"), _size(file, config, family, "num_attention_heads")
        if hidden % heads:
            raise Unavailable(f"{file}: hidden_size {hidden} is not a multiple of num_attention_heads {heads}")
        if config.get("position_embedding_type", "absolute") != "absolute":
            raise Unavailable(f"{file}: only absolute positions are supported")
        if config.get("is_decoder"):
            raise Unavailable(f"{file}: [is_decoder] must be false: only encoders are supported")
        return cls(
            family,
            hidden=hidden,
            layers=_size(file, config, family, "num_hidden_layers"),
            heads=heads,
            intermediate=_size(file, config, family, "intermediate_size"),
            vocabulary=_size(file, config, family, "vocab_size"),
            positions=_size(file, config, family, "max_position_embeddings"),
            types=_size(file, config, family, "type_vocab_size") if family.has_types else 0,
            padding=_padding(file, config, family),
            epsilon=_epsilon(file, config),
            activation=str(config.get(family.sizes.get("hidden_act", "hidden_act"), "gelu")),
        )


def _size(file: Path, config: Mapping[str, Any], family: Family, name: str) -> int:
    key = family.sizes.get(name, name)
    value = config.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _MOST:
        raise Unavailable(f"{file}: [{key}] must be a size, not [{value}]")
    return value


def _padding(file: Path, config: Mapping[str, Any], family: Family) -> int:
    value = config.get("pad_token_id")
    if value is None:
        return family.padding
    if not isinstance(value, int) or not 0 <= value < _size(file, config, family, "vocab_size"):
        raise Unavailable(f"{file}: [pad_token_id] must be the id of a token, not [{value}]")
    return value


def _epsilon(file: Path, config: Mapping[str, Any]) -> float:
    value = config.get("layer_norm_eps", 1e-12)
    if not isinstance(value, int | float) or not 0 <= value < 1:
        raise Unavailable(f"{file}: [layer_norm_eps] must be a small number, not [{value}]")
    return float(value)
