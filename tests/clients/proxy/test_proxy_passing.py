"""What is no search passes through untouched: request and answer, head and body, as bytes."""

from __future__ import annotations

import gzip
import json
import socket
import time
from pathlib import Path

import pytest

from bridge.clients.proxy import ProxyConfig
from bridge.errors import InputError, SetupError
from tests.clients.proxy.standins import (
    FakeSidecar,
    RawUpstream,
    Request,
    Running,
    ok,
    proxy_before,
    read_message,
    unchunk,
)

CLOSE = b"Connection: close\r\n\r\n"


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: shop.example", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n" + CLOSE


def head_of(answer: bytes) -> Request:
    head, _, body = answer.partition(b"\r\n\r\n")
    return Request(head, body)


def test_the_path_arrives_as_it_was_written(proxy: Running, upstream: RawUpstream) -> None:
    path = "/%3Clogs-%7Bnow%2Fd%7D%3E/_doc/a%2Fb%20c+d?q=%2B1&pretty&x=%zz&y=%C3%A9&empty="
    proxy.raw(get(path))
    assert upstream.searches()[0].line == f"GET {path} HTTP/1.1"


def test_headers_arrive_as_they_were_but_for_those_of_the_connection(proxy: Running, upstream: RawUpstream) -> None:
    proxy.raw(
        get(
            "/_cat/indices",
            "Authorization: ApiKey c2VjcmV0",
            "Accept-Encoding: gzip, br;q=0.5",
            "accept: application/vnd.elasticsearch+json; compatible-with=8",
            "X-Opaque-Id: 1",
            "X-Opaque-Id: 2",
            "Cookie: sid=1; other=2",
            "Keep-Alive: timeout=5",
            "X-Mine: only for you",
            "Connection: X-Mine",
        )
    )
    request = upstream.searches()[0]
    assert sorted((name.lower(), value) for name, value in request.headers) == [
        ("accept", "application/vnd.elasticsearch+json; compatible-with=8"),
        ("accept-encoding", "gzip, br;q=0.5"),
        ("authorization", "ApiKey c2VjcmV0"),
        ("cookie", "sid=1; other=2"),
        ("host", upstream.url.removeprefix("http://")),
        ("x-opaque-id", "1"),
        ("x-opaque-id", "2"),
    ]


def test_one_clients_cookies_are_no_other_clients(proxy: Running, upstream: RawUpstream) -> None:
    upstream.answer = lambda _: ok(b"{}", "set-cookie: sid=1; Path=/", "set-cookie: b=2")
    first = head_of(proxy.raw(get("/")))
    proxy.raw(get("/second"))
    assert [value for name, value in first.headers if name.lower() == "set-cookie"] == ["sid=1; Path=/", "b=2"]
    assert upstream.searches()[-1].header("cookie") is None


@pytest.mark.parametrize("status", ["404 Not Found", "429 Too Many Requests", "503 Busy For A While", "301 Moved"])
def test_status_headers_and_body_come_back_as_they_were(proxy: Running, upstream: RawUpstream, status: str) -> None:
    body = b'{"error": "\xff\xfe not even UTF-8"}'
    answer = ok(body, "X-Elastic-Product: Elasticsearch", "Location: /elsewhere", "Warning: 299 a", status=status)
    upstream.answer = lambda _: answer
    got = head_of(proxy.raw(get("/x")))
    assert got.line == f"HTTP/1.1 {status}"
    assert got.body == body
    assert sorted((name.lower(), value) for name, value in got.headers) == [
        ("connection", "close"),
        ("content-length", str(len(body))),
        ("location", "/elsewhere"),
        ("warning", "299 a"),
        ("x-elastic-product", "Elasticsearch"),
    ]


def test_packed_answers_stay_packed(proxy: Running, upstream: RawUpstream) -> None:
    packed = gzip.compress(b'{"hits": []}' * 1000, mtime=0)
    upstream.answer = lambda _: ok(packed, "Content-Encoding: gzip", "Content-Type: application/json")
    got = head_of(proxy.raw(get("/x", "Accept-Encoding: gzip")))
    assert got.header("content-encoding") == "gzip"
    assert got.body == packed


def test_packed_requests_stay_packed(proxy: Running, upstream: RawUpstream) -> None:
    packed = gzip.compress(b'{"index": {}}\n{"a": 1}\n' * 1000, mtime=0)
    lines = ["Content-Encoding: gzip", "Content-Type: application/x-ndjson", f"Content-Length: {len(packed)}"]
    proxy.raw(get("/_bulk", *lines, method="POST") + packed)
    request = upstream.searches()[0]
    assert request.body == packed
    assert request.header("content-encoding") == "gzip"
    assert request.header("content-length") == str(len(packed))
    assert request.header("transfer-encoding") is None


def test_chunked_bodies_are_passed_on_in_both_directions(proxy: Running, upstream: RawUpstream) -> None:
    upstream.answer = lambda _: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    got = head_of(
        proxy.raw(get("/_bulk", "Transfer-Encoding: chunked", method="POST") + b"4\r\nfour\r\n3\r\n\r\n!\r\n0\r\n\r\n")
    )
    assert upstream.searches()[0].body == b"four\r\n!"
    assert unchunk(got.body) == b"abcde"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
def test_every_method_passes(proxy: Running, upstream: RawUpstream, method: str) -> None:
    proxy.raw(get("/shop/_doc/1", method=method))
    assert upstream.searches()[0].line == f"{method} /shop/_doc/1 HTTP/1.1"


def test_the_answer_to_head_has_the_length_that_the_upstream_said(proxy: Running, upstream: RawUpstream) -> None:
    upstream.answer = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 4711\r\n\r\n"
    got = head_of(proxy.raw(get("/shop", method="HEAD")))
    assert got.header("content-length") == "4711"
    assert got.body == b""


def test_an_old_client_gets_a_body_without_chunks(proxy: Running, upstream: RawUpstream) -> None:
    upstream.answer = lambda _: b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    got = head_of(proxy.raw(b"GET /x HTTP/1.0\r\nHost: x\r\n\r\n"))
    assert got.body == b"abc"
    assert got.header("transfer-encoding") is None


def test_a_path_before_every_path(upstream: RawUpstream, sidecar: FakeSidecar) -> None:
    with proxy_before(f"{upstream.url}/es/", sidecar.url) as one:
        one.raw(get("/shop/_doc/1?x=1"))
    assert upstream.seen[-1].line == "GET /es/shop/_doc/1?x=1 HTTP/1.1"


def test_an_answer_comes_piece_by_piece_as_the_upstream_sends_it(proxy: Running, upstream: RawUpstream) -> None:
    """Streaming: the first piece is at the client while the upstream still holds the rest back."""
    first_seen: list[bool] = []

    def trickle(connection: socket.socket) -> None:
        read_message(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nfour")
        deadline = time.monotonic() + 20
        while not first_seen and time.monotonic() < deadline:
            time.sleep(0.01)
        connection.sendall(b"more")

    upstream.instead = trickle
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=20) as client:
        client.sendall(get("/_search/scroll"))
        data = b""
        while not data.endswith(b"four"):
            data += client.recv(4096)
        first_seen.append(True)
        while piece := client.recv(4096):
            data += piece
    assert data.endswith(b"fourmore")


def test_a_large_bulk_does_not_pile_up_in_the_proxy(proxy: Running, upstream: RawUpstream) -> None:
    """Bounded memory: an upstream that does not read stops the client, long before the body's end."""
    reading: list[bool] = []

    def lazy(connection: socket.socket) -> None:
        deadline = time.monotonic() + 20
        while not reading and time.monotonic() < deadline:
            time.sleep(0.01)
        if read_message(connection):
            connection.sendall(ok())

    upstream.instead = lazy
    size = 64 * 1024 * 1024
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=1) as client:
        client.sendall(get("/_bulk", f"Content-Length: {size}", method="POST"))
        sent = 0
        piece = b"x" * 65_536
        try:
            while sent < size:
                sent += client.send(piece)
        except TimeoutError:
            pass
        stuck = sent
        reading.append(True)
        client.settimeout(60)
        while sent < size:
            sent += client.send(piece[: size - sent])
        answer = client.recv(65_536)
    assert stuck < size // 2
    assert answer.startswith(b"HTTP/1.1 200")


# -- an upstream that misbehaves ---------------------------------------------------------------------------------


def error_of(answer: bytes) -> tuple[int, str]:
    got = head_of(answer)
    return int(got.line.split()[1]), json.loads(got.body)["error"]["reason"] if got.body else ""


@pytest.mark.parametrize("path", ["/shop/_doc/1", "/shop/_search"])
def test_an_upstream_that_is_down_is_502_with_a_reason(sidecar: FakeSidecar, gone: str, path: str) -> None:
    with proxy_before(gone, sidecar.url) as one:
        assert error_of(one.raw(get(path))) == (502, "the upstream cannot be reached (Connection refused)")


@pytest.mark.parametrize("path", ["/shop/_doc/1", "/shop/_search"])
@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH_9.2\r\n", b"\x00\x01\x02\xff" * 50, b"HTTP/1.1 abc\r\n\r\n", b"<html></html>\r\n\r\n"]
)
def test_an_upstream_that_sends_garbage_is_502(
    proxy: Running, upstream: RawUpstream, garbage: bytes, path: str
) -> None:
    upstream.answer, upstream.close_after = lambda _: garbage, True
    status, reason = error_of(proxy.raw(get(path)))
    assert status == 502
    assert reason in ("the upstream's answer is not HTTP", "the upstream closed the connection before it answered")


@pytest.mark.parametrize("path", ["/shop/_doc/1", "/shop/_search"])
def test_an_upstream_that_hangs_up_is_502(proxy: Running, upstream: RawUpstream, path: str) -> None:
    upstream.answer, upstream.close_after = lambda _: b"", True
    assert error_of(proxy.raw(get(path))) == (502, "the upstream closed the connection before it answered")


@pytest.mark.parametrize("path", ["/shop/_doc/1", "/shop/_search"])
@pytest.mark.parametrize(
    "cut",
    [
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + b"x" * 40,
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n28\r\n" + b"x" * 40 + b"\r\n",
    ],
)
def test_an_answer_that_breaks_off_breaks_off_at_the_client(
    proxy: Running, upstream: RawUpstream, cut: bytes, path: str
) -> None:
    """As without the proxy: status and part of the body, and a connection that ends too early to be taken for whole."""
    upstream.answer, upstream.close_after = lambda _: cut, True
    try:
        got = head_of(proxy.raw(get(path)))
    except ConnectionResetError:
        return
    if got.head:
        assert got.line == "HTTP/1.1 200 OK"
        assert not got.body.endswith(b"0\r\n\r\n")
        assert len(got.body) < 100


def test_an_answer_without_length_ends_with_the_connection(proxy: Running, upstream: RawUpstream) -> None:
    upstream.answer, upstream.close_after = lambda _: b"HTTP/1.1 200 OK\r\n\r\nall of it", True
    assert unchunk(head_of(proxy.raw(get("/x"))).body) == b"all of it"


def test_a_slow_upstream_gets_the_time_that_the_client_gives(proxy: Running, upstream: RawUpstream) -> None:
    def slow(_: Request) -> bytes:
        time.sleep(1.5)
        return ok(b"late")

    upstream.answer = slow
    assert head_of(proxy.raw(get("/shop/_search"))).body == b"late"


def test_a_client_that_goes_away_ends_its_request_at_the_upstream(proxy: Running, upstream: RawUpstream) -> None:
    """Engines cancel a search whose connection closes; behind a proxy that must still be so."""
    ended: list[bytes] = []

    def wait_for_the_end(connection: socket.socket) -> None:
        read_message(connection)
        connection.settimeout(20)
        ended.append(connection.recv(1))

    upstream.instead = wait_for_the_end
    with socket.create_connection(("127.0.0.1", proxy.port)) as client:
        client.sendall(get("/shop/_search").replace(b"Connection: close\r\n", b""))
        time.sleep(0.3)
    deadline = time.monotonic() + 20
    while not ended and time.monotonic() < deadline:
        time.sleep(0.01)
    assert ended == [b""]


def test_a_put_that_broke_off_is_not_sent_again_half(proxy: Running, upstream: RawUpstream) -> None:
    """A kept connection that the upstream closed: a streamed body cannot be sent twice, so the client is told."""
    proxy.raw(get("/warm"))
    upstream.answer, upstream.close_after = lambda _: b"", True
    body = b'{"a": 1}'
    answer = proxy.raw(get("/shop/_doc/1", f"Content-Length: {len(body)}", method="PUT") + body)
    assert error_of(answer)[0] == 502
    assert all(request.body == body for request in upstream.searches()[1:])


def test_longer_headers_than_servers_like_pass(proxy: Running, upstream: RawUpstream) -> None:
    token = "x" * 30_000
    proxy.raw(get("/x", f"Authorization: Bearer {token}"))
    assert upstream.searches()[0].header("authorization") == f"Bearer {token}"


def test_nothing_of_a_request_is_logged(
    proxy: Running, upstream: RawUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    upstream.answer, upstream.close_after = lambda _: b"garbage\r\n\r\n", True
    proxy.raw(get("/shop/_search?source=sEcRet", "Authorization: Basic sEcRet", "Cookie: sEcRet"))
    proxy.raw(get("/shop/_doc/sEcRet?routing=sEcRet", "Authorization: Basic sEcRet"))
    assert "sEcRet" not in caplog.text


@pytest.mark.parametrize(
    "line", [b"Authorization: Basic sEcRet\x00", b"X-\xffsEcRet: 1", b"Cookie sEcRet", b"Content-Length: sEcRet"]
)
def test_of_a_request_that_is_no_http_only_that_is_logged(
    proxy: Running, caplog: pytest.LogCaptureFixture, line: bytes
) -> None:
    """The HTTP library quotes the line that it could not read."""
    caplog.set_level("DEBUG")
    answer = proxy.raw(get("/shop/_search", "X-First: 1").replace(b"X-First: 1", line))
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert "a request is no HTTP" in caplog.text
    assert "sEcRet" not in caplog.text
    assert "Traceback" not in caplog.text


def test_the_access_log_has_neither_texts_nor_credentials(
    upstream: RawUpstream, sidecar: FakeSidecar, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bridge.clients.proxy.access")
    with proxy_before(upstream.url, sidecar.url, access_log=True) as one:
        one.raw(get("/shop/_search?q=sEcRet&source=sEcRet", "Authorization: Basic sEcRet"))
    assert "GET /shop/_search 200" in caplog.text
    assert "sEcRet" not in caplog.text


# -- settings ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    ["", "localhost:9200", "ftp://x", "http://", "http://x:port", "http://x:99999", "http://u:p@x", "http://x?a=1"],
)
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(InputError) as caught:
        ProxyConfig(upstream=url)
    assert caught.value.where == "--upstream"
    assert "u:p" not in str(caught.value)


def test_a_port_that_is_taken_is_said(upstream: RawUpstream, sidecar: FakeSidecar) -> None:
    taken = int(upstream.url.rpartition(":")[2])
    with pytest.raises(SetupError, match="cannot listen"), proxy_before(upstream.url, sidecar.url, port=taken):
        pass


def test_an_authority_that_cannot_be_read_is_said(upstream: RawUpstream, sidecar: FakeSidecar, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_text("no certificate", "utf-8")
    with pytest.raises(SetupError, match="authority"), proxy_before(upstream.url, sidecar.url, ca_certs=path):
        pass
