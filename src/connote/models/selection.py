"""Which ids are meant by a list with wildcards, as in `GET _ml/trained_models/a*,b`."""

import re
from collections.abc import Collection, Sequence
from fnmatch import translate
from typing import TypeVar

from connote.contract.errors import IllegalArgument

T = TypeVar("T")

_ALL = ("_all", "*", "")
MOST = 10_000


def select(expression: str, ids: Collection[str]) -> tuple[list[str], list[str]]:
    """Those of the ids that are meant, in their order, and the parts of the expression that mean none."""
    parts = ["*"] if expression in _ALL else [part.strip() for part in expression.split(",") if part.strip()]
    patterns = {part: _pattern(part) for part in parts}
    found = {part: [id for id in ids if pattern.fullmatch(id)] for part, pattern in patterns.items()}
    meant = {id for some in found.values() for id in some}
    return [id for id in ids if id in meant], [part for part, some in found.items() if not some and not is_wild(part)]


def is_wild(part: str) -> bool:
    """Whether it may mean no id at all."""
    return "*" in part or part in _ALL


def page(found: Sequence[T], first: int, size: int) -> list[T]:
    """A part of what was found. Raises IllegalArgument for what is no part."""
    if first < 0 or size < 0:
        name, value = ("from", first) if first < 0 else ("size", size)
        raise IllegalArgument(f"Parameter [{name}] cannot be < 0, but is [{value}]")
    if first + size > MOST:
        raise IllegalArgument(f"The sum of parameters [from] and [size] cannot be higher than {MOST}")
    return list(found[first : first + size])


def _pattern(part: str) -> re.Pattern[str]:
    """Only `*` is special; more of them in a row, or many, are as slow as one."""
    escaped = re.sub(r"\*+", "*", part).replace("[", "[[]").replace("?", "[?]")
    return re.compile(translate(escaped))
