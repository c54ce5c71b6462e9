"""A plan as ES|QL: what decides about hits as a `WHERE`, an order as a `SORT`. Boosts have no place there."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Any

from bridge.clauses import AnyOf, Clause, Condition, Match, Near, Plan, Range, Rank, Terms
from bridge.engines._convert import mentions_text, plain
from bridge.engines._lucene import lucene, moment
from bridge.entities import Interval, Scalar
from bridge.schema import Schema

_SIMPLE = re.compile(r"[A-Za-z_@][A-Za-z0-9_]*")
#: Words that a name may not be without backticks.
_RESERVED = frozenset(
    {
        "and", "as", "asc", "by", "desc", "false", "first", "from", "in", "is", "last", "like", "limit", "metadata",
        "not", "null", "nulls", "on", "or", "rlike", "sort", "true", "where", "with",
    }
)  # fmt: skip
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SIGNS = (("gte", ">="), ("gt", ">"), ("lte", "<="), ("lt", "<"))


def to_esql(plan: Plan, schema: Schema) -> dict[str, Any]:
    """`{"query", "where", "conditions", "sort", "notes"}` for Elasticsearch 9.

    `conditions` are the hard clauses one by one, those first that are given up last: nothing counts an ES|QL query, so
    an application that finds nothing drops them from the end. `where` joins them with the text; `query` is a whole
    query of the schema's index.

    Values of keyword fields are searched by `:`, and amounts of the bridge's own fields by `QSTR`: both look at every
    value of a field, where a comparison of a field with several values is null.
    """
    notes: list[str] = []
    conditions: list[dict[str, str]] = []
    orders: list[str] = []
    for clause in sorted(plan.clauses, key=lambda clause: clause.relax):
        if clause.role == "sort" and isinstance(clause.condition, Rank):
            direction = "ASC" if clause.condition.order == "lowest" else "DESC"
            orders.append(f"{_name(clause.condition.field)} {direction} NULLS LAST")
        elif clause.role not in ("filter", "exclude") or mentions_text(clause.condition):
            notes.append(f"{clause.name}: left out, since WHERE has no place for a {clause.role}")
        elif (text := _clause(clause, schema)) is not None:
            conditions.append({"name": clause.name, "where": text})
        else:
            notes.append(f"{clause.name}: left out, its condition is empty")
    where = [text for text in (_text(plan.required, schema.text),) if text] + [one["where"] for one in conditions]
    orders.append("_score DESC")
    parts = [f"FROM {_index(schema.index)} METADATA _score"]
    parts += [f"WHERE {' AND '.join(where)}"] if where else []
    parts.append(f"SORT {', '.join(orders)}")
    return {
        "query": " | ".join(parts),
        "where": " AND ".join(where),
        "conditions": conditions,
        "sort": ", ".join(orders),
        "notes": notes,
    }


def _clause(clause: Clause, schema: Schema) -> str | None:
    label = schema.labels.get(clause.label)
    kind = label.kind if label is not None else "keyword"
    # What the bridge writes itself may have several values in a document; a bound field is taken to have one.
    several = kind == "range" or label is None or label.field is None
    text = _condition(clause.condition, kind, several)
    if text is None or clause.role == "filter":
        return text
    if isinstance(clause.condition, Range | Near) and not several:
        # A document without the field is not excluded; the comparison alone would be null there.
        return f"({_name(clause.condition.field)} IS NULL OR NOT {text})"
    return f"NOT {text}"


def _condition(condition: Condition, kind: str, several: bool) -> str | None:
    match condition:
        case Terms(field, values):
            return _any([f"{_name(field)} : {_literal(value)}" for value in values])
        case Range(field, interval) | Near(field, _, interval):
            if several:
                query = lucene(condition, kind)
                return None if query is None else f"QSTR({_string(query)})"
            return _compared(field, interval, kind)
        case AnyOf(conditions):
            parts = [_condition(part, kind, several) for part in conditions]
            # One alternative that says nothing would hold for every document, so the whole says nothing.
            return None if None in parts else _any([part for part in parts if part is not None])
        case Rank() | Match():
            return None


def _compared(field: str, interval: Interval, kind: str) -> str | None:
    def bound(value: float) -> str:
        return f"TO_DATETIME({_string(moment(value))})" if kind == "date" else _literal(value)

    pairs = ((getattr(interval, key), sign) for key, sign in _SIGNS)
    parts = [
        f"{_name(field)} {sign} {bound(value)}" for value, sign in pairs if value is not None and math.isfinite(value)
    ]
    return None if not parts else parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


def _text(text: str, fields: Sequence[str]) -> str | None:
    if not text.strip():
        return None
    return _any([f"MATCH({_name(field)}, {_string(text)})" for field in fields])


def _any(parts: list[str]) -> str | None:
    return None if not parts else parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _name(field: str) -> str:
    parts = field.split(".")
    if all(_SIMPLE.fullmatch(part) and part.lower() not in _RESERVED for part in parts):
        return field
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def _index(expression: str) -> str:
    """Names of indices may hold anything but what the grammar uses itself; then they are quoted."""
    return expression if re.fullmatch(r"[A-Za-z0-9_.*,\-]+", expression) else _string(expression)


def _literal(value: Scalar) -> str:
    return _string(value) if isinstance(value, str) else json.dumps(plain(value))


def _string(text: str) -> str:
    return '"' + "".join(_ESCAPES.get(char, char) for char in text) + '"'
