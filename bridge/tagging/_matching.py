"""Words of a text in their matching form, with offsets into the original string.

A word's form is folded (`bridge.schema.fold`), without apostrophes, and reduced so that simple plurals meet their
singular. The form is a key to compare by, not a word to show: `cookies` and `cookie` both become `cooky`.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from bridge.schema import fold


class Word(NamedTuple):
    """One word: `text[start:end]` in the original, its folded form, and the form that plurals share."""

    start: int
    end: int
    folded: str
    stem: str


def _marks() -> str:
    """All combining marks as ranges of a character class: Python's `\\w` leaves them out."""
    ranges: list[list[int]] = []
    for code in range(0x300, min(sys.maxunicode, 0x1E8FF) + 1):
        if unicodedata.category(chr(code)) in ("Mn", "Mc"):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in ranges)


#: Scripts written without spaces: every character is a word of its own.
_UNSPACED = "\u0e00-\u0eff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0002fa1f"
_WORD = re.compile(
    f"[{_UNSPACED}]|&|(?![{_UNSPACED}])[^\\W_](?:(?![{_UNSPACED}])[^\\W_]|[{_marks()}]|['’](?=[^\\W\\d_]))*[+#]*"
)
_IRREGULAR = {
    "women": "woman",
    "men": "man",
    "children": "child",
    "feet": "foot",
    "teeth": "tooth",
    "mice": "mouse",
    "geese": "goose",
    "knives": "knife",
    "leaves": "leaf",
    "loaves": "loaf",
    "shelves": "shelf",
    "scarves": "scarf",
    "wolves": "wolf",
    "halves": "half",
    "calves": "calf",
    "elves": "elf",
    "hooves": "hoof",
    "wives": "wife",
    "lenses": "lens",
    "buses": "bus",
    "gases": "gas",
}
#: British spellings and the American ones that they share a form with. No word here is another word elsewhere.
SPELLINGS = {
    "aluminium": "aluminum",
    "armour": "armor",
    "catalogue": "catalog",
    "centre": "center",
    "chilli": "chili",
    "colour": "color",
    "cosy": "cozy",
    "coloured": "colored",
    "defence": "defense",
    "doughnut": "donut",
    "equaliser": "equalizer",
    "favourite": "favorite",
    "fertiliser": "fertilizer",
    "fibre": "fiber",
    "fibreglass": "fiberglass",
    "flavour": "flavor",
    "flavoured": "flavored",
    "grey": "gray",
    "harbour": "harbor",
    "humour": "humor",
    "jewellery": "jewelry",
    "licence": "license",
    "liquorice": "licorice",
    "litre": "liter",
    "metre": "meter",
    "moisturiser": "moisturizer",
    "mould": "mold",
    "moulding": "molding",
    "moustache": "mustache",
    "neighbour": "neighbor",
    "omelette": "omelet",
    "organiser": "organizer",
    "orthopaedic": "orthopedic",
    "paediatric": "pediatric",
    "plough": "plow",
    "pyjama": "pajama",
    "sanitiser": "sanitizer",
    "savoury": "savory",
    "steriliser": "sterilizer",
    "sulphur": "sulfur",
    "theatre": "theater",
    "tyre": "tire",
    "vapour": "vapor",
    "whisky": "whiskey",
    "yoghurt": "yogurt",
}
#: Words that are no part of a name written in one or apart: `as us` is not `Asus`, `novice` not `No Vice`.
STRUCTURE = frozenset(
    """a am an and are as at be by do for from had has he her him his i if in is it its me my no nor not of off on or
    our she so than that the their them they this those to too us was we were with you your""".split()  # noqa: SIM905
)
_NO_PLURAL_ENDING = ("ss", "us", "is")
_ES_ENDINGS = ("sses", "shes", "ches", "xes", "zzes")


def words(text: str) -> list[Word]:
    """The words of a text in reading order; linear in its length. `&` counts as the word `and`."""
    return [_word(match.group(), match.start(), match.end()) for match in _WORD.finditer(text)]


def compact(run: Sequence[Word]) -> str:
    """A run of words written as one, the last in the form that plurals share; between digits a space stays."""
    text = run[-1].stem
    for word in reversed(run[:-1]):
        text = f"{word.folded} {text}" if word.folded[-1:].isdigit() and text[:1].isdigit() else word.folded + text
    return text


def _word(text: str, start: int, end: int) -> Word:
    folded, stem = _forms(text) if len(text) <= 64 else _make_forms(text)
    return Word(start, end, folded, stem)


def _make_forms(text: str) -> tuple[str, str]:
    folded = fold(text).replace("'", "").replace("’", "")
    if folded == "&":
        folded = "and"
    stem = _stem(folded)
    return folded, SPELLINGS.get(stem, stem)


_forms = lru_cache(maxsize=65536)(_make_forms)


def _stem(word: str) -> str:
    """The form that simple English plurals share with their singular."""
    if len(word) < 4 or not word.isascii() or not word.isalpha():
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith(_ES_ENDINGS):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(_NO_PLURAL_ENDING) and word != "lens":
        word = word[:-1]
    # One form for what the cut "s" leaves: candie|candy, cookie|cooky, tomatoe|tomato.
    if word.endswith("ie"):
        return f"{word[:-2]}y"
    if word.endswith("oe"):
        return word[:-1]
    return _IRREGULAR.get(word, word)
