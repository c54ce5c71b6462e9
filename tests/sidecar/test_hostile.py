"""What is not a request of ours gets an error of the closed list, never a traceback, never the user's words."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.sidecar import _errors
from bridge.sidecar._models import ErrorResponse

from .conftest import Start

POSTS = [
    "/v1/tag",
    "/v1/parse",
    "/v1/rewrite",
    "/v1/refresh",
    "/opensearch/ingest/grocery",
    "/opensearch/search/grocery",
    "/elasticsearch/completion/grocery",
]
SECRET = "zq7secretword"
TYPES = {kind.type: kind.status for kind in _errors.ALL}


def error(answer: httpx.Response) -> dict[str, str]:
    """The error of an answer that keeps the contract: closed type, its status, ASCII, nothing of the request."""
    body = ErrorResponse.model_validate_json(answer.text).error
    assert TYPES[body.type] == answer.status_code
    assert answer.content.isascii()
    assert answer.headers["Content-Type"] == "application/json"
    assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    return {"type": body.type, "message": body.message}


GARBAGE = {
    "nothing": b" ",
    "no JSON": SECRET.encode(),
    "an array": f'["{SECRET}"]'.encode(),
    "a string": f'"{SECRET}"'.encode(),
    "a number": b"5",
    "null": b"null",
    "cut off": f'{{"texts": ["{SECRET}'.encode(),
    "two objects": b'{"a": 1}{"b": 2}',
    "NaN": b'{"texts": [NaN]}',
    "Infinity": b'{"texts": -Infinity}',
    "duplicate keys": b'{"texts": ["a"], "texts": ["b"]}',
    "duplicate keys inside": b'{"body": {"query": {"match": {"a": 1, "a": 2}}}}',
    "latin-1": '{"texts": ["é"]}'.encode("latin-1"),
    "UTF-16": '{"texts": ["a"]}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf{}",
    "a raw control character": b'{"texts": ["a\x01"]}',
    "a raw NUL": b'{"texts\x00": 1}',
    "brackets without end": b"[" * 100_000,
    "deep objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a deep array inside": b'{"a":' + b"[" * 101 + b"]" * 101 + b"}",
    "a number of 5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("name", GARBAGE)
def test_what_is_not_one_json_object_is_400(sidecar: httpx.Client, path: str, name: str) -> None:
    answer = sidecar.post(path, content=GARBAGE[name])

    assert error(answer)["type"] == "invalid_input"


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/v1/parse", {"schema": "grocery"}, "text"),
        ("/v1/parse", {"text": 5, "schema": "grocery"}, "text"),
        ("/v1/parse", {"text": "a", "schema": ["grocery"]}, "schema"),
        ("/v1/parse", {"text": "a", "schema": "grocery", "options": {"off": 1}}, "options.off"),
        ("/v1/parse", {"text": "a", "schema": "grocery", "options": {"now": SECRET}}, "now"),
        ("/v1/parse", {"text": "a", "schema": "grocery", "options": {"plan": SECRET}}, "plan"),
        ("/v1/parse", {"text": "a", "schema": "grocery", "options": {"disable": [1]}}, "options.disable[0]"),
        ("/v1/parse", {"text": "a", "schema": "grocery", "options": {SECRET + " x": 1}}, "options"),
        ("/v1/rewrite", {"schema": "grocery", "body": [SECRET]}, "body"),
        ("/v1/rewrite", {"schema": "grocery", "body": {}, "dialect": SECRET}, "dialect"),
        ("/v1/rewrite", {"schema": "grocery"}, "body"),
        ("/v1/refresh", {"schema": 5}, "schema"),
        ("/elasticsearch/completion/grocery", {}, "input"),
        ("/elasticsearch/completion/grocery", {"input": [SECRET]}, "input"),
    ],
)
def test_a_wrong_type_names_the_key(sidecar: httpx.Client, path: str, body: Any, named: str) -> None:
    answer = sidecar.post(path, json=body)

    assert answer.status_code == 400
    assert named in error(answer)["message"]


@pytest.mark.parametrize("path", ["/v1/parse", "/v1/tag"])
def test_half_a_surrogate_pair_is_named(sidecar: httpx.Client, path: str) -> None:
    body = (
        '{"text": "a\\ud800", "schema": "grocery"}'
        if path == "/v1/parse"
        else ('{"texts": ["a"], "labels": ["a\\udfff"]}')
    )

    message = error(sidecar.post(path, content=body))["message"]

    assert message.startswith("text" if path == "/v1/parse" else "labels[0]")


@pytest.mark.parametrize("path", [path.replace("grocery", SECRET) for path in POSTS if "grocery" in path])
def test_an_unknown_schema_is_404(sidecar: httpx.Client, path: str) -> None:
    assert error(sidecar.post(path, json={"input": "a"}))["type"] == "unknown_schema"


@pytest.mark.parametrize("path", ["/v1/tag", "/v1/parse", "/v1/rewrite", "/v1/refresh"])
def test_an_unknown_schema_in_the_body_is_404(sidecar: httpx.Client, path: str) -> None:
    body = {
        "/v1/tag": {"texts": ["a"]},
        "/v1/parse": {"text": "a"},
        "/v1/rewrite": {"body": {}},
        "/v1/refresh": {},
    }[path]

    assert error(sidecar.post(path, json=body | {"schema": SECRET}))["type"] == "unknown_schema"


@pytest.mark.parametrize("path", [f"/{SECRET}", "/v2/tag", "/opensearch/ingest/", "/opensearch/ingest/a/b", "/%00"])
def test_an_unknown_path_is_404(sidecar: httpx.Client, path: str) -> None:
    assert error(sidecar.get(path))["type"] == "not_found"


def test_another_method_is_405_and_says_which(sidecar: httpx.Client) -> None:
    answer = sidecar.get("/v1/tag")

    assert error(answer)["type"] == "method_not_allowed"
    assert "POST" in answer.headers["Allow"]


def test_a_large_request_is_413(start: Start) -> None:
    with start(schemas=(), max_body_bytes=1_000) as client:
        answer = client.post("/v1/tag", json={"texts": [SECRET * 200], "labels": ["a"]})
        assert error(answer) == {"type": "too_large", "message": "the request is larger than 1000 bytes"}
        assert client.post("/v1/tag", json={"texts": ["a"], "labels": ["a"]}).status_code == 200


def test_a_long_text_is_no_query(sidecar: httpx.Client) -> None:
    text = "coffee under $20 " * 100

    assert error(sidecar.post("/v1/parse", json={"text": text, "schema": "grocery"}))["type"] == "too_large"
    body = {"query": {"match": {"name": text}}}
    rewritten = sidecar.post("/v1/rewrite", json={"body": body, "schema": "grocery"}).json()
    assert (rewritten["changed"], rewritten["body"]) == (False, body)


@pytest.mark.parametrize(
    "head", ["GARBAGE\r\n\r\n", "POST / HTTP/9.9\r\n\r\n", "\r\n\r\n", "GET /\x00 HTTP/1.1\r\n\r\n"]
)
def test_what_is_not_http_does_not_end_the_service(sidecar: httpx.Client, head: str) -> None:
    url = urlsplit(str(sidecar.base_url))
    with socket.create_connection((url.hostname or "", url.port or 0), timeout=10) as raw:
        raw.sendall(head.encode("latin-1"))
        raw.shutdown(socket.SHUT_WR)
        while raw.recv(4096):
            pass

    assert sidecar.get("/healthz").status_code == 200


def test_garbage_in_a_pipeline_fails_alone(sidecar: httpx.Client) -> None:
    url = urlsplit(str(sidecar.base_url))
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
    statuses = []
    for body in (b'{"name": "a"}', b"{garbage", b'{"name": "b"}'):
        connection.request("POST", "/opensearch/ingest/grocery", body)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
    connection.close()

    assert statuses == [200, 400, 200]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(POSTS), data=st.binary(max_size=80) | st.text(max_size=40).map(lambda text: text.encode()))
def test_any_bytes_are_answered_from_the_closed_list(sidecar: httpx.Client, path: str, data: bytes) -> None:
    answer = sidecar.post(path, content=data)

    if answer.status_code != 200:
        error(answer)


wild = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
keys = st.sampled_from(
    ["texts", "labels", "schema", "text", "body", "options", "threshold", "offsets", "input", "name"]
)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(POSTS), body=st.dictionaries(keys, wild | st.just("grocery")))
def test_any_json_object_is_answered_without_a_defect(sidecar: httpx.Client, path: str, body: Any) -> None:
    answer = sidecar.post(path, content=json.dumps(body))

    assert answer.content.isascii()
    assert answer.status_code in (200, 400, 404, 413), answer.text
    if answer.status_code != 200:
        error(answer)
