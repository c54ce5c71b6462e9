"""A schema held against live indices: every kind of problem, and the exit status that CI sees."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import Engine, check_index, connect
from bridge.errors import InputError
from bridge.schema import parse_schema

INDEX = "gliner-bridge-test-check"
SCHEMA = f"""
schema: shop
index: {INDEX}
text: [title]
labels:
  brand: {{field: brand, model: false, use: filter}}
  color: {{field: color, model: false, use: filter}}
  season: {{field: season, model: false}}
  series: {{field: title, model: false}}
  year: {{kind: number, field: made, unit: year, model: false}}
  material: {{}}
"""
pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=["opensearch_url", "elasticsearch_url"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with ten documents: all have a brand, six a colour, none a season."""
    kinds = {"title": "text", "brand": "keyword", "color": "keyword", "season": "keyword", "made": "date"}
    mapping = {"properties": {name: {"type": kind} for name, kind in kinds.items()}}
    with connect(request.getfixturevalue(request.param)) as engine:
        engine.request("PUT", f"/{INDEX}", {"mappings": mapping})
        documents = [{"title": "shoes", "brand": f"b{n}", **({"color": "red"} if n < 6 else {})} for n in range(10)]
        assert all(item.ok for item in engine.bulk(INDEX, ({"_source": document} for document in documents)))
        engine.request("POST", f"/{INDEX}/_refresh")
        yield engine
        engine.request("DELETE", f"/{INDEX}")


def check(engine: Engine, folder: Path, text: str, *options: str) -> Result:
    file = folder / "shop.yaml"
    file.write_text(text)
    words = ["schema", "check", str(file), "--engine-url", engine.url, *options]
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_every_kind_of_problem_is_found(engine: Engine) -> None:
    found = {(one.kind, one.where.partition(": ")[2]): one for one in check_index(engine, parse_schema(SCHEMA), cap=5)}
    assert set(found) == {
        ("field", "labels.series.field"),
        ("field", "labels.year.field"),
        ("fill-rate", "labels.color"),
        ("unused", "labels.season"),
        ("unused", "entities"),
        ("cap", "labels.brand"),
    }
    assert "color is in 60 % of the documents, and a filter needs 90 %" in found["fill-rate", "labels.color"].message
    assert found["unused", "entities"].message == "no document carries any of material"
    assert found["cap", "labels.brand"].message.startswith("about 10 values, and the dictionary takes 5")


def test_problems_fail_with_status_1_and_accepted_ones_do_not(engine: Engine, tmp_path: Path) -> None:
    text = "schema: shop\nindex: INDEX\ntext: [title]\nlabels:\n  color: {field: color, model: false, use: filter}\n"
    text = text.replace("INDEX", INDEX)
    failed = check(engine, tmp_path, text)
    assert (failed.exit_code, "fill-rate: index" in failed.stdout, "1 problem at" in failed.stderr) == (1, True, True)
    accepted = check(engine, tmp_path, text, "--accept", "fill-rate")
    assert (accepted.exit_code, "(accepted)" in accepted.stdout) == (0, True)
    [problem] = json.loads(check(engine, tmp_path, text, "--json").stdout)
    assert problem["kind"] == "fill-rate"
    clean = check(engine, tmp_path, text.replace("filter", "boost"))
    assert (clean.exit_code, "the schema fits" in clean.stdout) == (0, True)


def test_what_is_wrong_before_any_index_is_status_2(engine: Engine, tmp_path: Path) -> None:
    assert check(engine, tmp_path, SCHEMA.replace("keyword", "x").replace("model: false", "modl: false")).exit_code == 2
    nowhere = check(engine, tmp_path, SCHEMA.replace(INDEX, "nowhere-at-all"))
    assert (nowhere.exit_code, "there is no index nowhere-at-all" in nowhere.output) == (2, True)


def test_an_empty_index_says_so(engine: Engine) -> None:
    engine.request("PUT", f"/{INDEX}-empty", {"mappings": {"properties": {"title": {"type": "text"}}}})
    try:
        [problem] = check_index(
            engine,
            parse_schema(SCHEMA.split("  brand")[0] + "  x: {}\n").model_copy(update={"index": f"{INDEX}-empty"}),
        )
    finally:
        engine.request("DELETE", f"/{INDEX}-empty")
    assert (problem.kind, problem.message) == ("unused", "holds no documents")


def test_a_pattern_without_an_index_is_no_index(engine: Engine) -> None:
    schema = parse_schema(SCHEMA).model_copy(update={"index": "nowhere-*"})
    with pytest.raises(InputError, match="there is no index"):
        check_index(engine, schema)
