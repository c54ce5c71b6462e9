"""Which label an amount belongs to: by its unit, by the words beside it, and by what the field is known to hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bridge.entities import Interval, Stats
from bridge.schema import MEASURES, Schema, fold, is_currency
from bridge.tagging.grammar._amounts import Amount
from bridge.tagging.grammar._tokens import Token
from bridge.tagging.grammar._words import QuantityWords, load_words

#: What is known of the stored numbers, by field.
Spread = Mapping[str, Stats]
#: Words of a label's name that are looked at together.
_MAX_NAME = 4


@dataclass(frozen=True, slots=True)
class NumberLabel:
    """What the grammar needs of one number label."""

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
    def dimension(self) -> str | None:
        """What its unit measures; None for money and where it has no unit."""
        return None if self.unit is None or self.is_money else MEASURES[self.unit].dimension


@dataclass(frozen=True, slots=True)
class Named:
    """Labels that words of a text name; `first` and `last` are token positions, `last` exclusive.

    `own`: by the label's name or text, which say nothing else, and not by a cue, which may be the thing itself
    (`projector screen 100 inch`).
    """

    labels: tuple[NumberLabel, ...]
    first: int
    last: int
    own: bool


class Labels:
    """The number labels of a schema, to be found by name and by unit. Years are left to the date grammar."""

    def __init__(self, labels: tuple[NumberLabel, ...], words: QuantityWords) -> None:
        self.words = words
        self.all = labels
        self.money = tuple(label for label in labels if label.is_money)
        self.sides = {label.side: label for label in reversed(labels) if label.side is not None}
        self._names: dict[tuple[str, ...], tuple[NumberLabel, ...]] = {}
        self._own: set[tuple[str, ...]] = set()
        for label in labels:
            own, cues = _forms(label, words)
            self._own.update(own)
            for form in (*own, *cues):
                known = self._names.get(form, ())
                if label not in known:
                    self._names[form] = (*known, label)

    def named_before(self, tokens: Sequence[Token], end: int, least: int) -> Named | None:
        """The labels that the words ending right before a token name; the longest name wins."""
        for size in range(min(_MAX_NAME, end - least), 0, -1):
            found = self._named(tokens, end - size, end)
            if found is not None:
                return found
        return None

    def named_at(self, tokens: Sequence[Token], at: int) -> Named | None:
        """The labels that the words from a token on name; the longest name wins."""
        for size in range(min(_MAX_NAME, len(tokens) - at), 0, -1):
            found = self._named(tokens, at, at + size)
            if found is not None:
                return found
        return None

    def _named(self, tokens: Sequence[Token], first: int, last: int) -> Named | None:
        if any(token.kind != "word" for token in tokens[first:last]):
            return None
        form = tuple(fold(token.form) for token in tokens[first:last])
        labels = self._names.get(form)
        if labels is None and len(form) == 1 and form[0] in self.words.pack.money and len(self.money) == 1:
            return Named(self.money, first, last, own=True)
        return None if labels is None else Named(labels, first, last, own=form in self._own)

    def for_amounts(self, amounts: Sequence[Amount], *, sides: bool = False) -> tuple[NumberLabel, ...]:
        """The labels whose unit all of some amounts can be given in; a bare amount goes with the unit of the other.

        A label that is a side of sizes (`3x4`) is one only where no other label is, or with `sides`.
        """
        counted = [amount for amount in amounts if not amount.bare]
        able = tuple(label for label in self.all if counted and all(_takes(label, amount) for amount in counted))
        if any(amount.units for amount in counted):
            rank = {label.name: max(_rank(label, amount) for amount in counted) for label in able}
            able = tuple(label for label in able if rank[label.name] == min(rank.values()))
        whole = tuple(label for label in able if label.side is None)
        return able if sides else whole or able


def is_near(label: NumberLabel, value: Interval | float, spread: Spread) -> bool:
    """Whether any document can come near a value, as far as is known; otherwise it is no amount of this field."""
    known = spread.get(label.field)
    if known is None:
        return True
    low, high = (value.gte or 0.0, value.lte or 0.0) if isinstance(value, Interval) else (value, value)
    margin = max(abs(low), abs(high)) * label.tolerance
    return known.min - margin <= high and low <= known.max + margin


@lru_cache(maxsize=64)
def _labels(labels: tuple[NumberLabel, ...], languages: tuple[str, ...]) -> Labels:
    return Labels(labels, load_words(languages))


def labels_of(schema: Schema) -> Labels:
    """The number labels of a schema, prepared once."""
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
        if label.kind in ("number", "range") and label.unit != "year"
    )
    return _labels(found, tuple(schema.languages))


def _takes(label: NumberLabel, amount: Amount) -> bool:
    if label.is_money:
        return label.unit in (amount.currencies or ())
    return amount.unit_for(label.unit) is not None


def _rank(label: NumberLabel, amount: Amount) -> int:
    """How likely the unit that a label takes the amount in is, 0 the likeliest; a currency is as likely."""
    unit = amount.unit_for(label.unit)
    return amount.units.index(unit) if unit in amount.units else 0


def _forms(label: NumberLabel, words: QuantityWords) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """The words that name a label: its name and text; its cues. Each also with the last word in the other number."""
    own = [label.name.replace("_", " "), label.text]
    heard = {word for text in own for word in fold(text).split()}
    cues = [*label.cues, *(extra for word in heard for extra in words.pack.label_words.get(word, ()))]
    return _both_numbers(own), _both_numbers(cues)


def _both_numbers(written: Sequence[str]) -> list[tuple[str, ...]]:
    forms: list[tuple[str, ...]] = []
    for text in written:
        parts = tuple(fold(text).split())
        if parts:
            last = parts[-1]
            other = last[:-1] if last.endswith("s") and not last.endswith("ss") else f"{last}s"
            forms += [parts, (*parts[:-1], other)]
    return forms
