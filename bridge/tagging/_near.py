"""Forms that lie within a typing error of another: OSA distance, over shelves of forms that are alike.

One edit (a letter wrong, missing, too many, or two swapped) is forgiven from four letters on, two from eight on; the
first letter, all digits and the number of words must be right.
"""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import process
from rapidfuzz.distance import OSA

#: Texts longer than this are never taken for a misspelt value.
MAX_LENGTH = 100


class NearForms:
    """Forms (words joined by one space) by number of words, first letter and length. Immutable."""

    def __init__(self, forms: Iterable[str]) -> None:
        self._shelves: dict[tuple[int, str, int], list[str]] = {}
        for form in forms:
            if len(form) <= MAX_LENGTH + 2 and allowed_edits(form):
                self._shelves.setdefault((form.count(" "), form[0], len(form)), []).append(form)

    def within(self, form: str) -> list[tuple[int, str]]:
        """(edits, form) of every form that `form` may be a misspelling of, unsorted; itself is one without an edit."""
        allowed = allowed_edits(form)
        if not allowed or len(form) > MAX_LENGTH:
            return []
        digits = _digits(form)
        near = []
        for length in range(len(form) - allowed, len(form) + allowed + 1):
            shelf = self._shelves.get((form.count(" "), form[0], length))
            if shelf is None:
                continue
            found = process.extract(form, shelf, scorer=OSA.distance, score_cutoff=allowed, limit=None, processor=None)
            near += [
                (int(edits), other)
                for other, edits, _ in found
                if edits <= allowed_edits(other) and _digits(other) == digits
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


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
