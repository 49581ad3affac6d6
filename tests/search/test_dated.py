"""Names of indices with dates in them, as Elasticsearch's documentation resolves them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from connote.contract.errors import ConnoteError
from connote.search.dated import resolved

NOW = datetime(2024, 3, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("<logstash-{now/d}>", "logstash-2024.03.22"),
        ("<logstash-{now/M}>", "logstash-2024.03.01"),
        ("<logstash-{now/M{yyyy.MM}}>", "logstash-2024.03"),
        ("<logstash-{now/M-1M{yyyy.MM}}>", "logstash-2024.02"),
        ("<logstash-{now/d{yyyy.MM.dd|+12:00}}>", "logstash-2024.03.23"),
        (r"<elastic\{ON\}-{now/M}>", "elastic{ON}-2024.03.01"),
        ("<a-{now/d-2d}>,b,-<a-{now/y{yyyy}}>*", "a-2024.03.20,b,-<a-{now/y{yyyy}}>*"),
        ("<a-{now/d}-000001>,-<b-{now/y{yyyy}}>", "a-2024.03.22-000001,-b-2024"),
        ("plain", "plain"),
    ],
)
def test_dates_in_names_are_those_of_now(expression: str, name: str) -> None:
    assert resolved(expression, NOW) == name


@given(some.text("<>{}now/d-|+ymM1\\,", max_size=24))
def test_whatever_stands_in_brackets_is_a_name_or_refused(text: str) -> None:
    try:
        assert isinstance(resolved(f"<{text}>"), str)
    except ConnoteError as error:
        assert error.status == 400  # noqa: PT017 (some are names)
