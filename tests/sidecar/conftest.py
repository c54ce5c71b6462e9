"""A real sidecar: the embedded model behind real HTTP on two waitress listeners."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.sidecar import Sidecar, SidecarConfig, create_app

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = (ROOT / "examples" / "grocery" / "schema.yaml", ROOT / "examples" / "products" / "schema.yaml")
#: The embedded model; a folder or hub id in this variable tests with another.
MODEL = os.environ.get("GLINER_BRIDGE_TEST_MODEL", "default")

Start = Callable[..., AbstractContextManager[httpx.Client]]


@contextmanager
def started(**settings: Any) -> Iterator[httpx.Client]:
    """A sidecar on free ports, warm; the client talks to the listener for queries."""
    settings = {"schemas": SCHEMAS, "model": MODEL, "offline": True, "model_threads": 1} | settings
    config = SidecarConfig(port=0, documents_port=0, grace_seconds=2.0, **settings)
    app = create_app(config)
    with Sidecar(app, config) as sidecar:
        runtime = app.extensions["bridge"]
        assert runtime.wait(250.0), runtime.failure
        base = f"http://127.0.0.1:{sidecar.queries.port}"
        with httpx.Client(base_url=base, timeout=60.0, limits=httpx.Limits(max_connections=64)) as client:
            client.extensions = {"sidecar": sidecar}  # type: ignore[attr-defined]
            yield client


@pytest.fixture(scope="session")
def start() -> Start:
    """Start a sidecar with other settings, for one test."""
    return started


@pytest.fixture(scope="session")
def sidecar() -> Iterator[httpx.Client]:
    """One sidecar for all tests that leave it as it is: both example schemas, no keys, no engine."""
    # A busy test machine must not turn a slow answer into the caller's own query: deadlines have tests of their own.
    with patient_schemas() as schemas, started(schemas=schemas) as client:
        yield client


@contextmanager
def patient_schemas() -> Iterator[tuple[Path, ...]]:
    """The example schemas with the longest deadline that a schema may have."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for source in SCHEMAS:
            lines = [line for line in source.read_text("utf-8").splitlines() if not line.startswith("deadline_ms")]
            path = Path(folder) / f"{source.parent.name}.yaml"
            path.write_text("\n".join([*lines, "deadline_ms: 900", ""]), "utf-8")
            paths.append(path)
        yield tuple(paths)


def metric(client: httpx.Client, name: str, **labels: str) -> float:
    """One sample of /metrics; 0 where it was never counted."""
    wanted = {f'{key}="{value}"' for key, value in labels.items()}
    for line in client.get("/metrics").text.splitlines():
        head, _, value = line.rpartition(" ")
        sample, _, rest = head.partition("{")
        if sample == name and wanted == set(filter(None, rest.removesuffix("}").split(","))):
            return float(value)
    return 0.0
