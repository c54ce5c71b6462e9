"""Where in the query a value stands: as the thing looked for, or as a description of it.

`coffee under $20` is about coffee; `coffee mug`, `mug for coffee` and `coffee grinder` are not, and a hard filter on
the category `Coffee` would hide every mug. A value is the *head* when no plain word follows it in its phrase and no
preposition stands before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.entities import Entity
from bridge.query._words import (
    CONJUNCTIONS,
    FUNCTION_WORDS,
    PREPOSITIONS,
    Range,
    Word,
    between,
    first_after,
    last_before,
    overlaps,
)


def is_head(
    text: str,
    found: Sequence[Word],
    entity: Entity,
    entities: Sequence[Entity],
    consumed: Sequence[Range],
    quoted: Sequence[Range] = (),
    *,
    is_loose: bool = False,
) -> bool:
    """Whether the query is for the thing that `entity` names.

    With `is_loose` (a synonym) the entity must also open the query: "vacuum cleaner" is no `cleaner`.

    `consumed` are ranges that clauses take out of the text (amounts, negated words): they end a phrase. Words in the
    `quoted` ranges have no grammar.
    """
    taken = list(consumed)
    before = [w for w in found if w.end <= entity.start and not _in(w, taken) and not _in(w, quoted)]
    if any(word.folded in PREPOSITIONS for word in before):
        return False
    if is_loose and any(not _in(word, quoted) for word in before):
        return False
    return not _opens_late(text, found, entity, entities) and ends_phrase(text, found, entity, entities, taken)


def _opens_late(text: str, found: Sequence[Word], entity: Entity, entities: Sequence[Entity]) -> bool:
    """Whether a list leads to the entity with a member that is no value of its label ("tea or coffee", no tea)."""
    index = last_before(found, entity.start)
    if index is None:
        return False
    mark = between(text, found[index].end, entity.start)
    if found[index].folded in CONJUNCTIONS:
        index -= 1
    elif mark not in (",", "/"):
        return False
    if index < 0:
        return False
    return not any(e.label == entity.label and e.end == found[index].end for e in entities)


def ends_phrase(
    text: str, found: Sequence[Word], entity: Entity, entities: Sequence[Entity], taken: Sequence[Range]
) -> bool:
    """Whether no plain word follows the entity in its phrase ("coffee under $20", not "coffee mug")."""
    index = first_after(found, entity.end)
    if index is None:
        return True
    word = found[index]
    mark = between(text, entity.end, word.start)
    if _in(word, taken):
        return True
    listed = word.folded in CONJUNCTIONS or mark in (",", "/")
    if listed:
        # In a list ("tea or coffee", "tea and coffee") every member stands where the last one stands.
        after = index + 1 if word.folded in CONJUNCTIONS else index
        following = [e for e in entities if after < len(found) and e.start == found[after].start]
        same = [e for e in following if e.label == entity.label and e.start >= entity.end]
        if same:
            return ends_phrase(text, found, same[0], entities, taken)
        # "wall decor floral, with teal": a comma may go on describing.
        return False
    return bool(mark) or word.folded in FUNCTION_WORDS


def _in(word: Word, ranges: Iterable[Range]) -> bool:
    return any(overlaps((word.start, word.end), r) for r in ranges)
