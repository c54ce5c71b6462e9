"""A plan as JSON and as text for people, both from the one object."""

from __future__ import annotations

import re
from typing import Any

from bridge.clauses import AnyOf, Clause, Condition, Explanation, Match, Near, Plan, Range, Rank, Terms
from bridge.entities import Entity, Interval
from bridge.query._names import interval_text, number_text
from bridge.query._token import encode_plan

_VERBS = {
    "filter": "only",
    "exclude": "without",
    "expand": "also",
    "boost": "first",
    "demote": "last",
    "sort": "order by",
}


def plan_to_json(plan: Plan) -> dict[str, Any]:
    """The object that `/v1/parse` and `gliner-bridge parse --json` answer.

    Keys: `schema`, `text`, `required`, `mode`, `generation`, `entities`, `clauses`, `chips`, `explain`, `flags`,
    `human` (one line for people), `plan` (the token that repeats this plan without model and counts).
    """
    return {
        "schema": plan.schema,
        "text": plan.text,
        "required": plan.required,
        "mode": plan.mode,
        "generation": plan.generation,
        "entities": [entity_to_json(entity) for entity in plan.entities],
        "clauses": [clause_to_json(clause) for clause in plan.clauses],
        "chips": [
            {"name": chip.name, "label": chip.label, "text": chip.text, "restored": chip.restored}
            for chip in plan.chips
        ],
        "explain": [_explanation(line) for line in plan.explain],
        "flags": dict(plan.flags),
        "human": human_text(plan),
        "plan": encode_plan(plan),
    }


def entity_to_json(entity: Entity) -> dict[str, Any]:
    """`{label, text, value, field, item, start, end, score, source}`, and `negated` where it is."""
    result = {
        "label": entity.label,
        "text": entity.text,
        "value": interval_to_json(entity.value) if isinstance(entity.value, Interval) else entity.value,
        "field": entity.field,
        "item": entity.item,
        "start": entity.start,
        "end": entity.end,
        "score": entity.score,
        "source": entity.source,
    }
    return {**result, "negated": True} if entity.negated else result


def clause_to_json(clause: Clause) -> dict[str, Any]:
    """One clause with its condition and a `human` line."""
    return {
        "name": clause.name,
        "role": clause.role,
        "label": clause.label,
        "condition": condition_to_json(clause.condition),
        "boost": clause.boost,
        "start": clause.start,
        "end": clause.end,
        "consumes": [list(span) for span in clause.consumes],
        "relax": clause.relax,
        "human": describe(clause),
    }


def condition_to_json(condition: Condition) -> dict[str, Any]:
    """`{"terms": …}`, `{"range": …}`, `{"near": …}`, `{"rank": …}`, `{"match": …}` or `{"any_of": […]}`."""
    match condition:
        case Terms(field, values):
            return {"terms": {"field": field, "values": list(values)}}
        case Range(field, interval):
            return {"range": {"field": field, **interval_to_json(interval)}}
        case Near(field, origin, interval):
            return {"near": {"field": field, "origin": origin, **interval_to_json(interval)}}
        case Rank(field, order, origin, pivot):
            near = {"origin": origin, "pivot": pivot}
            return {"rank": {"field": field, "order": order, **{k: v for k, v in near.items() if v is not None}}}
        case Match(fields, text, unless):
            return {"match": {"fields": list(fields), "text": text, **({"unless": unless} if unless else {})}}
        case AnyOf(conditions):
            return {"any_of": [condition_to_json(one) for one in conditions]}


def interval_to_json(interval: Interval) -> dict[str, float]:
    """The bounds that are set."""
    bounds = {"gte": interval.gte, "gt": interval.gt, "lte": interval.lte, "lt": interval.lt}
    return {key: bound for key, bound in bounds.items() if bound is not None}


def human_text(plan: Plan) -> str:
    """One line for people: the text that must match, then what each clause does."""
    text = f'search "{_line(plan.required)}"'
    if not plan.clauses:
        return f"{text}, unchanged"
    soft = " (as strong preferences)" if plan.mode == "tiers" and _has_filters(plan) else ""
    return "; ".join([text, *(describe(clause) for clause in plan.clauses)]) + soft


def describe(clause: Clause) -> str:
    """What a clause does, for people: `only price <20`, `first brand kirkland`, `last not cheesecake`."""
    # Names show amounts as people read them: days, not milliseconds.
    shown = clause.name.partition("=")[2] or None
    return f"{_VERBS[clause.role]} {_condition_text(clause.condition, shown)}"


def _condition_text(condition: Condition, shown: str | None) -> str:
    match condition:
        case Terms(field, values):
            return f"{field} {_line(' or '.join(str(value) for value in values))}"
        case Range(field, interval):
            return f"{field} {shown or interval_text(interval)}"
        case Near(field, origin):
            return f"{field} about {number_text(origin)}"
        case Rank(field, order):
            return f"{field}, {order} first"
        case Match(fields, text):
            return f'{"/".join(fields)} saying "{_line(text)}"'
        case AnyOf(conditions):
            return " or ".join(_condition_text(one, shown) for one in conditions)


def _explanation(line: Explanation) -> dict[str, Any]:
    return {
        "decision": line.decision,
        "reason": line.reason,
        "clause": line.clause,
        "entity": None if line.entity is None else entity_to_json(line.entity),
        "runners_up": [
            {"label": one.label, "text": one.text, "start": one.start, "end": one.end, "score": one.score}
            for one in line.runners_up
        ],
    }


def runners_up_text(line: Explanation) -> str:
    """The other readings of an explanation for people: `color 0.31, brand 0.12 "red nike"`."""
    read = line.entity
    return ", ".join(
        f"{one.label} {one.score:.2f}"
        + ("" if read is not None and (one.start, one.end) == (read.start, read.end) else f' "{_line(one.text)}"')
        for one in line.runners_up
    )


def _has_filters(plan: Plan) -> bool:
    return any(clause.role in ("filter", "exclude") for clause in plan.clauses)


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
