"""From a matched text to the value that is stored: normalised, or a number in the label's unit, or a date."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from bridge.entities import Interval, Scalar
from bridge.schema import Label, fold, is_currency, normalise
from bridge.tagging.grammar import parse_number, read_amount, tokenise

_NUMBER = re.compile(r"[0-9](?:[0-9.,]*[0-9])?")
#: Longer values are no values: a keyword field refuses what is over 32,766 bytes.
MAX_VALUE = 512


def canonical(label: Label, text: str, synonyms: Mapping[str, str]) -> Scalar | Interval | None:
    """The value of a text for a label; None where it has none.

    `synonyms` maps folded words to the value that they stand for (see `synonym_table`).
    """
    if label.kind == "keyword":
        value = normalise(label, text)
        value = synonyms.get(fold(text), value)
        return value if 0 < len(value) <= MAX_VALUE else None
    if label.kind == "date":
        try:
            return date.fromisoformat(text.strip()).isoformat()
        except ValueError:
            return None
    number = read_number(label, text)
    if number is None or label.kind == "number":
        return number
    return Interval(gte=number, lte=number)


def read_number(label: Label, text: str) -> float | None:
    """The one number in a text, or None: where there are several, or money of another currency than the label's."""
    if is_currency(label.unit):
        tokens = tokenise(text)
        amounts = [amount for at in range(len(tokens)) if (amount := read_amount(tokens, at))]
        spoken = [amount for amount in amounts if amount.currencies is not None]
        if not spoken or label.unit not in (spoken[0].currencies or ()) or len({one.value for one in amounts}) > 1:
            return None
        return spoken[0].value
    found = _NUMBER.findall(text)
    return parse_number(found[0]) if len(found) == 1 else None


def synonym_table(label: Label) -> dict[str, str]:
    """Folded synonym → the label's normalised value that it stands for."""
    return {fold(word): normalise(label, value) for value, words in label.synonyms.items() for word in (value, *words)}
