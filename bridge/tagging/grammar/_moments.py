"""One date of a text: how long it is, which tokens it spans, and what the text leaves open ("march" of some year)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from bridge.tagging.grammar._calendar import Grain, Period


@dataclass(frozen=True, slots=True)
class Moment:
    """A date that was read from the tokens `first` up to `last`.

    `build` gives its period in a year; `year` is the year that the text names, None where it leaves it open.
    """

    first: int
    last: int
    grain: Grain
    build: Callable[[int], Period]
    year: int | None = None
    #: The token of the year, where a year stands for itself.
    year_at: int | None = None
    #: Counts from today: "last week", "3 days ago".
    relative: bool = False
    #: Its words also are names and other things ("may 2019", "q3 2021", "early 2020"): it needs more support.
    weak: bool = False
    #: Only about so long: "the last few years".
    vague: bool = False

    @property
    def is_year(self) -> bool:
        """Whether it is a year alone."""
        return self.grain == "year" and self.year_at == self.first

    def in_year(self, year: int, *, open_: bool = False) -> Moment:
        """The same part of a year; `open_`: which year was worked out from today."""
        return replace(self, year=year, relative=self.relative or open_)

    def period(self, today: date, *, ahead: bool = False) -> Period:
        """Its days; an open year is that of the latest one that has begun, or (`ahead`) of the first not yet over."""
        if self.year is not None:
            return self.build(self.year)
        found = self.build(today.year)
        if ahead:
            return found if found.after > today else self.build(today.year + 1)
        return found if found.first <= today else self.build(today.year - 1)


def fixed(first: int, last: int, grain: Grain, period: Period, **more: bool) -> Moment:
    """A date that leaves nothing open."""
    return Moment(first, last, grain, lambda _: period, period.first.year, **more)
