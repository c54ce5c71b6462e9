"""Names of models that a field holds, apart from what it holds besides: descriptions, amounts, other labels' values.

Fields for names are filled with whatever completes a title: `Black Toner Cartridge`, `5 m`, `USB 2.0 Cable`,
`EliteBook 2530p Notebook PC`, `Electric shaver HQ7310/16`. Taught as names, they hide what things are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from bridge.tagging.grammar import load_function_words
from bridge.training.catalog._amounts import is_amount
from bridge.training.catalog._forms import is_common, singular
from bridge.training.catalog._located import folded_words

#: Labels whose values name one make of a thing, by what is said about them (`about`).
NAMES = re.compile(r"\b(model|part number|article number|mpn|sku)s?\b")
#: `2530p`, `P2015dn`, `C-EXV3`, `HQ7310/16`: what tells one make from another.
_DESIGNATION = re.compile(r"[A-Za-z][\w/-]*\d[\w/-]*|\d{3,}[A-Za-z]{0,4}")


def are_coded(values: Collection[str]) -> bool:
    """Whether most names have a designation, as those of printers have; cars are called `Focus` and `Golf`."""
    coded = sum(any(map(_is_designation, value.split())) for value in values)
    return 2 * coded > len(values)


def name_in(value: str, things: Collection[str], others: Collection[str]) -> str | None:
    """The part of a value that names a make, or None where it has none; for labels whose values `are_coded`.

    Args:
        value: as a field holds it.
        things: last words of what things are called, folded and in the singular.
        others: words, folded, that other labels have as values.
    """
    words = value.split()
    if any(_is_thing(word, things) for word in words):
        words = next((part for part in _between(words, things) if any(map(_is_designation, part))), [])
    folded = folded_words(words)
    if all(is_common(word) for word in folded) or not set(folded).isdisjoint(others):
        return None
    if any(map(is_amount, (*words, *map(" ".join, pairwise(words))))) or folded[0] in load_function_words("en").all:
        return None
    return " ".join(words)


def _between(words: Sequence[str], things: Collection[str]) -> Iterator[list[str]]:
    """The parts of a value that stand before, between and behind its words for things."""
    part: list[str] = []
    for word in words:
        if _is_thing(word, things):
            yield part
            part = []
        elif part or any(c.isalnum() for c in word):
            part.append(word)
    yield part


def _is_thing(word: str, things: Collection[str]) -> bool:
    return singular(word.casefold()) in things


def _is_designation(word: str) -> bool:
    return _DESIGNATION.fullmatch(word) is not None and not is_amount(word)
