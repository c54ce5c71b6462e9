"""Lists in a query: what `or`, `and`, a comma or a slash joins ("red or blue", "sony, lg or samsung tv", "red/blue").

Here is what stands beside a member; who may filter, and how far a negation goes, is decided where that is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bridge.query._words import CHOICES, CONJUNCTIONS, Word, between, first_after, last_before

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


def _kind(word: Word) -> Kind:
    return "choice" if word.folded in CHOICES else "addition"


def _is_abbreviation(text: str, end: int) -> bool:
    """`faucet w/ handshower`: the slash belongs to a lone letter."""
    return text[end : end + 1] == "/" and (end < 2 or not text[end - 2].isalnum()) and text[end - 1].isalpha()
