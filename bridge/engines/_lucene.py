"""Conditions in Lucene's query syntax, as Solr's `fq` and Elasticsearch's `query_string` read it."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta

from bridge.clauses import AnyOf, Condition, Match, Near, Range, Rank, Terms
from bridge.engines._convert import plain
from bridge.entities import Interval, Scalar

_SPECIAL = re.compile(r'([-+&|!(){}\[\]^"~*?:\\/\s])')
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def lucene(condition: Condition, kind: str) -> str | None:
    """One condition as a query; None where it says nothing (no values, no bound, an order).

    `kind` is the label's: numbers of a date are written as moments. Values stand in quotes, so that no character of
    them is an operator; fields have theirs escaped.
    """
    match condition:
        case Terms(field, values):
            some = [_value(value) for value in values]
            return f"{_field(field)}:{some[0]}" if len(some) == 1 else _any(field, some)
        case Range(field, interval) | Near(field, _, interval):
            return _range(field, interval, kind)
        case AnyOf(conditions):
            parts = [lucene(part, kind) for part in conditions]
            # One alternative that says nothing would hold for every document, so the whole says nothing.
            return None if None in parts or not parts else f"({' OR '.join(str(part) for part in parts)})"
        case Match(fields, text):
            # `unless` exempts by the words around, which need an analyzer that keeps them: nothing to say here.
            phrases = [f"{_field(field)}:{quoted(text)}" for field in fields] if text.strip() else []
            return None if not phrases else phrases[0] if len(phrases) == 1 else f"({' OR '.join(phrases)})"
        case Rank():
            return None


def quoted(text: str) -> str:
    """A text as one value or phrase."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def moment(milliseconds: float) -> str:
    """Milliseconds since 1970 as both engines read them; beyond the years 1 to 9999, the nearest of those."""
    try:
        when = _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        when = datetime.max.replace(tzinfo=UTC) if milliseconds > 0 else datetime.min.replace(tzinfo=UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%S.").rjust(20, "0") + f"{when.microsecond // 1000:03d}Z"


def _any(field: str, values: list[str]) -> str | None:
    return f"{_field(field)}:({' OR '.join(values)})" if values else None


def _range(field: str, interval: Interval, kind: str) -> str | None:
    low, opening = (interval.gte, "[") if interval.gte is not None else (interval.gt, "{")
    high, closing = (interval.lte, "]") if interval.lte is not None else (interval.lt, "}")
    low = low if low is not None and math.isfinite(low) else None
    high = high if high is not None and math.isfinite(high) else None
    if low is None and high is None:
        return None
    left = "[*" if low is None else opening + _end(low, kind)
    right = "*]" if high is None else _end(high, kind) + closing
    return f"{_field(field)}:{left} TO {right}"


def _end(number: float, kind: str) -> str:
    return quoted(moment(number)) if kind == "date" else str(plain(number))


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value if isinstance(value, str) else str(plain(value)))


def _field(name: str) -> str:
    return _SPECIAL.sub(r"\\\1", name)
