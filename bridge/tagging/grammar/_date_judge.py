"""Whether a phrase that could be a date is meant as one: most words and numbers of dates are other things as well.

The rules look only at the words around the phrase. A refusal leaves the words in the text, where they do no harm; a
wrong filter hides what the customer came for.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.schema import CURRENCIES
from bridge.tagging.grammar._date_phrases import Phrase, PhraseReader
from bridge.tagging.grammar._date_words import DateWords
from bridge.tagging.grammar._moments import Moment
from bridge.tagging.grammar._units import UnitForms

#: Characters that may touch a date without making it part of something longer.
_BEFORE = "([{\"'“‘,;~"
_AFTER = ")]},;.!?\"'’”…"
_MONEY = frozenset(word for currency in CURRENCIES.values() for word in currency.words)


class Judge:
    """The rules for one text. `years`: some label holds years alone; `amounts`: some label holds money."""

    def __init__(self, reader: PhraseReader, words: DateWords, units: UnitForms, *, years: bool, amounts: bool) -> None:
        self._units = units
        self._phrases = reader
        self._reader = reader.reader
        self._pack = words.pack
        self._leading = words.leading
        self._years = years
        self._amounts = amounts

    def judge(self, phrase: Phrase, first: int, *, named: bool) -> Phrase | None:
        """The phrase, or the part of it that is a date, or None.

        `first` is where the words that introduce it begin; `named`: they name a label, or what is done at a date.
        """
        if not self._stands_free(phrase) or self._counts_something(phrase):
            return None
        if self._is_topic(first) or self._form(phrase.last) in self._pack.likeness:
            return None
        if phrase.amount != "no" and not named and not self._beyond_amounts(phrase):
            return None
        if len(phrase.moments) == 1 or not phrase.compared:
            refused = self._refused(phrase, named=named)
            if refused is not None:
                return refused if isinstance(refused, Phrase) else None
        elif phrase.first == phrase.moment.first and not named:
            before = self._form(first - 1)
            if any(moment.year is None for moment in phrase.moments):
                return None  # "fall to spring"; "from march to june" has a word that opens it
            if before in self._leading and before not in self._pack.lists | self._pack.negations | self._pack.the:
                return None  # "floor mats for 2015-2019 camry"
        return phrase

    def _refused(self, phrase: Phrase, *, named: bool) -> Phrase | bool | None:
        """None: the phrase is a date; True: it is none; a phrase: only that part of it is."""
        moment = phrase.moment
        form = self._form(moment.first)
        if not named and (form in self._pack.days or form in self._pack.weekdays):
            # "today's deals", "delivered by friday"; "since yesterday" can only be about what the field holds
            return not (phrase.bound == "gte" or (form in self._pack.days and phrase.cue in self._pack.agents)) or None
        if moment.year is None:
            return self._is_weak_alone(phrase, named=named) or None
        if moment.relative:
            return self._is_no_relative(phrase, named=named) or None
        if moment.is_year:
            return self._is_no_year(phrase, named=named) or None
        if moment.grain in ("decade", "century"):
            return self._is_no_decade(phrase, named=named) or None
        if moment.weak and not named and self._is_named_thing(phrase):
            return self._year_alone(moment)
        if moment.weak and phrase.plain and not named and self._form(moment.first) in self._pack.parts:
            return replace(phrase, about=True)  # "macbook pro late 2013" may be its name
        return None

    # --------------------------------------------------------------------------------------------- kinds of date

    def _is_no_year(self, phrase: Phrase, *, named: bool) -> bool:
        if named or phrase.compared:
            return False
        if phrase.cue in self._pack.of:
            return not self._is_of_many(phrase.first)
        if not phrase.plain:
            return False
        before, after = self._form(phrase.first - 1), self._form(phrase.last)
        if before in self._pack.numbered or before in self._pack.the:
            return True
        if before in self._pack.negations:
            return False
        if before in self._leading and before not in self._pack.lists | self._pack.articles:
            return True
        # "2001 a space odyssey", "2012: doomsday"
        return after in self._pack.the | self._pack.articles or self._reader.joined(phrase.last, ":")

    def _is_no_decade(self, phrase: Phrase, *, named: bool) -> bool:
        moment = phrase.moment
        before = self._form(moment.first - 1)
        if before in self._pack.ages and not phrase.compared:
            return True
        if phrase.plain and not named:
            if self._reader.number(moment.first) == "10" and before not in self._pack.the:
                return True  # seconds
            while before in self._pack.the:
                moment = replace(moment, first=moment.first - 1)
                before = self._form(moment.first - 1)
            if before in self._leading and before not in self._pack.lists | self._pack.negations:
                return True  # "movies for 90s kids"
        if moment.grain == "century" and phrase.plain and not named:
            return not self._phrases.ends(phrase.last)  # "20th century fox"
        return False

    def _is_weak_alone(self, phrase: Phrase, *, named: bool) -> bool:
        """A month, a season, a quarter, a weekday or a day without its year."""
        moment = phrase.moment
        if not self._phrases.ends(phrase.last):
            return not (named and not moment.weak)
        if named:
            return False
        if phrase.compared:
            opening = self._form(phrase.first)
            return opening in self._pack.openings or (moment.weak and opening in self._pack.agents)
        if phrase.cue not in self._pack.strong or self._form(phrase.first - 1) in self._pack.steps:
            return True  # "seven days in may"
        if moment.grain == "season":
            return True  # "boots to wear in winter"
        return moment.weak and phrase.cue in self._pack.agents

    def _is_no_relative(self, phrase: Phrase, *, named: bool) -> bool:
        moment = phrase.moment
        if named or phrase.compared:
            return False
        after, before = self._form(moment.last), self._form(moment.first - 1)
        if after in self._pack.offers:
            return True
        if phrase.cue:
            return False
        if moment.first == 0:
            return not after or after in self._pack.function
        counted = moment.last - moment.first > 2
        if before in self._pack.the and counted:
            return False
        return before in self._leading and before not in self._pack.lists

    # ------------------------------------------------------------------------------------------------ what is near

    def _is_topic(self, first: int) -> bool:
        """Whether the words before say that something is about the date: `films set in the 1950s`."""
        lead = first - 1
        while self._form(lead) in self._pack.the | self._pack.within and lead > first - 4:
            lead -= 1
        return self._form(lead) in self._pack.topics

    def _stands_free(self, phrase: Phrase) -> bool:
        """Whether nothing touches the phrase that makes it part of something longer."""
        tokens = self._reader.tokens
        if self._reader.touches(phrase.first, free=""):
            before = tokens[phrase.first - 1]
            if before.kind == "sign" or (before.kind == "other" and before.form not in _BEFORE):
                return False
            if before.kind in ("word", "number"):
                return False
        return not self._reader.touches(phrase.last, free=_AFTER)

    def _counts_something(self, phrase: Phrase) -> bool:
        """Whether a unit or what is counted follows: `2000 watts`, `1900 pieces`, `2000 x 1000`."""
        last = phrase.moments[-1]
        if not (last.is_year and last.last == phrase.last):
            return False
        tokens, after = self._reader.tokens, self._form(phrase.last)
        if (
            after in _MONEY
            or self._is_unit(phrase.last)
            or any(self._is_times(at) for at in (phrase.first - 1, phrase.last))
        ):
            return True
        if phrase.last < len(tokens) and tokens[phrase.last].kind == "sign":
            return True
        rounded = (last.year or 0) % 100 == 0
        return rounded and phrase.plain and after.endswith("s") and not after.endswith("ss")

    def _is_unit(self, at: int) -> bool:
        tokens = self._reader.tokens
        if self._units.read(tokens, at) is None or self._units.is_doubtful(tokens[at]):
            return False
        return self._form(at) not in self._pack.within or self._reader.touches(at)  # "before 1940 in buffalo"

    def _is_times(self, at: int) -> bool:
        return self._form(at) == "x" or (0 <= at < len(self._reader.tokens) and self._reader.tokens[at].kind == "times")

    def _beyond_amounts(self, phrase: Phrase) -> bool:
        """Whether words that bound amounts as well can only mean the year: no money here, or no round sum."""
        moment = phrase.moment
        odd = (moment.year or 0) % 50 != 0
        if phrase.amount == "yes":
            return moment.is_year and self._years and odd
        return moment.is_year and (odd or not self._amounts)

    def _is_of_many(self, at: int) -> bool:
        """Whether "of 2019" follows things in general ("films of 2019", "best of 2019"), not one ("class of 1984")."""
        before = self._form(at - 1)
        if before.endswith("s") and not before.endswith(("ss", "is", "us")) and before not in self._pack.steps:
            return True
        return self._phrases.words_before(at, self._pack.best.__contains__)

    def _is_named_thing(self, phrase: Phrase) -> bool:
        """Whether words that are names as well stand where names do: `the long winter 2010`, `days of summer 2009`."""
        moment = phrase.moment
        if phrase.cue in self._pack.of:
            return not self._phrases.words_before(phrase.first, self._pack.best.__contains__)
        if not phrase.plain:
            return False
        before = self._form(phrase.first - 1)
        if before in self._pack.the | self._pack.articles | self._pack.of:
            return True
        if phrase.first > 0 and self._form(0) in self._pack.the:
            return True
        if moment.grain in ("quarter", "half"):
            return self._years  # a model ("audi q3 2021"), where the year is the car's
        if moment.grain == "month" and moment.year_at == moment.first:
            return not self._phrases.ends(phrase.last)  # "2019 march madness"
        return False

    def _year_alone(self, moment: Moment) -> Phrase | None:
        if moment.year_at is None:
            return None
        year = self._reader.plain_year(moment.year_at)
        if year is None:
            return None
        phrase = Phrase((year,), (year.period(self._reader.today),), year.first, year.last)
        return phrase if self._stands_free(phrase) and not self._counts_something(phrase) else None

    def _form(self, at: int) -> str:
        return self._reader.form(at)
