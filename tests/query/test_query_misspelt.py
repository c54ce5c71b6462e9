"""Misspelt stored values: linked where nobody knows the word, and never more than a boost."""

from __future__ import annotations

import pytest

from bridge.query import Options, QueryParser

from .conftest import Shop, reasons, roles

YAML = """
schema: shop
index: shop
engine: opensearch
text: [title]
labels:
  brand: {field: brand, use: filter, position: any}
  category: {field: category, use: filter}
  style: {field: style, use: filter, links: [], cues: [samsumg]}
  price: {kind: number, field: price, unit: USD, use: filter, model: false}
"""
VALUES = {
    "brand": {"Adidas": 30, "Samsung": 20, "Harman Kardon": 4},
    "category": {"Shoes": 70, "Televisions": 9, "Smartwater": 3},
    "style": {"Vintage": 20},
}
RATES = {"brand": 1.0, "category": 1.0, "style": 1.0, "price": 1.0}


@pytest.fixture
def parser(shop: Shop) -> QueryParser:
    return shop(yaml=YAML, values=VALUES, rates=RATES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("addidas shoes", {"brand=Adidas": "boost", "category=Shoes": "filter"}),
        ("harmon kardon speaker", {"brand=Harman Kardon": "boost"}),
        ("televison under $300", {"category=Televisions": "boost", "price=<300": "filter"}),
        ("shoes not addidas", {"brand!=Adidas": "demote", "category=Shoes": "filter"}),
        ("samsng", {"brand=Samsung": "boost"}),
    ],
)
def test_a_misspelt_value_boosts_or_demotes(parser: QueryParser, text: str, expected: dict[str, str]) -> None:
    plan = parser.parse(text)
    assert roles(plan) == expected
    assert "typo" in reasons(plan)


def test_beside_a_misspelt_value_no_other_of_its_label_filters(parser: QueryParser) -> None:
    """A filter on Samsung would hide what the misspelt Adidas means."""
    assert roles(parser.parse("samsung or addidas kettle")) == {"brand=Samsung": "boost", "brand=Adidas": "boost"}


@pytest.mark.parametrize(
    "text",
    [
        "smartwatch strap",  # two words in one
        "samsumg lamp",  # a word of the schema
        '"addidas"',  # quoted
        "vintge lamp",  # a label that takes no misspellings
        "adds kettle",  # a word of the language
        "sam kettle",  # three letters
    ],
)
def test_what_is_not_misspelt(parser: QueryParser, text: str) -> None:
    assert roles(parser.parse(text)) == {}


def test_misspellings_can_be_switched_off(parser: QueryParser) -> None:
    for name in ("typo", "dictionary", "brand"):
        assert "brand=Adidas" not in roles(parser.parse("addidas shoes", Options(disable=frozenset({name}))))


def test_no_misspellings_where_the_words_of_a_language_are_not_known(shop: Shop) -> None:
    parser = shop(yaml=YAML.replace("engine:", "languages: [en, de]\nengine:"), values=VALUES, rates=RATES)
    assert roles(parser.parse("addidas shoes")) == {"category=Shoes": "filter"}
