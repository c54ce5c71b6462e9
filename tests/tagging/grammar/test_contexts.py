"""What the words around an amount, and what its fields hold, say of it."""

from __future__ import annotations

import pytest

from bridge.entities import Interval, Stats
from bridge.schema import parse_schema
from bridge.tagging import find_quantities

SHOP = parse_schema(
    """
schema: shop
index: shop
text: [title]
labels:
  price: {kind: number, field: price, unit: EUR, model: false}
  weight: {kind: number, field: weight, unit: g, model: false}
  capacity: {kind: number, field: capacity, unit: l, model: false}
  screen: {kind: number, field: screen, unit: inch, model: false}
  ram: {kind: number, field: ram, unit: gb, model: false}
  storage: {kind: number, field: storage, unit: gb, model: false}
  temperature: {kind: number, field: temperature, unit: celsius, model: false}
  runtime: {kind: number, field: runtime, unit: minute, model: false}
  released: {kind: date, field: released, model: false}
"""
)
SPREAD = {
    "ram": Stats(min=2, median=8, max=128),
    "storage": Stats(min=32, median=512, max=8000),
    "temperature": Stats(min=-30, median=0, max=15),
}


def read(text: str) -> dict[str, object]:
    matches = find_quantities(text, SHOP, stats=SPREAD)
    return {entity.label: entity.value for match in matches for entity in (match.entity, *match.others)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("jackets under 1.200 euro", {"price": Interval(lt=1200)}),
        ("jackets under 1.200", {"price": Interval(lt=1200)}),
        ("tents €1.000 - €1.500", {"price": Interval(gte=1000, lte=1500)}),
        ("jackets under €12.50", {"price": Interval(lt=12.5)}),
        ("jackets under €1.5k", {"price": Interval(lt=1500)}),
        ("tents under 1.250 kg", {"weight": Interval(lt=1250)}),
    ],
)
def test_a_point_before_three_digits_groups_thousands_of_money_only(text: str, expected: dict[str, object]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    ["bars with at least 20g protein", "cookies under 10g sugar", "cereal less than 5 grams of fiber per serving"],
)
def test_what_a_thing_contains_is_not_its_weight(text: str) -> None:
    assert read(text) == {}


@pytest.mark.parametrize(
    ("text", "grams"), [("brown sugar 1 kg", 1000), ("500 g sugar", 500), ("cane 500 g sugar", 500)]
)
def test_what_is_sold_by_weight_has_one(text: str, grams: float) -> None:
    assert read(text) == {"weight": grams}


def test_an_amount_belongs_to_the_labels_that_it_divides() -> None:
    assert read("2 tb or more") == {"storage": Interval(gte=2000)}  # no memory is that large
    assert read("at least 4 gb") == {"ram": Interval(gte=4)}  # every disk has that
    assert read("at least 64 gb") == {"ram": Interval(gte=64), "storage": Interval(gte=64)}


def test_a_time_before_a_date_is_no_way_to_a_place() -> None:
    assert read("movies over 150 min from the 60s") == {"runtime": Interval(gt=150)}
    assert read("movies over 150 min from 1999") == {"runtime": Interval(gt=150)}
    assert read("pizza 10 minutes from downtown") == {}


def test_a_price_may_end_before_a_year() -> None:
    assert read("jackets under 200 2024 model") == {"price": Interval(lt=200)}
    assert read("jackets under 200 300 series") == {}


@pytest.mark.parametrize(
    ("text", "celsius"),
    [("bags for minus 10 degrees", -10), ("bags -10 degrees", -10), ("bags down to minus 5 celsius", -5)],
)
def test_temperatures_may_be_below_zero(text: str, celsius: float) -> None:
    assert read(text) == {"temperature": celsius}


def test_minus_before_anything_else_is_no_sign() -> None:
    assert read("laptop minus 16 gb") == {"ram": 16.0}


def test_how_much_a_carrier_holds_is_its_own_amount_and_what_it_carries_is_not() -> None:
    related = {
        text: [match.related for match in find_quantities(text, SHOP, stats=SPREAD)]
        for text in ("backpack over 40 l", "backpack under 1.2 kg", "sleeping bag below 0 celsius", "bag up to 15 inch")
    }
    assert related == {
        "backpack over 40 l": [False],
        "backpack under 1.2 kg": [False],
        "sleeping bag below 0 celsius": [False],
        "bag up to 15 inch": [True],
    }
