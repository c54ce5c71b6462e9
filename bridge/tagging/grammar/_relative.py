"""Dates that count from today: `last week`, `past 3 years`, `next month`, `2 weeks ago`, `last summer`, `yesterday`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Literal

from bridge.tagging.grammar import _calendar as calendar
from bridge.tagging.grammar._calendar import Grain, Period, Step
from bridge.tagging.grammar._date_words import DatePack
from bridge.tagging.grammar._token_view import TokenView

#: More than so many steps of each kind are no date that anybody means.
_MOST: dict[Step, int] = {"day": 9999, "week": 999, "month": 999, "quarter": 99, "half": 1, "year": 500}
_MOST |= {"decade": 50, "century": 5}
_Which = Literal["last", "this", "next"]
_OFFSETS: dict[_Which, int] = {"last": -1, "this": 0, "next": 1}


@dataclass(frozen=True, slots=True)
class Relative:
    """A stretch of days that was read up to the token `last` (exclusive); `vague`: only about so long."""

    period: Period
    grain: Grain
    last: int
    vague: bool = False


def read_relative(tokens: TokenView, at: int, words: DatePack, today: date) -> Relative | None:
    """The date that counts from today and starts at a token, or None.

    `last week` is the calendar week before this one; `the last week`, `past week` and `last 2 weeks` are the days up to
    and including today.
    """
    return _Reader(tokens, words, today).read(at)


class _Reader:
    def __init__(self, tokens: TokenView, words: DatePack, today: date) -> None:
        self._tokens = tokens
        self._form = tokens.form
        self._words = words
        self._today = today

    def read(self, at: int) -> Relative | None:
        words, form = self._words, self._form(at)
        if form in words.days:
            return Relative(calendar.day(self._today + timedelta(days=words.days[form])), "day", at + 1)
        if form in words.past:
            return self._rolling(at + 1) or self._stretch(at + 1, rolling=True) or self._named(at + 1, "last")
        if form in words.last:
            # "in the last year" is the year up to today, "last year" the calendar year before this one.
            the = self._form(at - 1) in words.the
            return self._rolling(at + 1) or self._stretch(at + 1, rolling=the) or self._named(at + 1, "last")
        if form in words.next:
            return self._rolling(at + 1, ahead=True) or self._calendar(at + 1, "next") or self._named(at + 1, "next")
        if form in words.this:
            return self._calendar(at + 1, "this") or self._named(at + 1, "this")
        return self._ago(at)

    def _rolling(self, at: int, *, ahead: bool = False) -> Relative | None:
        """`3 years`, `few weeks`, `couple of months`, `24 hours` after last, past or next."""
        counted = self._count(at)
        if counted is None:
            return None
        count, at, vague = counted
        steps = self._steps(at, count)
        if steps is None:
            return None
        stretch = calendar.coming if ahead else calendar.rolling
        return Relative(stretch(self._today, *steps), steps[1], at + 1, vague)

    def _stretch(self, at: int, *, rolling: bool) -> Relative | None:
        """`week`, `year`: the stretch up to today, or the calendar's one before."""
        steps = self._steps(at, 1)
        if steps is None or not (rolling or self._form(at) in self._words.fortnights):
            return self._calendar(at, "last")
        return Relative(calendar.rolling(self._today, *steps), steps[1], at + 1)

    def _calendar(self, at: int, which: _Which) -> Relative | None:
        """`week`, `year`, `weekend` of the calendar: the one before, this one, the next."""
        form, offset = self._form(at), _OFFSETS[which]
        if form in self._words.weekends:
            return Relative(calendar.weekend(self._today + timedelta(days=7 * offset)), "weekend", at + 1)
        step = self._words.steps.get(form)
        if step is None or step == "day":
            return None
        return Relative(calendar.containing(self._today, step, offset), step, at + 1)

    def _named(self, at: int, which: _Which) -> Relative | None:
        """`summer`, `march`, `friday`: the last one that is over, this year's or this week's, the next to begin."""
        words, form = self._words, self._form(at)
        weekday = words.weekdays.get(form)
        if weekday is not None:
            return self._on_weekday(at, weekday, which)
        grain: Grain
        if form in words.months:
            grain, build = "month", partial(calendar.month, number=words.months[form])
        elif form in words.seasons:
            grain, build = "season", partial(calendar.season, start=words.seasons[form])
        else:
            return None
        # A season may have begun in the year before.
        around = [build(self._today.year + offset) for offset in (-2, -1, 0, 1)]
        if which == "last":
            found = max(period for period in around if period.after <= self._today)
        elif which == "next":
            found = min(period for period in around if period.first > self._today)
        else:
            holding = [period for period in around if period.first <= self._today < period.after]
            found = holding[0] if holding else build(self._today.year)
        return Relative(found, grain, at + 1)

    def _on_weekday(self, at: int, weekday: int, which: _Which) -> Relative:
        monday = calendar.week(self._today).first
        found = monday + timedelta(days=weekday + (7 if which == "next" else 0))
        if which == "last":
            found = self._today - timedelta(days=(self._today.weekday() - weekday - 1) % 7 + 1)
        return Relative(calendar.day(found), "day", at + 1)

    def _ago(self, at: int) -> Relative | None:
        """`3 years ago`, `a week ago`: the year, the week … that the day lies in."""
        counted = self._count(at)
        if counted is None:
            return None
        count, after, vague = counted
        steps = self._steps(after, count)
        if steps is None or self._form(after) in self._words.hours or self._form(after + 1) not in self._words.ago:
            return None
        return Relative(calendar.containing(self._today, steps[1], -steps[0]), steps[1], after + 2, vague)

    def _count(self, at: int) -> tuple[int, int, bool] | None:
        """A number, the token after it, and whether it is only about that many."""
        figures = self._tokens.number(at)
        if figures is not None:
            whole = figures.isdecimal() and len(figures) <= 4 and int(figures) > 0
            return (int(figures), at + 1, False) if whole and not self._tokens.touches(at + 1) else None
        if self._words.numbers.get(self._form(at)) == 1 and self._form(at + 1) in self._words.vague:
            at += 1  # "a few"
        form = self._form(at)
        if form in self._words.vague:
            of = self._form(at + 1) in self._words.of
            return self._words.vague[form], at + 2 if of else at + 1, True
        value = self._words.numbers.get(form)
        return None if value is None else (value, at + 1, False)

    def _steps(self, at: int, count: int) -> tuple[int, Step] | None:
        """So many of the stretch that a word names, in steps of the calendar; None where nobody means so many."""
        form = self._form(at)
        step: Step
        if form in self._words.fortnights:
            count, step = 2 * count, "week"
        elif form in self._words.hours:
            count, step = -(-count // 24) + 1, "day"  # the hours before midnight are yesterday's
        elif (named := self._words.steps.get(form)) is not None:
            step = named
        else:
            return None
        return (count, step) if count <= _MOST[step] else None
