"""The date grammar: years, decades, quarters, months, days and dates that count from today, read without a model.

`since 2020`, `90s`, `q3 2021`, `between march and june 2021`, `last week`, `2015 or newer`. Bounds are absolute, worked
out from the clock that the caller gives and the schema's time zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bridge.entities import Entity, Interval, Stats
from bridge.schema import Schema
from bridge.tagging.grammar import _calendar as calendar
from bridge.tagging.grammar._calendar import Period
from bridge.tagging.grammar._date_judge import Judge
from bridge.tagging.grammar._date_labels import DateLabels, bounded, date_labels, is_possible, labels_of_dates
from bridge.tagging.grammar._date_phrases import Phrase, PhraseReader
from bridge.tagging.grammar._date_words import DateWords
from bridge.tagging.grammar._match import QuantityMatch
from bridge.tagging.grammar._tokens import tokenise
from bridge.tagging.grammar._words import SIGNS

#: "Around 1990" is so many years more or less.
_ABOUT_YEARS = 2
#: The longest stretch that is counted from today, in years, and a little more.
_MARGIN = 510
_YEARS = ("year", "decade", "century")
_NO_STATS: Mapping[str, Stats] = {}


def find_dates(
    text: str, schema: Schema, now: datetime, *, stats: Mapping[str, Stats] | None = None
) -> list[QuantityMatch]:
    """Dates of a schema's date labels, and of its number labels that hold years, in reading order. Linear in length.

    `now` is the moment that "last week" counts from; `stats` are what is known of the fields, which rules out years
    that a field cannot hold. The value is an `Interval`: milliseconds since 1970 at the days of `schema.timezone`,
    half open, or years, both included ("around 1990" is a number). `approximate` says that the date only stands there
    (`thriller 2019`) or is vague, so that it should boost. Matches that share their `consumes` and are not approximate
    are one list ("from 2015 or 2018"): any of them is meant.
    """
    prepared = labels_of_dates(schema)
    today = _today(now, prepared.zone)
    if not prepared.holds or prepared.words is None or today is None:
        return []
    stats = stats if stats is not None else _NO_STATS
    return _Finder(text, schema, prepared, prepared.words, today, stats).run()


def read_date(
    written: str, label: str, schema: Schema, now: datetime, *, stats: Mapping[str, Stats] | None = None
) -> Interval | None:
    """What a value written for one label says (`released:2020`, `>=2020-01-01`, `2019..2021`, `"last week"`).

    None where the whole of it is no date, and for labels that hold none.
    """
    prepared = labels_of_dates(schema)
    stats = stats if stats is not None else _NO_STATS
    words, today = prepared.words, _today(now, prepared.zone)
    holds = date_labels(schema, stats).get(label) if label in prepared.holds else None
    if holds is None or words is None or today is None:
        return None
    low, dots, high = written.partition("..")
    tokens = tokenise(f"{low} - {high}" if dots else written)
    signed = bool(tokens) and tokens[0].kind == "compare"
    ahead = _lies_ahead(schema, label, stats, today, prepared.zone)
    reader = PhraseReader(tokens, words, today, month_first=prepared.month_first, ahead=ahead)
    phrase = reader.plain(1 if signed else 0) or reader.read(0)
    if phrase is None or phrase.last != len(tokens) or len(phrase.periods) != 1:
        return None
    bound = SIGNS[tokens[0].form] if signed and not phrase.compared else phrase.bound
    if signed and phrase.compared:
        return None
    return bounded(phrase.periods[0], bound, holds, prepared.zone)


class _Finder:
    def __init__(
        self,
        text: str,
        schema: Schema,
        prepared: DateLabels,
        words: DateWords,
        today: date,
        stats: Mapping[str, Stats],
    ) -> None:
        self._text = text
        self._schema = schema
        self._labels = date_labels(schema, stats) if "years" in prepared.holds.values() else prepared.holds
        self._names = prepared.names
        self._words = words
        self._stats = stats
        self._zone = prepared.zone
        self._today = today
        self._tokens = tokenise(text)
        days = [name for name, holds in self._labels.items() if holds == "days"]
        ahead = bool(days) and all(_lies_ahead(schema, name, stats, today, self._zone) for name in days)
        self._phrases = PhraseReader(self._tokens, words, today, month_first=prepared.month_first, ahead=ahead)
        years = len(days) < len(self._labels)
        self._judge = Judge(self._phrases, words, prepared.units, years=years, amounts=prepared.money)

    def run(self) -> list[QuantityMatch]:
        found: list[QuantityMatch] = []
        at = done = 0
        while at < len(self._tokens):
            phrase = self._phrases.read(at) if self._may_start(at) else None
            matches, last = self._matches(phrase, done) if phrase is not None else ([], at)
            if not matches:
                at += 1
                continue
            found += matches
            at = done = max(last, at + 1)
        return found

    def _may_start(self, at: int) -> bool:
        token = self._tokens[at]
        if token.kind == "other":
            return token.form in "'’‘~"
        return token.kind in ("number", "compare") or self._phrases.reader.form(at) in self._words.starters

    def _matches(self, phrase: Phrase, done: int) -> tuple[list[QuantityMatch], int]:
        """What a phrase says of the labels, and the token after it; nothing where it is no date or nobody's."""
        named, first = self._introduced(phrase, done)
        after = self._name_after(phrase.last)
        spoken = named or after
        judged = self._judge.judge(phrase, first, named=spoken is not None or first < phrase.first)
        if judged is None or self._is_all(judged):
            return [], phrase.last
        if judged.first != phrase.first:
            named, first = None, judged.first
        labels = self._able(judged, named or after, spoken=named is not None or first < judged.first)
        if not labels:
            return [], judged.last
        form, pack = self._phrases.reader.form, self._words.pack
        negated = form(first - 1) in pack.negations
        bare = self._is_bare(judged, first, after) and not negated
        # "dresses summer 2024" were not listed then
        entry = self._is_alone(judged, first, after) and all(self._of_entry(label) for label in labels)
        soft = judged.about or judged.moment.vague or bare or (entry and not judged.moment.relative)
        if judged.moment.is_year and form(judged.last) in pack.tails and after is None:
            judged = replace(judged, last=judged.last + 1)  # "2015 model"
        begin = self._tokens[first - negated].start
        matches = []
        for moment, period in zip(judged.moments, judged.periods, strict=False):
            # In a list each date has its own words; all of them go together, unless each of them boosts alone.
            start = self._tokens[judged.first if moment is judged.moment else moment.first].start
            end = self._tokens[judged.last - 1 if len(judged.periods) == 1 else moment.last - 1].end
            words = (start, end) if soft and len(judged.periods) > 1 else (begin, self._tokens[judged.last - 1].end)
            entities = [self._entity(label, start, end, period, judged, negated=negated) for label in labels]
            matches.append(QuantityMatch(entities[0], (words,), approximate=soft, others=tuple(entities[1:])))
        return matches, judged.last

    def _entity(self, label: str, start: int, end: int, period: Period, phrase: Phrase, *, negated: bool) -> Entity:
        holds = self._labels[label]
        value: Interval | float = bounded(period, phrase.bound, holds, self._zone)
        if phrase.about and phrase.moment.is_year:
            year = period.first.year
            wide = calendar.years(year - _ABOUT_YEARS, year + _ABOUT_YEARS)
            value = float(year) if holds == "years" else bounded(wide, None, holds, self._zone)
        return Entity(label, self._text[start:end], value, start, end, 1.0, "grammar", negated=negated)

    def _is_bare(self, phrase: Phrase, first: int, after: str | None) -> bool:
        """Whether a year only stands there: `thriller 2019`."""
        return phrase.moment.is_year and self._is_alone(phrase, first, after)

    def _is_alone(self, phrase: Phrase, first: int, after: str | None) -> bool:
        return phrase.plain and first == phrase.first and after is None

    def _of_entry(self, label: str) -> bool:
        """Whether a label says when an entry was made, and nothing of the thing itself: `listed`, `posted`."""
        said = f"{label.replace('_', ' ')} {self._schema.label_text(label)}".split()
        return not self._words.pack.entries.isdisjoint(said)

    def _is_all(self, phrase: Phrase) -> bool:
        """Whether the whole query is a year or a day that nothing makes a date: then it is a name."""
        moment = phrase.moment
        vague = moment.is_year or moment.relative or moment.weak or moment.grain in ("season", "century")
        if not phrase.plain or not vague:
            return False
        kinds = ("word", "number", "sign")
        return not any(
            token.kind in kinds and not phrase.first <= at < phrase.last for at, token in enumerate(self._tokens)
        )

    # ----------------------------------------------------------------------------------------------- which label

    def _introduced(self, phrase: Phrase, done: int) -> tuple[str | None, int]:
        """The label named by the words before a phrase, and the first token of all that introduces it."""
        at = phrase.first
        for inside in range(at + 1, phrase.moment.first + 1):
            # "min year 2015", and "best before 2027" where that is a label
            hit = self._name_before(inside, done)
            if hit is not None:
                return hit[0], min(at, hit[1])
        pack, form = self._words.pack, self._phrases.reader.form
        named: str | None = None
        first, spoken = at, False
        while first > done:
            hit = self._name_before(first, done) if named is None else None
            if hit is not None:
                named, first = hit
                spoken = True
            elif (verb := self._verb_before(first, done)) is not None and not spoken:
                first, spoken = verb, True
            elif form(first - 1) in pack.links if spoken else self._phrases.reader.joined(first - 1, ":"):
                first -= 1
            else:
                break
        return (named, first) if spoken else (None, at)

    def _name_before(self, at: int, done: int) -> tuple[str, int] | None:
        for size in (3, 2, 1):
            if at - size >= done:
                name = self._name(tuple(self._phrases.reader.form(at - size + offset) for offset in range(size)))
                if name is not None:
                    return name, at - size
        return None

    def _verb_before(self, at: int, done: int) -> int | None:
        for size in (2, 1):
            if at - size >= done:
                words = " ".join(self._phrases.reader.form(at - size + offset) for offset in range(size))
                if words in self._words.verbs:
                    return at - size
        return None

    def _name_after(self, at: int) -> str | None:
        """The label that is named right after a phrase: `2021 model year`, not `2021 listed this week`."""
        for size in (3, 2, 1):
            words = tuple(self._phrases.reader.form(at + offset) for offset in range(size))
            name = self._name(words)
            if name is not None and " ".join(words) not in self._words.verbs:
                return name
        return None

    def _name(self, words: tuple[str, ...]) -> str | None:
        name = self._names.get(words)
        return name if name in self._labels else None

    def _able(self, phrase: Phrase, named: str | None, *, spoken: bool) -> list[str]:
        """The labels that a phrase is about: the one that is named, else all that hold dates so short or long."""
        if named is not None:
            labels = [named]
        else:
            whole = all(moment.grain in _YEARS for moment in phrase.moments)
            years = [name for name, holds in self._labels.items() if holds == "years"]
            days = [name for name, holds in self._labels.items() if holds == "days"]
            labels = (years or days) if whole else (days or years)
        # What counts from today by days says nothing of a field of years.
        short = phrase.relative and any(moment.grain not in _YEARS for moment in phrase.moments)
        return [
            name
            for name in labels
            if not (short and self._labels[name] == "years")
            and (spoken or all(self._possible(name, period, relative=phrase.relative) for period in phrase.periods))
        ]

    def _possible(self, name: str, period: Period, *, relative: bool) -> bool:
        known = self._stats.get(self._schema.field_of(name))
        if relative:
            # "what to wear next summer": the field holds no day that is still to come
            ahead = period.first > self._today and self._labels[name] == "days"
            return not (ahead and known is not None and known.max < calendar.milliseconds(period, self._zone)[0])
        return is_possible(period, self._schema.labels[name], known, self._today, self._zone)


def _lies_ahead(schema: Schema, name: str, stats: Mapping[str, Stats], today: date, zone: ZoneInfo) -> bool:
    """Whether most of what a field holds is still to come: days on which food expires, days of concerts."""
    known = stats.get(schema.field_of(name))
    return known is not None and known.median > calendar.milliseconds(calendar.day(today), zone)[1]


def _today(now: datetime, zone: ZoneInfo) -> date | None:
    """The day in the schema's zone; None for a clock so far off that counting from it would leave the calendar."""
    try:
        today = calendar.local_day(now, zone)
    except OverflowError:
        return None
    return today if calendar.FIRST_YEAR + _MARGIN <= today.year <= calendar.LAST_YEAR - _MARGIN else None
