"""A search through the pipeline: rewritten where the text says so, everything else of the request kept."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.e2e.conftest import Shop

pytestmark = pytest.mark.engine

TEXT = "running shoes under 50 dollars"


def ids(answer: dict[str, Any]) -> list[str]:
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def rewritten(shop: Shop, body: dict[str, Any]) -> dict[str, Any]:
    """The answer to a search with the price as a filter.

    On a busy machine a try may run out of time: then the caller's own query runs, or the price only boosts because
    hits could not be counted.
    """
    until = time.monotonic() + 120
    while True:
        answer = shop.search(body)
        hits = answer["hits"]["hits"]
        filtered = hits and all(any("bridge:price" in name for name in hit.get("matched_queries", [])) for hit in hits)
        if filtered or time.monotonic() > until:
            return answer
        time.sleep(0.5)


def match(text: str = TEXT, **options: Any) -> dict[str, Any]:
    return {"multi_match": {"query": text, "fields": ["title^3", "body"], **options}}


def test_the_price_becomes_a_filter(shop: Shop) -> None:
    answer = rewritten(shop, {"query": match()})
    assert ids(answer)
    assert all(hit["_source"]["price"] < 50 for hit in answer["hits"]["hits"])
    assert any("bridge:price" in name for hit in answer["hits"]["hits"] for name in hit.get("matched_queries", []))


def test_the_words_of_the_price_are_no_longer_required(shop: Shop) -> None:
    body = {"query": match(operator="and", type="cross_fields")}
    assert not ids(shop.search(body, pipeline="_none"))
    assert ids(rewritten(shop, body))


def test_the_callers_own_filter_stays(shop: Shop) -> None:
    body = {"query": {"bool": {"must": match(), "filter": {"term": {"category": "Bags"}}}}}
    assert all(hit["_source"]["category"] == "Bags" for hit in shop.search(body)["hits"]["hits"])


def test_a_linked_category_filters_or_boosts_but_never_empties(shop: Shop) -> None:
    assert ids(shop.search({"query": match("audio headphones under 20 dollars")})), "relaxation by counts"


def test_the_rest_of_the_request_survives(shop: Shop) -> None:
    body: dict[str, Any] = {
        "query": match(),
        "from": 0,
        "size": 2,
        "_source": ["title", "price"],
        "sort": [{"price": "desc"}],
        "aggs": {"by": {"terms": {"field": "category"}}},
        "highlight": {"fields": {"title": {}}},
        "post_filter": {"range": {"price": {"gt": 1}}},
        "collapse": {"field": "sku"},
        "suggest": {"s": {"text": "shos", "term": {"field": "title"}}},
        "track_total_hits": True,
    }
    answer = shop.search(body)
    hits = answer["hits"]["hits"]
    assert 0 < len(hits) <= 2
    assert all(set(hit["_source"]) <= {"title", "price"} for hit in hits)
    assert [hit["sort"][0] for hit in hits] == sorted((hit["sort"][0] for hit in hits), reverse=True)
    assert answer["aggregations"]["by"]["buckets"]
    assert any("<em>" in "".join(hit.get("highlight", {}).get("title", [])) for hit in hits)
    assert answer["suggest"]["s"]


def test_rescore_survives(shop: Shop) -> None:
    rescore = {
        "window_size": 10,
        "query": {"rescore_query": {"term": {"category": "Shoes"}}, "rescore_query_weight": 100},
    }
    answer = shop.search({"query": match(), "rescore": rescore})
    assert answer["hits"]["hits"][0]["_score"] > 50


@pytest.mark.parametrize(
    "query",
    [
        {"match": {"title": {"query": TEXT, "minimum_should_match": "2"}}},
        {"match": {"title": {"query": TEXT, "operator": "and"}}},
        {"bool": {"should": [match(), {"term": {"category": "Audio"}}]}},
        {"bool": {"must": [match(), {"match": {"body": TEXT}}]}},
        {"bool": {"must": [match(), {"match": {"body": "leather"}}]}},
        {"dis_max": {"queries": [match(), {"match": {"body": TEXT}}]}},
        {"function_score": {"query": match(), "field_value_factor": {"field": "price", "missing": 0}}},
        {"query_string": {"query": "nike AND shoes", "fields": ["title"]}},
        {"simple_query_string": {"query": "running shoes", "fields": ["title", "body"]}},
    ],
    ids=[
        "minimum_should_match",
        "operator and",
        "in should",
        "two leaves, same text",
        "two leaves, different texts",
        "dis_max",
        "function_score",
        "query_string",
        "simple_query_string",
    ],
)
def test_every_body_of_the_design_runs_and_loses_no_search(shop: Shop, query: dict[str, Any]) -> None:
    plain = shop.search({"query": query}, pipeline="_none")
    through = shop.search({"query": query})
    assert "error" not in through
    if ids(plain):
        assert ids(through), "a search never empties because of the bridge"


def test_different_texts_in_two_leaves_change_nothing(shop: Shop) -> None:
    query = {"bool": {"must": [match(), {"match": {"body": "fine"}}]}}
    assert ids(shop.search({"query": query})) == ids(shop.search({"query": query}, pipeline="_none"))


@pytest.mark.parametrize("body", [{}, {"size": 3}, {"aggs": {"m": {"max": {"field": "price"}}}}])
def test_a_body_without_query_answers_as_before(shop: Shop, body: dict[str, Any]) -> None:
    assert ids(shop.search(body)) == ids(shop.search(body, pipeline="_none"))


def test_text_in_ext_replaces_a_match_all(shop: Shop) -> None:
    body = {"query": {"match_all": {}}, "ext": {"ml_inference": {"query_text": TEXT}}}
    answer = rewritten(shop, body)
    assert ids(answer)
    assert all(hit["_source"]["price"] < 50 for hit in answer["hits"]["hits"])


def test_switched_off_by_request(shop: Shop) -> None:
    query = match()
    off = {"query": query, "ext": {"ml_inference": {"params": {"bridge": {"off": True}}}}}
    assert ids(shop.search(off)) == ids(shop.search({"query": query}, pipeline="_none"))


def test_a_rewritten_search_is_answered_the_same_twice(shop: Shop) -> None:
    first, second = rewritten(shop, {"query": match()}), rewritten(shop, {"query": match()})
    assert [(h["_id"], h["_score"]) for h in first["hits"]["hits"]] == [
        (h["_id"], h["_score"]) for h in second["hits"]["hits"]
    ]


def test_the_sidecars_own_searches_never_come_back_to_it(shop: Shop) -> None:
    """With a default search pipeline on the index, counting and reading values would call the sidecar for ever."""
    shop.client.indices.put_settings(index=shop.index, body={"index.search.default_pipeline": shop.pipeline})
    try:
        calls = len(shop.front.calls)
        assert ids(shop.search({"query": match()}, pipeline=None))
        shop.refresh_values()
        time.sleep(0.5)
        assert len(shop.front.calls) == calls + 1
    finally:
        shop.client.indices.put_settings(index=shop.index, body={"index.search.default_pipeline": "_none"})


@pytest.mark.parametrize("mode", ["freeze", "hang up", "not json", "wrong type", "error", "empty"])
def test_the_callers_query_runs_when_the_sidecar_fails(shop: Shop, mode: str) -> None:
    """Within the connector's time limit (1 s to connect, 1 s to read), with the caller's own hits."""
    plain = shop.search({"query": match()}, pipeline="_none")
    with shop.failing(mode):
        started = time.monotonic()
        answer = shop.search({"query": match()})
        took = time.monotonic() - started
    assert ids(answer) == ids(plain)
    assert took < 10, "the search hung on the sidecar"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "💥",
        "a" * 50_000,
        '{"a":1}',
        "${parameters.x}",
        "{{x}}",
        "9" * 10_000,
        "\u0000",
        "\ud83d\ude00 under 5",
    ],
)
def test_hostile_text_is_searched_like_any_other(shop: Shop, text: str) -> None:
    query = {"match": {"title": text}}
    assert ids(shop.search({"query": query})) == ids(shop.search({"query": query}, pipeline="_none"))
