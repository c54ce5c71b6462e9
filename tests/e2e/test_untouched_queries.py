"""A query that the bridge has nothing to add to gives the same hits and scores through the pipeline as without it.

OpenSearch up to 3.3 turns the integers of a plain JSON answer into doubles (a long above 2^53 then finds nothing, an
epoch-millisecond range answers 400); the sidecar's `wrapper` answer is what keeps these queries whole.
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.e2e.conftest import Shop

pytestmark = pytest.mark.engine

QUERIES: dict[str, dict[str, Any]] = {
    "match_all": {"match_all": {}},
    "term of digits on a keyword": {"term": {"sku": "1003"}},
    "term with a number on a keyword": {"term": {"sku": 1003}},
    "terms with numbers on a keyword": {"terms": {"sku": [1003, 1004]}},
    "long above 2^53": {"term": {"big": 9007199254740993}},
    "range of longs above 2^53": {"range": {"big": {"gt": 9007199254740993, "lte": 9007199254740995}}},
    "epoch-millisecond range": {"range": {"made": {"gte": 1700000000000, "lt": 1700172800000}}},
    "date term": {"term": {"made": 1700000000000}},
    "date string range": {"range": {"made": {"gte": "2023-11-15", "time_zone": "+01:00"}}},
    "double range": {"range": {"price": {"gte": 35, "lt": 60.5}}},
    "ids": {"ids": {"values": ["p1", "p2"]}},
    "exists": {"exists": {"field": "big"}},
    "prefix and wildcard": {"bool": {"should": [{"prefix": {"sku": "100"}}, {"wildcard": {"category": "Sh*s"}}]}},
    "fuzzy": {"fuzzy": {"category": {"value": "Shoos", "fuzziness": 1}}},
    "nested": {
        "nested": {
            "path": "parts",
            "query": {"bool": {"must": [{"term": {"parts.name": "lace"}}, {"range": {"parts.n": {"gte": 3}}}]}},
        }
    },
    "function_score": {
        "function_score": {
            "query": {"match_all": {}},
            "functions": [
                {"filter": {"term": {"category": "Shoes"}}, "weight": 3},
                {"field_value_factor": {"field": "price", "factor": 2, "missing": 0}},
            ],
            "score_mode": "sum",
            "boost_mode": "replace",
            "min_score": 20,
        }
    },
    "script_score": {
        "script_score": {
            "query": {"match": {"category": "Shoes"}},
            "script": {"source": "doc['price'].value * params.f + doc['parts.n'].size()", "params": {"f": 2}},
        }
    },
    "script filter": {
        "bool": {
            "filter": {
                "script": {
                    "script": {
                        "source": "doc['big'].size() > 0 && doc['big'].value % 2L == params.r",
                        "params": {"r": 1},
                    }
                }
            }
        }
    },
    "wrapper": {
        "wrapper": {"query": base64.b64encode(json.dumps({"term": {"big": 9007199254740994}}).encode()).decode()}
    },
    "bool with minimum_should_match": {
        "bool": {
            "should": [{"term": {"category": "Shoes"}}, {"range": {"price": {"lt": 50}}}, {"term": {"sku": "1003"}}],
            "minimum_should_match": 2,
        }
    },
    "dis_max with boosts": {
        "dis_max": {
            "tie_breaker": 0.3,
            "queries": [{"term": {"category": {"value": "Shoes", "boost": 2}}}, {"match_all": {}}],
        }
    },
}


@pytest.mark.parametrize("name", QUERIES)
def test_same_hits_and_scores_through_the_pipeline(shop: Shop, name: str) -> None:
    body = {"query": QUERIES[name], "size": 50, "explain": False}
    plain = shop.search(body, pipeline="_none")
    calls = len(shop.front.calls)
    through = shop.search(body)
    assert len(shop.front.calls) == calls + 1, "the pipeline did not call the sidecar"
    assert plain["hits"]["hits"], "a query without hits would prove nothing"
    assert _ranking(through) == _ranking(plain)
    assert through["hits"]["total"] == plain["hits"]["total"]


@pytest.mark.parametrize("name", QUERIES)
def test_same_hits_as_the_filter_of_a_rewritten_text_query(shop: Shop, name: str) -> None:
    """The caller's own filter stays in force, with its numbers, when the text beside it is rewritten."""
    filters = [QUERIES[name]]
    plain = shop.search(
        {"query": {"bool": {"must": {"match_all": {}}, "filter": filters}}, "size": 50}, pipeline="_none"
    )
    allowed = {hit["_id"] for hit in plain["hits"]["hits"]}
    rewritten = shop.search(
        {
            "query": {"bool": {"must": {"match": {"title": "nike shoes under 50 dollars"}}, "filter": filters}},
            "size": 50,
        }
    )
    assert {hit["_id"] for hit in rewritten["hits"]["hits"]} <= allowed


def _ranking(answer: dict[str, Any]) -> list[tuple[str, float]]:
    return sorted((hit["_id"], hit["_score"]) for hit in answer["hits"]["hits"])
