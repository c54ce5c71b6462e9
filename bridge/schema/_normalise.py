"""Normalisers: how a matched text becomes the value that is stored and filtered by.

Documents and queries go through the same functions, so that a filter that a query asks for is one that documents carry.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.schema._models import Label

_SPACES = re.compile(r"\s+")
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i", "æ": "ae", "œ": "oe", "ð": "d", "þ": "th"}
)
#: Nouns that end in "s" and are not plurals, where `inflect` would cut the "s" off.
_NOT_PLURAL = frozenset(
    {"adidas", "alias", "asus", "atlas", "bias", "bus", "canvas", "chaos", "christmas", "citrus", "cosmos", "gas"}
    | {"glasses", "iris", "jeans", "leggings", "lens", "mars", "news", "pajamas", "pants", "paris", "philips", "plus"}
    | {"scissors", "series", "shorts", "sunglasses", "swiss", "texas", "tights", "trousers"}
)


def nfkc(text: str) -> str:
    """Unicode compatibility form: full-width letters, ligatures and the like become their plain equals."""
    return unicodedata.normalize("NFKC", text)


def lowercase(text: str) -> str:
    """Lower case, character by character (`str.lower`)."""
    return text.lower()


def accents(text: str) -> str:
    """Accents taken off: `crème brûlée` becomes `creme brulee`; letters that are no accented ones stay (`ø`, `ß`)."""
    bare = (c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", "".join(bare))


def whitespace(text: str) -> str:
    """Runs of whitespace become one space; none at the ends."""
    return _SPACES.sub(" ", text).strip()


def punctuation(text: str) -> str:
    """Punctuation and symbols at both ends taken off, except `+` and `#` (`C++`, `A+`)."""
    start, end = 0, len(text)
    while start < end and not _keeps(text[start]):
        start += 1
    while end > start and not _keeps(text[end - 1]):
        end -= 1
    return text[start:end]


def ascii_only(text: str) -> str:
    """Accents taken off, then every character outside ASCII dropped."""
    return accents(nfkc(text)).encode("ascii", "ignore").decode("ascii")


def singular(text: str) -> str:
    """The last word in the singular (English): `kitchen utensils` becomes `kitchen utensil`."""
    head, space, last = text.rpartition(" ")
    return f"{head}{space}{_singular_word(last)}"


def fold(text: str) -> str:
    """The matching form: NFKC, case folded, accents off, whitespace squeezed. Folding twice equals folding once.

    Letters with a stroke and joined ones become plain, as the engines' `asciifolding` has it: `Nesbø` is `nesbo`.
    """
    if text.isascii():
        return whitespace(text.lower())
    # Taking accents off can leave letters that fold once more (and the other way round), so both run twice.
    for _ in range(2):
        text = accents(unicodedata.normalize("NFKC", text).casefold()).translate(_LETTERS)
    return whitespace(unicodedata.normalize("NFKC", text))


def normalise(label: Label, text: str) -> str:
    """A label's normalisers applied in order; the empty string where nothing is left."""
    for name in label.normalise:
        text = NORMALISERS[name](text)
    return text


def _keeps(character: str) -> bool:
    return character in "+#" or unicodedata.category(character)[0] in "LNM"


@lru_cache(maxsize=1)
def _inflect() -> Any:
    import inflect  # imported on first use: only schemas that ask for `singular` pay for it

    return inflect.engine()


@lru_cache(maxsize=65536)
def _singular_word(word: str) -> str:
    lower = word.lower()
    if len(word) < 4 or not word.isascii() or not word.isalpha() or lower in _NOT_PLURAL:
        return word
    found = _inflect().singular_noun(word)
    return str(found) if found else word


#: Every normaliser that a schema may name, in the order in which they are usually wanted.
NORMALISERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "nfkc": nfkc,
        "lowercase": lowercase,
        "fold": fold,
        "accents": accents,
        "ascii": ascii_only,
        "punctuation": punctuation,
        "singular": singular,
        "whitespace": whitespace,
    }
)
