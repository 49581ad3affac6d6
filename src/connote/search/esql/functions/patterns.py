"""Regular expressions as Java has them, over texts of strangers."""

from functools import lru_cache

import regex

from connote.contract.errors import IllegalArgument

_LONGEST, _SECONDS = 1000, 2.0
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


def replaced(text: str, pattern: str, by: str) -> str:
    """The text with all that fits replaced. Raises ValueError, IllegalArgument if it takes too long."""

    def made(found: "regex.Match[str]") -> str:
        return str(_GROUP.sub(lambda part: part[1] or found[int(part[2]) if part[2] else part[3]] or "", by))

    try:
        return str(compiled(pattern).sub(made, text, timeout=_SECONDS))
    except TimeoutError:
        raise IllegalArgument(
            f"the regular expression [{pattern[:100]}] takes longer than {_SECONDS:g} seconds"
        ) from None
    except IndexError:
        raise ValueError(f"No group in [{by}]") from None
