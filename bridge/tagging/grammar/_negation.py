"""Words that deny, per language: `negation.yaml` of its pack."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from bridge.tagging.grammar._packs import Pack, load_pack

Words = frozenset[str]
Phrases = tuple[str, ...]


class NegationPack(Pack):
    """`negation.yaml` of one language, all words in lower case; what is left out is empty."""

    #: Words that name things which are not wanted (`not`), and those that name what is missing (`without`).
    exclude: Phrases = ()
    lack: Phrases = ()
    #: Words that deny something, but nobody knows what for a search: `never`.
    vague: Phrases = ()
    #: Words that name an exception where one of `universal` stands before them ("any laptop but dell"), not behind one
    #: of `only` ("nothing but dell").
    excepting: Phrases = ()
    universal: Words = frozenset()
    only: Words = frozenset()
    #: Of these, the ones that deny also where they open the query; the others open titles ("no man's sky").
    opening: Words = frozenset()
    #: Words between one that denies and the thing meant: `not made by nike`.
    leading: Words = frozenset()
    #: Prepositions that link a participle to the thing meant: `not directed by michael bay`.
    linking: Words = frozenset()
    participles: Words = frozenset()
    participle_endings: Phrases = ()
    #: Prepositions behind words that say what a thing goes with: `not compatible with samsung`.
    relating: Words = frozenset()
    #: Cues that before a number are the word for number: `chanel no 5`.
    numbering: Words = frozenset()
    #: What follows, or stands before, makes the word something else: `not only`, `is not`.
    not_before: Words = frozenset()
    not_after: Words = frozenset()
    #: Words before and after a name that make it a thing to be free of (`non dairy`, `gluten free`), and words behind
    #: `free` with which they do not (`steel free standing shelf`).
    free_before: Words = frozenset()
    free_after: Words = frozenset()
    free_compounds: Words = frozenset()


@lru_cache(maxsize=16)
def load_negation(languages: tuple[str, ...]) -> NegationPack:
    """The pack of the first of these languages that has one; else an empty one."""
    packs = (load_pack(language, "negation", NegationPack) for language in languages)
    return next((pack for pack in packs if pack is not None), NegationPack())


def phrase_pattern(phrases: Iterable[str]) -> str:
    """A regular expression for any of the phrases, the longest first; it never matches where there are none.

    Spaces stand for any whitespace, an apostrophe for any form of it or none.
    """
    longest_first = sorted(set(phrases), key=lambda phrase: (-len(phrase), phrase))
    parts = (re.escape(phrase).replace(r"\ ", r"\s+").replace("'", "['’]?") for phrase in longest_first)
    return f"(?:{'|'.join(parts)})" if longest_first else r"(?!)"
