"""One date as it stands in a text: `2021-03-05`, `march 2021`, `q3 2021`, `early 90s`, `last week`, `3 days ago`.

What stands around a date, and whether it may be one at all, is for `_date_phrases` and `_date_judge`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

from bridge.tagging.grammar import _calendar as calendar
from bridge.tagging.grammar._calendar import FIRST_YEAR, LAST_YEAR, Grain, Period
from bridge.tagging.grammar._date_words import DatePack, Part
from bridge.tagging.grammar._figures import FigureReader
from bridge.tagging.grammar._moments import Moment, fixed
from bridge.tagging.grammar._relative import read_relative
from bridge.tagging.grammar._tokens import Token

_DASHES = "-–—"
#: Two figures after an apostrophe from here on are years of the last century: `march '69`.
_SHORT_PAST = 40


class DateReader(FigureReader):
    """Reads dates from tokens, in the words of one language."""

    def __init__(self, tokens: Sequence[Token], words: DatePack, today: date, *, month_first: bool | None) -> None:
        super().__init__(tokens)
        self.words = words
        self.today = today
        self.month_first = month_first

    def read(self, at: int) -> Moment | None:
        """The date that starts at a token, or None."""
        for reading in (
            self.read_figures,
            self._day_and_month,
            self._month_and_day,
            self._year_and_part,
            self._part_of_period,
            self._decade,
            self._half_decade,
            self._century,
            self._quarter,
            self._season,
            self._relative,
            self._weekday,
            self.plain_year,
        ):
            found = reading(at)
            if found is not None:
                return found
        return None

    # -------------------------------------------------------------------------------- months, quarters, seasons

    def _day_and_month(self, at: int) -> Moment | None:
        """`5 march 2021`, `the 5th of march`, `5-10 march 2021`."""
        if self.form(at) in self.words.the and self._day(at + 1) is not None:
            at += 1
        low = self._day(at)
        if low is None:
            return None
        first, after = at, low[1]
        high = low
        joined = self._join(after)
        if joined is not None and self._day(joined) is not None:
            high = self._day(joined) or low
            after = high[1]
        if self.form(after) in self.words.of:
            after += 1
        month = self.words.months.get(self.form(after))
        if month is None:
            return None
        return self._days(first, after + 1, month, low[0], high[0])

    def _month_and_day(self, at: int) -> Moment | None:
        """`march 5, 2021`, `march 5th to 10th`, `march 2021`, `march`."""
        month = self.words.months.get(self.form(at))
        if month is None:
            return None
        low = self._day(at + 1)
        if low is not None:
            high, after = low, low[1]
            joined = self._join(after)
            if joined is not None and (to := self._day(joined)) is not None and to[0] > low[0]:
                high, after = to, to[1]
            found = self._days(at, after, month, low[0], high[0])
            if found is not None:
                return found
        weak = self.form(at) in self.words.names
        return self._of_year(at, at + 1, "month", partial(calendar.month, number=month), weak=weak)

    def _days(self, first: int, after: int, month: int, low: int, high: int) -> Moment | None:
        def build(year: int) -> Period:
            whole = calendar.month(year, month)
            return Period(_within(whole, low), _within(whole, high) + timedelta(days=1))

        if low > high or high > calendar.month(2024, month).days:
            return None
        return self._of_year(first, after, "day", build)

    def _day(self, at: int) -> tuple[int, int] | None:
        """A day of a month and the token after it: `5`, `5th`."""
        form = self.number(at)
        if form is None or len(form) > 2 or not form.isdecimal() or not 1 <= int(form) <= 31:
            return None
        after = at + 1
        if self.touches(after) and self.form(after) in self.words.ordinal_endings:
            after += 1
        elif self.touches(after, free=",;)]-–—"):
            return None
        return int(form), after

    def _year_and_part(self, at: int) -> Moment | None:
        """`2021 q3`, `2021 march`, `2019 fall`."""
        year = self.year(at)
        if year is None or self.touches(at + 1):
            return None
        found = self._quarter(at + 1) or self._season(at + 1)
        if found is None and (month := self.words.months.get(self.form(at + 1))) is not None:
            weak = self.form(at + 1) in self.words.names
            found = Moment(at + 1, at + 2, "month", partial(calendar.month, number=month), weak=weak)
        if found is None or found.year is not None:
            return None
        return replace(found, first=at, year=year, year_at=at)

    def _quarter(self, at: int) -> Moment | None:
        """`q3 2021`, `third quarter of 2021`, `first half of 2021`, `h1 2021`."""
        form, number, after, coded = self.form(at), None, at + 1, True
        kinds: dict[Grain, frozenset[str]] = {"quarter": self.words.quarter, "half": self.words.half}
        ordinal = self._ordinal(at)
        for grain, forms in kinds.items():
            most = 4 if grain == "quarter" else 2
            if ordinal is not None and self.form(ordinal[1]) in forms:
                number, after, coded = ordinal[0], ordinal[1] + 1, False
            elif form[:-1] in forms and len(form) == 2 and form[-1:] in "1234":
                number, after = int(form[-1]), at + 1
            elif form in forms and len(form) == 1 and (digit := self.number(at + 1)) in ("1", "2", "3", "4"):
                number, after = int(digit), at + 2
            if number is None:
                continue
            if number > most or (self.touches(after, free="/'’),;.!?]-")):
                return None
            if self.joined(after, "/-") and self.year(after + 1) is not None and self.touches(after + 1):
                after += 1
            build = calendar.quarter if grain == "quarter" else calendar.half
            return self._of_year(at, after, grain, partial(build, number=number), weak=coded)
        return None

    def _season(self, at: int) -> Moment | None:
        start = self.words.seasons.get(self.form(at))
        if start is None:
            return None
        return self._of_year(at, at + 1, "season", partial(calendar.season, start=start), weak=True)

    def _of_year(
        self, first: int, after: int, grain: Grain, build: Callable[[int], Period], *, weak: bool = False
    ) -> Moment:
        """The part of a year with the year behind it, if one stands there: `march 2021`, `march, 2021`, `march '21`."""
        at = after
        if self.form(at) in self.words.of or self.joined(at, ",."):
            at += 1
        year = self.year(at)
        if year is not None and not self.touches(at + 1, free=")],;:.!?'’\"+-–—"):
            return Moment(first, at + 1, grain, build, year, year_at=at, weak=weak)
        short = self._short_year(at)
        if short is not None:
            return Moment(first, at + 2, grain, build, short, year_at=at)
        return Moment(first, after, grain, build, weak=weak)

    def plain_year(self, at: int) -> Moment | None:
        """A year alone: `1967`, `'67`."""
        short = None if self.touches(at) else self._short_year(at)
        if short is not None:
            return Moment(at, at + 2, "year", _one_year, short, year_at=at)
        value = self.year(at)
        return None if value is None else Moment(at, at + 1, "year", _one_year, value, year_at=at)

    def _short_year(self, at: int) -> int | None:
        """The year that an apostrophe and two figures stand for."""
        form = self.number(at + 1) if self.is_quote(at) and self.touches(at + 1) else None
        if form is None or len(form) != 2 or not form.isdecimal() or self.touches(at + 2, free=")],;.!?"):
            return None
        return int(form) + (1900 if int(form) >= _SHORT_PAST else 2000)

    # ----------------------------------------------------------------------------------- decades and centuries

    def _part_of_period(self, at: int) -> Moment | None:
        """`early 90s`, `mid-2000s`, `early to mid 80s`, `late 19th century`, `late 2019`."""
        part = self.words.parts.get(self.form(at))
        if part is None:
            return None
        after, end = at + 1, part
        if self.joined(after, _DASHES):
            after += 1
        joined = self._join(after)
        if joined is not None and self.joined(joined, _DASHES):
            joined += 1
        if joined is not None and (to := self.words.parts.get(self.form(joined))) is not None:
            after, end = joined + 1, to
        if self.joined(after, _DASHES):
            after += 1
        whole = self._decade(after) or self._century(after) or self.plain_year(after)
        if whole is None:
            if self.words.months.get(self.form(after)) is None:
                return None
            whole = self._month_and_day(after)
            if whole is None or whole.grain != "month" or whole.year is None:
                return None
        build, grain = whole.build, whole.grain

        def part_of(year: int) -> Period:
            period = build(year)
            return _part(period, part, grain).to(_part(period, end, grain))

        weak = grain in ("year", "month")
        return replace(whole, first=at, build=part_of, weak=weak)

    def _decade(self, at: int) -> Moment | None:
        """`90s`, `'90s`, `1990s`, `90's`, `nineties`, `nineteen nineties`; `1800s` is the century."""
        hundred = self.words.hundreds.get(self.form(at))
        if hundred is not None:
            named = at + 2 if self.joined(at + 1, _DASHES) else at + 1
            tens = self.words.decades.get(self.form(named))
            return None if tens is None else self._years(at, named + 1, hundred * 100 + tens, 10)
        tens = self.words.decades.get(self.form(at))
        if tens is not None:
            return self._years(at, at + 1, _hundred(tens) + tens, 10)
        first = at
        if self.is_quote(at) and self.touches(at + 1):
            at += 1
        form = self.number(at)
        if form is None or len(form) not in (2, 4) or not form.isdecimal() or form[-1] != "0":
            return None
        after = at + 1
        if self.is_quote(after) and self.touches(after):
            after += 1
        if not self.touches(after) or self.form(after) != "s":
            return None
        value = int(form)
        if len(form) == 2:
            return self._years(first, after + 1, _hundred(value) + value, 10)
        if first != at or not FIRST_YEAR <= value <= LAST_YEAR:
            return None
        return self._years(at, after + 1, value, 100 if value % 100 == 0 and value != 2000 else 10)

    def _half_decade(self, at: int) -> Moment | None:
        """`first half of the 90s`."""
        ordinal = self._ordinal(at)
        if ordinal is None or ordinal[0] > 2 or self.form(ordinal[1]) not in self.words.half:
            return None
        after = ordinal[1] + 1
        while self.form(after) in self.words.of | self.words.the:
            after += 1
        whole = self._decade(after)
        if whole is None or whole.grain != "decade" or whole.year is None:
            return None
        start = whole.year + 5 * (ordinal[0] - 1)
        return fixed(at, whole.last, "decade", calendar.years(start, start + 4))

    def _century(self, at: int) -> Moment | None:
        """`19th century`, `nineteenth-century`."""
        ordinal = self._ordinal(at)
        if ordinal is None or not 11 <= ordinal[0] <= 29:
            return None
        number, after = ordinal
        if self.joined(after, _DASHES):
            after += 1
        if self.form(after) not in self.words.century:
            return None
        return self._years(at, after + 1, number * 100 - 99, 100)

    def _years(self, first: int, last: int, start: int, count: int) -> Moment:
        period = calendar.years(start, start + count - 1)
        return fixed(first, last, "decade" if count == 10 else "century", period)

    # --------------------------------------------------------------------------------------- counted from today

    def _relative(self, at: int) -> Moment | None:
        found = read_relative(self, at, self.words, self.today)
        if found is None:
            return None
        return fixed(at, found.last, found.grain, found.period, relative=True, vague=found.vague)

    def _weekday(self, at: int) -> Moment | None:
        """The latest one that has begun."""
        number = self.words.weekdays.get(self.form(at))
        if number is None:
            return None
        latest = self.today - timedelta(days=(self.today.weekday() - number) % 7)
        return Moment(at, at + 1, "day", lambda _: calendar.day(latest), relative=True)

    def _ordinal(self, at: int) -> tuple[int, int] | None:
        """An ordinal and the token after it: `19th`, `first`."""
        value = self.words.ordinals.get(self.form(at))
        if value is not None:
            return value, at + 1
        form = self.number(at)
        ends = self.touches(at + 1) and self.form(at + 1) in self.words.ordinal_endings
        return (int(form), at + 2) if form is not None and form.isdecimal() and ends else None

    def _join(self, at: int) -> int | None:
        """The token after what joins two ends of a range."""
        if self.joined(at, _DASHES) or self.form(at) in self.words.joins:
            return at + 1
        return None


def _one_year(year: int) -> Period:
    return calendar.years(year, year)


def _hundred(tens: int) -> int:
    """The century of a decade that is written with two digits: none of the last century is spoken of as `10s`."""
    return 1900 if tens >= 20 else 2000


def _within(month: Period, day: int) -> date:
    return min(month.first + timedelta(days=day - 1), month.last)


def _part(period: Period, part: Part, grain: Grain) -> Period:
    """The early, middle or late part: years 0 to 3, 4 to 6, 7 to 9 of a decade; thirds of everything else."""
    if grain in ("decade", "century"):
        first, count = period.first.year, 10 if grain == "decade" else 100
        bounds = {"early": (0, 3), "mid": (4, 6), "late": (7, 9)} if count == 10 else _THIRDS
        low, high = bounds[part]
        return calendar.years(first + low, first + high)
    third = {"early": 0, "mid": 1, "late": 2}[part]
    if grain == "year":
        start = calendar.add_months(period.first, 4 * third)
        return Period(start, calendar.add_months(start, 4))
    start = period.first + timedelta(days=10 * third)
    return Period(start, period.after if third == 2 else start + timedelta(days=10))


_THIRDS = {"early": (0, 33), "mid": (34, 66), "late": (67, 99)}
