"""Paths into JSON, a small part of JSONPath: `$.data[*].embedding`, `$['a name'][0]`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from connote.contract.errors import Malformed

MOST_STEPS = 32
_STEP = re.compile(
    r"\.(?P<name>[A-Za-z0-9_-]+)|\['(?P<quoted>(?:[^'\\]|\\['\\])+)'\]|\[(?P<position>[0-9]{1,9})\]|\[(?P<all>\*)\]"
)
_ESCAPED = re.compile(r"\\(.)")

# A member's name, an element's position, or None for all elements.
Step = str | int | None


@dataclass(frozen=True)
class Path:
    """The steps from the root; `text` is how it was written."""

    text: str
    steps: Sequence[Step]

    @staticmethod
    @lru_cache(maxsize=1024)
    def parse(text: str) -> "Path":
        """The path that a text is. Raises ValueError that tells where it is none."""
        if not text.startswith("$"):
            raise ValueError("it must begin with [$]")
        at, steps = 1, list[Step]()
        while at < len(text):
            match = _STEP.match(text, at)
            if match is None:
                raise ValueError(f"after [{text[:at]}] must come one of [.name], [['name']], [[0]], [[*]]")
            at = match.end()
            steps.append(_step(match))
        if len(steps) > MOST_STEPS:
            raise ValueError(f"it must not have more than {MOST_STEPS} steps")
        return Path(text, tuple(steps))

    def find(self, value: Any) -> Any:  # noqa: ANN401 (JSON)
        """What it leads to; one `[*]` gives a list, two give a list of lists. Raises Malformed for nothing."""
        return self._find(value, 0)

    def _find(self, value: Any, start: int) -> Any:  # noqa: ANN401
        for at, step in enumerate(self.steps[start:], start):
            if step is None:
                if not isinstance(value, list):
                    raise self._lost(at, "an array")
                rest = at + 1
                return value if rest == len(self.steps) else [self._find(item, rest) for item in value]
            if isinstance(step, str):
                if not isinstance(value, dict) or step not in value:
                    raise self._lost(at, f"an object with the member [{step}]")
            elif not isinstance(value, list) or step >= len(value):
                raise self._lost(at, f"an array with more than {step} elements")
            value = value[step]
        return value

    def _lost(self, at: int, wanted: str) -> Malformed:
        return Malformed(f"the answer of the service has not {wanted} at step {at + 1} of the path [{self.text}]")


def _step(match: re.Match[str]) -> Step:
    if match["quoted"] is not None:
        return _ESCAPED.sub(r"\1", match["quoted"])
    if match["position"] is not None:
        return int(match["position"])
    return match["name"]
