"""`gliner-bridge test` and `gliner-bridge diff`: what queries become, in CI and before a change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app

SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  brand: {field: brand, model: false, use: filter, position: any}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
"""
VALUES = "values: {brand: {Nike: 40, Puma: 9}}\nfill_rates: {brand: 1.0, price: 1.0}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.yaml").write_text(SCHEMA)
    (tmp_path / "softer.yaml").write_text(
        SCHEMA.replace("model: false, use: filter, position", "model: false, position")
    )
    (tmp_path / "values.yaml").write_text(VALUES)
    (tmp_path / "queries.txt").write_text("nike shoes\nshoes under $50\n\nnike shoes\n")
    return tmp_path


def run(*words: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def check(folder: Path, cases: str, *options: str) -> tuple[int, str]:
    (folder / "cases.yaml").write_text(f"kind: mine\ncases:\n{cases}")
    known = ("--schema", folder / "shop.yaml", "--values", folder / "values.yaml", "--model", "none")
    return run("test", folder / "cases.yaml", *known, *options)


def diff(folder: Path, old: str, new: str, *options: str) -> tuple[int, str]:
    models = ("--values", folder / "values.yaml", "--old-model", "none", "--new-model", "none")
    return run("diff", folder / old, folder / new, "--queries", folder / "queries.txt", *models, *options)


def test_cases_that_become_what_they_should_pass(folder: Path) -> None:
    status, printed = check(
        folder, '  - {query: nike shoes under $50, clauses: ["filter brand=Nike", "filter price=<50"]}\n'
    )
    assert status == 0
    assert "1 of 1 cases passed" in printed


def test_a_failure_shows_what_is_missing_and_what_nobody_expected(folder: Path) -> None:
    status, printed = check(folder, '  - {query: nike shoes, clauses: ["filter brand=Puma"], required: shoes}\n')
    assert status == 1
    assert "nike shoes\n  - expected filter brand=Puma\n  + planned  filter brand=Nike\n" in printed
    assert '  required: expected "shoes", planned "nike shoes"' in printed
    _, printed = check(folder, '  - {query: nike shoes, clauses: ["filter brand=Puma"]}\n', "--json")
    [failure] = json.loads(printed)["failures"]
    assert (failure["missing"], failure["wrong"]) == (["filter brand=Puma"], ["filter brand=Nike"])


def test_a_whole_catalogue_is_tested_by_its_folder() -> None:
    status, printed = run("test", Path(__file__).parents[1] / "queries" / "grocery", "--model", "none", "--json")
    report = json.loads(printed)
    assert report["cases"] > 50
    assert status == (1 if report["failures"] else 0)


def test_what_is_missing_is_said(folder: Path) -> None:
    (folder / "cases.yaml").write_text("kind: mine\ncases: []\n")
    assert run("test", folder / "cases.yaml")[1].endswith("hint: name it with --schema\n")
    status, printed = run("test", folder / "cases.yaml", "--schema", folder / "shop.yaml", "--model", "none")
    assert status == 2
    assert "cases.yaml: holds no case" in printed
    status, printed = run("test", folder / "gone.yaml", "--schema", folder / "shop.yaml")
    assert status == 2
    assert "cannot be read" in printed


def test_the_same_schema_changes_nothing(folder: Path) -> None:
    status, printed = diff(folder, "shop.yaml", "shop.yaml")
    assert status == 0
    assert printed == "0 of 2 queries change (0.0% of the searches), 0 of them hard\n"


def test_a_changed_schema_shows_its_queries_the_frequent_ones_first(folder: Path) -> None:
    _, printed = diff(folder, "shop.yaml", "softer.yaml")
    assert "nike shoes  (2 times)  hard\n  - filter brand=Nike\n  + boost brand=Nike\n" in printed
    assert "1 of 2 queries change (66.7% of the searches), 1 of them hard" in printed
    _, printed = diff(folder, "shop.yaml", "softer.yaml", "--json")
    report = json.loads(printed)
    assert (report["changed"], report["hard"]) == (1, 1)
    assert report["changes"][0]["removed"] == ["filter brand=Nike"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("queries.txt", "\n \n", "holds no query"),
        ("queries.csv", "text\nshoes\n", "has no column query"),
        ("queries.csv", "query,count\nshoes,many\n", 'queries.csv:2: "many" is no count'),
        ("queries.jsonl", "{}\n", 'queries.jsonl:1: the line is no object with a "query"'),
        ("queries.jsonl", "shoes\n", "queries.jsonl:1: the line is not JSON"),
    ],
)
def test_a_file_without_queries_says_what_is_expected(folder: Path, name: str, content: str, said: str) -> None:
    (folder / name).write_text(content)
    status, printed = run("diff", folder / "shop.yaml", folder / "shop.yaml", "--queries", folder / name)
    assert status == 2
    assert said in printed
    assert "hint: " in printed


def test_logs_with_counts_are_read(folder: Path) -> None:
    (folder / "log.csv").write_text("query,count\nshoes,2\nnike shoes,40\n")
    (folder / "log.jsonl").write_text('{"query": "nike shoes", "count": 7}\n{"query": "shoes"}\n')
    for name, count in (("log.csv", 40), ("log.jsonl", 7)):
        files = ("diff", folder / "shop.yaml", folder / "softer.yaml", "--queries", folder / name)
        _, printed = run(
            *files, "--values", folder / "values.yaml", "--old-model", "none", "--new-model", "none", "--json"
        )
        assert json.loads(printed)["changes"][0]["count"] == count
