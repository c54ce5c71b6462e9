"""What users clicked, as a judgement of what the model proposed in their queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.errors import InputError
from bridge.evaluation._readers import read_records
from bridge.schema import Schema, fold, normalise
from bridge.schema.proposal import strings

_HINT = '{"query": "red nike shoes", "clicked": {"brand": "Nike", "color": ["red"]}}, or with "doc_id" and --engine-url'


@dataclass(frozen=True, slots=True)
class Click:
    """One click: the query, and the clicked document's values by label, or its id where they must be looked up."""

    query: str
    values: Mapping[str, tuple[str, ...]]
    doc_id: str | None = None


def is_click_log(path: str | Path) -> bool:
    """Whether a file holds clicks, by its first record."""
    first = next(iter(read_records(Path(path))), None) if ".json" in Path(path).name else None
    return first is not None and isinstance(first[1], dict) and "query" in first[1]


def read_clicks(path: str | Path, schema: Schema) -> list[Click]:
    """Clicks from JSON lines of objects with `query` and `clicked`, the values of the document that was clicked.

    `clicked` maps labels, or the fields that hold them, to a value or several; other keys are passed over. `doc_id` in
    its place names the document. Raises InputError naming the line.
    """
    by_field = {schema.field_of(name): name for name in schema.labels} | {name: name for name in schema.labels}
    clicks = []
    for where, record in read_records(Path(path)):
        if not isinstance(record, dict) or not isinstance(record.get("query"), str):
            raise InputError('the line is no object with a "query"', where=where, hint=_HINT)
        clicked, doc_id = record.get("clicked"), record.get("doc_id")
        if not isinstance(clicked, dict) and doc_id is None:
            raise InputError('the line has neither "clicked" with values nor a "doc_id"', where=where, hint=_HINT)
        clicks.append(
            Click(record["query"].strip(), _values(clicked or {}, by_field), None if clicked else str(doc_id))
        )
    if not clicks:
        raise InputError("holds no clicks", where=str(path), hint=_HINT)
    return clicks


def values_of_document(source: Mapping[str, Any], schema: Schema) -> dict[str, tuple[str, ...]]:
    """What a document holds of the schema's labels."""
    found = {}
    for name in schema.labels:
        field = schema.field_of(name)
        # The values of `brand.keyword` stand in the document under `brand`.
        found[name] = tuple(strings(source, field) or strings(source, field.rpartition(".")[0] or field))
    return {name: values for name, values in found.items() if values}


def judge(clicks: Iterable[Click], schema: Schema) -> Iterator[tuple[str, dict[str, list[frozenset[str]]]]]:
    """Each query with, by label, the values of every clicked document that has the label, in matching form."""
    found: dict[str, dict[str, list[frozenset[str]]]] = {}
    for click in clicks:
        labels = found.setdefault(click.query, {})
        for label, values in click.values.items():
            labels.setdefault(label, []).append(_forms(schema, label, values))
    yield from ((query, labels) for query, labels in found.items() if query)


def is_right(schema: Schema, label: str, text: str, documents: Sequence[frozenset[str]]) -> bool:
    """Whether most of the clicked documents that have the label carry what the text says."""
    forms = _forms(schema, label, (text,))
    return 2 * sum(bool(forms & document) for document in documents) > len(documents)


def _forms(schema: Schema, label: str, values: Iterable[str]) -> frozenset[str]:
    """Values as they are compared: folded, normalised, and as the synonyms have them."""
    one = schema.labels[label]
    forms: set[str] = set()
    for value in values:
        folded = fold(value)
        forms |= {folded, fold(normalise(one, value))}
        forms |= {fold(stored) for stored, words in one.synonyms.items() if folded in map(fold, words)}
    return frozenset(forms - {""})


def _values(clicked: Mapping[str, Any], by_field: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for key, given in clicked.items():
        values = given if isinstance(given, list) else [given]
        texts = tuple(str(value) for value in values if isinstance(value, str | int | float))
        if key in by_field and texts:
            found[by_field[key]] = texts
    return found
