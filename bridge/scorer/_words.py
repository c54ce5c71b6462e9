"""Splitting a text into words, the unit that GLiNER counts spans and lengths in."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Letters, digits and underscores, joined by single hyphens or underscores; else one visible character
#: (specification 2.2, the reference library's default splitter).
_WORD = re.compile(r"\w+(?:[-_]\w+)*|\S")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one text with their code-point offsets (`ends` exclusive)."""

    texts: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.texts)


def split_words(text: str) -> Words:
    """Split a text; whitespace separates, every punctuation mark is a word of its own."""
    found = [(match.group(), *match.span()) for match in _WORD.finditer(text)]
    if not found:
        return Words((), (), ())
    texts, starts, ends = zip(*found, strict=True)
    return Words(texts, starts, ends)
