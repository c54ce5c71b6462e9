"""Clauses that order hits: graded boosts, ranks, and a `sort` where the search has no order of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.clauses import Clause, Near, Plan, Rank, Terms
from bridge.engines.dsl import Found, Unchanged, find_text, rewrite
from bridge.entities import Interval
from bridge.schema import Schema, parse_schema

TEXT = "cheapest 15 inch laptops"
DAY = 86_400_000
INCHES = Clause("boost", Near("screen", 15.0, Interval(13.5, lte=16.5)), "screen", "bridge:screen=~15", boost=2.0)
CHEAPEST = Clause(
    "sort", Rank("price", "lowest", 10.0, 90.0), "price", "bridge:price=lowest", boost=2.0, consumes=((0, 8),)
)
NEWEST = Clause("boost", Rank("sold", "highest", -3.0 * DAY, 40.0 * DAY), "sold", "bridge:sold=highest", boost=2.0)
POPULAR = Clause("boost", Rank("popularity", "highest"), "popularity", "bridge:popularity=highest", boost=2.0)
LAPTOPS = Clause("filter", Terms("category", ("Laptops",)), "category", "bridge:category=Laptops")


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(
        """
schema: shop
index: shop
text: [name]
labels:
  category: {field: category, use: filter}
  price: {kind: number, field: price, unit: USD, use: filter, sort: sort}
  screen: {kind: number, field: screen, unit: inch}
  sold: {kind: date, field: sold}
  popularity: {kind: rank, field: popularity}
"""
    )


def rewritten(body: dict[str, Any], schema: Schema, *clauses: Clause, **how: Any) -> tuple[dict[str, Any], str]:
    found = find_text(body, schema)
    assert isinstance(found, Found), found
    required = "15 inch laptops" if any(clause.consumes for clause in clauses) else TEXT
    result = rewrite(body, found, Plan("shop", TEXT, required, clauses), schema, **how)
    assert result.changed
    return result.body, "; ".join(result.notes)


def boosts(body: dict[str, Any]) -> list[Any]:
    return [query for query in body["query"]["bool"]["should"] if "match" not in query]


BODY = {"query": {"match": {"name": TEXT}}}


def test_a_bare_amount_gives_the_whole_boost_at_the_amount_and_half_at_the_ends(schema: Schema) -> None:
    body, _ = rewritten(BODY, schema, INCHES)
    assert boosts(body) == [
        {
            "function_score": {
                "query": {"range": {"screen": {"gte": 13.5, "lte": 16.5}}},
                "functions": [{"linear": {"screen": {"origin": 15, "scale": 1.5, "decay": 0.5}}, "weight": 2}],
                "boost_mode": "replace",
                "_name": "bridge:screen=~15",
            }
        }
    ]


def test_an_amount_without_tolerance_is_met_or_not(schema: Schema) -> None:
    exact = replace(INCHES, condition=Near("screen", 15.0, Interval(15.0, lte=15.0)))
    body, _ = rewritten(BODY, schema, exact)
    assert boosts(body) == [
        {
            "constant_score": {
                "filter": {"range": {"screen": {"gte": 15, "lte": 15}}},
                "boost": 2,
                "_name": "bridge:screen=~15",
            }
        }
    ]


def test_a_day_is_written_as_a_distance_from_now_which_every_date_format_reads(schema: Schema) -> None:
    body, _ = rewritten(BODY, schema, NEWEST)
    feature = {"field": "sold", "origin": "now-3d", "pivot": "40d", "boost": 2, "_name": "bridge:sold=highest"}
    assert boosts(body) == [{"distance_feature": feature}]
    today = replace(NEWEST, condition=Rank("sold", "highest", 0.0, 5.0))
    assert boosts(rewritten(BODY, schema, today)[0])[0]["distance_feature"]["origin"] == "now"


def test_a_rank_feature_knows_its_scale_itself(schema: Schema) -> None:
    body, _ = rewritten(BODY, schema, POPULAR)
    assert boosts(body) == [{"rank_feature": {"field": "popularity", "boost": 2, "_name": "bridge:popularity=highest"}}]


def test_a_search_without_an_order_is_ordered(schema: Schema) -> None:
    body, notes = rewritten({"size": 5, **BODY}, schema, CHEAPEST, LAPTOPS)
    assert list(body) == ["size", "query", "sort"]
    assert body["sort"] == [{"price": {"order": "asc", "missing": "_last", "unmapped_type": "double"}}, "_score"]
    assert "bridge:price=lowest" not in str(body["query"]), "an order is no condition"
    assert body["query"]["bool"]["filter"][0]["match"]["name"]["query"] == "15 inch laptops"
    assert not notes
    newest = replace(NEWEST, role="sort")
    both = rewritten(BODY, schema, newest, CHEAPEST)[0]["sort"]
    assert [next(iter(entry)) for entry in both[:2]] == ["sold", "price"]
    assert both[0]["sold"] == {"order": "desc", "missing": "_last", "unmapped_type": "date"}


def test_an_ordered_search_is_left_alone_ever_after(schema: Schema) -> None:
    body, _ = rewritten(BODY, schema, CHEAPEST)
    assert find_text(body, schema) == Unchanged("the query is rewritten already")


DECAY = {
    "function_score": {
        "query": {"exists": {"field": "price"}},
        "functions": [{"exp": {"price": {"origin": 10, "scale": 90, "decay": 0.5}}, "weight": 2}],
        "boost_mode": "replace",
        "_name": "bridge:price=lowest",
    }
}


@pytest.mark.parametrize(
    ("own", "why"),
    [
        ({"sort": ["_score"]}, "a sort of its own"),
        ({"rescore": {"window_size": 5, "query": {}}}, "a rescore of its own"),
        ({"knn": {"field": "v", "query_vector": [0.5], "k": 3}}, "a knn of its own"),
        ({"rank": {"rrf": {}}}, "a rank of its own"),
        ({"query": {"hybrid": {"queries": [BODY["query"]]}}}, "nearest neighbours"),
        ({"query": {"bool": {"must": BODY["query"], "should": {"neural": {"v": {}}}}}}, "nearest neighbours"),
    ],
)
def test_a_search_with_an_order_of_its_own_keeps_it_and_is_boosted(
    schema: Schema, own: dict[str, Any], why: str
) -> None:
    sent = {**BODY, **own}
    body, notes = rewritten(sent, schema, CHEAPEST)
    assert list(body) == list(sent)
    assert body.get("sort") == own.get("sort")
    assert f"price: boost in place of sort, because the search {'looks for' if 'near' in why else 'has'} {why}" in notes
    assert str(DECAY) in str(body["query"])


def test_where_only_the_query_comes_back_an_order_boosts(schema: Schema) -> None:
    body, notes = rewritten(BODY, schema, CHEAPEST, query_only=True)
    assert list(body) == ["query"]
    assert boosts(body) == [DECAY]
    assert "a search pipeline changes only the query" in notes


def test_where_filters_order_the_hits_an_order_boosts_below_them(schema: Schema) -> None:
    """Sorted by price, the cheapest bag would stand before every laptop."""
    found = find_text(BODY, schema)
    assert isinstance(found, Found)
    plan = Plan("shop", TEXT, "15 inch laptops", (LAPTOPS, CHEAPEST), mode="tiers")
    result = rewrite(BODY, found, plan, schema)
    assert "sort" not in result.body
    assert "the filters order the hits" in "; ".join(result.notes)
    alone = rewrite(BODY, found, Plan("shop", TEXT, "15 inch laptops", (CHEAPEST,), mode="tiers"), schema)
    assert "sort" in alone.body


def test_where_hits_need_not_match_the_text_an_order_boosts(schema: Schema) -> None:
    """Sorted by price, whatever else is found would stand before what the user asked for."""
    sent = {"query": {"bool": {"should": [BODY["query"], {"term": {"shop": 7}}]}}}
    body, notes = rewritten(sent, schema, CHEAPEST)
    assert "sort" not in body
    assert "one of several ways to match" in notes


def test_a_rank_that_cannot_be_scored_is_left_out_and_its_words_stay(schema: Schema) -> None:
    unknown = replace(CHEAPEST, role="boost", condition=Rank("price", "lowest"))
    body, notes = rewritten(BODY, schema, unknown, LAPTOPS)
    assert notes == "price: the condition is empty, left out"
    assert body["query"]["bool"]["must"] == [BODY["query"]]
    worst = replace(POPULAR, condition=Rank("popularity", "lowest"))
    assert "left out" in rewritten(BODY, schema, worst, LAPTOPS)[1]
