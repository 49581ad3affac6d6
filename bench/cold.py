"""The times to the first answer: of a server that starts, and of each model's first use.

The models' files must be here; `make demo` gets them. `make bench`, or `.venv/bin/python -m bench.cold`.
"""

import statistics
import time

from bench.report import Report, arguments
from bench.server import serving

CASE = "to the first answer"
ENDPOINTS = {
    ".elser-2-elastic": {},
    ".multilingual-e5-small-elasticsearch": {},
    ".rerank-v1-elasticsearch": {"query": "house"},
}


def main() -> None:
    options = arguments(__doc__).parse_args()
    rounds = [measure() for _ in range(2 if options.quick else 5)]
    report = Report(f"Starting: seconds to the first answer, median of {len(rounds)} starts")
    for name in rounds[0]:
        times = [took[name] for took in rounds]
        report.add(CASE, "connote", f"{name}_s", statistics.median(times))
        report.add(CASE, "connote, slowest", f"{name}_s", max(times))
    report.note("GET / is from the start of the process; the others are each model's first use")
    report.print()
    report.write(options.json)


def measure() -> dict[str, float]:
    took = {}
    began = time.perf_counter()
    with serving() as client:
        client.get("/").raise_for_status()
        took["GET /"] = time.perf_counter() - began
        for id, extra in ENDPOINTS.items():
            asked = time.perf_counter()
            client.post(f"/_inference/{id}", json={"input": "a house", **extra}).raise_for_status()
            took[id] = time.perf_counter() - asked
    return took


if __name__ == "__main__":
    main()
