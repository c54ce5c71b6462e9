"""The words around amounts, per language: what the quantity grammar knows of a language is only its pack."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Literal

from pydantic import Field, field_validator

from bridge.schema import CURRENCIES, MEASURES
from bridge.tagging.grammar._numbers import NumberWords
from bridge.tagging.grammar._packs import Pack, load_pack
from bridge.tagging.grammar._units import UnitForms

#: Which bound an amount sets: below it, at most it, above it, at least it, exactly it.
Bound = Literal["lt", "lte", "gt", "gte", "eq"]
#: The bound that the negation of one gives: `not under 20` is at least 20.
OPPOSITE: Mapping[Bound, Bound] = MappingProxyType({"lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"})
#: Signs that compare, the same in every language.
SIGNS: Mapping[str, Bound] = MappingProxyType(
    {"<": "lt", "<=": "lte", "=<": "lte", "≤": "lte", ">": "gt", ">=": "gte", "=>": "gte", "≥": "gte"}
)
Words = frozenset[str]
Phrases = tuple[str, ...]


class QuantityPack(Pack):
    """`quantities.yaml` of one language, all words in lower case; what is left out is empty."""

    #: Bound → phrases before an amount: `under 20`.
    before: Mapping[Bound, Phrases] = Field(default_factory=dict)
    #: Bound → phrases after an amount: `20 or less`.
    after: Mapping[Bound, Phrases] = Field(default_factory=dict)
    #: Phrases of `before` that are also parts of names (`pro max 256gb`): they compare an amount of money, or open a
    #: phrase.
    doubtful_before: Words = frozenset()
    #: Phrases of `before` and `after` that speak of sizes, and of ages as often as of money: a bare number is no price
    #: then.
    no_money: Words = frozenset()
    ages: Words = frozenset()
    #: `between A and B`, `from A to B`: opening word → words that may join the two amounts.
    ranges: Mapping[str, Words] = Field(default_factory=dict)
    #: Words that join two amounts without an opening word: `$10 to $20`.
    joins: Words = frozenset()
    #: Words that join the sides of a size (`3 x 4`, `80 by 60 cm`), and letters that say which side it is (`36"w`).
    sides: Words = frozenset()
    side_letters: Mapping[str, str] = Field(default_factory=dict)
    #: What stands between the members of a list: `8 gb or 16 gb ram`.
    lists: Words = frozenset()
    #: Phrases before and after an amount that mean nearly: `around $100`, `$100 or so`.
    about: Phrases = ()
    about_after: Phrases = ()
    negations: Words = frozenset()
    #: Words that say that money is meant.
    money: Words = frozenset()
    #: Words that may stand before a comparator or between a label's name and its amount: `priced under 20`.
    fillers: Words = frozenset()
    #: Words after a bare number that show that it ended there: `under 20 for kids`.
    enders: Words = frozenset()
    #: Words that join an amount to the name of what it counts: `16 gb of ram`.
    of: Words = frozenset()
    #: Words after an amount of money that show that it is no price of the thing: `$20 off`, `$5 per pound`.
    not_after: Words = frozenset()
    #: Words after a time that show that it is an age or a day: `6 months old`, `2 years ago`.
    age_after: Words = frozenset()
    #: Words of what money may be paid for beside the thing: `shipping over $25`, `$5 delivery`.
    charges: Words = frozenset()
    #: Words for what else is measured of a thing: `100 mile range`, `2 year warranty`.
    attributes: Words = frozenset()
    #: What things contain so many grams of: `cereal with 5 g sugar`. Alone, or of more grams, it is the thing itself.
    contents: Words = frozenset()
    #: Words after which another thing's amount may stand: `mount for 32-55 inch tv`.
    relations: Words = frozenset()
    #: Things that hold or cover another one, whose amount stands beside them: `tv stand up to 65 inches`.
    carriers: Words = frozenset()
    #: Phrases before and words after a length that show that it is a distance: `within 5 miles`, `5 miles away`.
    distance_before: Words = frozenset()
    distance_after: Words = frozenset()
    #: Words after an amount of a unit of ways that show the same: `10 minutes from downtown`.
    distance_from: Words = frozenset()
    #: Words before a number that is a name: `size 9 w`.
    designations: Words = frozenset()
    #: Words before an amount that show the same: `last 3 months`.
    not_before: Words = frozenset()
    #: Words before a comparator that show that a bare number is an age, a size, a rating …: `kids under 5`.
    other_scales: Words = frozenset()
    #: What a pack holds comes after these: `pack of 12`.
    containers: Words = frozenset()
    #: A word in a label's name → words that name the label, too: `width` → `wide`.
    label_words: Mapping[str, Phrases] = Field(default_factory=dict)
    numbers: NumberWords = NumberWords()
    #: Words that multiply a number before them: `50 thousand`.
    multipliers: Mapping[str, float] = Field(default_factory=dict)
    #: Unit symbol → words for it.
    units: Mapping[str, Phrases] = Field(default_factory=dict)
    #: Units that are also other words: they need a label that can hold the amount (`15 hp`). Single letters always do.
    doubtful_units: Words = frozenset()
    #: Units that are also prepositions (`in`), and words that show that the preposition is meant (`10 in the box`).
    prepositions: Words = frozenset()
    after_preposition: Words = frozenset()
    #: Number and unit that are together a name: `3m`, `5g`.
    names: Words = frozenset()

    @field_validator("units")
    @classmethod
    def _known(cls, units: Mapping[str, Phrases]) -> Mapping[str, Phrases]:
        unknown = sorted(set(units) - set(MEASURES))
        if unknown:
            raise ValueError(f"no units of measure: {', '.join(unknown)}")
        return units


#: Sizes of clothes in letters.
_SIZE = re.compile(r"x{0,4}s|m|x{0,4}l")

Table = Mapping[str, Sequence[tuple[tuple[str, ...], Bound]]]


class QuantityWords:
    """The words of one language as the grammar looks them up; phrases by their first word, longest first."""

    def __init__(self, pack: QuantityPack | None) -> None:
        #: Whether the language has words at all; without them only signs (`<= 20`, `$50`) are understood.
        self.known = pack is not None
        self.pack = pack = pack if pack is not None else QuantityPack()
        self.before = by_first_word(pack.before)
        self.after = by_first_word(pack.after)
        self.about = by_first_word({"eq": pack.about})
        self.about_after = by_first_word({"eq": pack.about_after})
        self.units = UnitForms(pack.units, pack.doubtful_units)
        #: Single words before an amount that may be written in one with it: `under50$`.
        self.openers = frozenset(one for bound in ("lt", "gt") for one in pack.before.get(bound, ()) if " " not in one)


@lru_cache(maxsize=16)
def load_words(languages: tuple[str, ...]) -> QuantityWords:
    """The words of the first of these languages that has a pack."""
    packs = (load_pack(language, "quantities", QuantityPack) for language in languages)
    return QuantityWords(next((pack for pack in packs if pack is not None), None))


def opens_amount(words: Sequence[str], languages: tuple[str, ...]) -> bool:
    """Whether words (in lower case) begin as an amount does: a number with a unit, or a comparator with a number."""
    if not words:
        return False
    if words[0][:1].isdigit():
        forms = _unit_forms(languages)
        return len(words) > 1 and (words[1] in forms or " ".join(words[1:3]) in forms)
    phrases = (phrase for phrase, _ in load_words(languages).before.get(words[0], ()))
    return any(
        len(words) > len(phrase) and tuple(words[: len(phrase)]) == phrase and words[len(phrase)][:1].isdigit()
        for phrase in phrases
    )


@lru_cache(maxsize=16)
def _unit_forms(languages: tuple[str, ...]) -> frozenset[str]:
    words = load_words(languages)
    coins = (form for currency in CURRENCIES.values() for form in currency.words)
    return (
        frozenset(form for forms in words.pack.units.values() for form in forms)
        | frozenset(MEASURES)
        | frozenset(coins)
    )


@lru_cache(maxsize=16)
def unit_words(languages: tuple[str, ...]) -> frozenset[str]:
    """Words of at least three letters that these languages have for units of measure."""
    packs = (load_pack(language, "quantities", QuantityPack) for language in languages)
    forms = (form for pack in packs if pack is not None for words in pack.units.values() for form in words)
    return frozenset(word for form in forms for word in form.split() if len(word) > 2)


def by_first_word(table: Mapping[Bound, Iterable[str]]) -> Table:
    """Phrases by their first word, longest first."""
    result: dict[str, list[tuple[tuple[str, ...], Bound]]] = {}
    for bound, phrases in table.items():
        for phrase in phrases:
            parts = tuple(phrase.split())
            result.setdefault(parts[0], []).append((parts, bound))
    for found in result.values():
        found.sort(key=lambda item: -len(item[0]))
    return result


def opens_designation(words: Sequence[str], languages: tuple[str, ...]) -> bool:
    """Whether words (in lower case) begin as a designation does, which is no thing of its own: `size 42`, `size xl`."""
    if len(words) < 2 or words[0] not in load_words(languages).pack.designations:
        return False
    return words[1][0].isdigit() or _SIZE.fullmatch(words[1]) is not None
