"""The demo on both engines: documents and queries through OpenSearch's own pipelines, and on Elasticsearch documents by
`tagged_bulk` and queries through the proxy, with equal hits."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from bridge.demo import _process, _proxy, _run, _sidecar, _state, run, stop
from bridge.demo._catalogues import Catalogue, load_catalogues
from bridge.demo._show import Hits, same_hits
from bridge.demo._sides import Answered
from bridge.engines import connect
from bridge.engines.install import uninstall
from bridge.errors import EngineError

SCHEMA = """\
schema: demo_{name}
index: demo-{name}
engine: opensearch
text: [name]
deadline_ms: 900
labels:
  brand: {{}}
  color: {{}}
  category: {{field: category, model: false, use: filter}}
  price: {{kind: number, field: price, unit: USD, model: false, use: filter}}
"""
PRODUCTS = [
    ("Nike red running shoes", "Shoes", 45.0),
    ("Adidas blue running shoes", "Shoes", 95.0),
    ("Sony wireless headphones", "Audio", 30.0),
    ("Bose wireless headphones", "Audio", 250.0),
    ("Red wool socks", "Socks", 8.0),
]
QUERIES = ("running shoes under $50", "red nike shoes", "wireless headphones not sony", "audio", "shoes under $1")


def hits(total: int, *scored: tuple[str, float]) -> Hits:
    return Hits(total, tuple({"_id": id_, "_score": score} for id_, score in scored))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (hits(2, ("a", 2.0), ("b", 1.0)), hits(2, ("a", 2.00001), ("b", 1.0)), True),
        (hits(2, ("a", 2.0), ("b", 1.0)), hits(3, ("a", 2.0), ("b", 1.0)), False),
        (hits(2, ("a", 2.0), ("b", 1.0)), hits(2, ("b", 2.0), ("a", 1.0)), False),
        (hits(2, ("a", 1.0), ("b", 1.0)), hits(2, ("b", 1.0), ("a", 1.0)), True),
        (hits(2, ("a", 1.0), ("b", 1.0)), hits(2, ("a", 1.0), ("c", 1.0)), False),
        (hits(9, ("a", 2.0), ("b", 1.0)), hits(9, ("a", 2.0), ("c", 1.0)), True),
        (hits(9, ("a", 2.0), ("b", 1.0)), hits(9, ("d", 2.0), ("b", 1.0)), False),
        (hits(2, ("a", 2.0), ("b", 1.0)), hits(2, ("a", 2.5), ("b", 1.0)), False),
        (hits(0), hits(0), True),
    ],
)
def test_hits_are_the_same_up_to_the_order_of_equal_scores(one: Hits, other: Hits, same: bool) -> None:
    assert same_hits(one, other) is same
    assert same_hits(other, one) is same


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Two catalogues of five products."""
    for name in ("grocery", "products"):
        folder = tmp_path / "examples" / name
        folder.mkdir(parents=True)
        (folder / "schema.yaml").write_text(SCHEMA.format(name=name), encoding="utf-8")
        queries = {"queries": [{"text": text, "shows": "a query"} for text in QUERIES]}
        (folder / "queries.yaml").write_text(json.dumps(queries), encoding="utf-8")
        with gzip.open(folder / "documents.jsonl.gz", "wt", encoding="utf-8") as file:
            for title, category, price in PRODUCTS:
                file.write(json.dumps({"name": title, "category": category, "price": price}) + "\n")
    return tmp_path / "examples"


@pytest.fixture
def urls(
    opensearch_url: str, elasticsearch_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, str]]:
    """Both engines, and a state folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setattr(_process, "START_SECONDS", 900.0)  # a busy machine is not what this tests
    yield opensearch_url, elasticsearch_url
    stop(Console(file=io.StringIO()))
    for url in (opensearch_url, elasticsearch_url):
        with connect(url) as engine:
            for name in ("grocery", "products"):
                for path in (f"/demo-{name}", f"/_index_template/gliner-bridge-demo-demo_{name}"):
                    with suppress(EngineError):
                        engine.request("DELETE", path)
            uninstall(engine, ["demo_grocery", "demo_products"])


@pytest.mark.engine
@pytest.mark.timeout(1200)  # loads the model three times, in two sidecars and here
def test_both_engines_give_the_same_hits_and_a_second_run_reuses_all(urls: tuple[str, str], examples: Path) -> None:
    opensearch, elasticsearch = urls
    for expected in ("5 documents in", "documents are already there"):
        out = io.StringIO()
        console = Console(file=out, width=100)
        run(opensearch, engine="both", elasticsearch_url=elasticsearch, examples=examples, console=console)
        printed = out.getvalue()
        assert "equal hits for 10 of 10 queries" in printed, printed
        assert printed.count(expected) == 4, printed
    assert "must match" in printed


class Answers:
    """A side that finds what it is told."""

    def __init__(self, title: str, found: Hits) -> None:
        self.title = title
        self._found = found

    def ask(self, _catalogue: Catalogue, _text: str) -> Answered:
        return Answered(parsed={}, dropped=frozenset(), before=hits(0), after=self._found)


def test_different_hits_are_an_error_that_names_the_queries(examples: Path) -> None:
    out = io.StringIO()
    one, other = Answers("OpenSearch", hits(1, ("a", 1.0))), Answers("Elasticsearch", hits(1, ("b", 1.0)))
    with pytest.raises(EngineError, match="10 of 10 queries have different hits: running shoes under"):
        _run._compare(one, other, load_catalogues(examples), Console(file=out, width=100))  # type: ignore[arg-type]
    assert "DIFFERENT" in out.getvalue()


@pytest.mark.engine
@pytest.mark.timeout(1200)
def test_on_elasticsearch_the_queries_go_through_a_proxy_which_demo_down_ends(
    urls: tuple[str, str], examples: Path
) -> None:
    out = io.StringIO()
    console = Console(file=out, width=100)
    run(engine="elasticsearch", elasticsearch_url=urls[1], examples=examples, console=console)
    proxy, sidecar = _state.load().proxy, _state.load().elasticsearch_sidecar
    assert proxy is not None
    assert sidecar is not None
    printed = out.getvalue()
    assert "tagged_bulk" in printed
    assert "Queries, plain and through the proxy" in printed
    assert f"proxy          {proxy.url}" in printed
    assert "price < 50" in printed
    # Every query once: not one of them went past the proxy.
    counted = httpx.get(f"{proxy.url}/_gliner_bridge/metrics", timeout=60).text
    assert f'gliner_bridge_proxy_requests_total{{kind="search",status="2xx"}} {2 * len(QUERIES)}.0' in counted

    stop(console)
    assert not _proxy.SERVICE.is_running(proxy.pid)
    assert not _sidecar.SERVICE.is_running(sidecar.pid)
    assert f"stopped the proxy (process {proxy.pid})" in out.getvalue()
    assert _state.load() == _state.State()


@pytest.mark.engine
@pytest.mark.timeout(1200)
def test_a_search_that_the_proxy_did_not_rewrite_is_told(
    urls: tuple[str, str], examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo that shows the same hits before and after would hide that something is wrong."""
    search = _proxy.search

    def with_the_sidecar_gone(*wanted: Any) -> tuple[dict[str, Any], str]:
        sidecar = _state.load().elasticsearch_sidecar
        assert sidecar is not None
        _sidecar.stop(sidecar, lambda _: None)
        return search(*wanted)

    monkeypatch.setattr(_proxy, "search", with_the_sidecar_gone)
    with pytest.raises(EngineError, match=r"the proxy sent the search .* as it was: sidecar_down"):
        run(
            engine="elasticsearch",
            elasticsearch_url=urls[1],
            examples=examples,
            console=Console(file=io.StringIO(), width=100),
        )
