"""A stand-in sidecar that records what the engine sends; what the real one answers is tested end to end."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


def block(state: str = "done", **entities: list[Any]) -> dict[str, Any]:
    """An entity block as the sidecar answers it."""
    return {
        "entities": entities,
        "entities_detail": [{"label": label, "start": 0, "end": 3} for label in entities],
        "entities_meta": {
            "state": state,
            "coverage": 1.0,
            "tagging_hash": "t",
            "tagged_at": "2026-01-01T00:00:00.000Z",
        },
        "entities_mentions": {},
    }


def wrapped(query: dict[str, Any]) -> dict[str, Any]:
    """A query as the sidecar answers it."""
    return {"query": {"wrapper": {"query": base64.b64encode(json.dumps(query).encode()).decode()}}}


class Recorder:
    """Answers both routes and keeps `(path, body, headers)` of every request."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.seen: list[tuple[str, bytes, dict[str, str]]] = []
        self.documents: Callable[[Any], Any] = lambda _: block(brand=["nike"])
        self.searches: Callable[[Any], Any] = lambda body: wrapped(body.get("query", {"match_all": {}}))
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                recorder.seen.append((self.path, body, dict(self.headers)))
                status, headers, content = recorder.answer(self.path, body)
                lines = [f"HTTP/1.1 {status} x", "Content-Type: application/json", f"Content-Length: {len(content)}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                self.wfile.write("\r\n".join([*lines, "", ""]).encode() + content)

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, path: str, body: bytes) -> Answer:
        """What `documents` or `searches` says: a JSON-ready value, or `(status, headers, bytes)`."""
        try:
            given = json.loads(body)
        except ValueError:
            given = body
        made = (self.searches if "/search/" in path else self.documents)(given)
        return made if isinstance(made, tuple) else (200, {}, json.dumps(made).encode())

    @property
    def port(self) -> int:
        return int(self._server.server_port)

    @property
    def bodies(self) -> list[Any]:
        """The bodies received, as JSON."""
        return [json.loads(body) for _, body, _ in self.seen]

    def close(self) -> None:
        """Stop answering: from now on connections are refused."""
        self._server.shutdown()
        self._server.server_close()
