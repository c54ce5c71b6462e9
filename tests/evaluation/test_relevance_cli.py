"""`gliner-bridge evaluate relevance` on a real OpenSearch, and what it says where something is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import OpenSearchEngine

INDEX = "gliner-bridge-test-relevance"
SCHEMA = f"""
schema: shop
index: {INDEX}
engine: opensearch
text: [title]
labels:
  brand: {{field: brand, model: false, use: filter, position: any}}
  price: {{kind: number, field: price, unit: USD, model: false, use: filter}}
"""
SHOES = [
    ("1", "Nike running shoes", "Nike", 40),
    ("2", "Adidas running shoes", "Adidas", 45),
    ("3", "Nike shoes, red shoes, the best shoes under the sun", "Nike", 90),
    ("4", "Puma socks", "Puma", 9),
]
TEMPLATE = '{"query": {"match": {"title": "{{query}}"}}, "size": 3}'


@pytest.fixture(scope="module")
def shop(opensearch_url: str) -> Iterator[str]:
    """The address of an engine with four documents."""
    properties = {"title": {"type": "text"}, "brand": {"type": "keyword"}, "price": {"type": "double"}}
    with OpenSearchEngine(opensearch_url) as engine:
        engine.request("PUT", f"/{INDEX}", {"mappings": {"properties": properties}})
        actions = ({"_id": id_, "_source": {"title": t, "brand": b, "price": p}} for id_, t, b, p in SHOES)
        assert all(item.ok for item in engine.bulk(INDEX, actions))
        engine.request("POST", f"/{INDEX}/_refresh")
        yield opensearch_url
        engine.request("DELETE", f"/{INDEX}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SCHEMA)
    (tmp_path / "shop.json").write_text(TEMPLATE)
    lines = ["query,doc_id,rating", "shoes under $50,1,3", "shoes under $50,2,3", "shoes under $50,3,0", "hat,4,1"]
    (tmp_path / "judged.csv").write_text("\n".join(lines) + "\n")
    return tmp_path


def run(folder: Path, url: str, *options: str) -> tuple[int, str]:
    words = ["evaluate", "relevance", str(folder / "judged.csv"), "--query", str(folder / "shop.json"), *options]
    result = CliRunner().invoke(app, [*words, "--engine-url", url], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


@pytest.mark.engine
def test_both_ways_are_searched_and_compared(folder: Path, shop: str) -> None:
    options = ["--schema", str(folder / "shop.yaml"), "--model", "none"]
    status, printed = run(folder, shop, *options, "--json")
    assert status == 0, printed
    [pair] = json.loads(printed)
    assert pair["baseline"]["zero_hits"] == pair["bridge"]["zero_hits"] == 1
    assert (pair["bridge"]["ndcg"], pair["good_documents"], pair["removed"]) == (0.5, 2, 0)
    condensed = next(one for one in pair["comparisons"] if one["metric"] == "condensed")
    assert [query for query, _ in condensed["wins"]] == ["shoes under $50"]

    status, printed = run(folder, shop, *options, "--table", str(folder / "table.md"))
    assert status == 0, printed
    assert "wins of condensed nDCG: shoes under $50" in printed
    assert "filter price=<50" in (folder / "table.md").read_text()


@pytest.mark.engine
def test_a_pipeline_that_rewrites_nothing_is_noticed(folder: Path, shop: str) -> None:
    status, printed = run(folder, shop, "--search-pipeline", "_none", "--index", INDEX)
    assert status == 0, printed
    assert "no query came back rewritten" in printed


@pytest.mark.engine
def test_judgements_of_another_index_are_refused(folder: Path, shop: str) -> None:
    (folder / "judged.csv").write_text("query,doc_id,rating\nshoes,x1,3\n")
    status, printed = run(folder, shop, "--schema", str(folder / "shop.yaml"), "--model", "none")
    assert status == 2
    assert f"none of the 1 judged documents is in {INDEX}" in printed
    assert "hint: doc_id must be the _id" in printed


def test_what_is_measured_must_be_said(folder: Path) -> None:
    status, printed = run(folder, "http://127.0.0.1:1")
    assert status == 2
    assert "give either --schema or --search-pipeline" in printed
    status, printed = run(folder, "http://127.0.0.1:1", "--search-pipeline", "x")
    assert status == 2
    assert "--search-pipeline needs --index" in printed


def test_an_engine_that_does_not_answer_is_named(folder: Path) -> None:
    status, printed = run(folder, "http://127.0.0.1:1", "--schema", str(folder / "shop.yaml"), "--model", "none")
    assert status == 2
    assert "does not answer" in printed
