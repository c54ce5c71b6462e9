"""An HTTP front before the real sidecar that can be made to fail on purpose."""

from __future__ import annotations

import select
import socket
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

Mode = Literal["pass", "freeze", "hang up", "not json", "wrong type", "bad query", "error", "empty"]

_ANSWERS: dict[str, tuple[int, bytes]] = {
    "not json": (200, b"<html>gateway</html>"),
    "wrong type": (200, b'{"query": 5}'),
    "bad query": (200, b'{"query": {"no_such_query": {}}}'),
    "error": (500, b'{"error": {"type": "internal", "message": "boom"}}'),
    "empty": (200, b""),
}


class Front:
    """Forwards POSTs to the sidecar's two listeners and counts them, or misbehaves as `mode` says."""

    def __init__(self, queries: str, documents: str) -> None:
        self.mode: Mode = "pass"
        self.calls: list[str] = []
        self._released = threading.Event()
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                front.calls.append(self.path)
                if front.mode == "freeze":
                    front._released.wait(200)
                    self.close_connection = True
                    return
                if front.mode == "hang up":
                    self.close_connection = True
                    return
                if front.mode == "pass":
                    upstream = documents if "/ingest/" in self.path else queries
                    answer = _forwarded(upstream, self.path, body, self.connection)
                    if answer is None:
                        self.close_connection = True
                        return
                    status, content = answer
                else:
                    status, content = _ANSWERS[front.mode]
                head = (
                    f"HTTP/1.1 {status} x\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
                )
                self.wfile.write(head.encode() + content)

            def log_message(self, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def set(self, mode: Mode) -> None:
        """Change the behaviour; leaving `freeze` lets go of the waiting requests."""
        self.mode = mode
        if mode == "freeze":
            self._released.clear()
        else:
            self._released.set()

    def close(self) -> None:
        self._released.set()
        self._server.shutdown()
        self._server.server_close()


def _forwarded(upstream: str, path: str, body: bytes, caller: socket.socket) -> tuple[int, bytes] | None:
    """The sidecar's status and answer, or None where the caller hung up: then the sidecar sees that, too."""
    connection = HTTPConnection(urlsplit(upstream).netloc, timeout=300)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        readable, _, _ = select.select([connection.sock, caller], [], [], 300)
        if connection.sock not in readable:
            return None
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
