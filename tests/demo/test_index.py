"""Filling the demo's indices on a real engine."""

from __future__ import annotations

import gzip
import io
import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from rich.console import Console

from bridge.demo import _index
from bridge.demo._catalogues import Catalogue, load_catalogue
from bridge.engines import OpenSearchEngine
from bridge.engines.install import install, uninstall
from bridge.errors import EngineError, SetupError

pytestmark = pytest.mark.engine

SCHEMA = """\
schema: demo_test
index: demo-test
engine: opensearch
text: [name]
labels:
  brand: {}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """A catalogue of 130 documents: more than two bulks."""
    (tmp_path / "schema.yaml").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "queries.yaml").write_text("queries: [{text: tea, shows: nothing}]", encoding="utf-8")
    with gzip.open(tmp_path / "documents.jsonl.gz", "wt", encoding="utf-8") as file:
        for number in range(130):
            file.write(json.dumps({"id": f"d{number}", "name": f"green tea {number}", "price": number}) + "\n")
    return load_catalogue(tmp_path)


@pytest.fixture
def engine(opensearch_url: str, catalogue: Catalogue) -> Iterator[OpenSearchEngine]:
    """An engine with the bridge installed for a sidecar that is not there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with OpenSearchEngine(opensearch_url) as engine:
        install(engine, [catalogue.schema], f"http://127.0.0.1:{port}")
        yield engine
        for path in ("/demo-test", f"/_index_template/{_index.template_name(catalogue)}"):
            with suppress(EngineError):  # not every test makes both
                engine.request("DELETE", path)
        uninstall(engine, [catalogue.schema.name])


def test_without_a_sidecar_every_document_is_indexed_and_counted_as_untagged(
    engine: OpenSearchEngine, catalogue: Catalogue
) -> None:
    out = io.StringIO()
    assert _index.ensure_index(engine, catalogue)
    result = _index.load(engine, catalogue, Console(file=out))
    assert (result.documents, result.failed, result.first_error) == (130, 0, None)
    assert _index.count(engine, catalogue) == _index.Count(total=130, done=0, current=0)


def test_an_index_of_the_same_documents_is_kept_and_one_of_others_is_made_again(
    engine: OpenSearchEngine, catalogue: Catalogue
) -> None:
    assert _index.ensure_index(engine, catalogue)
    assert not _index.ensure_index(engine, catalogue)
    with gzip.open(catalogue.folder / "documents.jsonl.gz", "at", encoding="utf-8") as file:
        file.write(json.dumps({"id": "new", "name": "black tea"}) + "\n")
    assert _index.ensure_index(engine, catalogue)


def test_an_index_that_the_demo_did_not_make_is_not_touched(engine: OpenSearchEngine, catalogue: Catalogue) -> None:
    engine.request("PUT", "/demo-test")
    with pytest.raises(SetupError, match="the demo did not make"):
        _index.ensure_index(engine, catalogue)
    assert "demo-test" in engine.request("GET", "/demo-test")
