"""Lists in a query: what `or`, `and`, a comma or a slash joins ("red or blue", "sony, lg or samsung tv", "red/blue").

Here is what stands beside a member; who may filter, and how far a negation goes, is decided where that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.query._words import (
    CHOICES,
    CONJUNCTIONS,
    OPENERS,
    Range,
    Word,
    between,
    cut,
    first_after,
    last_before,
    words,
)

Kind = Literal["choice", "addition", "comma"]
_MARKS: dict[str, Kind] = {"/": "choice", "|": "choice", "&": "addition", "+": "addition", ",": "comma"}


@dataclass(frozen=True, slots=True)
class Join:
    """The member of a list beside another one: the index of its first (or last) word, and what joins the two."""

    index: int
    kind: Kind


def joined_after(text: str, found: Sequence[Word], end: int) -> Join | None:
    """What is joined to the stretch that ends at `end`; None where nothing follows or the text just goes on."""
    at = first_after(found, end)
    if at is None:
        return None
    if found[at].folded in CONJUNCTIONS:
        return Join(at + 1, _kind(found[at])) if at + 1 < len(found) else None
    kind = _MARKS.get(between(text, end, found[at].start))
    return None if kind is None or _is_abbreviation(text, end) else Join(at, kind)


def joined_before(text: str, found: Sequence[Word], start: int) -> Join | None:
    """What the stretch that begins at `start` is joined to; the index is that of its last word."""
    at = last_before(found, start)
    if at is None:
        return None
    if found[at].folded in CONJUNCTIONS:
        return Join(at - 1, _kind(found[at])) if at > 0 else None
    kind = _MARKS.get(between(text, found[at].end, start))
    return None if kind is None or _is_abbreviation(text, found[at].end) else Join(at, kind)


def conjuncts(text: str, found: Sequence[Word]) -> list[Range]:
    """The stretches that `or` and `and` join: "red shoes", "nike boots"; the whole text where nothing is joined."""
    if not found:
        return []
    bounds = [found[0].start]
    for word in found:
        after = joined_after(text, found, word.end)
        if after is not None and after.kind != "comma" and word.folded not in CONJUNCTIONS:
            bounds += [word.end, found[after.index].start]
    bounds.append(found[-1].end)
    return list(zip(bounds[::2], bounds[1::2], strict=True))


def opener(text: str, found: Sequence[Word], start: int) -> Range | None:
    """The word before a member that only opens its list ("*either* red or blue")."""
    at = last_before(found, start)
    if at is None or found[at].folded not in OPENERS or text[found[at].end : start].strip():
        return None
    return found[at].start, found[at].end


def without_members(text: str, gone: Sequence[Range], alike: Sequence[Range] = ()) -> str:
    """The text without members of lists, and without what joined them: no `or` is left hanging.

    `gone` are sorted ranges apart from each other, `alike` the other values of their labels. What joins something else
    ("nike shoes *and* adidas shirts") stays.
    """
    found = words(text)
    starts = {start for start, _ in (*gone, *alike)}
    ends = {end for _, end in (*gone, *alike)}
    grown: list[Range] = []
    for start, end in gone:
        before, after = joined_before(text, found, start), joined_after(text, found, end)
        if before is not None and found[before.index].end in ends:
            start = found[before.index].end
        elif after is not None and found[after.index].start in starts:
            end = found[after.index].start
        grown.append((start, end))
    return _without_loose_ends(cut(text, grown))


def _without_loose_ends(text: str) -> str:
    """The text without a conjunction at its start or end, and without `either` where no alternative is left."""
    found = words(text)
    if found and found[-1].folded in CONJUNCTIONS and found[-1].end == len(text):
        text = text[: found[-1].start].rstrip(" ,")
    if found and found[0].folded in CONJUNCTIONS and found[0].start == 0:
        text = text[found[0].end :].lstrip(" ,")
    found = words(text)
    lone = [w for w in found if w.folded in OPENERS and not any(o.folded in CONJUNCTIONS for o in found)]
    return cut(text, [(word.start, word.end) for word in lone]) if len(lone) < len(found) else text


def _kind(word: Word) -> Kind:
    return "choice" if word.folded in CHOICES else "addition"


def _is_abbreviation(text: str, end: int) -> bool:
    """`faucet w/ handshower`: the slash belongs to a lone letter."""
    return text[end : end + 1] == "/" and (end < 2 or not text[end - 2].isalnum()) and text[end - 1].isalpha()
