"""The demo's sidecar: `gliner-bridge serve` as a process of its own, which outlives the demo."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx

from bridge.demo import _state
from bridge.demo._engine import without_password
from bridge.demo._state import EngineState, SidecarState
from bridge.errors import SetupError

Say = Callable[[str], None]
#: Loading torch and warming the model takes 5 to 15 s on two cores; a cold disk may need longer.
START_SECONDS = 180.0
STOP_SECONDS = 10.0
LOOPBACK = "127.0.0.1"
COMMAND = [sys.executable, "-m", "bridge.cli", "serve"]


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
    if known is not None and is_ours(known.pid):
        if known.digest == digest and is_ready(known.url):
            say(f"sidecar at {known.url} (already running, process {known.pid})")
            return known
        stop(known, lambda _: None)
        say("the sidecar of the last demo served other schemas or code; starting a new one")
    return _start(engine, schemas, digest, say)


def digest_of(engine: EngineState, schemas: Sequence[Path]) -> str:
    """Hash of what a sidecar is started from: its code, model, schemas and engine."""
    package = Path(__file__).resolve().parents[1]
    state = hashlib.sha256(f"{engine.url} {engine.sidecar_host}".encode())
    for path in sorted(schemas):
        state.update(path.read_bytes())
    for path in sorted(package.rglob("*.py")):
        if path.parent.name not in ("cli", "demo", "training", "evaluation"):
            state.update(path.read_bytes())
    for path in sorted((package / "models").rglob("*")):
        if path.is_file():
            state.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return state.hexdigest()[:16]


def environment(
    engine: EngineState, schemas: Sequence[Path], port: int, documents_port: int, key: str | None
) -> dict[str, str]:
    """The sidecar's settings as variables: its command line shows no password and no key to other users."""
    url = httpx.URL(engine.url)
    settings = {
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
    ours = {f"GLINER_BRIDGE_{name}": value for name, value in settings.items() if value}
    # Settings of another sidecar in the caller's shell must not change this one.
    return {name: value for name, value in os.environ.items() if not name.startswith("GLINER_BRIDGE_")} | ours


def _start(engine: EngineState, schemas: Sequence[Path], digest: str, say: Say) -> SidecarState:
    port = free_port(8765)
    documents_port = free_port(8766, taken=port)
    log = _state.folder() / "sidecar.log"
    key = None if engine.sidecar_host == LOOPBACK else secrets.token_urlsafe(32)
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            COMMAND,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(engine, schemas, port, documents_port, key),
            start_new_session=True,
        )
    state = SidecarState(
        pid=process.pid,
        url=f"http://127.0.0.1:{port}",
        documents_url=f"http://127.0.0.1:{documents_port}",
        engine_url=engine.url,
        log=str(log),
        digest=digest,
        key=key,
    )
    try:
        while not is_ready(state.url):
            if process.poll() is not None:
                raise SetupError(f"the sidecar ended while starting:\n{_tail(log)}", where=str(log))
            if reason := _failure(state.url):
                raise SetupError(f"the sidecar cannot serve: {reason}", where=str(log))
            if time.monotonic() - started > START_SECONDS:
                raise SetupError(
                    f"the sidecar was not ready within {START_SECONDS:.0f} s:\n{_tail(log)}", where=str(log)
                )
            time.sleep(0.2)
    except BaseException:
        process.kill()
        process.wait()
        raise
    say(f"sidecar at {state.url} (ready after {time.monotonic() - started:.1f} s, process {state.pid}, log {log})")
    return state


def stop(state: SidecarState, say: Say) -> None:
    """End the sidecar's process, and no other that got its number meanwhile."""
    if not is_ours(state.pid):
        say("the sidecar was not running any more")
        return
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(state.pid, sign)
        deadline = time.monotonic() + STOP_SECONDS
        while is_ours(state.pid) and time.monotonic() < deadline:
            time.sleep(0.1)
        if not is_ours(state.pid):
            break
    say(f"stopped the sidecar (process {state.pid})")


def is_ours(pid: int) -> bool:
    """Whether the process runs `bridge.cli serve`."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)  # our own child stays a zombie until someone asks
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        if Path("/proc/self").exists():
            return False
        listing = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
        line = listing.stdout.split()
    return "bridge.cli" in line and "serve" in line


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


def free_port(preferred: int, *, taken: int | None = None) -> int:
    """`preferred` where nothing listens on it, else any free port of the loopback address, never `taken`."""
    for port in (preferred, 0, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
            if found != taken:
                return found
    raise SetupError("no free TCP port on 127.0.0.1", hint="end what listens there: ss -ltnp")


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
