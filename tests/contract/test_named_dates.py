"""Formats with names: what they print, and that what they print they read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract import dates

# The day is the 330th of its year, the second of week 48.
MOMENT = 1_574_798_295_246
DAY, MINUTE = MOMENT // 86_400_000 * 86_400_000, MOMENT // 60_000 * 60_000


@pytest.mark.parametrize(
    ("name", "text", "read"),
    [
        ("basic_ordinal_date", "2019330", DAY),
        ("basic_ordinal_date_time", "2019330T195815.246+0000", MOMENT),
        ("basic_t_time_no_millis", "T195815+0000", MOMENT % 86_400_000 // 1000 * 1000),
        ("basic_week_date", "2019W482", DAY),
        ("basic_week_date_time", "2019W482T195815.246+0000", MOMENT),
        ("ordinal_date", "2019-330", DAY),
        ("strict_ordinal_date_time", "2019-330T19:58:15.246+0000", MOMENT),
        ("t_time", "T19:58:15.246+0000", MOMENT % 86_400_000),
        ("week_date", "2019-W48-2", DAY),
        ("strict_week_date_time", "2019-W48-2T19:58:15.246+0000", MOMENT),
        ("weekyear_week", "2019-W48", DAY - 86_400_000),
        ("hour_minute", "19:58", MINUTE % 86_400_000),
    ],
)
def test_a_named_format_prints_and_reads(name: str, text: str, read: int) -> None:
    dates.check(name)
    assert dates.render(MOMENT, name) == text
    assert dates.parse(text, name) == read


@given(st.datetimes(datetime(1, 1, 8), datetime(9999, 12, 24), timezones=st.just(UTC)))  # noqa: DTZ001 (bounds have none)
def test_a_week_and_its_day_are_one_day(moment: datetime) -> None:
    day = dates.milliseconds(moment.replace(hour=0, minute=0, second=0, microsecond=0))
    for name in ("week_date", "ordinal_date", "basic_week_date"):
        assert dates.parse(dates.render(day, name), name) == day


def test_a_week_that_a_year_does_not_have_is_refused() -> None:
    with pytest.raises(Exception, match="failed to parse date field"):
        dates.parse("2019-W53-1", "week_date")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (253_402_300_800_000, "+10000-01-01T00:00:00.000Z"),
        (253_402_300_800_000 + 400 * 146_097 * 86_400_000 // 400, "+10400-01-01T00:00:00.000Z"),
        (-62_135_596_800_001, "0000-12-31T23:59:59.999Z"),
    ],
)
def test_a_sum_of_dates_may_lie_beyond_the_years_of_people(value: int, text: str) -> None:
    assert dates.render(value) == text
