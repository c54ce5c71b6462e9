"""One plan in five languages, word for word; and that no value, field or text can break out of its place."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clauses import AnyOf, Clause, Match, Near, Plan, Range, Rank, Terms
from bridge.engines._lucene import lucene, moment, quoted
from bridge.engines.dialects import LANGUAGES, Language, in_dialect
from bridge.entities import Interval
from bridge.schema import parse_schema

SCHEMA = parse_schema(
    """
schema: shop
index: shop
text: [title, description]
labels:
  brand: {field: brand, use: filter}
  color: {}
  price: {kind: number, field: price, unit: USD, use: filter}
  weight: {kind: number, unit: kg}
  ages: {kind: range, field: ages, unit: month}
  released: {kind: date, field: released}
"""
)
TEXT = "red nike shoes under $50"
NIKE = Clause("filter", Terms("brand", ("Nike", "NIKE")), "brand", "bridge:brand=Nike", relax=1)
UNDER_50 = Clause("filter", Range("price", Interval(lt=50.0)), "price", "bridge:price=<50", consumes=((15, 24),))
RED = Clause("boost", Terms("entities.color", ("red",)), "color", "bridge:color=red", boost=2.0)
NOT_RED = Clause("exclude", Terms("entities.color", ("red",)), "color", "bridge:color!=red")
LIGHT = Clause("filter", Range("entities.weight", Interval(gte=1.0, lt=2.5)), "weight", "bridge:weight=1..<2.5")
AGES = Clause("filter", Range("ages", Interval(gte=24.0, lte=36.0)), "ages", "bridge:ages=24..36")
NOT_CHEAP = Clause("exclude", Range("price", Interval(lte=5.0)), "price", "bridge:price!=<=5")
IN_2020 = Clause(
    "filter", Range("released", Interval(gte=1577836800000.0, lt=1609459200000.0)), "released", "bridge:released=2020"
)
NEAR_100 = Clause("boost", Near("price", 100.0, Interval(gte=90.0, lte=110.0)), "price", "bridge:price=100", boost=1.5)
CHEAPEST = Clause("sort", Rank("price", "lowest"), "price", "bridge:price=lowest")
EITHER = Clause(
    "filter", AnyOf((Terms("brand", ("Apple",)), Terms("maker", ("Apple",)))), "brand", "bridge:brand=Apple"
)
WITHOUT_LACES = Clause("demote", Match(("title", "description"), "laces"), "color", "bridge:color!=laces", boost=0.5)


def plan(*clauses: Clause, required: str = TEXT, **how: Any) -> Plan:
    return Plan("shop", TEXT, required, clauses, **how)


MATCH = f'(MATCH(title, "{TEXT}") OR MATCH(description, "{TEXT}"))'


@pytest.mark.parametrize(
    ("made", "where", "sort"),
    [
        (plan(), MATCH, "_score DESC"),
        (plan(UNDER_50, required="nike shoes"),
         '(MATCH(title, "nike shoes") OR MATCH(description, "nike shoes")) AND price < 50', "_score DESC"),
        (plan(NIKE, UNDER_50), f'{MATCH} AND price < 50 AND (brand : "Nike" OR brand : "NIKE")', "_score DESC"),
        (plan(NOT_RED), f'{MATCH} AND NOT entities.color : "red"', "_score DESC"),
        (plan(LIGHT), f'{MATCH} AND QSTR("entities.weight:[1 TO 2.5}}")', "_score DESC"),
        (plan(AGES), f'{MATCH} AND QSTR("ages:[24 TO 36]")', "_score DESC"),
        (plan(NOT_CHEAP), f"{MATCH} AND (price IS NULL OR NOT price <= 5)", "_score DESC"),
        (plan(IN_2020), f'{MATCH} AND (released >= TO_DATETIME("2020-01-01T00:00:00.000Z") AND '
                        'released < TO_DATETIME("2021-01-01T00:00:00.000Z"))', "_score DESC"),
        (plan(EITHER), f'{MATCH} AND (brand : "Apple" OR maker : "Apple")', "_score DESC"),
        (plan(CHEAPEST), MATCH, "price ASC NULLS LAST, _score DESC"),
        (plan(UNDER_50, required=""), "price < 50", "_score DESC"),
    ],
)  # fmt: skip
def test_esql(made: Plan, where: str, sort: str) -> None:
    written = in_dialect(made, SCHEMA, "esql")
    assert (written["where"], written["sort"], written["notes"]) == (where, sort, [])
    assert written["query"] == f"FROM shop METADATA _score | WHERE {where} | SORT {sort}"


def test_esql_gives_the_hard_conditions_one_by_one_those_to_keep_longest_first() -> None:
    assert in_dialect(plan(NIKE, UNDER_50), SCHEMA, "esql")["conditions"] == [
        {"name": "bridge:price=<50", "where": "price < 50"},
        {"name": "bridge:brand=Nike", "where": '(brand : "Nike" OR brand : "NIKE")'},
    ]


def test_esql_says_what_it_cannot_say() -> None:
    assert in_dialect(plan(RED, WITHOUT_LACES, NEAR_100), SCHEMA, "esql")["notes"] == [
        "bridge:color=red: left out, since WHERE has no place for a boost",
        "bridge:color!=laces: left out, since WHERE has no place for a demote",
        "bridge:price=100: left out, since WHERE has no place for a boost",
    ]


@pytest.mark.parametrize(
    ("made", "params"),
    [
        (plan(), {}),
        (plan(NIKE, UNDER_50, required="nike shoes"),
         {"q": "nike shoes", "fq": ["{!tag=price}price:[* TO 50}", '{!tag=brand}brand:("Nike" OR "NIKE")']}),
        (plan(RED, NEAR_100), {"bq": ['entities.color:"red"^2', "price:[90 TO 110]^1.5"]}),
        (plan(NOT_RED, NOT_CHEAP),
         {"fq": ['{!tag=color}(*:* -entities.color:"red")', "{!tag=price}(*:* -price:[* TO 5])"]}),
        (plan(IN_2020), {"fq": ['{!tag=released}released:["2020-01-01T00:00:00.000Z" TO "2021-01-01T00:00:00.000Z"}']}),
        (plan(EITHER), {"fq": ['{!tag=brand}(brand:"Apple" OR maker:"Apple")']}),
        (plan(WITHOUT_LACES), {"bq": ['(*:* -(title:"laces" OR description:"laces"))^2']}),
        (plan(CHEAPEST), {"sort": "price asc, score desc"}),
        (plan(NIKE, UNDER_50, mode="tiers"), {"bq": ["price:[* TO 50}^2000", 'brand:("Nike" OR "NIKE")^1000']}),
        (plan(UNDER_50, required=""), {"q": "*:*", "fq": ["{!tag=price}price:[* TO 50}"]}),
        (plan(required="{!lucene}id:1"), {"q": "\\{!lucene}id:1"}),
    ],
)  # fmt: skip
def test_solr(made: Plan, params: dict[str, Any]) -> None:
    written = in_dialect(made, SCHEMA, "solr")
    assert written == {"params": {"q": TEXT, "defType": "edismax", "qf": "title description"} | params, "notes": []}


def test_solr_says_what_it_leaves_out() -> None:
    boost = Clause("boost", Rank("price", "lowest", 0.0, 10.0), "price", "bridge:price=lowest")
    assert in_dialect(plan(boost), SCHEMA, "solr")["notes"] == [
        "bridge:price=lowest: left out, an order that only scores needs a function query of your own"
    ]


@pytest.mark.parametrize("language", ["opensearch", "elasticsearch", "retriever"])
def test_query_dsl(language: Language) -> None:
    made = plan(NIKE, UNDER_50, RED, required="red nike shoes")
    written = in_dialect(made, SCHEMA, language)
    query = written["body"]["query"] if language != "retriever" else written["body"]["retriever"]["standard"]["query"]
    inner = dict(query["bool"])
    assert re.fullmatch(r"bridge:[0-9a-f]{16}", inner.pop("_name"))
    fields = ["title", "description"]
    assert inner == {
        "filter": [
            {"multi_match": {"query": "red nike shoes", "fields": fields, "zero_terms_query": "all"}},
            {"terms": {"brand": ["Nike", "NIKE"], "_name": "bridge:brand=Nike"}},
            {"range": {"price": {"lt": 50, "_name": "bridge:price=<50"}}},
        ],
        "should": [
            {"multi_match": {"query": TEXT, "fields": fields}},
            {"constant_score": {"filter": {"terms": {"entities.color": ["red"]}}, "boost": 2, "_name": RED.name}},
        ],
    }  # fmt: skip
    assert written["notes"] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_condition_that_says_nothing_is_left_out_everywhere(language: Language) -> None:
    empty = [
        Clause("filter", Terms("brand", ()), "brand", "bridge:brand="),
        Clause("filter", Range("price", Interval()), "price", "bridge:price="),
        Clause("filter", Range("price", Interval(lt=math.inf)), "price", "bridge:price=<inf"),
        Clause("filter", AnyOf((Terms("brand", ("a",)), Terms("maker", ()))), "brand", "bridge:brand=a"),
    ]
    written = in_dialect(plan(*empty), SCHEMA, language)
    assert len(written["notes"]) == 4
    assert "brand" not in str({key: value for key, value in written.items() if key != "notes"})


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ("brand", "brand"), ("entities.brand", "entities.brand"), ("from", "`from`"), ("a.from", "`a`.`from`"),
        ("my-brand", "`my-brand`"), ("a b", "`a b`"), ("a`b", "`a``b`"), ("1st", "`1st`"), ("größe", "`größe`"),
    ],
)  # fmt: skip
def test_names_of_fields_in_esql(field: str, written: str) -> None:
    clause = Clause("filter", Range(field, Interval(lt=1.0)), "price", "bridge:price=<1")
    assert in_dialect(plan(clause, required=""), SCHEMA, "esql")["where"] == f"{written} < 1"


STRING = re.compile(r'"(?:[^"\\\r\n]|\\[tnr"\\])*"')


@settings(deadline=None)
@given(st.text(), st.text(min_size=1))
def test_no_text_or_value_leaves_its_string_in_esql(text: str, value: str) -> None:
    """Without its strings, the query is the same whatever stands in them."""
    clause = Clause("filter", Terms("brand", (value,)), "brand", "bridge:brand=x")
    where = in_dialect(Plan("shop", text, text, (clause,)), SCHEMA, "esql")["where"]
    texts = '(MATCH(title, "") OR MATCH(description, "")) AND ' if text.strip() else ""
    assert STRING.sub('""', where) == f'{texts}brand : ""'


@settings(deadline=None)
@given(st.text(min_size=1), st.text(min_size=1))
def test_no_value_or_field_leaves_its_place_in_lucene(field: str, value: str) -> None:
    written = lucene(Terms(field, (value,)), "keyword")
    assert written is not None
    assert written.endswith(f":{quoted(value)}")
    name = written.removesuffix(f":{quoted(value)}")
    assert re.fullmatch(r"""(?:[^-+&|!(){}\[\]^"~*?:\\/\s]|\\.)*""", name, re.DOTALL)
    assert re.sub(r"\\(.)", r"\1", name, flags=re.DOTALL) == field
    assert re.fullmatch(r'"(?:[^"\\]|\\["\\])*"', quoted(value), re.DOTALL)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_is_a_moment_that_both_engines_read(milliseconds: float) -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment(milliseconds))


@settings(deadline=None)
@given(st.floats(), st.floats(), st.sampled_from(LANGUAGES))
def test_any_interval_can_be_written(low: float, high: float, language: Language) -> None:
    clauses = [
        Clause("filter", Range(field, Interval(gte=low, lt=high)), label, f"bridge:{label}=x")
        for field, label in (("price", "price"), ("released", "released"), ("entities.weight", "weight"))
    ]
    assert "nan" not in str(in_dialect(plan(*clauses), SCHEMA, language)).lower()
