"""What every bench shares: its arguments, the table it prints, the JSON it writes, and the machine it ran on."""

import argparse
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

VERSIONS = (
    *("connote", "connote-native", "numpy", "tokenizers", "onnxruntime", "torch", "transformers", "triton"),
    *("sentence-transformers", "openvino", "nncf", "fastembed", "aiohttp", "httpx", "uvicorn"),
)
_INSTRUCTIONS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8", "asimddp", "i8mm")
# A smaller value of these is better.
_COSTS = ("_ms", "_s", "_mb", "_flips")
_UNITS = (("ingest_", ""), ("query_", ""), ("_per_s", "/s"), ("_ms", " ms"), ("_", " "))


@dataclass(frozen=True)
class Row:
    """One number; the ratio is above 1 where it is better than the best peer's, also for times."""

    case: str
    system: str
    metric: str
    value: float
    ratio_to_best_peer: float | None


@dataclass
class Report:
    """Rows as they are measured; printed as a table a case: ratios first, the numbers themselves after them."""

    title: str = ""
    rows: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)

    def add(self, case: str, system: str, metric: str, value: float, best_peer: float | None = None) -> None:
        """Note a number, and beside it the best that any peer reached in the same case."""
        ratio = None
        if best_peer and value:
            ratio = best_peer / value if is_cost(metric) else value / best_peer
        self.rows.append(Row(case, system, metric, float(value), ratio))

    def note(self, text: str) -> None:
        """What a reader must know beside the numbers."""
        self.notes.append(text)

    def leave_out(self, system: str, why: object) -> None:
        """A system that could not be measured: said at once, and kept."""
        self.left_out[system] = (str(why).strip() or type(why).__name__).splitlines()[0][:200]
        print(f"left out: {system}: {self.left_out[system]}", flush=True)

    def print(self) -> None:
        """The machine, one table a case, and the notes."""
        print(f"\n{self.title}\n" + "\n".join(f"{name}: {value}" for name, value in machine().items()))
        for case in _unique(row.case for row in self.rows):
            self._print_case(case)
        for note in self.notes:
            print(f"- {note}")

    def write(self, path: Path | None) -> None:
        """Everything as JSON, if there is a path."""
        if path:
            found = {"machine": machine(), "rows": [asdict(row) for row in self.rows]}
            extra = {"notes": self.notes, "left_out": self.left_out}
            path.write_text(json.dumps(found | extra, indent=1) + "\n", encoding="utf-8")

    def _print_case(self, case: str) -> None:
        cells = {(row.system, row.metric): row for row in self.rows if row.case == case}
        metrics = _unique(metric for _, metric in cells)
        systems = _unique(system for system, _ in cells)
        compared = [
            metric for metric in metrics if any(cells[key].ratio_to_best_peer for key in cells if key[1] == metric)
        ]
        lines = [[case, *(f"× {_label(metric)}" for metric in compared), *map(_label, metrics)]]
        for system in systems:
            found = {metric: cells.get((system, metric)) for metric in metrics}
            ratios = [_number(row.ratio_to_best_peer if (row := found[metric]) else None) for metric in compared]
            lines.append([system, *ratios, *(_number(row.value if row else None) for row in found.values())])
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        print()
        for first, *rest in lines:
            print(
                first.ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)),
                sep="  ",
            )


def arguments(description: str | None) -> argparse.ArgumentParser:
    """The arguments that every bench takes."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--quick", action="store_true", help="fewer cases: under a minute on two cores")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to this file, too")
    return parser


def is_cost(metric: str) -> bool:
    """Whether less of it is better."""
    return metric.endswith(_COSTS) and not metric.endswith("_per_s")


def best(metric: str, values: Iterable[float]) -> float | None:
    """The best of some values of a metric; None of none."""
    return (min if is_cost(metric) else max)(values, default=None)


def machine() -> dict[str, str]:
    """The machine and the versions, as far as they bear on speed."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = {
        "cpu": _cpu(),
        "cores": str(cores),
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }
    versions = []
    for name in VERSIONS:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions.append(f"{name} {importlib.metadata.version(name)}")
    return found | {"versions": ", ".join(versions)}


def _cpu() -> str:
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in info.split("\n\n")[0].splitlines() if ":" in line)
    values = {key.strip(): value.strip() for key, value in lines.items()}
    flags = (values.get("flags") or values.get("Features") or "").split()
    names = [values.get("model name", platform.machine())]
    if "cpu family" in values:
        names.append(f"family {values['cpu family']} model {values.get('model')}")
    return ", ".join([*names, *(flag for flag in _INSTRUCTIONS if flag in flags)])


def _label(metric: str) -> str:
    for old, new in _UNITS:
        metric = metric.replace(old, new)
    return metric


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) >= 2 else f"{value:.4g}" if abs(value) < 0.1 else f"{value:.3f}"


def _unique(names: Iterable[str]) -> Sequence[str]:
    return list(dict.fromkeys(names))
