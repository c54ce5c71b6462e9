"""Annotated files, plain, .gz or .xz: JSON records or CoNLL.

A JSON record is `{"tokens", "spans"}`, GLiNER's `{"tokenized_text", "ner"}` or a text with character offsets,
`{"text", "entities"}`; one a line (`.jsonl`), or all in one array (`.json`), as GLiNER's own examples are. Files whose
names end in `.conll`, `.bio`, `.iob`, `.bioes`, `.tsv` or `.txt` are read as CoNLL.
"""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

from bridge.errors import TrainingDataError
from bridge.evaluation._conll import SUFFIXES, read_conll
from bridge.evaluation._examples import Example, from_text, from_tokens

#: Called with the error of each unreadable record; without it the first one is raised.
OnError = Callable[[TrainingDataError], None]
#: Keys under which records with a "text" hold their spans.
_OFFSET_KEYS = ("entities", "spans", "label", "labels")
_FORMS = (
    'expected {"tokens": [...], "spans": [[first, last, "label"]]}, {"tokenized_text", "ner"} '
    'or {"text": "...", "entities": [[start, end, "label"]]}'
)


def read_examples(path: str | Path, *, on_error: OnError | None = None) -> list[Example]:
    """Read one annotated file.

    Args:
        path: JSON lines, a JSON array or CoNLL by its name, plain or compressed (`.gz`, `.xz`).
        on_error: receives the error of every unreadable record, which is then skipped; None stops at the first.

    Raises:
        TrainingDataError: the file cannot be read or holds no example; `where` is `file:line` of the record.
    """
    path = Path(path)
    examples: list[Example] = []
    if _plain_name(path).endswith(SUFFIXES):
        with _opened(path) as handle:
            examples += read_conll(_lines(handle, path), str(path), on_error=on_error)
    else:
        for where, record in read_records(path, on_error=on_error):
            try:
                examples.append(parse_record(record, where=where))
            except TrainingDataError as error:
                if on_error is None:
                    raise
                on_error(error)
    if not examples:
        raise TrainingDataError("the file holds no example", where=str(path), hint=_FORMS)
    return examples


def parse_record(record: object, *, where: str) -> Example:
    """One example from the parsed JSON of a record, in any of its forms.

    Raises:
        TrainingDataError: a key is missing, a span lies outside the tokens or the text, or a type is wrong.
    """
    if not isinstance(record, dict):
        raise TrainingDataError(f"expected a JSON object, got {type(record).__name__}", where=where)
    negatives = record.get("ner_negatives", record.get("negatives", []))
    if not isinstance(negatives, list) or not all(isinstance(label, str) for label in negatives):
        raise TrainingDataError('"ner_negatives" must be a list of strings', where=where)
    text_key, spans_key = ("tokens", "spans") if "tokens" in record else ("tokenized_text", "ner")
    if text_key not in record and isinstance(record.get("text"), str) and any(key in record for key in _OFFSET_KEYS):
        return _with_offsets(record, negatives, where)
    if text_key not in record:
        raise TrainingDataError("neither tokens nor a text with its entities are there", where=where, hint=_FORMS)
    tokens = record[text_key]
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        raise TrainingDataError(f'"{text_key}" must be a list of strings', where=where)
    spans = record.get(spans_key, [])
    if not isinstance(spans, list):
        raise TrainingDataError(f'"{spans_key}" must be a list', where=where)
    checked = []
    for span in spans:
        first, last, label = _span(span, spans_key, "first, last", where)
        if not 0 <= first <= last < len(tokens):
            raise TrainingDataError(f'"{spans_key}": span {span!r} lies outside the {len(tokens)} tokens', where=where)
        checked.append((first, last, label))
    return from_tokens(tokens, checked, negatives)


def _with_offsets(record: Mapping[str, Any], negatives: list[str], where: str) -> Example:
    key = next(key for key in _OFFSET_KEYS if key in record)
    spans = record[key]
    if not isinstance(spans, list):
        raise TrainingDataError(f'"{key}" must be a list', where=where)
    text, checked = record["text"], []
    for span in spans:
        listed = [span.get("start"), span.get("end"), span.get("label")] if isinstance(span, dict) else span
        start, end, label = _span(listed, key, "start, end", where)
        if not 0 <= start < end <= len(text):
            raise TrainingDataError(f'"{key}": span {span!r} lies outside the {len(text)} characters', where=where)
        checked.append((start, end, label))
    return from_text(text, checked, negatives)


def _span(span: object, key: str, numbers: str, where: str) -> tuple[int, int, str]:
    if isinstance(span, list) and len(span) == 3:
        one, other, label = span
        if type(one) is int and type(other) is int and isinstance(label, str) and label.strip():
            return one, other, label
    raise TrainingDataError(f'"{key}": expected [{numbers}, "label"], got {span!r}', where=where)


def read_records(path: str | Path, *, on_error: OnError | None = None) -> Iterator[tuple[str, Any]]:
    """The parsed JSON of each record of a file with its place: `file:line`, or `file: item n` of an array.

    Args:
        path: `.jsonl` or `.json`, plain or compressed (`.gz`, `.xz`).
        on_error: receives the error of every line that is no JSON, which is then skipped; None stops at the first.

    Raises:
        TrainingDataError: the file cannot be read.
    """
    path = Path(path)
    with _opened(path) as handle:
        if _plain_name(path).endswith(".json"):
            yield from _array("".join(_lines(handle, path)), path)
            return
        for number, line in enumerate(_lines(handle, path), start=1):
            if not line.strip():
                continue
            where = f"{path}:{number}"
            try:
                record = json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                problem = TrainingDataError(f"not a JSON object: {getattr(error, 'msg', error)}", where=where)
                if on_error is None:
                    raise problem from error
                on_error(problem)
                continue
            yield where, record


def _lines(handle: IO[str], path: Path) -> Iterator[str]:
    """Lines of a file, with our errors in place of those of decoding and decompression."""
    try:
        yield from handle
    except UnicodeDecodeError as error:
        raise TrainingDataError("not UTF-8 text", where=str(path)) from error
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise TrainingDataError(f"cannot be read: {error}", where=str(path)) from error


def _plain_name(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".xz")


def _array(text: str, path: Path) -> Iterator[tuple[str, Any]]:
    try:
        records = json.loads(text)
    except json.JSONDecodeError as error:
        raise TrainingDataError(f"not JSON: {error.msg}", where=f"{path}:{error.lineno}") from error
    if not isinstance(records, list):
        raise TrainingDataError("expected a JSON array of examples", where=f"{path}:1")
    for number, record in enumerate(records):
        yield f"{path}: item {number}", record


def _opened(path: Path) -> IO[str]:
    try:
        if path.suffix == ".gz":
            return cast(IO[str], gzip.open(path, "rt", encoding="utf-8"))
        if path.suffix == ".xz":
            return cast(IO[str], lzma.open(path, "rt", encoding="utf-8"))
        return path.open(encoding="utf-8")
    except OSError as error:
        raise TrainingDataError(f"cannot be read: {error}", where=str(path)) from error
