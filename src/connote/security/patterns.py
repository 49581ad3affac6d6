"""Patterns of names in roles: `*` and `?`, and Lucene's regular expressions between slashes.

https://www.elastic.co/docs/deploy-manage/users-roles/cluster-or-deployment-auth/defining-roles
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

import regex

from connote.contract.errors import IllegalArgument

Fits = Callable[[str], bool]
# What Lucene's expressions have and Python's mean something else by.
_OPERATORS = re.compile(r"(?<!\\)[~&@<>#^$]|\(\?")
_SECONDS = 0.1  # that a name may be compared with an expression


def fits(patterns: Sequence[str]) -> Fits:
    """Whether a name fits any of these. Raises IllegalArgument for an expression that is none."""
    if "*" in patterns:
        return lambda _: True
    every = [_one(each) for each in patterns]
    return lambda name: any(each(name) for each in every)


@lru_cache(1024)
def _one(pattern: str) -> Fits:
    if len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/"):
        return _expression(pattern[1:-1])
    if not any(each in pattern for each in "*?\\"):
        return lambda name: name == pattern
    parts = [""]
    for found in re.finditer(r"\\(.)|([*?])|(.)", pattern, re.DOTALL):
        if found[2] == "*":
            parts.append("")
        else:
            parts[-1] += "." if found[2] else re.escape(found[1] or found[3])
    # What is between two `*` is looked for once, at the first place where it is: else many would take forever.
    first, *between = parts
    last = between.pop() if between else None
    made = first + "".join(f"(?>.*?{each})" for each in between) + ("" if last is None else f".*{last}")
    compiled = re.compile(made, re.DOTALL)
    return lambda name: compiled.fullmatch(name) is not None


def _expression(text: str) -> Fits:
    """`R`, `~(R)` and `@&~(R)` for what does not fit R; of Lucene's other operators none."""
    inner = text.removeprefix("@&")
    if inner.startswith("~(") and inner.endswith(")"):
        left_out = _expression(inner[2:-1])
        return lambda name: not left_out(name)
    if text != inner or _OPERATORS.search(text):
        raise IllegalArgument(f"the pattern [/{text}/] has operators that names cannot be looked for by: ~ & @ < > #")
    try:
        compiled = regex.compile(text, regex.DOTALL)
    except regex.error as error:
        raise IllegalArgument(f"the pattern [/{text}/] is no regular expression: {error}") from None

    def is_met(name: str) -> bool:
        try:
            return compiled.fullmatch(name, timeout=_SECONDS) is not None
        except TimeoutError:
            raise IllegalArgument(f"the pattern [/{text}/] takes too long to be compared with a name") from None

    return is_met
