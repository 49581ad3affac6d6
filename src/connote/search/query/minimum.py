"""`minimum_should_match`: https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-minimum-should-match."""

from connote.contract.errors import IllegalArgument


def minimum(spec: str | int, count: int) -> int:
    """How many of so many clauses must match. Raises IllegalArgument for what is no specification."""
    text = str(spec).strip()
    if "<" not in text:
        return _clamped(_simple(text, count), count)
    result = count
    for part in text.split():
        bound, _, value = part.partition("<")
        if count <= _whole(bound, text):
            return result
        result = _clamped(_simple(value, count), count)
    return result


def _simple(text: str, count: int) -> int:
    if text.endswith("%"):
        share = _whole(text[:-1], text)
        part = int(count * share / 100) if share >= 0 else -int(count * -share / 100)
        return part if share >= 0 else count + part
    value = _whole(text, text)
    return value if value >= 0 else count + value


def _clamped(value: int, count: int) -> int:
    return max(0, min(value, count)) if value <= count else value


def _whole(text: str, spec: str) -> int:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        raise IllegalArgument(f"[minimum_should_match] is [{spec}], which is no such specification") from None
