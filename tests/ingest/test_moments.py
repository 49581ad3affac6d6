"""Dates of java.time in scripts, texts by format, and ids by chance, as Java's documentation has them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connote.contract.errors import BadScript
from connote.ingest.painless import compiled
from connote.ingest.painless.moments import UNITS, between, moved


def value(source: str, **params: Any) -> Any:  # noqa: ANN401
    return compiled(source).run(ctx={}, params=params)


DAY = "ZonedDateTime.parse('2024-01-31T10:15:30.5Z')"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (f"ChronoUnit.DAYS.between({DAY}, ZonedDateTime.parse('2024-02-02T10:15:30Z'))", 1),
        (f"ChronoUnit.DAYS.between({DAY}, ZonedDateTime.parse('2024-01-29T10:15:31Z'))", -1),
        (f"ChronoUnit.MONTHS.between({DAY}, ZonedDateTime.parse('2024-02-29T23:00:00Z'))", 0),
        ("ChronoUnit.YEARS.between(Instant.parse('2000-02-29T00:00:00Z'), Instant.parse('2024-02-28T00:00:00Z'))", 23),
        ("ChronoUnit.HOURS.between(Instant.ofEpochMilli(0L), Instant.ofEpochMilli(7199999L))", 1),
        (f"{DAY}.plusMonths(1).toString()", "2024-02-29T10:15:30.500Z"),
        (f"{DAY}.minusYears(1).getYear()", 2023),
        (f"{DAY}.plusDays(1).isAfter({DAY})", True),
        (f"{DAY}.plus(90, ChronoUnit.MINUTES).getHour()", 11),
        (f"{DAY}.truncatedTo(ChronoUnit.DAYS).toString()", "2024-01-31T00:00:00.000Z"),
        (f"{DAY}.toInstant().getEpochSecond()", 1706696130),
        (f"{DAY}.format(DateTimeFormatter.ofPattern('dd/MM/yyyy HH:mm'))", "31/01/2024 10:15"),
        (f"DateTimeFormatter.ISO_LOCAL_DATE.format({DAY})", "2024-01-31"),
        (f"{DAY}.withZoneSameInstant(ZoneId.of('Europe/Paris')).getHour()", 11),
        ("ZonedDateTime.parse('2024-01-31T10:15:30+02:00[Europe/Athens]').toInstant().toEpochMilli()", 1706688930000),
        (f"DateTimeFormatter.ofPattern('HH:mm').withZone(ZoneId.of('Asia/Tokyo')).format({DAY})", "19:15"),
        (
            (
                "ZonedDateTime.parse('2024-01-31 01:00', DateTimeFormatter.ofPattern('yyyy-MM-dd HH:mm')"
                ".withZone(ZoneId.of('Europe/Paris'))).toInstant().toEpochMilli()"
            ),
            1706659200000,
        ),
        ("ZonedDateTime.parse('31.01.2024', DateTimeFormatter.ofPattern('dd.MM.yyyy')).getDayOfMonth()", 31),
        ("ZonedDateTime d = ZonedDateTime.parse(params.d); return d.getYear()", 2020),
        ("String.format('%s has %d rooms, %.2f EUR', ['A house', 3, 9.5])", "A house has 3 rooms, 9.50 EUR"),
        ("String.format('%05d|%-4s|%4s|%x|%%', 42, 'a', 'b', 255)", "00042|a   |   b|ff|%"),
        ("String.format('%,d', 1234567)", "1,234,567"),
        ("UUID.randomUUID().toString().length()", 36),
    ],
)
def test_dates_and_texts_are_those_of_java(source: str, expected: Any) -> None:  # noqa: ANN401
    assert value(source, d="2020-05-01T00:00:00Z") == expected


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("ZonedDateTime.parse('soon')", "could not be parsed"),
        ("ZonedDateTime.parse('2024-01-31T10:15:30')", "it has no zone"),
        ("ZonedDateTime.parse(5)", "CharSequence"),
        (f"{DAY}.plusYears(9000)", "beyond the years"),
        (f"{DAY}.plusDays(9000000000L)", "beyond the years"),
        (f"{DAY}.isBefore('x')", "ZonedDateTime"),
        (f"{DAY}.truncatedTo(ChronoUnit.MONTHS)", "too large"),
        (f"{DAY}.format('x')", "DateTimeFormatter"),
        ("ZoneId.of('Nowhere')", "Nowhere"),
        ("ChronoUnit.AEONS.name()", "AEONS"),
        ("String.format('%d', 'x')", "d != java.lang.String"),
        ("String.format('%s')", "Format specifier '%s'"),
    ],
)
def test_what_is_no_date_is_told(source: str, why: str) -> None:
    with pytest.raises(BadScript) as refused:
        value(source)
    assert why in str(refused.value.wire())


MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda each: each.replace(tzinfo=UTC))  # noqa: DTZ001


@given(MOMENTS, MOMENTS, st.sampled_from(sorted(UNITS)))
def test_so_many_units_later_is_not_past_the_other_date(one: datetime, other: datetime, name: str) -> None:
    unit, (first, last) = UNITS[name], sorted((one, other))
    count = between(unit, first, last)
    assert moved(first, unit, count) <= last
    slack = timedelta(
        days=3 if name in ("MONTHS", "YEARS", "DECADES", "CENTURIES") else 0
    )  # the 31st of a shorter month
    assert moved(first, unit, count + 1) + slack > last
    assert between(unit, last, first) == -count
