"""What shoppers type that looks like a filter and is none, or the other way round; found by cases of other people."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.entities import Stats
from bridge.query import Options, QueryParser, StaticValues
from bridge.schema import parse_schema

SCHEMA = parse_schema(
    """
schema: shop
index: shop
text: [title]
labels:
  brand: {field: brand, model: false, use: filter, position: any, links: [typo]}
  title: {field: title_exact, model: false}
  category: {field: category, model: false, use: filter, position: head}
  genre: {field: genre, model: false, use: filter, position: any}
  material: {field: material, model: false, use: filter, position: any}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
  weight: {kind: number, field: weight, unit: g, model: false, use: filter}
  released: {kind: date, field: released, model: false, use: filter}
"""
)
DAY = 86_400_000
KNOWN = StaticValues.of(
    SCHEMA,
    {
        "brand": {"The North Face": 50, "One A Day": 20, "Cheerios": 30, "BMW": 90, "Doritos": 20, "Nothing": 9},
        "title": {"1984": 1, "The Social Network": 1, "The Fall": 1},
        "category": {
            "Jackets": 90,
            "Backpacks": 60,
            "Vitamins": 50,
            "Nuts": 40,
            "Chips": 40,
            "Poles": 30,
            "Pole Racks": 5,
        },
        "genre": {"History": 80, "Horror": 90},
        "material": {"Down": 50, "Carbon Fiber": 20, "Gray Felt": 9},
    },
    {label.field or "": 1.0 for label in SCHEMA.labels.values()},
    {"released": Stats(min=-20_000 * DAY, median=10_000 * DAY, max=20_500 * DAY)},
)
NOW = Options(now=datetime(2026, 6, 15, 12, tzinfo=UTC))


def clauses(text: str) -> list[str]:
    plan = QueryParser(SCHEMA, None, KNOWN).parse(text, NOW)
    return sorted(f"{clause.role} {clause.name.removeprefix('bridge:')}" for clause in plan.clauses)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A name of several words goes without its article, one word does not.
        ("north face jackets", ["filter brand=The North Face", "filter category=Jackets"]),
        ("social network", ["boost title=The Social Network"]),
        ("fall", []),
        # British and American spellings are the same word.
        ("carbon fibre poles", ["filter category=Poles", "filter material=Carbon Fiber"]),
        ("grey felt jackets", ["filter category=Jackets", "filter material=Gray Felt"]),
        # A name with an article in it may end a phrase.
        ("one a day vitamins", ["filter brand=One A Day", "filter category=Vitamins"]),
        ("vitamins taken one a day", ["boost brand=One A Day", "boost category=Vitamins"]),
        # A name in the plural is the thing itself; another one says whose thing it is.
        ("honey nut cheerios", ["boost category=Nuts", "filter brand=Cheerios"]),
        ("chips doritos", ["filter brand=Doritos", "filter category=Chips"]),
        ("jacket north face", ["filter brand=The North Face", "filter category=Jackets"]),
        # An accessory may be two words.
        ("bmw key ring", ["boost brand=BMW"]),
        ("bmw tires", ["boost brand=BMW"]),
        # Titles end in Roman numbers.
        ("american history x", ["boost genre=History"]),
        ("history dvd", ["filter genre=History"]),
        # A material describes nothing where a preposition follows it at the start.
        ("down under tour shirt", ["boost material=Down"]),
        ("down jackets", ["filter category=Jackets", "filter material=Down"]),
        # Sizes and participles end what is looked for.
        ("jackets size 42", ["filter category=Jackets"]),
        ("jackets size xl slim", ["filter category=Jackets"]),
        ("backpacks 30x40 canvas", ["filter category=Backpacks"]),
        ("poles made of carbon fiber", ["filter category=Poles", "filter material=Carbon Fiber"]),
        ("poles carrier", ["boost category=Poles"]),
        # An exception names no limit.
        ("backpacks but under 2 kg", ["filter category=Backpacks", "filter weight=<2000"]),
        ("any backpacks but bmw", ["exclude brand!=BMW", "filter category=Backpacks"]),
    ],
)
def test_what_a_shopper_means(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


@pytest.mark.parametrize("text", ["1984 george orwell", "horror 1984"])
def test_a_number_that_is_a_title_and_a_year_may_be_either_and_stays_in_the_text(text: str) -> None:
    plan = QueryParser(SCHEMA, None, KNOWN).parse(text, NOW)
    assert {"boost title=1984", "boost released=1984-01-01..1984-12-31"} <= set(clauses(text))
    assert plan.required == text


def test_a_year_that_the_text_names_is_no_title() -> None:
    assert clauses("horror from 1984") == ["filter genre=Horror", "filter released=1984-01-01..1984-12-31"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A denied comparator is its opposite, whatever denies it; a name behind it is no brand then.
        ("backpacks nothing over 200", ["filter category=Backpacks", "filter price=<=200"]),
        ("jackets none under $50", ["filter category=Jackets", "filter price=>=50"]),
        ("horror nothing before 1990", ["filter genre=Horror", "filter released=>=1990-01-01"]),
        ("nothing backpacks", ["boost brand=Nothing", "filter category=Backpacks"]),
        # What compares the second amount says nothing of the first one.
        (
            "backpacks under 900 g and less than 40 dollars",
            ["filter category=Backpacks", "filter price=<40", "filter weight=<900"],
        ),
        ("jackets 900 g and less", ["filter category=Jackets", "filter weight=<=900"]),
        ("nuts not doritos and under $4", ["exclude brand!=Doritos", "filter category=Nuts", "filter price=<4"]),
        # A year before the price is no number of pieces.
        (
            "jackets since 2024 for at most $500",
            ["filter category=Jackets", "filter price=<=500", "filter released=>=2024-01-01"],
        ),
        ("nuts 2 for $5", ["boost category=Nuts"]),
        # Thousands that a space or an apostrophe sets apart: the first group alone is no limit.
        ("jackets under 1 299,95 $", ["filter category=Jackets", "filter price=<1299.95"]),
        ("jackets under $1 299", ["filter category=Jackets", "filter price=<1299"]),
        ("jackets under 2'000 dollars", ["filter category=Jackets", "filter price=<2000"]),
        ("jackets under 1'250.50 dollars", ["filter category=Jackets", "filter price=<1250.5"]),
        ("jackets between two hundred and four hundred bucks", ["filter category=Jackets", "filter price=200..400"]),
        # Missing spaces and full stops of abbreviations.
        ("jackets under50$", ["filter category=Jackets", "filter price=<50"]),
        ("jackets over900g", ["filter category=Jackets", "filter weight=>900"]),
        ("jackets 2kgweight", ["boost weight=~2000", "filter category=Jackets"]),
        ("under21 jackets", ["filter category=Jackets"]),
        ("2 oz. nuts", ["boost weight=~56.699046", "filter category=Nuts"]),
        # Words that only ask are no preposition, and how much of it there is none either.
        ("i'm looking for a north face jacket", ["filter brand=The North Face", "filter category=Jackets"]),
        ("looking for a case for bmw", ["boost brand=BMW"]),
        ("2 oz bag of nuts", ["boost weight=~56.699046", "filter category=Nuts"]),
        ("bag of nuts", ["boost category=Nuts"]),
        ("2 oz of nuts bread", ["boost category=Nuts", "boost weight=~56.699046"]),
        # A comma goes on with a name, to it or from it.
        ("jackets, bmw, under $90", ["filter brand=BMW", "filter category=Jackets", "filter price=<90"]),
        ("bmw, jackets", ["filter brand=BMW", "filter category=Jackets"]),
        ("tea, jackets", ["boost category=Jackets"]),
        # A list is no name of several words, unless its first word is no value.
        ("jackets, poles", ["filter category=Jackets|Poles"]),
        ("poles, racks", ["boost category=Poles"]),
        ("poles, racks, jackets", ["boost category=Jackets", "boost category=Poles"]),
        ("poles, racks & jackets", ["boost category=Jackets", "boost category=Poles"]),
        ("bmw, opel or doritos jackets", ["boost brand=BMW", "boost brand=Doritos", "filter category=Jackets"]),
        ("jackets bmw, doritos", ["filter brand=BMW|Doritos", "filter category=Jackets"]),
        ("poles/racks", ["boost category=Poles"]),
        ("pole racks", ["boost category=Pole Racks"]),
        ("north, face jackets", ["filter brand=The North Face", "filter category=Jackets"]),
        # An amount in another currency ends what is looked for, too.
        ("jackets 20-40 quid", ["filter category=Jackets"]),
        # What only asks may open with a negation.
        ("don't show me bmw jackets", ["demote brand!=BMW", "filter category=Jackets"]),
        ("jackets besides bmw", ["exclude brand!=BMW", "filter category=Jackets"]),
    ],
)
def test_what_is_said_aloud_or_typed_in_haste(text: str, expected: list[str]) -> None:
    assert clauses(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price:[* TO 300] jackets", "filter price=<=300"),
        ("price:[100 TO *] jackets", "filter price=>=100"),
        ("price:[100 TO 300] jackets", "filter price=100..300"),
    ],
)
def test_lucenes_ranges_may_be_open(text: str, expected: str) -> None:
    assert clauses(text) == ["filter category=Jackets", expected]


@pytest.mark.parametrize("text", ["price:[* TO *] jackets", "price:[* TO x] jackets"])
def test_a_range_without_an_end_says_nothing(text: str) -> None:
    assert not [clause for clause in clauses(text) if "price" in clause]
