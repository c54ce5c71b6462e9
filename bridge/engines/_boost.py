"""Boosts → query DSL: a constant score, a score that falls with the distance, or one in the order of a field's values.

The forms are chosen so that no index refuses them. A decay function is refused on a field without doc values, so plans
ask for one only where the engine has told how the field's numbers are spread; an index that lacks the field drops it,
as its inner query matches nothing there. Dates are never written as dates: a field's own format may not read them,
while `now` and distances from it hold for every format.
"""

from __future__ import annotations

import math
from typing import Any

from bridge.clauses import Clause, Near, Rank
from bridge.engines._convert import clause_condition, plain, scored
from bridge.schema import Schema

_DAY = 86_400_000


def boost_to_dsl(clause: Clause, schema: Schema) -> dict[str, Any] | None:
    """The clause as a query whose score is at most its boost; None where its condition says nothing.

    `Near` → a linear decay inside its range, `Rank` → `rank_feature`, `distance_feature` or an exponential decay by the
    label's kind, everything else → a constant score.
    """
    condition = clause.condition
    label = schema.labels.get(clause.label)
    kind = label.kind if label is not None else None
    if isinstance(condition, Near) and kind != "date":
        return _near(condition, clause)
    if isinstance(condition, Rank):
        return _ranked(condition, clause, kind)
    query = clause_condition(clause, schema)
    return None if query is None else scored(query, clause.boost, clause.name)


def _near(condition: Near, clause: Clause) -> dict[str, Any] | None:
    """The whole boost at the origin, half of it at the far end of the range, nothing outside."""
    interval = condition.interval
    ends = [end for end in (interval.gte, interval.gt, interval.lte, interval.lt) if end is not None]
    if len(ends) != 2 or not all(math.isfinite(number) for number in (condition.origin, *ends)):
        return None
    bounds = {
        key: plain(end)
        for key, end in (("gte", interval.gte), ("gt", interval.gt), ("lte", interval.lte), ("lt", interval.lt))
        if end is not None
    }
    inside = {"range": {condition.field: bounds}}
    scale = max(abs(end - condition.origin) for end in ends)
    if not scale or not math.isfinite(scale):
        return scored(inside, clause.boost, clause.name)
    return _decayed("linear", condition.field, condition.origin, scale, inside, clause)


def _ranked(condition: Rank, clause: Clause, kind: str | None) -> dict[str, Any] | None:
    field = condition.field
    if kind == "rank":
        # Its mapping says which end is better, so only that one can be asked for.
        if condition.order == "lowest":
            return None
        return {"rank_feature": {"field": field, "boost": plain(clause.boost), "_name": clause.name}}
    origin, pivot = condition.origin, condition.pivot
    if origin is None or pivot is None or not (math.isfinite(origin) and math.isfinite(pivot) and pivot > 0):
        return None
    if kind == "date":
        days = round(origin / _DAY)
        feature = {
            "field": field,
            "origin": f"now{days:+d}d" if days else "now",
            "pivot": f"{max(1, round(pivot / _DAY))}d",
        }
        return {"distance_feature": {**feature, "boost": plain(clause.boost), "_name": clause.name}}
    return _decayed("exp", field, origin, pivot, {"exists": {"field": field}}, clause)


def _decayed(
    function: str, field: str, origin: float, scale: float, inside: dict[str, Any], clause: Clause
) -> dict[str, Any]:
    # `boost` of a function_score multiplies what `replace` throws away; a function's weight is what counts.
    decay = {field: {"origin": plain(origin), "scale": plain(scale), "decay": 0.5}}
    return {
        "function_score": {
            "query": inside,
            "functions": [{function: decay, "weight": plain(clause.boost)}],
            "boost_mode": "replace",
            "_name": clause.name,
        }
    }
