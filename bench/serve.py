"""The server under load: a real client against the running server, beside the same work in one process, in turns.

    .venv/bin/python -m bench.serve

SPLADE-tiny on the CPU, the cache switched off, batches of 1 and 16 passages, 1 to 64 clients. `× docs/s` is the
server's throughput over the process's own. The client (aiohttp, `pip install connote[bench]`) runs on the same cores.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from bench import texts
from bench.report import Report, arguments
from bench.server import UNCACHED, serving
from bench.shapes import original
from tokenizers import Tokenizer

from connote.config import load
from connote.runtime.autoscale import Adaptive
from connote.runtime.fleet import CORES, Deployment, Fleet
from connote.runtime.library import Library
from connote.runtime.local import Inputs

ENDPOINT, MODEL = "/_inference/.elser-2-elastic", ".elser_model_2"
Ask = Callable[[list[str]], Awaitable[object]]


async def load_with(ask: Ask, passages: list[str], batch: int, clients: int, spell: float) -> tuple[float, list[float]]:
    """Documents a second, and the seconds of each request; each client asks one thing after the other."""
    stop, done, took = time.perf_counter() + spell, 0, list[float]()
    starts = iter(range(0, 1 << 30, batch))

    async def client() -> None:
        nonlocal done
        while time.perf_counter() < stop:
            first = next(starts)
            asked = [passages[i % len(passages)] for i in range(first, first + batch)]
            began = time.perf_counter()
            await ask(asked)
            took.append(time.perf_counter() - began)
            done += batch

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    return done / (time.perf_counter() - began), took


async def in_process(passages: list[str], batch: int, clients: int, spell: float) -> tuple[float, list[float]]:
    """The fleet alone."""
    fleet, wish = Fleet(Library(load(None).models_path())), Deployment("bench", MODEL, adaptive=Adaptive(0, CORES))
    await fleet.run(wish, Inputs(passages[:8]))
    try:
        return await load_with(lambda some: fleet.run(wish, Inputs(some)), passages, batch, clients, spell)
    finally:
        await fleet.close()


async def over_http(url: str, passages: list[str], batch: int, clients: int, spell: float) -> tuple[float, list[float]]:
    """The server, through a client with as many connections as it has callers."""
    import aiohttp

    connector = aiohttp.TCPConnector(limit=clients)
    async with aiohttp.ClientSession(url, headers=UNCACHED, connector=connector) as session:

        async def ask(some: list[str]) -> None:
            async with session.post(ENDPOINT, json={"input": some}) as reply:
                await reply.read()
                assert reply.status == 200, await reply.text()

        return await load_with(ask, passages, batch, clients, spell)


def measure(url: str, passages: list[str], batch: int, clients: int, spell: float, report: Report, rounds: int) -> None:
    """One number of clients: both in turns, each at its best."""
    case = f"batches of {batch}, {clients} clients"
    alone, served = [], []
    for _ in range(rounds):
        alone.append(asyncio.run(in_process(passages, batch, clients, spell)))
        served.append(asyncio.run(over_http(url, passages, batch, clients, spell)))
    for name, runs in (("connote", served), ("in process", alone)):
        rate, took = max(runs, key=lambda run: run[0])
        report.add(case, name, "ingest_docs_per_s", rate, max(run[0] for run in alone))
        report.add(case, name, "p50_ms", 1000 * statistics.median(took))
        report.add(case, name, "p95_ms", 1000 * sorted(took)[int(0.95 * len(took))])


def main() -> None:
    options = _options()
    try:
        import aiohttp  # noqa: F401 (is it there?)
    except ImportError:
        sys.exit("bench.serve: aiohttp is not installed: pip install connote[bench]")
    report = Report("The server beside the process alone; ratios to the latter")
    raw = Tokenizer.from_file(str(original() / "tokenizer.json"))
    raw.no_padding()
    passages = texts.passages(raw, 256, options.corpus)
    cases = [(16, 1), (1, 1), (1, 64)] if options.quick else [(16, 1), (16, 4), *((1, n) for n in (1, 4, 16, 64))]
    with serving() as client:
        client.post(ENDPOINT, json={"input": passages[:8]})
        for batch, clients in cases:
            measure(str(client.base_url), passages, batch, clients, options.spell, report, 1 if options.quick else 3)
    report.note("SPLADE-tiny in float32; the cache is bypassed; server, client and model share the cores")
    report.print()
    report.write(options.json)


def _options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument(
        "--corpus", type=Path, metavar="FILE", help="take the texts from the `text` of these JSON lines"
    )
    parser.add_argument("--spell", type=float, default=4, metavar="SECONDS", help="how long each is asked (4)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
