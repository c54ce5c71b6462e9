"""What an index says of the schema's fields: how many documents carry each, and how its numbers are spread."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.entities import Stats
from bridge.schema import Schema

_NUMERIC = frozenset(
    {"byte", "short", "integer", "long", "unsigned_long", "half_float", "float", "double", "scaled_float"}
)
_DATES = frozenset({"date", "date_nanos"})
_TYPES: Mapping[str, frozenset[str]] = {"number": _NUMERIC, "range": _NUMERIC, "date": _DATES}


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """Facts of one moment.

    `fill_rates`: field → share of the documents that carry it, 0..1; without fields of `kind: rank` that are no
    `rank_feature`, as the engine refuses to rank by them. `stats`: field → spread, for the number and date
    fields whose values can be searched, ordered and scored by; a field that is missing here cannot, or is empty.
    """

    fill_rates: dict[str, float] = field(default_factory=dict)
    stats: dict[str, Stats] = field(default_factory=dict)


def amount_fields(schema: Schema) -> dict[str, frozenset[str]]:
    """Field → the types that it may have, for labels of amounts and dates. Under `document_security` public ones."""
    return {
        schema.field_of(name): _TYPES[label.kind]
        for name, label in schema.labels.items()
        if label.kind in _TYPES
        and label.use != "ignore"
        and (not schema.document_security or schema.field_of(name) in schema.public_values)
    }


def measurable(capabilities: Mapping[str, Any], fields: Mapping[str, frozenset[str]]) -> list[str]:
    """The fields that are numbers or dates in every index that has them, by what `_field_caps` answers."""
    found: list[str] = []
    for name, wanted in sorted(fields.items()):
        types = dict(capabilities.get("fields", {}).get(name, {}))
        types.pop("unmapped", None)
        usable = (kind in wanted and a.get("searchable") and a.get("aggregatable") for kind, a in types.items())
        if types and all(usable):
            found.append(name)
    return found


def rankless(capabilities: Mapping[str, Any], schema: Schema) -> set[str]:
    """Fields of `kind: rank` that are something else in some index."""
    ranks = {schema.field_of(name) for name, label in schema.labels.items() if label.kind == "rank"}
    known = capabilities.get("fields", {})
    return {name for name in ranks if not known.get(name, {}).keys() <= {"rank_feature", "unmapped"}}


def facts_body(schema: Schema, spread: Sequence[str], without: Container[str] = ()) -> dict[str, Any]:
    """One search for how many documents there are, how many carry each field, and the spread of some."""
    names = {schema.field_of(label) for label in schema.labels}
    fields = sorted(name for name in names if name not in without)
    aggregations: dict[str, Any] = {
        "filled": {"filters": {"filters": {name: {"exists": {"field": name}} for name in fields}}}
    }
    # A field's name may hold what no aggregation's name may, so these go by number.
    for number, name in enumerate(spread):
        aggregations[f"ends_{number}"] = {"stats": {"field": name}}
        aggregations[f"middle_{number}"] = {"percentiles": {"field": name, "percents": [50], "keyed": False}}
    return {"size": 0, "track_total_hits": True, "aggs": aggregations}


def read_facts(answer: Mapping[str, Any], spread: Sequence[str]) -> FieldFacts:
    """The facts in the answer to `facts_body`."""
    total = answer["hits"]["total"]["value"]
    found = answer["aggregations"]
    buckets = found["filled"]["buckets"]
    rates = {name: bucket["doc_count"] / total for name, bucket in buckets.items()} if total else {}
    stats: dict[str, Stats] = {}
    for number, name in enumerate(spread):
        ends, middle = found[f"ends_{number}"], found[f"middle_{number}"]["values"]
        numbers = (ends.get("min"), middle[0].get("value") if middle else None, ends.get("max"))
        if all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
            low, median, high = map(float, numbers)
            # The median is an estimate; what is beyond its sixth digit may differ from one asking to the next.
            stats[name] = Stats(low, min(max(float(f"{median:.6g}"), low), high), high)
    return FieldFacts(rates, stats)
