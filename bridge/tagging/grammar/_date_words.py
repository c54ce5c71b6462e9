"""The words of dates, per language: what the date grammar knows of a language is only its pack."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from bridge.tagging.grammar._calendar import Step
from bridge.tagging.grammar._packs import Pack, load_pack
from bridge.tagging.grammar._words import Bound, Words, by_first_word

Part = Literal["early", "mid", "late"]


class DatePack(Pack):
    """`dates.yaml` of one language, all words in lower case."""

    months: dict[str, int]
    #: Season → the month that it starts in.
    seasons: dict[str, int]
    #: Weekday → 0 for Monday.
    weekdays: dict[str, int]
    #: Months and seasons that are names or ordinary words before they are dates.
    names: Words
    #: Words for a day near today → days from today.
    days: dict[str, int]
    #: Words for a stretch of time that the calendar has one after the other.
    steps: dict[str, Step]
    hours: Words
    weekends: Words
    fortnights: Words
    quarter: Words
    half: Words
    century: Words
    ordinals: dict[str, int]
    #: Letters that make an ordinal of a number they touch: `19th`.
    ordinal_endings: Words
    numbers: dict[str, int]
    #: Words for about so many: "the last few years".
    vague: dict[str, int]
    #: Word for ten years → their last two digits.
    decades: dict[str, int]
    #: Words before these that name the hundred: "nineteen eighties".
    hundreds: dict[str, int]
    parts: dict[str, Part]
    #: The one before this one; with a number, so many up to today.
    last: Words
    #: So many (without a number: one) up to today.
    past: Words
    this: Words
    next: Words
    #: After a number of steps: "3 years ago".
    ago: Words
    #: Words for today where a range ends: "2010 to present".
    now: Words
    of: Words
    the: Words
    articles: Words
    #: Bound → phrases before a date.
    before: dict[Bound, tuple[str, ...]]
    #: Bound → phrases that bound amounts, and dates only beside their label's name.
    amounts: dict[Bound, tuple[str, ...]]
    #: Bound → phrases that bound amounts as often as dates: "up to 2015".
    either: dict[Bound, tuple[str, ...]]
    #: Bound → phrases after a date.
    after: dict[Bound, tuple[str, ...]]
    #: Words before a date that lies within it.
    within: Words
    #: Those of them that make a date of a month, a weekday or a day without a year.
    strong: Words
    #: Words before a month that is a name as well which let it be that: "by june".
    agents: Words
    #: Words before a month without a year that say when something begins: "jobs starting in september".
    openings: Words
    #: Words in the name of a label that says when an entry was made: `listed`.
    entries: Words
    #: `between A and B`: opening word → words that may join the two.
    ranges: dict[str, tuple[str, ...]]
    joins: Words
    lists: Words
    about: Words
    negations: Words
    #: Words that may stand between such a word and the date.
    fillers: Words
    #: What is done at a date: they introduce it, and belong to it.
    verbs: tuple[str, ...]
    #: Words that lead to those.
    links: Words
    #: Words before a date that say that something is about it, or like it.
    topics: Words
    #: The same after it.
    likeness: Words
    #: The same after a date that counts from today: "this week's deals".
    offers: Words
    #: Words after a year that belong to it: "2015 model".
    tails: Words
    #: Words before a number that make it a name or a count.
    numbered: Words
    #: Words before two digits and an s that make it somebody's age.
    ages: Words
    #: Words before "of 2019" that make it a date, beside plurals.
    best: Words
    #: Words that say that years are years of life.
    people: Words
    function: Words


class DateWords:
    """The pack of one language, ready to look up by first words."""

    def __init__(self, pack: DatePack) -> None:
        self.pack = pack
        self.before = by_first_word(pack.before)
        self.either = by_first_word(pack.either)
        self.amounts = by_first_word(pack.amounts)
        self.after = by_first_word(pack.after)
        self.verbs = frozenset(pack.verbs)
        tables = (pack.before, pack.amounts, pack.either)
        bounds = (phrase for table in tables for phrases in table.values() for phrase in phrases)
        #: Words that lead to what follows them: nothing that stands there by itself.
        self.leading = pack.function | {phrase.split()[-1] for phrase in bounds}
        singles = (
            *(pack.months, pack.seasons, pack.weekdays, pack.days, pack.quarter, pack.half, pack.ordinals),
            *(
                pack.numbers,
                pack.vague,
                pack.decades,
                pack.hundreds,
                pack.parts,
                pack.last,
                pack.past,
                pack.this,
                pack.next,
            ),
            *(pack.within, pack.ranges, pack.about, pack.negations, pack.the),
        )
        #: Words that a date phrase can start with.
        self.starters = frozenset(word for words in singles for word in words) | {
            *self.before,
            *self.amounts,
            *self.either,
            *(f"{form}{number}" for form in (*pack.quarter, *pack.half) for number in range(1, 5)),
        }


@lru_cache(maxsize=16)
def load_date_words(languages: tuple[str, ...]) -> DateWords | None:
    """The date words of the first of these languages that has a pack; None where none has."""
    packs = (load_pack(language, "dates", DatePack) for language in languages)
    found = next((pack for pack in packs if pack is not None), None)
    return None if found is None else DateWords(found)
