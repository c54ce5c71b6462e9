"""Search bodies and answers that both engines share."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.engines._base import BulkItem, Hit
from bridge.errors import EngineError
from bridge.schema import Schema

#: Keys of one composite page; engines refuse more than 65,535 buckets an answer.
_PAGE = 5_000
#: Of a search body, what decides how many hits it has.
_COUNTED = ("query", "post_filter", "min_score", "runtime_mappings", "derived")
#: From here on a count is a lower bound.
_TRACKED = 10_000


def value_fields(schema: Schema) -> dict[str, str]:
    """Label → field, for the labels whose stored values may enter the dictionary."""
    return {
        name: schema.field_of(name)
        for name, label in schema.labels.items()
        if label.kind == "keyword"
        and label.dictionary
        and label.use != "ignore"
        and (not schema.document_security or schema.field_of(name) in schema.public_values)
    }


def unaggregatable(capabilities: Mapping[str, Any], field: str) -> str | None:
    """Why a field's values cannot be listed, in words; None when they can, or when the index has no such field yet."""
    types: Mapping[str, Any] = capabilities.get("fields", {}).get(field, {})
    wrong = [kind for kind, about in types.items() if kind != "unmapped" and not about.get("aggregatable")]
    return f"its type is {', '.join(sorted(wrong))}" if wrong else None


def check_fields(capabilities: Mapping[str, Any], schema: Schema) -> None:
    """EngineError naming the first field whose values cannot be listed, and the sub-field to take instead."""
    for label, field in value_fields(schema).items():
        if reason := unaggregatable(capabilities, field):
            raise EngineError(
                f"the values of `{field}` cannot be listed: {reason}",
                status=400,
                where=f"schema {schema.name}: labels.{label}.field",
                hint=f"bind the label to a keyword field (often `{field}.keyword`), or set `dictionary: false`",
            )


def composite(field: str, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """One page of a field's distinct values."""
    aggregation: dict[str, Any] = {"size": _PAGE, "sources": [{"value": {"terms": {"field": field}}}]}
    if after:
        aggregation["after"] = dict(after)
    return {"size": 0, "track_total_hits": False, "aggs": {"values": {"composite": aggregation}}}


def counting(body: Mapping[str, Any]) -> dict[str, Any]:
    """The search body without all that does not change its number of hits."""
    kept = {key: body[key] for key in _COUNTED if key in body}
    return kept | {"size": 0, "track_total_hits": _TRACKED}


def counts(answer: Mapping[str, Any], url: str) -> list[int]:
    """Hits of each `_msearch` item; EngineError when one of them failed."""
    found = []
    for item in answer["responses"]:
        if "error" in item:
            kind = item["error"].get("type", "error") if isinstance(item["error"], dict) else "error"
            raise EngineError(f"a counting search failed: {kind}", status=item.get("status"), where=url)
        found.append(int(item["hits"]["total"]["value"]))
    return found


def scanning(
    query: Mapping[str, Any],
    order: Sequence[str],
    *,
    fields: Sequence[str] | None,
    page: int,
    part: tuple[int, int] | None,
) -> dict[str, Any]:
    """One page of a scan."""
    body: dict[str, Any] = {
        "query": dict(query),
        "size": page,
        "sort": list(order),
        "seq_no_primary_term": True,
        "_source": True if fields is None else list(fields),
    }
    # Engines refuse a slice of one.
    if part and part[1] > 1:
        body["slice"] = {"id": part[0], "max": part[1]}
    return body


def bulk_item(ok: bool, result: Mapping[str, Any]) -> BulkItem:
    """One item of the clients' streaming bulk."""
    op, about = next(iter(result.items()))
    error = about.get("error")
    if isinstance(error, Mapping):
        error = f"{error.get('type')}: {error.get('reason')}"
    return BulkItem(
        ok=ok, op=op, id=about.get("_id"), status=about.get("status", 0), error=error, index=about.get("_index")
    )


def hit(found: Mapping[str, Any]) -> Hit:
    """One hit of a scan."""
    return Hit(
        found["_index"],
        found["_id"],
        found.get("_source", {}),
        found["_seq_no"],
        found["_primary_term"],
        found.get("_routing"),
    )


def engine_error(status: int | None, info: Any, url: str, what: str) -> EngineError:
    """The engine's refusal in one line, with what to do about the usual ones."""
    error = info.get("error") if isinstance(info, Mapping) else None
    if isinstance(error, Mapping):
        cause = (error.get("root_cause") or [error])[0]
        reason = f"{cause.get('type', error.get('type'))}: {cause.get('reason', error.get('reason'))}"
    else:
        reason = error if isinstance(error, str) else json.dumps(info) if info else "no reason given"
    hints = {
        401: "user name, password or API key is missing or wrong",
        403: "the user lacks a permission; the reason names it",
        404: "the index, pipeline or route does not exist",
        413: "the request is larger than the engine's http.max_content_length",
        429: "the engine is overloaded; send less at a time",
    }
    hint = hints.get(status or 0)
    return EngineError(f"{what}: {reason}", status=status, where=url, hint=hint)
