"""Periods of the calendar: half-open stretches of days, without words and without a clock of their own.

month(2024, 2)                                 # 2024-02-01 up to, not including, 2024-03-01
rolling(date(2026, 6, 15), 3, "month")         # the three months that end with that day
milliseconds(month(2024, 2), ZoneInfo("UTC"))  # (1706745600000.0, 1709251200000.0)
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

#: How long a period is, from the shortest to the longest.
Grain = Literal["day", "weekend", "week", "month", "season", "quarter", "half", "year", "decade", "century"]
#: Periods that lie beside each other without gaps, so that there is one before and one after each.
Step = Literal["day", "week", "month", "quarter", "half", "year", "decade", "century"]
#: Years that a period may touch: what a four-digit number can say, and far from the ends of `date`.
FIRST_YEAR, LAST_YEAR = 1000, 2999

_MONTHS: dict[Step, int] = {"month": 1, "quarter": 3, "half": 6, "year": 12, "decade": 120, "century": 1200}
_DAYS: dict[Step, int] = {"day": 1, "week": 7}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days from `first` up to, not including, `after`; at least one."""

    first: date
    after: date

    def __post_init__(self) -> None:
        if self.first >= self.after:
            raise ValueError(f"a period of no days: {self.first} to {self.after}")

    @property
    def last(self) -> date:
        return self.after - _DAY

    @property
    def days(self) -> int:
        return (self.after - self.first).days

    def to(self, other: Period) -> Period:
        """The shortest period that holds both."""
        return Period(min(self.first, other.first), max(self.after, other.after))


def add_months(day: date, months: int) -> date:
    """The same day of a later (or earlier) month; the month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def day(of: date) -> Period:
    return Period(of, of + _DAY)


def week(of: date) -> Period:
    """The ISO week, Monday to Sunday, that a day lies in."""
    monday = of - timedelta(days=of.weekday())
    return Period(monday, monday + timedelta(days=7))


def weekend(of: date) -> Period:
    """Saturday and Sunday of the ISO week that a day lies in."""
    after = week(of).after
    return Period(after - timedelta(days=2), after)


def month(year: int, number: int) -> Period:
    """A month by its number, 1 to 12."""
    return _months(date(year, number, 1), 1)


def quarter(year: int, number: int) -> Period:
    """A quarter of the calendar year, 1 to 4."""
    return _months(date(year, 3 * number - 2, 1), 3)


def half(year: int, number: int) -> Period:
    """A half of the calendar year, 1 or 2."""
    return _months(date(year, 6 * number - 5, 1), 6)


def season(year: int, start: int) -> Period:
    """Three months from a month on: northern meteorological seasons start in 3, 6, 9 and 12 (into the next year)."""
    return _months(date(year, start, 1), 3)


def years(first: int, last: int) -> Period:
    """Whole years, both included."""
    return Period(date(first, 1, 1), date(last + 1, 1, 1))


def containing(of: date, step: Step, offset: int = 0) -> Period:
    """The period of a kind that holds a day, or the one so many steps later (negative: earlier).

    Decades begin with years that end in 0, centuries with years that end in 01.
    """
    if step in _DAYS:
        first = week(of).first if step == "week" else of
        return Period(*(first + timedelta(days=_DAYS[step] * n) for n in (offset, offset + 1)))
    if step == "century":
        start = date((of.year - 1) // 100 * 100 + 1, 1, 1)
    elif step == "decade":
        start = date(of.year // 10 * 10, 1, 1)
    else:
        start = date(of.year, (of.month - 1) // _MONTHS[step] * _MONTHS[step] + 1, 1)
    return _months(add_months(start, offset * _MONTHS[step]), _MONTHS[step])


def rolling(today: date, count: int, step: Step) -> Period:
    """The last so many days, weeks, months …, up to and including today."""
    after = today + _DAY
    if step in _DAYS:
        return Period(after - timedelta(days=count * _DAYS[step]), after)
    return Period(add_months(after, -count * _MONTHS[step]), after)


def coming(today: date, count: int, step: Step) -> Period:
    """The next so many days, weeks, months …, from today on."""
    if step in _DAYS:
        return Period(today, today + timedelta(days=count * _DAYS[step]))
    return _months(today, count * _MONTHS[step])


def milliseconds(period: Period, zone: ZoneInfo) -> tuple[float, float]:
    """When a period begins and when it is over in a time zone, in milliseconds since 1970.

    A day begins at its first moment there is: where clocks skip midnight, that is the moment of the change.
    """
    return _midnight(period.first, zone), _midnight(period.after, zone)


def moment(milliseconds: float, zone: ZoneInfo) -> datetime:
    """The local time at milliseconds since 1970. Raises OverflowError outside of the years 1 to 9999."""
    return (_EPOCH + timedelta(milliseconds=milliseconds)).astimezone(zone)


def local_day(now: datetime, zone: ZoneInfo) -> date:
    """Today in a zone; a time without a zone is taken for UTC."""
    return (now if now.tzinfo is not None else now.replace(tzinfo=UTC)).astimezone(zone).date()


def _midnight(of: date, zone: ZoneInfo) -> float:
    instant = datetime(of.year, of.month, of.day, tzinfo=zone).astimezone(UTC) - _EPOCH
    return float(instant // timedelta(milliseconds=1))


def _months(first: date, count: int) -> Period:
    return Period(first, add_months(first, count))
