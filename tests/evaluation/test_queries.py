"""Query cases: reading them, comparing clauses, and what the report counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import InputError
from bridge.evaluation import evaluate_queries, find_query_sets, read_query_set

SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  price: {kind: number, field: price, unit: USD, use: filter, model: false}
"""
VALUES = "fill_rates: {price: 1.0}\n"


def catalogue(folder: Path, cases: str) -> Path:
    (folder / "cases").mkdir()
    (folder / "schema.yaml").write_text(SCHEMA)
    (folder / "values.yaml").write_text(VALUES)
    (folder / "cases" / "quantities.yaml").write_text(f"kind: quantities\ncases:\n{cases}")
    return folder


def test_a_case_passes_when_the_clauses_are_exactly_those_expected(tmp_path: Path) -> None:
    cases = '  - {query: shoes under $50, clauses: ["filter price=<50"], required: shoes}\n'
    report = evaluate_queries([read_query_set(catalogue(tmp_path, cases))], None)
    assert not report.failures
    assert [(row.kind, row.cases, row.pass_rate) for row in report.by_kind()] == [("quantities", 1, 1), ("all", 1, 1)]


def test_a_filter_that_was_not_expected_is_counted_as_wrong_and_hard(tmp_path: Path) -> None:
    report = evaluate_queries(
        [read_query_set(catalogue(tmp_path, "  - {query: shoes under $50, clauses: []}\n"))], None
    )
    [failure] = report.failures
    assert failure.wrong_hard == ("filter price=<50",)
    total = report.by_kind()[-1]
    assert (total.passed, total.wrong_hard, total.precision, total.recall) == (0, 1, 0.0, 1.0)


def test_a_clause_that_did_not_come_lowers_recall(tmp_path: Path) -> None:
    cases = '  - {query: shoes, clauses: ["filter price=<50"]}\n'
    report = evaluate_queries([read_query_set(catalogue(tmp_path, cases))], None)
    assert report.failures[0].missing == ("filter price=<50",)
    assert report.by_kind()[-1].recall == 0.0


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ('  - {query: shoes, clauses: ["limit price=<50"]}\n', "is no clause"),
        ("  - {query: shoes}\n", "cases.0.clauses"),
        ("  - {query: [no], clauses: []}\n", "cases.0.query"),
        ("  - {query: shoes, clauses: [], typo: 1}\n", "cases.0.typo"),
        ("  - {query: shoes, clauses: [\n", "is no YAML"),
    ],
)
def test_a_case_that_cannot_be_read_names_file_and_key(tmp_path: Path, cases: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_query_set(catalogue(tmp_path, cases))
    assert said in str(caught.value)
    assert "quantities.yaml" in str(caught.value)


def test_a_query_that_yaml_takes_for_a_number_or_a_truth_value_is_a_text(tmp_path: Path) -> None:
    cases = "  - {query: 1984, clauses: []}\n  - {query: no, clauses: []}\n"
    report = evaluate_queries([read_query_set(catalogue(tmp_path, cases))], None)
    assert [result.case.query for result in report.results] == ["1984", "no"]


def test_a_folder_without_catalogues_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no catalogue"):
        find_query_sets(tmp_path)
