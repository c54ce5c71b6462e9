"""Repair against a real OpenSearch: what the pipeline left untagged is tagged, and nothing else is touched."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from bridge.engines import OpenSearchEngine
from bridge.engines.install import install, uninstall
from bridge.enrichment import RepairReport, repair
from bridge.entities import TaggedText
from bridge.errors import EngineError
from bridge.schema import Schema, parse_schema
from bridge.tagging import Dictionary, TaggedDocument, Tagger

pytestmark = pytest.mark.engine

DICTIONARY = Dictionary({"brand": {"nike": 5, "falke": 2}, "color": {"red": 9, "blue": 4}})


class NoModel:
    """The schema of these tests asks the model for nothing; the dictionary finds everything."""

    name = "none"
    fingerprint = "none"

    def predict(
        self, texts: Sequence[str], labels: Sequence[str], threshold: float | Mapping[str, float] = 0.5
    ) -> list[TaggedText]:
        raise AssertionError(f"no label is for the model: {len(texts)} {labels} {threshold}")


@pytest.fixture(scope="module")
def engine(opensearch_url: str) -> Iterator[OpenSearchEngine]:
    with OpenSearchEngine(opensearch_url) as engine:
        yield engine


@pytest.fixture
def schema(engine: OpenSearchEngine) -> Iterator[Schema]:
    """A schema over an index of two shards with the entity fields mapped."""
    index = f"repair-{uuid.uuid4().hex[:8]}"
    schema = parse_schema(
        f"schema: repair_shop\nindex: {index}\ntext: [title]\n"
        "labels:\n  brand: {model: false}\n  color: {model: false}\n"
    )
    settings = {"number_of_shards": 2, "number_of_replicas": 0}
    engine.request("PUT", f"/{index}", {"settings": settings, "mappings": {"properties": {"title": {"type": "text"}}}})
    yield schema
    engine.request("DELETE", f"/{index}")


@pytest.fixture
def tagger(schema: Schema) -> Tagger:
    return Tagger(schema, NoModel(), DICTIONARY)


def put(engine: OpenSearchEngine, schema: Schema, documents: Mapping[str, dict[str, Any]]) -> None:
    actions = ({"_id": id, "_source": source} for id, source in documents.items())
    assert all(item.ok for item in engine.bulk(schema.index, actions))


def stored(engine: OpenSearchEngine, schema: Schema, id: str) -> dict[str, Any]:
    source: dict[str, Any] = engine.request("GET", f"/{schema.index}/_doc/{id}")["_source"]
    return source


def flat(engine: OpenSearchEngine, schema: Schema, id: str) -> dict[str, Any]:
    return {label: value for label, value in stored(engine, schema, id)["entities"].items() if value is not None}


def test_failed_and_never_tagged_documents_are_tagged_and_done_ones_left_alone(
    engine: OpenSearchEngine, schema: Schema, tagger: Tagger
) -> None:
    done = {"title": "red", "entities": {"brand": ["by the pipeline"]}, "entities_meta": {"state": "done"}}
    failed = {"title": "blue socks by Falke", "entities_meta": {"state": "failed", "error": "sidecar_error"}}
    put(engine, schema, {"done": done, "failed": failed, "never": {"title": "red Nike shoes"}, "empty": {}})

    assert repair(engine, schema, tagger) == RepairReport(found=3, tagged=3)
    assert stored(engine, schema, "done") == done
    assert flat(engine, schema, "failed") == {"brand": ["falke"], "color": ["blue"]}
    assert flat(engine, schema, "never") == {"brand": ["nike"], "color": ["red"]}
    assert flat(engine, schema, "empty") == {}
    meta = stored(engine, schema, "failed")["entities_meta"]
    assert (meta["state"], meta["error"], meta["tagging_hash"]) == ("done", None, tagger.tagging_hash)
    assert repair(engine, schema, tagger) == RepairReport()


def test_no_label_of_an_earlier_time_stays(engine: OpenSearchEngine, schema: Schema, tagger: Tagger) -> None:
    """A partial update merges objects; what is not there any more must be written as null."""
    old = {"brand": ["stale"], "dropped_label": ["stale"]}
    put(engine, schema, {"1": {"title": "red", "entities": old, "entities_mentions": old}})
    repair(engine, schema, tagger)
    assert flat(engine, schema, "1") == {"color": ["red"]}
    assert "stale" not in str(stored(engine, schema, "1"))


def test_the_fields_of_the_document_stay(engine: OpenSearchEngine, schema: Schema, tagger: Tagger) -> None:
    put(engine, schema, {"1": {"title": "red", "price": 5, "big": 9007199254740993, "tags": [{"a": None}]}})
    repair(engine, schema, tagger)
    kept = {key: value for key, value in stored(engine, schema, "1").items() if not key.startswith("entities")}
    assert kept == {"title": "red", "price": 5, "big": 9007199254740993, "tags": [{"a": None}]}


class Meddling(Tagger):
    """While a batch is tagged, someone else changes a document, the first `times` times."""

    def __init__(self, schema: Schema, change: Any, times: int) -> None:
        super().__init__(schema, NoModel(), DICTIONARY)
        self.change, self.left = change, times

    def tag(self, documents: Sequence[Mapping[str, object]]) -> list[TaggedDocument]:
        if self.left:
            self.left -= 1
            self.change()
        return super().tag(documents)


def test_a_document_that_changes_meanwhile_is_tagged_as_it_is_then(engine: OpenSearchEngine, schema: Schema) -> None:
    put(engine, schema, {"1": {"title": "red"}, "2": {"title": "nike"}})
    tagger = Meddling(schema, lambda: put(engine, schema, {"1": {"title": "blue"}}), times=1)
    assert repair(engine, schema, tagger) == RepairReport(found=2, tagged=2)
    assert flat(engine, schema, "1") == {"color": ["blue"]}


def test_a_document_that_never_rests_is_reported_and_not_overwritten(engine: OpenSearchEngine, schema: Schema) -> None:
    put(engine, schema, {"1": {"title": "red"}})
    tagger = Meddling(schema, lambda: put(engine, schema, {"1": {"title": "blue"}}), times=1000)
    report = repair(engine, schema, tagger)
    assert report == RepairReport(found=1, changed=1)
    assert not report.complete
    assert stored(engine, schema, "1") == {"title": "blue"}


def test_a_document_that_is_deleted_meanwhile_stays_deleted(engine: OpenSearchEngine, schema: Schema) -> None:
    put(engine, schema, {"1": {"title": "red"}, "2": {"title": "blue"}})
    tagger = Meddling(schema, lambda: list(engine.bulk(schema.index, [{"_op_type": "delete", "_id": "1"}])), times=1)
    report = repair(engine, schema, tagger)
    assert (report.tagged, report.changed) == (1, 1)
    with pytest.raises(EngineError):
        stored(engine, schema, "1")


def test_a_document_with_a_routing_of_its_own_is_found_again(
    engine: OpenSearchEngine, schema: Schema, tagger: Tagger
) -> None:
    actions = [{"_id": str(n), "routing": f"r{n}", "_source": {"title": "red"}} for n in range(10)]
    assert all(item.ok for item in engine.bulk(schema.index, actions))
    assert repair(engine, schema, tagger) == RepairReport(found=10, tagged=10)


class Choking(Tagger):
    """Cannot tag one kind of document."""

    def tag(self, documents: Sequence[Mapping[str, object]]) -> list[TaggedDocument]:
        if any("choke" in str(document) for document in documents):
            raise RuntimeError("choke")
        return super().tag(documents)


def test_a_document_that_cannot_be_tagged_is_marked_and_the_others_are_tagged(
    engine: OpenSearchEngine, schema: Schema
) -> None:
    put(engine, schema, {"1": {"title": "red"}, "2": {"title": "choke"}, "3": {"title": "blue"}})
    assert repair(engine, schema, Choking(schema, NoModel(), DICTIONARY)) == RepairReport(found=3, tagged=2, failed=1)
    meta = stored(engine, schema, "2")["entities_meta"]
    assert (meta["state"], meta["error"]) == ("failed", "internal")


def test_what_the_engine_refuses_is_counted_with_the_reason(
    engine: OpenSearchEngine, schema: Schema, tagger: Tagger
) -> None:
    mapping = {"properties": {"entities": {"properties": {"color": {"type": "double"}}}}}
    engine.request("PUT", f"/{schema.index}/_mapping", mapping)
    put(engine, schema, {"1": {"title": "red"}, "2": {"title": "nike"}})
    report = repair(engine, schema, tagger)
    assert (report.found, report.tagged, report.refused) == (2, 1, 1)
    assert report.error
    assert "mapper_parsing_exception" in report.error


def test_more_documents_than_a_page_with_progress(engine: OpenSearchEngine, schema: Schema, tagger: Tagger) -> None:
    put(engine, schema, {str(n): {"title": "red"} for n in range(100)})
    seen: list[tuple[int, int]] = []
    report = repair(engine, schema, tagger, progress=lambda done, found: seen.append((done, found)))
    assert report == RepairReport(found=100, tagged=100)
    assert seen[-1] == (100, 100)
    assert len(seen) == len(set(seen))


def test_repair_goes_through_no_pipeline(engine: OpenSearchEngine, schema: Schema, tagger: Tagger) -> None:
    """The sidecar of these pipelines does not exist: whoever asks it fails."""
    install(engine, [schema], "http://127.0.0.1:9")
    try:
        names = {"index.default_pipeline": "gliner-bridge-repair_shop"}
        names["index.search.default_pipeline"] = "gliner-bridge-repair_shop"
        put(engine, schema, {"before": {"title": "blue"}})
        engine.request("PUT", f"/{schema.index}/_settings", names)
        put(engine, schema, {"after": {"title": "red"}})
        assert stored(engine, schema, "after")["entities_meta"]["state"] == "failed"
        assert repair(engine, schema, tagger) == RepairReport(found=2, tagged=2)
        assert flat(engine, schema, "after") == {"color": ["red"]}
    finally:
        engine.request("PUT", f"/{schema.index}/_settings", dict.fromkeys(names))
        uninstall(engine)


def test_an_index_that_does_not_exist_is_an_error(engine: OpenSearchEngine, schema: Schema, tagger: Tagger) -> None:
    with pytest.raises(EngineError, match="does not exist"):
        repair(engine, schema.model_copy(update={"index": "no-such-index"}), tagger)


def test_a_report_reads_like_a_sentence() -> None:
    assert str(RepairReport(found=4, tagged=4)) == "4 of 4 documents tagged"
    report = RepairReport(found=4, tagged=1, failed=2, refused=1, error="mapper_parsing_exception: …")
    assert str(report) == "1 of 4 documents tagged, 2 failed, 1 refused (mapper_parsing_exception: …)"
