"""Which labels hold dates, how their fields say a period, and which years a field can hold at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal
from zoneinfo import ZoneInfo

from bridge.entities import Interval, Stats
from bridge.schema import Label, Schema, fold, is_currency
from bridge.tagging.grammar import _calendar as calendar
from bridge.tagging.grammar._calendar import Period
from bridge.tagging.grammar._date_words import DateWords, load_date_words
from bridge.tagging.grammar._per_schema import per_schema
from bridge.tagging.grammar._units import UnitForms
from bridge.tagging.grammar._words import Bound, load_words

#: How a label's field holds a date: as days (milliseconds since 1970) or as the number of a year.
Holds = Literal["days", "years"]
#: A year may lie so far outside of what a field holds today: the index may lag behind, or know what is announced.
_BEFORE, _BEHIND = 1, 5
#: Where nothing is known of the field: years that a customer may mean.
_FIRST, _AHEAD = 1800, 10
#: No field of years of life, of warranty, of storage … holds more, and none of calendar years holds less.
_LONGEST = 1000
_DURATION = re.compile(
    r"\b(?:age|ages|aged|old|duration|length|lifetime|life|warranty|guarantee|experience|term|maturity|span)\b"
)


def is_calendar_year(schema: Schema, name: str, stats: Mapping[str, Stats]) -> bool:
    """Whether a number label in years holds years of the calendar (`1994`) and not how long something lasts (`12`)."""
    label = schema.labels[name]
    if not _in_years(label):
        return False
    known = stats.get(schema.field_of(name))
    if known is not None:
        return known.max >= _LONGEST
    return not _DURATION.search(" ".join((name.replace("_", " "), schema.label_text(name), *label.cues)).lower())


@dataclass(frozen=True, slots=True)
class DateLabels:
    """What the date grammar needs of one schema."""

    #: Labels that can hold dates, in schema order; of those in years the stats may say otherwise.
    holds: Mapping[str, Holds]
    #: Words that name a label beside a date; the first label of the schema wins.
    names: Mapping[tuple[str, ...], str]
    zone: ZoneInfo
    #: Whether some label holds money.
    money: bool
    #: The order of `3/4/2021` where the first language says it: `en-US` and `en-GB` do, `en` does not.
    month_first: bool | None
    words: DateWords | None
    units: UnitForms


@per_schema
def labels_of_dates(schema: Schema) -> DateLabels:
    """The date labels of a schema, prepared once."""
    holds = date_labels(schema, {}, unsure=True)
    languages = tuple(schema.languages)
    return DateLabels(
        holds,
        {
            tuple(fold(form).split()): name
            for name in reversed(holds)
            for form in (name.replace("_", " "), schema.label_text(name), *schema.labels[name].cues)
        },
        ZoneInfo(schema.timezone),
        any(is_currency(label.unit) for label in schema.labels.values()),
        _month_first(languages[0]),
        load_date_words(languages),
        load_words(languages).units,
    )


def date_labels(schema: Schema, stats: Mapping[str, Stats], *, unsure: bool = False) -> dict[str, Holds]:
    """Labels that hold dates, in schema order. `unsure`: also labels in years that may say how long something lasts."""
    found: dict[str, Holds] = {}
    for name, label in schema.labels.items():
        if label.use == "ignore":
            continue
        if label.kind == "date":
            found[name] = "days"
        elif is_calendar_year(schema, name, stats) or (unsure and _in_years(label)):
            found[name] = "years"
    return found


def _in_years(label: Label) -> bool:
    return label.unit == "year" and label.kind in ("number", "range")


def _month_first(code: str) -> bool | None:
    language, _, region = code.partition("-")
    if not region:
        return None
    return region.upper() in ("US", "PH", "FM") if language == "en" else False


def bounded(period: Period, bound: Bound | None, holds: Holds, zone: ZoneInfo) -> Interval:
    """What a period and the word before it ("since", "before" …) leave of a field.

    Days are half open, but for `lte`, whose end is the last millisecond of the period: that "until 2020" and "before
    2021" are the same days does not make them the same words. A field of years holds whole years only, so a shorter
    period stands for the year that it lies in.
    """
    if holds == "years":
        low, high = float(period.first.year), float(period.last.year)
        match bound:
            case "gte":
                return Interval(gte=low)
            case "gt":
                return Interval(gt=high) if _whole_years(period) else Interval(gte=high)
            case "lt":
                return Interval(lt=low) if _whole_years(period) else Interval(lte=low)
            case "lte":
                return Interval(lte=high)
            case _:
                return Interval(gte=low, lte=high)
    start, end = calendar.milliseconds(period, zone)
    match bound:
        case "gte":
            return Interval(gte=start)
        case "gt":
            return Interval(gte=end)
        case "lt":
            return Interval(lt=start)
        case "lte":
            return Interval(lte=end - 1)
        case _:
            return Interval(gte=start, lt=end)


def is_possible(period: Period, label: Label, known: Stats | None, today: date, zone: ZoneInfo) -> bool:
    """Whether the field can hold anything of the period: a model number is no year that a film is from."""
    first, last = _FIRST, today.year + _AHEAD
    if known is not None:
        low, high = known.min, known.max
        if label.kind == "date":
            try:
                low, high = calendar.moment(low, zone).year, calendar.moment(high, zone).year
            except OverflowError:
                return False
        first, last = int(low) - _BEFORE, int(high) + _BEHIND
    return period.first.year <= last and period.last.year >= first


def _whole_years(period: Period) -> bool:
    return (period.first.month, period.first.day, period.after.month, period.after.day) == (1, 1, 1, 1)
