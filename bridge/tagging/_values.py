"""From a matched text to the value that is stored: normalised, or a number in the label's unit, or a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from bridge.entities import Entity, Interval, Scalar
from bridge.schema import Label, fold, normalise
from bridge.tagging.grammar import QuantityMatch, read_number

#: Longer values are no values: a keyword field refuses what is over 32,766 bytes.
MAX_VALUE = 512


def canonical(
    label: Label, text: str, synonyms: Mapping[str, str], languages: Sequence[str] = ("en",)
) -> Scalar | Interval | None:
    """The value of a text for a label; None where it has none.

    `synonyms` maps folded words to the value that they stand for (see `synonym_table`), `languages` are the schema's.
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
    number = read_number(label, text, languages)
    if number is None or label.kind == "number":
        return number
    return Interval(gte=number, lte=number)


def stated_amount(label: Label, match: QuantityMatch) -> Entity | None:
    """What a document states of a label by an amount, in the form that the label's field holds; None where nothing.

    It must be said which of several labels is meant. Where nothing beside the amount names its label (a length is not
    yet a screen size) the model knows better, if it looks for that label at all. `up to 15 inch` states no one number,
    `for 15 inch laptops` is a mere mention.
    """
    entity = replace(match.entity, negated=True) if match.related else match.entity
    if match.others or (label.model and not match.named):
        return None
    value = entity.value
    if isinstance(value, Interval):
        if label.kind == "range":
            return entity
        return replace(entity, value=value.gte) if value.gte is not None and value.gte == value.lte else None
    if label.kind == "range" and isinstance(value, float):
        return replace(entity, value=Interval(gte=value, lte=value))
    return entity


def synonym_table(label: Label) -> dict[str, str]:
    """Folded synonym → the label's normalised value that it stands for, the first where it stands for several."""
    table: dict[str, str] = {}
    for value, words in label.synonyms.items():
        for word in (value, *words):
            table.setdefault(fold(word), normalise(label, value))
    return table
