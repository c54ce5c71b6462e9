"""POST /opensearch/search/<schema>: the query to run, always; on doubt the caller's own, byte for byte."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.entities import Stats
from bridge.query import StaticValues
from bridge.schema import load_schema

from .conftest import Start, metric

URL = "/opensearch/search/grocery"


def leaf(text: str) -> dict[str, Any]:
    return {"multi_match": {"query": text, "fields": ["name", "description"]}}


def sent_back(answer: httpx.Response) -> bytes:
    """The bytes inside the wrapper of a search answer."""
    assert answer.status_code == 200, answer.text
    value = answer.json()
    assert list(value) == ["query"]
    assert list(value["query"]) == ["wrapper"]
    return base64.b64decode(value["query"]["wrapper"]["query"], validate=True)


def search(client: httpx.Client, query: Any, ext: Any = None) -> Any:
    body = {"query": query} | ({"ext": ext} if ext is not None else {})
    return json.loads(sent_back(client.post(URL, json=body)))


def test_an_amount_becomes_a_condition_beside_the_text(sidecar: httpx.Client) -> None:
    query = json.dumps(search(sidecar, leaf("organic coffee under $20")))

    assert '"bridge:price=<20"' in query
    assert '"price": {"lt": 20' in query
    assert '"organic coffee"' in query


def test_without_an_engine_to_count_with_filters_only_order_the_results(sidecar: httpx.Client) -> None:
    query = search(sidecar, leaf("organic coffee under $20"))

    filters = json.dumps(query["bool"].get("filter", []))
    assert "price" not in filters, "a hard filter that nobody counted could empty the result"


NUMBERS = (
    b'{"bool": {"must": [{"match_phrase": {"sku": "no text of ours"}}], "filter": [\n'
    b'  {"terms": {"id": [5, 9007199254740993, 18446744073709551615]}},\n'
    b'  {"range": {"at": {"gte": 1700000000000, "lt": 1.7e12}}},\n'
    b'  {"term": {"code": {"value": 1.10, "boost": 1.0}}}, {"term": {"big": 1e400}}, {"term": {"neg": -0.0}}]}}'
)


def test_a_query_that_is_not_ours_comes_back_byte_for_byte(sidecar: httpx.Client) -> None:
    body = b'{ "ext" : {}, "query" : ' + NUMBERS + b" }"

    assert sent_back(sidecar.post(URL, content=body)) == NUMBERS


def test_numbers_of_a_rewritten_query_keep_their_literals(sidecar: httpx.Client) -> None:
    query = (
        b'{"bool": {"must": [{"multi_match": {"query": "coffee under $20", "fields": ["name", "description"],'
        b' "boost": 1.10}}], "filter": [{"terms": {"id": [9007199254740993, 18446744073709551615]}},'
        b' {"range": {"at": {"gte": 1700000000000, "lt": 1.7e12}}}, {"term": {"big": 1e400}}]}}'
    )

    rewritten = sent_back(sidecar.post(URL, content=b'{"query":' + query + b"}"))

    assert rewritten != query
    for literal in (b"1.10", b"9007199254740993", b"18446744073709551615", b"1700000000000", b"1.7e12", b"1e400"):
        assert literal in rewritten


@pytest.mark.parametrize("body", ["{}", '{"ext": {}}', '{"query": null}', '{"query": {}}'])
def test_a_search_without_a_query_matches_everything_as_before(sidecar: httpx.Client, body: str) -> None:
    assert json.loads(sent_back(sidecar.post(URL, content=body))) == {"match_all": {}}


def test_a_text_beside_match_all_is_searched(sidecar: httpx.Client) -> None:
    ext = {"ml_inference": {"query_text": "organic coffee under $20"}}

    query = json.dumps(search(sidecar, {"match_all": {}}, ext))

    assert "organic coffee" in query
    assert "bridge:price=<20" in query


def test_a_flag_switches_it_off(sidecar: httpx.Client) -> None:
    ext = {"ml_inference": {"params": {"bridge": {"off": True}}}}

    assert search(sidecar, leaf("coffee under $20"), ext) == leaf("coffee under $20")


def test_a_flag_leaves_out_a_label(sidecar: httpx.Client) -> None:
    ext = {"ml_inference": {"params": {"bridge": {"disable": ["price"]}}}}

    assert "bridge:price" not in json.dumps(search(sidecar, leaf("coffee under $20"), ext))


def test_a_plan_token_is_applied_again(sidecar: httpx.Client) -> None:
    body = {"query": leaf("coffee under $20")}
    first = sidecar.post("/v1/rewrite", json={"body": body, "schema": "grocery"}).json()
    ext = {"ml_inference": {"params": {"bridge": {"plan": first["plan"]}}}}

    assert search(sidecar, leaf("coffee under $20"), ext) == first["body"]["query"]


@pytest.mark.parametrize("plan", ["", "p1.broken", "x" * 100_000])
def test_a_damaged_plan_token_changes_nothing(sidecar: httpx.Client, plan: str) -> None:
    ext = {"ml_inference": {"params": {"bridge": {"plan": plan, "disable": ["price", "model", "dictionary"]}}}}
    query = leaf("coffee under $20")

    assert search(sidecar, query, ext) == query


@pytest.mark.parametrize("flags", [5, [], {"off": "maybe"}, {"disable": 5}, {"now": "yesterday"}, {"zork": 1}])
def test_malformed_flags_never_fail_a_search(sidecar: httpx.Client, flags: object) -> None:
    search(sidecar, leaf("coffee"), {"ml_inference": {"params": {"bridge": flags}}})


def test_the_same_search_gives_the_same_bytes(sidecar: httpx.Client) -> None:
    body = {"query": leaf("red apple juice without sugar under $20")}

    assert len({sent_back(sidecar.post(URL, json=body)) for _ in range(5)}) == 1


def test_a_rewritten_query_is_not_rewritten_again(sidecar: httpx.Client) -> None:
    once = search(sidecar, leaf("coffee under $20"))

    assert search(sidecar, once) == once


def test_half_a_surrogate_pair_comes_back_as_it_was_sent(sidecar: httpx.Client) -> None:
    query = b'{"term": {"x": "\\ud800"}}'

    assert sent_back(sidecar.post(URL, content=b'{"query":' + query + b"}")) == query


def test_text_in_another_script_and_emoji_come_back_whole(sidecar: httpx.Client) -> None:
    for text in ("咖啡 20 元以下", "кофе до 20", "قهوة", "coffee 😀 under $20", "{{x}} ${parameters.y}"):
        assert text in json.dumps(search(sidecar, leaf(text)), ensure_ascii=False)


def test_a_query_that_takes_too_long_is_answered_with_the_callers_own(start: Start, tmp_path: Any) -> None:
    schema = tmp_path / "slow.yaml"
    schema.write_text(
        "schema: slow\nindex: slow\ntext: [name]\ndeadline_ms: 10\nlabels:\n  brand: {}\n  color: {}\n", "utf-8"
    )
    # An idle model waits for company for longer than the query has time.
    with start(schemas=(schema,), gather_ms=200.0) as client:
        answer = client.post("/opensearch/search/slow", json={"query": {"match": {"name": "red shoes"}}})
        late = metric(client, "gliner_bridge_searches_total", schema="slow", outcome="deadline")

    assert json.loads(sent_back(answer)) == {"match": {"name": "red shoes"}}
    assert late == 1


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bool", "must", "should", "match", "multi_match", "query", "fields", "name", "boost"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(st.sampled_from(["bool", "match", "multi_match", "dis_max", "knn"]), json_values),
    ext=json_values,
)
def test_any_json_is_answered_with_a_query(sidecar: httpx.Client, query: Any, ext: Any) -> None:
    search(sidecar, query, ext)


def test_an_order_sorts_a_body_and_boosts_where_only_the_query_goes_back(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "lamps.yaml"
    file.write_text(
        "schema: lamps\nindex: lamps\ntext: [name]\ndeadline_ms: 900\nlabels:\n"
        "  price: {kind: number, field: price, unit: USD, model: false, use: filter, sort: sort}\n"
    )
    known = StaticValues.of(load_schema(file), {}, {"price": 1.0}, {"price": Stats(5.0, 40.0, 900.0)})
    known.save(tmp_path / "lamps.json")
    body = {"size": 3, "query": {"match": {"name": "cheapest desk lamp"}}}
    with start(schemas=(file,), snapshots=tmp_path) as client:
        whole = client.post("/v1/rewrite", json={"schema": "lamps", "dialect": "opensearch", "body": body}).json()
        query = sent_back(client.post("/opensearch/search/lamps", json={"query": body["query"]})).decode()

    assert list(whole["body"]) == ["size", "query", "sort"]
    assert whole["body"]["sort"][0] == {"price": {"order": "asc", "missing": "_last", "unmapped_type": "double"}}
    assert "bridge:price=lowest" not in json.dumps(whole["body"])
    assert '"function_score"' in query
    assert '"bridge:price=lowest"' in query
    assert '"desk lamp"' in query
