"""From text to token weights on the CPU: connote beside its peers, on the same weights and texts, in turns.

    .venv/bin/python -m bench.encode_cpu --corpus corpus.jsonl

Peers that are not installed are left out: `pip install connote[bench]` brings them. Ratios are to the best of the
peers, each at its own best batch size and also with a graph that takes the maximum first, as connote does; above 1
connote is better, also in milliseconds. `gemm fraction` is what share of the machine's own rate for a product of
matrices in that precision an engine reaches, measured in the same run. `cosine` is to float32 by transformers.
"""

import argparse
import gc
import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from bench import texts
from bench.gemm import Gemm
from bench.peers import FLOAT32, PEERS, QUICK, Place, Transformers
from bench.report import Report, arguments, best
from bench.shapes import SHAPES, Shape, original
from bench.systems import Connote, Pairs, System, climb, cosines
from bench.turns import in_turn, seconds
from tokenizers import Tokenizer

from connote.runtime.backends.backend import Precision

CONNOTE = "connote"
_LONG = 2.0  # seconds; what takes less is tried twice, as the noise is larger


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    passages: int
    rounds: int
    queries: int
    bursts: int
    peers: Sequence[str]


QUICKLY = Plan(passages=12, rounds=2, queries=8, bursts=2, peers=QUICK)
FULLY = Plan(passages=32, rounds=4, queries=8, bursts=12, peers=tuple(PEERS))


@dataclass
class Case:
    """One shape on so many threads: its systems, and what they took."""

    name: str
    shape: Shape
    place: Place
    plan: Plan
    queries: Sequence[str]
    report: Report
    systems: dict[str, System] = field(default_factory=dict)

    def measure(self) -> None:
        """Load all, find each one's batch size, then let them take turns."""
        self._load()
        gemm = Gemm(self.shape.hidden, self.place.threads)
        ingest = dict.fromkeys(self.systems, float("inf"))
        for _ in range(self.plan.rounds):
            gemm.measure()
            took = in_turn({name: partial(one.encode, self.place.sample) for name, one in self.systems.items()}, 1)
            ingest = {name: min(ingest[name], *took[name]) for name in ingest}
        asked = {name: _Asker(one, self.queries) for name, one in self.systems.items()}
        query = in_turn(asked, self.plan.bursts, burst=self.plan.queries)
        self._tell(ingest, query, gemm)

    def _load(self) -> None:
        folder, threads = self.place.folder, self.place.threads
        makers: dict[str, Callable[[], System]] = {CONNOTE: partial(Connote, folder, threads, None)}
        for precision in Precision:
            makers[f"{CONNOTE} {precision}"] = partial(Connote, folder, threads, precision)
        makers |= {name: partial(PEERS[name], self.place) for name in self.plan.peers}
        for name, make in makers.items():
            try:
                system = make()
                system.encode(self.place.sample[:2])
                if system.batch is not None:
                    system.batch = climb(partial(self._cost, system))
            except Exception as error:  # noqa: BLE001 (whatever a peer raises, the others are measured)
                self.report.leave_out(f"{name} ({self.name})", error)
            else:
                self.systems[name] = system
                print(f"  {self.name}: {name}, batch size {system.batch or 'its own'}", flush=True)

    def _cost(self, system: System, batch: int) -> float:
        system.batch = batch
        once = partial(system.encode, self.place.sample)
        took = seconds(once)
        return took if took > _LONG else min(took, seconds(once))

    def _tell(self, ingest: dict[str, float], query: dict[str, list[float]], gemm: Gemm) -> None:
        tokenizer = Tokenizer.from_file(str(self.place.folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokens = sum(len(one.ids) for one in tokenizer.encode_batch(list(self.place.sample)))
        reference, rates = self._reference(), gemm.rates()
        numbers = {
            name: {
                "ingest_tokens_per_s": tokens / ingest[name],
                "ingest_docs_per_s": len(self.place.sample) / ingest[name],
                "query_p50_ms": 1000 * statistics.median(query[name]),
                "query_p95_ms": 1000 * float(np.percentile(query[name], 95)),
            }
            for name in self.systems
        }
        peers = [found for name, found in numbers.items() if not name.startswith(CONNOTE)]
        for name in sorted(numbers, key=lambda name: (not name.startswith(CONNOTE), ingest[name])):
            for metric, value in numbers[name].items():
                self.report.add(self.name, name, metric, value, best(metric, [peer[metric] for peer in peers]))
            system = self.systems[name]
            if {system.precision, system.head_precision} <= rates.keys():
                floor = self.shape.encoder_flops / rates[system.precision]
                floor += self.shape.head_flops / rates[system.head_precision]
                fraction = floor * numbers[name]["ingest_tokens_per_s"]
                self.report.add(self.name, name, "gemm_fraction", fraction)
            found = cosines(reference, system.encode(self.place.sample))
            self.report.add(self.name, name, "cosine", float(found.mean()))
            if system.batch:
                self.report.add(self.name, name, "batch", system.batch)
        terms = statistics.mean(len(found) for found, _ in reference)
        self.report.note(
            f"{self.name}: {len(self.place.sample)} texts, {tokens} tokens, {terms:.0f} terms a text; {gemm.describe()}"
        )
        self.report.note(f"{self.name}: connote chose {self.systems[CONNOTE].precision}")

    def _reference(self) -> list[Pairs]:
        return Transformers(self.place, FLOAT32).encode(self.place.sample)


class _Asker:
    """Asks one query after the other."""

    def __init__(self, system: System, queries: Sequence[str]) -> None:
        self._system, self._queries, self._count = system, queries, 0

    def __call__(self) -> None:
        self._count += 1
        self._system.encode([self._queries[self._count % len(self._queries)]])


def main() -> None:
    # Or the tokenizers would use all cores, whatever the number of threads.
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    options = _options()
    plan = QUICKLY if options.quick else FULLY
    if options.peers is not None:
        plan = replace(plan, peers=options.peers)
    report = Report("Text to token weights on the CPU; ratios to the best peer, above 1 is better")
    raw = Tokenizer.from_file(str(original() / "tokenizer.json"))
    raw.no_padding()
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.shapes or (("mini",) if options.quick else tuple(SHAPES)):
            shape = SHAPES[name]
            passages = texts.passages(raw, plan.passages, options.corpus)
            queries = texts.queries(raw, plan.queries, options.corpus)
            folder = shape.write(Path(scratch), passages[:8])
            for threads in options.threads or ((1,) if options.quick else (1, 2)):
                place = Place(folder, threads, passages)
                Case(f"{name}, {threads} threads", shape, place, plan, queries, report).measure()
                gc.collect()
    report.note("sentence-transformers' own ONNX and OpenVINO backends are not measured: they need other versions")
    report.print()
    report.write(options.json)


def _options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument(
        "--corpus", type=Path, metavar="FILE", help="take the texts from the `text` of these JSON lines"
    )
    parser.add_argument("--threads", type=int, nargs="+", metavar="N", help="default: 1 and 2; quick: 1")
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, help="default: all; quick: mini")
    parser.add_argument("--peers", nargs="*", choices=PEERS, metavar="PEER", help=f"some of: {', '.join(PEERS)}")
    return parser.parse_args()


if __name__ == "__main__":
    main()
