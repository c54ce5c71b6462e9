"""The whole decision, as DESIGN's "A query's way" has it: what a value may do by where it came from and what is known.

Each row changes one thing about a value that may filter, and says what becomes of it.
"""

from __future__ import annotations

from typing import Any

import pytest

from bridge.query import Options, QueryParser, StaticValues
from bridge.schema import Schema, parse_schema

from .conftest import TableScorer, reasons

LABEL: dict[str, Any] = {"field": "brand", "use": "filter", "position": "any", "band": {"filter": 0.8, "boost": 0.5}}


def schema_with(label: dict[str, Any], head: str = "relax: off\n") -> Schema:
    brand = ", ".join(f"{key}: {value}" for key, value in (LABEL | label).items())
    return parse_schema(f"schema: s\nindex: s\ntext: [t]\n{head}labels:\n  brand: {{{brand}}}\n")


def role(
    query: str = "Zorblax shoes",
    *,
    rate: float | None = 1.0,
    score: float | None = None,
    stored: bool = True,
    **label: Any,
) -> str:
    """What the clause for the brand does, `none` without one; with a score the model finds it, else the dictionary."""
    schema = schema_with(label)
    known = {"brand": {"Zorblax": 40}} if stored else {}
    values = StaticValues.of(schema, known, {} if rate is None else {"brand": rate})
    found = {} if score is None else {"Zorblax": ("brand", score), "zorblaxx": ("brand", score)}
    scorer: Any = TableScorer(found) if found else None
    options = Options(disable=frozenset({"dictionary"} if found else ()))
    plan = QueryParser(schema, scorer, values).parse(query, options)
    assert len(plan.clauses) <= 1
    assert plan.clauses or reasons(plan), "where nothing comes of it, explain says why"
    return plan.clauses[0].role if plan.clauses else "none"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "filter"),
        ({"use": "boost"}, "boost"),
        ({"use": "expand"}, "expand"),
        ({"rate": 0.9}, "filter"),
        ({"rate": 0.89}, "boost"),
        ({"rate": None}, "boost"),
        ({"query": "Zorblax"}, "boost"),
        ({"query": "case for Zorblax"}, "boost"),
        ({"query": "shoes not Zorblax"}, "exclude"),
        ({"query": "shoes not Zorblax", "use": "boost"}, "demote"),
        ({"query": "shoes not Zorblax", "rate": 0.2}, "demote"),
        ({"query": "shoes -Zorblax", "rate": None}, "demote"),
        ({"query": "brand:Zorblax shoes"}, "filter"),
        ({"query": "brand:Zorblax shoes", "use": "boost"}, "boost"),
        ({"query": "кроссовки Zorblax"}, "boost"),
    ],
    ids=str,
)
def test_a_stored_value(changed: dict[str, Any], expected: str) -> None:
    assert role(**changed) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"score": 0.95}, "filter"),
        ({"score": 0.8}, "filter"),
        ({"score": 0.79}, "boost"),
        ({"score": 0.5}, "boost"),
        ({"score": 0.49}, "none"),
        ({"score": 0.95, "rate": 0.5}, "boost"),
        ({"score": 0.95, "stored": False}, "boost"),
        ({"score": 0.95, "use": "boost"}, "boost"),
        ({"score": 0.95, "query": "zorblaxx shoes"}, "boost"),
        ({"score": 0.95, "band": {"filter": 0.97, "boost": 0.5}}, "boost"),
    ],
    ids=str,
)
def test_a_span_of_the_model_in_three_bands(changed: dict[str, Any], expected: str) -> None:
    assert role(**changed) == expected


@pytest.mark.parametrize(
    ("head", "mode"),
    [
        ("relax: off\n", "filters"),
        ("relax: tiers\n", "tiers"),
        ("", "tiers"),
        ("engine: opensearch\n", "filters"),
        ("engine: opensearch\nrelax: tiers\n", "tiers"),
        ("engine: opensearch\ndocument_security: true\npublic_values: [brand]\n", "tiers"),
    ],
)
def test_without_an_engine_to_count_with_filters_are_tiers(head: str, mode: str) -> None:
    schema = schema_with({}, head)
    values = StaticValues.of(schema, {"brand": {"Zorblax": 40}}, {"brand": 1.0})
    plan = QueryParser(schema, None, values).parse("Zorblax shoes")
    assert [clause.role for clause in plan.clauses] == ["filter"]
    assert plan.mode == mode


@pytest.mark.parametrize(
    ("measured", "target", "score", "expected"),
    [
        (0.97, 0.95, 0.9, "filter"),
        (0.95, 0.95, 0.8, "filter"),
        (0.94, 0.95, 0.9, "boost"),
        (0.97, 0.95, 0.7, "boost"),  # below the band that was measured
        (None, 0.95, 0.9, "boost"),
        (0.97, None, 0.9, "boost"),
    ],
)
def test_what_only_the_model_says_filters_where_its_measured_precision_reaches_the_target(
    measured: float | None, target: float | None, score: float, expected: str
) -> None:
    head = "relax: off\n" + (f"target_precision: {target}\n" if target is not None else "")
    own = {} if measured is None else {"precision": measured}
    off: dict[str, Any] = {"dictionary": "false"} if target is not None else {}
    schema = schema_with({**own, **off} if off else {**own, "use": "boost"}, head)
    values = StaticValues.of(schema, {}, {"brand": 1.0})
    scorer: Any = TableScorer({"Zorblax": ("brand", score)})
    [clause] = QueryParser(schema, scorer, values).parse("Zorblax shoes").clauses
    assert clause.role == expected


def test_a_value_that_the_index_does_not_hold_boosts_however_precise_the_model_is() -> None:
    schema = schema_with({"precision": 0.99}, "relax: off\ntarget_precision: 0.9\n")
    values = StaticValues.of(schema, {"brand": {"Other": 9}}, {"brand": 1.0})
    scorer: Any = TableScorer({"Zorblax": ("brand", 0.95)})
    plan = QueryParser(schema, scorer, values).parse("Zorblax shoes")
    assert [clause.role for clause in plan.clauses] == ["boost"]
    assert "no stored value is known for it" in reasons(plan)
