"""Negation: which words are left out, and what a cue does not reach.

A cue (`not`, `without`, `no`, `except`, `-word`) takes the entity right after it and, in a list, those that follow
(`not red or blue`). Words that only look like one are left alone: `sugar-free` and `non-stick` are single words, a cue
that opens the query is a title (`no man's sky`, `not another teen movie`), and so is one inside a stored value.

Two kinds of cue differ in what may happen to free text, that is to words that are no entity:
  exclude  (`not`, `except`, `-word`) names things not wanted: documents that say the word may be demoted;
  lack     (`without`, `no`) names a missing feature: documents that have it missing *say the word too*
           ("shoes without laces"), so free text under it stays part of the text and nothing is demoted.

What an opening cue reaches is neither wanted nor unwanted for sure: it is left as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bridge.entities import Entity
from bridge.query._syntax import Excluded, Syntax
from bridge.query._words import (
    CONJUNCTIONS,
    DETERMINERS,
    FUNCTION_WORDS,
    Range,
    Word,
    between,
    first_after,
    has_content,
    last_before,
    overlaps,
    word_set,
    words,
)

Kind = Literal["exclude", "lack", "opening"]

_CUE = re.compile(
    r"(?<![\w'’&./-])(?:(?P<exclude>but\s+not|not|except\s+for|except|excluding|other\s+than)"
    r"|(?P<lack>without|w/o|but\s+no|no))(?![\w'’&./-])",
    re.IGNORECASE,
)
#: After "not", these only lead to the thing meant ("not made by nike").
_LEADING = DETERMINERS | {"in", "from", "by", "made", "of", "with"}
#: What follows makes the cue something else: "not only", "not for kids" (a purpose), "not enough", "not included".
_NO_CUE_BEFORE = word_set(
    """only just for too so less more than enough included available another yet all always every everyone everything
    working"""
)
#: After these, "not" belongs to a sentence ("food is not enough", "do not disturb").
_NO_CUE_AFTER = word_set(
    """is are was were am be been do does did can could will would should shall may might must has have had why if or
    ought"""
)
_MAX_FREE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Cue:
    """A negation word and what kind it is."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class FreeText:
    """Negated words that are no entity; `consumes` also covers the cue."""

    start: int
    end: int
    kind: Kind
    consumes: Range


@dataclass(frozen=True, slots=True)
class Negation:
    """What the cues reach.

    `entities` have `negated` set where a cue reaches them; `consumes` gives the text that each negated one takes, by
    its range; `free` are negated words that are no entity; `unclear` are entities behind an opening cue.
    """

    entities: tuple[Entity, ...] = ()
    consumes: Mapping[Range, Range] = field(default_factory=dict)
    free: tuple[FreeText, ...] = ()
    unclear: tuple[Entity, ...] = ()


def find_cues(text: str, syntax: Syntax, values: Iterable[Range]) -> list[Cue]:
    """The negation cues of a text, in order.

    `values` are ranges of stored values and of quantities: a cue inside one belongs to it ("no sugar added").
    """
    cues: list[Cue] = []
    closed = [*values, *syntax.protected, *(item.whole for item in syntax.named), *(e.whole for e in syntax.excluded)]
    found = words(text)
    first = found[0].start if found else 0
    for match in _CUE.finditer(text):
        span = match.span()
        if any(overlaps(span, other) for other in closed):
            continue
        after, previous = first_after(found, match.end()), last_before(found, match.start())
        following = None if after is None else found[after]
        if (
            following is None
            or (match["exclude"] and previous is not None and found[previous].folded in _NO_CUE_AFTER)
            or following.folded in _NO_CUE_BEFORE
            or (match["lack"] and following.folded[:1].isdigit())
        ):
            continue
        kind: Kind = "exclude" if match["exclude"] else "lack"
        cues.append(Cue(span[0], span[1], "opening" if span[0] <= first else kind))
    return cues


def is_cue(text: str) -> bool:
    """Whether a text begins with a negation word."""
    return _CUE.match(text) is not None


def apply_negation(
    text: str, cues: Sequence[Cue], excluded: Sequence[Excluded], entities: Sequence[Entity], fences: Iterable[Range]
) -> Negation:
    """Give every cue, and every `-word`, what it reaches. `fences` end a scope (quantities, quotes, named values)."""
    found = words(text)
    blocked = [*fences, *((cue.start, cue.end) for cue in cues), *(item.whole for item in excluded)]
    starts: dict[int, list[Entity]] = {}
    for entity in entities:
        if entity.source not in ("syntax", "grammar"):
            starts.setdefault(entity.start, []).append(entity)
    reached: dict[Range, tuple[Range, Kind]] = {}
    free: list[FreeText] = []
    for item in excluded:
        span = (item.start, item.end)
        if any((entity.start, entity.end) == span for entity in starts.get(item.start, ())):
            reached[span] = (item.whole, "exclude")
        elif has_content(text[item.start : item.end]):
            free.append(FreeText(item.start, item.end, "exclude", item.whole))
    for cue in cues:
        _reach(text, cue, found, starts, blocked, reached, free)
    unclear = {span for span, (_, kind) in reached.items() if kind == "opening"}
    kept: list[Entity] = []
    lost: list[Entity] = []
    for entity in entities:
        span = (entity.start, entity.end)
        if entity.source in ("syntax", "grammar") or span not in reached:
            kept.append(entity)
        elif span in unclear:
            lost.append(entity)
        else:
            kept.append(replace(entity, negated=True))
    consumes = {span: taken for span, (taken, kind) in reached.items() if kind != "opening"}
    return Negation(tuple(kept), consumes, tuple(one for one in free if one.kind != "opening"), tuple(lost))


def _reach(
    text: str,
    cue: Cue,
    found: Sequence[Word],
    starts: dict[int, list[Entity]],
    blocked: Sequence[Range],
    reached: dict[Range, tuple[Range, Kind]],
    free: list[FreeText],
) -> None:
    after_cue = first_after(found, cue.end)
    index = len(found) if after_cue is None else after_cue
    while index < len(found) and found[index].folded in _LEADING:
        index += 1
    labels: set[str] = set()
    position = cue.start
    while index < len(found):
        word = found[index]
        here = starts.get(word.start)
        if any(overlaps((word.start, word.end), block) for block in blocked):
            return
        if here:
            end = max(entity.end for entity in here)
            for entity in here:
                reached[(entity.start, entity.end)] = ((position, end), cue.kind)
            labels |= {entity.label for entity in here}
        else:
            stretch = _free_stretch(text, found, index, starts, blocked)
            if stretch is None:
                return
            end = stretch
            free.append(FreeText(word.start, end, cue.kind, (position, end)))
        after, conjunction = _after_conjunction(text, found, end)
        if conjunction is None or after is None:
            return
        index = after
        following = starts.get(found[index].start, [])
        if conjunction not in ("or", "nor") and not labels & {entity.label for entity in following}:
            return
        position = end


def _free_stretch(
    text: str,
    found: Sequence[Word],
    index: int,
    starts: dict[int, list[Entity]],
    blocked: Sequence[Range],
) -> int | None:
    """End of the plain words from `index` on; None when there are none or too many to be sure what is meant."""
    first = index
    while index < len(found):
        word = found[index]
        if word.folded in FUNCTION_WORDS or word.folded in CONJUNCTIONS:
            break
        if any(overlaps((word.start, word.end), block) for block in blocked):
            break
        if index > first and (word.start in starts or between(text, found[index - 1].end, word.start)):
            break
        index += 1
    count = index - first
    return found[index - 1].end if 0 < count <= _MAX_FREE_WORDS else None


def _after_conjunction(text: str, found: Sequence[Word], end: int) -> tuple[int | None, str | None]:
    """Index of the word after `or`, `nor`, `and` or a comma that follows `end`, and which of them it was."""
    index = first_after(found, end)
    if index is None:
        return None, None
    mark = between(text, end, found[index].start)
    if found[index].folded in CONJUNCTIONS:
        return (index + 1, found[index].folded) if index + 1 < len(found) else (None, None)
    if mark in (",", "/"):
        return index, mark
    return None, None
