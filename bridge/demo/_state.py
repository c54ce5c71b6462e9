"""What the demo left running, in one small file, so that a second run reuses it and `demo-down` finds it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, TypeVar

import platformdirs

EngineKind = Literal["given", "docker", "local"]
T = TypeVar("T", "EngineState", "SidecarState", "ProxyState")


@dataclass(frozen=True, slots=True)
class SidecarState:
    """A sidecar process in the background; `digest` says from what it was started."""

    pid: int
    url: str
    documents_url: str
    engine_url: str
    log: str
    digest: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class ProxyState:
    """A proxy process in the background; `digest` as the sidecar's."""

    pid: int
    url: str
    log: str
    digest: str


@dataclass(frozen=True, slots=True)
class EngineState:
    """The engine of the last demo. `given` engines are the user's own and are never stopped."""

    kind: EngineKind
    url: str
    #: This machine's name as the engine sees it.
    sidecar_host: str = "127.0.0.1"
    dialect: Literal["opensearch", "elasticsearch"] = "opensearch"


@dataclass(frozen=True, slots=True)
class State:
    """Everything that the demo remembers between runs. `engine` is the OpenSearch, and `sidecar` its sidecar."""

    engine: EngineState | None = None
    sidecar: SidecarState | None = None
    elasticsearch: EngineState | None = None
    elasticsearch_sidecar: SidecarState | None = None
    proxy: ProxyState | None = None


def folder() -> Path:
    """Folder of the state file and the sidecar's log, made on first use and readable by the user only."""
    path = Path(platformdirs.user_state_dir("gliner-bridge")) / "demo"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


def _read(kind: type[T], raw: object) -> T | None:
    if not isinstance(raw, dict):
        return None
    known = {f.name for f in fields(kind)}
    try:
        return kind(**{key: value for key, value in raw.items() if key in known})
    except TypeError:
        return None  # written by another version: as if nothing were remembered


def load() -> State:
    """The remembered state; an absent or unreadable file means that nothing runs."""
    try:
        raw = json.loads((folder() / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return State()
    if not isinstance(raw, dict):
        return State()
    return State(
        engine=_read(EngineState, raw.get("engine")),
        sidecar=_read(SidecarState, raw.get("sidecar")),
        elasticsearch=_read(EngineState, raw.get("elasticsearch")),
        elasticsearch_sidecar=_read(SidecarState, raw.get("elasticsearch_sidecar")),
        proxy=_read(ProxyState, raw.get("proxy")),
    )


def save(state: State) -> None:
    """Replace the state file in one step; it may hold a sidecar's key, so only the user can read it."""
    target = folder() / "state.json"
    scratch = target.with_suffix(".tmp")
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps(asdict(state), indent=1) + "\n", encoding="utf-8")
    os.replace(scratch, target)  # noqa: PTH105 (atomic, also over an existing file)
