"""Two listeners on waitress, one for queries and everything else, one for documents, and an orderly end."""

from __future__ import annotations

import logging
import signal
import threading
import time
from queue import SimpleQueue
from typing import Any

from flask import Flask
from waitress.server import create_server

from bridge.errors import BridgeError, SetupError
from bridge.sidecar._config import SidecarConfig

log = logging.getLogger("bridge.sidecar")


class Listener:
    """One waitress server with threads of its own."""

    def __init__(self, app: Flask, host: str, port: int, threads: int, *, max_body_bytes: int) -> None:
        """Binds at once; port 0 takes a free one. SetupError where the address is taken or not of this machine."""
        try:
            self._server: Any = create_server(
                app,
                host=host,
                port=port,
                threads=threads,
                ident="gliner-bridge",
                # More than the 512 connections that the search connector may open.
                connection_limit=1100,
                backlog=1024,
                asyncore_use_poll=True,
                # Notice clients that went away while they wait, so that their work can be skipped.
                channel_request_lookahead=1,
                # The application answers 413 in its own words; this is the backstop behind it.
                max_request_body_size=4 * max_body_bytes,
                clear_untrusted_proxy_headers=True,
            )
        except OSError as error:
            raise SetupError(
                f"cannot listen on {host}:{port}: {error.strerror}",
                hint="another sidecar may be running; choose another with --port and --documents-port",
            ) from None
        # Header and body in one write: with two, an engine waits 40 ms for the delayed acknowledgement.
        self._server.adj.send_bytes = 65_536
        self._thread = threading.Thread(target=self._run, name=f"bridge-listener-{self.port}", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on."""
        if hasattr(self._server, "effective_port"):
            return int(self._server.effective_port)
        return int(self._server.effective_listen[0][1])

    def start(self) -> None:
        self._thread.start()

    def stop(self, until: float) -> None:
        """Take no new connections, let requests in progress finish until then (monotonic seconds), close."""
        servers = self._servers()
        for server in servers:
            server.accepting = False
        dispatcher = self._server.task_dispatcher
        while time.monotonic() < until and any(
            channel.requests or channel.total_outbufs_len
            for server in servers
            for channel in list(server.active_channels.values())
        ):
            time.sleep(0.01)
        dispatcher.shutdown(timeout=max(0.0, until - time.monotonic()))
        for server in servers:
            for channel in list(server.active_channels.values()):
                channel.will_close = True
        self._server.pull_trigger()
        self._server.close()
        self._thread.join(timeout=2.0)

    def _servers(self) -> list[Any]:
        # A host name with several addresses gives one server each, in one map.
        if hasattr(self._server, "active_channels"):
            return [self._server]
        return [entry for entry in self._server.map.values() if hasattr(entry, "active_channels")]

    def _run(self) -> None:
        try:
            self._server.run()
        except OSError:
            log.debug("listener closed", exc_info=True)


class Sidecar:
    """A running sidecar: both listeners over one application. Use `stop()` or as a context manager."""

    def __init__(self, app: Flask, config: SidecarConfig) -> None:
        config.check()
        self.app = app
        self._config = config
        size = config.max_body_bytes
        self.queries = Listener(app, config.host, config.port, config.threads, max_body_bytes=size)
        self.documents = Listener(
            app, config.host, config.documents_port, config.documents_threads, max_body_bytes=size
        )

    def __enter__(self) -> Sidecar:
        self.queries.start()
        self.documents.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End orderly: not ready any more, requests in progress finish, then the model's threads end."""
        runtime = self.app.extensions["bridge"]
        runtime.leave()
        until = time.monotonic() + self._config.grace_seconds
        for listener in (self.queries, self.documents):
            listener.stop(until)
        runtime.stop()


def run_until_signal(sidecar: Sidecar) -> None:
    """Serve until SIGTERM or SIGINT, then stop orderly; SIGHUP reloads the schemas. Only in the main thread."""
    received: SimpleQueue[int] = SimpleQueue()
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    former = {number: signal.signal(number, lambda number, _frame: received.put(number)) for number in numbers}
    try:
        with sidecar:
            while received.get() == signal.SIGHUP:
                _reload(sidecar.app.extensions["bridge"])
            log.info("stopping: requests in progress finish first")
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _reload(runtime: Any) -> None:
    try:
        log.info("schemas reloaded: %s", runtime.reload())
    except BridgeError as error:
        log.error("the schemas stay as they were: %s", error)
