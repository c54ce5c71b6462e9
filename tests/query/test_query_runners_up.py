"""Explain shows what else the model read in the words of its spans, from the one plan."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from rich.console import Console
from typer.testing import CliRunner

from bridge.clauses import Explanation, Plan
from bridge.cli import app
from bridge.cli._parse import show_plan
from bridge.query import RUNNERS_UP, Options, QueryParser, StaticValues, decode_plan, plan_to_json
from bridge.schema import parse_schema
from bridge.scorer import Scorer

from .conftest import ROOT

SHOP = """
schema: shop
index: shop
text: [title]
labels:
  brand: {}
  product_type: {}
  flavor: {}
  organization: {}
"""
TEXT = "nike organic dark roast coffee beans"
ASKED = Options(runners_up=RUNNERS_UP)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("default", threads=1)


@pytest.fixture(scope="module")
def parser(scorer: Scorer) -> QueryParser:
    return made(scorer)


def made(scorer: Scorer, more: str = "") -> QueryParser:
    schema = parse_schema(SHOP + more)
    return QueryParser(schema, scorer, StaticValues.of(schema, {}))


def read_by_model(plan: Plan) -> list[Explanation]:
    return [line for line in plan.explain if line.entity is not None and line.entity.source == "model"]


def test_a_line_of_the_model_names_the_best_other_readings_of_its_words(parser: QueryParser) -> None:
    plan = parser.parse(TEXT, ASKED)
    lines = read_by_model(plan)
    assert any(line.runners_up for line in lines)
    for line in lines:
        assert line.entity is not None
        assert len(line.runners_up) <= RUNNERS_UP
        for other in line.runners_up:
            assert other.start < line.entity.end
            assert line.entity.start < other.end
            assert (other.label, other.start, other.end) != (line.entity.label, line.entity.start, line.entity.end)
            assert other.label in parser.schema.labels
            assert other.text == TEXT[other.start : other.end]


def test_unasked_there_are_none_and_everything_else_is_the_same(scorer: Scorer) -> None:
    parser = made(scorer)
    asked = plan_to_json(parser.parse(TEXT, ASKED))
    plain = plan_to_json(parser.parse(TEXT))  # nor from the plans that were kept
    assert all(line["runners_up"] == [] for line in plain["explain"])
    for line in asked["explain"]:
        line["runners_up"] = []
    assert {**asked, "plan": ""} == {**plain, "plan": ""}


def test_json_token_and_table_show_the_same(parser: QueryParser) -> None:
    plan = parser.parse(TEXT, ASKED)
    assert decode_plan(plan_to_json(plan)["plan"]) == plan
    out = StringIO()
    show_plan(plan, Console(width=240, file=out))
    shown = out.getvalue()
    assert "rather than" in shown
    for line in plan_to_json(plan)["explain"]:
        for other in line["runners_up"]:
            assert f"{other['label']} {other['score']:.2f}" in shown


def test_documents_with_access_rules_show_none(scorer: Scorer) -> None:
    plan = made(scorer, "document_security: true\n").parse(TEXT, ASKED)
    assert read_by_model(plan)
    assert all(line.runners_up == () for line in plan.explain)


def test_the_command_shows_them() -> None:
    schema = ROOT / "examples" / "grocery" / "schema.yaml"
    result = CliRunner().invoke(app, ["parse", TEXT, "-s", str(schema), "--json"])
    assert result.exit_code == 0, result.output
    assert any(line["runners_up"] for line in json.loads(result.output)["explain"])
