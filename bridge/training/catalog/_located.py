"""Where known values stand in a text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bridge.scorer import split_words

#: A value found: first and last word (inclusive) and label name.
Found = tuple[int, int, str]
_SEPARATOR = re.compile(r"[^\w]+")


class Locator:
    """Finds values in words, longest first; what differs in case, hyphens and symbols only is the same."""

    def __init__(self, values: Iterable[tuple[str, str]]) -> None:
        """`values` are (text, label name); of labels with the same text the first one wins."""
        self._by_first: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        seen: dict[tuple[str, ...], str] = {}
        for text, label in values:
            key = folded_words(split_words(text).texts)
            # A bare number is any number: `27"` must not find "27".
            if key not in seen and (len(key) > 1 or any(c.isalpha() for part in key for c in part)):
                seen[key] = label
        for key, label in seen.items():
            self._by_first.setdefault(key[0], []).append((key, label))
        for candidates in self._by_first.values():
            candidates.sort(key=lambda item: -len(item[0]))

    def find(self, words: Sequence[str], *, taken: Iterable[int] = ()) -> list[Found]:
        """Values in words of the scorer's rule, left to right without overlaps; `taken` words are left alone."""
        parts, origin = _parts(words)
        used = set(taken)
        found: list[Found] = []
        at = 0
        while at < len(parts):
            for key, label in self._by_first.get(parts[at], ()):
                end = at + len(key)
                if tuple(parts[at:end]) != key:
                    continue
                first, last = origin[at], origin[end - 1]
                # A value must not begin or end inside a word: `cat` is not in `cat-5`.
                whole = (at == 0 or origin[at - 1] != first) and (end == len(parts) or origin[end] != last)
                if whole and not used.intersection(range(first, last + 1)):
                    found.append((first, last, label))
                    at = end - 1
                    break
            at += 1
        return found


def folded_words(words: Iterable[str]) -> tuple[str, ...]:
    """Words in lower case, taken apart at hyphens, without symbols."""
    return tuple(_parts(words)[0])


def _parts(words: Iterable[str]) -> tuple[list[str], list[int]]:
    parts: list[str] = []
    origin: list[int] = []
    for at, word in enumerate(words):
        for part in _SEPARATOR.split(word.casefold()):
            if part:
                parts.append(part)
                origin.append(at)
    return parts, origin
