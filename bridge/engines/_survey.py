"""Reads what an index holds, for a schema to be proposed from: fields, fill rates, values, numbers, some documents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.engines._base import Engine
from bridge.entities import Stats
from bridge.errors import EngineError, EngineUnavailableError, InputError
from bridge.schema.proposal import USABLE, FieldSurvey, IndexSurvey, strings

#: Fields that one search asks about; engines limit the buckets and aggregations of an answer.
_AT_ONCE = 40
#: Most frequent values of a field that are read.
_VALUES = 30
#: Texts of a field that are looked at.
_SAMPLES = 200
_KEYWORDS = frozenset({"keyword", "constant_keyword", "wildcard"})
_NUMERIC = frozenset(
    {"byte", "short", "integer", "long", "unsigned_long", "half_float", "float", "double", "scaled_float"}
)


def survey_index(engine: Engine, index: str, *, documents: int = 200, seed: int = 0) -> IndexSurvey:
    """What an index, alias or pattern holds. It reads only, past any search pipeline.

    Fields that the bridge added itself are left out. The same index and seed give the same documents.

    Args:
        engine: where it is.
        index: its name.
        documents: how many are read.
        seed: of their choice.

    Raises:
        InputError: there is no such index.
    """
    try:
        known = engine.request("GET", f"/{index}/_field_caps", params={"fields": "*"})["fields"]
    except EngineError as error:
        if error.status != 404:
            raise
        raise InputError(
            f"there is no index {index}", where=engine.url, hint="name an index or alias; GET /_cat/indices lists them"
        ) from error
    types = {name: kinds for name, kinds in sorted(known.items()) if not _is_meta(name, kinds)}
    ours = {name.removesuffix("_meta.tagging_hash") for name in types if name.endswith("_meta.tagging_hash")}
    types = {name: kinds for name, kinds in types.items() if not _is_ours(name, ours)}
    draw = {"function_score": {"query": {"match_all": {}}, "random_score": {"seed": seed, "field": "_seq_no"}}}
    body = {"size": documents, "track_total_hits": True, "query": draw}
    hits = engine.search(index, body)["hits"]
    total = hits["total"]["value"]
    sampled = tuple(hit.get("_source") or {} for hit in hits["hits"])
    fields: dict[str, FieldSurvey] = {}
    names = list(types)
    for start in range(0, len(names), _AT_ONCE):
        part = {name: types[name] for name in names[start : start + _AT_ONCE]}
        found = _ask(engine, index, part) if total else {}
        for name, kinds in part.items():
            fields[name] = _field(name, kinds, found.get(name, {}), total, sampled)
    return IndexSurvey(index, engine.dialect, total, fields, sampled)


def _is_meta(name: str, kinds: Mapping[str, Any]) -> bool:
    return name.startswith("_") or any(about.get("metadata_field") for about in kinds.values())


def _is_ours(name: str, prefixes: set[str]) -> bool:
    first = name.split(".")[0]
    return any(first in (p, f"{p}_detail", f"{p}_meta", f"{p}_mentions", f"{p}_work") for p in prefixes)


def _kinds(kinds: Mapping[str, Any]) -> list[str]:
    return sorted(kind for kind in kinds if kind != "unmapped")


def _ask(engine: Engine, index: str, part: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the engine says of some fields. One that it cannot be asked about spoils no other."""
    wanted: dict[str, Any] = {}
    for number, (name, kinds) in enumerate(part.items()):
        for what, aggregation in _aggregations(name, kinds).items():
            # Fields go by number, as a field's name may hold what no aggregation's name may.
            wanted[f"{what}_{number}"] = aggregation
    if not wanted:
        return {}
    try:
        found = engine.search(index, {"size": 0, "aggs": wanted})["aggregations"]
    except EngineUnavailableError:
        raise
    except EngineError:
        if len(part) == 1:
            return {}
        names = list(part)
        halves = (names[: len(names) // 2], names[len(names) // 2 :])
        return {k: v for half in halves for k, v in _ask(engine, index, {name: part[name] for name in half}).items()}
    answers: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(part):
        ending = f"_{number}"
        answers[name] = {key.removesuffix(ending): value for key, value in found.items() if key.endswith(ending)}
    return answers


def _aggregations(name: str, kinds: Mapping[str, Any]) -> dict[str, Any]:
    """Presence, number of values, most frequent values and spread, as far as the field's type has them."""
    types = set(_kinds(kinds))
    if not types <= USABLE:
        return {}
    wanted: dict[str, Any] = {"filled": {"filter": {"exists": {"field": name}}}}
    if not _all(kinds, "aggregatable"):
        return wanted
    if types <= _KEYWORDS:
        wanted["distinct"] = {"cardinality": {"field": name}}
        wanted["values"] = {"terms": {"field": name, "size": _VALUES}}
    elif types <= _NUMERIC:
        wanted["distinct"] = {"cardinality": {"field": name}}
        wanted["ends"] = {"stats": {"field": name}}
        wanted["middle"] = {"percentiles": {"field": name, "percents": [50], "keyed": False}}
    return wanted


def _field(
    name: str, kinds: Mapping[str, Any], found: Mapping[str, Any], total: int, sampled: Sequence[Mapping[str, Any]]
) -> FieldSurvey:
    filled = found.get("filled", {}).get("doc_count", 0)
    buckets = found.get("values", {}).get("buckets", ())
    # A sub-field is not in the document: its texts are those of the field above it.
    texts = [text for document in sampled for text in strings(document, name)] or [
        text for document in sampled for text in strings(document, name.rpartition(".")[0])
    ]
    return FieldSurvey(
        name,
        ", ".join(_kinds(kinds)),
        searchable=_all(kinds, "searchable"),
        listable=_all(kinds, "aggregatable"),
        fill=filled / total if total else 0.0,
        distinct=found.get("distinct", {}).get("value"),
        values=tuple((str(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets),
        stats=_stats(found),
        samples=tuple(texts[:_SAMPLES]),
    )


def _all(kinds: Mapping[str, Any], what: str) -> bool:
    return all(about.get(what) for kind, about in kinds.items() if kind != "unmapped")


def _stats(found: Mapping[str, Any]) -> Stats | None:
    ends, middle = found.get("ends"), found.get("middle")
    if ends is None or middle is None:
        return None
    numbers = (ends.get("min"), middle["values"][0].get("value"), ends.get("max"))
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
        return None
    low, median, high = map(float, numbers)
    return Stats(low, min(max(median, low), high), high)
