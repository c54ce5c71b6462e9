"""The order of hits: what a plan's sorting words put into a body's `sort`, and which bodies may not be given one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.clauses import Clause, Rank
from bridge.engines._found import containers
from bridge.schema import Schema

#: What orders hits by itself, or is refused beside `sort`.
_ORDERED = ("sort", "rescore", "knn", "retriever", "search_after", "rank")
_VECTORS = frozenset({"hybrid", "knn", "neural", "neural_sparse", "sparse_vector", "text_expansion"})


def why_unsorted(body: Mapping[str, Any]) -> str | None:
    """Why a body may not be given a `sort`; None where it may."""
    for key in _ORDERED:
        if body.get(key):
            return f"the search has a {key} of its own"
    for node, _ in containers(body.get("query")):
        if isinstance(node, Mapping) and not _VECTORS.isdisjoint(node):
            return "the search looks for nearest neighbours"
    return None


def sort_entry(clause: Clause, schema: Schema) -> dict[str, Any] | None:
    """One member of `sort`: documents and indices without the field come last; None where the clause is no order."""
    condition = clause.condition
    label = schema.labels.get(clause.label)
    if not isinstance(condition, Rank) or label is None or label.kind == "rank":
        return None
    order = {"order": "asc" if condition.order == "lowest" else "desc", "missing": "_last"}
    return {condition.field: {**order, "unmapped_type": "date" if label.kind == "date" else "double"}}


def with_sort(body: Mapping[str, Any], entries: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The body ordered by the entries, and by score among equals."""
    return {**body, "sort": [*entries, "_score"]}
