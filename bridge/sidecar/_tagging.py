"""Texts and documents through the tagger, and what may leave in an answer."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.enrichment import entity_block
from bridge.entities import Coverage, Entity, Span
from bridge.errors import InputError, TooLargeError
from bridge.query import entity_to_json
from bridge.sidecar._batching import calling
from bridge.sidecar._errors import INVALID, KINDS
from bridge.sidecar._models import TagRequest, Unit
from bridge.sidecar._runtime import Runtime, Served

Gone = Callable[[], bool]
_SURROGATE = re.compile("[\ud800-\udfff]")
#: Join a document's fields, and the texts of a list within a field, in the inference service's one string.
SEPARATOR = "\u001e"
ITEM_SEPARATOR = "\u001d"


def tag_texts(runtime: Runtime, request: TagRequest, *, gone: Gone | None = None) -> list[dict[str, Any]]:
    """The answer of `/v1/tag`: for each text its entities and coverage, or its error."""
    if len(request.texts) > runtime.config.max_texts:
        raise TooLargeError(f"texts: at most {runtime.config.max_texts} in one request")
    wrong = {
        index: {"type": INVALID.type, "message": f"texts[{index}]: {problem}"}
        for index, text in enumerate(request.texts)
        if (problem := _problem(text))
    }
    _check_labels(runtime, request)
    if request.long_texts == "refuse":
        wrong |= _too_long(runtime, request, [index for index in range(len(request.texts)) if index not in wrong])
    texts = [text for index, text in enumerate(request.texts) if index not in wrong]
    with calling(gone=gone):
        if request.schema_ is None:
            found = _by_labels(runtime, texts, request)
        else:
            found = _by_schema(runtime.served(request.schema_), texts, request)
    answers = iter(found)
    return [
        {"error": wrong[index], "entities": [], "coverage": None} if index in wrong else next(answers)
        for index in range(len(request.texts))
    ]


def _too_long(runtime: Runtime, request: TagRequest, indices: Sequence[int]) -> dict[int, dict[str, str]]:
    """The errors of those texts that the model cannot read at once, by their number in the request."""
    texts = [request.texts[index] for index in indices]
    if request.schema_ is None:
        reasons = runtime.default_model().scorer.too_long(texts, request.labels or [])
    else:
        reasons = runtime.served(request.schema_).too_long(texts)
    return {
        index: {"type": KINDS[TooLargeError].type, "message": f"texts[{index}]: {reason}"}
        for index, reason in zip(indices, reasons, strict=True)
        if reason is not None
    }


def _problem(text: object) -> str | None:
    if not isinstance(text, str):
        return "must be a string"
    if _SURROGATE.search(text):
        return "holds half of a surrogate pair"
    return None


def _check_labels(runtime: Runtime, request: TagRequest) -> None:
    labels = request.labels or []
    if len(labels) > runtime.config.max_labels:
        raise TooLargeError(f"labels: at most {runtime.config.max_labels} in one request")
    if any(not label.strip() for label in labels) or len(set(labels)) != len(labels):
        raise InputError("labels: must be different and not empty")


def _by_labels(runtime: Runtime, texts: Sequence[str], request: TagRequest) -> list[dict[str, Any]]:
    labels = request.labels or []
    threshold = request.threshold
    if isinstance(threshold, dict):
        _check_names(threshold, labels)
    tagged = runtime.default_model().documents.predict(texts, labels, threshold)
    answers = []
    for one in tagged:
        offsets = Offsets(one.text, request.offsets)
        answers.append(_result([span_json(span, offsets) for span in one], one.coverage))
    return answers


def _by_schema(served: Served, texts: Sequence[str], request: TagRequest) -> list[dict[str, Any]]:
    schema = served.schema
    field = schema.text[0]
    threshold = request.threshold
    if isinstance(threshold, dict):
        _check_names(threshold, list(schema.labels))

    def wanted(entity: Entity) -> bool:
        least = threshold.get(entity.label) if isinstance(threshold, dict) else threshold
        return least is None or entity.source != "model" or entity.score >= least

    tagged = served.tagger.tag([{field: text} for text in texts])
    answers = []
    for one, text in zip(tagged, texts, strict=True):
        offsets = Offsets(text, request.offsets)
        answers.append(_result([entity_json(e, offsets) for e in one.entities if wanted(e)], one.coverage))
    return answers


def _result(entities: list[dict[str, Any]], coverage: Coverage) -> dict[str, Any]:
    return {"entities": entities, "coverage": coverage.share, "error": None}


def _check_names(threshold: Mapping[str, float], labels: Sequence[str]) -> None:
    if any(name not in labels for name in threshold):
        raise InputError("threshold: names a label that is not asked for")


def tag_document(
    runtime: Runtime, served: Served, fields: Mapping[str, Any], *, gone: Gone | None = None
) -> dict[str, Any]:
    """The entity block of one document; `entity_block` keeps it free of what a pipeline would take for a template."""
    with calling(gone=gone):
        (tagged,) = served.tagger.tag([fields])
    block = entity_block(served.schema, tagged, tagged_at=runtime.now())
    runtime.metrics.documents.labels(served.schema.name, _state(served, block)).inc()
    return block


def _state(served: Served, block: Mapping[str, Any]) -> str:
    meta = block.get(f"{served.schema.entities}_meta")
    return str(meta.get("state", "done")) if isinstance(meta, Mapping) else "done"


def split_completion(served: Served, text: str) -> dict[str, str | list[str | None]]:
    """The fields of a document from the inference service's one string. InputError on more parts than fields.

    A field with several texts is a list again, so that its entities have the item and the offsets that they have on
    OpenSearch; an empty item stood for something that is no text.
    """
    names = served.schema.document_fields()
    parts = text.split(SEPARATOR)
    if len(parts) > len(names):
        raise InputError(f"input: has {len(parts)} parts, but schema {served.schema.name} reads {len(names)} fields")
    # Absent fields arrive empty, or as the word that the engine's template wrote for null.
    there = {name: part for name, part in zip(names, parts, strict=False) if part and part != "null"}
    return {
        name: [item or None for item in part.split(ITEM_SEPARATOR)] if ITEM_SEPARATOR in part else part
        for name, part in there.items()
    }


# -- entities as JSON ---------------------------------------------------------------------------------------------


class Offsets:
    """Code-point offsets of one text in the unit that was asked for; `utf16` is what Java and JavaScript count."""

    def __init__(self, text: str, unit: Unit = "codepoints") -> None:
        wide = unit == "utf16" and not text.isascii()
        self._wide = [at for at, character in enumerate(text) if character > "\uffff"] if wide else []

    def __call__(self, position: int) -> int:
        return position + bisect_left(self._wide, position)


def entity_json(entity: Entity, offsets: Offsets) -> dict[str, Any]:
    """An entity as answers carry it; scores to four digits."""
    placed = {"start": offsets(entity.start), "end": offsets(entity.end), "score": round(entity.score, 4)}
    return entity_to_json(entity) | placed


def span_json(span: Span, offsets: Offsets) -> dict[str, Any]:
    """A span of the model alone: its value is what stood there."""
    return entity_json(Entity(span.label, span.text, span.text, span.start, span.end, span.score, "model"), offsets)
