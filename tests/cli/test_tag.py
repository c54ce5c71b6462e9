"""`gliner-bridge tag`: texts from arguments, standard input and JSON lines, with the embedded model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.scorer import Scorer

SCHEMA = Path(__file__).resolve().parents[2] / "examples" / "grocery" / "schema.yaml"
TEXT = "Kirkland Signature organic quinoa, 4.5 lbs"


def tag(*words: str, text: str | None = None) -> str:
    result = CliRunner().invoke(app, ["tag", *words], input=text, env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.output
    return result.output


def results(*words: str, text: str | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in tag(*words, "--json", text=text).splitlines()]


def test_labels_give_what_the_scorer_gives() -> None:
    (expected,) = Scorer.load("default").predict([TEXT], ["brand", "product type"], 0.2)

    (result,) = results(TEXT, "--labels", "brand, product type", "--threshold", "0.2")

    assert expected
    assert [(e["start"], e["end"], e["label"], e["text"]) for e in result["entities"]] == [
        (span.start, span.end, span.label, span.text) for span in expected
    ]
    assert result["coverage"] == 1.0


def test_lines_of_standard_input_are_texts() -> None:
    assert len(results("--labels", "brand", text=f"{TEXT}\n\nGreen tea\n")) == 2


def test_the_table_shows_text_label_and_score() -> None:
    output = tag(TEXT, "--labels", "brand", "--threshold", "0.0")

    assert TEXT in output
    assert "brand" in output
    assert "model" in output


def test_documents_are_tagged_with_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "documents.jsonl"
    documents = [{"name": TEXT, "description": "A grain."}, {"name": None, "other": TEXT}]
    path.write_text("".join(json.dumps(one) + "\n" for one in documents))

    first, second = results("--jsonl", str(path), "--schema", str(SCHEMA))

    assert {e["field"] for e in first["entities"]} <= {"name", "description"}
    assert second["entities"] == []
    assert results(TEXT, "--schema", str(SCHEMA))[0]["entities"] == [
        e for e in first["entities"] if e["field"] == "name"
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "not JSON"), ("[1]", "not a JSON object"), ('{"name": 5}', "no text in the field 'text'")],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "documents.jsonl"
    path.write_text(f'{{"text": "fine"}}\n{line}\n')

    result = CliRunner().invoke(app, ["tag", "--jsonl", str(path), "--labels", "brand"])

    assert result.exit_code == 2
    assert said in result.output
    assert "no text" in said or "documents.jsonl:2" in result.output
