"""A schema held against the mapping of a real index: do its fields exist there, in a form that can be searched?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.errors import SchemaError
from bridge.schema._checks import suggestion
from bridge.schema._models import Kind, Schema

_NUMBERS = frozenset(
    {"byte", "short", "integer", "long", "unsigned_long", "half_float", "float", "double", "scaled_float"}
)
_RANGES = frozenset({"integer_range", "long_range", "float_range", "double_range", "date_range"})
#: Field types that hold the values of each kind.
_TYPES: Mapping[Kind, frozenset[str]] = {
    "keyword": frozenset({"keyword", "constant_keyword", "wildcard"}),
    "number": _NUMBERS,
    "range": _RANGES | _NUMBERS,
    "date": frozenset({"date", "date_nanos"}),
    "rank": frozenset({"rank_feature"}),
}
_TEXTS = frozenset({"text", "match_only_text", "search_as_you_type", "keyword", "constant_keyword", "wildcard"})


def check_mapping(schema: Schema, index: str, mapping: Mapping[str, Any]) -> list[SchemaError]:
    """What does not fit between a schema and one index; empty where all does.

    `mapping` is the index's `{"properties": {…}}` as `GET <index>/_mapping` gives it. `where` of each problem names the
    index and the schema's key.
    """
    types = _flatten(mapping.get("properties", {}))
    problems: list[SchemaError] = []

    def problem(key: str, message: str, hint: str | None = None) -> None:
        problems.append(SchemaError(message, where=f"index {index}: {key}", hint=hint))

    for at, name in enumerate(schema.text):
        if name not in types:
            problem(f"text[{at}]", f'no field "{name}" in the index', suggestion(name, types))
        elif types[name] not in _TEXTS:
            problem(f"text[{at}]", f'"{name}" is a {types[name]} field, not text')
    for name, label in schema.labels.items():
        if label.field is None:
            continue
        key = f"labels.{name}.field"
        if label.field not in types:
            problem(key, f'no field "{label.field}" in the index', suggestion(label.field, types))
        elif types[label.field] not in _TYPES[label.kind]:
            problem(
                key,
                f'"{label.field}" is a {types[label.field]} field, and `kind: {label.kind}` needs '
                f"{', '.join(sorted(_TYPES[label.kind]))}",
                _sub_field(label.field, label.kind, types),
            )
    prefix = schema.entities
    if any(field.split(".")[0] == prefix for field in types) and f"{prefix}_meta.state" not in types:
        problem("entities", f'the index has a field "{prefix}" of its own', "set `entities:` to another prefix")
    return problems


def _sub_field(field: str, kind: Kind, types: Mapping[str, str]) -> str | None:
    found = [name for name, one in types.items() if name.startswith(f"{field}.") and one in _TYPES[kind]]
    return f"`field: {found[0]}` would do" if found else None


def _flatten(properties: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Full field name → type, sub-fields and objects included."""
    types: dict[str, str] = {}
    for name, body in properties.items():
        full = f"{prefix}{name}"
        nested = body.get("properties")
        if nested is None or "type" in body:
            types[full] = str(body.get("type", "object"))
        types |= _flatten(nested or {}, f"{full}.")
        types |= _flatten(body.get("fields", {}), f"{full}.")
    return types
