"""From text to token weights on a GPU: connote beside sentence-transformers, on the same weights and texts, in turns.

    .venv/bin/python -m bench.encode_gpu

It needs an NVIDIA GPU, and `pip install connote[cuda,bench]`. Ratios are to the better of the peers; above 1 connote is
better. `peak fraction` is what share of the device's rate for a product of bfloat16 matrices, measured in the same run,
an engine reaches (linear layers only are counted).
"""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from bench import texts
from bench.report import Report, arguments, best
from bench.shapes import SHAPES, VOCABULARY, Shape, original
from bench.systems import Pairs, climb, cosines
from bench.turns import in_turn, seconds
from tokenizers import Tokenizer as RawTokenizer

from connote.contract.results import Sparse
from connote.runtime.autoscale import Adaptive
from connote.runtime.catalog import Head, Model
from connote.runtime.fleet import CORES, Deployment, Fleet
from connote.runtime.library import Library
from connote.runtime.local import Inputs
from connote.runtime.placement import Device
from connote.runtime.sources import Folder
from connote.runtime.tokenizer import Tokenizer

CONNOTE, BATCHES = "connote", (8, 512)
REQUEST = 128  # texts


class Connote:
    """connote as its server runs it on the GPU, without the server: requests of 128 texts, side by side."""

    def __init__(self, folder: Path) -> None:
        row = Model("bench", Head.SPARSE, (Folder(folder),), "none")
        self._fleet = Fleet(Library(folder, [row]))
        self._wish = Deployment(row.id, row.id, adaptive=Adaptive(0, CORES), device=Device.FASTEST)
        self._loop = asyncio.Runner()

    def encode(self, some: Sequence[str]) -> list[Pairs]:
        """Through the lane of its model."""
        return self._loop.run(self._encode(some))

    def close(self) -> None:
        """Give back the memory."""
        self._loop.run(self._fleet.close())
        self._loop.close()

    async def _encode(self, some: Sequence[str]) -> list[Pairs]:
        parts = [Inputs(some[first : first + REQUEST]) for first in range(0, len(some), REQUEST)]
        found = await asyncio.gather(*(self._fleet.run(self._wish, part) for part in parts))
        return [(list(one.tokens), one.weights) for each in found if isinstance(each, Sparse) for one in each.vectors]


class SentenceTransformers:
    """SparseEncoder in half precision, at the batch size that suits it best."""

    def __init__(self, folder: Path, precision: str) -> None:
        import torch
        from sentence_transformers import SparseEncoder

        self.batch = 32
        options = {"dtype": getattr(torch, precision)}
        self._model: Any = SparseEncoder(str(folder), device="cuda", local_files_only=True, model_kwargs=options)

    def encode(self, some: Sequence[str]) -> list[Pairs]:
        """Its own `encode` and `decode`."""
        decoded = self._model.decode(self._model.encode(list(some), batch_size=self.batch))
        return [([token for token, _ in one], np.array([weight for _, weight in one])) for one in decoded]


def peak(size: int = 8192, rounds: int = 20) -> float:
    """Operations a second of a large product of bfloat16 matrices."""
    import torch

    a, b = (torch.randn(size, size, dtype=torch.bfloat16, device="cuda") for _ in range(2))

    def products() -> None:
        for _ in range(rounds):
            torch.mm(a, b)
        torch.cuda.synchronize()

    products()
    return 2 * size**3 * rounds / min(seconds(products) for _ in range(3))


def waited(system: Connote | SentenceTransformers, queries: Sequence[str]) -> list[float]:
    """Milliseconds that each query took, one after the other."""
    system.encode(queries[:1])
    return [seconds(partial(system.encode, [query])) * 1e3 for query in queries]


def measure(
    shape: Shape, folder: Path, kind: str, passages: list[str], queries: list[str], rounds: int, report: Report
) -> None:
    """One shape on one kind of texts: all systems in turn."""
    case = f"{shape.name}, {kind}"
    systems: dict[str, Any] = {CONNOTE: Connote(folder)}
    for precision in ("float16", "bfloat16"):
        name = f"sentence-transformers {precision}"
        try:
            systems[name] = SentenceTransformers(folder, precision)
            systems[name].encode(passages[:2])
        except Exception as error:  # noqa: BLE001 (whatever a peer raises, the others are measured)
            systems.pop(name, None)
            report.leave_out(f"{name} ({case})", error)
        else:
            systems[name].batch = climb(
                partial(_cost, systems[name], passages), start=32, least=BATCHES[0], most=BATCHES[1]
            )
    took = in_turn({name: partial(one.encode, passages) for name, one in systems.items()}, rounds)
    tokens = sum(item.used for item in Tokenizer(folder / "tokenizer.json", 512, VOCABULARY).encode(passages))
    rates = {name: tokens / min(times) for name, times in took.items()}
    most, reference = peak(), systems[CONNOTE].encode(passages[:64])
    for name, rate in rates.items():
        others = best("ingest_tokens_per_s", [rates[peer] for peer in rates if peer != CONNOTE])
        report.add(case, name, "ingest_tokens_per_s", rate, others)
        report.add(case, name, "ingest_docs_per_s", rate * len(passages) / tokens)
        report.add(case, name, "peak_fraction", rate * (shape.encoder_flops + shape.head_flops) / most)
        report.add(
            case, name, "cosine_to_connote", float(cosines(reference, systems[name].encode(passages[:64])).mean())
        )
    waits = {name: waited(system, queries) for name, system in systems.items()}
    for part in (50, 95):
        metric, found = f"query_p{part}_ms", {name: float(np.percentile(took, part)) for name, took in waits.items()}
        for name, value in found.items():
            others = best(metric, [found[peer] for peer in found if peer != CONNOTE])
            report.add(case, name, metric, value, others)
    systems[CONNOTE].close()
    report.note(f"{case}: {len(passages)} texts, {tokens} tokens; bfloat16 peak {most / 1e12:.0f} T operations/s")


def _cost(system: SentenceTransformers, passages: list[str], batch: int) -> float:
    system.batch = batch
    return seconds(partial(system.encode, passages))


def main() -> None:
    options = _options()
    try:
        import torch
    except ImportError:
        sys.exit(_no("PyTorch is not installed: pip install connote[cuda]"))
    if not torch.cuda.is_available():
        sys.exit(_no("there is no NVIDIA GPU that PyTorch can use"))
    os.environ["TOKENIZERS_PARALLELISM"] = "true"
    report = Report("Text to token weights on the GPU; ratios to the best peer, above 1 is better")
    report.note(f"device: {torch.cuda.get_device_name()}")
    raw = RawTokenizer.from_file(str(original() / "tokenizer.json"))
    raw.no_padding()
    count, rounds = (512, 2) if options.quick else (2048, 4)
    with tempfile.TemporaryDirectory() as scratch:
        mixed = texts.passages(raw, count, options.corpus)
        queries = texts.queries(raw, 300, options.corpus)
        kinds = {"mixed lengths": mixed, "512 tokens": [" ".join(mixed[i : i + 9]) for i in range(0, count, 4)]}
        for name in ("mini", "base"):
            folder = SHAPES[name].write(Path(scratch), mixed[:8])
            for kind, passages in kinds.items():
                measure(SHAPES[name], folder, kind, passages, queries, rounds, report)
    report.print()
    report.write(options.json)


def _no(why: str) -> int:
    print(f"bench.encode_gpu: {why}", file=sys.stderr)
    return 2


def _options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument(
        "--corpus", type=Path, metavar="FILE", help="take the texts from the `text` of these JSON lines"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
