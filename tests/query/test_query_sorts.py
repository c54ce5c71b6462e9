"""Words that order the results: a sort, a boost or nothing, by what the schema allows and what the field holds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bridge.clauses import Plan, Rank
from bridge.entities import Stats
from bridge.query import Options, QueryParser, StaticValues, decode_plan, encode_plan, human_text, plan_to_json
from bridge.schema import parse_schema

from .conftest import reasons, roles

SCHEMA = parse_schema(
    """
schema: shop
index: shop
text: [title]
labels:
  price: {kind: number, field: price, unit: USD, use: filter, sort: sort}
  screen_size: {kind: number, field: screen_size, unit: inch, sort: boost}
  released: {kind: date, field: released, use: filter, sort: sort}
  popularity: {kind: rank, field: popularity, sort: sort}
"""
)
DAY = 86_400_000.0
#: The days 0, 10 and 20 of 1970.
SPREAD = {"price": Stats(5, 40, 900), "screen_size": Stats(10, 15, 98), "released": Stats(0, 10 * DAY, 20 * DAY)}


def parse(text: str, stats: dict[str, Stats] = SPREAD, now: datetime = datetime(1970, 1, 31, 9, tzinfo=UTC)) -> Plan:
    values = StaticValues.of(SCHEMA, {}, dict.fromkeys(("price", "released", "popularity"), 1.0), stats)
    return QueryParser(SCHEMA, None, values).parse(text, Options(now=now))


def rank(text: str, **how: datetime) -> Rank:
    condition = parse(text, **how).clauses[0].condition
    assert isinstance(condition, Rank)
    return condition


def test_words_that_order_leave_the_text_and_sort_where_the_schema_lets_them() -> None:
    plan = parse("cheapest laptops")
    assert roles(plan) == {"price=lowest": "sort"}
    assert plan.required == "laptops"
    assert human_text(plan) == 'search "laptops"; order by price, lowest first'
    assert [(chip.text, chip.restored) for chip in plan.chips] == [("price: lowest", "laptops")]
    assert plan_to_json(plan)["clauses"][0]["condition"] == {
        "rank": {"field": "price", "order": "lowest", "origin": 5, "pivot": 35}
    }
    assert decode_plan(encode_plan(plan)) == plan


def test_a_label_that_may_only_boost_boosts_and_a_rank_feature_always_does() -> None:
    assert roles(parse("largest laptops")) == {"screen_size=highest": "boost"}
    assert roles(parse("most popular laptops")) == {"popularity=highest": "boost"}
    assert rank("most popular laptops") == Rank("popularity", "highest")


def test_half_of_the_boost_is_left_at_the_document_in_the_middle() -> None:
    assert rank("cheapest laptops") == Rank("price", "lowest", 5, 35)
    assert rank("most expensive laptops") == Rank("price", "highest", 900, 860)


@pytest.mark.parametrize(
    ("text", "now", "origin", "pivot"),
    [
        ("newest laptops", datetime(1970, 1, 31, 9, tzinfo=UTC), -10 * DAY, 10 * DAY),
        ("oldest laptops", datetime(1970, 1, 31, 9, tzinfo=UTC), -30 * DAY, 10 * DAY),
        ("newest laptops", datetime(1970, 1, 16, 9, tzinfo=UTC), 0.0, 5 * DAY),
    ],
    ids=["from the last day there is", "from the first", "never from the future"],
)
def test_dates_are_ordered_by_whole_days_from_today(text: str, now: datetime, origin: float, pivot: float) -> None:
    found = rank(text, now=now)
    assert (found.origin, found.pivot) == (origin, pivot)


def test_an_order_of_which_nobody_knows_the_scale_is_none() -> None:
    plan = parse("cheapest laptops", stats={})
    assert plan.clauses == ()
    assert plan.required == "cheapest laptops"
    assert "nobody knows how the values of price are spread" in reasons(plan)
    unknown = QueryParser(SCHEMA, None, StaticValues()).parse("most popular laptops")
    assert "nobody knows whether popularity is a rank feature" in reasons(unknown)
    assert "all documents have the same price" in reasons(parse("cheapest laptops", stats={"price": Stats(5, 5, 5)}))


def test_both_ends_at_once_are_no_order_and_one_said_twice_is_one() -> None:
    both = parse("cheapest laptops most expensive first")
    assert both.clauses == ()
    assert "the text asks for both ends of it" in reasons(both)
    assert roles(parse("cheapest laptops lowest price first")) == {"price=lowest": "sort"}


def test_two_orders_sort_in_the_order_of_the_text() -> None:
    plan = parse("newest laptops lowest price first")
    assert [clause.name for clause in plan.clauses] == ["bridge:released=highest", "bridge:price=lowest"]


def test_words_that_order_are_switched_off_like_any_other_inference() -> None:
    values = StaticValues.of(SCHEMA, {}, {}, SPREAD)
    parser = QueryParser(SCHEMA, None, values)
    for name in ("price", "sort", "grammar", "bridge:price=lowest"):
        plan = parser.parse("cheapest laptops", Options(disable=frozenset({name})))
        assert plan.clauses == ()
        assert plan.required == "cheapest laptops"
    assert parser.parse('"cheapest laptops" dell').clauses == ()
