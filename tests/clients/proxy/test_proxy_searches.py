"""Searches on their way: which are rewritten, what exactly is sent, and that the caller's own runs on any doubt."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest

from bridge.clients.proxy import OUTCOME_HEADER, PLAN_HEADER, REASON_HEADER
from tests.clients.proxy.standins import FakeSidecar, RawUpstream, Request, Running, ok, proxy_before

#: A body with everything that a careless JSON library would change: digits, key order, spaces, escapes.
BODY = b'{ "size": 1.10, "query": {"match": {"title": "red \\u00e9 shoes"}}, "track_total_hits" : 9007199254740993 }'
REWRITTEN = b'{"size":1.10,"query":{"term":{"brand":"nike"}},"track_total_hits":9007199254740993}'
JSON = {"Content-Type": "application/json"}
NDJSON = {"Content-Type": "application/x-ndjson"}


@pytest.fixture
def client(proxy: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=30) as client:
        yield client


def flagged(body: bytes = BODY, **flags: Any) -> bytes:
    """The body with flags of the bridge beside another plugin's `ext`."""
    ext = {"ml_inference": {"params": {"bridge": flags}}, "other": {"kept": True}}
    return body.removesuffix(b"}") + b', "ext": ' + json.dumps(ext).encode() + b"}"


class TestWhichRequests:
    @pytest.mark.parametrize("method", ["GET", "POST"])
    @pytest.mark.parametrize(
        "path", ["/shop/_search", "/shop-2024/_search", "/shop,shop-1/_search/", "/%73hop/_search"]
    )
    def test_a_search_of_a_schemas_index_is_rewritten(
        self, client: httpx.Client, upstream: RawUpstream, method: str, path: str
    ) -> None:
        answer = client.request(method, f"{path}?routing=7&pretty", content=BODY, headers=JSON)
        request = upstream.searches()[0]
        assert request.line == f"{method} {path}?routing=7&pretty HTTP/1.1"
        assert request.body == REWRITTEN
        assert request.header("content-type") == "application/json"
        assert answer.headers[OUTCOME_HEADER] == "rewritten"
        assert answer.headers[REASON_HEADER] == "rewritten"
        assert answer.headers[PLAN_HEADER] == "p1.token"

    @pytest.mark.parametrize(
        "path",
        [
            "/shop/_count", "/shop/_search/template", "/_msearch/template", "/shop/_async_search", "/_search/scroll",
            "/shop/_validate/query", "/shop/_explain/1", "/shop/_update_by_query", "/shop/_delete_by_query",
            "/shop/_doc/_search", "/_scripts/_search/x", "/shop/_search_shards", "/shop/_pit",
        ],
    )  # fmt: skip
    def test_nothing_else_is(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar, path: str
    ) -> None:
        client.post(path, content=BODY, headers=JSON)
        assert upstream.searches()[0].body == BODY
        assert sidecar.asked == []

    @pytest.mark.parametrize(
        "path", ["/other/_search", "/_search", "/shop,other/_search", "/*/_search", "/_all/_search"]
    )
    def test_indices_without_a_schema_are_left_alone(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar, path: str
    ) -> None:
        answer = client.post(path, content=BODY, headers=JSON)
        assert upstream.searches()[0].body == BODY
        assert answer.headers[OUTCOME_HEADER] == "no_schema"
        assert sidecar.asked == []

    def test_a_name_given_by_hand_and_a_schema_for_searches_without_index(
        self, upstream: RawUpstream, sidecar: FakeSidecar
    ) -> None:
        settings: dict[str, Any] = {"aliases": {"live": "shop"}, "default_schema": "shop"}
        with proxy_before(upstream.url, sidecar.url, dialect="elasticsearch", **settings) as one:
            for path in ("/live/_search", "/_search"):
                httpx.post(one.url + path, content=BODY, headers=JSON)
        assert [request.body for request in upstream.searches()] == [REWRITTEN, REWRITTEN]

    @pytest.mark.parametrize(
        "kind", ["application/cbor", "application/smile", "application/yaml", "application/json; charset=utf-16"]
    )
    def test_bodies_that_are_no_json_in_utf8_pass(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar, kind: str
    ) -> None:
        client.post("/shop/_search", content=BODY, headers={"Content-Type": kind})
        assert upstream.searches()[0].body == BODY
        assert sidecar.asked == []

    def test_a_put_is_no_search(self, client: httpx.Client, upstream: RawUpstream) -> None:
        client.put("/shop/_search", content=BODY, headers=JSON)
        assert upstream.searches()[0].body == BODY

    @pytest.mark.parametrize("body", [b"", b"{}", b'{"size": 0, "aggs": {}}'])
    def test_a_search_without_a_query_asks_nobody(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar, body: bytes
    ) -> None:
        client.post("/shop/_search", content=body, headers=JSON)
        assert upstream.searches()[0].body == body
        assert sidecar.asked == []


class TestHowTheyAreSent:
    def test_the_sidecar_is_asked_for_the_body_as_it_is(self, client: httpx.Client, sidecar: FakeSidecar) -> None:
        client.post("/shop/_search", content=BODY, headers=JSON)
        assert sidecar.asked == [
            {"schema": "shop", "dialect": "elasticsearch", "options": {}, "body": json.loads(BODY)}
        ]

    def test_a_body_that_nothing_was_found_in_goes_out_byte_for_byte(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar
    ) -> None:
        sidecar.rewrite = lambda asked: {
            "body": asked["body"], "changed": False, "outcome": "nothing_found", "reason": "nothing", "plan": "p1.x"
        }  # fmt: skip
        answer = client.post("/shop/_search", content=BODY, headers=JSON)
        assert upstream.searches()[0].body == BODY
        assert answer.headers[OUTCOME_HEADER] == "nothing_found"

    @pytest.mark.parametrize("kind", ["gzip", "deflate"])
    def test_a_packed_body_is_unpacked_and_sent_plain(
        self, client: httpx.Client, upstream: RawUpstream, kind: str
    ) -> None:
        packed = gzip.compress(BODY) if kind == "gzip" else zlib.compress(BODY)
        client.post("/shop/_search", content=packed, headers=JSON | {"Content-Encoding": kind})
        request = upstream.searches()[0]
        assert request.body == REWRITTEN
        assert request.header("content-encoding") is None
        assert request.header("content-length") == str(len(REWRITTEN))

    def test_a_chunked_body_is_rewritten_too(self, client: httpx.Client, upstream: RawUpstream) -> None:
        client.post("/shop/_search", content=iter([BODY[:30], BODY[30:]]), headers=JSON)
        assert upstream.searches()[0].body == REWRITTEN

    @pytest.mark.parametrize("encode", [quote, quote_plus])
    def test_a_body_in_the_parameter_source(self, client: httpx.Client, upstream: RawUpstream, encode: Any) -> None:
        query = f"pretty&source={encode(BODY.decode())}&source_content_type=application%2Fjson&routing=a%2Fb"
        client.get(f"/shop/_search?{query}")
        request = upstream.searches()[0]
        assert request.line == "POST /shop/_search?pretty&routing=a%2Fb HTTP/1.1"
        assert request.header("content-type") == "application/json"
        assert request.body == REWRITTEN

    @pytest.mark.parametrize(
        ("index", "media_type"),
        [("other", "&source_content_type=application%2Fjson"), ("shop", ""), ("shop", "&source_content_type=text/x")],
        ids=["no schema", "engines want a media type", "and one that they know"],
    )
    def test_a_parameter_source_that_is_not_rewritten_stays_one(
        self, client: httpx.Client, upstream: RawUpstream, index: str, media_type: str
    ) -> None:
        query = f"source={quote_plus(BODY.decode())}{media_type}"
        client.get(f"/{index}/_search?{query}")
        assert upstream.searches()[0].line == f"GET /{index}/_search?{query} HTTP/1.1"

    def test_a_body_with_a_byte_order_mark(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar
    ) -> None:
        """Engines take it; the sidecar, which gets the body inside another, would not."""
        client.post("/shop/_search", content=b"\xef\xbb\xbf" + BODY, headers=JSON)
        assert sidecar.asked[0]["body"] == json.loads(BODY)
        assert upstream.searches()[0].body == REWRITTEN

    def test_credentials_are_the_clients_and_never_the_sidecars(
        self, client: httpx.Client, upstream: RawUpstream
    ) -> None:
        client.post("/shop/_search", content=BODY, headers=JSON | {"Authorization": "Basic dTpw"})
        assert upstream.searches()[0].header("authorization") == "Basic dTpw"

    def test_a_packed_answer_stays_packed(self, proxy: Running, upstream: RawUpstream) -> None:
        packed = gzip.compress(b'{"hits": {}}', mtime=0)
        upstream.answer = lambda _: ok(packed, "Content-Encoding: gzip")
        raw = b"POST /shop/_search HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Encoding: gzip\r\n"
        raw += f"Content-Type: application/json\r\nContent-Length: {len(BODY)}\r\n\r\n".encode() + BODY
        assert proxy.raw(raw).endswith(packed)
        assert upstream.searches()[0].header("accept-encoding") == "gzip"


class TestFlags:
    def test_flags_become_options_and_leave_the_body(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar
    ) -> None:
        flags = {
            "disable": ["brand", "bridge:price=<5", "no_such_label"],
            "plan": "p1.abc",
            "language": "en",
            "now": "2024-05-01T12:00:00+02:00",
        }
        client.post("/shop/_search", content=flagged(**flags), headers=JSON)
        assert sidecar.asked[0]["options"] == {
            "disable": ["brand", "bridge:price=<5"],
            "plan": "p1.abc",
            "language": "en",
            "now": "2024-05-01T12:00:00+02:00",
        }
        assert json.loads(upstream.searches()[0].body)["ext"] == {"other": {"kept": True}}

    def test_switched_off(self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar) -> None:
        answer = client.post("/shop/_search", content=flagged(off=True), headers=JSON)
        sent = json.loads(upstream.searches()[0].body)
        assert sent == json.loads(BODY) | {"ext": {"other": {"kept": True}}}
        assert answer.headers[OUTCOME_HEADER] == "off"
        assert sidecar.asked == []

    def test_flags_leave_the_body_where_no_schema_is_for_the_index(
        self, client: httpx.Client, upstream: RawUpstream
    ) -> None:
        client.post("/other/_search", content=flagged(off=True), headers=JSON)
        assert "ml_inference" not in upstream.searches()[0].body.decode()

    def test_an_opensearch_keeps_its_flags(self, upstream: RawUpstream, sidecar: FakeSidecar) -> None:
        """It knows `ext.ml_inference`, and a search pipeline behind may read it."""
        with proxy_before(upstream.url, sidecar.url, dialect="opensearch") as one:
            httpx.post(f"{one.url}/shop/_search", content=flagged(off=True), headers=JSON)
            httpx.post(f"{one.url}/shop/_search", content=flagged(language="en"), headers=JSON)
        first, second = upstream.searches()
        assert first.body == flagged(off=True)
        assert "ml_inference" in second.body.decode()

    @pytest.mark.parametrize("product", ["elasticsearch", "opensearch"])
    def test_the_proxy_finds_out_what_the_upstream_is(
        self, upstream: RawUpstream, sidecar: FakeSidecar, product: str
    ) -> None:
        root = {"version": {"number": "2.19.1", "distribution": "opensearch"}}
        upstream.answer = lambda _: (
            ok(json.dumps(root).encode())
            if product == "opensearch"
            else ok(b"{}", "X-elastic-product: Elasticsearch", status="401 Unauthorized")
        )
        with proxy_before(upstream.url, sidecar.url) as one:
            assert one.proxy.dialect == product


class TestFailOpen:
    """Promise 1: the caller's own query runs, exactly as sent."""

    def test_no_sidecar(self, upstream: RawUpstream, gone: str) -> None:
        with proxy_before(upstream.url, gone, dialect="elasticsearch") as one:
            answer = httpx.post(f"{one.url}/shop/_search", content=BODY, headers=JSON)
            health = httpx.get(f"{one.url}/_gliner_bridge/healthz").json()
        assert answer.status_code == 200
        assert upstream.searches()[0].body == BODY
        assert health == {"status": "ok", "sidecar": "not answering"}

    @pytest.mark.parametrize(
        "broken",
        [
            b"<html>gateway</html>", b"", b"[]", b'{"changed": true}', b'{"body": 5, "changed": true}', b"\xff",
            b'{"body": [], "changed": true, "outcome": "rewritten", "reason": "", "plan": null}', b"null",
        ],
    )  # fmt: skip
    def test_an_answer_that_is_none(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar, broken: bytes
    ) -> None:
        sidecar.rewrite = lambda _: broken
        answer = client.post("/shop/_search", content=BODY, headers=JSON)
        assert upstream.searches()[0].body == BODY
        assert answer.headers[OUTCOME_HEADER] == "sidecar_refused"

    @pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 302])
    def test_a_sidecar_that_refuses(
        self, client: httpx.Client, upstream: RawUpstream, sidecar: FakeSidecar, status: int
    ) -> None:
        sidecar.status = status
        client.post("/shop/_search", content=BODY, headers=JSON)
        assert upstream.searches()[0].body == BODY

    def test_a_frozen_sidecar_costs_its_time_and_then_nothing(
        self, upstream: RawUpstream, sidecar: FakeSidecar
    ) -> None:
        sidecar.hold.clear()
        with proxy_before(upstream.url, sidecar.url, dialect="elasticsearch", rewrite_seconds=0.05) as one:
            outcomes = [
                httpx.post(f"{one.url}/shop/_search", content=BODY, headers=JSON).headers[OUTCOME_HEADER]
                for _ in range(8)
            ]
        assert outcomes[:5] == ["sidecar_slow"] * 5
        assert set(outcomes[5:]) <= {"sidecar_down", "sidecar_slow"}
        assert "sidecar_down" in outcomes
        assert {request.body for request in upstream.searches()} == {BODY}

    def test_an_engine_that_refuses_the_rewritten_query_gets_the_callers(
        self, client: httpx.Client, upstream: RawUpstream, proxy: Running
    ) -> None:
        upstream.answer = lambda request: (
            ok(b'{"error": {}}', status="400 Bad Request") if request.body == REWRITTEN else ok(b'{"hits": {}}')
        )
        answer = client.post("/shop/_search", content=BODY, headers=JSON)
        assert [request.body for request in upstream.searches()] == [REWRITTEN, BODY]
        assert (answer.status_code, answer.text) == (200, '{"hits": {}}')
        assert answer.headers[OUTCOME_HEADER] == "refused"
        assert proxy.outcomes()["refused"] == 1

    def test_what_the_engine_refuses_either_way_is_its_own_error(
        self, client: httpx.Client, upstream: RawUpstream
    ) -> None:
        upstream.answer = lambda request: ok(request.body, status="400 Bad Request")
        answer = client.post("/shop/_search", content=BODY, headers=JSON)
        assert (answer.status_code, answer.content) == (400, BODY)
        assert OUTCOME_HEADER not in answer.headers

    def test_other_errors_are_not_asked_twice(self, client: httpx.Client, upstream: RawUpstream) -> None:
        upstream.answer = lambda _: ok(b"{}", status="503 Service Unavailable")
        answer = client.post("/shop/_search", content=BODY, headers=JSON)
        assert answer.status_code == 503
        assert len(upstream.searches()) == 1
        assert OUTCOME_HEADER not in answer.headers

    @pytest.mark.parametrize(
        "body", [b"{", b'"text"', b'{"query": {}, "query": {}}', b"[" * 100_000, b'{"a": NaN}', b"\xff\xfe", b"null"]
    )
    def test_a_body_that_is_no_json_gets_the_engines_own_error(
        self, client: httpx.Client, upstream: RawUpstream, body: bytes
    ) -> None:
        client.post("/shop/_search", content=body, headers=JSON)
        assert upstream.searches()[0].body == body

    @pytest.mark.parametrize(
        ("packed", "kind"),
        [(b"no gzip", "gzip"), (gzip.compress(b"x")[:-4], "gzip"), (b"x", "br"), (gzip.compress(BODY) * 2, "gzip")],
    )
    def test_a_body_that_cannot_be_unpacked_passes(
        self, client: httpx.Client, upstream: RawUpstream, packed: bytes, kind: str
    ) -> None:
        client.post("/shop/_search", content=packed, headers=JSON | {"Content-Encoding": kind})
        request = upstream.searches()[0]
        assert request.body == packed
        assert request.header("content-encoding") == kind

    def test_bodies_that_are_too_large_stream_packed_or_not(self, upstream: RawUpstream, sidecar: FakeSidecar) -> None:
        large = BODY + b" " * 5000
        with proxy_before(upstream.url, sidecar.url, dialect="elasticsearch", max_search_bytes=4096) as one:
            with httpx.Client(base_url=one.url) as client:
                client.post("/shop/_search", content=large, headers=JSON)
                client.post("/shop/_search", content=iter([large]), headers=JSON)
                client.post("/shop/_search", content=gzip.compress(large), headers=JSON | {"Content-Encoding": "gzip"})
            outcomes = one.outcomes()
        first, second, third = upstream.searches()
        assert first.body == second.body == large
        assert first.header("content-length") == str(len(large))
        assert gzip.decompress(third.body) == large
        assert sidecar.asked == []
        assert outcomes == {"too_large": 2, "unreadable": 1}

    def test_where_no_memory_is_left_searches_stream(self, upstream: RawUpstream, sidecar: FakeSidecar) -> None:
        with proxy_before(upstream.url, sidecar.url, dialect="elasticsearch", max_held_bytes=200) as one:
            httpx.post(f"{one.url}/shop/_search", content=BODY, headers=JSON)
            httpx.post(f"{one.url}/shop/_search", content=b'{"query":{}}', headers=JSON)
            outcomes = one.outcomes()
        assert upstream.searches()[0].body == BODY
        assert outcomes == {"busy": 1, "rewritten": 1}

    def test_a_kept_connection_that_the_engine_closed_does_not_fail_a_search(
        self, client: httpx.Client, upstream: RawUpstream
    ) -> None:
        upstream.close_after = True
        for _ in range(3):
            assert client.post("/shop/_search", content=BODY, headers=JSON).status_code == 200


class TestMultiSearch:
    LINES = b"\n".join([b'{"index": "shop"}', BODY, b'{"index":"other"}', BODY, b"{}", BODY, b""])

    def test_each_search_goes_by_its_own_index_or_the_paths(self, client: httpx.Client, upstream: RawUpstream) -> None:
        answer = client.post("/shop-1/_msearch", content=self.LINES, headers=NDJSON)
        assert upstream.searches()[0].body == b"\n".join(
            [b'{"index": "shop"}', REWRITTEN, b'{"index":"other"}', BODY, b"{}", REWRITTEN, b""]
        )
        assert answer.headers[OUTCOME_HEADER] == "rewritten, no_schema, rewritten"
        assert PLAN_HEADER not in answer.headers

    def test_without_an_index_in_the_path(self, client: httpx.Client, upstream: RawUpstream) -> None:
        client.post("/_msearch", content=self.LINES, headers=NDJSON)
        lines = upstream.searches()[0].body.split(b"\n")
        assert [lines[1], lines[3], lines[5]] == [REWRITTEN, BODY, BODY]

    @pytest.mark.parametrize(
        "header", [b'{"index": ["shop", "shop-1"]}', b"", b'{"indices": "shop"}', b'{"routing": "1"}']
    )
    def test_forms_of_the_first_line(self, client: httpx.Client, upstream: RawUpstream, header: bytes) -> None:
        client.post("/shop/_msearch", content=header + b"\r\n" + BODY + b"\r\n", headers=NDJSON)
        lines = upstream.searches()[0].body.split(b"\n")
        assert lines[:2] == [header + b"\r", REWRITTEN]

    def test_a_get_with_the_parameter_source(self, client: httpx.Client, upstream: RawUpstream) -> None:
        client.get(f"/_msearch?source={quote(self.LINES.decode())}&source_content_type=application/x-ndjson")
        request = upstream.searches()[0]
        assert request.line == "POST /_msearch HTTP/1.1"
        assert request.header("content-type") == "application/x-ndjson"
        assert request.body.split(b"\n")[1] == REWRITTEN

    @pytest.mark.parametrize(
        "body",
        [
            b"", b"\n", b"{}", b"{}\n{}\n{}\n", b"no json\n{}\n", b'{"index": 5}\n{}\n',
            # Engines want a newline at the end, and say so.
            b"{}\n" + BODY, b"{}\n" + BODY + b"\n  ",
        ],
    )  # fmt: skip
    def test_lines_that_make_no_sense_go_out_as_they_are(
        self, client: httpx.Client, upstream: RawUpstream, body: bytes
    ) -> None:
        client.post("/shop/_msearch", content=body, headers=NDJSON)
        assert upstream.searches()[0].body == body

    def test_flags_are_taken_out_of_each(self, client: httpx.Client, upstream: RawUpstream) -> None:
        lines = b"{}\n" + flagged(off=True) + b'\n{"index": "other"}\n' + flagged(off=True) + b"\n"
        client.post("/shop/_msearch", content=lines, headers=NDJSON)
        assert b"ml_inference" not in upstream.searches()[0].body

    @pytest.mark.parametrize("packed", [False, True])
    def test_one_rewritten_search_that_the_engine_refuses_brings_back_the_callers_own(
        self, client: httpx.Client, upstream: RawUpstream, packed: bool
    ) -> None:
        def answer(request: Request) -> bytes:
            statuses = [400 if line == REWRITTEN else 200 for line in request.body.split(b"\n")[1::2]]
            body = json.dumps({"responses": [{"status": status} for status in statuses]}).encode()
            return ok(gzip.compress(body), "Content-Encoding: gzip") if packed else ok(body)

        upstream.answer = answer
        got = client.post("/shop/_msearch", content=self.LINES, headers=NDJSON)
        assert upstream.searches()[1].body == self.LINES
        assert [one["status"] for one in got.json()["responses"]] == [200, 200, 200]

    def test_an_engine_that_cannot_parse_one_rewritten_search_gets_the_callers_own(
        self, client: httpx.Client, upstream: RawUpstream
    ) -> None:
        """Elasticsearch then refuses the whole request."""
        upstream.answer = lambda request: (
            ok(b"{}", status="400 Bad Request") if REWRITTEN in request.body else ok(b'{"responses": []}')
        )
        got = client.post("/shop/_msearch", content=self.LINES, headers=NDJSON)
        assert upstream.searches()[1].body == self.LINES
        assert (got.status_code, got.headers[OUTCOME_HEADER]) == (200, "refused, refused, refused")

    def test_a_search_that_was_wrong_before_stays_alone_with_its_error(
        self, client: httpx.Client, upstream: RawUpstream
    ) -> None:
        body = json.dumps({"responses": [{"status": 200}, {"status": 400}, {"status": 200}]}).encode()
        upstream.answer = lambda _: ok(body)
        got = client.post("/shop/_msearch", content=self.LINES, headers=NDJSON)
        assert len(upstream.searches()) == 1
        assert got.content == body

    def test_a_large_answer_streams(self, client: httpx.Client, upstream: RawUpstream) -> None:
        body = b'{"responses": [' + b" " * 6_000_000 + b'{"status":400}]}'
        upstream.answer = lambda _: ok(body)
        assert client.post("/shop/_msearch", content=self.LINES, headers=NDJSON).content == body

    def test_an_answer_that_breaks_off_is_no_whole_answer(self, client: httpx.Client, upstream: RawUpstream) -> None:
        upstream.answer = lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}"
        upstream.close_after = True
        with pytest.raises(httpx.TransportError):
            client.post("/shop/_msearch", content=self.LINES, headers=NDJSON)


def test_64_clients_at_once_each_get_their_own_answer(proxy: Running, upstream: RawUpstream) -> None:
    upstream.answer = lambda request: ok(request.body)

    def ask(number: int) -> bool:
        with httpx.Client(base_url=proxy.url, timeout=60) as client:
            for turn in range(5):
                mark = f'{{"query": {{"match": {{"title": "{number} {turn}"}}}}, "size": {number * 10 + turn}}}'
                answer = client.post("/shop/_search", content=mark.encode(), headers=JSON).json()
                if answer["size"] != number * 10 + turn:
                    return False
        return True

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(ask, range(64)))
    assert sum(proxy.outcomes().values()) == 64 * 5


def test_counters_and_health_are_the_proxys_own_pages(client: httpx.Client, upstream: RawUpstream) -> None:
    client.post("/shop/_search", content=BODY, headers=JSON)
    text = client.get("/_gliner_bridge/metrics").text
    assert 'gliner_bridge_proxy_searches_total{outcome="rewritten"} 1.0' in text
    assert 'gliner_bridge_proxy_requests_total{kind="search",status="2xx"} 1.0' in text
    assert client.get("/_gliner_bridge/healthz").json() == {"status": "ok", "sidecar": "ok"}
    assert client.get("/_gliner_bridge/other").status_code == 404
    assert len(upstream.searches()) == 1
