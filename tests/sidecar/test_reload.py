"""Schemas changed under way: taken over whole, or refused with the old ones in force."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from .conftest import MODEL, Start

SCHEMA = """schema: shop
index: shop
text: [title]
relax: "off"
deadline_ms: 900
labels:
  price: {kind: number, field: price, unit: USD, use: filter, model: false}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SCHEMA)
    return tmp_path


@pytest.fixture
def client(start: Start, folder: Path) -> Iterator[httpx.Client]:
    with start(schemas=(folder,)) as client:
        yield client


def names(client: httpx.Client, text: str, schema: str = "shop") -> list[str]:
    answer = client.post("/v1/parse", json={"text": text, "schema": schema})
    return [clause["name"] for clause in answer.raise_for_status().json()["clauses"]]


def test_a_changed_schema_is_taken_over(client: httpx.Client, folder: Path) -> None:
    assert names(client, "shoes under €50") == []
    (folder / "shop.yaml").write_text(SCHEMA.replace("USD", "EUR"))

    assert client.post("/v1/reload").json() == {"added": [], "changed": ["shop"], "removed": []}
    assert names(client, "shoes under €50") == ["bridge:price=<50"]


def test_a_broken_schema_is_refused_and_the_old_one_stays_in_force(client: httpx.Client, folder: Path) -> None:
    (folder / "shop.yaml").write_text(SCHEMA.replace("unit: USD", "unit: dolars"))
    (folder / "other.yaml").write_text(SCHEMA.replace("shop", "other"))

    refused = client.post("/v1/reload")

    assert refused.status_code == 400
    assert "shop.yaml:7: labels.price.unit" in refused.json()["error"]["message"]
    assert names(client, "shoes under $50") == ["bridge:price=<50"]
    assert list(client.get("/readyz").json()["schemas"]) == ["shop"], "nothing of a refused reload is taken over"


def test_schemas_come_and_go(client: httpx.Client, folder: Path) -> None:
    (folder / "shop.yaml").unlink()
    (folder / "other.yaml").write_text(SCHEMA.replace("shop", "other"))

    assert client.post("/v1/reload").json() == {"added": ["other"], "changed": [], "removed": ["shop"]}
    assert names(client, "shoes under $50", "other") == ["bridge:price=<50"]
    assert client.post("/v1/parse", json={"text": "shoes", "schema": "shop"}).status_code == 404


def test_a_model_that_cannot_be_loaded_is_refused_too(client: httpx.Client, folder: Path) -> None:
    (folder / "shop.yaml").write_text(SCHEMA + f"model: {{name: {folder / 'nowhere'}}}\n")

    assert client.post("/v1/reload").status_code == 400
    assert names(client, "shoes under $50") == ["bridge:price=<50"]


def test_the_hangup_signal_reloads(folder: Path) -> None:
    command = [sys.executable, "-m", "bridge.cli", "serve", "--schemas", str(folder), "--port", "0"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    options = ["--documents-port", "0", "--model", MODEL, "--offline"]
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stderr is not None
            wait_for(process.stderr, "ready after")
            (folder / "shop.yaml").write_text("schema: shop\n")
            process.send_signal(signal.SIGHUP)
            wait_for(process.stderr, "stay as they were")
            (folder / "shop.yaml").write_text(SCHEMA.replace("USD", "EUR"))
            process.send_signal(signal.SIGHUP)
            assert "changed=['shop']" in wait_for(process.stderr, "schemas reloaded")
        finally:
            process.terminate()
        assert process.wait(20) == 0


def wait_for(lines: Iterator[str], words: str) -> str:
    """The first line that says so; fails when the process ends, or talks for two minutes about something else."""
    end = time.monotonic() + 120
    for line in lines:
        if words in line:
            return line
        assert time.monotonic() < end, f"no {words!r}"
    raise AssertionError(f"the process ended without {words!r}")
