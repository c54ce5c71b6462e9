"""Periods of the calendar: they tile time, and a day is a day in every zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.tagging.grammar import _calendar as calendar
from bridge.tagging.grammar._calendar import Period, Step

TODAY = date(2026, 6, 15)
YEARS = st.integers(1500, 2500)
DAYS = st.dates(date(1500, 1, 1), date(2500, 12, 31))
STEPS: tuple[Step, ...] = ("day", "week", "month", "quarter", "half", "year", "decade", "century")
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia")


def tiles(parts: list[Period], whole: Period) -> bool:
    """Whether the parts, in order, are the whole, without gaps and overlaps."""
    adjacent = all(left.after == right.first for left, right in pairwise(parts))
    return adjacent and parts[0].first == whole.first and parts[-1].after == whole.after


@given(YEARS)
def test_months_quarters_and_halves_tile_a_year(year: int) -> None:
    whole = calendar.years(year, year)
    assert tiles([calendar.month(year, number) for number in range(1, 13)], whole)
    assert tiles([calendar.quarter(year, number) for number in range(1, 5)], whole)
    assert tiles([calendar.half(year, number) for number in (1, 2)], whole)
    assert whole.days == (366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365)


@given(YEARS)
def test_seasons_follow_on_each_other_into_the_next_year(year: int) -> None:
    seasons = [calendar.season(year, start) for start in (3, 6, 9, 12)]
    assert tiles([*seasons, calendar.season(year + 1, 3)], Period(date(year, 3, 1), date(year + 1, 6, 1)))


@given(DAYS)
def test_years_tile_a_decade_and_decades_tile_the_time(day: date) -> None:
    decade = calendar.containing(day, "decade")
    assert tiles([calendar.years(decade.first.year + n, decade.first.year + n) for n in range(10)], decade)
    assert decade.after == calendar.containing(day, "decade", 1).first


@given(DAYS, st.sampled_from(STEPS), st.integers(-3, 3))
def test_the_period_before_this_one_and_the_next_are_adjacent(day: date, step: Step, offset: int) -> None:
    one, other = calendar.containing(day, step, offset), calendar.containing(day, step, offset + 1)
    assert one.after == other.first
    assert one.first <= day <= one.last if offset == 0 else not one.first <= day <= one.last


@given(DAYS, st.sampled_from(STEPS), st.integers(1, 4))
def test_a_rolling_stretch_ends_today_and_longer_ones_hold_shorter_ones(day: date, step: Step, count: int) -> None:
    stretch, longer = calendar.rolling(day, count, step), calendar.rolling(day, count + 1, step)
    assert stretch.last == longer.last == day
    assert longer.first < stretch.first
    assert calendar.coming(day, count, step).first == day


@given(DAYS)
def test_a_week_is_monday_to_sunday_and_ends_with_its_weekend(day: date) -> None:
    week = calendar.week(day)
    assert (week.first.weekday(), week.days) == (0, 7)
    assert (calendar.weekend(day).after, calendar.weekend(day).days) == (week.after, 2)


@given(DAYS, st.sampled_from(ZONES))
def test_days_are_as_many_in_every_zone_and_lie_beside_each_other(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    start, end = calendar.milliseconds(calendar.day(day), zone)
    assert end == calendar.milliseconds(calendar.day(day + timedelta(days=1)), zone)[0]
    assert start <= end
    if start < end:  # Apia had no 30 December 2011: that day is empty
        assert calendar.moment(start, zone).date() == day
        assert calendar.moment(end - 1, zone).date() == day


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),  # its midnight did not exist
        ("America/Havana", date(2026, 11, 1), 25),  # its midnight came twice
        ("Asia/Kolkata", date(2026, 3, 29), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_on_which_clocks_change_is_shorter_or_longer(zone: str, day: date, hours: int) -> None:
    start, end = calendar.milliseconds(calendar.day(day), ZoneInfo(zone))
    assert (end - start) / 3_600_000 == hours


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
        (date(2026, 1, 31), -2, date(2025, 11, 30)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_months_later_is_the_same_day_or_the_last_of_a_shorter_month(day: date, months: int, expected: date) -> None:
    assert calendar.add_months(day, months) == expected


def test_the_last_days_count_today() -> None:
    assert calendar.rolling(TODAY, 7, "day") == Period(date(2026, 6, 9), date(2026, 6, 16))
    assert calendar.rolling(TODAY, 1, "year") == Period(date(2025, 6, 16), date(2026, 6, 16))
    assert calendar.coming(TODAY, 2, "week") == Period(date(2026, 6, 15), date(2026, 6, 29))


def test_today_is_the_day_of_the_zone() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert calendar.local_day(late, ZoneInfo("Europe/Berlin")) == date(2027, 1, 1)
    assert calendar.local_day(late, ZoneInfo("America/New_York")) == date(2026, 12, 31)
    assert calendar.local_day(late.replace(tzinfo=None), ZoneInfo("UTC")) == date(2026, 12, 31)


def test_a_period_has_at_least_one_day() -> None:
    with pytest.raises(ValueError, match="no days"):
        Period(TODAY, TODAY)
