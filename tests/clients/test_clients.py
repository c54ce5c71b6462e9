"""An application without pipelines: documents are tagged on the way in, searches are rewritten on the way out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opensearchpy import OpenSearch

from bridge.clients import RewritingClient, tagged_bulk
from bridge.engines import OpenSearchEngine
from bridge.query import Options, QueryParser, StaticValues
from bridge.schema import Schema, parse_schema
from bridge.scorer import Scorer
from bridge.tagging import Tagger

pytestmark = pytest.mark.engine

INDEX = "client-shop"
SCHEMA = """
schema: client_shop
index: client-shop
engine: opensearch
text: [title]
deadline_ms: 900
labels:
  brand: {}
  category: {field: category, model: false, use: filter}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
"""
DOCUMENTS: list[dict[str, Any]] = [
    {"sku": "a", "title": "Nike red running shoes", "category": "Shoes", "price": 45.0},
    {"sku": "b", "title": "Adidas running shoes", "category": "Shoes", "price": 95.0},
    {"sku": "c", "title": "Sony headphones", "category": "Audio", "price": 30.0, "entities": {"brand": ["stale"]}},
]
BODY = {"query": {"match": {"title": {"query": "running shoes under $50", "operator": "and"}}}}


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(SCHEMA)


@pytest.fixture(scope="module")
def engine(opensearch_url: str, schema: Schema) -> Iterator[OpenSearchEngine]:
    engine = OpenSearchEngine(opensearch_url)
    keyword = {"type": "keyword"}
    fields = {"title": {"type": "text"}, "category": keyword, "price": {"type": "double"}}
    engine.request("PUT", f"/{INDEX}", {"mappings": {"properties": fields | {"entities.brand": keyword}}})
    tagger = Tagger(schema, Scorer.load("default"))
    items = list(tagged_bulk(engine, DOCUMENTS, schema, tagger, id_field="sku", chunk_size=2))
    assert [(item.id, item.ok) for item in items] == [("a", True), ("b", True), ("c", True)]
    engine.request("POST", f"/{INDEX}/_refresh")
    yield engine
    engine.request("DELETE", f"/{INDEX}")


def client_for(engine: OpenSearchEngine, schema: Schema, *, counting: bool = True) -> RewritingClient:
    facts = engine.facts(schema)
    values = StaticValues.of(schema, engine.values(schema), facts.fill_rates, facts.stats)
    parser = QueryParser(schema, None, values)
    return RewritingClient(OpenSearch(engine.url), schema, parser, engine if counting else None)


def test_documents_carry_their_entities_and_nothing_stale(engine: OpenSearchEngine) -> None:
    source = engine.request("GET", f"/{INDEX}/_doc/c")["_source"]
    assert source["entities_meta"]["state"] == "done"
    assert "stale" not in str(source)


def test_a_price_in_the_text_becomes_a_filter(engine: OpenSearchEngine, schema: Schema) -> None:
    answer = client_for(engine, schema).search(index=INDEX, body=BODY)
    assert [hit["_id"] for hit in answer.hits] == ["a"]
    assert answer.plan is not None
    assert "bridge:price=<50" in [clause.name for clause in answer.plan.clauses if clause.role == "filter"]


def test_a_filter_that_would_find_nothing_is_given_up(engine: OpenSearchEngine, schema: Schema) -> None:
    body = {"query": {"match": {"title": "running shoes under $5"}}}
    answer = client_for(engine, schema).search(index=INDEX, body=body)
    assert {hit["_id"] for hit in answer.hits} >= {"a", "b"}
    assert answer.plan is not None
    assert any(line.decision == "relaxed" for line in answer.plan.explain)


def test_without_an_engine_to_count_with_filters_only_order(engine: OpenSearchEngine, schema: Schema) -> None:
    body = {"query": {"match": {"title": "running shoes under $50"}}}
    answer = client_for(engine, schema, counting=False).search(index=INDEX, body=body)
    assert [hit["_id"] for hit in answer.hits] == ["a", "b"]


def test_switched_off_the_search_goes_out_as_it_is(engine: OpenSearchEngine, schema: Schema) -> None:
    rewriting = client_for(engine, schema).rewrite(BODY, Options(off=True))
    assert rewriting.body is BODY
    assert (rewriting.outcome, rewriting.plan) == ("off", None)


def test_a_broken_parser_never_breaks_a_search(engine: OpenSearchEngine, schema: Schema) -> None:
    client = RewritingClient(OpenSearch(engine.url), schema, None, engine)  # type: ignore[arg-type]
    answer = client.search(index=INDEX, body={"query": {"match": {"title": "running shoes"}}})
    assert {hit["_id"] for hit in answer.hits} == {"a", "b"}
    assert answer.outcome == "failed"
