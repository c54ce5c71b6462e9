"""Conditions of a plan → query DSL, the same in OpenSearch and Elasticsearch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from bridge.clauses import AnyOf, Clause, Condition, Match, Near, Range, Rank, Terms
from bridge.entities import Interval, Scalar
from bridge.schema import Schema


def condition_to_dsl(condition: Condition, *, date_format: str | None = None) -> dict[str, Any] | None:
    """One condition as a query; None where it says nothing (no values, no bound), so that it can never empty a search.

    `Terms` → `terms`, `Range` and `Near` → `range`, `AnyOf` → `bool.should`, `Match` → a phrase over its fields. `Rank`
    is no condition that documents meet or fail, so it gives None.
    """
    if isinstance(condition, Terms):
        values = [plain(value) for value in condition.values if _writable(value)]
        return {"terms": {condition.field: values}} if values else None
    if isinstance(condition, Range):
        bounds = _bounds(condition.interval)
        if not bounds:
            return None
        return {"range": {condition.field: {**bounds, **({"format": date_format} if date_format else {})}}}
    if isinstance(condition, AnyOf):
        parts = [condition_to_dsl(part, date_format=date_format) for part in condition.conditions]
        some = [part for part in parts if part is not None]
        # One alternative that says nothing would hold for every document, so the whole says nothing.
        if not some or len(some) < len(parts):
            return None
        return some[0] if len(some) == 1 else any_of(some)
    if isinstance(condition, Near):
        return condition_to_dsl(Range(condition.field, condition.interval), date_format=date_format)
    if isinstance(condition, Rank):
        return None
    if not condition.fields or not condition.text.strip():
        return None
    phrase = _phrase(condition, condition.text)
    if not condition.unless.strip():
        return phrase
    # `standard` keeps the "not" that most analyzers of text drop; where the index dropped it too, nothing is exempt.
    exempt = _phrase(condition, condition.unless, analyzer="standard")
    return {"bool": {"must": [phrase], "must_not": [exempt]}}


def _phrase(condition: Match, text: str, **options: str) -> dict[str, Any]:
    return {"multi_match": {"query": text, "fields": list(condition.fields), "type": "phrase", **options}}


def clause_condition(clause: Clause, schema: Schema) -> dict[str, Any] | None:
    """The query of one clause, without its role. Numbers on a date field are milliseconds since 1970."""
    label = schema.labels.get(clause.label)
    return condition_to_dsl(clause.condition, date_format="epoch_millis" if label and label.kind == "date" else None)


def named(query: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same query under a name that hits show in `matched_queries`."""
    (kind, inner) = next(iter(query.items()))
    if kind == "range":
        (field, bounds) = next(iter(inner.items()))
        return {"range": {field: {**bounds, "_name": name}}}
    return {kind: {**inner, "_name": name}}


def scored(query: Mapping[str, Any], boost: float, name: str) -> dict[str, Any]:
    """A clause that gives every document it matches the same score, `boost`."""
    return {"constant_score": {"filter": dict(query), "boost": plain(boost), "_name": name}}


def any_of(queries: list[dict[str, Any]]) -> dict[str, Any]:
    """A query that matches where one of `queries` does."""
    return {"bool": {"should": queries, "minimum_should_match": "1"}}


def mentions_text(condition: Condition) -> bool:
    """Whether a condition looks into analysed text, where it may never decide about hits."""
    if isinstance(condition, AnyOf):
        return any(mentions_text(part) for part in condition.conditions)
    return isinstance(condition, Match)


def _bounds(interval: Interval) -> dict[str, Scalar]:
    pairs = (("gte", interval.gte), ("gt", interval.gt), ("lte", interval.lte), ("lt", interval.lt))
    return {key: plain(value) for key, value in pairs if value is not None and math.isfinite(value)}


def _writable(value: Scalar) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def plain(value: Any) -> Any:
    """A whole number without `.0`: engines write 1.7e12 as `1.7E12`, which no date or integer field reads."""
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return int(value) if whole else value
