"""Where a value may filter: with `position: any` also as a modifier, unless the words are about something else."""

from __future__ import annotations

import pytest

from bridge.query import QueryParser, StaticValues
from bridge.schema import parse_schema

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


@pytest.mark.parametrize(("text", "name"), [("apple costume", "Apple"), ("shark costume", "Shark")])
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


FILMS = """
schema: films
description: Feature films with people and genres
index: films
engine: opensearch
text: [title]
labels:
  genre: {field: genre, use: filter, position: any}
  director: {field: director, use: filter, position: any, cues: [directed by]}
  cast: {field: cast, text: actor, use: filter, position: any, cues: [starring]}
  title: {field: title_exact}
"""
FILM_VALUES = {
    "genre": {"Action": 30, "Family": 20, "Comedy": 20, "War": 5},
    "director": {"Clint Eastwood": 9, "Joel Coen": 4},
    "cast": {"Clint Eastwood": 7, "Prince": 3},
    "title": {"Star Wars": 1},
}
FILM_RATES = {"genre": 1.0, "director": 1.0, "cast": 1.0, "title_exact": 1.0}


@pytest.fixture
def films(shop: Shop) -> QueryParser:
    return shop(yaml=FILMS, values=FILM_VALUES, rates=FILM_RATES)


@pytest.mark.parametrize("text", ["action movies", "action film", "best action movies", "joel coen action"])
def test_a_genre_filters_where_it_describes_what_the_catalogue_holds(films: QueryParser, text: str) -> None:
    assert roles(films.parse(text))["genre=Action"] == "filter"


@pytest.mark.parametrize(("text", "name"), [("action figures", "Action"), ("family lamp", "Family")])
def test_a_genre_that_describes_another_thing_only_boosts(films: QueryParser, text: str, name: str) -> None:
    assert roles(films.parse(text)) == {f"genre={name}": "boost"}


def test_a_name_that_nobody_lists_may_be_described(films: QueryParser) -> None:
    """Whatever a Zorblax is: its genre is no other word's part."""
    assert roles(films.parse("action zorblax")) == {"genre=Action": "filter"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("movies directed by clint eastwood", {"director=Clint Eastwood": "filter"}),
        ("movies starring clint eastwood", {"cast=Clint Eastwood": "filter"}),
        ("clint eastwood movies", {"cast|director=Clint Eastwood": "filter"}),
        ("actor prince movies", {"cast=Prince": "filter"}),
        ("prince movies", {"cast=Prince": "boost"}),
    ],
)
def test_a_label_named_beside_a_value_is_meant(films: QueryParser, text: str, expected: dict[str, str]) -> None:
    assert roles(films.parse(text)) == expected


def test_a_value_inside_a_name_is_no_value_of_its_own(films: QueryParser) -> None:
    assert roles(films.parse("star wars rug")) == {"title=Star Wars": "boost"}


@pytest.mark.parametrize(("text", "role"), [("mini fridge", "boost"), ("mini cooper", "filter"), ("mini", "boost")])
def test_a_less_common_word_is_the_brand_beside_another_name(shop: Shop, text: str, role: str) -> None:
    yaml = YAML.replace("category:", "model: {field: model, use: filter, position: any}\n  category:")
    values = {"brand": {"MINI": 20, "Toyota": 90}, "model": {"Cooper S": 2, "Cooper": 9}}
    assert roles(shop(yaml=yaml, values=values, rates=RATES | {"model": 1.0}).parse(text))["brand=MINI"] == role


def test_a_rare_brand_named_like_a_place_needs_company(shop: Shop) -> None:
    values = {"brand": {"Fiji": 3, "Evian": 900}, "category": {"Water": 100}}
    parser = shop(yaml=YAML, values=values, rates=RATES)
    assert roles(parser.parse("wall art fiji")) == {"brand=Fiji": "boost"}
    assert roles(parser.parse("fiji water")) == {"brand=Fiji": "filter", "category=Water": "filter"}


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("tablet samsung", "filter"),  # a name behind it describes it
        ("tablet apple", "boost"),  # an ordinary word may be a thing
        ("over ear tablet", "filter"),  # the preposition opens a compound
        ("2 in 1 tablet", "filter"),
        ("for tablet", "boost"),
        ("tablet compatible with samsung", "filter"),
        ("tablet cover", "boost"),
    ],
)
def test_where_a_category_is_what_is_looked_for(parser: QueryParser, text: str, role: str) -> None:
    assert roles(parser.parse(text))["category=Tablets"] == role


def test_a_synonym_is_looked_for_behind_names_only(shop: Shop) -> None:
    yaml = YAML.replace("{field: category, use: filter}", "{field: category, use: filter, synonyms: {Tablets: [pad]}}")
    parser = shop(yaml=yaml, values=VALUES, rates=RATES)
    assert roles(parser.parse("samsung pad"))["category=Tablets"] == "filter"
    assert roles(parser.parse("knee pad"))["category=Tablets"] == "boost"


AROUND = parse_schema(
    """
schema: library
index: library
text: [title]
labels:
  author: {field: author, model: false, use: filter, position: any}
  color: {field: color, model: false, use: filter, position: any}
  material: {field: material, model: false, use: filter, position: any}
  language: {field: language, model: false, use: filter, position: any}
  city: {field: city, model: false, use: filter, position: any}
  thing: {field: thing, model: false, use: filter}
"""
)
IN_LIBRARY = StaticValues.of(
    AROUND,
    {
        "author": {"Jane Austen": 30, "Jo Nesbø": 20},
        "color": {"Green": 20, "Black": 30, "Pink": 10},
        "material": {"Leather": 20, "Silk": 9},
        "language": {"French": 20, "English": 90},
        "city": {"Austin": 9, "Denver": 9, "Boulder": 9},
        "thing": {"Sofas": 9, "Cups": 9, "Curtains": 9, "Posters": 9, "Shirts": 9},
    },
    {"author": 1.0, "color": 1.0, "material": 1.0, "language": 1.0, "city": 1.0, "thing": 1.0},
)


@pytest.mark.parametrize(
    ("filters", "boosts"),
    [
        ("green cups", "green tea cups"),  # a compound of the language
        ("pink curtain", "pink floyd poster"),  # a name that begins with the word
        ("leather sofa", "faux leather sofa"),
        ("leather sofa", "leather effect sofa"),
        ("black shirt", "black is the new pink shirt"),
        ("novels by jane austen", "biography of jane austen"),
        ("flats in austin", "flats within 25 miles of austin"),
        ("books in french", "french cooking"),
        ("french edition of emma", "learn french"),
        ("flats in boulder", "boulder flats"),
    ],
)
def test_the_words_right_around_a_value_say_whether_it_is_an_attribute(filters: str, boosts: str) -> None:
    parser = QueryParser(AROUND, None, IN_LIBRARY)
    assert {clause.role for clause in parser.parse(filters).clauses} == {"filter"}
    assert {clause.role for clause in parser.parse(boosts).clauses if clause.label != "thing"} == {"boost"}


def test_letters_with_a_stroke_are_found_without_it() -> None:
    assert roles(QueryParser(AROUND, None, IN_LIBRARY).parse("novels by jo nesbo")) == {"author=Jo Nesbø": "filter"}
