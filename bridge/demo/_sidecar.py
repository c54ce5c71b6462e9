"""The demo's sidecars: `gliner-bridge serve` for the schemas on one engine."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from bridge.demo import _process, _state
from bridge.demo._engine import without_password
from bridge.demo._process import LOOPBACK, Service
from bridge.demo._state import EngineState, SidecarState
from bridge.errors import SetupError

Say = Callable[[str], None]
SERVICE = Service("sidecar", "serve")


def ensure(engine: EngineState, schemas: Sequence[Path], known: SidecarState | None, say: Say) -> SidecarState:
    """A ready sidecar for these schemas and this engine: the running one where it fits, else a new process.

    Args:
        engine: whose values and counts the sidecar reads.
        schemas: schema files to serve.
        known: the sidecar of an earlier demo; ended first when it serves something else.
        say: receives one line of progress at a time.

    Raises:
        SetupError: it ended or did not become ready; the message holds the end of its log.
    """
    digest = digest_of(engine, schemas)
    if known is not None and SERVICE.is_running(known.pid):
        if known.digest == digest and is_ready(known.url):
            say(f"sidecar at {known.url} (already running, process {known.pid})")
            return known
        stop(known, lambda _: None)
        say("the sidecar of the last demo served other schemas or code; starting a new one")
    return _start(engine, schemas, digest, say)


def digest_of(engine: EngineState, schemas: Sequence[Path]) -> str:
    """Hash of what a sidecar is started from: its code, model, schemas and engine."""
    address = f"{engine.url} {engine.sidecar_host}".encode()
    return _process.digest_of(address, *(path.read_bytes() for path in sorted(schemas)))


def settings(
    engine: EngineState, schemas: Sequence[Path], port: int, documents_port: int, key: str | None
) -> dict[str, str]:
    """The sidecar's settings by name; empty: not set."""
    url = httpx.URL(engine.url)
    return {
        "SCHEMAS": os.pathsep.join(str(path) for path in schemas),
        "HOST": LOOPBACK if engine.sidecar_host == LOOPBACK else "0.0.0.0",
        "PORT": str(port),
        "DOCUMENTS_PORT": str(documents_port),
        "ENGINE_URL": without_password(engine.url),
        "ENGINE_USERNAME": url.username,
        "ENGINE_PASSWORD": url.password,
        "OFFLINE": "1",
        "API_KEY": key or "",
    }


def _start(engine: EngineState, schemas: Sequence[Path], digest: str, say: Say) -> SidecarState:
    port = _process.free_port(8765)
    documents_port = _process.free_port(8766, taken=port)
    log = _state.folder() / ("sidecar.log" if engine.dialect == "opensearch" else f"sidecar-{engine.dialect}.log")
    key = None if engine.sidecar_host == LOOPBACK else secrets.token_urlsafe(32)
    url = f"http://{LOOPBACK}:{port}"
    started = time.monotonic()
    pid = SERVICE.start(
        settings(engine, schemas, port, documents_port, key), log, lambda: is_ready(url), lambda: _failure(url)
    )
    say(f"sidecar at {url} (ready after {time.monotonic() - started:.1f} s, process {pid}, log {log})")
    return SidecarState(
        pid=pid,
        url=url,
        documents_url=f"http://{LOOPBACK}:{documents_port}",
        engine_url=engine.url,
        log=str(log),
        digest=digest,
        key=key,
    )


def stop(state: SidecarState, say: Say) -> None:
    """End the sidecar's process."""
    SERVICE.stop(state.pid, say)


def ask(sidecar: SidecarState, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """One request to a sidecar. Raises SetupError, which names its log, where that fails."""
    headers = {"Authorization": f"Bearer {sidecar.key}"} if sidecar.key else {}
    try:
        answer = httpx.post(f"{sidecar.url}{path}", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SetupError(f"the sidecar failed on {path}: {error}", where=sidecar.log) from error
    return found


def is_ready(url: str) -> bool:
    """Whether the sidecar says that its model is warm."""
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


def _failure(url: str) -> str | None:
    """Why the sidecar will never be ready, as it says itself; None as long as it may become so."""
    try:
        state = httpx.get(f"{url}/readyz", timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return None
    return str(state.get("reason")) if state.get("status") == "failed" else None
