"""What an application gives an official client for a search: one body, and the arguments beside it. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from bridge.engines.dsl import loads_exact
from bridge.errors import InputError

#: Keyword arguments of `elasticsearch.Elasticsearch.search` that are members of the body, under the member's name.
_MEMBERS = {
    name: name
    for name in (
        "aggregations", "aggs", "collapse", "docvalue_fields", "explain", "ext", "fields", "from", "highlight",
        "indices_boost", "knn", "min_score", "pit", "post_filter", "profile", "query", "rank", "rescore", "retriever",
        "runtime_mappings", "script_fields", "search_after", "seq_no_primary_term", "size", "slice", "sort", "stats",
        "stored_fields", "suggest", "terminate_after", "timeout", "track_scores", "track_total_hits", "version",
        "_source",
    )
} | {"from_": "from", "source": "_source"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """One search of an `msearch`: its first line, its body, and whether it is for the schema's index."""

    header: dict[str, Any]
    body: Mapping[str, Any]
    ours: bool


def body_of(body: Any, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The whole body of a search in the keyword form of the Elasticsearch client, and the arguments that are left.

    `query=…, size=…, retriever=…` become members of the body, `sort="price:desc"` its JSON form. Raises InputError for
    a member that is given twice.
    """
    whole = dict(read(body))
    rest = {}
    for name, value in arguments.items():
        member = _MEMBERS.get(name)
        if member is None:
            rest[name] = value
        elif member in whole:
            raise InputError(f"{member!r} is given in the body and as an argument", hint="give it in one place")
        elif value is not None:
            whole[member] = _sort(value) if member == "sort" else value
    return whole, rest


def read(body: Any) -> Mapping[str, Any]:
    """A body as an object; JSON text is parsed, None is empty. Raises InputError for anything else."""
    parsed = loads_exact(body) if isinstance(body, str | bytes) else {} if body is None else body
    if not isinstance(parsed, Mapping):
        raise InputError("a search body must be an object", hint="a dict, or its JSON text")
    return parsed


def items_of(searches: Any, indices: Sequence[str]) -> list[Item]:
    """The searches of an `msearch`: a list of first line and body in turn, or the lines as text.

    A search is for the schema where its first line names no index or only some of `indices`.
    Raises InputError where the lines are no pairs.
    """
    lines = searches
    if isinstance(searches, str | bytes):
        text = searches.decode("utf-8") if isinstance(searches, bytes) else searches
        lines = [line or {} for line in text.rstrip("\n").split("\n")]
    if not isinstance(lines, Sequence) or len(lines) % 2:
        raise InputError("an msearch takes pairs of first line and body", hint="[{}, body, {}, body, …]")
    pairs = zip(lines[::2], lines[1::2], strict=True)
    items = [(dict(read(header)), read(body)) for header, body in pairs]
    return [Item(header, body, is_for(header.get("index"), indices)) for header, body in items]


def is_for(index: Any, indices: Sequence[str]) -> bool:
    """Whether an index expression (a text, a list, None) names only `indices` (names, aliases, patterns)."""
    named = index.split(",") if isinstance(index, str) else list(index or [])
    # Only `*` is a wildcard in an index expression; fnmatch would also give meaning to `?` and `[`.
    patterns = [pattern.replace("[", "[[]").replace("?", "[?]") for pattern in indices]
    return all(isinstance(name, str) and any(fnmatchcase(name, pattern) for pattern in patterns) for name in named)


def _sort(sort: Any) -> Any:
    if isinstance(sort, str):
        return [_sort_entry(entry) for entry in sort.split(",")]
    return [_sort_entry(entry) if isinstance(entry, str) else entry for entry in sort] if _is_list(sort) else sort


def _sort_entry(entry: str) -> Any:
    field, colon, order = entry.rpartition(":")
    return {field: order} if colon and order in ("asc", "desc") else entry


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence)
