"""A schema proposed from what an index holds: it loads, and says what it saw and what it guessed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bridge.entities import Stats
from bridge.errors import InputError
from bridge.schema import Schema, parse_schema
from bridge.schema.proposal import FieldSurvey, FoundLabel, IndexSurvey, propose, strings

TITLES = ("Nike running shoes, red", "Adidas socks for men", "Puma rain jacket with hood")
TITLE = FieldSurvey("title", "text", listable=False, fill=1.0, samples=TITLES)


def values(name: str, counts: Mapping[str, int], *, fill: float = 1.0, distinct: int | None = None) -> FieldSurvey:
    many = distinct if distinct is not None else len(counts)
    return FieldSurvey(name, "keyword", fill=fill, distinct=many, values=tuple(counts.items()), samples=tuple(counts))


def numbers(name: str, low: float, median: float, high: float, type_: str = "double") -> FieldSurvey:
    return FieldSurvey(name, type_, fill=1.0, distinct=50, stats=Stats(low, median, high))


def survey(*fields: FieldSurvey, documents: int = 1000) -> IndexSurvey:
    return IndexSurvey("shop", "opensearch", documents, {one.name: one for one in (TITLE, *fields)})


def proposed(*fields: FieldSurvey, found: tuple[FoundLabel, ...] = ()) -> tuple[Schema, str]:
    text = propose(survey(*fields), "shop", found)
    return parse_schema(text), text


def test_a_field_of_values_becomes_a_label_that_filters_and_the_comment_shows_them() -> None:
    schema, text = proposed(values("brand", {"Nike": 500, "Adidas": 300, "Puma": 200}))
    label = schema.labels["brand"]
    assert (label.field, label.model, label.use, label.position) == ("brand", False, "filter", "any")
    assert "3 values: Nike (500), Adidas (300), Puma (200)" in text


def test_a_field_that_few_documents_carry_only_boosts() -> None:
    schema, text = proposed(values("color", {"red": 5}, fill=0.4, distinct=9), values("brand", {"Nike": 5, "Puma": 5}))
    assert schema.labels["color"].use == "boost"
    assert "a filter would hide the 60 % without it" in text


@pytest.mark.parametrize(
    ("field", "label", "unit"),
    [
        (numbers("price_eur", 1, 20, 900), "price", "EUR"),
        (numbers("weight_in_lbs", 1, 20, 900), "weight", "lb"),
        (numbers("screenSize", 5, 15.6, 98), "screen_size", "inch"),
        (numbers("Miles_per_Gallon", 9, 23, 46), "miles_per_gallon", "mpg"),
        (numbers("year_built", 1900, 1975, 2020, "integer"), "year_built", "year"),
        (numbers("reviews", 0, 12, 900, "integer"), "reviews", None),
    ],
)
def test_the_unit_of_a_number_comes_from_its_name_and_size(field: FieldSurvey, label: str, unit: str | None) -> None:
    schema, _ = proposed(field)
    assert (schema.labels[label].kind, schema.labels[label].unit) == ("number", unit)


def test_the_currency_of_a_price_comes_from_a_field_of_codes_or_from_the_texts() -> None:
    price = numbers("price", 1, 20, 900)
    schema, text = proposed(price, values("currency", {"GBP": 900, "EUR": 100}))
    assert schema.labels["price"].unit == "GBP"
    assert "most frequent in currency?" in text
    assert "currency" not in schema.labels
    notes = FieldSurvey("notes", "text", fill=1.0, samples=("was €20, now €15 while it lasts",))
    assert proposed(price, notes)[0].labels["price"].unit == "EUR"


def test_dynamic_mappings_give_text_for_titles_and_values_for_brands() -> None:
    brand = FieldSurvey("brand", "text", fill=1.0, samples=("Nike", "Puma"))
    schema, _ = proposed(
        brand,
        values("brand.keyword", {"Nike": 500, "Puma": 500}),
        FieldSurvey("title.keyword", "keyword", fill=1.0, distinct=990, values=((TITLES[0], 1),), samples=TITLES),
    )
    assert schema.text == ["title"]
    assert [label.field for label in schema.labels.values()] == ["brand.keyword"]


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (values("sku", {"A1": 1, "A2": 1}, distinct=1000), "identifies documents"),
        (values("serial", {"x81": 1, "y72": 1}, distinct=1000), "another value in nearly every document"),
        (values("in_stock", {"true": 800, "false": 200}), "yes or no"),
        (values("picture", {"https://a/b.png": 9, "https://a/c.png": 9}), "holds addresses"),
        (values("added", {"2024-01-02": 9, "2024-01-03": 9}), "map it as date"),
        (values("watts", {"65": 9, "90": 9}), "map it as a number"),
        (FieldSurvey("place", "geo_point", fill=1.0), "is of type geo_point"),
        (values("shop", {"main": 1000}), "the same value in all documents"),
    ],
)
def test_what_cannot_be_searched_by_is_left_out_with_the_reason(field: FieldSurvey, reason: str) -> None:
    schema, text = proposed(field, values("brand", {"Nike": 500, "Puma": 500}))
    assert list(schema.labels) == ["brand"]
    assert reason in text.replace("\n# ", " ").partition("Left out")[2]


def test_fields_of_nested_documents_are_left_out() -> None:
    _, text = proposed(
        FieldSurvey("offers", "nested"),
        values("offers.seller", {"a": 5, "b": 6}),
        values("brand", {"Nike": 500, "Puma": 500}),
    )
    assert "offers.seller: lies in nested documents" in text


def test_what_a_model_found_is_tagged_unless_a_field_holds_it_already() -> None:
    found = (
        FoundLabel("product type", 0.9, ("running shoes", "socks"), 0.89),
        FoundLabel("brand", 0.8),
        FoundLabel("color", 0.2),
    )
    schema, text = proposed(values("manufacturer", {"Nike": 500, "Puma": 500}), found=found)
    assert list(schema.labels) == ["product_type", "color", "manufacturer"]
    assert schema.model_labels() == {"product_type": "product type", "color": "color"}
    assert schema.labels["product_type"].position == "head"
    assert [label.relax for label in schema.labels.values()] == [1, 2, 3]
    assert 'finds "product type" in 90 % of the texts: running shoes, socks. Precision measured: 0.89.' in text


def test_hostile_names_and_values_cannot_break_the_yaml() -> None:
    schema, text = proposed(
        values("Größe #1: 'x'\n", {"S\nlabels: {}": 5, "\u2028 M": 4}),
        values("größe", {"L": 5, "M": 4}),
        values("1st", {"a": 5, "b": 4}),
    )
    assert set(schema.labels) == {"grosse", "field_1_st"}
    assert "\nlabels: {}" not in text
    assert len({label.field for label in schema.labels.values()}) == len(schema.labels)


def test_names_that_a_schema_cannot_take_are_left_out() -> None:
    schema, text = proposed(values("product colour", {"red": 5, "blue": 4}), values("brand", {"Nike": 5, "Puma": 5}))
    assert list(schema.labels) == ["brand"]
    assert "product colour: has a name that a schema cannot take" in text


def test_an_index_with_a_field_entities_of_its_own_gets_another_prefix() -> None:
    schema, _ = proposed(values("entities.brand", {"Nike": 500, "Puma": 500}))
    assert schema.entities == "bridge_entities"
    assert schema.labels["brand"].field == "entities.brand"


def test_an_empty_index_and_one_without_text_say_what_to_do() -> None:
    with pytest.raises(InputError, match="holds no documents"):
        propose(survey(documents=0), "shop")
    with pytest.raises(InputError, match="no field with text"):
        propose(IndexSurvey("shop", "opensearch", 5, {"n": numbers("n", 1, 2, 3)}), "shop")
    with pytest.raises(InputError, match="nothing in the index shop can be searched by but its text"):
        propose(survey(), "shop")


def test_texts_of_a_document_are_found_in_objects_arrays_and_dotted_keys() -> None:
    document = {"a": {"b": [{"c": "x"}, {"c": ["y", 3]}]}, "a.b.c": "z", "flag": True}
    assert strings(document, "a.b.c") == ["x", "y", "3", "z"]
    assert strings(document, "flag") == strings(document, "missing") == []
