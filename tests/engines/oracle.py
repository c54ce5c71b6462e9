"""What clauses mean, worked out on the document in Python: which documents meet a condition, and what a boost adds."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bridge.clauses import AnyOf, Clause, Condition, Match, Near, Range, Rank, Terms
from bridge.entities import Interval
from bridge.schema import Schema


def meets(condition: Condition, document: Mapping[str, Any]) -> bool:
    """Whether a document meets a condition."""
    match condition:
        case Terms(field, values):
            return any(value in values for value in held(document, field))
        case Range(field, interval) | Near(field, _, interval):
            return any(inside(number, interval) for number in numbers(document, field))
        case AnyOf(conditions):
            return any(meets(one, document) for one in conditions)
        case Match(fields, text, unless):
            says = any(phrase(text, value) for field in fields for value in held(document, field))
            exempt = bool(unless) and any(phrase(unless, value) for field in fields for value in held(document, field))
            return says and not exempt
        case Rank(field):
            return bool(numbers(document, field))


def gain(clause: Clause, document: Mapping[str, Any], schema: Schema) -> float | None:
    """What a boost adds to the document's score; None where only the engine knows (rank features, the clock's)."""
    condition = clause.condition
    if not meets(condition, document):
        return 0.0
    if isinstance(condition, Near):
        ends = (condition.interval.gte or 0.0, condition.interval.lte or 0.0)
        width = max(abs(end - condition.origin) for end in ends)
        distance = min(abs(number - condition.origin) for number in numbers(document, condition.field))
        return clause.boost * max(0.0, 1.0 - distance / (2 * width))
    if isinstance(condition, Rank):
        if schema.labels[clause.label].kind != "number":
            return None
        assert condition.origin is not None
        assert condition.pivot is not None
        distance = min(abs(number - condition.origin) for number in numbers(document, condition.field))
        return clause.boost * math.pow(0.5, distance / condition.pivot)
    return clause.boost


def order_key(condition: Rank, document: Mapping[str, Any]) -> tuple[bool, float]:
    """Where a document stands in a sort: by its value, without one last."""
    own = numbers(document, condition.field)
    if not own:
        return True, 0.0
    return False, min(own) if condition.order == "lowest" else -max(own)


def held(document: Mapping[str, Any], field: str) -> list[Any]:
    """The values of a field, as a list."""
    value: Any = document
    for part in field.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value if isinstance(value, list) else [] if value is None else [value]


def numbers(document: Mapping[str, Any], field: str) -> list[float]:
    """The values of a field as numbers; days as milliseconds since 1970."""
    return [_number(value) for value in held(document, field)]


def inside(number: float, interval: Interval) -> bool:
    low = interval.gte is None or number >= interval.gte - 1e-9
    return (
        low
        and (interval.gt is None or number > interval.gt)
        and (interval.lte is None or number <= interval.lte + 1e-9)
        and (interval.lt is None or number < interval.lt)
    )


def phrase(words: str, text: str) -> bool:
    """Whether a text holds words as a phrase, by their letters and digits."""
    wanted, there = list(_words(words)), list(_words(text))
    return any(there[at : at + len(wanted)] == wanted for at in range(len(there))) if wanted else False


def _words(text: str) -> Iterator[str]:
    yield from re.findall(r"\w+(?:['’]\w+)*", text.lower())


def _number(value: Any) -> float:
    if isinstance(value, str):
        return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp() * 1000
    return float(value)
