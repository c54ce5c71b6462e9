"""Kinds of things: what a query looks for, found among the product types that documents carry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from bridge.clauses import Plan, Terms
from bridge.query import Options, QueryParser, StaticValues
from bridge.query._kinds import find_sought
from bridge.query._meaning import Meanings, head_noun
from bridge.query._vectors import Vectors
from bridge.schema import Schema, parse_schema
from bridge.scorer import Scorer
from bridge.tagging import Dictionary

SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  product_type: {position: head, use: expand, boost: 5}
  brand: {field: brand, model: false, use: filter, position: any}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
"""
TYPES = {
    "notebook": 300, "notebook pc": 90, "laptop bag": 30, "laptop case": 20, "notebook case": 60, "keyboard": 90,
    "usb keyboard": 9, "keyboard cover": 9, "mouse": 80, "mouse pad": 20, "headphone": 90, "headset": 50,
    "digital camera": 20, "camera bag": 9, "smartphone": 12, "coffee maker": 8, "toner": 90, "printer": 70,
    "photo paper": 40,
}  # fmt: skip
BRANDS = {"Samsung": 30, "Lenovo": 20, "HP": 90}
RATES = {"entities.product_type": 0.7, "brand": 1.0, "price": 1.0}


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("default", threads=1)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(SCHEMA)


@pytest.fixture(scope="module")
def parser(schema: Schema, scorer: Scorer) -> QueryParser:
    values = StaticValues.of(schema, {"product_type": TYPES, "brand": BRANDS}, RATES)
    return QueryParser(schema, None, values.with_meanings(schema, scorer))


def asked(plan: Plan, role: str, label: str = "product_type") -> set[object]:
    """Stored values that the clauses of one role ask for."""
    return {
        value
        for clause in plan.clauses
        if clause.role == role and clause.label == label and isinstance(clause.condition, Terms)
        for value in clause.condition.values
    }


def boost_of(plan: Plan, value: str) -> float:
    """The boost of the clause that lets documents with this kind in."""
    [boost] = [
        clause.boost
        for clause in plan.clauses
        if clause.role == "expand" and isinstance(clause.condition, Terms) and value in clause.condition.values
    ]
    return boost


def test_a_word_widens_the_text_by_the_stored_kinds_that_mean_the_same(parser: QueryParser) -> None:
    plan = parser.parse("laptop")
    assert {"notebook", "notebook pc"} <= asked(plan, "expand")
    assert plan.required == "laptop", "the text is searched as before"


def test_kinds_never_filter_and_never_exclude(parser: QueryParser) -> None:
    for text in ("laptop", "laptop under $500", "lenovo laptop", "laptop case", "camera for kids", "iphone 7"):
        roles = {clause.role for clause in parser.parse(text).clauses if clause.label == "product_type"}
        assert roles <= {"expand", "demote"}, text


def test_an_accessory_is_no_kind_of_the_thing_that_it_is_made_for(parser: QueryParser) -> None:
    plan = parser.parse("laptop")
    assert {"laptop bag", "laptop case"} <= asked(plan, "demote")
    assert not {"laptop bag", "laptop case", "notebook case", "mouse"} & asked(plan, "expand")


def test_the_thing_is_no_kind_of_its_accessory(parser: QueryParser) -> None:
    plan = parser.parse("laptop case")
    assert {"laptop case", "notebook case"} <= asked(plan, "expand")
    assert not {"notebook", "notebook pc", "mouse"} & asked(plan, "expand")
    plan = parser.parse("mouse pad")
    assert "mouse pad" in asked(plan, "expand")
    assert "mouse" in asked(plan, "demote")
    assert "printer" not in asked(parser.parse("printer paper"), "expand")


def test_what_a_thing_is_for_is_not_looked_for(parser: QueryParser) -> None:
    assert "notebook" not in asked(parser.parse("keyboard for laptop"), "expand")
    assert "keyboard" in asked(parser.parse("keyboard for laptop"), "expand")


def test_plurals_brands_and_amounts_leave_the_kind(parser: QueryParser) -> None:
    for text in ("keyboards", "lenovo keyboard", "keyboard lenovo", "keyboard under $50", "gaming keyboard"):
        assert "keyboard" in asked(parser.parse(text), "expand"), text
    assert asked(parser.parse("lenovo keyboard under $50"), "filter", "brand") == {"Lenovo"}


def test_other_words_for_a_kind_boost_more_than_the_text_can_and_its_own_words_less(parser: QueryParser) -> None:
    plan = parser.parse("laptop")
    assert boost_of(plan, "notebook") == 20.0
    assert boost_of(parser.parse("notebook"), "notebook") == 5.0
    assert boost_of(parser.parse("laptop computer"), "notebook") <= 5.0, "several words find more"


def test_a_name_or_a_word_without_a_kind_finds_the_nearest_ones(parser: QueryParser) -> None:
    plan = parser.parse("iphone 7")
    assert "smartphone" in asked(plan, "expand")
    assert boost_of(plan, "smartphone") == 4.0
    assert not asked(plan, "demote"), "nothing is sure enough to rank lower"
    assert "coffee maker" in asked(parser.parse("coffee"), "expand")


@pytest.mark.parametrize("text", ["“laptop”", "-laptop", "samsung", "the of", "qwzx"])
def test_quotes_negations_brands_and_unknown_words_name_no_kind(parser: QueryParser, text: str) -> None:
    assert not asked(parser.parse(text), "expand")


def test_a_kind_that_is_not_wanted_is_not_let_in(parser: QueryParser) -> None:
    plan = parser.parse("laptop not keyboard")
    assert "keyboard" not in asked(plan, "expand")
    assert "notebook" in asked(plan, "expand")


def test_explain_and_chips_show_what_was_let_in_and_how_near_it_is(parser: QueryParser) -> None:
    plan = parser.parse("laptop under $500")
    [line] = [line for line in plan.explain if line.clause == "bridge:product_type=notebook pc"]
    assert line.entity is not None
    assert plan.text[line.entity.start : line.entity.end] == "laptop"
    assert "notebook pc 0.7" in line.reason
    assert "notebook 0.7" in line.reason
    assert {"product type: notebook pc", "product type: not laptop bag"} <= {chip.text for chip in plan.chips}


def test_it_can_be_switched_off(parser: QueryParser, scorer: Scorer) -> None:
    for name in ("meaning", "product_type"):
        assert not parser.parse("laptop", Options(disable=frozenset({name}))).clauses, name
    for switch in ("use: boost", "use: expand, links: [typo]"):
        other = parse_schema(SCHEMA.replace("use: expand", switch))
        values = StaticValues.of(other, {"product_type": TYPES}, RATES).with_meanings(other, scorer)
        assert not asked(QueryParser(other, None, values).parse("laptop"), "expand"), switch


def test_hand_written_synonyms_and_stored_words_need_no_model() -> None:
    schema = parse_schema(SCHEMA.replace("boost: 5", "boost: 5, synonyms: {notebook: [laptop]}"))
    parser = QueryParser(schema, None, StaticValues.of(schema, {"product_type": TYPES}, RATES))
    assert asked(parser.parse("laptops"), "expand") == {"notebook"}
    assert asked(parser.parse("lenovo keyboard"), "expand") == {"keyboard"}
    assert asked(parser.parse("gaming keyboard"), "expand") == {"keyboard"}
    assert not parser.parse("laptop sleeve").clauses, "a sleeve is looked for"


def test_the_same_query_gives_the_same_plan(parser: QueryParser, schema: Schema, scorer: Scorer) -> None:
    values = StaticValues.of(schema, {"brand": BRANDS, "product_type": dict(reversed(TYPES.items()))}, RATES)
    again = QueryParser(schema, None, values.with_meanings(schema, scorer))
    for text in ("laptop", "gaming mouse", "headphones"):
        assert again.parse(text).clauses == parser.parse(text).clauses


@pytest.mark.parametrize(
    ("text", "phrase", "is_name"),
    [
        ("external cd drive", "external cd drive", False),
        ("rechargeable batteries", "rechargeable battery", False),
        ("case for laptop", "case", False),
        ("for gaming", "gaming", False),
        ("iphone 7", "iphone", True),
        ("ipad", "ipad", True),
        ("toner tn-2110", "toner", True),
        ("tn-2110 toner", "toner", False),
        ("usb-c docking station", "usb-c docking station", False),
    ],
)
def test_the_head_of_the_first_phrase_is_looked_for(schema: Schema, text: str, phrase: str, is_name: bool) -> None:
    sought = find_sought(text, schema)
    assert sought is not None
    assert (sought.phrase, sought.is_name) == (phrase, is_name)


def test_head_nouns_stand_at_the_end() -> None:
    assert [head_noun(name) for name in ("laptop bag", "headphones/headset", "mouse", "!")] == [
        "bag", "headset", "mouse", "!"
    ]  # fmt: skip


class Counting:
    """An encoder that remembers what it was asked for."""

    embeds = True
    fingerprint = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.stack([np.eye(16, dtype=np.float32)[len(text) % 16] for text in texts])


def test_head_nouns_are_encoded_once_with_the_values(schema: Schema) -> None:
    encoder = Counting()
    meanings = Meanings(schema, Dictionary({"product_type": {"laptop bag": 3, "camera bag": 2}}), encoder)
    assert sorted(encoder.asked) == ["bag", "camera bag", "laptop bag"]
    assert meanings.heads("product_type") == {"bag"}
    encoder.asked.clear()
    meanings.alike("product_type", "camera bag", "bag")
    assert encoder.asked == ["camera bag", "bag"] or not encoder.asked
