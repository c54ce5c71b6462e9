"""Where a value may filter: with `position: any` also as a modifier, unless the words are about something else."""

from __future__ import annotations

import pytest

from bridge.query import QueryParser

from .conftest import Shop, reasons, roles

YAML = """
schema: shop
index: shop
engine: opensearch
text: [title]
labels:
  brand: {field: brand, use: filter, position: any}
  category: {field: category, use: filter}
  color: {field: color, use: filter, position: any}
  price: {kind: number, field: price, unit: USD, use: filter, model: false}
"""
VALUES = {
    "brand": {"Nike": 40, "Adidas": 30, "Apple": 20, "Samsung": 20, "Shark": 5, "Dell": 9, "HP": 9, "Cover Girl": 3},
    "category": {"Shoes": 70, "Laptops": 20, "Laptop Cases": 9, "Toner": 9, "Tablets": 9, "Sandals": 8},
    "color": {"Red": 20, "Navy": 9, "Black": 30},
}
RATES = {"brand": 1.0, "category": 1.0, "color": 1.0, "price": 1.0}


@pytest.fixture
def parser(shop: Shop) -> QueryParser:
    return shop(yaml=YAML, values=VALUES, rates=RATES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red nike shoes", {"color=Red": "filter", "brand=Nike": "filter", "category=Shoes": "filter"}),
        ("nike kettle", {"brand=Nike": "filter"}),
        ("shoes by nike", {"brand=Nike": "filter", "category=Shoes": "filter"}),
        ("shoes in red", {"color=Red": "filter", "category=Shoes": "filter"}),
        ("cover girl mascara", {"brand=Cover Girl": "filter"}),
        ("laptop with 16 gb ram by hp", {"brand=HP": "filter", "category=Laptops": "filter"}),
        ("nike or adidas shoes", {"brand=Nike|Adidas": "filter", "category=Shoes": "filter"}),
    ],
)
def test_a_brand_or_colour_filters_as_a_modifier(parser: QueryParser, text: str, expected: dict[str, str]) -> None:
    assert roles(parser.parse(text)) == expected


@pytest.mark.parametrize("text", ["kettle for samsung", "kettle like samsung", "samsung compatible kettle"])
def test_a_name_behind_a_relation_is_another_things_name(parser: QueryParser, text: str) -> None:
    assert roles(parser.parse(text)) == {"brand=Samsung": "boost"}
    assert "goes with it" in reasons(parser.parse(text))


@pytest.mark.parametrize("text", ["samsung charger", "charger samsung", "samsung usb cables black"])
def test_the_name_beside_an_accessory_is_mostly_that_of_the_device(parser: QueryParser, text: str) -> None:
    plan = parser.parse(text)
    assert roles(plan)["brand=Samsung"] == "boost"
    assert "made for something else" in reasons(plan)


def test_who_made_the_accessory_can_be_said(parser: QueryParser) -> None:
    assert roles(parser.parse("charger by samsung")) == {"brand=Samsung": "filter"}


def test_a_thing_that_comes_with_an_accessory_is_none(parser: QueryParser) -> None:
    expected = {"brand=Samsung": "filter", "category=Tablets": "filter"}
    assert roles(parser.parse("samsung tablet with case")) == expected
    assert roles(parser.parse("nike strap sandals")) == {"brand=Nike": "filter", "category=Sandals": "filter"}


@pytest.mark.parametrize(("text", "name"), [("apple juice", "Apple"), ("shark costume", "Shark")])
def test_a_brand_that_is_an_ordinary_word_only_boosts(parser: QueryParser, text: str, name: str) -> None:
    plan = parser.parse(text)
    assert roles(plan) == {f"brand={name}": "boost"}
    assert "an ordinary word, too" in reasons(plan)


def test_a_word_that_only_dictionaries_know_is_not_ordinary(parser: QueryParser) -> None:
    """A dell is a small valley, yet nobody looks for one."""
    assert roles(parser.parse("dell kettle")) == {"brand=Dell": "filter"}


def test_colours_mean_what_the_words_mean(parser: QueryParser) -> None:
    assert roles(parser.parse("navy shoes"))["color=Navy"] == "filter"


def test_the_model_may_say_that_an_ordinary_word_is_the_brand(shop: Shop) -> None:
    parser = shop({"apple": ("brand", 0.95)}, yaml=YAML, values=VALUES, rates=RATES)
    assert roles(parser.parse("apple kettle")) == {"brand=Apple": "filter"}
    assert roles(parser.parse("apple charger")) == {"brand=Apple": "boost"}


def test_values_of_one_label_filter_together_or_not_at_all(parser: QueryParser) -> None:
    """A filter on Samsung would hide the Apple tablets."""
    expected = {"brand=Apple": "boost", "brand=Samsung": "boost", "category=Tablets": "filter"}
    assert roles(parser.parse("apple or samsung tablet")) == expected


@pytest.mark.parametrize("text", ["nike or puma kettle", "puma/nike kettle", "nike and stylish kettle"])
def test_a_list_with_an_unknown_member_filters_nothing(parser: QueryParser, text: str) -> None:
    assert roles(parser.parse(text)) == {"brand=Nike": "boost"}


def test_a_category_still_filters_only_as_what_is_looked_for(parser: QueryParser) -> None:
    assert roles(parser.parse("black laptop stand")) == {"category=Laptops": "boost", "color=Black": "boost"}
