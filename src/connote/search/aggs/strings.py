"""Figures over words: string_stats."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from connote.contract.errors import IllegalArgument
from connote.search.aggs.context import Context
from connote.search.aggs.options import Options
from connote.search.aggs.rows import Rows
from connote.search.aggs.tree import Agg
from connote.search.aggs.values import Source


@dataclass(frozen=True, kw_only=True)
class StringStats(Agg):
    """How many values, how long they are, and the entropy of their characters in bits: UTF-16 code units all."""

    source: Source
    shows_distribution: bool = False

    takes_subs: ClassVar[bool] = False

    @classmethod
    def read(cls, body: Options) -> dict[str, Any]:
        """The field, and whether the characters are told."""
        shows = body.flag("show_distribution", default=False)
        return {"source": Source.read(body), "shows_distribution": shows}

    def run(self, parts: Sequence[Rows], context: Context) -> dict[str, Any]:  # noqa: ARG002
        """Null without values. Raises IllegalArgument for a field of numbers."""
        words = Counter[str]()
        for part in parts:
            column = self.source.any(part)
            if column.words is None and len(column.keys):
                raise IllegalArgument(f"Field [{self.source.name}] is not supported for aggregation [{self.kind}]")
            different, counts = np.unique(column.keys, return_counts=True)
            for key, count in zip(different.tolist(), counts.tolist(), strict=True):
                words[str(column.value(key))] += count
        return self._told(words)

    def _told(self, words: Counter[str]) -> dict[str, Any]:
        letters, total = Counter[str](), sum(words.values())
        for word, count in words.items():
            for letter in _units(word):
                letters[letter] += count
        lengths, whole = [len(_units(word)) for word in words], sum(letters.values())
        chances = {letter: count / whole for letter, count in letters.most_common()}
        shown: dict[str, Any] = {
            "count": total,
            "min_length": min(lengths, default=None),
            "max_length": max(lengths, default=None),
            "avg_length": whole / total if total else None,
            "entropy": float(sum(-each * np.log2(each) for each in chances.values())),
        }
        return {**shown, "distribution": chances} if self.shows_distribution else shown


def _units(word: str) -> list[str]:
    """The UTF-16 code units; halves of a pair that stand for no character are told by their numbers."""
    if word.isascii() or max(word) < "\ud800":
        return list(word)
    raw = np.frombuffer(word.encode("utf-16-le", "surrogatepass"), dtype="<u2").tolist()
    return [f"\\u{each:04x}" if 0xD800 <= each < 0xE000 else chr(each) for each in raw]
