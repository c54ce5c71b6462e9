"""Words of a query with their offsets, and the few English words that carry structure instead of meaning."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bridge.tagging.grammar import load_function_words

Range = tuple[int, int]

_WORD = re.compile(r"[^\W_](?:[\w\u0300-\u036f]|[-'’.&](?=[^\W_]))*")


_EMPTY = re.compile(r"[(\[{]\s*[)\]}]")
_ENGLISH = load_function_words("en")
#: Words after which something else is described than what the query is for ("case for smartwatch").
PREPOSITIONS = _ENGLISH.prepositions
#: Words that join the members of a list as a choice, and all that join.
CHOICES = _ENGLISH.choices
CONJUNCTIONS = _ENGLISH.choices | _ENGLISH.additions
#: Words that open a list: "either red or blue".
OPENERS = _ENGLISH.openers
DETERMINERS = _ENGLISH.determiners
#: Words without a meaning of their own: a text of these alone is no text to require.
FUNCTION_WORDS = _ENGLISH.all
_INTRODUCING = _ENGLISH.introducing


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `folded` is its case-folded form."""

    start: int
    end: int
    folded: str


@lru_cache(maxsize=128)
def words(text: str) -> tuple[Word, ...]:
    """The words of a text in order; `sugar-free`, `man's` and `15.6` are one word each.

    Many steps look at the same text, so the last few are kept.
    """
    return tuple(Word(m.start(), m.end(), m.group().casefold()) for m in _WORD.finditer(text))


def last_before(found: Sequence[Word], offset: int) -> int | None:
    """Index of the last word that ends at or before an offset; None when there is none."""
    index = bisect_right(found, offset, key=lambda word: word.end)
    return index - 1 if index else None


def overlaps(a: Range, b: Range) -> bool:
    """Whether two half-open ranges share a code point."""
    return a[0] < b[1] and b[0] < a[1]


def inside(inner: Range, outer: Range) -> bool:
    """Whether the first half-open range lies within the second."""
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def merge(ranges: Iterable[Range]) -> list[Range]:
    """The ranges sorted, with overlapping and touching ones joined and empty ones left out."""
    merged: list[Range] = []
    for start, end in sorted(r for r in ranges if r[0] < r[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def subtract(ranges: Iterable[Range], holes: Iterable[Range]) -> list[Range]:
    """The ranges without the holes."""
    left = merge(ranges)
    for hole in holes:
        pieces = [((start, min(end, hole[0])), (max(start, hole[1]), end)) for start, end in left]
        left = merge(piece for pair in pieces for piece in pair)
    return left


def with_introduction(text: str, ranges: Iterable[Range]) -> list[Range]:
    """The ranges with the words that only lead to them ("shoes *for* under $50")."""
    found = words(text)
    grown = []
    for start, end in ranges:
        at = last_before(found, start)
        while at is not None and found[at].folded in _INTRODUCING and not text[found[at].end : start].strip():
            start = found[at].start
            at = at - 1 if at else None
        grown.append((start, end))
    return merge(grown)


def cut(text: str, ranges: Iterable[Range]) -> str:
    """The text without the ranges; the whitespace at each seam becomes one space, the rest stays as it was."""
    result = ""
    position = 0
    for start, end in merge(ranges):
        result = _join(result, text[position:start])
        position = end
    return _join(result, text[position:]).strip()


def tidy(text: str) -> str:
    """The text without brackets and commas that a cut has left with nothing in them or beside them."""
    text = re.sub(r"(?:\s*,)+", ",", re.sub(r"\s{2,}", " ", _EMPTY.sub("", text)))
    return text.strip(" ,;/|&+")


def _join(left: str, right: str) -> str:
    if not left or not right.strip():
        return (left + right).lstrip()
    if right.lstrip()[0] in ",.;:!?)":
        return left.rstrip() + right.lstrip()
    if left[-1].isspace() or right[0].isspace() or right[0].isalnum():
        return f"{left.rstrip()} {right.lstrip()}"
    return left + right


def has_content(text: str) -> bool:
    """Whether the text holds a word that means something by itself."""
    return any(word.folded not in FUNCTION_WORDS for word in words(text))


def between(text: str, left: int, right: int) -> str:
    """What stands between two offsets, without whitespace: punctuation that ends a phrase."""
    return text[left:right].strip()


def first_after(found: Sequence[Word], offset: int) -> int | None:
    """Index of the first word that starts at or after an offset; None when there is none."""
    index = bisect_left(found, offset, key=lambda word: word.start)
    return index if index < len(found) else None
