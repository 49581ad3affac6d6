"""Java's regular expressions, which users write, as the `regex` library understands them, in bounded time and size."""

from typing import Any

import regex

# Seconds that one use may take, and the longest pattern.
TIMEOUT = 1.0
_MOST_PATTERN = 10_000
_FLAGS = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL, "x": regex.VERBOSE}
# https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/regex/Matcher.html#appendReplacement
_REFERENCE = regex.compile(r"\\(?P<literal>.)|\$(?P<number>\d)|\$\{(?P<name>\w+)\}|(?P<wrong>[$\\])", regex.DOTALL)
# Groups that are looked for again inside of themselves. Java has none, and they may fill the memory.
_RECURSION = regex.compile(r"(?<!\\)(?:\\\\)*\(\?(?:R|&|P>|[+-]?\d)")

Pattern = regex.Pattern


def compiled(pattern: str, flags: str = "") -> "regex.Pattern[str]":
    """The pattern. Raises ValueError that says what is wrong with it."""
    if len(pattern) > _MOST_PATTERN:
        raise ValueError(f"a pattern may have at most {_MOST_PATTERN} characters, not {len(pattern)}")
    check(pattern)
    chosen = 0
    for flag in flags:
        chosen |= _FLAGS.get(flag, 0)
    try:
        return regex.compile(pattern, chosen)
    except (regex.error, RecursionError, OverflowError, ValueError, KeyError) as error:
        raise ValueError(f"{error} in [{pattern[:100]}]") from None


def check(pattern: str) -> None:
    """Raise ValueError for an expression that may hold itself."""
    if _RECURSION.search(pattern):
        raise ValueError(f"an expression cannot hold itself, as in [{pattern[:100]}]")


def split(pattern: "regex.Pattern[str]", text: str, most: int = 0) -> list[str]:
    """The parts of a text between matches; without a limit, empty ones at the end are left out. Raises TimeoutError."""
    if most == 1 or not text:
        return [text]
    parts, start = [], 0
    for match in pattern.finditer(text, timeout=TIMEOUT):
        if match.end() == 0 or (match.start() == match.end() == len(text)):
            continue  # as in Java, a match without width at either end gives no part
        parts.append(text[start : match.start()])
        start = match.end()
        if len(parts) == most - 1:
            break
    parts.append(text[start:])
    while most == 0 and len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts if parts != [""] or most else []


def replace(pattern: "regex.Pattern[str]", text: str, by: str, most_characters: int, most: int = 0) -> str:
    """The text with `by`, in which `$1` is a group, in the place of matches.

    Raises TimeoutError, OverflowError if it becomes too long, ValueError for a group that is not there.
    """
    size = 0

    def one(match: Any) -> str:  # noqa: ANN401
        nonlocal size
        made = _REFERENCE.sub(lambda part: _referred(part, match), by)
        size += len(made)
        if size > most_characters:
            raise OverflowError(f"the text would have more than {most_characters} characters")
        return str(made)

    return str(pattern.sub(one, text, count=most, timeout=TIMEOUT))


def _referred(part: "regex.Match[str]", match: "regex.Match[str]") -> str:
    if part["literal"] is not None:
        return part["literal"]
    if part["wrong"] is not None:
        raise ValueError("Illegal group reference in the replacement")
    try:
        return match[part["name"] or int(part["number"])] or ""
    except IndexError:
        raise ValueError(f"No group {part['name'] or part['number']}") from None
