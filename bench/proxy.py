"""What connote costs before a third party: latency added a call, and streams held at once.

    .venv/bin/python -m bench.proxy

The third party is bench/upstream.py on loopback, which answers at once; client, connote and it share the cores.
Calls go straight to it and through connote in turns, on one connection. `× p50` is the straight call's time
over connote's; `added` is the difference of the medians.
"""

import argparse
import asyncio
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from bench.report import Report, arguments
from bench.server import serving
from bench.turns import in_turn

SETTINGS = {"api_key": "k", "rate_limit": {"requests_per_minute": 1_000_000_000}}
BURST = 20


@contextmanager
def third_party() -> Iterator[str]:
    """The URL of a fresh one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.upstream", str(port)])  # noqa: S603 (our own command)
    try:
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def calls(http: httpx.Client, upstream: str, texts: int, dimensions: int, rounds: int, report: Report) -> None:
    """One size of answer."""
    inputs, path = ["a quiet house near the sea"] * texts, f"/_inference/text_embedding/d{dimensions}"
    made = http.put(path, json={"service": "openai", "service_settings": SETTINGS | {"model_id": f"d{dimensions}"}})
    assert made.status_code in (200, 400), made.text  # 400: it is there already
    with httpx.Client(base_url=upstream, trust_env=False) as straight:
        tasks = {
            "straight": lambda: straight.post("/v1/embeddings", json={"input": inputs, "model": f"d{dimensions}"}),
            "connote": lambda: http.post(path, json={"input": inputs}),
        }
        assert http.post(path, json={"input": inputs}).status_code == 200
        took = in_turn(tasks, rounds, BURST)
    case = f"{texts} × {dimensions} dimensions"
    base = 1000 * statistics.median(took["straight"])
    for name, seconds in sorted(took.items(), reverse=True):
        p50 = 1000 * statistics.median(seconds)
        report.add(case, name, "p50_ms", p50, base)
        report.add(case, name, "p95_ms", 1000 * sorted(seconds)[int(0.95 * len(seconds))])
        report.add(case, name, "added_ms", p50 - base)


async def streams(url: str, path: str, body: dict[str, object], count: int) -> tuple[int, list[float], float]:
    """Open so many streams: how many were open at once, when the first chunk of each came, and chunks a second."""
    import aiohttp

    held, most, chunks, first = 0, 0, 0, list[float]()

    async def one(session: aiohttp.ClientSession) -> None:
        nonlocal held, most, chunks
        began, is_first = time.perf_counter(), True
        async with session.post(url + path, json=body) as reply:
            assert reply.status == 200, await reply.text()
            async for line in reply.content:
                if not line.startswith(b"data: {"):
                    continue
                if is_first:
                    first.append(time.perf_counter() - began)
                    held, is_first = held + 1, False
                    most = max(most, held)
                chunks += 1
        held -= 1

    start = time.perf_counter()
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(one(session) for _ in range(count)))
    return most, first, chunks / (time.perf_counter() - start)


def streaming(http: httpx.Client, upstream: str, count: int, model: str, report: Report) -> None:
    """So many streams at once, straight and through connote: how many were open together, and chunks a second."""
    path = f"/_inference/chat_completion/{model}"
    made = http.put(path, json={"service": "openai", "service_settings": SETTINGS | {"model_id": model}})
    assert made.status_code == 200, made.text
    chunks, pause = model[1:].split("-")
    case = f"{count} streams of {chunks} chunks, one in {pause} ms"
    asked: dict[str, object] = {"messages": [{"role": "user", "content": "a"}]}
    straight = asked | {"model": model, "stream": True}
    found = {
        "straight": asyncio.run(streams(upstream, "/v1/chat/completions", straight, count)),
        "connote": asyncio.run(streams(str(http.base_url).rstrip("/"), f"{path}/_stream", asked, count)),
    }
    for name, (most, first, rate) in found.items():
        report.add(case, name, "streams_held", most, found["straight"][0])
        report.add(case, name, "chunks_per_s", rate, found["straight"][2])
        report.add(case, name, "first_chunk_p50_ms", 1000 * statistics.median(first))
        report.add(case, name, "first_chunk_p95_ms", 1000 * sorted(first)[int(0.95 * len(first))])


def main() -> None:
    options = _options()
    try:
        import aiohttp  # noqa: F401 (is it there?)
    except ImportError:
        sys.exit("bench.proxy: aiohttp is not installed: pip install connote[bench]")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 65536), most))  # the server inherits it
    report = Report("Before a third party: straight calls, and the same through connote")
    with third_party() as upstream, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "connote.toml"
        config.write_text(f'secret_key_file = "{folder}/key"\n[services.openai]\nbase_url = "{upstream}"\n')
        with serving("--config", str(config)) as http:
            for texts, dimensions in ((1, 384), (1, 1536), (16, 1536)):
                calls(http, upstream, texts, dimensions, 10 if options.quick else 50, report)
            streaming(http, upstream, options.streams, "n20-500" if options.quick else "n60-500", report)
            streaming(http, upstream, 20, "n200-0" if options.quick else "n1000-0", report)
    report.note("client, connote and the third party share the cores")
    report.print()
    report.write(options.json)


def _options() -> argparse.Namespace:
    parser = arguments(__doc__)
    parser.add_argument("--streams", type=int, default=1000, metavar="N", help="how many streams are held (1000)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
