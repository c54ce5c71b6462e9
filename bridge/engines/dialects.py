"""One plan in several query languages, for applications that build their own searches. No I/O.

in_dialect(plan, schema, "esql")["query"]     # FROM shop METADATA _score | WHERE MATCH(title, "shoes") AND price < 50 …
in_dialect(plan, schema, "solr")["params"]    # {"q": "shoes", "fq": ["{!tag=price}price:[* TO 50}"], …}

The clause tree is the same for all; `opensearch` and `elasticsearch` differ in nothing, and run in the tests on both.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from bridge.clauses import Plan
from bridge.engines._apply import rewrite
from bridge.engines._esql import to_esql
from bridge.engines._find import find_text
from bridge.engines._found import Unchanged
from bridge.engines._leaf import for_text
from bridge.engines._solr import to_solr
from bridge.schema import Schema

Language = Literal["opensearch", "elasticsearch", "retriever", "esql", "solr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def in_dialect(plan: Plan, schema: Schema, language: Language) -> dict[str, Any]:
    """The plan as a search of its own over the schema's text fields.

    - `opensearch`, `elasticsearch`: `{"body", "notes"}`, a search body with a `multi_match` of the text
    - `retriever`: the same with a `standard` retriever
    - `esql`: `{"query", "where", "conditions", "sort", "notes"}`
    - `solr`: `{"params", "notes"}`

    `notes` says, for each clause that is left out or changed, why.
    """
    return _WRITERS[language](plan, schema)


def _body(plan: Plan, schema: Schema) -> dict[str, Any]:
    return _rewritten({"query": for_text(schema, plan.text)}, plan, schema)


def _retriever(plan: Plan, schema: Schema) -> dict[str, Any]:
    return _rewritten({"retriever": {"standard": {"query": for_text(schema, plan.text)}}}, plan, schema)


def _rewritten(body: dict[str, Any], plan: Plan, schema: Schema) -> dict[str, Any]:
    found = find_text(body, schema)
    if isinstance(found, Unchanged):
        return {"body": body, "notes": [found.reason]}
    result = rewrite(body, found, plan, schema)
    return {"body": result.body, "notes": list(result.notes)}


_WRITERS: dict[Language, Callable[[Plan, Schema], dict[str, Any]]] = {
    "opensearch": _body,
    "elasticsearch": _body,
    "retriever": _retriever,
    "esql": to_esql,
    "solr": to_solr,
}

__all__ = ["LANGUAGES", "Language", "in_dialect"]
