"""A stand-in engine: answers what it is told, over HTTP or TLS with an authority of its own, and keeps account."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import trustme

ROOTS: dict[str, dict[str, Any]] = {
    "opensearch": {"version": {"number": "2.19.1", "distribution": "opensearch"}},
    "elasticsearch": {"version": {"number": "9.5.3", "build_flavor": "default"}},
}


@dataclass(frozen=True)
class Seen:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    """Requests and what answers them: `answer` gives status and body (bytes go out as they are)."""

    dialect: str
    answer: Callable[[Seen], tuple[int, Any]] | None = None
    seen: list[Seen] = field(default_factory=list)
    url: str = ""
    #: Bytes of each answer that are sent before the connection closes; None: all.
    cut: int | None = None
    #: PEM file of the authority, where the stand-in speaks TLS.
    authority: str | None = None

    def start(self, folder: Path | None = None) -> StandIn:
        """Listen on a free port; with a folder over TLS, the authority's certificate is written there."""
        standin = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _do(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                seen = Seen(self.command, self.path, dict(self.headers), self.rfile.read(length))
                standin.seen.append(seen)
                status, body = standin.answer(seen) if standin.answer else (200, ROOTS[standin.dialect])
                sent = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if sent.startswith(b"<") else "application/json")
                self.send_header("Content-Length", str(len(sent)))
                if standin.dialect == "elasticsearch":
                    self.send_header("X-Elastic-Product", "Elasticsearch")
                self.end_headers()
                self.wfile.write(sent[: standin.cut])
                self.close_connection = self.close_connection or standin.cut is not None

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _do

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        scheme = "http"
        if folder is not None:
            authority = trustme.CA()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self.authority = str(folder / "authority.pem")
            authority.cert_pem.write_to_path(self.authority)
            scheme = "https"
        self.port = self._server.server_port
        self.url = f"{scheme}://127.0.0.1:{self.port}"
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
