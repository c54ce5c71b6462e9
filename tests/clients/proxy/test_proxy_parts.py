"""The parts without I/O: which request is a search, of which schema, and bodies taken apart and put together."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clients.proxy._payload import (
    join_items,
    read_body,
    refused_items,
    split_items,
    unpack,
    write_body,
)
from bridge.clients.proxy._table import Entry, SchemaTable, read_entries
from bridge.clients.proxy._target import Target, hop_by_hop, is_json, source_of, target_of, without_source
from bridge.engines.dsl import without_flags

SHOP = Entry("shop", "shop-*", None, frozenset(), 0.15)
FILMS = Entry("films", "films", "elasticsearch", frozenset(), 0.15)
PLACES = Entry("places", "*-places", None, frozenset(), 0.15)
TABLE = SchemaTable({"shop": SHOP, "films": FILMS, "places": PLACES}, {"live": "shop", "cinema": "films"})


@pytest.mark.parametrize(
    ("index", "entry"),
    [
        ("shop-1", SHOP), ("shop-*", SHOP), ("shop-2024*", SHOP), ("shop-1,shop-2", SHOP), ("shop-*,-shop-1", SHOP),
        ("films", FILMS), ("cinema", FILMS), ("live", SHOP), ("live,shop-1", SHOP), ("films,cinema", FILMS),
        ("shop", None), ("shop*", None), ("films,shop-1", None), ("*", None), ("_all", None), ("films2", None),
        ("", None), (",", None), ("-shop-1", None), ("shop-places", None), ("remote:films", None), ("Films", None),
        ("[f]ilms", None), (None, None),
    ],
)  # fmt: skip
def test_the_schema_of_an_index_expression(index: str | None, entry: Entry | None) -> None:
    assert TABLE.of(index) is entry


def test_a_name_that_two_schemas_claim_is_nobodys() -> None:
    assert SchemaTable({"a": SHOP, "b": Entry("b", "shop-*", None, frozenset(), 0.1)}).of("shop-1") is None


def test_the_name_of_an_index_goes_before_a_pattern_that_covers_it() -> None:
    exact = Entry("exact", "shop-1", None, frozenset(), 0.1)
    assert SchemaTable({"a": SHOP, "b": exact}).of("shop-1") is exact


def test_searches_without_an_index_belong_to_the_default_schema() -> None:
    assert SchemaTable({"shop": SHOP}, default="shop").of(None) is SHOP
    assert SchemaTable({}, default="shop").of(None) is None


@pytest.mark.parametrize("answer", [None, [], {}, {"schemas": []}, {"schemas": {"a": {}}}, {"schemas": {"a": None}}])
def test_an_answer_that_is_no_list_of_schemas(answer: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError, AttributeError)):
        read_entries(answer)


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("GET", "/_search", Target("search", None)),
        ("POST", "/a%2Cb/_msearch/", Target("msearch", "a,b")),
        ("POST", "/%3Clogs-%7Bnow%2Fd%7D%3E/_search", Target("search", "<logs-{now/d}>")),
        ("PUT", "/a/_search", None),
        ("GET", "/a/b/_search", None),
        ("GET", "/_search/scroll", None),
        ("GET", "/", None),
        ("GET", "//", None),
        ("GET", "", None),
        ("OPTIONS", "*", None),
    ],
)
def test_a_search_is_told_by_method_and_path(method: str, path: str, target: Target | None) -> None:
    assert target_of(method, path) == target


@settings(deadline=None)
@given(st.text(), st.text())
def test_any_path_has_an_answer(method: str, path: str) -> None:
    target_of(method, path)
    source_of(path)
    without_source(path)


def test_the_parameter_source_is_taken_out_and_nothing_else_changes() -> None:
    query = "a=%2F&&source=%7B%7D+1&b&sourc%65=x&source_content_type=application%2Fjson&c==d"
    assert source_of(query) == ("x", "application/json")
    assert without_source(query) == "a=%2F&b&c==d"


@pytest.mark.parametrize(
    ("media_type", "yes"),
    [
        (None, True), ("application/json", True), ("application/json; charset=UTF-8", True),
        ("application/x-ndjson", True), ("application/vnd.elasticsearch+x-ndjson;compatible-with=8", True),
        ("application/cbor", False),
        ("application/yaml", False), ("text/plain", False), ("application/json;charset=latin1", False),
    ],
)  # fmt: skip
def test_media_types(media_type: str | None, yes: bool) -> None:
    assert is_json(media_type) is yes


def test_headers_that_the_connection_header_names_end_here() -> None:
    assert {"te", "upgrade", "x-mine", "close"} <= hop_by_hop(["close, X-Mine", ""])


@settings(deadline=None)
@given(st.binary(max_size=500), st.sampled_from(["gzip", "x-gzip", "deflate", "identity", None, "GZIP"]))
def test_what_is_packed_is_unpacked(raw: bytes, encoding: str | None) -> None:
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}.get((encoding or "").lower().removeprefix("x-"), bytes)(
        raw
    )
    assert unpack(packed, encoding, 500) == raw


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_what_cannot_be_unpacked_is_left(raw: bytes) -> None:
    assert unpack(raw, "br", 1000) is unpack(raw, "gzip, gzip", 1000) is None
    assert unpack(b"\x00" + raw, "gzip", 1000) is None
    assert unpack(gzip.compress(raw)[:-1], "gzip", 1000) is None


def test_a_bomb_is_not_unpacked() -> None:
    assert unpack(gzip.compress(b"0" * 100_000_000), "gzip", 1_000_000) is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
bodies = st.dictionaries(st.text(), json_values, max_size=4)
headers = st.sampled_from([{}, {"index": "a"}, {"index": ["a", "b"], "routing": "1"}, {"indices": "c"}])


@settings(deadline=None)
@given(st.lists(st.tuples(headers, bodies), min_size=1, max_size=4))
def test_an_msearch_is_put_together_as_it_was(searches: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    lines = [json.dumps(part).encode() for pair in searches for part in pair]
    raw = b"\n".join(lines) + b"\n"
    items = split_items(raw)
    assert items is not None
    assert join_items(items) == raw
    names = [header.get("index", header.get("indices")) for header, _ in searches]
    assert [item.index for item in items] == [",".join(n) if isinstance(n, list) else n for n in names]
    assert [read_body(item.body) for item in items] == [body for _, body in searches]


@settings(deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_an_msearch_or_none(raw: bytes) -> None:
    items = split_items(raw)
    if items is not None:
        assert join_items(items).split(b"\n")[: 2 * len(items)] == raw.split(b"\n")[: 2 * len(items)]


@settings(deadline=None)
@given(bodies, json_values)
def test_only_our_flags_leave_a_body(body: dict[str, Any], value: Any) -> None:
    body = {key: member for key, member in body.items() if key != "ext"}
    assert without_flags(body) == body
    assert without_flags({**body, "ext": {"ml_inference": value}}) == body
    assert without_flags({**body, "ext": {"ml_inference": value, "x": 1}}) == {**body, "ext": {"x": 1}}
    assert read_body(write_body(body)) == body


@settings(deadline=None)
@given(st.lists(st.sampled_from([200, 400, 404, 500]), max_size=5))
def test_the_searches_that_an_engine_refused(statuses: list[int]) -> None:
    answer = {
        "took": 1,
        "responses": [{"hits": {"hits": [{"_source": {"status": 400}}]}, "status": s} for s in statuses],
    }
    refused = {place for place, status in enumerate(statuses) if status == 400}
    assert refused_items(json.dumps(answer).encode()) == refused
    assert refused_items(json.dumps(answer, separators=(",", ":")).encode()) == refused


@pytest.mark.parametrize(
    "answer", [b'{"status":400', b'{"status":400}', b'{"responses":[1,"status",{"status":400}]}', b""]
)
def test_any_answer_is_looked_at(answer: bytes) -> None:
    assert refused_items(answer) <= {2}
