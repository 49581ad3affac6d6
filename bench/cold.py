"""The times to the first answer: of a server that starts, and of each model's first use.

The models' files must be here; `make demo` gets them. `make bench`, or `.venv/bin/python -m bench.cold`.
"""

import platform
import statistics
import time

from bench.server import serving

ROUNDS = 5
ENDPOINTS = {
    ".elser-2-elastic": {},
    ".multilingual-e5-small-elasticsearch": {},
    ".rerank-v1-elasticsearch": {"query": "house"},
}


def main() -> None:
    rounds = [measure() for _ in range(ROUNDS)]
    print(f"{platform.machine()}, Python {platform.python_version()}, {ROUNDS} starts, seconds: median (slowest)\n")
    for name in rounds[0]:
        times = [took[name] for took in rounds]
        print(f"{name:58} {statistics.median(times):6.2f} ({max(times):.2f})")


def measure() -> dict[str, float]:
    took = {}
    began = time.perf_counter()
    with serving() as client:
        client.get("/").raise_for_status()
        took["start of the process to the first answer of GET /"] = time.perf_counter() - began
        for id, extra in ENDPOINTS.items():
            asked = time.perf_counter()
            client.post(f"/_inference/{id}", json={"input": "a house", **extra}).raise_for_status()
            took[f"first answer of {id}"] = time.perf_counter() - asked
    return took


if __name__ == "__main__":
    main()
