"""The quantity grammar: amounts with their comparators, for the number labels of a schema, read without a model.

`under $20`, `between 10 and 25 dollars`, `at least 16 gb of ram`, `15-inch`, `3 x 4 ft`, `around fifty dollars`. A
value is in its label's unit. Bounds: under → `lt`, up to → `lte`, over → `gt`, at least and from → `gte`, between →
both inclusive. A number that is part of a name (`iphone 12`, `2 in 1`, `$20 off`) is left alone, another currency than
the field's gives nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from bridge.entities import Entity, Interval
from bridge.schema import MEASURES, Schema
from bridge.tagging.grammar._amounts import Amount, AmountReader
from bridge.tagging.grammar._bare import BareNumbers
from bridge.tagging.grammar._beside import Beside
from bridge.tagging.grammar._labels import (
    FAR,
    Labels,
    Named,
    NumberLabel,
    Spread,
    is_near,
    labels_of,
    limits,
    overlaps,
    tells,
)
from bridge.tagging.grammar._match import QuantityMatch, settle
from bridge.tagging.grammar._phrases import Phrase, PhraseReader
from bridge.tagging.grammar._sizes import Side, Size, read_size
from bridge.tagging.grammar._tokens import tokenise

#: Of several labels of a dimension, those are meant whose values are at least this, and no more than so many times
#: the least of them.
_LEAST = 0.05
_MOST = 300.0
#: Grams of a nutrient from which a bag of it is meant.
_CONTENT = 100.0
#: Units that ways are measured in.
_TRAVELLED = frozenset({"mile", "km", "m", "yard", "minute", "hour"})
_NOTHING: Spread = MappingProxyType({})
_Values = list[tuple[NumberLabel, Interval | float]]


def find_quantities(text: str, schema: Schema, *, stats: Spread | None = None) -> list[QuantityMatch]:
    """Quantities of a schema's number labels in a text, in reading order, without overlaps. Linear in its length.

    `stats` are what is known of the stored numbers, by field: an amount without a
    comparator that no document comes near (`10 ft cable` where screens are at most 98 inches) is none of that field.
    """
    spread = _NOTHING if stats is None else stats
    labels = labels_of(schema, spread)
    if not labels.all:
        return []
    return _Grammar(text, labels, spread).run()


@dataclass(frozen=True, slots=True)
class _Choice:
    """The labels that may be meant, what names them, and the phrase as it is then read."""

    labels: tuple[NumberLabel, ...]
    phrase: Phrase
    named: Named | None = None


class _Grammar:
    def __init__(self, text: str, labels: Labels, stats: Spread) -> None:
        self._text = text
        self._labels = labels
        self._stats = stats
        self._pack = labels.words.pack
        self._tokens = tokenise(text, labels.pattern)
        self._amounts = AmountReader(
            self._tokens, labels.words, self._fits, lambda at: labels.named_at(self._tokens, at) is not None
        )
        self._phrases = PhraseReader(self._tokens, labels.words, labels, self._amounts)
        self._beside = Beside(self._tokens, labels, self._phrases)
        self._bare = BareNumbers(self._tokens, labels, self._phrases, stats)

    def run(self) -> list[QuantityMatch]:
        found: list[QuantityMatch] = []
        at = done = 0
        while at < len(self._tokens):
            size = read_size(self._tokens, at, self._phrases, self._amounts, self._pack)
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
        return settle(found, self._text, self._pack.lists)

    def _match(self, phrase: Phrase, done: int) -> tuple[QuantityMatch, int] | None:
        """The match of a phrase, and the token after everything that belongs to it."""
        before, first = self._beside.introduced(phrase.first, done)
        if self._says_nothing(phrase, first, named=before is not None and before.own):
            return None
        names = (phrase.named, self._beside.compared(phrase), before, self._beside.followed(phrase))
        chosen = self._by_name(phrase, names) if phrase.bare else self._by_unit(phrase, names)
        if chosen is None:
            return None
        phrase, named = chosen.phrase, chosen.named
        values = [(label, value) for label in chosen.labels if (value := self._value(phrase, label)) is not None]
        sure = named is not None
        values = self._held(phrase, values, sure=sure)
        if not values:
            return None
        values = _of_one_scale(values)
        negated = phrase.bound is None and self._tokens.word(phrase.first - 1) in self._pack.negations
        start, end = self._tokens[phrase.first].start, self._tokens[phrase.last - 1].end
        entities = [
            Entity(label.name, self._text[start:end], value, start, end, 1.0, "grammar", negated=negated)
            for label, value in values
        ]
        first, last = self._beside.taken(phrase, named, first)
        if negated and first == phrase.first:
            first -= 1
        consumes = (self._tokens[first].start, self._tokens[last - 1].end)
        sure = sure or values[0][0].is_money
        match = QuantityMatch(
            entities[0],
            (consumes,),
            phrase.approximate,
            tuple(entities[1:]),
            named=sure,
            related=self._beside.relates(phrase) or (not sure and self._beside.carries(phrase)),
        )
        # A name that stays in the text is no other amount's name.
        return match, max(last, named.last) if named is not None and named.first <= last + 1 else last

    def _held(self, phrase: Phrase, values: _Values, *, sure: bool) -> _Values:
        """The readings that their fields may hold, as far as is known; what is compared of a `sure` label is meant."""
        if not phrase.compared:
            return [(label, value) for label, value in values if is_near(label, value, self._stats)]
        if sure:
            return values
        values = [(label, value) for label, value in values if label.is_money or limits(label, value, self._stats)]
        # "2 tb or more": storage, since no memory is that large; "at least 4 gb": memory, since every disk has that
        values = [one for one in values if one[0].is_money or overlaps(*one, self._stats)]
        return [one for one in values if one[0].is_money or tells(*one, self._stats)] or values

    def _says_nothing(self, phrase: Phrase, first: int, *, named: bool) -> bool:
        """Whether the words around show that the amount is nothing of the thing itself: `$20 off`, `2 years ago`."""
        at = phrase.last + 1 if self._tokens.is_hyphen(phrase.last) else phrase.last
        following, before = self._tokens.word(at), self._tokens.word(phrase.first - 1)
        dimensions = {MEASURES[unit].dimension for amount in phrase.amounts for unit in amount.units}
        if self._is_distance(phrase, at):
            return True
        if "time" in dimensions:
            return following in self._pack.age_after or before in self._pack.not_before
        if dimensions and phrase.said in self._pack.distance_before:
            return True
        if "share" in dimensions:
            if self._labels.named_at(self._tokens, at) is not None:
                return False  # "50% off", where a label is how much
            if not named and self._is_share(at):
                return True  # "80% polyester"
        elif dimensions:
            return not named and self._is_of_something_else(at, first, phrase)
        # "hoa fees under $200", where a label is what the fees are
        charge = not self._labels.named(before) and (
            before in self._pack.charges or self._tokens.word(first - 1) in self._pack.charges
        )
        counted = self._tokens.get(first - 1)
        deal = counted is not None and counted.kind == "number" and len(counted.form) < len("2024")
        if deal and self._tokens.word(first) in self._pack.relations:
            return True  # "2 for $5", not "since 2024 for $500"
        if not named and following in self._pack.numbers.articles and self._is_unit(at + 1):
            return True  # "$3 a pound"
        charged = following in self._pack.charges or (charge and not named)
        return charged or following in self._pack.not_after or before in self._pack.not_before

    def _is_distance(self, phrase: Phrase, after: int) -> bool:
        """Whether an amount is how far something else is away: `5 miles away`, `10 minutes from downtown`."""
        following = self._tokens.word(after)
        units = {unit for amount in phrase.amounts for unit in amount.units}
        if following in self._pack.distance_from and units & _TRAVELLED:
            return not self._is_dated(after + 1)
        return following in self._pack.distance_after and any(MEASURES[unit].dimension == "length" for unit in units)

    def _is_dated(self, at: int) -> bool:
        """Whether a number stands at a token, thus a time and no place: `over 2 hours from the 60s`."""
        after = self._tokens.get(at + 1 if self._tokens.word(at) in self._pack.after_preposition else at)
        return after is not None and after.form[:1].isdigit()

    def _is_million(self, amount: Amount) -> bool:
        """Whether an `m` touches a number: metres, but of a price that is named millions."""
        return self._tokens.word(amount.digits) == "m" and self._tokens.touches(amount.digits)

    def _is_share(self, at: int) -> bool:
        """Whether a plain word follows a percentage, which is then a share of that: `80% polyester`."""
        token = self._tokens.get(at)
        return token is not None and token.kind == "word" and not self._phrases.ends(at)

    def _is_of_something_else(self, after: int, first: int, phrase: Phrase) -> bool:
        """Whether a word after an amount, or of those before it, is for something else that is measured."""
        if self._tokens.word(after) in self._pack.of:
            after += 1
            # "less than 2 grams of sugar protein powder", where the label is what all of it weighs
            goes_on = not self._phrases.ends(after + 1)
            if phrase.compared and goes_on and self._labels.named_at(self._tokens, after) is None:
                return True
        beside = {self._tokens.word(at) for at in (after, *range(first - 1, phrase.first))} & self._pack.attributes
        content = self._tokens.word(after)
        if content in self._pack.contents and self._is_small(phrase) and first > 0:
            beside.add(content)
        return any(not self._labels.named(word) for word in beside)

    def _is_small(self, phrase: Phrase) -> bool:
        """Whether it is so little that a thing may contain it: `20g protein`, not `1 kg sugar`."""
        grams = [amount.value_in("g") for amount in phrase.amounts if not amount.bare]
        return bool(grams) and all(one is not None and one <= _CONTENT for one in grams)

    def _is_unit(self, at: int) -> bool:
        return self._labels.words.units.read(self._tokens, at) is not None

    def _by_unit(self, phrase: Phrase, names: Sequence[Named | None]) -> _Choice | None:
        """The labels that an amount with a unit or currency may belong to, and what names them."""
        able = self._labels.for_amounts(phrase.amounts)
        wide = self._labels.for_amounts(phrase.amounts, sides=True)
        money = next((one for one in names if one is not None and one.labels[0].is_money), None)
        if money is not None and all(self._is_million(amount) for amount in phrase.amounts):
            millions = tuple(replace(one, value=one.value * 1e6, units=()) for one in phrase.amounts)
            return _Choice(money.labels, replace(phrase, amounts=millions), money)
        for named in (*names, self._beside.further(phrase) if len(able) > 1 else None):
            meant = () if named is None else tuple(label for label in named.labels if label in wide)
            if meant:
                return _Choice(meant, phrase, named)
        other = phrase.compared or self._beside.relates(phrase)
        if other and len(able) > 1 and all(label.side is not None for label in able):
            return None  # which side of it nobody knows
        if able and all(label.unit == "year" for label in able):
            return None  # years of what nobody knows: of age, of experience, of warranty
        if able:
            return _Choice(able[:1] if able[0].is_money else able, phrase)
        # No label has the unit, but it may be what a label without one is called: `30 mpg`, `4 doors`.
        amount = phrase.amounts[-1]
        counted = self._labels.named_at(self._tokens, amount.digits + (1 if amount.plus else 0))
        if counted is None or amount.currencies is not None or counted.last < amount.last:
            return None
        meant = tuple(label for label in counted.labels if label.counts)
        if not meant:
            return None
        bare = tuple(replace(one, units=()) for one in phrase.amounts)
        read = replace(phrase, amounts=bare, last=max(phrase.last, counted.last))
        return _Choice(meant, read, counted)

    def _by_name(self, phrase: Phrase, names: Sequence[Named | None]) -> _Choice | None:
        """The label that a bare number belongs to: the one named beside it, else the one that must be meant."""
        if not self._labels.words.known and not self._phrases.ends(phrase.last):
            return None  # the next word may be a unit in a language that nobody here knows
        for named in names:
            if named is None:
                continue
            labels = named.labels
            span = phrase.bound == "between" and named.own  # "50k-65k salary"
            if named.first >= phrase.last and not phrase.compared and not span:
                labels = tuple(label for label in labels if label.counts)  # not "3 screen protectors"
            if labels and not self._is_rather_money(phrase, labels):
                return _Choice(labels, phrase, named)
        label = self._bare.label_for(phrase)
        return None if label is None else _Choice((label,), phrase)

    def _is_rather_money(self, phrase: Phrase, labels: Sequence[NumberLabel]) -> bool:
        """Whether a number is far from what a named label's field holds, and no odd price: `best mpg under 15k`."""
        if any(self._overlaps(phrase, label, times=FAR) for label in labels):
            return False
        money = self._bare.label_for(phrase)
        return money is not None and money.is_money and self._overlaps(phrase, money)

    def _overlaps(self, phrase: Phrase, label: NumberLabel, times: float = 1.0) -> bool:
        known = self._stats.get(label.field)
        return known is None or any(known.min / times <= amount.value <= known.max * times for amount in phrase.amounts)

    def _value(self, phrase: Phrase, label: NumberLabel) -> Interval | float | None:
        values = [amount.value_in(label.unit) for amount in phrase.amounts]
        known = [value for value in values if value is not None]
        return phrase.value(known) if len(known) == len(values) else None

    def _sized(self, size: Size) -> list[QuantityMatch]:
        """One match for each side of a size that a label holds; none where the sizes are of something else."""
        matches: list[QuantityMatch] = []
        for number, side in enumerate(size.sides, 1):
            label = self._side_label(number, side)
            if label is None:
                continue
            phrase = Phrase((side.amount,), size.bound, side.first, side.last, compared=size.bound is not None)
            value = self._value(phrase, label)
            if value is None or (size.bound is None and not is_near(label, value, self._stats)):
                return []
            start, end = self._tokens[side.first].start, self._tokens[side.amount.last - 1].end
            entity = Entity(label.name, self._text[start:end], value, start, end, 1.0, "grammar")
            consumes = (start, self._tokens[side.last - 1].end)
            matches.append(QuantityMatch(entity, (consumes,), size.approximate))
        return matches

    def _side_label(self, number: int, side: Side) -> NumberLabel | None:
        """The label of a side: the one that its letter says (`36"w x 30"h`), else the one of its place."""
        if side.letter:
            named = self._labels.named(self._pack.side_letters[side.letter])
            return next((label for label in named if label.dimension == "length"), None)
        return self._labels.sides.get(number)

    def _fits(self, value: float, units: tuple[str, ...]) -> bool:
        """Whether a label could hold an amount in one of these units."""
        amount = Amount(value, 0, 1, None, units)
        return any(
            is_near(label, held, self._stats)
            for label in self._labels.for_amounts((amount,), sides=True)
            if (held := amount.value_in(label.unit)) is not None
        )


def _of_one_scale(values: _Values) -> _Values:
    """The readings of a usual size: `10 hours` are no 0.01 months of warranty, `2 years` no 17,532 hours of battery."""
    sizes = [_size(value) for _, value in values]
    least = min(_LEAST, max(sizes))
    most = min(size for size in sizes if size >= least) * _MOST
    return [one for one, size in zip(values, sizes, strict=True) if least <= size <= most]


def _size(value: Interval | float) -> float:
    if not isinstance(value, Interval):
        return abs(value)
    return max(abs(bound) for bound in (value.gte, value.gt, value.lte, value.lt) if bound is not None)
