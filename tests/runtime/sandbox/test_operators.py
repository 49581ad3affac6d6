"""Which operators an upload may have."""

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from connote.runtime.backends.backend import Reduction
from connote.runtime.sandbox import archive, source
from connote.runtime.sandbox.module import Module
from connote.runtime.sandbox.operators import ALLOWED
from uploads import encoded, traced

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "vocab_size": 100,
}
# What transformers has that people upload, each with what is particular to it.
FAMILIES: dict[str, dict[str, Any]] = {
    "albert": {},
    "bart": {
        "use_cache": False,
        "d_model": 32,
        "encoder_ffn_dim": 48,
        "decoder_ffn_dim": 48,
        "encoder_layers": 2,
        "decoder_layers": 2,
    }
    | {"encoder_attention_heads": 4, "decoder_attention_heads": 4},
    "bert": {},
    "camembert": {},
    "deberta": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"]},
    "deberta-v2": {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 16}
    | {"norm_rel_ebd": "layer_norm", "share_att_key": True, "conv_kernel_size": 3},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 48},
    "electra": {},
    "mobilebert": {"embedding_size": 16, "intra_bottleneck_size": 32, "true_hidden_size": 32},
    "modernbert": {"global_attn_every_n_layers": 2},
    "mpnet": {},
    "roberta": {},
    "roformer": {},
    "xlm-roberta": {},
}
HEADS = ("AutoModelForMaskedLM", "AutoModelForSequenceClassification")
NEVER = [
    "from_file",
    "save",
    "as_strided",
    "set_",
    "resize_",
    "storage",
    "manual_seed",
    "to_here",
    "wait",
    "pin_memory",
    "record_stream",
]


class First(torch.nn.Module):
    """The first tensor that a model gives."""

    def __init__(self, network: Any) -> None:  # noqa: ANN401
        super().__init__()
        self.network = network

    def forward(self, **inputs: Any) -> Any:  # noqa: ANN401
        return self.network(**inputs)[0]


def test_all_that_are_allowed_are_torchs_own() -> None:
    jit: Any = torch._C
    known = {schema.name for schema in jit._jit_get_all_schemas()}
    assert {name for name in ALLOWED if not name.startswith("prim::")} <= known
    assert {name.partition("::")[0] for name in ALLOWED} == {"aten", "prim", "quantized"}


@pytest.mark.parametrize("name", NEVER)
def test_what_reaches_out_of_a_model_is_not_allowed(name: str) -> None:
    assert f"aten::{name}" not in ALLOWED


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_encoders_that_people_upload_are_allowed(tmp_path: Path, family: str, attention: str) -> None:
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "cls_token_id": 1, "sep_token_id": 2}
    config: Any = transformers.AutoConfig.for_model(
        family, **{**SIZES, "max_position_embeddings": 64, **special, **FAMILIES[family]}
    )
    for head in HEADS:
        try:
            network = getattr(transformers, head).from_config(config, attn_implementation=attention)
        except ValueError:  # this family has no such head, or no such attention
            continue
        data = traced(tmp_path / "model.pt", First(network)).read_bytes()
        source.check(archive.code(data))
        item = encoded(*range(5, 13), 2)
        (output,) = Module(data).run(_lengths(item.used), item.ids, item.types, 0, Reduction.FIRST)
        assert output.size


def _lengths(used: int) -> Any:  # noqa: ANN401
    return torch.tensor([used]).numpy()
