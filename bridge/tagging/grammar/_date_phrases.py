"""A date with the words that bound it: `since 2020`, `between march and june 2021`, `2015 or newer`, `from the 90s`.

Reading only says what stands there; whether a phrase may be meant as a date is for `_date_judge`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from bridge.tagging.grammar import _calendar as calendar
from bridge.tagging.grammar._calendar import Period
from bridge.tagging.grammar._date_reader import DateReader
from bridge.tagging.grammar._date_words import DateWords
from bridge.tagging.grammar._moments import Moment, fixed
from bridge.tagging.grammar._tokens import Token
from bridge.tagging.grammar._words import OPPOSITE, SIGNS, Bound, Table

_DASHES = "-–—"
#: Periods of which a list makes sense: "2015 or 2016", "the 80s and 90s".
_LISTED = ("year", "decade", "century")
Amounts = Literal["no", "either", "yes"]
#: `2015-18` is a range; `2020-99` is something else.
_SHORT_RANGE = 30
#: More are no list of years.
_MOST_LISTED = 8


@dataclass(frozen=True, slots=True)
class Phrase:
    """Dates, what bounds them, and the tokens from `first` up to `last`; several periods mean any of them."""

    moments: tuple[Moment, ...]
    periods: tuple[Period, ...]
    first: int
    last: int
    bound: Bound | None = None
    #: The word before the date that places it ("in"); empty where there is none.
    cue: str = ""
    #: A word or sign bounds it, or two dates are joined.
    compared: bool = False
    #: Whether its words bound amounts ("under 2015"), or either ("up to 2015").
    amount: Amounts = "no"
    about: bool = False

    @property
    def moment(self) -> Moment:
        return self.moments[0]

    @property
    def plain(self) -> bool:
        """Whether nothing but the date itself stands there."""
        return not (self.cue or self.compared or self.about)

    @property
    def relative(self) -> bool:
        """Whether it counts from today."""
        return any(moment.relative or moment.year is None for moment in self.moments)


class PhraseReader:
    """Reads date phrases from tokens, in the words of one language."""

    def __init__(
        self,
        tokens: Sequence[Token],
        words: DateWords,
        today: date,
        *,
        month_first: bool | None = None,
        ahead: bool = False,
    ) -> None:
        """`ahead`: the dates lie in the future, so that a month without a year is the next one."""
        self.reader = DateReader(tokens, words.pack, today, month_first=month_first)
        self._words = words
        self._pack = words.pack
        self._today = today
        self._ahead = ahead

    def read(self, at: int) -> Phrase | None:
        """The phrase that starts at a token, or None."""
        return self._range(at) or self._compared(at) or self._placed(at) or self._plain(at)

    def plain(self, at: int) -> Phrase | None:
        """The phrase that starts with the date itself at a token, or None."""
        return self._plain(at)

    def _range(self, at: int) -> Phrase | None:
        """`between march and june 2021`, `from 2019 to 2021`."""
        joins = self._pack.ranges.get(self.reader.form(at))
        if joins is None:
            return None
        low = self._moment(at + 1)
        after = None if low is None else self._join(low.last, joins)
        if low is None or after is None:
            return None
        if self.reader.form(after) in self._pack.now:
            return self._bounded(low, "gte", at, after + 1)
        high = self._end(low, after)
        return None if high is None else self._joined(low, high, at)

    def _compared(self, at: int) -> Phrase | None:
        """`since 2020`, `pre-2010`, `not before 2015`, `year >= 2015`."""
        bound, after, amount = self._comparator(at)
        if bound is None:
            if self.reader.form(at) not in self._pack.negations:
                return None
            opposite, after, amount = self._comparator(at + 1)
            if opposite is None:
                return None
            bound = OPPOSITE[opposite]
        if self.reader.joined(after, _DASHES) and self.reader.touches(after):
            after += 1
        moment = self._moment(after)
        if moment is None or self._is_day_beside(moment, at) or (amount == "yes" and moment.relative):
            return None
        return replace(self._bounded(moment, bound, at, moment.last), amount=amount)

    def _placed(self, at: int) -> Phrase | None:
        """`in 2020`, `from the 90s`, `from 2018 on`, `of 2019 or 2021`."""
        cue = self.reader.form(at)
        if cue not in self._pack.within:
            return None
        about = self.reader.form(self._skip(at + 1)) in self._pack.about
        moment = self._moment(self._skip(at + 1) + 1 if about else at + 1)
        if moment is None:
            return None
        return replace(self._following(moment, at), cue=cue, about=about)

    def _plain(self, at: int) -> Phrase | None:
        """`2020`, `90s`, `2019-2021`, `march to june 2021`, `2015 or newer`, `around 1990`, `the 1960s`."""
        about = self.reader.form(at) in self._pack.about or self.reader.joined(at, "~")
        moment = self._moment(at + 1) if about else self.reader.read(at)
        if moment is None:
            return None
        return replace(self._following(moment, at), about=about)

    def _following(self, moment: Moment, first: int) -> Phrase:
        """A date with what follows it: the other end of a range, a bound, or further dates of a list."""
        after = self._join(moment.last, self._pack.joins)
        if after is not None:
            if self.reader.form(after) in self._pack.now:
                return self._bounded(moment, "gte", first, after + 1)
            high = self._end(moment, after)
            if high is not None:
                return self._joined(moment, high, first)
        bound, last = self._bound_after(moment.last)
        if bound is not None:
            plus: Amounts = "either" if self.reader.joined(moment.last, "+") else "no"
            return replace(self._bounded(moment, bound, first, last), amount=plus)
        moments = [moment]
        while len(moments) < _MOST_LISTED and moment.grain in _LISTED:
            at = moments[-1].last
            listed = self.reader.form(at) in self._pack.lists or self.reader.joined(at, ",/&")
            other = self._moment(at + 1) if listed else None
            if other is None or other.grain != moment.grain or self._bound_after(other.last)[0] is not None:
                break
            moments.append(other)
        return Phrase(tuple(moments), self._periods(moments), first, moments[-1].last)

    # ----------------------------------------------------------------------------------------- parts of phrases

    def _moment(self, at: int) -> Moment | None:
        """The date at a token, or after the words that lead to it ("since *the year* 2000")."""
        return self.reader.read(self._skip(at))

    def _skip(self, at: int) -> int:
        most = at + 3
        while at < most and self.reader.form(at) in self._pack.fillers and self.reader.read(at) is None:
            at += 1
        return at

    def _end(self, low: Moment, at: int) -> Moment | None:
        """The other end of a range; its last two digits are enough after a dash: `2015-18`."""
        found = self._moment(at)
        if found is not None:
            return found
        form = self.reader.number(at)
        if form is None or len(form) != 2 or not form.isdecimal() or not low.is_year or low.year is None:
            return None
        if not (self.reader.joined(at - 1, _DASHES) and self.reader.touches(at - 1) and self.reader.touches(at)):
            return None
        year = low.year // 100 * 100 + int(form)
        if not low.year < year <= low.year + _SHORT_RANGE or self.reader.touches(at + 1, free=")],;.!?"):
            return None
        return fixed(at, at + 1, "year", calendar.years(year, year))

    def _joined(self, low: Moment, high: Moment, first: int) -> Phrase:
        low, high = self._complete(low, high)
        period = self._period(low).to(self._period(high))
        return Phrase((low, high), (period,), first, high.last, compared=True)

    def _complete(self, low: Moment, high: Moment) -> tuple[Moment, Moment]:
        """Both ends in years that fit: of `march to june 2021` in one, of `november to march 2021` in two."""
        if high.year is None and low.year is None:
            start = self._period(high).first
            year = start.year if low.build(start.year).first <= start else start.year - 1
            return low.in_year(year, open_=True), high.in_year(start.year, open_=True)
        if low.year is None and high.year is not None:
            late = low.build(high.year).first > high.build(high.year).first
            return low.in_year(high.year - late), high
        if high.year is None and low.year is not None:
            early = high.build(low.year).first < low.build(low.year).first
            return low, high.in_year(low.year + early)
        return low, high

    def _bounded(self, moment: Moment, bound: Bound, first: int, last: int) -> Phrase:
        return Phrase((moment,), self._periods([moment]), first, last, bound, compared=True)

    def _periods(self, moments: Sequence[Moment]) -> tuple[Period, ...]:
        return tuple(self._period(moment) for moment in moments)

    def _period(self, moment: Moment) -> Period:
        return moment.period(self._today, ahead=self._ahead)

    def _comparator(self, at: int) -> tuple[Bound | None, int, Amounts]:
        """The bound that words or a sign set, the token after them, and whether they bound amounts as well."""
        if 0 <= at < len(self.reader.tokens) and self.reader.tokens[at].kind == "compare":
            return SIGNS[self.reader.tokens[at].form], at + 1, "either"
        tables: tuple[tuple[Table, Amounts], ...] = (
            (self._words.before, "no"),
            (self._words.either, "either"),
            (self._words.amounts, "yes"),
        )
        read = [(*self._phrase(table, at), amount) for table, amount in tables]
        return max(read, key=lambda one: one[1])

    def _bound_after(self, at: int) -> tuple[Bound | None, int]:
        if self.reader.joined(at, "+") and self.reader.touches(at):
            return "gte", at + 1
        bound, after = self._phrase(self._words.after, at)
        # "from 2018 on netflix": a lone word counts only where the phrase ends.
        if bound is not None and after == at + 1 and not self.ends(after):
            return None, at
        return bound, after

    def _phrase(self, phrases: Table, at: int) -> tuple[Bound | None, int]:
        for words, bound in phrases.get(self.reader.form(at), ()):
            if all(self.reader.form(at + offset) == word for offset, word in enumerate(words)):
                return bound, at + len(words)
        return None, at

    def _join(self, at: int, joins: Sequence[str] | frozenset[str]) -> int | None:
        """The token after what joins the ends of a range."""
        for join in joins:
            parts = join.split()
            if all(self.reader.form(at + offset) == word for offset, word in enumerate(parts)):
                return at + len(parts)
        if self.reader.joined(at, _DASHES) or (self.reader.joined(at, "/") and self.reader.touches(at)):
            return at + 1
        return at + 1 if "&" in joins and self.reader.joined(at, "&") else None

    def _is_day_beside(self, moment: Moment, at: int) -> bool:
        """`the day after tomorrow` is no bound, and `a year before last` says nothing here."""
        return moment.relative and self.reader.form(at - 1) in self._pack.steps

    def ends(self, at: int) -> bool:
        """Whether a phrase can end before a token: at the end of the text, before punctuation, a sign or a joining
        word."""
        tokens = self.reader.tokens
        if at >= len(tokens):
            return True
        token = tokens[at]
        if token.kind == "word":
            return token.form in self._pack.function
        return token.kind in ("compare", "sign") or (token.kind == "other" and token.form in ',.;!?)]}|"”')

    def words_before(self, at: int, accept: Callable[[str], bool]) -> bool:
        """Whether any word before a token is one that `accept` takes."""
        return any(accept(self.reader.form(before)) for before in range(max(0, at)))
