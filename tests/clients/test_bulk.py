"""`tagged_bulk` through each official client: documents carry what the tagger finds, and none is lost."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from elasticsearch import AsyncElasticsearch, Elasticsearch
from opensearchpy import AsyncOpenSearch, OpenSearch

from bridge.clients import async_tagged_bulk, tagged_bulk
from bridge.engines import BulkItem, Engine, connect
from bridge.errors import EngineUnavailableError, InputError
from bridge.schema import Schema, parse_schema
from bridge.scorer import Scorer
from bridge.tagging import TaggedDocument, Tagger

pytestmark = pytest.mark.engine

DOCUMENTS: list[dict[str, Any]] = [
    {"sku": "a", "title": "Nike red running shoes"},
    {"sku": "b", "title": "Adidas running shoes", "entities": {"brand": ["stale"]}},
    {"sku": "c", "price": 5},
    {"sku": "d", "title": ["Sony headphones", "Bose headphones"]},
    {"sku": "e", "title": "Sony {{x}} ${y} \u001e"},
]


@dataclass(frozen=True)
class Shop:
    """An index on one engine, and both of its official clients."""

    engine: Engine
    schema: Schema
    sync: Any
    make_async: Any

    def stored(self) -> dict[str, Any]:
        self.engine.request("POST", f"/{self.schema.index}/_refresh")
        return {hit.id: hit.source for hit in self.engine.scan(self.schema.index, {"match_all": {}})}


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("default")


@pytest.fixture(params=["opensearch", "elasticsearch"])
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    url = request.getfixturevalue(f"{request.param}_url")
    index = f"bulk-{uuid.uuid4().hex[:8]}"
    schema = parse_schema(f"schema: bulk\nindex: {index}\ntext: [title]\nlabels:\n  brand: {{}}\n  color: {{}}\n")
    clients = (OpenSearch, AsyncOpenSearch) if request.param == "opensearch" else (Elasticsearch, AsyncElasticsearch)
    with connect(url) as engine:
        fields = {"title": {"type": "text"}, "price": {"type": "double"}}
        # A pipeline that would fail every document: the bulk must not go through it.
        pipeline = {"processors": [{"fail": {"message": "tagged twice"}}]}
        engine.request("PUT", f"/_ingest/pipeline/{index}", pipeline)
        settings = {"index.default_pipeline": index}
        engine.request("PUT", f"/{index}", {"settings": settings, "mappings": {"properties": fields}})
        sync = clients[0](url)
        yield Shop(engine, schema, sync, lambda: clients[1](url))
        sync.close()
        engine.request("DELETE", f"/{index}")
        engine.request("DELETE", f"/_ingest/pipeline/{index}")


class Counting(Tagger):
    """A tagger that keeps account of its calls, and fails where it is told."""

    def __init__(self, schema: Schema, scorer: Scorer, fail: int | None = None) -> None:
        super().__init__(schema, scorer)
        self.calls: list[int] = []
        self._fail = fail

    def tag(self, documents: Sequence[Mapping[str, object]]) -> list[TaggedDocument]:
        self.calls.append(len(documents))
        if len(self.calls) - 1 == self._fail:
            raise RuntimeError("out of memory on 'Nike red running shoes'")
        return super().tag(documents)


def run(shop: Shop, tagger: Tagger, mode: str, documents: Any = DOCUMENTS, **options: Any) -> list[BulkItem]:
    """All documents through the synchronous or the asynchronous way."""
    if mode == "sync":
        return list(tagged_bulk(shop.sync, documents, shop.schema, tagger, **options))

    async def collect() -> list[BulkItem]:
        client = shop.make_async()
        try:
            return [item async for item in async_tagged_bulk(client, documents, shop.schema, tagger, **options)]
        finally:
            await client.close()

    return asyncio.run(collect())


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_documents_carry_their_entities_and_keep_their_own_fields(shop: Shop, scorer: Scorer, mode: str) -> None:
    tagger = Counting(shop.schema, scorer)
    items = run(shop, tagger, mode, id_field="sku", chunk_size=3)
    assert [(item.id, item.ok) for item in items] == [(document["sku"], True) for document in DOCUMENTS]
    assert tagger.calls == [3, 2], "many documents a scorer call"
    stored = shop.stored()
    for document in DOCUMENTS:
        own = {name: value for name, value in document.items() if not name.startswith("entities")}
        assert {name: stored[document["sku"]][name] for name in own} == own
        assert stored[document["sku"]]["entities_meta"]["state"] == "done"
    assert stored["a"]["entities"]["brand"] == ["nike"]
    assert "stale" not in str(stored)


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_where_the_scorer_fails_the_documents_are_indexed_and_marked(
    shop: Shop, scorer: Scorer, mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    items = run(shop, Counting(shop.schema, scorer, fail=0), mode, id_field="sku", chunk_size=2)
    assert all(item.ok for item in items)
    states = {id_: (source["entities_meta"]["state"], "title" in source) for id_, source in shop.stored().items()}
    assert states["a"] == ("failed", True)
    assert states["b"] == ("failed", True)
    assert states["d"] == ("done", True)
    assert "RuntimeError" in caplog.text
    assert "Nike" not in caplog.text


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_refused_document_is_an_item_and_the_others_are_indexed(shop: Shop, scorer: Scorer, mode: str) -> None:
    documents = [{"sku": "x", "price": "cheap"}, *DOCUMENTS[:1]]
    bad, good = run(shop, Tagger(shop.schema, scorer), mode, documents, id_field="sku")
    assert (bad.ok, bad.status, good.ok) == (False, 400, True)
    assert bad.error
    assert "parsing_exception" in bad.error


def test_a_document_may_bring_its_id_and_routing(shop: Shop, scorer: Scorer) -> None:
    documents = [{"_id": 7, "_routing": "north", "title": "Nike red running shoes"}]
    (item,) = run(shop, Tagger(shop.schema, scorer), "sync", documents)
    assert (item.ok, item.id) == (True, "7")
    shop.engine.request("POST", f"/{shop.schema.index}/_refresh")
    (hit,) = shop.engine.scan(shop.schema.index, {"match_all": {}})
    assert (hit.id, hit.routing) == ("7", "north")
    assert hit.source["title"] == "Nike red running shoes"


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_no_documents_are_no_request(shop: Shop, scorer: Scorer, mode: str) -> None:
    assert run(shop, Tagger(shop.schema, scorer), mode, []) == []


def test_documents_may_come_one_by_one_as_they_arrive(shop: Shop, scorer: Scorer) -> None:
    async def arriving() -> AsyncIterator[dict[str, Any]]:
        for document in DOCUMENTS:
            await asyncio.sleep(0)
            yield document

    tagger = Counting(shop.schema, scorer)
    assert len(run(shop, tagger, "async", arriving(), chunk_size=2)) == len(DOCUMENTS)
    assert tagger.calls == [2, 2, 1]


def test_the_event_loop_goes_on_while_the_scorer_works(shop: Shop, scorer: Scorer) -> None:
    async def both() -> int:
        ticks = 0
        client = shop.make_async()

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        ticking = asyncio.create_task(tick())
        async for _ in async_tagged_bulk(client, DOCUMENTS, shop.schema, Tagger(shop.schema, scorer)):
            pass
        ticking.cancel()
        await client.close()
        return ticks

    assert asyncio.run(both()) > 5


def test_the_schemas_own_model_is_loaded_where_none_is_given(shop: Shop) -> None:
    assert all(item.ok for item in tagged_bulk(shop.sync, DOCUMENTS[:1], shop.schema))
    (source,) = shop.stored().values()
    assert source["entities_meta"]["state"] == "done"


def test_an_engine_that_is_down_and_a_client_that_is_none_are_told(scorer: Scorer) -> None:
    schema = parse_schema("schema: bulk\nindex: nowhere\ntext: [title]\nlabels:\n  brand: {}\n")
    tagger = Tagger(schema, scorer)
    down = Elasticsearch("http://127.0.0.1:9", max_retries=0)
    with pytest.raises(EngineUnavailableError, match="does not answer"):
        list(tagged_bulk(down, DOCUMENTS, schema, tagger))
    with pytest.raises(InputError, match="str is no client"):
        list(tagged_bulk("http://127.0.0.1:9200", DOCUMENTS, schema, tagger))

    async def wrong(client: object) -> None:
        async for _ in async_tagged_bulk(client, DOCUMENTS, schema, tagger):
            pass

    with pytest.raises(InputError, match="no asynchronous client"):
        asyncio.run(wrong(down))
