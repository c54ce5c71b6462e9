"""Forms that lie within a typing error of another: OSA distance, over shelves of forms that are alike.

One edit (a letter missing, too many, or two swapped) is forgiven from four letters on, from six on also a wrong letter,
and two edits from eight on; the first letter, all digits and the number of words must be right. A short word with
another letter is another word more often than a misspelt one: `mila` is no `milk`, `fleur` no `flour`.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA, Prefix

#: Texts longer than this are never taken for a misspelt value.
MAX_LENGTH = 100
#: From so many letters on, one of them may be another one.
_SUBSTITUTED = 6
#: Forms of a shelf that are compared as fast as looked through.
_FEW = 64


class NearForms:
    """Forms (words joined by one space) by number of words, first letter and length. Immutable."""

    def __init__(self, forms: Iterable[str]) -> None:
        shelves: dict[tuple[int, str, int], list[str]] = {}
        for form in forms:
            if len(form) <= MAX_LENGTH + 2 and allowed_edits(form):
                shelves.setdefault((form.count(" "), form[0], len(form)), []).append(form)
        #: The forms of a shelf, and which letters each of them holds.
        self._shelves = {
            key: (shelf, np.array([_letters(form) for form in shelf], np.uint32)) for key, shelf in shelves.items()
        }

    def within(self, form: str) -> list[tuple[int, str]]:
        """(edits, form) of every form that `form` may be a misspelling of, unsorted; itself is one without an edit."""
        allowed = allowed_edits(form)
        if not allowed or len(form) > MAX_LENGTH:
            return []
        digits = _digits(form)
        words, letters = form.count(" "), np.uint32(_letters(form))
        near = []
        for length in range(len(form) - allowed, len(form) + allowed + 1):
            known = self._shelves.get((words, form[0], length))
            if known is None:
                continue
            shelf, held = known
            some = shelf
            if len(shelf) > _FEW:
                # An edit takes away one letter and brings in one at most: of thousands of forms few are left.
                alike = np.flatnonzero(np.bitwise_count(held ^ letters) <= 2 * allowed)
                some = [shelf[at] for at in alike.tolist()]
            found = process.extract(form, some, scorer=OSA.distance, score_cutoff=allowed, limit=None, processor=None)
            near += [
                (int(edits), other)
                for other, edits, _ in found
                if edits <= allowed_edits(other) and _digits(other) == digits and not _is_other(form, other)
            ]
        return near


def allowed_edits(form: str) -> int:
    """How many typing errors a form may have."""
    letters = sum(character.isalpha() for character in form)
    if letters < 4:
        return 0
    return 1 if letters < 8 else 2


def edits_between(form: str, other: str) -> int:
    """Typing errors between two forms."""
    return int(OSA.distance(form, other))


def _letters(form: str) -> int:
    """The characters of a form as a set of 32 bits, several of them sharing one."""
    held = 0
    for character in form:
        held |= 1 << (ord(character) % 32)
    return held


def _is_other(form: str, other: str) -> bool:
    """Whether two short forms differ in one letter: then they are two words."""
    if len(form) != len(other) or form == other or sum(character.isalpha() for character in form) >= _SUBSTITUTED:
        return False
    at = int(Prefix.similarity(form, other))
    return form[at + 1 :] == other[at + 1 :]


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
