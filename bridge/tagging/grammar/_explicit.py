"""Amounts of which the label is known already: the user named it (`price:10..20`), or the model found it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bridge.entities import Interval
from bridge.schema import MEASURES, Label, is_currency
from bridge.tagging.grammar._amounts import Amount, AmountReader
from bridge.tagging.grammar._labels import Labels
from bridge.tagging.grammar._phrases import Phrase, PhraseReader
from bridge.tagging.grammar._tokens import tokenise
from bridge.tagging.grammar._words import load_words

_ENGLISH = ("en",)


def read_interval(label: Label, text: str, languages: Sequence[str] = _ENGLISH) -> Interval | None:
    """What a whole text says of a number label, in its unit: `<20`, `10..20`, `$10-$20`, `15in`, `16gb+`, `under 2 tb`.

    One amount alone is an interval of just that value. None where the text says more than that, or in another currency
    or dimension than the label's.
    """
    tokens = tokenise(text)
    words = load_words(tuple(languages))
    amounts = AmountReader(tokens, words, _fits(label))
    phrase = PhraseReader(tokens, words, Labels((), words), amounts).read(0) if tokens else None
    if phrase is None and (alone := amounts.read(0, compared=True)) is not None:
        phrase = Phrase((alone,), "eq", 0, alone.last, compared=True)
    if phrase is None or phrase.last != len(tokens):
        return None
    values = [amount.value_in(label.unit) for amount in phrase.amounts]
    known = [value for value in values if value is not None]
    if len(known) != len(values):
        return None
    value = phrase.value(known)
    return value if isinstance(value, Interval) else Interval(gte=value, lte=value)


def read_number(label: Label, text: str, languages: Sequence[str] = _ENGLISH) -> float | None:
    """The one number that a text holds for a number label, in its unit.

    Money must be in the label's currency, and all amounts the same. An amount in a unit of the label's dimension goes
    before bare numbers (`15.6 inch, 1080 lines`). None where there is no number or where several differ.
    """
    tokens = tokenise(text)
    reader = AmountReader(tokens, load_words(tuple(languages)), _fits(label))
    amounts: list[Amount] = []
    at = 0
    while at < len(tokens):
        amount = reader.read(at, compared=True)
        if amount is not None and not (amount.spelled and amount.bare):
            amounts.append(amount)
            at = amount.last
        else:
            at += 1
    if is_currency(label.unit):
        spoken = [amount for amount in amounts if amount.currencies is not None]
        if not spoken or label.unit not in (spoken[0].currencies or ()):
            return None
        values = {amount.value for amount in amounts}
    else:
        counted = [amount for amount in amounts if amount.unit_for(label.unit) is not None]
        plain = [amount for amount in amounts if amount.bare or label.unit is None]
        values = {value for amount in counted or plain if (value := amount.value_in(label.unit)) is not None}
        if label.unit is None:
            values = {amount.value for amount in plain}
    return next(iter(values)) if len(values) == 1 else None


def _fits(label: Label) -> Callable[[float, tuple[str, ...]], bool]:
    """Whether a unit measures what the label's unit does."""
    dimension = None if label.unit is None or is_currency(label.unit) else MEASURES[label.unit].dimension
    return lambda _, units: any(MEASURES[unit].dimension == dimension for unit in units)
