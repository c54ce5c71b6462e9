"""The demo's proxy before its Elasticsearch: `gliner-bridge proxy`, asked as an application asks the engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

from bridge.clients.proxy import OUTCOME_HEADER
from bridge.demo import _process, _state
from bridge.demo._engine import without_password
from bridge.demo._process import LOOPBACK, Service
from bridge.demo._state import EngineState, ProxyState, SidecarState
from bridge.errors import EngineError

Say = Callable[[str], None]
SERVICE = Service("proxy", "proxy")


def ensure(engine: EngineState, sidecar: SidecarState, known: ProxyState | None, say: Say) -> ProxyState:
    """A proxy before this engine that knows the sidecar's schemas: the running one where it fits, else a new process.

    Raises SetupError where it ended or did not become ready; the message holds the end of its log.
    """
    upstream = without_password(engine.url)
    digest = _process.digest_of(upstream.encode(), sidecar.url.encode(), sidecar.digest.encode())
    if known is not None and SERVICE.is_running(known.pid):
        if known.digest == digest and is_ready(known.url):
            say(f"proxy at {known.url} (already running, process {known.pid})")
            return known
        stop(known, lambda _: None)
    port = _process.free_port(9280)
    url = f"http://{LOOPBACK}:{port}"
    log = _state.folder() / "proxy.log"
    started = time.monotonic()
    pid = SERVICE.start(
        {"UPSTREAM": upstream, "SIDECAR": sidecar.url, "API_KEY": sidecar.key or ""},
        log,
        lambda: is_ready(url),
        options=["--port", str(port)],
    )
    say(f"proxy at {url} (ready after {time.monotonic() - started:.1f} s, process {pid}, log {log})")
    return ProxyState(pid=pid, url=url, log=str(log), digest=digest)


def stop(state: ProxyState, say: Say) -> None:
    """End the proxy's process."""
    SERVICE.stop(state.pid, say)


def search(proxy: ProxyState, engine: EngineState, index: str, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """A search through the proxy, and what became of it there.

    Raises EngineError, which names the proxy's log, where there is no answer or it is an error.
    """
    # The engine's user and password are the application's, and the proxy passes them on.
    address = httpx.URL(proxy.url).copy_with(userinfo=httpx.URL(engine.url).userinfo)
    try:
        answer = httpx.post(address.join(f"/{index}/_search"), json=body, timeout=60)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        reason = f"HTTP {error.response.status_code}" if isinstance(error, httpx.HTTPStatusError) else str(error)
        raise EngineError(f"a search through the proxy failed: {reason}", where=proxy.log) from error
    return found, answer.headers.get(OUTCOME_HEADER, "unknown")


def is_ready(url: str) -> bool:
    """Whether the proxy hears the sidecar."""
    try:
        return bool(httpx.get(f"{url}/_gliner_bridge/healthz", timeout=5).json()["sidecar"] == "ok")
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return False
