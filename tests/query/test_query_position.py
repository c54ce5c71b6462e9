"""What a query is for: the value that nothing follows, and that nothing before it makes go with something else."""

from __future__ import annotations

import pytest

from bridge.query import QueryParser

from .conftest import Shop, roles

YAML = """
schema: shop
index: shop
engine: opensearch
text: [title]
labels:
  brand: {field: brand, use: filter, position: any}
  category: {field: category, use: filter, synonyms: {Cell Phones: [smartphone]}}
  color: {field: color, use: filter, position: any}
"""
VALUES = {
    "brand": {"Samsung": 20, "Sony": 30, "Apple": 20, "HP": 9},
    "category": {"Soundbars": 9, "Headphones": 40, "Cell Phones": 50, "Toner": 5, "Notebooks": 30, "Coffee": 9},
    "color": {"Black": 20, "Silver": 9},
}
RATES = {"brand": 1.0, "category": 1.0, "color": 1.0}


@pytest.fixture
def parser(shop: Shop) -> QueryParser:
    return shop(yaml=YAML, values=VALUES, rates=RATES)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("soundbar samsung", "Soundbars"),
        ("wireless headphones black sony", "Headphones"),
        ("smartphone samsung with stand", "Cell Phones"),
    ],
)
def test_names_and_colours_may_follow_what_they_describe(parser: QueryParser, text: str, category: str) -> None:
    assert set(roles(parser.parse(text)).values()) == {"filter"}
    assert f"category={category}" in roles(parser.parse(text))


@pytest.mark.parametrize("text", ["coffee apple", "soundbar samsung remote", "headphones sony stand"])
def test_words_behind_a_name_and_names_that_are_words_may_be_what_is_looked_for(parser: QueryParser, text: str) -> None:
    assert [role for name, role in roles(parser.parse(text)).items() if name.startswith("category")] == ["boost"]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("over ear headphones", "filter"),
        ("in ear sony headphones", "filter"),
        ("2 in 1 notebooks", "filter"),
        ("for my headphones", "boost"),
        ("for headphones", "boost"),
        ("bag for notebooks", "boost"),
        ("over ear cushions for headphones", "boost"),
    ],
)
def test_a_preposition_describes_where_it_opens_the_query_or_stands_between_numbers(
    parser: QueryParser, text: str, role: str
) -> None:
    assert [r for name, r in roles(parser.parse(text)).items() if name.startswith("category")] == [role]


@pytest.mark.parametrize("text", ["toner compatible with hp", "toner suitable for hp", "toner made for hp"])
def test_words_that_only_lead_to_a_preposition_end_the_phrase(parser: QueryParser, text: str) -> None:
    assert roles(parser.parse(text)) == {"category=Toner": "filter", "brand=HP": "boost"}
