"""What another schema, model or set of values makes of the same queries."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.clauses import Plan
from bridge.errors import InputError
from bridge.evaluation._queries import notation
from bridge.query import QueryParser

_HARD = ("filter", "exclude")
_HINT = "one query a line; or .csv with a column query; or .jsonl of objects with a query"


@dataclass(frozen=True, slots=True)
class QueryChange:
    """One query under two parsers. `count` is how often it was asked.

    `removed` and `added` are clauses as cases write them (`filter price=<500`); a clause whose role changed is in both.
    """

    query: str
    count: int
    removed: tuple[str, ...]
    added: tuple[str, ...]
    old_required: str
    new_required: str

    @property
    def changed(self) -> bool:
        return bool(self.removed or self.added) or self.old_required != self.new_required

    @property
    def hard(self) -> bool:
        """Whether other documents may be hits: a filter or exclusion came or went, or other words must match."""
        clauses = (*self.removed, *self.added)
        return self.old_required != self.new_required or any(clause.split(" ")[0] in _HARD for clause in clauses)

    def to_json(self) -> dict[str, Any]:
        required = (
            {} if self.old_required == self.new_required else {"required": [self.old_required, self.new_required]}
        )
        return {
            "query": self.query,
            "count": self.count,
            "removed": list(self.removed),
            "added": list(self.added),
            "hard": self.hard,
            **required,
        }


def read_queries(path: str | Path) -> Counter[str]:
    """Queries with how often each stands in a file, the most frequent first.

    `.csv`: the column `query`, and `count` where there is one; `.jsonl`: the key `query` (and `count`) of each object;
    anything else: one query a line. Blank queries are passed over. Raises InputError naming the line.
    """
    file = Path(path)
    try:
        text = file.read_text("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(file), hint=_HINT) from error
    except UnicodeDecodeError as error:
        raise InputError("is not UTF-8", where=str(file), hint="save it as UTF-8") from error
    kind = file.suffix.lower()
    rows = _csv(text, file) if kind == ".csv" else _jsonl(text, file) if kind == ".jsonl" else _lines(text)
    found: Counter[str] = Counter()
    for query, count in rows:
        if query.strip():
            found[query.strip()] += count
    if not found:
        raise InputError("holds no query", where=str(file), hint=_HINT)
    return Counter(dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))))


def compare_parsers(queries: Mapping[str, int], old: QueryParser, new: QueryParser) -> list[QueryChange]:
    """Every query under both, in the order given."""
    return [compare_plans(old.parse(query), new.parse(query), count) for query, count in queries.items()]


def compare_plans(old: Plan, new: Plan, count: int = 1) -> QueryChange:
    """What differs between two plans for the same text."""
    before, after = Counter(map(notation, old.clauses)), Counter(map(notation, new.clauses))
    return QueryChange(
        old.text,
        count,
        tuple(sorted((before - after).elements())),
        tuple(sorted((after - before).elements())),
        old.required,
        new.required,
    )


def _lines(text: str) -> Iterable[tuple[str, int]]:
    return ((line, 1) for line in text.splitlines())


def _csv(text: str, file: Path) -> Iterable[tuple[str, int]]:
    reader = csv.DictReader(io.StringIO(text))
    if "query" not in (reader.fieldnames or ()):
        raise InputError("has no column query", where=f"{file}:1", hint=_HINT)
    for row in reader:
        yield str(row["query"] or ""), _count(row.get("count"), f"{file}:{reader.line_num}")


def _jsonl(text: str, file: Path) -> Iterable[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{file}:{number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise InputError("the line is not JSON", where=where, hint=_HINT) from error
        if not isinstance(row, dict) or not isinstance(row.get("query"), str):
            raise InputError('the line is no object with a "query"', where=where, hint=_HINT)
        yield row["query"], _count(row.get("count"), where)


def _count(written: Any, where: str) -> int:
    if written in (None, ""):
        return 1
    try:
        count = int(written)
    except (TypeError, ValueError, OverflowError):
        count = 0
    if count < 1:
        raise InputError(f'"{written}" is no count of queries', where=where, hint="a whole number from 1, or nothing")
    return count
