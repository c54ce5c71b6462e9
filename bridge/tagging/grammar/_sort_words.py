"""The words of orders, per language: what the sort grammar knows of a language is only its pack."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from bridge.tagging.grammar._packs import Pack, load_pack
from bridge.tagging.grammar._words import Words

Order = Literal["lowest", "highest"]
#: What words that order are about; `none`: only what the `names` of the entry say.
Meaning = Literal[
    "money",
    "date",
    "rating",
    "popularity",
    "size",
    "duration",
    "mass",
    "speed",
    "power",
    "sound",
    "brightness",
    "temperature",
    "none",
]
Phrases = tuple[str, ...]


class OrderWords(Pack):
    """Phrases that say what they order by."""

    meaning: Meaning
    #: Words in the names of labels that they are about as well: `tallest` → `height`.
    names: Words = frozenset()
    #: Nothing but an order is called so: "cheapest", not "longest" (*The Longest Day*).
    sure: bool = False
    highest: Phrases = ()
    lowest: Phrases = ()


class SortPack(Pack):
    """`sorts.yaml` of one language, all words in lower case."""

    words: tuple[OrderWords, ...]
    #: Words that order by the label whose name stands beside them: "lowest mileage".
    ends: Mapping[Order, Phrases]
    #: Of these, the ones that also go with a unit: "most horsepower".
    amounts: Words
    #: Phrases that order by the label whose name stands before them: "price low to high".
    directions: Mapping[Order, Phrases]
    #: Meaning → words that name it in an order: "sort by popularity".
    names: Mapping[Meaning, Phrases]
    #: Meaning → words in a label's name that say it: `user_score` is a rating.
    kinds: Mapping[Meaning, Words]
    by: Phrases
    #: Phrases behind an order that belong to it: "cheapest first".
    first: Phrases
    #: Phrases that look like orders and are none: "at least 4 stars".
    others: Phrases
    #: Words that only ask: "show me the cheapest".
    requests: Words
    #: Words that lead to an order behind what is looked for: "with the longest battery life", "at the best price".
    leading: Words
    #: Words behind a label's name that belong to it.
    tails: Words
    negations: Words
    the: Words
    of: Words
    #: Words before an order that make it something else: "second largest", "one of the oldest".
    numbers: Words


@lru_cache(maxsize=16)
def load_sort_words(languages: tuple[str, ...]) -> SortPack | None:
    """The order words of the first of these languages that has a pack; None where none has."""
    packs = (load_pack(language, "sorts", SortPack) for language in languages)
    return next((pack for pack in packs if pack is not None), None)
