"""A quantity in a text, and what the quantities of one text say of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.entities import Entity, Interval


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
    #: The amount is another thing's, which this one goes with: `mount for 32-55 inch tv`.
    related: bool = False


def settle(found: Sequence[QuantityMatch], text: str, lists: frozenset[str]) -> list[QuantityMatch]:
    """The matches, each of which may be several labels' held against the others.

    In a list (`8 gb or 16 gb ram`) the label that one member names is that of all. Elsewhere an amount is not that of a
    label whose amount the text names already: `16gb ram 512gb`.
    """
    settled = list(found)
    for at in range(len(settled) - 2, -1, -1):
        one, following = settled[at], settled[at + 1]
        between = text[one.consumes[-1][1] : following.consumes[0][0]].strip().lower()
        if one.others and following.named and between in lists:
            settled[at] = _only(one, {following.entity.label})
    named = {one.entity.label for one in settled if one.named}
    return [_only(one, {entity.label for entity in _readings(one)} - named) for one in settled]


def _readings(match: QuantityMatch) -> tuple[Entity, ...]:
    return (match.entity, *match.others)


def _only(match: QuantityMatch, labels: set[str]) -> QuantityMatch:
    """A match as only some of its labels'; unchanged where that leaves none or all, or where the amount is compared."""
    readings = _readings(match)
    kept = tuple(entity for entity in readings if entity.label in labels)
    if not kept or len(kept) == len(readings) or isinstance(match.entity.value, Interval):
        return match
    return replace(match, entity=kept[0], others=kept[1:], named=len(kept) == 1)
