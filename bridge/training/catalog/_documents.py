"""The documents of a catalogue, and the values of their fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bridge.errors import TrainingDataError
from bridge.evaluation import OnError, read_records
from bridge.schema import Schema

Document = Mapping[str, Any]
#: Documents of an index that are read at most.
MOST_DOCUMENTS = 50_000


def fields_read(schema: Schema) -> list[str]:
    """The fields of documents that training looks at."""
    bound = [label.field for label in schema.labels.values() if label.field is not None]
    return list(dict.fromkeys([*schema.text, *bound]))


def read_documents(path: str | Path, *, on_error: OnError | None = None) -> list[Document]:
    """Documents from a file: one JSON object a line (`.jsonl`) or an array (`.json`), plain, `.gz` or `.xz`.

    Args:
        path: the file.
        on_error: receives the error of every unreadable line, which is then skipped; None stops at the first.

    Raises:
        TrainingDataError: the file cannot be read or holds no document; `where` is `file:line`.
    """
    documents: list[Document] = []
    for where, record in read_records(path, on_error=on_error):
        if isinstance(record, dict):
            documents.append(record)
            continue
        error = TrainingDataError(f"expected a JSON object, got {type(record).__name__}", where=where)
        if on_error is None:
            raise error
        on_error(error)
    if not documents:
        raise TrainingDataError(
            "the file holds no document", where=str(path), hint="one JSON object a line is expected"
        )
    return documents


def field_values(document: Document, field: str) -> list[str | float]:
    """Texts and numbers at a field of a document, as an engine would index them.

    Dots lead into objects, lists give all that they hold; true, false and null give nothing.
    """
    return list(_values(document, field.split(".")))


def _values(node: Any, path: list[str]) -> Iterator[str | float]:
    if isinstance(node, list):
        for item in node:
            yield from _values(item, path)
    elif not path:
        if isinstance(node, str):
            yield node
        elif isinstance(node, int | float) and not isinstance(node, bool):
            yield float(node)
    elif isinstance(node, Mapping):
        # A key may hold the dots itself: {"attributes.color": "red"} is the same field to an engine.
        for length in range(len(path), 0, -1):
            key = ".".join(path[:length])
            if key in node:
                yield from _values(node[key], path[length:])
                return
