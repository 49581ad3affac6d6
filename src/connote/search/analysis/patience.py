"""How long a filter may take for a text."""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from connote.contract.errors import IllegalArgument

T = TypeVar("T")
# Seconds for any text, and so many more for each of its tokens.
_LEAST, _EACH = 2.0, 100e-6


def patiently(things: Iterable[T], tokens: int) -> Iterator[T]:
    """The things one by one, of a text of so many tokens. Raises IllegalArgument if that takes too long."""
    end = time.monotonic() + _LEAST + _EACH * tokens
    for each in things:
        yield each
        if time.monotonic() > end:
            raise IllegalArgument("the filters or the script of an analyzer take too long for a text")
