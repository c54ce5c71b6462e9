"""Which label an amount belongs to: by its unit, by the words beside it, and by what the field is known to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from weakref import ref

from bridge.entities import Interval, Stats
from bridge.schema import MEASURES, Schema, fold, is_currency
from bridge.tagging.grammar._amounts import Amount
from bridge.tagging.grammar._date_labels import is_calendar_year
from bridge.tagging.grammar._tokens import Tokens, glued_pattern
from bridge.tagging.grammar._words import QuantityWords, load_words

#: What is known of the stored numbers, by field.
Spread = Mapping[str, Stats]
Form = tuple[str, ...]
#: So many times outside of a field's numbers, an amount is rather another one's.
FAR = 4.0
#: Words of a label's name that are looked at together.
_MAX_NAME = 4


@dataclass(frozen=True, slots=True, eq=False)
class NumberLabel:
    """What the grammar needs of one number label; each is itself alone."""

    name: str
    unit: str | None
    field: str
    #: Which side of a size it is (`3x4`), from 1; None: none.
    side: int | None
    tolerance: float
    text: str
    cues: tuple[str, ...]

    @property
    def is_money(self) -> bool:
        return is_currency(self.unit)

    @property
    def counts(self) -> bool:
        """Whether it counts what its name says (`3 bedrooms`), so that a bare number beside the name is its amount."""
        return self.unit in (None, "piece")

    @property
    def dimension(self) -> str | None:
        """What its unit measures; None for money and where it has no unit."""
        return None if self.unit is None or self.is_money else MEASURES[self.unit].dimension


@dataclass(frozen=True, slots=True)
class Named:
    """Labels that words of a text name; `first` and `last` are token positions, `last` exclusive.

    `own`: by the label's name or text, which say nothing else, and not by a cue, which may be the thing itself
    (`projector screen 100 inch`). `describes`: by a word of the language that is no thing (`wide`, `rated`).
    """

    labels: tuple[NumberLabel, ...]
    first: int
    last: int
    own: bool
    describes: bool = False


class Labels:
    """The number labels of a schema, to be found by name and by unit. Years are left to the date grammar."""

    def __init__(self, labels: tuple[NumberLabel, ...], words: QuantityWords, *, has_years: bool = False) -> None:
        self.words = words
        #: Whether the schema has years or dates, so that a bare number may be one.
        self.has_years = has_years
        self.all = labels
        self.money = _prices(tuple(label for label in labels if label.is_money), words.pack.charges)
        self.sides = {label.side: label for label in reversed(labels) if label.side is not None}
        self._names: dict[tuple[str, ...], tuple[NumberLabel, ...]] = {}
        self._own: set[Form] = set()
        self._describing = {tuple(word.split()) for words_of in words.pack.label_words.values() for word in words_of}
        self._able: dict[tuple[frozenset[str] | None, tuple[str, ...]], tuple[NumberLabel, ...]] = {}
        for label in labels:
            own, cues = _forms(label, words)
            self._own.update(own)
            for form in _both_numbers([*own, *cues]):
                known = self._names.get(form, ())
                if label not in known:
                    self._names[form] = (*known, label)
        names = [form[0] for form in self._names if len(form) == 1 and form[0].isalpha() and len(form[0]) > 2]
        #: How texts of queries are cut into tokens: `16gbram` is three where `ram` names a label.
        self.pattern = glued_pattern(words.openers, words.units.joinable, names)

    def named(self, words: str) -> tuple[NumberLabel, ...]:
        """The labels that some words name."""
        return self._names.get(tuple(words.split()), ()) or (self.money if words in self.words.pack.money else ())

    def named_before(self, tokens: Tokens, end: int, least: int) -> Named | None:
        """The labels that the words ending right before a token name; the longest name wins."""
        for size in range(min(_MAX_NAME, end - least), 0, -1):
            found = self._named(tokens, end - size, end)
            if found is not None:
                return found
        return None

    def named_at(self, tokens: Tokens, at: int) -> Named | None:
        """The labels that the words from a token on name; the longest name wins."""
        for size in range(min(_MAX_NAME, len(tokens) - at), 0, -1):
            found = self._named(tokens, at, at + size)
            if found is not None:
                return found
        return None

    def _named(self, tokens: Tokens, first: int, last: int) -> Named | None:
        if any(token.kind != "word" for token in tokens[first:last]):
            return None
        form = tuple(fold(token.form) for token in tokens[first:last])
        labels = self._names.get(form)
        if labels is None and len(form) == 1 and form[0] in self.words.pack.money and len(self.money) == 1:
            return Named(self.money, first, last, own=True)
        if labels is None:
            return None
        return Named(labels, first, last, own=form in self._own, describes=form in self._describing)

    def for_amounts(self, amounts: Sequence[Amount], *, sides: bool = False) -> tuple[NumberLabel, ...]:
        """The labels whose unit all of some amounts can be given in; a bare amount goes with the unit of the other.

        A label that is a side of sizes (`3x4`), or in years, is one only where no other label is, or with `sides`.
        """
        found = [self._takers(amount) for amount in amounts if not amount.bare]
        able = tuple(label for label in self.all if found and all(label in takers for takers in found))
        whole = tuple(label for label in able if label.side is None and label.unit != "year")
        return able if sides else whole or able

    def _takers(self, amount: Amount) -> tuple[NumberLabel, ...]:
        """The labels that may hold what an amount counts: those in the likeliest of the units that it may mean."""
        key = (amount.currencies, amount.units)  # as many as there are ways to write units
        known = self._able.get(key)
        if known is None:
            rank = {label: at for label in self.all if (at := _rank(label, amount)) is not None}
            known = tuple(label for label in rank if rank[label] == min(rank.values()))
            self._able[key] = known
        return known


def is_near(label: NumberLabel, value: Interval | float, spread: Spread) -> bool:
    """Whether documents can come near a value, or lie all over an interval, as far as is known.

    Otherwise the amount is none of this field. Money needs no more than to overlap: `$0-$20` means what it says.
    """
    known = spread.get(label.field)
    if known is None:
        return True
    low, high = _bounds(value)
    if label.is_money:
        return overlaps(label, value, spread)
    return known.min - abs(low) * label.tolerance <= low and high <= known.max + abs(high) * label.tolerance


def limits(label: NumberLabel, value: Interval | float, spread: Spread) -> bool:
    """Whether an upper bound can leave documents out, or comes near it, as far as is known.

    Otherwise it is of another thing: "3.4 oz or less" where doses are at most 5 g.
    """
    known = spread.get(label.field)
    low, high = _bounds(value)
    return known is None or low != -inf or high <= known.max * FAR


def overlaps(label: NumberLabel, value: Interval | float, spread: Spread) -> bool:
    """Whether any document can lie in an interval, or near a value, as far as is known."""
    known = spread.get(label.field)
    if known is None:
        return True
    low, high = _bounds(value)
    margin = 0.0 if low == -inf or high == inf else max(abs(low), abs(high)) * label.tolerance
    return known.min - margin <= high and low <= known.max + margin


def tells(label: NumberLabel, value: Interval | float, spread: Spread) -> bool:
    """Whether an interval leaves any document out, as far as is known."""
    known = spread.get(label.field)
    low, high = _bounds(value)
    return known is None or known.min < low or high < known.max


def _bounds(value: Interval | float) -> tuple[float, float]:
    """The bounds of an interval, infinite where it is open; a number is both."""
    if not isinstance(value, Interval):
        return value, value
    low = value.gte if value.gte is not None else value.gt
    high = value.lte if value.lte is not None else value.lt
    return -inf if low is None else low, inf if high is None else high


_PREPARED: dict[tuple[int, frozenset[str]], tuple[ref[Schema], Labels]] = {}


def labels_of(schema: Schema, spread: Spread) -> Labels:
    """The number labels of a schema, prepared once for as long as the schema lives.

    Years of the calendar are none of them: what is known of the numbers tells 1994 from 12 years of experience.
    """
    years = frozenset(name for name in schema.labels if is_calendar_year(schema, name, spread))
    key = (id(schema), years)
    known = _PREPARED.get(key)
    if known is not None and known[0]() is schema:
        return known[1]
    found = tuple(
        NumberLabel(
            name,
            label.unit,
            schema.field_of(name),
            label.dimension,
            label.tolerance,
            schema.label_text(name),
            tuple(label.cues),
        )
        for name, label in schema.labels.items()
        if label.kind in ("number", "range") and name not in years
    )
    has_years = bool(years) or any(label.kind == "date" for label in schema.labels.values())
    labels = Labels(found, load_words(tuple(schema.languages)), has_years=has_years)
    _PREPARED[key] = (ref(schema, lambda _: _PREPARED.pop(key, None)), labels)
    return labels


def _rank(label: NumberLabel, amount: Amount) -> int | None:
    """How likely the unit is that a label takes an amount in, 0 the likeliest; None where it takes none."""
    if label.is_money:
        return 0 if label.unit in (amount.currencies or ()) else None
    unit = amount.unit_for(label.unit)
    return None if unit is None else amount.units.index(unit)


def _prices(labels: tuple[NumberLabel, ...], charges: frozenset[str]) -> tuple[NumberLabel, ...]:
    """The labels that an amount of money may be where nothing names one: no fee, where there is a price beside it."""
    return tuple(one for one in labels if not {*one.name.split("_"), *one.text.split()} & charges) or labels


def _forms(label: NumberLabel, words: QuantityWords) -> tuple[list[Form], list[Form]]:
    """The words that name a label: its name and text; its cues."""
    own = [tuple(fold(text).split()) for text in (label.name.replace("_", " "), label.text)]
    heard = {word for form in own for word in form}
    cues = [*label.cues, *(extra for word in heard for extra in words.pack.label_words.get(word, ()))]
    return own, [tuple(fold(cue).split()) for cue in cues]


def _both_numbers(forms: Sequence[Form]) -> list[Form]:
    """Each form, and it with the last word in the singular or plural."""
    found: list[Form] = []
    for form in forms:
        if form:
            last = form[-1]
            other = last[:-1] if last.endswith("s") and not last.endswith("ss") else f"{last}s"
            found += [form, (*form[:-1], other)]
    return found
