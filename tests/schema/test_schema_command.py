"""`gliner-bridge schema`: a right schema is shown, a wrong one is named with every problem."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import OpenSearchEngine

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
WRONG = "schema: shop\nindex: shop\ntext: [title]\nlabels:\n  brand: {kind: keywrd}\n  color: {boost: high}\n"


def test_a_right_schema_is_shown_label_by_label() -> None:
    result = CliRunner().invoke(app, ["schema", "check", str(EXAMPLES / "grocery" / "schema.yaml")])
    assert result.exit_code == 0
    assert "grocery: index grocery, text name, description, relaxation by counts" in result.stdout
    assert "grammar in USD" in result.stdout


def test_every_problem_of_a_wrong_schema_is_printed(tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(WRONG, encoding="utf-8")
    result = CliRunner().invoke(app, ["schema", "check", str(file)])
    assert result.exit_code == 2
    assert f"{file}:5: labels.brand.kind" in result.output.replace("\n", "")
    assert f"{file}:6: labels.color.boost" in result.output.replace("\n", "")


def test_the_json_schema_is_printed_for_editors() -> None:
    result = CliRunner().invoke(app, ["schema", "json"])
    assert json.loads(result.stdout)["title"] == "GLiNER bridge schema"


@pytest.mark.engine
def test_a_schema_is_held_against_the_real_mapping(opensearch_url: str, tmp_path: Path) -> None:
    engine = OpenSearchEngine(opensearch_url)
    properties = {"title": {"type": "text"}, "price": {"type": "keyword"}}
    engine.request("PUT", "/schema-check", {"mappings": {"properties": properties}})
    file = tmp_path / "shop.yaml"
    file.write_text(
        "schema: shop\nindex: schema-check\ntext: [titel]\nlabels:\n"
        "  price: {kind: number, field: price, unit: USD, model: false, use: filter}\n",
        encoding="utf-8",
    )
    try:
        result = CliRunner().invoke(app, ["schema", "check", str(file), "--engine-url", opensearch_url])
    finally:
        engine.request("DELETE", "/schema-check")
        engine.close()
    assert result.exit_code == 1
    assert 'no field "titel" in the index' in result.output
    assert '"price" is a keyword field' in result.output
