"""A proxy between raw sockets: what arrives at the upstream and at the client is seen byte by byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from bridge.clients.proxy import Proxy, ProxyConfig, running
from bridge.engines.dsl import dumps_exact, loads_exact

#: What the stand-in sidecar says of its one schema.
SHOP = {"index": "shop,shop-*", "engine": None, "text": ["title"], "disable": ["brand", "model"], "deadline_ms": 400}


@dataclass(frozen=True)
class Request:
    """One request as it came over the wire."""

    head: bytes
    body: bytes

    @property
    def line(self) -> str:
        return self.head.split(b"\r\n")[0].decode("latin-1")

    @property
    def headers(self) -> list[tuple[str, str]]:
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines if line)]

    def header(self, name: str) -> str | None:
        return {key.lower(): value for key, value in self.headers}.get(name.lower())


def ok(body: bytes = b"{}", *headers: str, status: str = "200 OK") -> bytes:
    """An answer with its length."""
    lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class RawUpstream:
    """A server that keeps each request as it came and sends whatever bytes `answer` gives, then closes if told."""

    def __init__(self) -> None:
        self.seen: list[Request] = []
        self.answer: Callable[[Request], bytes] = lambda _: ok()
        #: Close the connection after each answer.
        self.close_after = False
        #: Called with the connection in place of all this, for upstreams that do not even read.
        self.instead: Callable[[socket.socket], None] | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)  # close() alone leaves `accept` waiting
        self._listener.close()

    def searches(self) -> list[Request]:
        """What came beside the proxy's own question what this is."""
        return [request for request in self.seen if request.line != "GET / HTTP/1.1"]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            if self.instead is not None:
                self.instead(connection)
                return
            while (request := read_message(connection)) is not None:
                self.seen.append(request)
                try:
                    connection.sendall(self.answer(request))
                except OSError:
                    return
                if self.close_after:
                    return


def read_message(connection: socket.socket) -> Request | None:
    """The next HTTP message of a connection, a chunked body put together; None where it ended or broke off."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            if not (piece := connection.recv(65_536)):
                return None
            data += piece
        head, _, rest = data.partition(b"\r\n\r\n")
        request = Request(head, b"")
        chunked = request.header("transfer-encoding") == "chunked"
        length = int(request.header("content-length") or 0)
        body = bytearray(rest)
        while not body.endswith(b"0\r\n\r\n") if chunked else len(body) < length:
            if not (piece := connection.recv(65_536)):
                return None
            body += piece
        return Request(head, unchunk(bytes(body)) if chunked else bytes(body))
    except OSError:
        return None


def unchunk(data: bytes) -> bytes:
    """The body in a chunked one; fails where a piece or the end is missing."""
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            return body
        assert len(data) >= length + 2, "a chunk is cut"
        body, data = body + data[:length], data[length + 2 :]


class FakeSidecar:
    """Answers as a sidecar does, with whatever `rewrite` makes of a request; a test may break it."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.rewrite: Callable[[dict[str, Any]], Any] = lambda asked: {
            "body": {**asked["body"], "query": {"term": {"brand": "nike"}}},
            "changed": True,
            "outcome": "rewritten",
            "reason": "rewritten",
            "plan": "p1.token",
        }
        self.status = 200
        self.hold = Event()
        self.hold.set()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._send(200, {"schemas": {"shop": SHOP}})

            def do_POST(self) -> None:
                asked = loads_exact(self.rfile.read(int(self.headers["Content-Length"])))
                fake.asked.append(asked)
                fake.hold.wait(20)
                self._send(fake.status, fake.rewrite(asked))

            def _send(self, status: int, answer: Any) -> None:
                content = answer if isinstance(answer, bytes) else dumps_exact(answer).encode()
                head = (
                    f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
                )
                self.wfile.write(head.encode() + content)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Running:
    """A proxy in a thread of its own."""

    url: str
    proxy: Proxy
    port: int = field(init=False)

    def __post_init__(self) -> None:
        self.port = int(self.url.rpartition(":")[2])

    def raw(self, request: bytes, *, seconds: float = 20.0) -> bytes:
        """What comes back on a new connection until the other side is done or closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as connection:
            connection.sendall(request)
            data = b""
            while piece := connection.recv(65_536):
                data += piece
            return data

    def outcomes(self) -> dict[str, float]:
        """Searches by what became of them."""
        samples = (sample for metric in self.proxy.metrics.searches.collect() for sample in metric.samples)
        return {one.labels["outcome"]: one.value for one in samples if one.name.endswith("_total")}


@contextmanager
def proxy_before(upstream: str, sidecar: str, **settings: Any) -> Iterator[Running]:
    """A proxy that listens on a free port, for as long as the block runs."""
    config = ProxyConfig(upstream=upstream, sidecar=sidecar, **{"port": 0, "grace_seconds": 1.0} | settings)
    ready, holder = Event(), {}
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def run() -> None:
        async with running(config) as (proxy, url):
            holder["proxy"] = Running(url, proxy)
            ready.set()
            await end.wait()

    def work() -> None:
        try:
            loop.run_until_complete(run())
        except BaseException as error:
            holder["error"] = error
        finally:
            ready.set()
            loop.close()

    thread = Thread(target=work, daemon=True)
    thread.start()
    assert ready.wait(60)
    if "error" in holder:
        raise holder["error"]
    try:
        yield holder["proxy"]
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(30)
        assert not thread.is_alive(), "the proxy did not stop"
