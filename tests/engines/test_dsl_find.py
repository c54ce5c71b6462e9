"""Where the user's text stands in a search body, body by body as DESIGN's table lists them."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.engines.dsl import Found, Unchanged, find_text
from bridge.schema import Schema, parse_schema

TEXT = "organic coffee under $20"


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
"""
    )


def found(query: Any, schema: Schema, **rest: Any) -> Found:
    result = find_text({"query": query, **rest}, schema)
    assert isinstance(result, Found), result
    return result


def reason(query: Any, schema: Schema, **rest: Any) -> str:
    result = find_text({"query": query, **rest}, schema)
    assert isinstance(result, Unchanged), result
    return result.reason


MATCH = {"match": {"name": TEXT}}
CANONICAL_MATCH = {
    "match": {
        "description": {
            "query": TEXT,
            "operator": "OR",
            "prefix_length": 0,
            "max_expansions": 50,
            "fuzzy_transpositions": True,
            "lenient": False,
            "zero_terms_query": "NONE",
            "auto_generate_synonyms_phrase_query": True,
            "boost": 1.0,
        }
    }
}


@pytest.mark.parametrize(
    "leaf",
    [
        MATCH,
        CANONICAL_MATCH,
        {"match": {"name.english": {"query": TEXT}}},
        {"match_phrase": {"name": TEXT}},
        {"match_phrase_prefix": {"name": {"query": TEXT}}},
        {"match_bool_prefix": {"name": TEXT}},
        {"multi_match": {"query": TEXT, "fields": ["name^3.0", "description^1.0"], "type": "best_fields"}},
        {"multi_match": {"query": TEXT, "fields": ["sku", "brand", "name"]}},
        {"multi_match": {"query": TEXT, "fields": "name"}},
        {"multi_match": {"query": TEXT, "fields": ["na*"]}},
        {"multi_match": {"query": TEXT, "fields": ["name.*^2"]}},
        {"multi_match": {"query": TEXT, "fields": []}},
        {"multi_match": {"query": TEXT}},
        {"combined_fields": {"query": TEXT, "fields": ["name"]}},
        {"simple_query_string": {"query": TEXT, "fields": ["name^2"], "flags": -1}},
        {"query_string": {"query": TEXT, "default_field": "name"}},
        {"query_string": {"query": TEXT}},
    ],
)
def test_one_leaf_on_a_text_field_is_the_users_text(leaf: dict[str, Any], schema: Schema) -> None:
    result = found(leaf, schema)
    assert result.text == TEXT
    assert [item.path for item in result.leaves] == [("query",)]
    assert result.attach == ("query",)


@pytest.mark.parametrize(
    "leaf",
    [
        {"match": {"sku": TEXT}},
        {"match": {"names": TEXT}},
        {"match": {"name": 2024}},
        {"match": {"name": None}},
        {"match": {"name": {"query": ["a", "b"]}}},
        {"match": {"name": TEXT, "description": TEXT}},
        {"multi_match": {"query": TEXT, "fields": ["sku", "brand^2"]}},
        {"multi_match": {"query": TEXT, "fields": ["n?me", "[n]ame"]}},
        {"query_string": {"query": TEXT, "default_field": "sku"}},
        {"term": {"name": TEXT}},
        {"match_all": {}},
        {"wrapper": {"query": "e30="}},
        {"match": MATCH, "bool": {}},
        {"match": "name"},
        {"match": None},
        {},
    ],
)
def test_other_queries_are_no_text_leaf(leaf: dict[str, Any], schema: Schema) -> None:
    assert reason(leaf, schema) == "no query on the schema's text fields"


@pytest.mark.parametrize(
    ("query", "leaf", "attach"),
    [
        ({"bool": {"must": [MATCH]}}, ("bool", "must", 0), ("bool", "must", 0)),
        ({"bool": {"must": MATCH}}, ("bool", "must"), ("bool", "must")),
        (
            {"bool": {"filter": [{"term": {"a": 1}}], "must": [{"term": {"b": 2}}, MATCH]}},
            ("bool", "must", 1),
            ("bool", "must", 1),
        ),
        (
            {"function_score": {"query": MATCH, "functions": [{"filter": {"match": {"name": "gift"}}, "weight": 2}]}},
            ("function_score", "query"),
            ("function_score", "query"),
        ),
        (
            {"script_score": {"query": MATCH, "script": {"source": "_score * 2"}}},
            ("script_score", "query"),
            ("script_score", "query"),
        ),
        (
            {"boosting": {"positive": MATCH, "negative": {"match": {"name": "old"}}, "negative_boost": 0.5}},
            ("boosting", "positive"),
            ("boosting", "positive"),
        ),
        # Inside, boosts would have no effect: the nearest query that scores is the constant_score itself.
        ({"constant_score": {"filter": MATCH, "boost": 3.0}}, ("constant_score", "filter"), ()),
        (
            {"bool": {"must": [{"function_score": {"query": {"bool": {"must": [MATCH]}}}}]}},
            ("bool", "must", 0, "function_score", "query", "bool", "must", 0),
            ("bool", "must", 0, "function_score", "query", "bool", "must", 0),
        ),
    ],
)
def test_compounds_that_every_hit_must_pass_are_entered(
    query: dict[str, Any], leaf: tuple[Any, ...], attach: tuple[Any, ...], schema: Schema
) -> None:
    result = found(query, schema)
    assert [item.path for item in result.leaves] == [("query", *leaf)]
    assert result.leaves[0].position == "required"
    assert result.attach == ("query", *attach)


@pytest.mark.parametrize(
    ("query", "around"),
    [
        ({"bool": {"should": [MATCH, {"term": {"sku": "x1"}}]}}, ()),
        ({"bool": {"should": [MATCH]}}, ()),
        ({"bool": {"must": [{"term": {"a": 1}}], "should": [MATCH]}}, ()),
        ({"dis_max": {"queries": [MATCH, CANONICAL_MATCH], "tie_breaker": 0.0}}, ()),
        ({"bool": {"must": [{"dis_max": {"queries": [MATCH, {"term": {"sku": "x1"}}]}}]}}, ("bool", "must", 0)),
        ({"function_score": {"query": {"bool": {"should": [MATCH, CANONICAL_MATCH]}}}}, ("function_score", "query")),
    ],
)
def test_a_text_that_hits_need_not_match_takes_no_filter(
    query: dict[str, Any], around: tuple[Any, ...], schema: Schema
) -> None:
    result = found(query, schema)
    assert result.attach is None
    assert result.whole is not None
    # Boosts go around the nearest query that every hit passes, so that the hits stay the same.
    assert [point.path for point in result.points] == [("query", *around)]


def test_a_should_beside_must_is_optional_unless_the_caller_asks_for_it(schema: Schema) -> None:
    must = {"must": [{"term": {"a": 1}}], "should": [MATCH]}
    assert found({"bool": must}, schema).leaves[0].position == "optional"
    assert found({"bool": {**must, "minimum_should_match": "0"}}, schema).leaves[0].position == "optional"
    assert found({"bool": {**must, "minimum_should_match": 1}}, schema).leaves[0].position == "alternative"


def test_the_same_text_in_several_leaves_is_one_text_with_one_attach_point(schema: Schema) -> None:
    result = found({"bool": {"must": [MATCH, CANONICAL_MATCH], "filter": [{"term": {"a": 1}}]}}, schema)
    assert len(result.leaves) == 2
    assert result.attach == ("query",)

    phrase = {"match_phrase": {"name": {"query": TEXT, "boost": 4}}}
    result = found({"bool": {"must": [MATCH], "should": [phrase]}}, schema)
    assert [leaf.position for leaf in result.leaves] == ["required", "optional"]
    assert result.attach == ("query", "bool", "must", 0)
    assert result.whole is None, "a phrase that only adds to the score holds nothing back"


def test_different_texts_are_left_alone(schema: Schema) -> None:
    query = {"bool": {"must": [MATCH, {"match": {"description": "coffee"}}]}}
    assert reason(query, schema) == "several leaves search different texts"


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"bool": {"filter": [MATCH]}}, "filter"),
        ({"bool": {"filter": {"bool": {"must": [MATCH]}}}}, "filter"),
        ({"bool": {"must_not": [MATCH]}}, "must_not"),
        ({"nested": {"path": "items", "query": MATCH}}, "nested"),
        ({"has_child": {"type": "offer", "query": {"bool": {"must": MATCH}}}}, "has_child"),
        ({"has_parent": {"parent_type": "shop", "query": MATCH}}, "has_parent"),
        ({"boosting": {"positive": {"match_all": {}}, "negative": MATCH}}, "negative"),
    ],
)
def test_a_text_elsewhere_is_left_alone_and_the_place_is_named(
    query: dict[str, Any], place: str, schema: Schema
) -> None:
    assert reason(query, schema) == f"the text stands in {place}, which is left alone"


def test_a_filter_of_the_callers_own_on_a_text_field_is_not_the_users_text(schema: Schema) -> None:
    result = found({"bool": {"must": [MATCH], "filter": [{"match": {"description": "vegan"}}]}}, schema)
    assert result.text == TEXT


@pytest.mark.parametrize(
    ("options", "whole"),
    [
        ({}, None),
        ({"operator": "AND"}, None),
        ({"operator": "and", "fuzziness": "AUTO"}, None),
        ({"minimum_should_match": "75%"}, None),
        ({"minimum_should_match": "-25%"}, None),
        ({"minimum_should_match": "2"}, "minimum_should_match is absolute or combined"),
        ({"minimum_should_match": 2}, "minimum_should_match is absolute or combined"),
        ({"minimum_should_match": "-1"}, "minimum_should_match is absolute or combined"),
        ({"minimum_should_match": "2<75%"}, "minimum_should_match is absolute or combined"),
        ({"minimum_should_match": "3<-25% 9<-3"}, "minimum_should_match is absolute or combined"),
        ({"minimum_should_match": []}, "minimum_should_match is absolute or combined"),
    ],
)
def test_constraints_that_count_words_keep_the_text_whole(
    options: dict[str, Any], whole: str | None, schema: Schema
) -> None:
    assert found({"match": {"name": {"query": TEXT, **options}}}, schema).whole == whole
    assert found({"multi_match": {"query": TEXT, "fields": ["name"], **options}}, schema).whole == whole


@pytest.mark.parametrize(
    "leaf",
    [
        {"match_phrase": {"name": TEXT}},
        {"match_phrase_prefix": {"name": TEXT}},
        {"multi_match": {"query": TEXT, "fields": ["name"], "type": "phrase"}},
        {"multi_match": {"query": TEXT, "fields": ["name"], "type": "PHRASE_PREFIX"}},
    ],
)
def test_phrases_keep_the_text_whole(leaf: dict[str, Any], schema: Schema) -> None:
    assert found(leaf, schema).whole == "the text is searched as a phrase"


@pytest.mark.parametrize(
    ("text", "free"),
    [
        (TEXT, True),
        ("sugar-free cookies", True),
        ("coffee -decaf", False),
        ('"dark roast" coffee', False),
        ("coffee | tea", False),
        ("coffee~1", False),
        ("cof*", False),
    ],
)
def test_operators_of_the_query_string_kinds_keep_the_text_whole(text: str, free: bool, schema: Schema) -> None:
    for kind in ("query_string", "simple_query_string"):
        result = found({kind: {"query": text, "fields": ["name"]}}, schema)
        assert (result.whole is None) is free, kind
    # `match` knows no operators.
    assert found({"match": {"name": text}}, schema).whole is None


@pytest.mark.parametrize("text", ["coffee AND tea", "name:coffee", "price:[1 TO 5]", "a/b", "coffee^2", "NOT tea"])
def test_query_string_has_more_operators(text: str, schema: Schema) -> None:
    assert found({"query_string": {"query": text}}, schema).whole is not None


def test_hybrid_keeps_its_place_and_each_text_query_is_a_point(schema: Schema) -> None:
    vector = {"neural": {"embedding": {"query_text": TEXT, "k": 10, "filter": {"term": {"a": 1}}}}}
    result = found({"hybrid": {"queries": [MATCH, {"bool": {"must": [CANONICAL_MATCH]}}, vector]}}, schema)
    assert result.hard
    assert [(point.path[3:], point.kind) for point in result.points] == [
        ((0,), "query"),
        ((1, "bool", "must", 0), "query"),
        ((2, "neural", "embedding", "filter"), "filter"),
    ]


@pytest.mark.parametrize(
    "other",
    [
        # Some vector engines of OpenSearch refuse filters, so a query without one is not known to take any.
        {"knn": {"embedding": {"vector": [0.1, 0.2], "k": 10}}},
        {"neural_sparse": {"embedding": {"query_text": TEXT}}},
        {"term": {"sku": "x1"}},
    ],
)
def test_hybrid_with_a_part_that_takes_no_filter_is_only_boosted(other: dict[str, Any], schema: Schema) -> None:
    result = found({"hybrid": {"queries": [MATCH, other]}}, schema)
    assert result.attach is None
    assert [point.path for point in result.points] == [("query", "hybrid", "queries", 0)]


def test_retrievers_of_elasticsearch_are_entered(schema: Schema) -> None:
    knn = {"knn": {"field": "embedding", "query_vector": [0.1], "k": 5, "num_candidates": 50}}
    body = {
        "retriever": {"rrf": {"retrievers": [{"standard": {"query": MATCH}}, {"retriever": knn, "weight": 2}]}},
    }
    result = find_text(body, schema)
    assert isinstance(result, Found)
    assert result.hard
    assert [point.path[1:] for point in result.points] == [
        ("rrf", "retrievers", 0, "standard", "query"),
        ("rrf", "retrievers", 1, "retriever", "knn", "filter"),
    ]


def test_a_vector_search_beside_the_query_gets_the_filters_too(schema: Schema) -> None:
    result = found(MATCH, schema, knn={"field": "embedding", "query_vector": [0.1], "k": 5})
    assert [point.path for point in result.points] == [("query",), ("knn", "filter")]


def test_a_text_in_ext_stands_for_the_match_all_beside_it(schema: Schema) -> None:
    ext = {"ml_inference": {"query_text": TEXT}}
    result = found({"match_all": {"boost": 1.0}}, schema, ext=ext)
    assert (result.text, result.attach, result.leaves[0].synthetic) == (TEXT, ("query",), True)
    result = found({"bool": {"must": [{"match_all": {}}], "filter": [{"term": {"a": 1}}]}}, schema, ext=ext)
    assert result.attach == ("query", "bool", "must", 0)


def test_a_text_in_ext_without_match_all_changes_nothing(schema: Schema) -> None:
    ext = {"ml_inference": {"query_text": TEXT}}
    assert isinstance(find_text({"ext": ext}, schema), Unchanged)
    assert "match_all" in reason({"term": {"sku": "x1"}}, schema, ext=ext)


def test_a_leaf_in_the_query_wins_over_a_text_in_ext(schema: Schema) -> None:
    assert found(MATCH, schema, ext={"ml_inference": {"query_text": "tea"}}).text == TEXT


@pytest.mark.parametrize("body", [{}, {"size": 5}, {"query": None}, {"query": []}, {"query": "x"}, [], None, 3, "x"])
def test_without_a_query_there_is_nothing_to_do(body: Any, schema: Schema) -> None:
    assert isinstance(find_text(body, schema), Unchanged)


@pytest.mark.parametrize("text", ["", "  ", "\n\t"])
def test_an_empty_text_changes_nothing(text: str, schema: Schema) -> None:
    assert reason({"match": {"name": text}}, schema) == "the text is empty"


def test_ten_thousand_nested_queries_are_left_alone(schema: Schema) -> None:
    query: dict[str, Any] = MATCH
    for _ in range(10_000):
        query = {"bool": {"must": [query]}}
    assert reason(query, schema) == "the query is nested too deeply"
