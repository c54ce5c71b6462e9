"""Dates in figures: `2021-03-05`, `2021/03`, `03/2021`, `13.03.2021`."""

from __future__ import annotations

from datetime import date
from functools import partial

from bridge.tagging.grammar import _calendar as calendar
from bridge.tagging.grammar._calendar import FIRST_YEAR, LAST_YEAR
from bridge.tagging.grammar._moments import Moment, fixed
from bridge.tagging.grammar._token_view import TokenView


class FigureReader(TokenView):
    """Reads dates in figures.

    `month_first` is the order of `3/4/2021`; None: it says nothing, unless one of the numbers can be no month.
    """

    month_first: bool | None = None

    def read_figures(self, at: int) -> Moment | None:
        """The date in figures that starts at a token, or None. A year alone is none of these."""
        return self._iso(at) or self._slashes(at)

    def _iso(self, at: int) -> Moment | None:
        """`2021-03-05`, `2021/03/05`, `2021.03.05`, `2021-03`."""
        form = self.number(at)
        if form is None:
            return None
        parts = form.split(".")
        if len(parts) == 3 and len(parts[0]) == 4:
            return self._date(at, at + 1, *parts)
        if len(form) != 4 or not self.joined(at + 1, "-/"):
            return None
        month, day = self.number(at + 2), self.number(at + 4)
        if not self.touches(at + 2) or month is None or len(month) > 2:
            return None
        if day is not None and self.joined(at + 3, self.tokens[at + 1].form) and self.touches(at + 4):
            return self._date(at, at + 5, form, month, day)
        number, year = int(month), self.year(at)
        # 2010-12 is as likely two years as a month; 2021-03 and 2021-10 can be no years.
        if year is None or len(month) != 2 or not 1 <= number <= 12 or year % 100 < number:
            return None
        if self.tokens[at + 1].form != "-" or self.touches(at + 3, free=")],;.!?"):
            return None
        return Moment(at, at + 3, "month", partial(calendar.month, number=number), year)

    def _slashes(self, at: int) -> Moment | None:
        """`03/2021`, `13/03/2021`, `13.03.2021`."""
        form = self.number(at)
        if form is None:
            return None
        parts = form.split(".")
        if len(parts) == 3 and len(parts[2]) == 4:
            return self._date(at, at + 1, parts[2], parts[1], parts[0])
        if len(form) > 2 or not self.joined(at + 1, "/") or not self.touches(at + 2):
            return None
        second, year = self.number(at + 2), self.year(at + 2)
        if year is not None and 1 <= int(form) <= 12:
            number = int(form)
            return Moment(at, at + 3, "month", partial(calendar.month, number=number), year)
        third = self.number(at + 4)
        if second is None or third is None or not self.joined(at + 3, "/") or not self.touches(at + 4):
            return None
        if len(third) != 4 or len(second) > 2:
            return None
        month_first = int(second) > 12 if max(int(form), int(second)) > 12 else self.month_first
        if month_first is None:
            return None
        month, day = (form, second) if month_first else (second, form)
        return self._date(at, at + 5, third, month, day)

    def _date(self, first: int, last: int, year: str, month: str, day: str) -> Moment | None:
        if not all(part.isdecimal() and len(part) <= 4 for part in (year, month, day)):
            return None
        if self.touches(last, free=")],;.!?+-–—") or not FIRST_YEAR <= int(year) <= LAST_YEAR:
            return None
        try:
            found = date(int(year), int(month), int(day))
        except ValueError:
            return None
        return fixed(first, last, "day", calendar.day(found))

    def year(self, at: int) -> int | None:
        """The year that four digits stand for, or None."""
        form = self.number(at)
        if form is None or len(form) != 4 or not form.isdecimal():
            return None
        value = int(form)
        return value if FIRST_YEAR <= value <= LAST_YEAR else None
