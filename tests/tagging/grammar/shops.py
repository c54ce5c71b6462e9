"""Schemas whose numbers the grammar's tests read."""

from __future__ import annotations

from bridge.schema import Schema, parse_schema

HEAD = "schema: shop\nindex: shop\ntext: [title]\nlabels:\n"


def schema_of(**labels: str) -> Schema:
    """A schema of number labels, each given by its keys."""
    lines = [f"  {name}: {{kind: number, field: {name}, model: false, {keys}}}" for name, keys in labels.items()]
    return parse_schema(HEAD + "\n".join(lines))


SHOP = schema_of(
    price="unit: USD",
    screen_size="unit: inch, cues: [screen, display]",
    ram="unit: gb, cues: [memory]",
    storage="unit: gb, cues: [ssd, hard drive]",
    weight="unit: kg",
    volume="unit: l",
    power="unit: w",
    voltage="unit: v",
    rating="unit: star",
    pieces="unit: piece",
    temperature="unit: fahrenheit",
    battery_life="unit: hour",
    warranty="unit: month",
    alcohol="unit: percent",
    seats="cues: [seater]",
)
FURNITURE = schema_of(
    price="unit: USD",
    width="unit: cm, dimension: 1",
    height="unit: cm, dimension: 2",
    depth="unit: cm, dimension: 3",
)
CARS = parse_schema(
    HEAD
    + """
  price: {kind: number, field: price, unit: USD, model: false}
  mileage: {kind: number, field: mileage, unit: mile, model: false}
  power: {kind: number, field: power, unit: hp, model: false}
  mpg: {kind: number, field: mpg, model: false, cues: [miles per gallon]}
  doors: {kind: number, field: doors, model: false}
  year: {kind: number, field: year, unit: year, model: false}
"""
)
HOMES = schema_of(
    price="unit: USD",
    rent="unit: USD",
    bedrooms="cues: [bed, br, bd]",
    bathrooms="cues: [bath, ba]",
    area="unit: sqft",
)
