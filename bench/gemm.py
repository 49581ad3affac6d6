"""The rate of a plain matrix product on this machine: what an engine's speed is a fraction of."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.turns import in_turn

from connote.runtime.backends import native
from connote.runtime.backends.backend import Precision

_ROWS = 512
Task = Callable[[], object]


class Gemm:
    """Products of tokens × hidden by hidden × 4 hidden, as in a feed-forward layer, in each precision."""

    def __init__(self, hidden: int, threads: int) -> None:
        self._inner, self._columns, self._threads = hidden, 4 * hidden, threads
        self._native: dict[str, float] = {}
        self._torch: dict[str, float] = {}
        self._tasks = dict(self._products())

    def measure(self) -> None:
        """Measure every implementation once more; the best of all times counts."""
        for precision in native.precisions():
            self._keep(self._native, precision, self._native_rate(precision))
        flops = 2 * _ROWS * self._inner * self._columns
        for name, took in in_turn(self._tasks, rounds=1, burst=5).items():
            self._keep(self._torch, name, flops / min(took))

    def rates(self) -> dict[str, float]:
        """Operations a second by precision: the better of the native engine's and torch's."""
        names = self._native.keys() | self._torch.keys()
        return {name: max(self._native.get(name, 0), self._torch.get(name, 0)) for name in names}

    def describe(self) -> str:
        """Both rates, precision by precision."""
        parts = []
        for precision in Precision:
            found = [("native", self._native.get(precision)), ("torch", self._torch.get(precision))]
            shown = ", ".join(f"{name} {rate / 1e9:,.0f}" for name, rate in found if rate)
            parts.append(f"{precision} {shown or '-'}")
        return (
            f"GEMM {_ROWS}×{self._columns}×{self._inner}, {self._threads} threads, G operations/s: {'; '.join(parts)}"
        )

    def _native_rate(self, precision: Precision) -> float:
        rate = partial(native.gemm_flops, precision, _ROWS, self._columns, self._inner)
        with ThreadPoolExecutor(self._threads) as pool:
            return sum(pool.map(lambda _: rate(), range(self._threads)))

    def _products(self) -> list[tuple[str, Task]]:
        try:
            import torch
        except ImportError:
            return []
        torch.set_num_threads(self._threads)
        a, b = torch.randn(_ROWS, self._inner), torch.randn(self._inner, self._columns)
        small = [(10 * matrix).to(torch.int8) for matrix in (a, b)]
        half = [matrix.to(torch.bfloat16) for matrix in (a, b)]
        return [
            (Precision.FLOAT32, partial(torch.matmul, a, b)),
            (Precision.BFLOAT16, partial(torch.matmul, *half)),
            (Precision.INT8, partial(torch._int_mm, *small)),
        ]

    @staticmethod
    def _keep(rates: dict[str, float], name: str, rate: float) -> None:
        rates[name] = max(rate, rates.get(name, 0))
