"""Graded boosts, ranks and sorts on a real OpenSearch: the order of hits, and that no index is made to refuse them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bridge.clauses import Clause, Near, Plan, Rank
from bridge.engines import OpenSearchEngine
from bridge.engines.dsl import Found, find_text, rewrite, wrap
from bridge.entities import Interval
from bridge.schema import Schema, parse_schema

pytestmark = pytest.mark.engine

DAY = 86_400_000
TEXT = "cheapest 15 inch laptop"
LAPTOPS: dict[str, dict[str, Any]] = {
    "small": {"price": 300, "screen": 13.3, "sold": "2019/03/01", "popularity": 2},
    "exact": {"price": 900, "screen": 15.0, "sold": "2024/03/01", "popularity": 9},
    "near": {"price": 500, "screen": 15.6, "sold": "2021/03/01", "popularity": 1},
    "edge": {"price": 700, "screen": 16.5, "sold": "2023/03/01", "popularity": 5},
    "bare": {},
}
NEAR = Clause("boost", Near("screen", 15.0, Interval(13.5, lte=16.5)), "screen", "bridge:screen=~15", boost=4.0)
LOWEST = Clause("boost", Rank("price", "lowest", 300.0, 300.0), "price", "bridge:price=lowest", boost=4.0)
HIGHEST = Clause("boost", Rank("price", "highest", 900.0, 300.0), "price", "bridge:price=highest", boost=4.0)
NEWEST = Clause("boost", Rank("sold", "highest", 0.0, 400.0 * DAY), "sold", "bridge:sold=highest", boost=4.0)
OLDEST = Clause("boost", Rank("sold", "lowest", -9000.0 * DAY, 7000.0 * DAY), "sold", "bridge:sold=lowest", boost=4.0)
POPULAR = Clause("boost", Rank("popularity", "highest"), "popularity", "bridge:popularity=highest", boost=4.0)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(
        """
schema: shop
index: order-*
text: [name]
labels:
  price: {kind: number, field: price, unit: USD, sort: sort}
  screen: {kind: number, field: screen, unit: inch}
  sold: {kind: date, field: sold}
  popularity: {kind: rank, field: popularity}
"""
    )


@pytest.fixture(scope="module", autouse=True)
def indices(engine: OpenSearchEngine) -> Iterator[None]:
    """Laptops with amounts, and an index of the same pattern that has none of the fields."""
    types: dict[str, Any] = {
        "name": {"type": "text"},
        "price": {"type": "double"},
        "screen": {"type": "float"},
        "sold": {"type": "date", "format": "yyyy/MM/dd"},
        "popularity": {"type": "rank_feature"},
    }
    settings = {"number_of_shards": 1, "number_of_replicas": 0}
    engine.request("PUT", "/order-laptops", {"settings": settings, "mappings": {"properties": types}})
    engine.request(
        "PUT", "/order-other", {"settings": settings, "mappings": {"properties": {"name": {"type": "text"}}}}
    )
    documents = ({"_id": name, "_source": {"name": "laptop", **fields}} for name, fields in LAPTOPS.items())
    assert all(item.ok for item in engine.bulk("order-laptops", documents))
    assert all(item.ok for item in engine.bulk("order-other", [{"_id": "other", "_source": {"name": "laptop"}}]))
    engine.request("POST", "/order-*/_refresh")
    yield
    engine.request("DELETE", "/order-laptops,order-other")


def hits(engine: OpenSearchEngine, body: dict[str, Any]) -> dict[str, float]:
    answer = engine.search("order-*", {"size": 20, **body})
    assert answer["_shards"]["failed"] == 0, answer
    return {hit["_id"]: hit["_score"] for hit in answer["hits"]["hits"]}


def rewritten(schema: Schema, clause: Clause) -> dict[str, Any]:
    body = {"query": {"match": {"name": TEXT}}}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    return rewrite(body, found, Plan("shop", TEXT, TEXT, (clause,)), schema).body


@pytest.mark.parametrize(
    ("clause", "order"),
    [
        (NEAR, ["exact", "near", "edge"]),
        (LOWEST, ["small", "near", "edge", "exact"]),
        (HIGHEST, ["exact", "edge", "near", "small"]),
        (NEWEST, ["exact", "edge", "near", "small"]),
        (OLDEST, ["small", "near", "edge", "exact"]),
        (POPULAR, ["exact", "edge", "small", "near"]),
    ],
    ids=lambda value: value.name if isinstance(value, Clause) else None,
)
def test_hits_come_in_the_order_that_was_asked_for_and_none_is_lost(
    engine: OpenSearchEngine, schema: Schema, clause: Clause, order: list[str]
) -> None:
    body = rewritten(schema, clause)
    found = hits(engine, body)
    plain = hits(engine, {"query": {"match": {"name": TEXT}}})
    gained = {name: found[name] - plain[name] for name in found}
    assert found.keys() == plain.keys()
    ordered = sorted((name for name in gained if gained[name] > 1e-6), key=lambda name: -gained[name])
    assert ordered == order, gained
    assert all(gained[name] <= 4.0 + 1e-5 for name in gained)
    assert hits(engine, {"query": wrap(body["query"])}) == found


def test_the_boost_is_whole_at_the_amount_and_half_at_the_end_of_the_tolerance(
    engine: OpenSearchEngine, schema: Schema
) -> None:
    plain = hits(engine, {"query": {"match": {"name": TEXT}}})
    found = hits(engine, rewritten(schema, NEAR))
    assert {name: round(found[name] - plain[name], 3) for name in found} == {
        "exact": 4.0,
        "near": 3.2,
        "edge": 2.0,
        "small": 0.0,
        "bare": 0.0,
        "other": 0.0,
    }


@pytest.mark.parametrize(
    ("clause", "order"),
    [
        (LOWEST, ["small", "near", "edge", "exact"]),
        (HIGHEST, ["exact", "edge", "near", "small"]),
        (NEWEST, ["exact", "edge", "near", "small"]),
        (OLDEST, ["small", "near", "edge", "exact"]),
    ],
    ids=lambda value: value.name if isinstance(value, Clause) else None,
)
def test_a_sort_orders_and_documents_without_the_field_come_last(
    engine: OpenSearchEngine, schema: Schema, clause: Clause, order: list[str]
) -> None:
    body = rewritten(schema, replace(clause, role="sort"))
    assert "sort" in body
    found = hits(engine, body)
    assert list(found)[:4] == order
    assert set(found) == {*LAPTOPS, "other"}
    assert None not in found.values(), "equals are ordered by score, so it is there"
