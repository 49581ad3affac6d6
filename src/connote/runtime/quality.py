"""The quality gate: how near a lower precision comes to float32, measured on the model itself before it may serve."""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

from connote.runtime.backends.backend import Backend, Terms
from connote.runtime.sources import sha256
from connote.runtime.tokenizer import Encoded

Vector = NDArray[np.float32]

FILE = "quality.json"
# On Cranfield, SPLADE-tiny at a mean cosine of 0.9993 ranks as in float32: docs/performance.md.
MEAN, LEAST = 0.998, 0.99

# Short and long, plain and odd, some languages: texts of the kinds that endpoints are asked to embed.
SAMPLE = tuple(Path(__file__).with_name("sample.txt").read_text(encoding="utf-8").splitlines())


@dataclass(frozen=True)
class Quality:
    """Cosines between a precision's outputs and those of float32, over the sample."""

    mean: float
    least: float

    @property
    def is_enough(self) -> bool:
        """Whether it passes the gate."""
        return self.mean >= MEAN and self.least >= LEAST

    @classmethod
    def measure(cls, reference: Backend, candidate: Backend, sample: Sequence[Encoded]) -> "Quality":
        """Run the sample through both.

        Vectors and scores are compared about their mean: what all texts share says nothing about which is nearer.
        """
        exact = [reference.run([item])[0] for item in sample]
        nearly = [candidate.run([item])[0] for item in sample]
        if isinstance(exact[0], Terms):
            cosines = [_sparse(cast("Terms", a), cast("Terms", b)) for a, b in zip(exact, nearly, strict=True)]
        else:
            first, second = _joined(cast("list[Vector]", exact)), _joined(cast("list[Vector]", nearly))
            mean = first.mean(axis=0)
            rows = zip(np.atleast_2d(first - mean), np.atleast_2d(second - mean), strict=True)
            cosines = [_cosine(float(a @ b), a, b) for a, b in rows]
        return cls(float(np.mean(cosines)), float(np.min(cosines)))


def recall(folder: Path, engine: str, measure: Callable[[], Mapping[str, Quality]]) -> Mapping[str, Quality]:
    """What was measured of the model in this folder by that engine; measured now, and kept beside it, if it was not."""
    key = f"{sha256(folder / 'model.safetensors')} {engine}"
    kept = _read(folder / FILE)
    if key not in kept:
        kept[key] = {precision: asdict(quality) for precision, quality in measure().items()}
        with suppress(OSError):  # a folder that cannot be written to is measured at each start
            (folder / FILE).write_text(json.dumps(kept, indent=2))
    return {precision: Quality(**quality) for precision, quality in kept[key].items()}


def _read(file: Path) -> dict[str, dict[str, dict[str, float]]]:
    try:
        kept = json.loads(file.read_text())
        return kept if isinstance(kept, dict) else {}
    except (OSError, ValueError):
        return {}


def _joined(outputs: Sequence[Vector]) -> Vector:
    """A vector a row, also of those of tokens; scores are one vector together."""
    return np.array(outputs) if outputs[0].ndim == 0 else np.concatenate([np.atleast_2d(one) for one in outputs])


def _sparse(a: Terms, b: Terms) -> float:
    _, mine, others = np.intersect1d(a.ids, b.ids, assume_unique=True, return_indices=True)
    return _cosine(float(a.weights[mine] @ b.weights[others]), a.weights, b.weights)


def _cosine(product: float, a: Vector, b: Vector) -> float:
    lengths = float(np.linalg.norm(a) * np.linalg.norm(b))
    return product / lengths if lengths else 1.0
