"""Applying a plan: what is added, where, and what stays exactly as the caller wrote it."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest

from bridge.clauses import AnyOf, Clause, Match, Plan, Range, Terms
from bridge.engines.dsl import Found, Unchanged, apply, condition_to_dsl, find_text, rewrite
from bridge.entities import Interval
from bridge.schema import Schema, parse_schema

TEXT = "organic coffee under $20"
UNDER_20 = Clause(
    "filter", Range("price", Interval(lt=20.0)), "price", "bridge:price=<20", consumes=((15, 24),), relax=1
)
COFFEE = Clause("filter", Terms("category", ("Coffee",)), "category", "bridge:category=Coffee", start=8, end=14)
ORGANIC = Clause("boost", Terms("entities.diet", ("organic",)), "diet", "bridge:diet=organic", boost=2.0)
NOT_TEA = Clause("exclude", Terms("category", ("Tea",)), "category", "bridge:category=-Tea")
LESS_DECAF = Clause("demote", Match(("name",), "decaf"), "type", "bridge:type=-decaf", boost=0.2)
ESPRESSO = Clause("expand", Terms("entities.type", ("espresso",)), "type", "bridge:type=espresso", boost=1.5)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(
        """
schema: grocery
index: grocery
text: [name, description]
labels:
  category: {field: category, use: filter}
  price: {kind: number, field: price, unit: USD, use: filter}
  sold: {kind: date, field: sold}
  diet: {}
  type: {}
"""
    )


def plan(*clauses: Clause, required: str | None = None, **rest: Any) -> Plan:
    taken = any(clause.consumes for clause in clauses)
    return Plan("grocery", TEXT, required or ("organic coffee" if taken else TEXT), clauses, **rest)


def rewritten(query: Any, schema: Schema, *clauses: Clause, **rest: Any) -> Any:
    """The query after the plan, without the name of the outer bool, which is a hash."""
    body = {"query": query}
    found = find_text(body, schema)
    assert isinstance(found, Found), found
    result = rewrite(body, found, plan(*clauses, **rest), schema)
    assert result.changed
    return unmarked(result.body["query"])


def unmarked(node: Any) -> Any:
    if isinstance(node, dict):
        rest = {k: v for k, v in node.items() if not (k == "_name" and "=" not in str(v) and v.startswith("bridge:"))}
        return {key: unmarked(value) for key, value in rest.items()}
    return [unmarked(item) for item in node] if isinstance(node, list) else node


MATCH = {"match": {"name": {"query": TEXT, "operator": "OR", "boost": 2.0, "_name": "mine", "fuzziness": "AUTO"}}}
PRICE = {"range": {"price": {"lt": 20, "_name": "bridge:price=<20"}}}
CATEGORY = {"terms": {"category": ["Coffee"], "_name": "bridge:category=Coffee"}}


def test_a_filter_goes_beside_the_text_and_adds_no_score(schema: Schema) -> None:
    assert rewritten(MATCH, schema, COFFEE) == {"bool": {"must": [MATCH], "filter": [CATEGORY]}}


def test_words_with_a_clause_are_no_longer_required_and_the_original_still_scores(schema: Schema) -> None:
    shorter = {"query": "organic coffee", "operator": "OR", "boost": 2.0, "_name": "mine", "fuzziness": "AUTO"}
    assert rewritten(MATCH, schema, UNDER_20) == {
        "bool": {
            "filter": [{"match": {"name": {**shorter, "zero_terms_query": "all"}}}, PRICE],
            "should": [MATCH],
        }
    }


def test_under_operator_and_the_better_of_both_leaves_scores(schema: Schema) -> None:
    leaf = {"multi_match": {"query": TEXT, "fields": ["name^3.0"], "operator": "AND", "_name": "mine"}}
    edited = {"multi_match": {**leaf["multi_match"], "query": "organic coffee", "zero_terms_query": "all"}}
    original = {"multi_match": {"query": TEXT, "fields": ["name^3.0"], "operator": "AND"}}
    assert rewritten(leaf, schema, UNDER_20) == {
        "bool": {"filter": [edited, PRICE], "should": [{"dis_max": {"queries": [original, edited]}}]}
    }


def test_the_short_form_of_a_leaf_is_edited_too(schema: Schema) -> None:
    assert rewritten({"match": {"name": TEXT}}, schema, UNDER_20)["bool"]["filter"][0] == {
        "match": {"name": {"query": "organic coffee", "zero_terms_query": "all"}}
    }


def test_a_text_that_is_all_clauses_requires_no_text(schema: Schema) -> None:
    everything = replace(UNDER_20, consumes=((0, len(TEXT)),))
    body = {"query": MATCH}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    result = rewrite(body, found, replace(plan(everything), required=""), schema)
    assert unmarked(result.body["query"]) == {"bool": {"filter": [PRICE], "should": [MATCH]}}
    softer = replace(everything, role="demote")
    result = rewrite(body, found, replace(plan(softer), required=""), schema)
    positive = unmarked(result.body["query"])["boosting"]["positive"]
    assert positive == {"bool": {"filter": [{"match_all": {}}], "should": [MATCH]}}, "should must not decide about hits"


def test_boosts_exclusions_demotions(schema: Schema) -> None:
    assert rewritten(MATCH, schema, ORGANIC, NOT_TEA, LESS_DECAF) == {
        "boosting": {
            "positive": {
                "bool": {
                    "must": [MATCH],
                    "must_not": [{"terms": {"category": ["Tea"], "_name": "bridge:category=-Tea"}}],
                    "should": [
                        {
                            "constant_score": {
                                "filter": {"terms": {"entities.diet": ["organic"]}},
                                "boost": 2,
                                "_name": "bridge:diet=organic",
                            }
                        }
                    ],
                }
            },
            "negative": {
                "multi_match": {"query": "decaf", "fields": ["name"], "type": "phrase", "_name": "bridge:type=-decaf"}
            },
            "negative_boost": 0.2,
        }
    }


@pytest.mark.parametrize(("boost", "kept"), [(1.0, 0.5), (0.25, 0.25), (4.0, 0.25), (0.0, 0.5)])
def test_a_demotion_always_lowers_the_score(boost: float, kept: float, schema: Schema) -> None:
    query = rewritten(MATCH, schema, replace(LESS_DECAF, boost=boost))
    assert query["boosting"]["negative_boost"] == kept


def test_an_expansion_is_another_way_to_match_the_text(schema: Schema) -> None:
    value = {
        "constant_score": {
            "filter": {"terms": {"entities.type": ["espresso"]}},
            "boost": 1.5,
            "_name": "bridge:type=espresso",
        }
    }
    every_word = {"match": {"name": {"query": TEXT, "operator": "and", "boost": 2.0}}}
    assert rewritten(MATCH, schema, ESPRESSO) == {
        "bool": {
            "must": [{"bool": {"should": [MATCH, value], "minimum_should_match": "1"}}],
            "should": [every_word],
        }
    }
    both = rewritten(MATCH, schema, ESPRESSO, UNDER_20)["bool"]
    assert both["filter"][0]["bool"]["should"][1] == value
    every_word["match"]["name"]["query"] = "organic coffee"
    assert both["should"] == [MATCH, value, every_word]


@pytest.mark.parametrize(
    ("leaf", "expected"),
    [
        (
            {"multi_match": {"query": TEXT, "fields": ["name^3", "description"], "lenient": True, "tie_breaker": 0.3}},
            {"multi_match": {"fields": ["name^3", "description"], "lenient": True, "type": "cross_fields"}},
        ),
        (
            {"multi_match": {"query": TEXT, "fields": ["name"], "type": "most_fields", "fuzziness": 1, "_name": "x"}},
            {"multi_match": {"fields": ["name"], "type": "cross_fields"}},
        ),
        ({"combined_fields": {"query": TEXT, "fields": ["name"]}}, {"combined_fields": {"fields": ["name"]}}),
        ({"match": {"name": TEXT}}, {"match": {"name": {}}}),
    ],
)
def test_where_any_word_will_do_one_with_every_word_scores_once_more_beside_an_expansion(
    leaf: Any, expected: Any, schema: Schema
) -> None:
    (kind, options), asked = next(iter(expected.items())), {"query": TEXT, "operator": "and"}
    options = dict.fromkeys(options, asked) if kind == "match" else {**options, **asked}
    assert rewritten(leaf, schema, ESPRESSO)["bool"]["should"] == [{kind: options}]


@pytest.mark.parametrize(
    "leaf",
    [
        {"multi_match": {"query": TEXT, "fields": ["name"], "operator": "and"}},
        {"multi_match": {"query": TEXT, "fields": ["name"], "minimum_should_match": "75%"}},
        {"multi_match": {"query": TEXT, "fields": ["name"], "type": "phrase_prefix"}},
        {"match_bool_prefix": {"name": TEXT}},
        {"simple_query_string": {"query": TEXT, "fields": ["name"]}},
    ],
)
def test_a_text_that_already_asks_for_more_than_any_word_scores_as_it_did(leaf: Any, schema: Schema) -> None:
    assert list(rewritten(leaf, schema, ESPRESSO)["bool"]) == ["must"]


def test_the_callers_own_bool_is_wrapped_and_not_edited(schema: Schema) -> None:
    own = {
        "bool": {
            "must": [{"match": {"name": TEXT}}],
            "should": [{"term": {"promoted": True}}],
            "filter": [{"term": {"shop": 7}}],
            "must_not": [{"term": {"hidden": True}}],
            "minimum_should_match": 0,
            "boost": 3.0,
        }
    }
    new = rewritten(own, schema, COFFEE, ORGANIC)
    assert list(new["bool"]) == list(own["bool"])
    assert {key: new["bool"][key] for key in own["bool"] if key != "must"} == {
        key: own["bool"][key] for key in own["bool"] if key != "must"
    }
    assert new["bool"]["must"][0]["bool"]["filter"] == [CATEGORY]


def test_two_required_leaves_are_each_edited_and_filters_attach_once_around_them(schema: Schema) -> None:
    query = {"bool": {"must": [{"match": {"name": TEXT}}, {"match": {"description": TEXT}}]}}
    new = rewritten(query, schema, UNDER_20)
    assert new["bool"]["filter"] == [PRICE]
    inner = new["bool"]["must"][0]["bool"]["must"]
    for leaf, field in zip(inner, ("name", "description"), strict=True):
        assert leaf["bool"]["filter"][0]["match"][field]["query"] == "organic coffee"
        assert leaf["bool"]["should"] == [{"match": {field: TEXT}}]


def test_an_optional_leaf_scores_as_before(schema: Schema) -> None:
    phrase = {"match_phrase": {"name": {"query": TEXT, "boost": 4}}}
    query = {"bool": {"must": [{"match": {"name": TEXT}}], "should": [phrase]}}
    new = rewritten(query, schema, UNDER_20)
    assert new["bool"]["should"] == [phrase]


@pytest.mark.parametrize(
    "query",
    [
        {"bool": {"should": [{"match": {"name": TEXT}}, {"term": {"sku": "x1"}}]}},
        {"dis_max": {"queries": [{"match": {"name": TEXT}}, {"match": {"description": TEXT}}]}},
        {"bool": {"must": [{"term": {"a": 1}}], "should": [{"match": {"name": TEXT}}]}},
    ],
)
def test_where_hits_need_not_match_the_text_clauses_only_change_scores(query: Any, schema: Schema) -> None:
    new = rewritten(query, schema, UNDER_20, replace(NOT_TEA, boost=100.0), ESPRESSO)
    boosting = new["boosting"]
    assert boosting["negative_boost"] == 0.5, "an exclusion has no strength of its own"
    assert boosting["negative"]["terms"]["category"] == ["Tea"]
    outer = boosting["positive"]["bool"]
    assert outer["must"] == [query], "the caller's query, whole and untouched"
    assert set(outer) == {"must", "should"}
    assert [item["constant_score"]["_name"] for item in outer["should"]] == ["bridge:price=<20", "bridge:type=espresso"]


@pytest.mark.parametrize(
    "leaf",
    [
        {"match": {"name": {"query": TEXT, "minimum_should_match": 3}}},
        {"match": {"name": {"query": TEXT, "minimum_should_match": "2<75%"}}},
        {"match_phrase_prefix": {"name": TEXT}},
        {"simple_query_string": {"query": TEXT, "fields": ["name"], "minimum_should_match": "2"}},
    ],
)
def test_where_the_text_must_stay_whole_a_clause_that_wants_its_words_boosts(leaf: Any, schema: Schema) -> None:
    new = rewritten(leaf, schema, UNDER_20, COFFEE)
    assert new["bool"]["must"] == [leaf]
    assert new["bool"]["filter"] == [CATEGORY], "a clause that takes no words keeps its role"
    assert new["bool"]["should"][0]["constant_score"]["filter"] == {"range": {"price": {"lt": 20}}}


def test_notes_say_what_became_of_the_plan_and_never_quote_the_text(schema: Schema) -> None:
    body = {"query": {"match_phrase": {"name": TEXT}}}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    notes = rewrite(body, found, plan(UNDER_20), schema).notes
    assert notes == (
        "price: boost in place of filter, because the text is searched as a phrase",
        "the text stays whole, because the text is searched as a phrase",
    )


def test_free_text_never_decides_about_hits(schema: Schema) -> None:
    new = rewritten(MATCH, schema, replace(LESS_DECAF, role="exclude"))
    assert "must_not" not in new["boosting"]["positive"]["bool"]
    new = rewritten(MATCH, schema, replace(LESS_DECAF, role="filter"))
    assert "filter" not in new["bool"]


def test_tiers_score_filters_above_any_text_in_the_order_of_relaxation(schema: Schema) -> None:
    new = rewritten(MATCH, schema, COFFEE, UNDER_20, mode="tiers")["bool"]
    assert [next(iter(item)) for item in new["filter"]] == ["match"], "no hard filter, but the words have left"
    scores = {item["constant_score"]["_name"]: item["constant_score"]["boost"] for item in new["should"][1:]}
    # The leaf's own boost is 2, so a tier is twice as high; `price` (relax 1) goes first, so it weighs less.
    assert scores == {"bridge:price=<20": 2000, "bridge:category=Coffee": 4000}


def test_hybrid_stays_on_top_and_every_part_gets_the_filter(schema: Schema) -> None:
    own = {"term": {"shop": 7}}
    query = {
        "hybrid": {
            "queries": [
                {"match": {"name": TEXT}},
                {"knn": {"embedding": {"vector": [0.25, 0.5], "k": 5, "filter": own}}},
            ]
        }
    }
    new = rewritten(query, schema, COFFEE, NOT_TEA, ORGANIC)
    text, vector = new["hybrid"]["queries"]
    assert text["bool"]["filter"] == [CATEGORY]
    assert vector["knn"]["embedding"]["vector"] == [0.25, 0.5]
    assert vector["knn"]["embedding"]["filter"]["bool"]["filter"] == [own, CATEGORY]
    assert vector["knn"]["embedding"]["filter"]["bool"]["must_not"][0]["terms"]["category"] == ["Tea"]


def test_a_vector_search_that_has_no_filter_yet_is_given_one(schema: Schema) -> None:
    knn = {"field": "embedding", "query_vector": [0.25], "k": 5}
    body = {"query": {"match": {"name": TEXT}}, "knn": knn}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    new = apply(body, found, plan(COFFEE), schema)
    assert unmarked(new["knn"]) == {**knn, "filter": {"bool": {"filter": [CATEGORY]}}}
    assert apply(body, found, plan(ORGANIC), schema)["knn"] == knn, "a vector search has no place for boosts"


def test_a_text_in_ext_becomes_a_search_in_the_schemas_text_fields(schema: Schema) -> None:
    body = {"query": {"match_all": {}}, "ext": {"ml_inference": {"query_text": TEXT}}}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    new = apply(body, found, plan(UNDER_20), schema)
    leaf = {"multi_match": {"query": TEXT, "fields": ["name", "description"]}}
    assert unmarked(new["query"])["bool"]["should"] == [leaf]
    assert new["ext"] == body["ext"]
    without_clauses = apply(body, found, plan(), schema)
    assert unmarked(without_clauses["query"]) == {"bool": {"must": [leaf]}}, "match_all would answer every document"


def test_rewriting_twice_is_rewriting_once(schema: Schema) -> None:
    body = {"query": MATCH}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    once = apply(body, found, plan(UNDER_20, COFFEE, ORGANIC, LESS_DECAF), schema)
    assert find_text(once, schema) == Unchanged("the query is rewritten already")


def test_the_same_plan_gives_the_same_bytes_and_another_plan_another_name(schema: Schema) -> None:
    body = {"query": {"match": {"name": TEXT}}}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    first = apply(body, found, plan(COFFEE, ORGANIC), schema)
    assert first == apply(body, found, plan(COFFEE, ORGANIC, generation="7"), schema)
    assert first["query"]["bool"]["_name"].startswith("bridge:")
    other = apply(body, found, plan(COFFEE, replace(ORGANIC, boost=3.0)), schema)
    assert first["query"]["bool"]["_name"] != other["query"]["bool"]["_name"]


def test_the_caller_s_body_is_not_touched(schema: Schema) -> None:
    body = {"query": {"bool": {"must": [MATCH, {"match": {"description": TEXT}}], "filter": [{"term": {"a": 1}}]}}}
    before = copy.deepcopy(body)
    found = find_text(body, schema)
    assert isinstance(found, Found)
    apply(body, found, plan(UNDER_20, COFFEE, ORGANIC, LESS_DECAF, ESPRESSO), schema)
    assert body == before


def test_a_plan_for_another_text_or_schema_changes_nothing(schema: Schema) -> None:
    body = {"query": MATCH}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    for other in (replace(plan(COFFEE), text="tea"), replace(plan(COFFEE), schema="products"), plan()):
        result = rewrite(body, found, other, schema)
        assert (result.body, result.changed) == (body, False)


class TestConditions:
    def test_terms(self) -> None:
        assert condition_to_dsl(Terms("a", ("x", 3, 2.5, True))) == {"terms": {"a": ["x", 3, 2.5, True]}}

    def test_range_with_bounds_of_either_kind(self) -> None:
        assert condition_to_dsl(Range("a", Interval(gte=1.5, lt=2.0))) == {"range": {"a": {"gte": 1.5, "lt": 2}}}
        assert condition_to_dsl(Range("a", Interval(gt=1, lte=2))) == {"range": {"a": {"gt": 1, "lte": 2}}}

    def test_any_of(self) -> None:
        parts = (Terms("a", ("x",)), Terms("b", ("x",)))
        assert condition_to_dsl(AnyOf(parts)) == {
            "bool": {"should": [{"terms": {"a": ["x"]}}, {"terms": {"b": ["x"]}}], "minimum_should_match": "1"}
        }
        assert condition_to_dsl(AnyOf(parts[:1])) == {"terms": {"a": ["x"]}}

    @pytest.mark.parametrize(
        "empty",
        [
            Terms("a", ()),
            Terms("a", (float("nan"),)),
            Range("a", Interval()),
            Range("a", Interval(gte=float("inf"))),
            AnyOf(()),
            AnyOf((Terms("a", ("x",)), Range("b", Interval()))),
            Match(("name",), " "),
            Match((), "x"),
        ],
    )
    def test_a_condition_that_says_nothing_never_empties_a_search(self, empty: Any, schema: Schema) -> None:
        assert condition_to_dsl(empty) is None
        body = {"query": MATCH}
        found = find_text(body, schema)
        assert isinstance(found, Found)
        result = rewrite(body, found, plan(replace(COFFEE, condition=empty)), schema)
        assert (result.body, result.changed) == (body, False)

    def test_dates_are_milliseconds_and_written_whole(self, schema: Schema) -> None:
        clause = Clause("filter", Range("sold", Interval(gte=1.7e12)), "sold", "bridge:sold=x")
        query = rewritten(MATCH, schema, clause)
        assert query["bool"]["filter"] == [
            {"range": {"sold": {"gte": 1700000000000, "format": "epoch_millis", "_name": "bridge:sold=x"}}}
        ]


def test_a_demoted_phrase_spares_documents_that_say_it_as_the_user_did() -> None:
    condition = Match(("name",), "guns", unless="not guns")
    made = condition_to_dsl(condition)
    assert made is not None
    (exempt,) = made["bool"]["must_not"]
    assert exempt["multi_match"]["query"] == "not guns"
    assert exempt["multi_match"]["analyzer"] == "standard", "most analyzers of text drop the `not`"
