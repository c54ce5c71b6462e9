"""The words around amounts, per language: what the quantity grammar knows of a language is only its pack."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from bridge.tagging.grammar._packs import Pack, load_pack

#: Which bound an amount sets: below it, at most it, above it, at least it.
Bound = Literal["lt", "lte", "gt", "gte"]
#: The bound that the negation of one gives: `not under 20` is at least 20.
OPPOSITE: Mapping[Bound, Bound] = MappingProxyType({"lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"})
#: Signs that compare, the same in every language.
SIGNS: Mapping[str, Bound] = MappingProxyType(
    {"<": "lt", "<=": "lte", "=<": "lte", "≤": "lte", ">": "gt", ">=": "gte", "=>": "gte", "≥": "gte"}
)
Words = frozenset[str]


class QuantityPack(Pack):
    """`quantities.yaml` of one language, all words in lower case; what is left out is empty."""

    #: Bound → phrases before an amount: `under 20`.
    before: dict[Bound, tuple[str, ...]] = Field(default_factory=dict)
    #: Bound → phrases after an amount: `20 or less`.
    after: dict[Bound, tuple[str, ...]] = Field(default_factory=dict)
    #: `between A and B`, `from A to B`: opening word → words that may join the two amounts.
    ranges: dict[str, Words] = Field(default_factory=dict)
    #: Words that join two amounts without an opening word: `$10 to $20`.
    joins: Words = frozenset()
    #: Words before an amount that mean nearly: `around $100`.
    about: Words = frozenset()
    negations: Words = frozenset()
    #: Words that say that money is meant.
    money: Words = frozenset()
    #: Words that may stand before a comparator and belong to it: `priced under 20`.
    fillers: Words = frozenset()
    #: Words after a bare number (no currency) that show that the amount ended there: `under 20 for kids`.
    enders: Words = frozenset()
    #: Words after an amount that show that it is no price of the thing: `$20 off`, `$5 per pound`.
    no_price: Words = frozenset()
    #: Words before a comparator that show that a bare number is an age, a size, a rating …: `kids under 5`.
    other_scales: Words = frozenset()


class Cues:
    """The cue words of one language, ready to look up by their first word."""

    def __init__(self, pack: QuantityPack | None) -> None:
        #: Whether the language has cue words at all; without them only signs (`<= 20`, `$50`) are understood.
        self.known = pack is not None
        self.words = pack if pack is not None else QuantityPack()
        self.before = _by_first_word(self.words.before)
        self.after = _by_first_word(self.words.after)


@lru_cache(maxsize=16)
def load_cues(languages: tuple[str, ...]) -> Cues:
    """The cue words of the first of these languages that has a pack."""
    packs = (load_pack(language, "quantities", QuantityPack) for language in languages)
    return Cues(next((pack for pack in packs if pack is not None), None))


def _by_first_word(
    table: Mapping[Bound, Iterable[str]],
) -> Mapping[str, Sequence[tuple[tuple[str, ...], Bound]]]:
    """First word → phrases that start with it, longest first."""
    result: dict[str, list[tuple[tuple[str, ...], Bound]]] = {}
    for bound, phrases in table.items():
        for phrase in phrases:
            parts = tuple(phrase.split())
            result.setdefault(parts[0], []).append((parts, bound))
    for found in result.values():
        found.sort(key=lambda item: -len(item[0]))
    return result
