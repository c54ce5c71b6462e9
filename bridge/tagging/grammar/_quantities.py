"""The quantity grammar: amounts of money with their comparators, read without a model.

`under $20`, `between 10 and 25 dollars`, `$1,299.99`, `€50+`, `<= 20`. A number alone is no price, nor is one with a
unit of something else (`under 5 minutes`, `15 inch`, `iphone 12`); another currency than the field's gives nothing.
Interval bounds: under → `lt`, up to → `lte`, over → `gt`, at least and from → `gte`, between → both inclusive.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.entities import Entity, Interval, Stats
from bridge.schema import Label, Schema, fold, is_currency
from bridge.tagging.grammar._amounts import Amount, read_amount
from bridge.tagging.grammar._cues import OPPOSITE, SIGNS, Bound, load_cues
from bridge.tagging.grammar._tokens import Token, tokenise


@dataclass(frozen=True, slots=True)
class QuantityMatch:
    """A quantity in a text.

    `entity` spans cue words and amount; its value is an `Interval`, or a number where the text names one amount
    (`$50`, `around $50`). `consumes` are the ranges that are no longer needed as text once a clause exists: the
    entity's own and the words that only introduce it (`priced`, `for`). `approximate` is said by `around`, `about`.
    """

    entity: Entity
    consumes: tuple[tuple[int, int], ...]
    approximate: bool = False
    #: The same stretch read as other labels of the unit's dimension, each value in that label's unit: `at least 16 gb`
    #: may be memory or storage. Empty where the text says which is meant.
    others: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class _Reading:
    """A phrase that was read: what it bounds, and the tokens it spans (`last` exclusive)."""

    amounts: tuple[Amount, ...]
    interval: Interval | None
    first: int
    last: int
    #: Whether a comparator or range word came with it: only then may the amount be a bare number.
    compared: bool
    approximate: bool = False


def find_quantities(text: str, schema: Schema, *, stats: Mapping[str, Stats] | None = None) -> list[QuantityMatch]:
    """Quantities of a schema's number labels in a text, in reading order, without overlaps. Linear in its length.

    `stats` are what is known of the fields' stored numbers, by field.
    """
    del stats
    numbers = {name: label for name, label in schema.labels.items() if label.kind in ("number", "range")}
    if not numbers:
        return []
    return _Grammar(text, numbers, schema).run()


class _Grammar:
    def __init__(self, text: str, numbers: dict[str, Label], schema: Schema) -> None:
        self._text = text
        self._numbers = numbers
        self._money = {name: label for name, label in numbers.items() if is_currency(label.unit)}
        self._names = {
            tuple(fold(form).split()): name
            for name in reversed(numbers)
            for form in (name.replace("_", " "), schema.label_text(name))
        }
        self._tokens = tokenise(text)
        self._cues = load_cues(tuple(schema.languages))
        self._words = self._cues.words

    def run(self) -> list[QuantityMatch]:
        found: list[QuantityMatch] = []
        at = done = 0
        while at < len(self._tokens):
            reading = self._read(at)
            if reading is None:
                at += 1
                continue
            match = self._match(reading, done)
            if match is not None:
                found.append(match)
            at = done = reading.last
        return found

    # ------------------------------------------------------------------------------------------ reading phrases

    def _read(self, at: int) -> _Reading | None:
        return self._read_opened_range(at) or self._read_compared(at) or self._read_plain(at)

    def _read_opened_range(self, at: int) -> _Reading | None:
        """`between 10 and 25`, `from $10 to $25`."""
        joins = self._words.ranges.get(self._form(at))
        if joins is None:
            return None
        low = read_amount(self._tokens, at + 1)
        if low is None or (self._form(low.last) not in joins and not self._is_dash(low.last)):
            return None
        high = read_amount(self._tokens, low.last + 1)
        return None if high is None else _Reading((low, high), _between(low, high), at, high.last, compared=True)

    def _read_compared(self, at: int) -> _Reading | None:
        """`under 20`, `no more than $20`, `<= 20`, `not over 20`."""
        bound, after = self._comparator(at)
        if bound is None:
            if self._form(at) not in self._words.negations:
                return None
            opposite, after = self._comparator(at + 1)
            if opposite is None:
                return None
            bound = OPPOSITE[opposite]
        amount = read_amount(self._tokens, after)
        if amount is None:
            return None
        return _Reading((amount,), _bounded(bound, amount.value), at, amount.last, compared=True)

    def _read_plain(self, at: int) -> _Reading | None:
        """`$50`, `$10 - $25`, `$10 to 25`, `20 dollars or less`, `$20+`, `around $50`."""
        about = self._form(at) in self._words.about or self._is_other(at, "~")
        amount = read_amount(self._tokens, at + 1 if about else at)
        if amount is None:
            return None
        if not about and (self._is_dash(amount.last) or self._form(amount.last) in self._words.joins):
            high = read_amount(self._tokens, amount.last + 1)
            if high is not None:
                return _Reading((amount, high), _between(amount, high), at, high.last, compared=False)
        bound, last = self._comparator_after(amount.last)
        if bound is not None:
            return _Reading((amount,), _bounded(bound, amount.value), at, last, compared=False)
        if not self._cues.known:
            return None  # a word that says less than or more than may stand before it
        return _Reading((amount,), None, at, amount.last, compared=False, approximate=about)

    def _comparator(self, at: int) -> tuple[Bound | None, int]:
        """The bound that the words or sign at a token set, and the token after them."""
        token = self._token(at)
        if token is not None and token.kind == "compare":
            return SIGNS[token.form], at + 1
        return self._phrase(self._cues.before.get(self._form(at), ()), at)

    def _comparator_after(self, at: int) -> tuple[Bound | None, int]:
        token = self._token(at)
        if token is not None and self._is_other(at, "+") and token.start == self._tokens[at - 1].end:
            return "gte", at + 1
        bound, last = self._phrase(self._cues.after.get(self._form(at), ()), at)
        # `$20 plus shipping` is no bound: a lone word counts only at the end of the phrase.
        if bound is not None and last == at + 1 and not self._ends(last):
            return None, at
        return bound, last

    def _phrase(self, phrases: Sequence[tuple[tuple[str, ...], Bound]], at: int) -> tuple[Bound | None, int]:
        for words, bound in phrases:
            if all(self._form(at + offset) == word for offset, word in enumerate(words)):
                return bound, at + len(words)
        return None, at

    # ---------------------------------------------------------------------------------------- judging a reading

    def _match(self, reading: _Reading, done: int) -> QuantityMatch | None:
        if self._form(reading.last) in self._words.no_price:
            return None
        named, first = self._named(reading.first, done)
        name = self._label(reading, named, first)
        if name is None:
            return None
        negated = reading.interval is None and self._form(reading.first - 1) in self._words.negations
        start = self._tokens[reading.first].start
        end = self._tokens[reading.last - 1].end
        value: Interval | float = reading.amounts[0].value if reading.interval is None else reading.interval
        entity = Entity(name, self._text[start:end], value, start, end, 1.0, "grammar", negated=negated)
        if negated and first == reading.first:
            first -= 1
        consumes = (self._tokens[first].start, end)
        return QuantityMatch(entity, (consumes,), reading.approximate)

    def _named(self, at: int, done: int) -> tuple[str | None, int]:
        """The label whose name stands before a phrase, and the first token of the words that introduce it."""
        first = at
        named: str | None = None
        while first > done:
            hit = self._name_ending(first, done)
            if hit is not None and named is None:
                named, first = hit
            elif self._form(first - 1) in self._words.money and named is None and len(self._money) == 1:
                named, first = next(iter(self._money)), first - 1
            elif self._form(first - 1) in self._words.fillers or (named is None and self._is_other(first - 1, ":")):
                first -= 1
            else:
                break
        # Fillers belong to the phrase only directly before a comparator: `gift for $50`, `price: 20`.
        return named, first

    def _name_ending(self, at: int, done: int) -> tuple[str, int] | None:
        """The label named by the words that end right before a token."""
        for size in (3, 2, 1):
            if at - size >= done:
                name = self._names.get(tuple(fold(self._form(at - size + offset)) for offset in range(size)))
                if name is not None:
                    return name, at - size
        return None

    def _label(self, reading: _Reading, named: str | None, first: int) -> str | None:
        """The label that takes the amount, or None where none may."""
        spoken = [amount.currencies for amount in reading.amounts if amount.currencies is not None]
        if spoken:
            codes = frozenset.intersection(*spoken)
            if named is not None:
                return named if self._numbers[named].unit in codes else None
            return next((name for name, label in self._money.items() if label.unit in codes), None)
        if not reading.compared:
            return None
        if named is not None:
            return named
        if len(self._numbers) != 1 or not self._bare_is_plausible(reading, first):
            return None
        return next(iter(self._numbers))

    def _bare_is_plausible(self, reading: _Reading, first: int) -> bool:
        """Whether a bare number with a comparator (`under 20`) may be the only number label's."""
        if self._form(reading.first) == "from" and len(reading.amounts) == 1:
            return False
        if self._form(first - 1) in self._words.other_scales:
            return False
        if len(reading.amounts) == 2 and all(1900 <= amount.value <= 2100 for amount in reading.amounts):
            return False
        return self._ends(reading.last)

    def _ends(self, at: int) -> bool:
        """Whether a phrase can end before a token: at the end of the text, before punctuation or a joining word."""
        token = self._token(at)
        if token is None:
            return True
        if token.kind == "other":
            return token.form in ',.;!?)]}|"”'
        return token.kind == "word" and token.form in self._words.enders

    # ------------------------------------------------------------------------------------------------- looking

    def _token(self, at: int) -> Token | None:
        return self._tokens[at] if 0 <= at < len(self._tokens) else None

    def _form(self, at: int) -> str:
        token = self._token(at)
        return token.form if token is not None and (token.kind == "word" or token.form == "&") else ""

    def _is_other(self, at: int, form: str) -> bool:
        token = self._token(at)
        return token is not None and token.kind == "other" and token.form in form

    def _is_dash(self, at: int) -> bool:
        return self._is_other(at, "-–—")


def _bounded(bound: Bound, value: float) -> Interval:
    match bound:
        case "lt":
            return Interval(lt=value)
        case "lte":
            return Interval(lte=value)
        case "gt":
            return Interval(gt=value)
        case "gte":
            return Interval(gte=value)


def _between(one: Amount, other: Amount) -> Interval:
    low, high = sorted((one.value, other.value))
    return Interval(gte=low, lte=high)
