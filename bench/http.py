"""The server's own cost of a request, beside the model's.

One process serves; this one asks it, and runs the same model on the same text in itself, interleaved, so that both see
the same machine. `make bench`, or `.venv/bin/python -m bench.http`.
"""

import platform
import statistics
import time
from collections.abc import Callable
from functools import partial

import httpx
from bench.server import serving

from connote.config import load
from connote.runtime.library import Library
from connote.runtime.local import Inputs, LocalModel

TEXT = "There is no reason anyone would want a computer in their home "
TEXTS = {"query, 14 tokens": TEXT, "passage, 122 tokens": TEXT * 10}
ROUNDS, WARM_UP = 300, 20


def main() -> None:
    library = Library(load(None).models_path())
    row, folder = library.resolve(library.find(".elser_model_2"), lambda *_: None)
    with serving() as client:
        report(client, LocalModel.load(row, folder, 1))


def report(client: httpx.Client, model: LocalModel) -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}, {ROUNDS} rounds, medians in ms\n")
    print(f"{'':22} {'request/model':>13} {'request':>8} {'model':>8} {'GET /':>8} {'request - model':>16}")
    for name, text in TEXTS.items():
        took = measure(
            {
                "request": partial(client.post, "/_inference/.elser-2-elastic", json={"input": text}),
                "model": partial(infer, model, text),
                "root": partial(client.get, "/"),
            }
        )
        request, alone, root = took["request"], took["model"], took["root"]
        print(f"{name:22} {request / alone:>12.2f}x {request:8.2f} {alone:8.2f} {root:8.2f} {request - alone:16.2f}")


def infer(model: LocalModel, text: str) -> object:
    items = model.encode(Inputs([text]))
    return model.finish(items, model.run(items))


def measure(tasks: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median milliseconds of each task, all run in turn."""
    took: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(WARM_UP + ROUNDS):
        for name, task in tasks.items():
            began = time.perf_counter()
            task()
            if number >= WARM_UP:
                took[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(times) for name, times in took.items()}


if __name__ == "__main__":
    main()
