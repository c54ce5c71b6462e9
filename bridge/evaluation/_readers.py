"""Annotated files: JSON lines of `{"tokens", "spans"}` and GLiNER's `{"tokenized_text", "ner"}`, plain, .gz or .xz.

Both forms may also stand in one JSON array (`.json`), as GLiNER's own examples do.
"""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, cast

from bridge.errors import TrainingDataError
from bridge.evaluation._examples import Example, from_tokens

#: Called with the error of each unreadable record; without it the first one is raised.
OnError = Callable[[TrainingDataError], None]


def read_examples(path: str | Path, *, on_error: OnError | None = None) -> list[Example]:
    """Read one annotated file.

    Args:
        path: `.jsonl` or `.json`, plain or compressed (`.gz`, `.xz`).
        on_error: receives the error of every unreadable record, which is then skipped; None stops at the first.

    Raises:
        TrainingDataError: the file cannot be read or holds no example; `where` is `file:line` of the record.
    """
    path = Path(path)
    examples: list[Example] = []
    for where, record in _records(path, on_error):
        try:
            examples.append(parse_record(record, where=where))
        except TrainingDataError as error:
            if on_error is None:
                raise
            on_error(error)
    if not examples:
        raise TrainingDataError("the file holds no example", where=str(path), hint="one JSON object a line is expected")
    return examples


def parse_record(record: object, *, where: str) -> Example:
    """One example from the parsed JSON of a record, in either form.

    Raises:
        TrainingDataError: a key is missing, a span lies outside the tokens, or a type is wrong.
    """
    if not isinstance(record, dict):
        raise TrainingDataError(f"expected a JSON object, got {type(record).__name__}", where=where)
    text_key, spans_key = ("tokens", "spans") if "tokens" in record else ("tokenized_text", "ner")
    if text_key not in record:
        raise TrainingDataError(
            'neither "tokens" nor "tokenized_text" is there',
            where=where,
            hint='expected {"tokens": [...], "spans": [[first, last, "label"]]} or {"tokenized_text", "ner"}',
        )
    tokens = record[text_key]
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise TrainingDataError(f'"{text_key}" must be a list of strings', where=where)
    spans = record.get(spans_key, [])
    if not isinstance(spans, list):
        raise TrainingDataError(f'"{spans_key}" must be a list', where=where)
    checked = [_span(span, len(tokens), spans_key, where) for span in spans]
    negatives = record.get("ner_negatives", record.get("negatives", []))
    if not isinstance(negatives, list) or not all(isinstance(label, str) for label in negatives):
        raise TrainingDataError('"ner_negatives" must be a list of strings', where=where)
    return from_tokens(tokens, checked, negatives)


def _span(span: object, length: int, key: str, where: str) -> tuple[int, int, str]:
    if not isinstance(span, list) or len(span) != 3:
        raise TrainingDataError(f'"{key}": expected [first, last, "label"], got {span!r}', where=where)
    first, last, label = span
    if type(first) is not int or type(last) is not int or not isinstance(label, str) or not label.strip():
        raise TrainingDataError(f'"{key}": expected [first, last, "label"], got {span!r}', where=where)
    if not 0 <= first <= last < length:
        raise TrainingDataError(f'"{key}": span {span!r} lies outside the {length} tokens', where=where)
    return first, last, label


def _records(path: Path, on_error: OnError | None) -> Iterator[tuple[str, Any]]:
    try:
        with _open(path) as handle:
            if path.name.removesuffix(".gz").removesuffix(".xz").endswith(".json"):
                yield from _array(handle.read(), path)
                return
            for number, line in enumerate(handle, start=1):
                if not line.strip():
                    continue
                where = f"{path}:{number}"
                try:
                    record = json.loads(line)
                except json.JSONDecodeError as error:
                    problem = TrainingDataError(f"not a JSON object: {error.msg}", where=where)
                    if on_error is None:
                        raise problem from error
                    on_error(problem)
                    continue
                yield where, record
    except UnicodeDecodeError as error:
        raise TrainingDataError("not UTF-8 text", where=str(path)) from error
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise TrainingDataError(f"cannot be read: {error}", where=str(path)) from error


def _array(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise TrainingDataError(f"not JSON: {error.msg}", where=f"{path}:{error.lineno}") from error
    if not isinstance(records, list):
        raise TrainingDataError("expected a JSON array of examples", where=f"{path}:1")
    for number, record in enumerate(records):
        yield f"{path}: item {number}", record


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return cast(IO[str], gzip.open(path, "rt", encoding="utf-8"))
    if path.suffix == ".xz":
        return cast(IO[str], lzma.open(path, "rt", encoding="utf-8"))
    return path.open(encoding="utf-8")
