"""The server's own cost of a request, beside the model's.

One process serves; this one asks it, and runs the same model on the same text in itself, interleaved, so that both see
the same machine. `make bench`, or `.venv/bin/python -m bench.http`. Ratios are to the model alone.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import httpx
from bench.report import Report, arguments
from bench.server import serving

from connote.config import load
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel

TEXT = "There is no reason anyone would want a computer in their home "
TEXTS = {"query, 14 tokens": TEXT, "passage, 122 tokens": TEXT * 10}
WARM_UP = 20


def main() -> None:
    options = arguments(__doc__).parse_args()
    rounds = 100 if options.quick else 300
    report = Report(f"One request at a time, medians of {rounds} rounds; ratios to the model alone")
    library = Library(load(None).models_path())
    row, folder = library.resolve(library.find(".elser_model_2"), lambda *_: None)
    with serving() as client:
        compare(client, LocalModel.load(row, folder, 1), rounds, report)
    report.print()
    report.write(options.json)


def compare(client: httpx.Client, model: LocalModel, rounds: int, report: Report) -> None:
    for name, text in TEXTS.items():
        took = measure(
            {
                "connote": partial(client.post, "/_inference/.elser-2-elastic", json={"input": text}),
                "model alone": partial(infer, model, text),
                "GET /": partial(client.get, "/"),
            },
            rounds,
        )
        for system, milliseconds in took.items():
            report.add(name, system, "p50_ms", milliseconds, took["model alone"] if system == "connote" else None)
        report.add(name, "connote", "added_ms", took["connote"] - took["model alone"])


def infer(model: LocalModel, text: str) -> object:
    items = model.encode(Inputs([text]))
    return model.finish(items, model.run(items))


def measure(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median milliseconds of each task, all run in turn."""
    took: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(WARM_UP + rounds):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            if number >= WARM_UP:
                took[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(times) for name, times in took.items()}


if __name__ == "__main__":
    main()
