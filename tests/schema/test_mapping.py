"""A schema held against an index's mapping: what is missing or of the wrong type is named."""

from __future__ import annotations

from typing import Any

from bridge.schema import check_mapping, parse_schema

SCHEMA = parse_schema(
    """
schema: shop
index: shop
text: [title, meta.body]
labels:
  brand: {}
  category: {field: category, model: false, use: filter}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
"""
)
GOOD: dict[str, Any] = {
    "title": {"type": "text"},
    "meta": {"properties": {"body": {"type": "text"}}},
    "category": {"type": "keyword"},
    "price": {"type": "scaled_float"},
}


def problems(**changes: Any) -> list[str]:
    properties = {name: body for name, body in {**GOOD, **changes}.items() if body is not None}
    return [str(problem) for problem in check_mapping(SCHEMA, "shop-1", {"properties": properties})]


def test_a_fitting_index_has_no_problems() -> None:
    assert problems() == []


def test_a_dynamically_mapped_keyword_is_pointed_at_its_sub_field() -> None:
    [problem] = problems(category={"type": "text", "fields": {"keyword": {"type": "keyword"}}})
    assert problem.startswith('index shop-1: labels.category.field: "category" is a text field, and `kind: keyword`')
    assert "`field: category.keyword` would do" in problem


def test_missing_fields_are_named() -> None:
    assert problems(title=None, titel={"type": "text"})[0].startswith('index shop-1: text[0]: no field "title"')
    assert "labels.price.field" in problems(price=None)[0]


def test_a_price_that_is_no_number_is_named() -> None:
    assert '"price" is a keyword field, and `kind: number` needs' in problems(price={"type": "keyword"})[0]


def test_a_field_of_the_users_own_under_our_prefix_is_a_clash() -> None:
    own = {"properties": {"people": {"type": "keyword"}}}
    assert 'the index has a field "entities" of its own' in problems(entities=own)[0]
    ours = {"properties": {"state": {"type": "keyword"}}}
    assert problems(entities={"properties": {"brand": {"type": "keyword"}}}, entities_meta=ours) == []
