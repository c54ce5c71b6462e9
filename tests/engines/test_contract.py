"""The contract of `Engine`, held by both adapters against real engines: what the bridge reads, and how it writes.

Elasticsearch is asked in the newest version that this machine can run, and in 8.19, both with the installed client;
test_other_client.py runs this file once more with the other official client.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from bridge.engines import ElasticsearchEngine, Engine, FieldFacts, OpenSearchEngine, _definitions, connect
from bridge.engines._requests import covers
from bridge.entities import Stats
from bridge.errors import EngineError, EngineUnavailableError
from bridge.schema import Schema, parse_schema

pytestmark = pytest.mark.engine
Adapter = OpenSearchEngine | ElasticsearchEngine

PRODUCTS: list[dict[str, Any]] = [
    {"title": "Red running shoes", "brand": "Nike", "price": 79.5, "entities": {"color": ["red"]}},
    {"title": "Blue running shoes", "brand": "Nike", "price": 60, "entities": {"color": ["blue"]}},
    {"title": "Red and blue socks", "brand": "Falke", "price": 12, "entities": {"color": ["red", "blue"]}},
    {"title": "Shoe polish", "price": 5},
]


def schema_for(index: str, extra: str = "") -> Schema:
    return parse_schema(
        f"""
schema: shop
index: {index}
text: [title]
labels:
  brand: {{field: brand}}
  color: {{}}
  price: {{kind: number, field: price, unit: USD, model: false}}
{extra}
"""
    )


@pytest.fixture(scope="module", params=["opensearch", "elasticsearch", "elasticsearch8"])
def engine(request: pytest.FixtureRequest) -> Iterator[Adapter]:
    """The adapter over each real engine in turn."""
    url = request.getfixturevalue(f"{request.param}_url")
    with OpenSearchEngine(url) if request.param == "opensearch" else ElasticsearchEngine(url) as engine:
        yield engine


@pytest.fixture
def index(engine: Adapter) -> Iterator[str]:
    """An index with four products on three shards."""
    name = f"contract-{uuid.uuid4().hex[:8]}"
    keyword = {"type": "keyword"}
    engine.request(
        "PUT",
        f"/{name}",
        {
            "settings": {"number_of_shards": 3, "number_of_replicas": 0},
            "mappings": {
                "properties": {
                    "title": {"type": "text"},
                    "brand": keyword,
                    "price": {"type": "double"},
                    "entities": {"properties": {"color": keyword}},
                }
            },
        },
    )
    items = list(engine.bulk(name, ({"_id": str(n), "_source": source} for n, source in enumerate(PRODUCTS))))
    assert all(item.ok for item in items)
    engine.request("POST", f"/{name}/_refresh")
    yield name
    engine.request("DELETE", f"/{name}")


def test_an_adapter_is_an_engine_and_is_chosen_by_what_answers(engine: Adapter) -> None:
    assert isinstance(engine, Engine)
    with connect(engine.url) as chosen:
        assert type(chosen) is type(engine)
        assert chosen.info() == engine.info()
        assert chosen.info().dialect == engine.dialect


def test_the_cluster_says_how_it_is(engine: Adapter, index: str) -> None:
    health = engine.health()
    assert health.nodes >= 1
    assert health.status in ("green", "yellow"), index


def test_templates_and_mappings_are_taken_as_install_writes_them(engine: Adapter) -> None:
    name = f"contract-{uuid.uuid4().hex[:8]}"
    schema = parse_schema(
        f"schema: s\nindex: {name}\ntext: [title]\nlabels:\n"
        "  color: {}\n  weight: {kind: number, unit: kg}\n  size: {kind: range, unit: cm}\n  built: {kind: date}\n"
    )
    template = _definitions.component_template(schema)
    engine.request("PUT", f"/_component_template/{name}", template)
    try:
        stored = engine.request("GET", f"/_component_template/{name}")["component_templates"][0]
        assert covers(stored["component_template"], template)
        index_template = {"index_patterns": [name], "composed_of": [name], "priority": 600}
        engine.request("PUT", f"/_index_template/{name}", index_template)
        engine.request("PUT", f"/{name}")
        mapping = engine.request("GET", f"/{name}/_mapping")[name]["mappings"]["properties"]
        assert covers(mapping, _definitions.properties(schema))

        existing = f"{name}-existing"
        engine.request("PUT", f"/{existing}", {"mappings": {"properties": {"title": {"type": "text"}}}})
        engine.request("PUT", f"/{existing}/_mapping", {"properties": _definitions.properties(schema)})
        mapping = engine.request("GET", f"/{existing}/_mapping")[existing]["mappings"]["properties"]
        assert covers(mapping, _definitions.properties(schema))
    finally:
        for path in (f"/{name}*", f"/_index_template/{name}", f"/_component_template/{name}"):
            engine.request("DELETE", path)


def test_values_are_the_stored_keys_with_their_document_counts(engine: Adapter, index: str) -> None:
    assert engine.values(schema_for(index)) == {"brand": {"Nike": 2, "Falke": 1}, "color": {"red": 2, "blue": 2}}


def test_values_of_many_pages_are_complete_and_the_cap_holds(engine: Adapter, index: str) -> None:
    many = ({"_id": f"m{n}", "_source": {"brand": f"brand {n}"}} for n in range(5100))
    assert all(item.ok for item in engine.bulk(index, many, chunk_size=2000))
    engine.request("POST", f"/{index}/_refresh")
    assert len(engine.values(schema_for(index))["brand"]) == 5102
    assert len(engine.values(schema_for(index), cap=7)["brand"]) == 7


def test_values_of_protected_documents_come_from_public_fields_only(engine: Adapter, index: str) -> None:
    schema = schema_for(index, "document_security: true\npublic_values: [brand]\n")
    assert engine.values(schema) == {"brand": {"Nike": 2, "Falke": 1}}


def test_a_text_field_has_no_values_and_the_error_says_what_to_bind_instead(engine: Adapter, index: str) -> None:
    schema = parse_schema(f"schema: shop\nindex: {index}\ntext: [title]\nlabels:\n  name: {{field: title}}\n")
    with pytest.raises(EngineError, match=r"type is text(.|\n)*title\.keyword"):
        engine.values(schema)


def test_a_field_that_no_document_has_yet_has_no_values(engine: Adapter, index: str) -> None:
    schema = parse_schema(f"schema: shop\nindex: {index}\ntext: [title]\nlabels:\n  material: {{}}\n")
    assert engine.values(schema) == {"material": {}}
    assert engine.facts(schema).fill_rates == {"entities.material": 0.0}


def test_fill_rates_are_shares_of_all_documents(engine: Adapter, index: str) -> None:
    assert engine.facts(schema_for(index)).fill_rates == {"brand": 0.75, "entities.color": 0.75, "price": 1.0}


def test_the_spread_of_amounts_and_dates_comes_with_them(engine: Adapter, index: str) -> None:
    assert engine.facts(schema_for(index)).stats == {"price": Stats(5.0, 36.0, 79.5)}


def test_an_empty_index_has_no_facts(engine: Adapter, index: str) -> None:
    _empty(engine, index)
    assert engine.facts(schema_for(index)) == FieldFacts()


def test_only_fields_that_can_be_ordered_by_have_a_spread(engine: Adapter) -> None:
    """A decay function or a sort on any other field is refused by the engine, and the whole search with it."""
    index = f"facts-{uuid.uuid4().hex[:8]}"
    types: dict[str, dict[str, Any]] = {
        "sold": {"type": "date", "format": "yyyy/MM/dd"},
        "watts": {"type": "double", "doc_values": False},
        "sizes": {"type": "double_range"},
        "year": {"type": "keyword"},
        "rank": {"type": "rank_feature"},
        "votes": {"type": "long"},
    }
    labels = "".join(
        f"  {name}: {{kind: {kind}, field: {name}}}\n"
        for name, kind in (("sold", "date"), ("watts", "number"), ("sizes", "range"), ("year", "number"))
    )
    schema = parse_schema(
        f"schema: s\nindex: {index}\ntext: [title]\nlabels:\n{labels}"
        "  rank: {kind: rank, field: rank}\n  votes: {kind: rank, field: votes}\n  gone: {kind: number}\n"
    )
    if engine.info().uuid == "local":
        # The Elasticsearch from Maven Central lacks the module with rank_feature.
        types["rank"] = {"type": "double"}
    engine.request("PUT", f"/{index}", {"mappings": {"properties": types}})
    ranks = {name for name in ("rank", "votes") if types[name]["type"] != "rank_feature"}
    document = {"sold": "2020/01/02", "watts": 5, "sizes": {"gte": 1, "lte": 2}, "year": "2020", "rank": 3, "votes": 3}
    assert all(item.ok for item in engine.bulk(index, [{"_source": document}]))
    engine.request("POST", f"/{index}/_refresh")
    facts = engine.facts(schema)
    day = 1_577_923_200_000.0
    assert facts.stats == {"sold": Stats(day, day, day)}
    shares = dict.fromkeys(types, 1.0) | {"entities.gone": 0.0}
    assert facts.fill_rates == {name: share for name, share in shares.items() if name not in ranks}, "no rank feature"
    secret = schema.model_copy(update={"document_security": True})
    assert engine.facts(secret).stats == {}
    engine.request("DELETE", f"/{index}")


def test_counts_come_in_the_order_of_the_bodies(engine: Adapter, index: str) -> None:
    bodies = [
        {"query": {"match": {"title": "shoes"}}, "size": 1, "aggs": {"b": {"terms": {"field": "brand"}}}},
        {"query": {"match_all": {}}, "post_filter": {"term": {"brand": "Nike"}}, "from": 1},
        {"query": {"match_none": {}}},
    ]
    assert engine.counts(index, bodies) == [2, 2, 0]
    assert engine.counts(index, []) == []


def test_a_failing_count_names_the_cause_and_no_text(engine: Adapter, index: str) -> None:
    with pytest.raises(EngineError) as caught:
        engine.counts(index, [{"query": {"range": {"price": {"gte": "my secret"}}}}])
    assert "secret" not in str(caught.value)


def test_a_refused_search_names_the_cause_and_no_text(engine: Adapter, index: str) -> None:
    with pytest.raises(EngineError) as caught:
        engine.search(index, {"query": {"my secret": {}}})
    assert caught.value.status == 400
    assert "secret" not in str(caught.value)


def test_a_refused_document_is_an_item_and_the_others_are_indexed(engine: Adapter, index: str) -> None:
    actions = [{"_id": "good", "_source": {"price": 1}}, {"_id": "bad", "_source": {"price": "cheap"}}]
    good, bad = engine.bulk(index, actions)
    assert (good.ok, good.status, good.error) == (True, 201, None)
    assert (bad.ok, bad.id, bad.status) == (False, "bad", 400)
    assert bad.error
    assert re.match("mapper_parsing_exception|document_parsing_exception", bad.error)


def test_items_come_while_actions_are_still_being_read(engine: Adapter, index: str) -> None:
    read = []

    def actions() -> Iterator[dict[str, Any]]:
        for n in range(30):
            read.append(n)
            yield {"_id": f"p{n}", "_source": {"price": n}}

    items = engine.bulk(index, actions(), chunk_size=10)
    next(items)
    assert len(read) < 30
    assert len(list(items)) == 29


@pytest.mark.parametrize("op", ["create", "delete"])
def test_a_bulk_action_that_comes_too_late_is_an_item(engine: Adapter, index: str, op: str) -> None:
    """`create` of what is there conflicts, `delete` of what is not there finds nothing; the others go on."""
    late = {"_op_type": "create", "_id": "0", "_source": {"price": 1}}
    if op == "delete":
        late = {"_op_type": "delete", "_id": "gone"}
    item, last = engine.bulk(index, [late, {"_id": "fine", "_source": {"price": 2}}])
    assert (item.op, item.ok, item.status) == (op, False, 409 if op == "create" else 404)
    assert last.ok


def test_a_bulk_through_a_pipeline_uses_it_and_none_switches_the_index_own_off(engine: Adapter, index: str) -> None:
    name = f"mark-{index}"
    engine.request("PUT", f"/_ingest/pipeline/{name}", {"processors": [{"set": {"field": "marked", "value": True}}]})
    engine.request("PUT", f"/{index}/_settings", {"index.default_pipeline": name})
    try:
        documents = {"own": None, "none": "_none", "named": name}
        for id_, pipeline in documents.items():
            assert all(item.ok for item in engine.bulk(index, [{"_id": id_, "_source": {}}], pipeline=pipeline))
        engine.request("POST", f"/{index}/_refresh")
        found = {hit.id: hit.source for hit in engine.scan(index, {"ids": {"values": list(documents)}})}
    finally:
        engine.request("PUT", f"/{index}/_settings", {"index.default_pipeline": None})
        engine.request("DELETE", f"/_ingest/pipeline/{name}")
    assert found == {"own": {"marked": True}, "none": {}, "named": {"marked": True}}


def test_a_conditional_update_of_a_changed_document_conflicts(engine: Adapter, index: str) -> None:
    hit = next(engine.scan(index, {"ids": {"values": ["0"]}}, fields=["title"]))
    assert hit.source == {"title": "Red running shoes"}
    engine.request("PUT", f"/{index}/_doc/0", {"title": "Changed meanwhile"})
    action = {
        "_op_type": "update",
        "_index": hit.index,
        "_id": hit.id,
        "if_seq_no": hit.seq_no,
        "if_primary_term": hit.primary_term,
        "doc": {"brand": "x"},
    }
    (item,) = engine.bulk(index, [action], pipeline="_none")
    assert item.status == 409


@pytest.mark.parametrize("page", [3, 50, 1000])
def test_a_scan_gives_every_document_once_on_many_shards(engine: Adapter, index: str, page: int) -> None:
    list(engine.bulk(index, ({"_id": f"s{n}", "_source": {"price": n}} for n in range(300))))
    engine.request("POST", f"/{index}/_refresh")
    ids = [hit.id for hit in engine.scan(index, {"range": {"price": {"gte": 0}}}, page=page)]
    assert sorted(ids) == sorted([str(n) for n in range(4)] + [f"s{n}" for n in range(300)])


@pytest.mark.parametrize("parts", [1, 2, 5])
def test_scans_of_all_parts_give_each_document_once(engine: Adapter, index: str, parts: int) -> None:
    list(engine.bulk(index, ({"_id": f"s{n}", "_source": {"brand": "part"}} for n in range(200))))
    engine.request("POST", f"/{index}/_refresh")
    found = [
        [hit.id for hit in engine.scan(index, {"term": {"brand": "part"}}, page=20, part=(part, parts))]
        for part in range(parts)
    ]
    ids = [id_ for part in found for id_ in part]
    assert sorted(ids) == sorted(f"s{n}" for n in range(200))
    assert all(found), "no part is empty"


def test_a_scan_tells_the_routing_that_a_write_must_name_again(engine: Adapter, index: str) -> None:
    action = {"_id": "r", "_source": {"brand": "routed"}}
    key = "routing"
    (item,) = engine.bulk(index, [action | {key: "north"}])
    assert item.ok
    engine.request("POST", f"/{index}/_refresh")
    (hit,) = engine.scan(index, {"term": {"brand": "routed"}})
    assert hit.routing == "north"


def test_a_scan_reads_every_index_of_a_pattern(engine: Adapter, index: str) -> None:
    other = f"{index}-b"
    list(engine.bulk(other, [{"_id": "0", "_source": {"title": "in the other index"}}]))
    engine.request("POST", f"/{other}/_refresh")
    try:
        found = [(hit.index, hit.id) for hit in engine.scan(f"{index}*", {"match_all": {}}, page=2)]
    finally:
        engine.request("DELETE", f"/{other}")
    assert sorted(found) == sorted([(index, str(n)) for n in range(4)] + [(other, "0")])


def test_a_scan_sees_the_index_as_it_was_and_leaves_nothing_open(engine: Adapter, index: str) -> None:
    scan = engine.scan(index, {"match_all": {}}, page=1)
    next(scan)
    _empty(engine, index)
    assert len(list(scan)) == 3
    assert _open_contexts(engine, index) == 0

    abandoned = engine.scan("contract-*", {"match_all": {}}, page=1)
    next(abandoned, None)
    assert isinstance(abandoned, Generator)
    abandoned.close()
    assert _open_contexts(engine, index) == 0


def _empty(engine: Adapter, index: str) -> None:
    """Delete all products; the local Elasticsearch has no _delete_by_query."""
    deletes = ({"_op_type": "delete", "_id": str(n)} for n in range(len(PRODUCTS)))
    assert all(item.ok for item in engine.bulk(index, deletes))
    engine.request("POST", f"/{index}/_refresh")


def _open_contexts(engine: Adapter, index: str) -> int:
    count: int = engine.request("GET", f"/{index}/_stats/search")["_all"]["total"]["search"]["open_contexts"]
    return count


def test_a_missing_index_is_an_engine_error_with_a_hint(engine: Adapter) -> None:
    with pytest.raises(EngineError, match="does not exist") as caught:
        engine.facts(schema_for("no-such-index"))
    assert caught.value.status == 404
    assert not isinstance(caught.value, EngineUnavailableError)
