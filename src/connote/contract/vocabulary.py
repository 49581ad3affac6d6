"""The vocabulary of an uploaded model: tokens in the order of their ids, and what its tokenisation needs besides."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connote.contract.errors import Rejected, Unparsable
from connote.contract.tokenization import Tokenization

# XLM-RoBERTa has 250,002 tokens; the largest that are known about a million.
MOST = 1 << 20
_FIELDS = ("vocabulary", "merges", "scores")


@dataclass(frozen=True)
class Vocabulary:
    """`tokens` by id; `merges` of BPE ("a b"), best first; `scores` of a unigram model, one a token."""

    tokens: Sequence[str]
    merges: Sequence[str] = ()
    scores: Sequence[float] = ()

    @classmethod
    def parse(cls, raw: Any) -> "Vocabulary":  # noqa: ANN401 (JSON)
        """The vocabulary in a body or a file of `wire`. Raises Unparsable."""
        if not isinstance(raw, Mapping):
            raise Unparsable("[vocabulary] the body must be an object")
        for name in raw:
            if name not in _FIELDS:
                raise Unparsable(f"[vocabulary] unknown field [{name}]; known are [{', '.join(_FIELDS)}]")
        found = cls(_list(raw, "vocabulary", str), _list(raw, "merges", str), _list(raw, "scores", int | float))
        if not found.tokens:
            raise Unparsable("[vocabulary] must not be empty")
        if found.scores and len(found.scores) != len(found.tokens):
            raise Unparsable("[scores] must have the same length as [vocabulary]")
        if not all(abs(score) <= sys.float_info.max for score in found.scores):  # NaN is not, either
            raise Unparsable("[scores] must be finite numbers")
        if any(len(merge.split(" ")) != 2 for merge in found.merges):
            raise Unparsable("[merges] must each be two tokens with a space between")
        return found

    def check(self, model_id: str, tokenization: Tokenization) -> None:
        """Raise Rejected if the tokenisation of that model needs more."""
        need = tokenization.needs
        if need and not getattr(self, need):
            raise Rejected(
                f"cannot put vocabulary for model [{model_id}] as tokenizer type [{tokenization.name}] "
                f"requires [{need}] to be provided and non-empty"
            )

    def wire(self) -> dict[str, Any]:
        """As it was uploaded."""
        parts = zip(_FIELDS, (self.tokens, self.merges, self.scores), strict=True)
        return {name: part for name, part in parts if part}


def _list(raw: Mapping[str, Any], name: str, kind: Any) -> list[Any]:  # noqa: ANN401 (JSON)
    items = raw.get(name)
    if items is None:
        return []
    if not isinstance(items, list) or len(items) > MOST:
        raise Unparsable(f"[{name}] must be an array of at most {MOST} items")
    if not all(isinstance(item, kind) and not isinstance(item, bool) for item in items):
        raise Unparsable(f"[{name}] must hold {'strings' if kind is str else 'numbers'} only")
    return items
