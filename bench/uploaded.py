"""An uploaded TorchScript encoder beside the same model in the fast lane and in plain torch, in turns.

    .venv/bin/python -m bench.uploaded --corpus corpus.jsonl

One thread, SPLADE-tiny and a 6-layer BERT. The upload is traced as eland does it; its graph ends with the logits of
all tokens, which connote pools in the worker. Ratios are to plain torch, which pools as SPLADE's authors do: above 1
connote is better, also in milliseconds. `cosine` is to plain torch. `start s` is from the files to the first answer.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from bench import texts
from bench.graphs import Pooling, network
from bench.peers import FLOAT32, Place, Transformers
from bench.report import Report, arguments
from bench.shapes import SHAPES, Shape, original
from bench.systems import Connote, Pairs, System, cosines
from bench.turns import in_turn
from tokenizers import Tokenizer

from connote.contract.tokenization import Bert
from connote.runtime import uploaded
from connote.runtime.backends.backend import Precision
from connote.runtime.catalog import UPLOADED, Model
from connote.runtime.sandbox.limits import Limits
from connote.runtime.sources import Folder

TORCH = "plain torch"
QUERIES = 8


class Uploaded(Connote):
    """The upload as a lane runs it: tokenised here, computed in its worker process."""

    def __init__(self, folder: Path) -> None:
        row = Model("bench", None, (Folder(folder),), "none", own_task="text_expansion")
        self.model = uploaded.load(row, folder, 1, Limits())
        self.precision = self.head_precision = self.model.backend.precision.value


def traced(folder: Path) -> Path:
    """The checkpoint as an upload: a folder with its definition, vocabulary and description."""
    import torch
    from transformers import AutoModelForMaskedLM

    into = folder / "uploaded"
    into.mkdir()
    definition, vocabulary, description = (into / name for name in UPLOADED)
    jit: Any = torch.jit
    example = tuple(torch.ones(2, 7, dtype=torch.int64) for _ in range(3))
    module = network(AutoModelForMaskedLM.from_pretrained(folder).eval(), Pooling.NONE)
    jit.save(jit.trace(module, example, check_trace=False), str(definition))
    ids = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    vocabulary.write_text(json.dumps({"vocabulary": sorted(ids, key=ids.__getitem__)}))
    tokens = Bert(do_lower_case=True).wire()
    description.write_text(json.dumps({"inference_config": {"text_expansion": {"tokenization": tokens}}}))
    return into


def systems(folder: Path, sample: Sequence[str]) -> Mapping[str, Callable[[], System]]:
    """Ways to run the checkpoint."""
    return {
        TORCH: partial(Transformers, Place(folder, 1, sample), FLOAT32),
        "connote, uploaded": partial(Uploaded, traced(folder)),
        "connote, fast lane float32": partial(Connote, folder, 1, Precision.FLOAT32),
        "connote, fast lane": partial(Connote, folder, 1, None),
    }


def measure(report: Report, shape: Shape, plan: argparse.Namespace, tokenizer: Tokenizer) -> None:
    """Passages a second, milliseconds a query, and how long it takes to start."""
    passages = texts.passages(tokenizer, plan.passages, plan.corpus)
    queries = texts.queries(tokenizer, QUERIES, plan.corpus)
    with tempfile.TemporaryDirectory() as place:
        loaded, answers = dict[str, System](), dict[str, list[Pairs]]()
        for name, make in systems(shape.write(Path(place), passages), passages).items():
            began = time.perf_counter()
            loaded[name] = make()
            loaded[name].encode(queries[:1])
            report.add(shape.name, name, "start_s", time.perf_counter() - began)
            answers[name] = loaded[name].encode(passages)
        ingest = in_turn({name: partial(one.encode, passages) for name, one in loaded.items()}, plan.rounds)
        search = in_turn(
            {name: partial(_each, one, queries) for name, one in loaded.items()}, plan.rounds, burst=plan.rounds
        )
        for one in loaded.values():
            if isinstance(one, Connote):
                one.model.close()
    rates = {name: len(passages) / statistics.median(took) for name, took in ingest.items()}
    waits = {name: 1000 * statistics.median(took) / len(queries) for name, took in search.items()}
    for name in loaded:
        report.add(shape.name, name, "ingest_texts_per_s", rates[name], rates[TORCH])
        report.add(shape.name, name, "query_ms", waits[name], waits[TORCH])
        report.add(shape.name, name, "cosine", float(cosines(answers[TORCH], answers[name]).mean()))


def _each(system: System, queries: Sequence[str]) -> None:
    for query in queries:
        system.encode([query])


def main() -> None:
    """Measure, and print."""
    parser = arguments(__doc__)
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="JSON lines with [text]; without it words by Zipf")
    plan = parser.parse_args()
    plan.passages, plan.rounds = (12, 2) if plan.quick else (32, 6)
    tokenizer = Tokenizer.from_file(str(original() / "tokenizer.json"))
    report = Report("An uploaded encoder, one thread")
    for name in ("tiny",) if plan.quick else ("tiny", "mini"):
        measure(report, SHAPES[name], plan, tokenizer)
    report.print()
    report.write(plan.json)


if __name__ == "__main__":
    main()
