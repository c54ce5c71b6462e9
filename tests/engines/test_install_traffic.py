"""What OpenSearch sends through the installed pipelines, and what becomes of the answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from bridge.engines import OpenSearchEngine
from bridge.engines.install import install, uninstall
from bridge.schema import Schema, parse_schema
from tests.engines.sidecars import Recorder, block, wrapped

pytestmark = pytest.mark.engine

INDEX = "test-traffic"
PIPELINE = "gliner-bridge-test_traffic"
SECRET = "nobody may read this in an error"


def schema_for(text: str) -> Schema:
    labels = "  brand: {}\n  size: {kind: number, unit: inch}\n"
    return parse_schema(f"schema: test_traffic\nindex: {INDEX}\ntext: {text}\nlabels:\n{labels}")


@pytest.fixture
def shop(engine: OpenSearchEngine, recorder: Recorder) -> Iterator[OpenSearchEngine]:
    """An empty index whose documents go through the pipeline to the recorder."""
    mapping = {"properties": {"title": {"type": "text"}, "sku": {"type": "keyword"}, "big": {"type": "long"}}}
    engine.request("PUT", f"/{INDEX}", {"mappings": mapping, "settings": {"number_of_shards": 1}})
    install(engine, [schema_for("[title, body]")], recorder.url, documents_url=recorder.url)
    engine.request("PUT", f"/{INDEX}/_settings", {"index.default_pipeline": PIPELINE})
    yield engine
    engine.request("DELETE", f"/{INDEX}")
    uninstall(engine)


def put(shop: OpenSearchEngine, source: dict[str, Any], id: str = "1") -> dict[str, Any]:
    """Index a document with a plain bulk and give it back as stored."""
    (item,) = shop.bulk(INDEX, [{"_id": id, "_source": source}])
    assert item.ok, item.error
    stored: dict[str, Any] = shop.request("GET", f"/{INDEX}/_doc/{id}")["_source"]
    return stored


HOSTILE = {
    "quotes": {"title": 'a "quoted" \\ title', "body": "it's"},
    "newlines": {"title": "one\ntwo\r\n\tthree"},
    "emoji": {"title": "👟👩‍👩‍👧", "body": "e\u0301"},
    "json": {"title": '{"a":1}', "body": "[1]"},
    "parameters": {"title": "${parameters.schema} ${parameters.x} ${http_body}"},
    "mustache": {"title": "{{title}} {{{x}}} {{"},
    "array": {"title": ["one", "two"], "body": {"nested": "object"}},
    "number": {"title": 1917},
    "control": {"title": "\u0000 \u2028 \ufeff"},
    "large": {"title": "x y " * 250_000},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_the_sidecar_receives_the_fields_exactly_as_they_are(
    shop: OpenSearchEngine, recorder: Recorder, name: str
) -> None:
    stored = put(shop, HOSTILE[name] | {"sku": "not for the sidecar"})
    assert recorder.bodies == [HOSTILE[name]]
    assert recorder.seen[0][0] == "/opensearch/ingest/test_traffic"
    assert stored["entities"] == {"brand": ["nike"]}
    assert {key: stored[key] for key in HOSTILE[name]} == HOSTILE[name]


@pytest.mark.parametrize("source", [{"sku": "x"}, {"title": None}, {}])
def test_a_document_without_text_is_an_empty_object(
    shop: OpenSearchEngine, recorder: Recorder, source: dict[str, Any]
) -> None:
    put(shop, source)
    assert recorder.bodies == [{}]


@pytest.mark.parametrize("title", ['{"a":1}', "plain", "[1]", "42"])
def test_a_single_text_field_is_sent_as_an_object_too(shop: OpenSearchEngine, recorder: Recorder, title: str) -> None:
    """A path with one name would send the bare text as the request's body."""
    install(shop, [schema_for("[title]")], recorder.url, documents_url=recorder.url)
    put(shop, {"title": title})
    put(shop, {"sku": "x"})
    assert recorder.bodies == [{"title": title}, {}]


@pytest.mark.parametrize("source", [{"body": "a", "product": {"title": "b"}}, {"body": "a", "product.title": "b"}])
def test_a_dotted_field_is_sent_as_the_document_has_it(
    shop: OpenSearchEngine, recorder: Recorder, source: dict[str, Any]
) -> None:
    install(shop, [schema_for("[product.title, body]")], recorder.url, documents_url=recorder.url)
    put(shop, source)
    assert recorder.bodies == [source]


def test_the_answer_is_stored_and_can_be_searched(shop: OpenSearchEngine, recorder: Recorder) -> None:
    recorder.documents = lambda _: block(brand=["nike"], size=[15.6])
    put(shop, {"title": "x"})
    shop.request("POST", f"/{INDEX}/_refresh")
    filters = [{"term": {"entities.brand": "nike"}}, {"range": {"entities.size": {"gt": 15.5}}}]
    filters.append({"term": {"entities_meta.state": "done"}})
    assert shop.counts(INDEX, [{"query": {"bool": {"filter": filters}}}]) == [1]
    assert shop.counts(INDEX, [{"query": {"exists": {"field": "entities_detail.label"}}}]) == [0], (
        "detail is not indexed"
    )


def test_a_label_that_the_schema_does_not_know_is_not_mapped_on_the_fly(
    shop: OpenSearchEngine, recorder: Recorder
) -> None:
    recorder.documents = lambda _: block(unknown=["x"])
    put(shop, {"title": "x"})
    mapping = shop.request("GET", f"/{INDEX}/_mapping")[INDEX]["mappings"]["properties"]
    assert "unknown" not in mapping["entities"]["properties"]


def test_a_document_indexed_again_keeps_no_stale_tag(shop: OpenSearchEngine, recorder: Recorder) -> None:
    first = put(shop, {"title": "x"})
    recorder.documents = lambda _: block()
    assert put(shop, first)["entities"] == {}
    assert recorder.bodies[-1] == {"title": "x"}


def test_what_others_write_into_our_fields_does_not_survive(shop: OpenSearchEngine) -> None:
    stored = put(shop, {"title": "x", "entities": {"brand": ["fake"]}, "entities_mentions": {"a": 1}})
    assert stored["entities"] == {"brand": ["nike"]}
    assert stored["entities_mentions"] == {}


ANSWERS: dict[str, tuple[Any, str]] = {
    "an error": ((500, {}, b'{"error": {"type": "internal", "message": "boom"}}'), "sidecar_error"),
    "not JSON": ((200, {}, b"<html>"), "tagging_failed"),
    "nothing": ((200, {}, b""), "tagging_failed"),
    "an object of something else": ({"query": 5}, "unexpected_answer"),
    "half a block": ({"entities": {"brand": ["half"]}}, "unexpected_answer"),
    "an error that quotes": ((400, {}, SECRET.encode()), "sidecar_error"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_a_failing_sidecar_loses_no_document_and_marks_it(
    shop: OpenSearchEngine, recorder: Recorder, name: str
) -> None:
    answer, error = ANSWERS[name]
    recorder.documents = lambda _: answer
    stored = put(shop, {"title": SECRET, "entities": {"brand": ["stale"]}})
    assert stored == {"title": SECRET, "entities_meta": {"state": "failed", "error": error, "coverage": 0.0}}


def test_a_sidecar_that_is_down_loses_no_document(shop: OpenSearchEngine, recorder: Recorder) -> None:
    recorder.close()
    stored = put(shop, {"title": SECRET})
    assert stored["entities_meta"] == {"state": "failed", "error": "sidecar_unreachable", "coverage": 0.0}


def test_a_busy_sidecar_is_asked_again(shop: OpenSearchEngine, recorder: Recorder) -> None:
    busy = (429, {"Retry-After": "1", "x-amzn-ErrorType": "ThrottlingException"}, b'{"error": {"type": "overloaded"}}')
    answers = [busy, busy, block(brand=["nike"])]
    recorder.documents = lambda _: answers.pop(0)
    assert put(shop, {"title": "x"})["entities"] == {"brand": ["nike"]}
    assert len(recorder.seen) == 3


def search(shop: OpenSearchEngine, body: dict[str, Any]) -> list[str]:
    found = shop.search(INDEX, body, pipeline=PIPELINE)
    return [hit["_id"] for hit in found["hits"]["hits"]]


@pytest.fixture
def filled(shop: OpenSearchEngine, recorder: Recorder) -> OpenSearchEngine:
    """Three documents; the requests for them are forgotten."""
    for id, title in {"1": "red shoes", "2": "blue shoes", "3": "red hat"}.items():
        put(shop, {"title": title, "sku": id, "big": 9007199254740993 + int(id)}, id)
    shop.request("POST", f"/{INDEX}/_refresh")
    recorder.seen.clear()
    return shop


def test_query_and_flags_reach_the_sidecar_and_nothing_else(filled: OpenSearchEngine, recorder: Recorder) -> None:
    ext = {"ml_inference": {"params": {"bridge": {"off": True}}}}
    vectors = {"aggs": {"s": {"terms": {"field": "sku"}}}, "size": 1, "ext": ext}
    search(filled, {"query": {"match": {"title": "${parameters.schema} {{x}}"}}} | vectors)
    (body,) = recorder.bodies
    assert body.keys() == {"query", "ext"}
    assert body["query"]["match"]["title"]["query"] == "${parameters.schema} {{x}}"
    assert body["ext"] == ext
    assert recorder.seen[0][0] == "/opensearch/search/test_traffic"


def test_the_answer_replaces_the_query_and_keeps_the_rest(filled: OpenSearchEngine, recorder: Recorder) -> None:
    recorder.searches = lambda _: wrapped({"term": {"big": 9007199254740994}})
    found = filled.search(
        INDEX,
        {"query": {"match_all": {}}, "_source": ["sku"], "aggs": {"s": {"terms": {"field": "sku"}}}},
        pipeline=PIPELINE,
    )
    assert [hit["_source"] for hit in found["hits"]["hits"]] == [{"sku": "1"}]
    assert found["aggregations"]["s"]["buckets"] == [{"key": "1", "doc_count": 1}]


@pytest.mark.parametrize("name", [name for name in ANSWERS if name != "half a block"])
def test_a_failing_sidecar_leaves_the_search_as_it_was(filled: OpenSearchEngine, recorder: Recorder, name: str) -> None:
    recorder.searches = lambda _: ANSWERS[name][0]
    assert sorted(search(filled, {"query": {"match": {"title": "red"}}})) == ["1", "3"]


def test_a_sidecar_that_is_down_leaves_the_search_as_it_was(filled: OpenSearchEngine, recorder: Recorder) -> None:
    recorder.close()
    assert sorted(search(filled, {"query": {"match": {"title": "red"}}})) == ["1", "3"]


def test_a_frozen_sidecar_leaves_the_search_as_it_was_and_is_asked_once(
    filled: OpenSearchEngine, recorder: Recorder
) -> None:
    released = threading.Event()

    def frozen(_: Any) -> Any:
        released.wait(20)
        return wrapped({"match_none": {}})

    recorder.searches = frozen
    try:
        assert sorted(search(filled, {"query": {"match": {"title": "red"}}})) == ["1", "3"]
    finally:
        released.set()
    assert len(recorder.seen) == 1


def test_no_search_of_the_adapter_comes_back_to_the_sidecar(filled: OpenSearchEngine, recorder: Recorder) -> None:
    schema = schema_for("[title, body]")
    filled.request("PUT", f"/{INDEX}/_settings", {"index.search.default_pipeline": PIPELINE})
    filled.search(INDEX, {"query": {"match_all": {}}}, pipeline=None)
    assert len(recorder.seen) == 1, "the default pipeline of this test must be in force"
    recorder.seen.clear()

    filled.values(schema)
    filled.facts(schema)
    filled.counts(INDEX, [{"query": {"match_all": {}}}] * 3)
    filled.search(INDEX, {"query": {"match_all": {}}})
    assert len(list(filled.scan(INDEX, {"match_all": {}}, page=1))) == 3
    install(filled, [schema], recorder.url, documents_url=recorder.url)
    assert recorder.seen == []
    filled.request("PUT", f"/{INDEX}/_settings", {"index.search.default_pipeline": None})
