"""The words around amounts, per language: what the quantity grammar knows of a language is only this table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

#: Which bound an amount sets: below it, at most it, above it, at least it.
Bound = Literal["lt", "lte", "gt", "gte"]
#: The bound that the negation of one gives: `not under 20` is at least 20.
OPPOSITE: Mapping[Bound, Bound] = MappingProxyType({"lt": "gte", "lte": "gt", "gt": "lte", "gte": "lt"})


def _phrases(table: Mapping[Bound, str]) -> dict[str, list[tuple[tuple[str, ...], Bound]]]:
    """First word → phrases that start with it, longest first."""
    result: dict[str, list[tuple[tuple[str, ...], Bound]]] = {}
    for bound, phrases in table.items():
        for phrase in phrases.split(", "):
            parts = tuple(phrase.split())
            result.setdefault(parts[0], []).append((parts, bound))
    for found in result.values():
        found.sort(key=lambda item: -len(item[0]))
    return result


@dataclass(frozen=True, slots=True)
class Cues:
    """Cue words of one language, all in lower case."""

    #: Before an amount: `under 20`.
    before: Mapping[str, Sequence[tuple[tuple[str, ...], Bound]]]
    #: After an amount: `20 or less`.
    after: Mapping[str, Sequence[tuple[tuple[str, ...], Bound]]]
    #: `between A and B`, `from A to B`: opening word → words that may join the two amounts.
    ranges: Mapping[str, frozenset[str]]
    #: Words that join two amounts without an opening word: `$10 to $20`.
    joins: frozenset[str]
    #: Words before an amount that mean nearly: `around $100`.
    about: frozenset[str]
    negations: frozenset[str]
    #: Words that say that money is meant.
    money: frozenset[str]
    #: Words that may stand before a comparator and belong to it: `priced under 20`.
    fillers: frozenset[str]
    #: Words after a bare number (no currency) that show that the amount ended there: `under 20 for kids`.
    enders: frozenset[str]
    #: Words after an amount that show that it is no price of the thing: `$20 off`, `$5 per pound`.
    no_price: frozenset[str]
    #: Words before a comparator that show that a bare number is an age, a size, a rating …: `kids under 5`.
    other_scales: frozenset[str]


#: Signs that compare, the same in every language.
SIGNS: Mapping[str, Bound] = MappingProxyType(
    {"<": "lt", "<=": "lte", "=<": "lte", "≤": "lte", ">": "gt", ">=": "gte", "=>": "gte", "≥": "gte"}
)

_ENGLISH = Cues(
    before=_phrases(
        {
            "lt": "under, below, beneath, less than, lower than, cheaper than, fewer than, smaller than",
            "lte": "less than or equal to, lower than or equal to, equal to or less than, "
            "up to, upto, at most, no more than, not more than, no higher than, not exceeding, "
            "maximum of, a maximum of, max of, maximum, max, budget of, budget, within",
            "gt": "over, above, more than, greater than, higher than, exceeding, upwards of",
            "gte": "more than or equal to, greater than or equal to, equal to or more than, "
            "at least, no less than, not less than, starting at, starting from, from, "
            "minimum of, a minimum of, minimum, min",
        }
    ),
    after=_phrases(
        {
            "lte": "or less, or under, or below, or cheaper, or lower, and under, and below, and less, & under, "
            "maximum, max, tops",
            "gte": "or more, or above, or over, or higher, and up, and above, and over, and more, & up, plus, "
            "minimum, min",
        }
    ),
    ranges=MappingProxyType({"between": frozenset({"and", "&", "to"}), "from": frozenset({"to", "till", "until"})}),
    joins=frozenset({"to"}),
    about=frozenset({"about", "around", "approximately", "approx", "roughly", "circa", "near", "nearly"}),
    negations=frozenset({"not", "except", "excluding"}),
    money=frozenset({"price", "prices", "priced", "pricing", "cost", "costs", "costing", "budget"}),
    fillers=frozenset({"priced", "costing", "costs", "cost", "price", "prices", "for", "at", "with", "a", "that"}),
    enders=frozenset(
        {"for", "with", "and", "or", "but", "without", "not", "that", "which", "please", "only", "each", "total"}
    ),
    no_price=frozenset(
        {"off", "discount", "discounts", "coupon", "coupons", "rebate", "cashback", "savings", "per", "voucher"}
        | {"deposit", "shipping", "delivery", "fee", "fees", "bonus", "bill", "bills", "coin", "coins"}
    ),
    other_scales=frozenset(
        {
            "kid",
            "kids",
            "child",
            "children",
            "baby",
            "babies",
            "toddler",
            "toddlers",
            "infant",
            "infants",
            "boy",
            "boys",
        }
        | {"girl", "girls", "teen", "teens", "man", "men", "woman", "women", "adult", "adults", "senior", "seniors"}
        | {"people", "person", "age", "aged", "ages", "anyone", "everyone", "those", "size", "sizes", "level", "grade"}
        | {"version", "rated", "rating", "ratings", "score", "stars", "spf", "population", "years", "year"}
    ),
)
#: Cue words by language code; other languages have only signs (`<= 20`, `$50`).
CUES: Mapping[str, Cues] = MappingProxyType({"en": _ENGLISH})
NO_CUES = Cues(
    before={},
    after={},
    ranges={},
    joins=frozenset(),
    about=frozenset(),
    negations=frozenset(),
    money=frozenset(),
    fillers=frozenset(),
    enders=frozenset(),
    no_price=frozenset(),
    other_scales=frozenset(),
)
