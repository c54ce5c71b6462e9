"""Where in the query a value stands: as the thing looked for, or as a description of it.

`coffee under $20` is about coffee; `coffee mug`, `mug for coffee` and `coffee grinder` are not, and a hard filter on
the category `Coffee` would hide every mug. A value is the *head* when no plain word follows it in its phrase and no
preposition stands before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bridge.entities import Entity
from bridge.query._lists import joined_after, joined_before
from bridge.query._words import CONJUNCTIONS, FUNCTION_WORDS, PREPOSITIONS, Range, Word, between, first_after, overlaps


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

    With `is_loose` (a synonym) only stored values may stand before it: "nike trainers", but "vacuum cleaner" is no
    `cleaner`.

    `consumed` are ranges that clauses take out of the text (amounts, negated words): they end a phrase. Words in the
    `quoted` ranges have no grammar.
    """
    taken = list(consumed)
    stored = [(e.start, e.end) for e in entities if e.source == "dictionary" and e.end <= entity.start]
    before = [w for w in found if w.end <= entity.start and not _in(w, (*taken, *quoted, *stored))]
    if any(word.folded in PREPOSITIONS for word in before):
        return False
    if is_loose and any(word.folded not in CONJUNCTIONS for word in before):
        return False
    return not _opens_late(text, found, entity, entities, taken) and ends_phrase(text, found, entity, entities, taken)


def _opens_late(
    text: str, found: Sequence[Word], entity: Entity, entities: Sequence[Entity], taken: Sequence[Range]
) -> bool:
    """Whether a list leads to the entity with a member that is no value of its label ("tea or coffee", no tea).

    Words may stand between where the member is a plural, thus a thing and no description ("trucks and electric cars").
    """
    own = {e.end for e in entities if e.label == entity.label}
    join = joined_before(text, found, entity.start)
    if join is not None and found[join.index].end not in own:
        return True
    for word in found:
        if word.end < entity.start and word.end not in own and is_plural(word.folded) and not _in(word, taken):
            after = joined_after(text, found, word.end)
            if after is not None and after.kind != "comma" and found[after.index].start <= entity.start:
                return True
    return False


def is_plural(word: str) -> bool:
    """Whether a word looks like a regular plural: `trucks`, not `wireless` or `plus`."""
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "’s"))


def ends_phrase(
    text: str, found: Sequence[Word], entity: Entity, entities: Sequence[Entity], taken: Sequence[Range]
) -> bool:
    """Whether no plain word follows the entity in its phrase ("coffee under $20", not "coffee mug")."""
    index = first_after(found, entity.end)
    if index is None:
        return True
    word = found[index]
    if _in(word, taken):
        return True
    mark = between(text, entity.end, word.start)
    join = joined_after(text, found, entity.end)
    if join is not None or word.folded in CONJUNCTIONS:
        return join is not None and _joins_a_head(text, found, entity, entities, taken, join.index)
    return bool(mark) or word.folded in FUNCTION_WORDS


def _joins_a_head(
    text: str,
    found: Sequence[Word],
    entity: Entity,
    entities: Sequence[Entity],
    taken: Sequence[Range],
    index: int,
) -> bool:
    """Whether a list leads from the entity to another value of its label that ends its phrase.

    Beside each other ("tea or coffee") all members stand where the last one stands; with words between ("nike shoes and
    adidas shirts") each is the head of its own. A comma may also go on describing ("wall decor floral, with teal").
    """
    following = [e for e in entities if e.label == entity.label and e.start >= found[index].start]
    if not following or _in(found[index], taken):
        return False
    first = min(following, key=lambda e: e.start)
    if first.start == found[index].start:
        return ends_phrase(text, found, first, entities, taken)
    between_them = [w for w in found[index:] if w.end <= first.start]
    describing = not any(w.folded in FUNCTION_WORDS or _in(w, taken) for w in between_them)
    return describing and ends_phrase(text, found, first, entities, taken)


def _in(word: Word, ranges: Iterable[Range]) -> bool:
    return any(overlaps((word.start, word.end), r) for r in ranges)
