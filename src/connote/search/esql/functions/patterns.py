"""Regular expressions as Java and Lucene have them, over texts of strangers: each may take only so long."""

import re
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import regex

from connote.contract.errors import IllegalArgument
from connote.search.query.patterns import wildcard
from connote.search.query.regexps import expression
from connote.search.thread import check

_LONGEST, _SECONDS = 1000, 2.0
_WILD = re.compile(r"\\.|.", re.DOTALL)  # what stands for itself is escaped, or one character
_GROUP = regex.compile(r"\\(.)|\$(\d)|\$\{(\w+)\}", regex.DOTALL)


@lru_cache(256)
def compiled(pattern: str) -> "regex.Pattern[str]":
    """The expression. Raises ValueError."""
    if len(pattern) > _LONGEST:
        raise ValueError(f"a regular expression has at most [{_LONGEST}] characters")
    try:
        return regex.compile(pattern)
    except regex.error as error:
        raise ValueError(f"{error}: {pattern}") from None


def wild(pattern: str) -> Callable[[str], bool]:
    r"""What tells whether a text fits a pattern in which `*` is anything and `?` one character; `\` escapes these.

    Without `?` the parts between the `*` are looked for one after the other, which is faster than an expression.
    """
    parts = [""]
    for part in _WILD.findall(pattern):
        if part == "?":
            fits = re.compile(wildcard(pattern), re.DOTALL).fullmatch
            return lambda text: fits(text) is not None
        if part == "*":
            parts.append("")
        else:
            parts[-1] += part[1:] if len(part) > 1 else part
    if len(parts) == 1:
        return parts[0].__eq__
    first, *inner, last = parts
    least = sum(map(len, parts))

    def has(text: str) -> bool:
        if len(text) < least or not text.startswith(first) or not text.endswith(last):
            return False
        at, end = len(first), len(text) - len(last)
        for part in inner:
            at = text.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return has


def whole(expressions: Sequence[str]) -> Callable[[str], bool]:
    """What tells whether a text fits one of these of Lucene's. Raises IllegalArgument, also when it takes too long."""
    if (longest := max(map(len, expressions))) > _LONGEST:
        raise IllegalArgument(f"a regular expression has at most [{_LONGEST}] characters, not [{longest}]")
    try:
        tests = [regex.compile(expression(each), regex.DOTALL) for each in expressions]
    except (regex.error, RecursionError, OverflowError, ValueError) as error:
        raise IllegalArgument(f"failed to parse regular expression [{expressions[0]}]: {error}") from None
    end = time.monotonic() + _SECONDS

    def fits(text: str) -> bool:
        check()
        try:
            return any(each.fullmatch(text, timeout=max(end - time.monotonic(), 1e-3)) is not None for each in tests)
        except TimeoutError:
            raise IllegalArgument(f"the regular expression [{expressions[0]}] takes too long") from None

    return fits


def replaced(text: str, pattern: str, by: str, most: int) -> str:
    """The text with all that fits replaced. Raises ValueError, IllegalArgument if it takes too long.

    What it comes to has at most so many characters.
    """
    size = len(text)

    def made(found: "regex.Match[str]") -> str:
        nonlocal size
        one = str(_GROUP.sub(lambda part: part[1] or found[int(part[2]) if part[2] else part[3]] or "", by))
        size += len(one) - len(found[0])
        if size > most + len(text):
            raise ValueError(f"Creating replaced strings with more than [{most}] bytes is not supported")
        return one

    check()
    try:
        return str(compiled(pattern).sub(made, text, timeout=_SECONDS))
    except TimeoutError:
        raise IllegalArgument(
            f"the regular expression [{pattern[:100]}] takes longer than {_SECONDS:g} seconds"
        ) from None
    except IndexError:
        raise ValueError(f"No group in [{by}]") from None
