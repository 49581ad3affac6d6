"""SPLADE's head in the ways that peers compute it, as torch modules and as ONNX graphs exported from them."""

import logging
import warnings
from enum import StrEnum
from pathlib import Path
from typing import Any

INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_OPSET = 17


class Pooling(StrEnum):
    """What is done to the logits of a batch (texts × tokens × vocabulary)."""

    NONE = "logits"
    USUAL = "usual"  # relu, log1p and mask for each of them, then the maximum over the tokens
    MAX_FIRST = "max first"  # the maximum, then bias, relu and log1p once a text: the same, as all keep the order


def network(model: Any, pooling: Pooling) -> Any:  # noqa: ANN401 (a torch module, which may not be here)
    """A module from INPUTS to texts × vocabulary, or to the logits."""
    import torch

    class Network(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any, types: Any) -> Any:  # noqa: ANN401
            if pooling is Pooling.MAX_FIRST:
                hidden = self.model.bert(input_ids=ids, attention_mask=mask, token_type_ids=types).last_hidden_state
                head = self.model.cls.predictions
                logits = torch.matmul(head.transform(hidden), head.decoder.weight.T)
                low = torch.finfo(logits.dtype).min
                return torch.log1p(torch.relu(logits.masked_fill(mask.unsqueeze(-1) == 0, low).amax(1) + head.bias))
            logits = self.model(input_ids=ids, attention_mask=mask, token_type_ids=types).logits
            if pooling is Pooling.NONE:
                return logits
            return (torch.log1p(torch.relu(logits)) * mask.unsqueeze(-1)).amax(1)

    return Network().eval()


def exported(folder: Path, pooling: Pooling) -> Path:
    """The checkpoint as an ONNX file beside it, written at the first call."""
    file = folder / f"{pooling.name.lower()}.onnx"
    if not file.exists():
        import torch
        from transformers import AutoModelForMaskedLM

        module = network(AutoModelForMaskedLM.from_pretrained(folder).eval(), pooling)
        example = tuple(torch.ones(2, 7, dtype=torch.int64) for _ in INPUTS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter that needs no other package is called old at each use
            torch.onnx.export(
                module,
                example,
                str(file),
                input_names=list(INPUTS),
                output_names=["output"],
                dynamic_axes={name: {0: "texts", 1: "tokens"} for name in INPUTS},
                dynamo=False,
                opset_version=_OPSET,
            )
    return file


def quantised(file: Path) -> Path:
    """The graph after ONNX Runtime's dynamic quantisation to int8, written at the first call."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    small = file.with_suffix(".int8.onnx")
    if not small.exists():
        logging.disable(logging.WARNING)  # it advises to optimise first
        quantize_dynamic(file, small, weight_type=QuantType.QInt8)
        logging.disable(logging.NOTSET)
    return small
