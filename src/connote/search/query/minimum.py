"""`minimum_should_match`: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-minimum-should-match."""

from connote.contract.errors import IllegalArgument
from connote.contract.settings import java


def minimum(spec: object, count: int) -> int:
    """How many of so many clauses must match. Raises IllegalArgument for what is no specification."""
    if isinstance(spec, bool) or not isinstance(spec, str | int):
        raise IllegalArgument(f"[minimum_should_match] must be a number or a text, not [{java(spec)[:100]}]")
    text = "<".join(part.strip() for part in str(spec).split("<"))
    if "<" not in text:
        return max(_simple(text, count), 0)
    result = count
    for part in text.split():
        bound, _, value = part.partition("<")
        if count <= _whole(bound, text):
            return result
        result = max(_simple(value, count), 0)
    return result


def _simple(text: str, count: int) -> int:
    if text.endswith("%"):
        part = int(count * _whole(text[:-1], text) / 100)  # cut off towards 0
        return part if part >= 0 and not text.startswith("-") else count + part
    value = _whole(text, text)
    return value if value >= 0 else count + value


def _whole(text: str, spec: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise IllegalArgument(f"[minimum_should_match] is [{spec}], which is no such specification") from None
