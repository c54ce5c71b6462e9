"""The demo from beginning to end: engine, sidecar, install, index, queries."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import httpx
from opensearchpy import OpenSearch
from rich.console import Console

import bridge
from bridge.demo import _engine, _index, _show, _sidecar, _state
from bridge.demo._catalogues import Catalogue, Query, load_catalogues
from bridge.demo._state import SidecarState, State
from bridge.engines import OpenSearchEngine
from bridge.engines.install import install
from bridge.errors import BridgeError, EngineError, SetupError

TOP = 3


def run(engine_url: str | None = None, *, examples: Path | None = None, console: Console | None = None) -> None:
    """Show the main job on real input; sidecar and engine keep running, and a second run reuses them.

    Args:
        engine_url: an OpenSearch with ML Commons to use; None starts one.
        examples: folder with the catalogues; default: the repository's.
        console: where to print.

    Raises:
        BridgeError: something is missing or failed; the message says what to do.
    """
    out = console or _show.make_console()
    started = time.monotonic()

    def say(line: str) -> None:
        _show.say(out, line)

    _show.step(out, 1, "Environment")
    say(f"gliner-bridge {bridge.__version__} on Python {sys.version.split()[0]} in {sys.prefix}")
    catalogues = load_catalogues(examples)

    _show.step(out, 2, "OpenSearch with ML Commons")
    known = _state.load()
    engine_state = _engine.choose(engine_url, say)
    _state.save(State(engine=engine_state, sidecar=known.sidecar))

    _show.step(out, 3, "Sidecar with the embedded model")
    sidecar = _sidecar.ensure(engine_state, [c.schema_path for c in catalogues], known.sidecar, say)
    _state.save(State(engine=engine_state, sidecar=sidecar))

    _show.step(out, 4, "Install: settings, connectors, models, pipelines, component templates")
    ...
