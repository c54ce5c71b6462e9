"""One real OpenSearch, one real sidecar with the embedded model, and a shop installed on both."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from opensearchpy import OpenSearch

from bridge.engines import OpenSearchEngine
from bridge.engines.install import install, uninstall
from bridge.schema import Schema, load_schema
from bridge.scorer import Scorer
from bridge.tagging import Tagger
from tests.e2e.front import Front, Mode
from tests.e2e.shop import MAPPING, PRODUCTS, SCHEMA


@dataclass
class Shop:
    """What a test of the whole way needs: the index, the sidecar behind its front, and a few verbs."""

    client: OpenSearch
    engine: OpenSearchEngine
    front: Front
    schema: Schema
    sidecar: str
    index: str = "e2e-shop"
    pipeline: str = "gliner-bridge-e2e_shop"

    def search(self, body: Mapping[str, Any], *, pipeline: str | None = "") -> dict[str, Any]:
        """Search through our pipeline; `_none` for plain, None for whatever the index says."""
        name = self.pipeline if pipeline == "" else pipeline
        params = {} if name is None else {"search_pipeline": name}
        answer: dict[str, Any] = self.client.search(index=self.index, body=body, params=params)
        return answer

    def bulk(self, documents: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
        lines = []
        for name, document in documents.items():
            lines += [json.dumps({"index": {"_index": self.index, "_id": name}}), json.dumps(document)]
        answer: dict[str, Any] = self.client.bulk(body="\n".join(lines) + "\n", params={"refresh": "true"})
        return answer

    def source(self, name: str) -> dict[str, Any]:
        source: dict[str, Any] = self.client.get(index=self.index, id=name)["_source"]
        return source

    @contextmanager
    def failing(self, mode: Mode) -> Iterator[None]:
        self.front.set(mode)
        try:
            yield
        finally:
            self.front.set("pass")

    def repair(self) -> None:
        from bridge.enrichment import repair

        repair(self.engine, self.schema, Tagger(self.schema, Scorer.load("default")))
        self.client.indices.refresh(index=self.index)

    def refresh_values(self) -> None:
        httpx.post(f"{self.sidecar}/v1/refresh", json={}, timeout=30).raise_for_status()


@pytest.fixture(scope="package")  # later packages install into and clean the same cluster
def shop(opensearch_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    path = folder / "e2e_shop.yaml"
    path.write_text(SCHEMA, encoding="utf-8")
    schema = load_schema(path)
    client = OpenSearch(opensearch_url, timeout=300)
    engine = OpenSearchEngine(opensearch_url, timeout=300)
    with _sidecar(path, opensearch_url, folder) as (queries, documents):
        front = Front(queries, documents)
        shop = Shop(client, engine, front, schema, queries)
        client.indices.delete(index=shop.index, params={"ignore_unavailable": "true"})
        client.indices.create(
            index=shop.index, body={"settings": {"number_of_shards": 1, "number_of_replicas": 0}, "mappings": MAPPING}
        )
        try:
            install(engine, [schema], front.url, documents_url=front.url)
            client.indices.put_settings(index=shop.index, body={"index.default_pipeline": shop.pipeline})
            answer = shop.bulk({f"p{number}": product for number, product in enumerate(PRODUCTS)})
            assert not answer["errors"], answer
            shop.refresh_values()
            yield shop
        finally:
            client.indices.delete(index=shop.index, params={"ignore_unavailable": "true"})
            uninstall(engine, [schema.name], detach=True)
            front.close()


@contextmanager
def _sidecar(schema: Path, engine_url: str, folder: Path) -> Iterator[tuple[str, str]]:
    """A sidecar as users run it: its own process, on free ports."""
    ports = [_free_port(), _free_port()]
    queries, documents = (f"http://127.0.0.1:{port}" for port in ports)
    log = folder / "sidecar.log"
    command = [sys.executable, "-m", "bridge.cli", "serve", "--schemas", str(schema), "--engine-url", engine_url]
    command += ["--port", str(ports[0]), "--documents-port", str(ports[1])]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            for _ in range(600):
                if process.poll() is not None or _ready(queries):
                    break
                time.sleep(0.2)
            assert _ready(queries), log.read_text(errors="replace")
            yield queries, documents
        finally:
            process.terminate()
            process.wait(20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
