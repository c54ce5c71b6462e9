"""Linking: from the words that were typed to the values that documents carry.

A linked value is the stored key, so a filter on it finds documents. Words that link to nothing are brought to the form
in which documents are tagged (the label's normalisers, singular and plural), which can only boost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock
from typing import Literal
from weakref import WeakKeyDictionary

from bridge.entities import Entity
from bridge.query._meaning import Meant
from bridge.query._words import words
from bridge.schema import Label, Schema, fold, normalise
from bridge.tagging import Dictionary, Link

#: How words found their stored value; `none`: no stored value, the words' own normal forms.
How = Literal["exact", "folded", "plural", "synonym", "typo", "meaning", "none"]
#: Ways of linking that are certain enough for a filter or an exclusion.
CERTAIN: frozenset[str] = frozenset({"exact", "folded", "plural", "synonym"})
#: More stored values than this around one word say that the word alone does not decide between them.
MAX_WIDER = 8
#: Labels with more values than this are names (brands, titles), not a classification: there is no wider one.
MAX_INDEXED = 5_000

_LETTERS = re.compile(r"[a-zA-Z]$")
#: Words long enough for y → ies: berries, candies, but not `sonies`.
_BERRY = re.compile(r"[a-zA-Z]{3}[^aeiouAEIOU]y$")
_BERRIES = re.compile(r"[a-zA-Z]{4}ies$")


@dataclass(frozen=True, slots=True)
class Linked:
    """An entity with what its field is searched for.

    `keys` are stored keys (or, with `how == "none"`, normal forms that documents may carry), sorted. `wider` are
    further stored keys that hold the same words (`Meat & Seafood` for `seafood`): a filter must let them through.
    `count` is how many documents carry the keys.
    """

    entity: Entity
    keys: tuple[str, ...]
    how: How
    wider: tuple[str, ...] = ()
    count: int = 0
    #: Linked by meaning: how near, and what else was nearly as near.
    nearness: str = ""

    @property
    def linked(self) -> bool:
        return self.how != "none"

    @property
    def certain(self) -> bool:
        return self.how in CERTAIN


def link(entity: Entity, schema: Schema, dictionary: Dictionary, guess: Link | None = None) -> Linked | None:
    """Link one keyword entity; None when nothing is left of its words after normalising.

    `guess` is what a misspelt value of the dictionary links to.
    """
    label = schema.labels[entity.label]
    if guess is not None:
        return Linked(entity, tuple(sorted(guess.keys)), guess.how, count=guess.count)
    found = dictionary.lookup(entity.label, entity.text)
    if found is not None:
        keys = set(found.keys)
        if entity.source == "dictionary" and isinstance(entity.value, str):
            keys.add(entity.value)
        wider = word_index(dictionary).wider(entity.label, keys) if label.use == "filter" else ()
        return Linked(entity, tuple(sorted(keys)), found.how, wider, found.count)
    if entity.source == "dictionary" and isinstance(entity.value, str):
        return Linked(entity, (entity.value,), "folded")
    forms = normal_forms(label, entity.text)
    return Linked(entity, forms, "none") if forms else None


def link_meant(meant: Meant, dictionary: Dictionary) -> Linked:
    """A phrase that means a stored value, as a link."""
    others = ", ".join(f"{key} {cosine:.3f}" for key, cosine in meant.others)
    nearness = f"{meant.key} {meant.entity.score:.3f}" + (f", then {others}" if others else "")
    count = dictionary.count(meant.entity.label, meant.key)
    return Linked(meant.entity, (meant.key,), "meaning", count=count, nearness=nearness)


def normal_forms(label: Label, text: str) -> tuple[str, ...]:
    """The forms in which documents may carry these words: the label's own normal form, singular and plural."""
    form = normalise(label, text)
    if not form.strip():
        return ()
    forms = {form, singular(form), plural(form)}
    return tuple(sorted({normalise(label, one) for one in forms} - {""}))


def plural(text: str) -> str:
    """The last word in the regular English plural; text that does not end in an ASCII letter stays as it is."""
    if len(text) < 3 or not _LETTERS.search(text) or text.endswith("s"):
        return text
    if _BERRY.search(text):
        return text[:-1] + "ies"
    return text + ("es" if text.endswith(("x", "z", "ch", "sh")) else "s")


def singular(text: str) -> str:
    """The last word without a regular English plural ending."""
    if len(text) < 4 or not _LETTERS.search(text) or not text.endswith("s") or text.endswith(("ss", "us", "is")):
        return text
    if _BERRIES.search(text):
        return text[:-3] + "y"
    return text[:-2] if text.endswith(("xes", "zes", "ches", "shes", "sses")) else text[:-1]


class WordIndex:
    """For each label with few values, which stored keys hold which word; built label by label on first use."""

    def __init__(self, dictionary: Dictionary) -> None:
        # Only what is needed to build: the index must not keep its own dictionary alive.
        self._keys = {
            label: keys for label in dictionary.labels if len(keys := dictionary.values(label)) <= MAX_INDEXED
        }
        self._by_word: dict[str, dict[str, set[str]]] = {}

    def wider(self, label: str, keys: set[str]) -> tuple[str, ...]:
        """Stored keys beyond `keys` that hold all words of one of them; none where there are too many to mean it."""
        by_word = self._by_word.get(label)
        if by_word is None:
            by_word = self._by_word[label] = self._build(label)
        wider: set[str] = set()
        for key in keys:
            holders = [by_word.get(word, set()) for word in _key_words(key)]
            if holders:
                wider |= set.intersection(*holders)
        wider -= keys
        return tuple(sorted(wider)) if len(wider) <= MAX_WIDER else ()

    def _build(self, label: str) -> dict[str, set[str]]:
        by_word: dict[str, set[str]] = {}
        for key in self._keys.get(label, ()):
            for word in _key_words(key):
                by_word.setdefault(word, set()).add(key)
        return by_word


def _key_words(key: str) -> tuple[str, ...]:
    return tuple(_stem(word.folded) for word in words(fold(key)))


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


_INDEXES: WeakKeyDictionary[Dictionary, WordIndex] = WeakKeyDictionary()
_INDEXES_LOCK = Lock()


def word_index(dictionary: Dictionary) -> WordIndex:
    """The word index of a dictionary, built once for each."""
    with _INDEXES_LOCK:
        index = _INDEXES.get(dictionary)
        if index is None:
            index = _INDEXES[dictionary] = WordIndex(dictionary)
        return index
