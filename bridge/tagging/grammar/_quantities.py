"""The quantity grammar: amounts with their comparators, for the number labels of a schema, read without a model.

`under $20`, `between 10 and 25 dollars`, `at least 16 gb of ram`, `15-inch`, `3 x 4 ft`, `around fifty dollars`. A
value is in its label's unit. Bounds: under → `lt`, up to → `lte`, over → `gt`, at least and from → `gte`, between →
both inclusive. A number that is part of a name (`iphone 12`, `2 in 1`, `$20 off`) is left alone, another currency than
the field's gives nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from bridge.entities import Entity, Interval
from bridge.schema import MEASURES, Schema
from bridge.tagging.grammar._amounts import Amount, AmountReader
from bridge.tagging.grammar._labels import Labels, Named, NumberLabel, Spread, is_near, labels_of
from bridge.tagging.grammar._phrases import Phrase, PhraseReader
from bridge.tagging.grammar._sizes import Size, read_size
from bridge.tagging.grammar._tokens import Token, tokenise

#: Below this, a bare number with a `k` is more often a resolution, a run or a carat than money: `tv under 4k`.
_LEAST_BARE_THOUSANDS = 10_000
#: "at least two" counts something else.
_LEAST_SPELLED = 10
#: Bare numbers between these may be years.
_YEARS = (1900, 2100)
#: Plain words that may stand between an amount and the name of its label: `16gb ddr4 ram`.
_REACH = 2
_NOTHING: Spread = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class QuantityMatch:
    """A quantity in a text.

    `entity` spans cue words and amount; its value is an `Interval`, or a number where the text names one amount
    (`$50`, `around $50`). `consumes` are the ranges that are no longer needed as text once a clause exists: the
    entity's own, the words that only introduce it (`priced`, `for`), and the words that name its label. `approximate`
    is said by `around`, `about`.
    """

    entity: Entity
    consumes: tuple[tuple[int, int], ...]
    approximate: bool = False
    #: The same stretch read as other labels of the unit's dimension, each value in that label's unit: `at least 16 gb`
    #: may be memory or storage. Empty where the text says which is meant.
    others: tuple[Entity, ...] = ()
    #: Whether the text says which label is meant, by name, cue word or currency, and not by the unit alone.
    named: bool = True
    #: The value counts from today ("last week"), so it holds for this day only.
    relative: bool = False


def find_quantities(text: str, schema: Schema, *, stats: Spread | None = None) -> list[QuantityMatch]:
    """Quantities of a schema's number labels in a text, in reading order, without overlaps. Linear in its length.

    `stats` are what is known of the stored numbers, by field: an amount without a
    comparator that no document comes near (`10 ft cable` where screens are at most 98 inches) is none of that field.
    """
    labels = labels_of(schema)
    if not labels.all:
        return []
    return _Grammar(text, labels, _NOTHING if stats is None else stats).run()


class _Grammar:
    def __init__(self, text: str, labels: Labels, stats: Spread) -> None:
        self._text = text
        self._labels = labels
        self._stats = stats
        self._pack = labels.words.pack
        self._tokens = tokenise(text)
        self._amounts = AmountReader(
            self._tokens, labels.words, self._fits, lambda at: labels.named_at(self._tokens, at) is not None
        )
        self._phrases = PhraseReader(self._tokens, labels.words, labels, self._amounts)

    def run(self) -> list[QuantityMatch]:
        found: list[QuantityMatch] = []
        at = done = 0
        while at < len(self._tokens):
            size = read_size(self._tokens, at, self._phrases, self._amounts, self._pack.sides)
            if size is not None:
                matches = self._sized(size)
                found += matches
                at = size.last
                done = at if matches else done
                continue
            phrase = self._phrases.read(at)
            if phrase is None:
                at += 1
                continue
            judged = self._match(phrase, done)
            at = phrase.last
            if judged is not None:
                match, at = judged
                found.append(match)
            done = at
        return found

    # ---------------------------------------------------------------------------------------- judging a phrase

    def _match(self, phrase: Phrase, done: int) -> tuple[QuantityMatch, int] | None:
        """The match of a phrase, and the token after everything that belongs to it."""
        if self._says_nothing(phrase):
            return None
        before, first = self._introduced(phrase.first, done)
        after = self._followed(phrase)
        choose = self._by_name if phrase.bare else self._by_unit
        chosen = choose(phrase, before, after)
        if chosen is None:
            return None
        labels, named, phrase = chosen
        values = [(label, value) for label in labels if (value := self._value(phrase, label)) is not None]
        if not self._is_hard(phrase):
            values = [(label, value) for label, value in values if is_near(label, value, self._stats)]
        if not values:
            return None
        negated = phrase.bound is None and self._form(phrase.first - 1) in self._pack.negations
        start, end = self._tokens[phrase.first].start, self._tokens[phrase.last - 1].end
        entities = [
            Entity(label.name, self._text[start:end], value, start, end, 1.0, "grammar", negated=negated)
            for label, value in values
        ]
        first, last = self._consumed(phrase, named, first, needed=phrase.bare or len(labels) > 1)
        if negated and first == phrase.first:
            first -= 1
        consumes = (self._tokens[first].start, self._tokens[last - 1].end)
        sure = named is not None or phrase.named is not None or values[0][0].is_money
        match = QuantityMatch(entities[0], (consumes,), phrase.approximate, tuple(entities[1:]), named=sure)
        return match, last

    def _is_hard(self, phrase: Phrase) -> bool:
        """Whether words compare the amount, so that it is meant even where no document is like that."""
        return phrase.bound not in (None, "between") or phrase.compared

    def _says_nothing(self, phrase: Phrase) -> bool:
        """Whether the words around show that the amount is nothing of the thing itself: `$20 off`, `2 years ago`."""
        following, before = self._form(phrase.last), self._form(phrase.first - 1)
        units = [unit for amount in phrase.amounts for unit in amount.units]
        if any(MEASURES[unit].dimension == "time" for unit in units):
            if self._is_other(phrase.last, "-"):
                following = self._form(phrase.last + 1)
            return following in self._pack.age_after or before in self._pack.not_before
        money = not units or "percent" in units
        return money and (following in self._pack.not_after or before in self._pack.not_before)

    def _by_unit(
        self, phrase: Phrase, before: Named | None, after: Named | None
    ) -> tuple[tuple[NumberLabel, ...], Named | None, Phrase] | None:
        """The labels that an amount with a unit or currency may belong to, and what names them."""
        able = self._labels.for_amounts(phrase.amounts)
        wide = self._labels.for_amounts(phrase.amounts, sides=True)
        for named in (phrase.named, before, after, self._further(phrase) if len(able) > 1 else None):
            if named is not None:
                meant = tuple(label for label in named.labels if label in wide)
                if meant:
                    return meant, named, phrase
        if able:
            return (able[:1] if able[0].is_money else able), None, phrase
        # No label has the unit, but it may be what a label without one is called: `30 mpg`, `4 doors`.
        amount = phrase.amounts[-1]
        counted = self._labels.named_at(self._tokens, amount.digits + (1 if amount.plus else 0))
        if counted is None or amount.currencies is not None or counted.last < amount.last:
            return None
        meant = tuple(label for label in counted.labels if label.unit is None)
        if not meant:
            return None
        bare = tuple(replace(one, units=()) for one in phrase.amounts)
        return meant, counted, replace(phrase, amounts=bare, last=max(phrase.last, counted.last))

    def _by_name(
        self, phrase: Phrase, before: Named | None, after: Named | None
    ) -> tuple[tuple[NumberLabel, ...], Named | None, Phrase] | None:
        """The label that a bare number belongs to: the one named beside it, else the one that must be meant."""
        known = self._labels.words.known
        for named in (phrase.named, before, after):
            if named is None or not (phrase.compared or phrase.approximate or known):
                continue
            labels = named.labels
            if named is after and not phrase.compared:
                labels = tuple(label for label in labels if label.unit is None)  # "3 screen protectors"
            if labels:
                return labels, named, phrase
        if not (phrase.compared or phrase.approximate) or not self._may_be_bare(phrase):
            return None
        label = self._labels.money if self._labels.money else self._labels.all
        return (label, None, phrase) if len(label) == 1 else None

    def _may_be_bare(self, phrase: Phrase) -> bool:
        """Whether a bare number with a comparator (`under 20`) may be the one money label's, or the only label's."""
        amount = phrase.amounts[-1]
        if phrase.said in self._pack.ranges and len(phrase.amounts) == 1:
            return False  # "from 10" may be anything
        if phrase.said in self._pack.no_money or phrase.said == "+":
            return False
        before = phrase.first
        while self._form(before - 1) in self._pack.fillers - self._pack.other_scales:
            before -= 1
        if self._form(before - 1) in self._pack.other_scales:
            return False
        if len(phrase.amounts) == 2 and all(_YEARS[0] <= one.value <= _YEARS[1] for one in phrase.amounts):
            return False
        if amount.spelled and amount.value < _LEAST_SPELLED:
            return False
        if amount.factor > 1.0 and not self._is_thousands(amount):
            return False
        return self._phrases.ends(phrase.last) and not self._opens_a_unit(phrase.last)

    def _is_thousands(self, amount: Amount) -> bool:
        """Whether a multiplied bare number can be money: `cars under 20k`, `under 5 grand`, not `tv under 4k`."""
        word = self._form(amount.digits)
        return word in self._pack.money or (word == "k" and amount.value >= _LEAST_BARE_THOUSANDS)

    def _opens_a_unit(self, at: int) -> bool:
        """Whether the word after a bare number could be its unit (`under 50 in tv`), so that it is no price."""
        if self._form(at) not in self._pack.prepositions:
            return False
        return any(label.dimension == "length" for label in self._labels.all)

    def _value(self, phrase: Phrase, label: NumberLabel) -> Interval | float | None:
        values = [amount.value_in(label.unit) for amount in phrase.amounts]
        known = [value for value in values if value is not None]
        return phrase.value(known) if len(known) == len(values) else None

    def _sized(self, size: Size) -> list[QuantityMatch]:
        """One match for each side of a size that a label holds; none where the sizes are of something else."""
        matches: list[QuantityMatch] = []
        for number, amount in enumerate(size.amounts, 1):
            label = self._labels.sides.get(number)
            if label is None:
                continue
            phrase = Phrase((amount,), size.bound, amount.first, amount.last, compared=size.bound is not None)
            value = self._value(phrase, label)
            if value is None or (size.bound is None and not is_near(label, value, self._stats)):
                return []
            first = size.first if number == 1 else size.starts[number - 1]
            last = size.starts[number] if number < len(size.amounts) else size.last
            start, end = self._tokens[first].start, self._tokens[amount.last - 1].end
            entity = Entity(label.name, self._text[start:end], value, start, end, 1.0, "grammar")
            consumes = (start, self._tokens[last - 1].end)
            matches.append(QuantityMatch(entity, (consumes,), size.approximate))
        return matches

    # ----------------------------------------------------------------------------------------- words beside it

    def _introduced(self, at: int, done: int) -> tuple[Named | None, int]:
        """The label whose name stands before a phrase, and the first of the words that introduce the phrase."""
        first = at
        while first > done:
            named = self._labels.named_before(self._tokens, first, done)
            if named is not None:
                while named.first > done and self._form(named.first - 1) in self._pack.fillers:
                    named = replace(named, first=named.first - 1)
                return named, first
            if self._form(first - 1) in self._pack.fillers or self._is_other(first - 1, ":"):
                first -= 1
            else:
                break
        return None, first

    def _followed(self, phrase: Phrase) -> Named | None:
        """The label whose name stands right after a phrase: `16 gb of ram`, `4-door`."""
        at = phrase.last
        if self._is_other(at, "-") or self._form(at) in self._pack.of:
            at += 1
        return self._labels.named_at(self._tokens, at)

    def _further(self, phrase: Phrase) -> Named | None:
        """The label whose name stands a plain word or two after a phrase: `16gb ddr4 ram`."""
        for at in range(phrase.last + 1, phrase.last + 1 + _REACH):
            token = self._token(at - 1)
            if token is None or token.kind != "word" or self._phrases.ends(at - 1):
                return None
            named = self._labels.named_at(self._tokens, at)
            if named is not None:
                return named
        return None

    def _consumed(self, phrase: Phrase, named: Named | None, first: int, *, needed: bool) -> tuple[int, int]:
        """The tokens that a match takes along: names of its label, and the words that introduce it.

        A cue that was not needed to tell which label is meant may be the thing itself (`projector screen 100 inch`),
        and so may a name with more of its phrase behind it (`16 gb ram laptop`): such words stay.
        """
        ends = self._phrases.ends(phrase.last)
        last = phrase.last
        if named is None or phrase.named is not None:
            return (first if phrase.compared or ends else phrase.first), last
        if named.first < phrase.first:
            taken = named.own or needed
            return (named.first if taken else phrase.first), last
        if named.first >= last and (named.own or needed):
            joined = self._form(named.first - 1) in self._pack.of
            adjacent = named.first <= last + 1
            if adjacent and (joined or self._phrases.ends(named.last)):
                last = named.last
                ends = True
        return (first if phrase.compared or ends else phrase.first), last

    def _fits(self, value: float, units: tuple[str, ...]) -> bool:
        """Whether a label could hold an amount in one of these units."""
        amount = Amount(value, 0, 1, None, units)
        return any(
            is_near(label, held, self._stats)
            for label in self._labels.for_amounts((amount,), sides=True)
            if (held := amount.value_in(label.unit)) is not None
        )

    def _token(self, at: int) -> Token | None:
        return self._tokens[at] if 0 <= at < len(self._tokens) else None

    def _form(self, at: int) -> str:
        token = self._token(at)
        return token.form if token is not None and token.kind == "word" else ""

    def _is_other(self, at: int, forms: str) -> bool:
        token = self._token(at)
        return token is not None and token.kind == "other" and token.form in forms
