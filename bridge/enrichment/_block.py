"""The entity block: what a document carries in the index once it is tagged.

    {"entities":          {"brand": ["nike"], "screen_size": [15.6]},   flat fields: filters, facets, boosts
     "entities_detail":   [{"label": "brand", "text": "Nike", ...}],    every stored span, not indexed
     "entities_meta":     {"state": "done", "tagging_hash": "…", ...},
     "entities_mentions": {"brand": ["hp"]}}                            named, but no attribute: only boosts

The prefix `entities` is the schema's. Every string is safe in an ingest answer: no lone surrogate, never `{{`, which
OpenSearch would compile as a template.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from bridge.entities import Entity, Interval, Scalar
from bridge.schema import Schema
from bridge.tagging import TaggedDocument, attributes

_TEMPLATE = "{{"
#: Longest text that is stored of one span; the offsets tell the rest.
MAX_TEXT = 2048


def entity_block(
    schema: Schema, tagged: TaggedDocument, *, tagged_at: datetime, complete: bool = False
) -> dict[str, Any]:
    """The block of one tagged document, JSON-ready.

    Flat values are those of `bridge.tagging.attributes`: from trusted fields, at least at the label's boost threshold,
    each once, in order of trust. `complete=True` writes labels without values as null: partial updates merge objects,
    so an old value would otherwise survive; without it they are left out. `state` is `partial` where not all words
    were scored. `tagged_at` must carry a time zone; it is written in UTC.
    """
    kept, mentioned = attributes(schema, tagged)
    share = tagged.coverage.share
    meta: dict[str, Any] = {
        "state": "done" if share >= 1.0 else "partial",
        "model": _safe(tagged.model),
        "tagging_hash": tagged.tagging_hash,
        "derive_hash": tagged.derive_hash,
        "text_hash": tagged.text_hash,
        "coverage": round(share, 4),
        "tagged_at": _timestamp(tagged_at),
    }
    if complete:
        meta["error"] = None
    return _block(
        schema,
        flat=_flat(schema, kept, complete=complete),
        detail=[_detail(entity) for entity in tagged.entities],
        meta=meta,
        mentions=_flat(schema, mentioned, complete=complete),
    )


def failed_block(
    schema: Schema, error_type: str, *, tagged_at: datetime | None = None, complete: bool = False
) -> dict[str, Any]:
    """The block of a document that could not be tagged: state `failed`, the error's type, no entities.

    `error_type` is a word of the closed error list, never a message: messages may quote the text. `repair` finds such
    documents by their state.
    """
    meta: dict[str, Any] = {"state": "failed", "error": _safe(error_type), "coverage": 0.0}
    if complete:
        meta |= {"model": None, "tagging_hash": None, "derive_hash": None, "text_hash": None, "tagged_at": None}
    if tagged_at is not None:
        meta["tagged_at"] = _timestamp(tagged_at)
    nothing = _flat(schema, (), complete=complete)
    return _block(schema, flat=nothing, detail=[], meta=meta, mentions=dict(nothing))


def _block(
    schema: Schema, *, flat: dict[str, Any], detail: list[Any], meta: dict[str, Any], mentions: dict[str, Any]
) -> dict[str, Any]:
    prefix = schema.entities
    return {
        prefix: flat,
        f"{prefix}_detail": detail,
        f"{prefix}_meta": meta,
        f"{prefix}_mentions": mentions,
    }


def _flat(schema: Schema, entities: Iterable[Entity], *, complete: bool) -> dict[str, Any]:
    """Label → its values, each once, in the order given."""
    values: dict[str, list[Any]] = {}
    for entity in entities:
        value = _json_value(entity.value)
        if value is None or _is_template(entity) or entity.label not in schema.tagged_labels():
            continue
        known = values.setdefault(entity.label, [])
        if value not in known:
            known.append(value)
    labels = schema.tagged_labels()
    return {name: values.get(name) for name in labels if complete or name in values}


def _detail(entity: Entity) -> dict[str, Any]:
    hidden = _is_template(entity)
    detail = {
        "label": entity.label,
        "text": None if hidden else _clean(entity.text[:MAX_TEXT]),
        "value": None if hidden else _json_value(entity.value),
        "field": entity.field,
        "item": entity.item,
        "start": entity.start,
        "end": entity.end,
        "score": round(entity.score, 4),
        "source": entity.source,
    }
    if entity.negated:
        detail["negated"] = True
    return detail


def _is_template(entity: Entity) -> bool:
    return _TEMPLATE in entity.text or (isinstance(entity.value, str) and _TEMPLATE in entity.value)


def _json_value(value: Scalar | Interval | None) -> Any:
    """A value as the index takes it: an interval as a range object, text without lone surrogates."""
    if isinstance(value, Interval):
        bounds = {"gte": value.gte, "gt": value.gt, "lte": value.lte, "lt": value.lt}
        return {name: bound for name, bound in bounds.items() if bound is not None} or None
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    """Text that every JSON reader takes: lone surrogates become `?`."""
    return text.encode("utf-8", "replace").decode("utf-8") if not text.isascii() else text


def _safe(text: str) -> str:
    """A name of ours (model, error type) without what OpenSearch takes for a template."""
    return _clean(text).replace(_TEMPLATE, "{ {")


def _timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC with milliseconds, as the engines' `date` fields read it."""
    if moment.tzinfo is None:
        raise ValueError("the time of tagging needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
