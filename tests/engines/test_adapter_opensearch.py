"""The OpenSearch adapter against a real OpenSearch: what the bridge reads from an index, and how it writes to it."""

from __future__ import annotations

import uuid
from collections.abc import Generator, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from bridge.engines import Engine, FieldFacts, OpenSearchEngine, connect
from bridge.entities import Stats
from bridge.errors import EngineError, EngineUnavailableError
from bridge.schema import Schema, parse_schema

pytestmark = pytest.mark.engine

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


@pytest.fixture
def index(engine: OpenSearchEngine) -> Iterator[str]:
    """An index with four products on three shards."""
    name = f"adapter-{uuid.uuid4().hex[:8]}"
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


@pytest.fixture
def emptying_pipeline(engine: OpenSearchEngine, index: str) -> Iterator[str]:
    """A default search pipeline that makes every search empty: whoever goes through it finds nothing."""
    name = f"emptying-{index}"
    nothing = {"filter_query": {"query": {"match_none": {}}}}
    try:
        engine.request("PUT", f"/_search/pipeline/{name}", {"request_processors": [nothing]})
    except EngineError:
        # The node from Maven Central lacks the module with filter_query; ml_inference without a model fails instead.
        model = {"model_id": "none", "input_map": [{"x": "$"}], "output_map": [{"query": "query"}]}
        engine.request("PUT", f"/_search/pipeline/{name}", {"request_processors": [{"ml_inference": model}]})
    engine.request("PUT", f"/{index}/_settings", {"index.search.default_pipeline": name})
    yield name
    engine.request("PUT", f"/{index}/_settings", {"index.search.default_pipeline": None})
    engine.request("DELETE", f"/_search/pipeline/{name}")


def test_it_knows_what_answers(engine: OpenSearchEngine, opensearch_url: str) -> None:
    info = engine.info()
    assert info.dialect == "opensearch"
    assert info.major_minor >= (2, 19)
    assert info.ml_commons
    assert isinstance(engine, Engine)
    assert isinstance(connect(opensearch_url), OpenSearchEngine)


def test_values_are_the_stored_keys_with_their_document_counts(engine: OpenSearchEngine, index: str) -> None:
    assert engine.values(schema_for(index)) == {"brand": {"Nike": 2, "Falke": 1}, "color": {"red": 2, "blue": 2}}


def test_values_of_many_pages_are_complete_and_the_cap_holds(engine: OpenSearchEngine, index: str) -> None:
    many = ({"_id": f"m{n}", "_source": {"brand": f"brand {n}"}} for n in range(5100))
    assert all(item.ok for item in engine.bulk(index, many, chunk_size=2000))
    engine.request("POST", f"/{index}/_refresh")
    assert len(engine.values(schema_for(index))["brand"]) == 5102
    assert len(engine.values(schema_for(index), cap=7)["brand"]) == 7


def test_values_of_protected_documents_come_from_public_fields_only(engine: OpenSearchEngine, index: str) -> None:
    schema = schema_for(index, "document_security: true\npublic_values: [brand]\n")
    assert engine.values(schema) == {"brand": {"Nike": 2, "Falke": 1}}


def test_a_text_field_has_no_values_and_the_error_says_what_to_bind_instead(
    engine: OpenSearchEngine, index: str
) -> None:
    schema = parse_schema(f"schema: shop\nindex: {index}\ntext: [title]\nlabels:\n  name: {{field: title}}\n")
    with pytest.raises(EngineError, match=r"type is text(.|\n)*title\.keyword"):
        engine.values(schema)


def test_a_field_that_no_document_has_yet_has_no_values(engine: OpenSearchEngine, index: str) -> None:
    schema = parse_schema(f"schema: shop\nindex: {index}\ntext: [title]\nlabels:\n  material: {{}}\n")
    assert engine.values(schema) == {"material": {}}
    assert engine.facts(schema).fill_rates == {"entities.material": 0.0}


def test_fill_rates_are_shares_of_all_documents(engine: OpenSearchEngine, index: str) -> None:
    assert engine.facts(schema_for(index)).fill_rates == {"brand": 0.75, "entities.color": 0.75, "price": 1.0}


def test_the_spread_of_amounts_and_dates_comes_with_them(engine: OpenSearchEngine, index: str) -> None:
    assert engine.facts(schema_for(index)).stats == {"price": Stats(5.0, 36.0, 79.5)}


def test_an_empty_index_has_no_facts(engine: OpenSearchEngine, index: str) -> None:
    engine.request("POST", f"/{index}/_delete_by_query", {"query": {"match_all": {}}}, params={"refresh": "true"})
    assert engine.facts(schema_for(index)) == FieldFacts()


def test_only_fields_that_can_be_ordered_by_have_a_spread(engine: OpenSearchEngine) -> None:
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
    engine.request("PUT", f"/{index}", {"mappings": {"properties": types}})
    document = {"sold": "2020/01/02", "watts": 5, "sizes": {"gte": 1, "lte": 2}, "year": "2020", "rank": 3, "votes": 3}
    assert all(item.ok for item in engine.bulk(index, [{"_source": document}]))
    engine.request("POST", f"/{index}/_refresh")
    facts = engine.facts(schema)
    day = 1_577_923_200_000.0
    assert facts.stats == {"sold": Stats(day, day, day)}
    shares = dict.fromkeys(types, 1.0) | {"entities.gone": 0.0}
    assert facts.fill_rates == {name: share for name, share in shares.items() if name != "votes"}, "no rank feature"
    secret = schema.model_copy(update={"document_security": True})
    assert engine.facts(secret).stats == {}
    engine.request("DELETE", f"/{index}")


def test_counts_come_in_the_order_of_the_bodies(engine: OpenSearchEngine, index: str) -> None:
    bodies = [
        {"query": {"match": {"title": "shoes"}}, "size": 1, "aggs": {"b": {"terms": {"field": "brand"}}}},
        {"query": {"match_all": {}}, "post_filter": {"term": {"brand": "Nike"}}, "from": 1},
        {"query": {"match_none": {}}},
    ]
    assert engine.counts(index, bodies) == [2, 2, 0]
    assert engine.counts(index, []) == []


@pytest.mark.usefixtures("emptying_pipeline")
def test_nothing_goes_through_the_default_search_pipeline(engine: OpenSearchEngine, index: str) -> None:
    """Otherwise the sidecar's own searches would come back to it for ever."""
    schema = schema_for(index)
    assert engine.values(schema)["brand"] == {"Nike": 2, "Falke": 1}
    assert engine.facts(schema).fill_rates["price"] == 1.0
    assert engine.counts(index, [{"query": {"match_all": {}}}]) == [4]
    assert engine.search(index, {"query": {"match_all": {}}})["hits"]["total"]["value"] == 4
    assert len(list(engine.scan(index, {"match_all": {}}))) == 4

    try:
        through = engine.search(index, {"query": {"match_all": {}}}, pipeline=None)["hits"]["total"]["value"]
    except EngineError:
        through = 0
    assert through == 0, "the pipeline of this test must be in force"


def test_a_failing_count_names_the_cause_and_no_text(engine: OpenSearchEngine, index: str) -> None:
    with pytest.raises(EngineError) as caught:
        engine.counts(index, [{"query": {"range": {"price": {"gte": "my secret"}}}}])
    assert "secret" not in str(caught.value)


def test_a_refused_search_names_the_cause_and_no_text(engine: OpenSearchEngine, index: str) -> None:
    with pytest.raises(EngineError) as caught:
        engine.search(index, {"query": {"my secret": {}}})
    assert caught.value.status == 400
    assert "secret" not in str(caught.value)


def test_a_refused_document_is_an_item_and_the_others_are_indexed(engine: OpenSearchEngine, index: str) -> None:
    actions = [{"_id": "good", "_source": {"price": 1}}, {"_id": "bad", "_source": {"price": "cheap"}}]
    good, bad = engine.bulk(index, actions)
    assert (good.ok, good.status, good.error) == (True, 201, None)
    assert (bad.ok, bad.id, bad.status) == (False, "bad", 400)
    assert bad.error
    assert "mapper_parsing_exception" in bad.error


def test_items_come_while_actions_are_still_being_read(engine: OpenSearchEngine, index: str) -> None:
    read = []

    def actions() -> Iterator[dict[str, Any]]:
        for n in range(30):
            read.append(n)
            yield {"_id": f"p{n}", "_source": {"price": n}}

    items = engine.bulk(index, actions(), chunk_size=10)
    next(items)
    assert len(read) < 30
    assert len(list(items)) == 29


def test_a_conditional_update_of_a_changed_document_conflicts(engine: OpenSearchEngine, index: str) -> None:
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
def test_a_scan_gives_every_document_once_on_many_shards(engine: OpenSearchEngine, index: str, page: int) -> None:
    list(engine.bulk(index, ({"_id": f"s{n}", "_source": {"price": n}} for n in range(300))))
    engine.request("POST", f"/{index}/_refresh")
    ids = [hit.id for hit in engine.scan(index, {"range": {"price": {"gte": 0}}}, page=page)]
    assert sorted(ids) == sorted([str(n) for n in range(4)] + [f"s{n}" for n in range(300)])


def test_a_scan_reads_every_index_of_a_pattern(engine: OpenSearchEngine, index: str) -> None:
    other = f"{index}-b"
    list(engine.bulk(other, [{"_id": "0", "_source": {"title": "in the other index"}}]))
    engine.request("POST", f"/{other}/_refresh")
    try:
        found = [(hit.index, hit.id) for hit in engine.scan(f"{index}*", {"match_all": {}}, page=2)]
    finally:
        engine.request("DELETE", f"/{other}")
    assert sorted(found) == sorted([(index, str(n)) for n in range(4)] + [(other, "0")])


def test_a_scan_sees_the_index_as_it_was_and_leaves_nothing_open(engine: OpenSearchEngine, index: str) -> None:
    scan = engine.scan(index, {"match_all": {}}, page=1)
    next(scan)
    engine.request("POST", f"/{index}/_delete_by_query", {"query": {"match_all": {}}}, params={"refresh": "true"})
    assert len(list(scan)) == 3
    assert _open_contexts(engine, index) == 0

    abandoned = engine.scan("adapter-*", {"match_all": {}}, page=1)
    next(abandoned, None)
    assert isinstance(abandoned, Generator)
    abandoned.close()
    assert _open_contexts(engine, index) == 0


def _open_contexts(engine: OpenSearchEngine, index: str) -> int:
    count: int = engine.request("GET", f"/{index}/_stats/search")["_all"]["total"]["search"]["open_contexts"]
    return count


def test_a_missing_index_is_an_engine_error_with_a_hint(engine: OpenSearchEngine) -> None:
    with pytest.raises(EngineError, match="does not exist") as caught:
        engine.facts(schema_for("no-such-index"))
    assert caught.value.status == 404
    assert not isinstance(caught.value, EngineUnavailableError)


def test_an_engine_that_is_down_is_unavailable() -> None:
    with pytest.raises(EngineUnavailableError, match="does not answer"):
        OpenSearchEngine("http://127.0.0.1:9", timeout=2).info()


class _Recorder(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append(self.headers.get("Authorization"))  # type: ignore[attr-defined]
        body = b'{"version": {"number": "2.19.1", "distribution": "opensearch"}}'
        self.send_response(401 if self.headers.get("Authorization") is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def header_recorder() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), _Recorder)
    server.seen = []  # type: ignore[attr-defined]
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("options", "userinfo", "header"),
    [
        ({"username": "ada", "password": "lovelace"}, "", "Basic YWRhOmxvdmVsYWNl"),
        ({}, "ada:lovelace@", "Basic YWRhOmxvdmVsYWNl"),
        ({"api_key": "k3y"}, "", "ApiKey k3y"),
    ],
)
def test_credentials_reach_the_engine_and_never_the_address(
    header_recorder: HTTPServer, options: dict[str, Any], userinfo: str, header: str
) -> None:
    engine = OpenSearchEngine(f"http://{userinfo}127.0.0.1:{header_recorder.server_port}", **options)
    engine.request("GET", "/")
    assert header_recorder.seen == [header]  # type: ignore[attr-defined]
    assert engine.url == f"http://127.0.0.1:{header_recorder.server_port}"
    assert "lovelace" not in repr(engine)


def test_missing_credentials_are_named(header_recorder: HTTPServer) -> None:
    with pytest.raises(EngineError, match="user name, password or API key") as caught:
        OpenSearchEngine(f"http://127.0.0.1:{header_recorder.server_port}").request("GET", "/")
    assert caught.value.status == 401
