"""The fields that the bridge adds, in indices that exist already."""

from __future__ import annotations

from typing import Any

from bridge.engines import _definitions
from bridge.engines._record import get
from bridge.engines._requests import Session, covers
from bridge.errors import EngineError
from bridge.schema import Schema


def check_clashes(session: Session, schema: Schema) -> None:
    """EngineError where an index has fields of its own by our names: the pipeline would remove them from documents."""
    wanted = _definitions.properties(schema)
    for index, present in _mappings(session, schema).items():
        meta = present.get(f"{schema.entities}_meta", {}).get("properties", {})
        ours = "tagging_hash" in meta
        for name, definition in wanted.items():
            if name in present and not ours:
                _refuse(session, schema, index, name, "is there already, and it is not the bridge's")
            for label, kind in definition.get("properties", {}).items():
                there = present.get(name, {}).get("properties", {}).get(label)
                if there and there.get("type", "object") != kind["type"]:
                    reason = f"is of type {there.get('type', 'object')} and the schema makes it {kind['type']}"
                    _refuse(session, schema, index, f"{name}.{label}", reason)
        # The scratch field of the pipeline for Elasticsearch, which it removes from every document.
        if session.engine.dialect == "elasticsearch" and f"{schema.entities}_work" in present:
            _refuse(session, schema, index, f"{schema.entities}_work", "is there, and the ingest pipeline uses it")


def put_mappings(session: Session, schema: Schema) -> None:
    """Add our fields to the mappings of the schema's indices, where they are missing."""
    wanted = _definitions.properties(schema)
    for index, present in _mappings(session, schema).items():
        if all(covers(present.get(name), definition) for name, definition in wanted.items()):
            session.keep(f"mapping of {index}")
        else:
            body = {"properties": wanted}
            session.write("PUT", f"/{index}/_mapping", body, why=f"add the entity fields to the mapping of {index}")


def _mappings(session: Session, schema: Schema) -> dict[str, dict[str, Any]]:
    found = get(session, f"/{schema.index}/_mapping") or {}
    return {index: about["mappings"].get("properties", {}) for index, about in sorted(found.items())}


def _refuse(session: Session, schema: Schema, index: str, field: str, reason: str) -> None:
    raise EngineError(
        f"field {field} of index {index} {reason}",
        where=session.engine.url,
        hint=f"choose another prefix in the schema {schema.name} (`entities: bridge`), or another label name",
    )
