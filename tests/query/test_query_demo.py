"""The queries of the demo and the traps of every shop, on the real catalogues."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.clauses import Match, Range, Terms
from bridge.entities import Interval
from bridge.query import QueryParser

from .conftest import ROOT, clause, reasons, roles


def test_organic_coffee_under_20_filters_price_and_the_category_that_is_looked_for(grocery: QueryParser) -> None:
    plan = grocery.parse("organic coffee under $20")
    assert roles(plan) == {"category=Coffee": "filter", "price=<20": "filter", "category=Organic": "boost"}
    assert clause(plan, "price=<20").condition == Range("price", Interval(lt=20.0))
    assert clause(plan, "category=Coffee").condition == Terms("category", ("Coffee",))
    assert plan.required == "organic coffee"


def test_gluten_free_snacks_between_10_and_25_dollars(grocery: QueryParser) -> None:
    plan = grocery.parse("gluten free snacks between 10 and 25 dollars")
    assert roles(plan) == {"category=Snacks": "filter", "price=10..25": "filter"}
    assert clause(plan, "price=10..25").condition == Range("price", Interval(gte=10.0, lte=25.0))
    assert plan.required == "gluten free snacks"


def test_chocolate_cake_not_cheesecake_ranks_cheesecake_last_and_no_longer_asks_for_it(grocery: QueryParser) -> None:
    plan = grocery.parse("chocolate cake not cheesecake")
    assert roles(plan) == {"text!=cheesecake": "demote"}
    assert clause(plan, "text!=cheesecake").condition == Match(("name",), "cheesecake", unless="not cheesecake")
    assert plan.required == "chocolate cake"


def test_apple_smartwatch_finds_both_spellings_of_the_category(products: QueryParser) -> None:
    plan = products.parse("apple smartwatch")
    condition = next(c.condition for c in plan.clauses if c.label == "category")
    assert condition == Terms("category", ("Smartwatch", "Smartwatches"))
    assert [c.role for c in plan.clauses] == ["filter"]
    assert plan.required == "apple smartwatch"


def test_wireless_headphones_with_noise_cancelling_is_for_headphones(products: QueryParser) -> None:
    assert roles(products.parse("wireless headphones with noise cancelling")) == {"category=Headphones": "filter"}


@pytest.mark.parametrize(
    "text",
    [
        "kirkland quinoa",
        "iphone 12",
        "7 up",
        "no man's sky",
        "not another teen movie",
        "sugar-free gum",
        "shoes without laces",
        "non-stick pan",
        "chanel no 5",
        "windows 10",
        "-5 degree sleeping bag",
        "http://example.com/a:b",
        "re:zero",
    ],
)
def test_without_a_model_names_and_titles_stay_as_they_are(grocery: QueryParser, text: str) -> None:
    plan = grocery.parse(text)
    assert plan.clauses == ()
    assert plan.required == text


@pytest.mark.parametrize("text", ["coffee", "Coffee", "coffees", " coffee "])
def test_a_query_that_is_one_value_is_ordered_by_it_and_not_narrowed(grocery: QueryParser, text: str) -> None:
    plan = grocery.parse(text)
    assert roles(plan) == {"category=Coffee": "boost"}
    assert "the whole query" in reasons(plan)
    assert plan.required == text


@pytest.mark.parametrize("text", ["coffee mug under $5", "mug for coffee under $5", "coffee-maker under $5"])
def test_a_word_that_describes_another_thing_never_filters(grocery: QueryParser, text: str) -> None:
    found = roles(grocery.parse(text))
    assert found["price=<5"] == "filter"
    assert found.get("category=Coffee", "boost") == "boost"


def test_a_filter_lets_categories_through_that_hold_the_same_words(grocery: QueryParser) -> None:
    plan = grocery.parse("frozen seafood")
    assert clause(plan, "category=Seafood").condition == Terms("category", ("Meat & Seafood", "Seafood"))


def test_a_list_filters_only_when_all_its_members_are_values(grocery: QueryParser) -> None:
    assert roles(grocery.parse("cheap candy or snacks")) == {"category=Candy|Snacks": "filter"}
    assert roles(grocery.parse("tea or coffee")) == {"category=Coffee": "boost"}
    assert roles(grocery.parse("mac and coffee")) == {"category=Coffee": "boost"}


def test_a_synonym_of_the_schema_leads_to_the_stored_value(grocery: QueryParser) -> None:
    assert roles(grocery.parse("drinks under $9"))["category=Beverages & Water"] == "filter"
    # A synonym behind another word may be half of a name: it only boosts.
    assert roles(grocery.parse("vacuum cleaner")) == {"category=Cleaning Supplies": "boost"}


def _queries() -> list[tuple[str, str]]:
    import yaml

    return [
        (name, query["text"])
        for name in ("grocery", "products")
        for query in yaml.safe_load((ROOT / "examples" / name / "queries.yaml").read_text("utf-8"))["queries"]
    ]


@pytest.mark.skipif(
    not (Path(ROOT) / "bridge/models/default/gliner_config.json").exists(), reason="no embedded model in this checkout"
)
@pytest.mark.parametrize(("catalogue", "text"), _queries())
def test_what_only_the_model_says_never_filters(catalogue: str, text: str, request: pytest.FixtureRequest) -> None:
    from bridge.scorer import Scorer

    plain: QueryParser = request.getfixturevalue(catalogue)
    parser = QueryParser(plain.schema, Scorer.load("default"), plain._values)
    plan = parser.parse(text)
    for entity in plan.entities:
        assert text[entity.start : entity.end] == entity.text
    hard = {c.label for c in plan.clauses if c.role in ("filter", "exclude")}
    assert hard <= {"category", "price"}
    assert parser.parse(text) == plan
