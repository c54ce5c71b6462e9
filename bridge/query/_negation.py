"""Negation: which values, amounts and words are not wanted.

A cue (`not`, `without`, `no`, `except`, `-word`) takes the value right after it and, in a list, those that follow (`not
red or blue`, `without nuts, soy or dairy`). What a cue is says `_cues`, how far it reaches `_scope`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.entities import Entity
from bridge.query._cues import UNCLEAR, Cue
from bridge.query._scope import FreeText, Scope
from bridge.query._syntax import Syntax
from bridge.query._words import FUNCTION_WORDS, Range, overlaps, words
from bridge.schema import Schema
from bridge.tagging import QuantityMatch, Rejected


@dataclass(frozen=True, slots=True)
class Negation:
    """What the cues reach.

    `entities` have `negated` set where a cue reaches them; `consumes` gives the text that each negated one takes, by
    its range; `free` are negated words that are no entity; `unclear` are entities of which nobody knows whether they
    are wanted; `doubtful` are ranges of entities that probably are, but not certainly.
    """

    entities: tuple[Entity, ...] = ()
    consumes: Mapping[Range, Range] = field(default_factory=dict)
    free: tuple[FreeText, ...] = ()
    unclear: tuple[Rejected, ...] = ()
    doubtful: frozenset[Range] = frozenset()
    #: Whether the text begins as titles do ("no sex please we're british").
    title: bool = False
    #: Range of a value that was named (`brand:sony`) → its whole stretch with the cue before it.
    wholes: Mapping[Range, Range] = field(default_factory=dict)
    #: Stretches of cues with what they reach of which nobody knows whether it is wanted.
    void: tuple[Range, ...] = ()


def apply_negation(
    text: str,
    schema: Schema,
    syntax: Syntax,
    cues: Sequence[Cue],
    entities: Sequence[Entity],
    quantities: Sequence[QuantityMatch],
) -> Negation:
    """Give every cue, and every `-word`, what it reaches.

    A scope ends at the user's own syntax; a value that the user named may be denied as a whole.
    """
    if not cues and not syntax.excluded:
        return Negation(tuple(entities))
    scope = Scope(text, schema, syntax, cues, entities, quantities)
    for item in syntax.excluded:
        scope.exclude(item)
    for cue in cues:
        scope.reach(cue)
    kept: list[Entity] = []
    unclear: list[Rejected] = []
    for entity in entities:
        span = (entity.start, entity.end)
        _, kind = scope.reached.get(span, (None, None))
        if entity.source == "syntax":
            kept.append(replace(entity, negated=True) if span in scope.wholes else entity)
        elif kind in UNCLEAR:
            unclear.append(Rejected(entity, UNCLEAR[kind]))
        elif kind is not None:
            kept.append(replace(entity, negated=True))
        elif span in scope.beside and schema.labels[entity.label].position != "any":
            unclear.append(Rejected(entity, "follows words that are not wanted, and may be one thing with them"))
        else:
            kept.append(entity)
    consumes = {span: taken for span, (taken, kind) in scope.reached.items() if kind not in UNCLEAR}
    return Negation(
        tuple(kept),
        consumes,
        _not_wanted_too(text, scope.free, [*consumes.values(), *scope.wholes.values()]),
        tuple(unclear),
        frozenset(scope.beside),
        any(cue.kind == "opening" for cue in cues),
        scope.wholes,
        tuple(taken for taken, kind in scope.reached.values() if kind in UNCLEAR),
    )


def taking(quantity: QuantityMatch, negation: Negation) -> QuantityMatch:
    """The quantity with the words of the negation that reaches it."""
    taken = negation.consumes.get((quantity.entity.start, quantity.entity.end))
    return quantity if taken is None else replace(quantity, consumes=(taken,))


def _not_wanted_too(text: str, free: Sequence[FreeText], taken: Sequence[Range]) -> tuple[FreeText, ...]:
    """The free words without those that the rest of the text asks for ("usb c cable not usb a")."""
    clear = [one for one in free if one.kind not in UNCLEAR]
    gone = [*taken, *(one.consumes for one in free)]
    wanted = {w.folded for w in words(text) if not any(overlaps((w.start, w.end), r) for r in gone)}
    result = []
    for one in clear:
        own = {w.folded for w in words(text[one.start : one.end])} - FUNCTION_WORDS
        if not own <= wanted:
            result.append(one)
    return tuple(result)
