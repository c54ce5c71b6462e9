"""`gliner-bridge parse`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines.dialects import LANGUAGES
from bridge.query import QueryParser, StaticValues, plan_to_json
from bridge.schema import load_schema

from .conftest import ROOT

SCHEMA = ROOT / "examples" / "grocery" / "schema.yaml"


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    file = tmp_path / "grocery.json"
    StaticValues.of(load_schema(SCHEMA), {"category": {"Coffee": 95}}, {"category": 1.0}).save(file)
    return file


def _run(*words: str) -> str:
    result = CliRunner().invoke(app, ["parse", *words, "--schema", str(SCHEMA), "--model", "none"])
    assert result.exit_code == 0, result.output
    return result.output


def test_json_is_the_object_of_the_parser(snapshot: Path) -> None:
    shown = json.loads(_run("organic coffee under $20", "--values", str(snapshot), "--json"))
    plan = QueryParser(load_schema(SCHEMA), None, StaticValues.load(snapshot)).parse("organic coffee under $20")
    assert shown == json.loads(json.dumps(plan_to_json(plan)))
    assert [c["role"] for c in shown["clauses"]] == ["filter", "filter"]


def test_the_table_says_what_each_clause_does_and_why(snapshot: Path) -> None:
    shown = _run("organic coffee under $20", "--values", str(snapshot))
    assert 'search "organic coffee"; only category Coffee; only price <20' in shown
    assert "an amount on a numeric field" in " ".join(shown.replace("│", " ").split())


def test_without_values_amounts_filter_all_the_same() -> None:
    shown = json.loads(_run("organic coffee under $20", "--json"))
    assert [(c["role"], c["label"]) for c in shown["clauses"]] == [("filter", "price")]


def test_markup_in_a_query_is_shown_as_it_is() -> None:
    assert "[red]coffee[/red]" in _run("[red]coffee[/red]")


def test_something_can_be_left_out() -> None:
    assert json.loads(_run("coffee under $20", "--json", "--disable", "price"))["clauses"] == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--values", "/nowhere/values.json"], "cannot be read"),
        (["--values", "a.json", "--engine-url", "http://localhost:1"], "not both"),
        (["--save-values", "a.json"], "needs --engine-url"),
    ],
)
def test_wrong_options_are_answered_with_a_message(options: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["parse", "coffee", "-s", str(SCHEMA), "--model", "none", *options])
    assert result.exit_code == 2
    assert says in result.output


def test_a_dialect_is_shown_as_a_search_in_it(snapshot: Path) -> None:
    shown = json.loads(_run("coffee under $20", "--values", str(snapshot), "--dialect", "esql"))
    assert (
        shown["where"]
        == '(MATCH(name, "coffee") OR MATCH(description, "coffee")) AND price < 20 AND category : "Coffee"'
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_dialect_can_be_shown(language: str, snapshot: Path) -> None:
    assert json.loads(_run("coffee under $20", "--values", str(snapshot), "--dialect", language))
