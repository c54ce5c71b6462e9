"""Words that order: which label they are about, and where they only look so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.schema import Schema, parse_schema
from bridge.tagging.grammar import find_sorts

SHOP = parse_schema(
    """
schema: shop
index: shop
text: [title]
labels:
  price: {kind: number, field: price, unit: USD, model: false}
  screen_size: {kind: number, field: screen, unit: inch, model: false, cues: [screen, display]}
  width: {kind: number, field: width, unit: cm, dimension: 1, model: false}
  weight: {kind: number, field: weight, unit: kg, model: false}
  ram: {kind: number, field: ram, unit: gb, model: false, cues: [memory], sort: "off"}
  battery:
    {kind: number, field: battery, unit: mah, model: false, sort_words: {highest: [longest lasting]}}
  power: {kind: number, field: power, unit: hp, model: false}
  rating: {kind: number, field: rating, unit: star, model: false}
  release_date: {kind: date, field: released, model: false}
  popularity: {kind: rank, field: popularity, model: false}
"""
)
FILMS = parse_schema(
    """
schema: films
index: films
text: [title]
labels:
  year: {kind: number, field: year, unit: year, model: false}
  added: {kind: date, field: added, model: false, sort: "off"}
  runtime: {kind: number, field: runtime, unit: minute, model: false, cues: [length]}
  user_score: {kind: rank, field: score, model: false}
  votes: {kind: rank, field: votes, model: false}
"""
)


def orders(text: str, schema: Schema = SHOP) -> list[str]:
    return [f"{match.label} {match.order}" for match in find_sorts(text, schema)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cheapest laptop", "price lowest"),
        ("laptops cheapest first", "price lowest"),
        ("samsung cheapest tv", "price lowest"),
        ("show me the cheapest laptop", "price lowest"),
        ("laptop at the best price", "price lowest"),
        ("most expensive laptop", "price highest"),
        ("laptops price low to high", "price lowest"),
        ("laptops high to low", "price highest"),
        ("laptops sorted by price", "price lowest"),
        ("sort by price high to low laptops", "price highest"),
        ("newest laptop", "release_date highest"),
        ("the latest laptops", "release_date highest"),
        ("oldest laptops first", "release_date lowest"),
        ("laptops sorted by release date", "release_date highest"),
        ("best-rated laptop", "rating highest"),
        ("laptop with the best reviews", "rating highest"),
        ("laptops by rating, sorted by rating", "rating highest"),
        ("worst reviewed laptops", "rating lowest"),
        ("bestselling laptops", "popularity highest"),
        ("largest tv", "screen_size highest"),
        ("the smallest phones", "screen_size lowest"),
        ("lightest laptop", "weight lowest"),
        ("widest tv", "width highest"),
        ("strongest engine", "power highest"),
        ("longest lasting phone", "battery highest"),
        ("phone with the longest battery life", "battery highest"),
        ("largest screen laptop", "screen_size highest"),
        ("laptop highest screen size", "screen_size highest"),
        ("most horsepower suv", "power highest"),
        ("battery highest first phones", "battery highest"),
    ],
)
def test_words_that_order(text: str, expected: str) -> None:
    assert orders(text) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("newest horror", ["year highest"]),
        ("recently added horror", []),  # about a day that may not order
        ("longest horror", ["runtime highest"]),
        ("shortest length horror", ["runtime lowest"]),
        ("best rated horror", ["user_score highest"]),
        ("most popular horror", ["votes highest"]),
        ("cheapest horror", []),
        ("largest horror", []),
        ("longest day", []),
        ("the longest ride", []),
    ],
)
def test_the_label_is_the_one_that_can_be_meant(text: str, expected: list[str]) -> None:
    assert orders(text, FILMS) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "cheap laptop",
            "best laptop",
            "top loading washer",
            "high end laptop",
            "low price",
            "cheapest",
            "best sellers",
        ),
        *("lowest latency earbuds", "most ram laptop", "largest memory laptop", "at least 4 stars", "at most power"),
        *("world's smallest laptop", "second largest tv", "one of the cheapest laptops", "not the cheapest laptop"),
        *(
            "why is the newest model so loud",
            "book about the oldest woman",
            "case for the newest iphone",
            "cheapest.com",
        ),
        *(
            "the oldest profession",
            "cheapest.com",
            "the lightest touch",
            "the-cheapest",
            "a story of the biggest loser ever",
        ),
    ],
)
def test_what_orders_nothing_here(text: str) -> None:
    assert orders(text) == []


def test_two_labels_that_fit_order_nothing_until_one_is_named() -> None:
    two = parse_schema(
        "schema: s\nindex: s\ntext: [t]\nlabels:\n"
        "  price: {kind: number, field: price, unit: USD, model: false}\n"
        "  rent: {kind: number, field: rent, unit: USD, model: false}\n"
    )
    assert orders("cheapest flat", two) == []
    assert orders("lowest rent flat", two) == ["rent lowest"]
    assert orders("cheapest and lightest laptop") == ["price lowest", "weight lowest"]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("show me the cheapest laptop", "show me the cheapest"),
        ("laptops, cheapest first", "cheapest first"),
        ("phone with the longest battery life", "the longest battery life"),
        ("laptops price: low to high", "price: low to high"),
    ],
)
def test_the_words_of_an_order_go_together(text: str, taken: str) -> None:
    (match,) = find_sorts(text, SHOP)
    assert [text[slice(*words)] for words in match.consumes] == [taken]


def test_a_first_at_the_end_goes_too() -> None:
    text = "cheapest laptops first"
    (match,) = find_sorts(text, SHOP)
    assert [text[slice(*words)] for words in match.consumes] == ["cheapest", "first"]


def test_a_language_without_words_for_orders_has_none() -> None:
    assert find_sorts("cheapest laptop", SHOP.model_copy(update={"languages": ["xx"]})) == []


WORDS = (
    "cheapest the newest first best rated low to high price sort by longest battery life lowest mileage most",
    "horsepower with and - : , . 's one of not laptop 4 stars $ x",
)
PARTS = st.sampled_from(" ".join(WORDS).split())


@given(st.lists(PARTS, max_size=9).map(" ".join) | st.lists(PARTS, max_size=9).map("".join) | st.text(max_size=40))
def test_no_text_raises_and_every_match_is_a_stretch_of_it(text: str) -> None:
    for schema in (SHOP, FILMS):
        end = 0
        for match in find_sorts(text, schema):
            assert end <= match.start < match.end <= len(text)
            first, last = match.consumes[0]
            assert first <= match.start < match.end <= last <= len(text)
            assert schema.labels[match.label].sort != "off"
            end = match.end
