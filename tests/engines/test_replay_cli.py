"""`gliner-bridge replay` on real engines: plain against a schema, one schema against another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import Engine, connect

INDEX = "gliner-bridge-test-replay"
SCHEMA = f"""
schema: shop
index: {INDEX}
text: [title]
relax: "off"
labels:
  brand: {{field: brand, model: false, use: filter, position: any}}
  price: {{kind: number, field: price, unit: USD, model: false, use: filter}}
"""
SHOES = [("Nike shoes", "Nike", 40), ("Nike shoes for less", "Nike", 90), ("shoes, not by Nike", "Puma", 9)]
pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=["opensearch_url", "elasticsearch_url"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with three pairs of shoes."""
    properties = {"title": {"type": "text"}, "brand": {"type": "keyword"}, "price": {"type": "double"}}
    with connect(request.getfixturevalue(request.param)) as engine:
        engine.request("PUT", f"/{INDEX}", {"mappings": {"properties": properties}})
        documents = [{"title": title, "brand": brand, "price": price} for title, brand, price in SHOES]
        actions = ({"_id": str(number), "_source": one} for number, one in enumerate(documents))
        assert all(item.ok for item in engine.bulk(INDEX, actions))
        engine.request("POST", f"/{INDEX}/_refresh")
        yield engine
        engine.request("DELETE", f"/{INDEX}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SCHEMA)
    (tmp_path / "softer.yaml").write_text(SCHEMA.replace("use: filter, position", "position"))
    (tmp_path / "log.jsonl").write_text('{"query": "nike shoes", "count": 3}\n{"query": "shoes under $50"}\n')
    return tmp_path


def replay(engine: Engine, log: Path, *options: str) -> Result:
    words = ["replay", str(log), "--engine-url", engine.url, "--model", "none", *options]
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_plain_searches_against_a_schema(engine: Engine, folder: Path) -> None:
    page = folder / "replay.html"
    result = replay(engine, folder / "log.jsonl", "--schema", str(folder / "shop.yaml"), "--html", str(page))
    assert result.exit_code == 0, result.output
    assert "2 queries, 4 searches" in result.stdout
    assert "overlap 0.67, hits 3 → 2  filter brand=Nike" in result.stdout
    assert "Nike shoes for less" in page.read_text()

    whole = json.loads(replay(engine, folder / "log.jsonl", "--schema", str(folder / "shop.yaml"), "--json").stdout)
    assert (whole["rewritten"], whole["zero_hits"]) == (1.0, [0.25, 0.0])
    assert [one["hits"] for one in whole["all"]] == [[3, 2], [0, 2]]


def test_one_schema_against_another_with_a_body_of_ones_own(engine: Engine, folder: Path) -> None:
    (folder / "body.json").write_text('{"query": {"match": {"title": "{{query}}"}}}')
    options = ["--schema", str(folder / "softer.yaml"), "--old", str(folder / "shop.yaml")]
    result = replay(engine, folder / "log.jsonl", *options, "--query", str(folder / "body.json"), "--json")
    whole = json.loads(result.stdout)
    assert (whole["old"], whole["new"]) == ("shop", "softer")
    assert [one["hits"] for one in whole["all"]] == [[2, 3], [2, 2]]
    assert whole["all"][0]["clauses"] == ["filter brand=Nike", "boost brand=Nike"]


def test_a_query_that_the_engine_refuses_is_counted_and_stops_nothing(engine: Engine, folder: Path) -> None:
    (folder / "body.json").write_text('{"query": {"query_string": {"query": "{{query}}"}}}')
    (folder / "log.txt").write_text("nike shoes\nshoes AND (\n")
    options = ["--schema", str(folder / "shop.yaml"), "--query", str(folder / "body.json"), "--json"]
    whole = json.loads(replay(engine, folder / "log.txt", *options).stdout)
    assert (whole["queries"], whole["refused"]) == (2, [1, 1])
    shown = replay(engine, folder / "log.txt", *options[:-1])
    assert "queries that the engine refuses" in shown.stdout


def test_an_empty_log_and_an_index_without_the_fields_say_what_to_do(engine: Engine, folder: Path) -> None:
    (folder / "empty.txt").write_text("\n\n")
    empty = replay(engine, folder / "empty.txt", "--schema", str(folder / "shop.yaml"))
    assert (empty.exit_code, "holds no query" in empty.output, "one query a line" in empty.output) == (2, True, True)
    (folder / "shop.yaml").write_text(SCHEMA.replace("field: brand", "field: maker"))
    wrong = replay(engine, folder / "log.jsonl", "--schema", str(folder / "shop.yaml"))
    assert wrong.exit_code == 2
    assert 'no field "maker" in the index' in wrong.output
