"""The parts of a search body that each bring hits: sub-queries of `hybrid`, retrievers, vector searches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bridge.engines._found import Path, single

_VECTOR_QUERIES = frozenset({"knn", "neural"})


@dataclass(frozen=True, slots=True)
class Branch:
    """One part that brings hits.

    `query` is an ordinary query at `path`; `vector` finds nearest neighbours and takes filters at `filter_path`, if it
    is known to take any; `opaque` is anything else.
    """

    path: Path
    kind: Literal["query", "vector", "opaque"]
    filter_path: Path | None = None


def branches(body: Mapping[str, Any]) -> list[Branch]:
    """The parts of `query`, `retriever` and the top-level `knn`. At least one where the body has a query at all."""
    found: list[Branch] = []
    if isinstance(query := body.get("query"), Mapping):
        found.extend(_of_query(("query",), query))
    if "retriever" in body:
        found.extend(_of_retriever(("retriever",), body["retriever"]))
    knn = body.get("knn")
    for index, vector in enumerate(knn if isinstance(knn, list | tuple) else []):
        found.append(_vector(("knn", index), vector))
    if isinstance(knn, Mapping):
        found.append(_vector(("knn",), knn))
    return found


def _of_query(path: Path, query: Mapping[str, Any]) -> Iterator[Branch]:
    named = single(query)
    if named is None or named[0] != "hybrid":
        yield Branch(path, "query")
        return
    # `hybrid` works at the top level only, so its sub-queries are edited and it stays where it is.
    parts = named[1].get("queries") if isinstance(named[1], Mapping) else None
    for index, part in enumerate(parts if isinstance(parts, list | tuple) else []):
        place = (*path, "hybrid", "queries", index)
        inner = single(part)
        if inner is not None and inner[0] in _VECTOR_QUERIES:
            yield _vector((*place, inner[0]), inner[1])
        else:
            yield Branch(place, "query" if inner is not None else "opaque")


def _of_retriever(path: Path, retriever: Any) -> Iterator[Branch]:
    stack = [(path, retriever)]
    while stack:
        place, node = stack.pop()
        named = single(node)
        if named is None or not isinstance(named[1], Mapping):
            yield Branch(place, "opaque")
            continue
        kind, inner = named
        place = (*place, kind)
        if kind == "standard" and isinstance(inner.get("query"), Mapping):
            yield Branch((*place, "query"), "query")
        elif kind == "knn":
            yield _vector(place, inner)
        elif isinstance(inner.get("retriever"), Mapping):
            stack.append(((*place, "retriever"), inner["retriever"]))
        elif isinstance(parts := inner.get("retrievers"), list | tuple) and parts:
            # `linear` and weighted `rrf` put each part under a key of its own.
            for index, part in reversed(list(enumerate(parts))):
                held = isinstance(part, Mapping) and isinstance(part.get("retriever"), Mapping)
                below = (*place, "retrievers", index, "retriever") if held else (*place, "retrievers", index)
                stack.append((below, part["retriever"] if held else part))
        else:
            yield Branch(place, "opaque")


def _vector(path: Path, inner: Any) -> Branch:
    """A nearest-neighbour search.

    Elasticsearch's form (`field` is a key of its own) always takes a `filter`. OpenSearch's takes one with some vector
    engines and answers 400 with others, so only one that carries a filter already is known to take it.
    """
    if isinstance(inner, Mapping):
        if isinstance(inner.get("field"), str):
            return Branch(path, "vector", (*path, "filter"))
        named = single({key: value for key, value in inner.items() if key not in ("boost", "_name")})
        if named is not None and isinstance(named[1], Mapping) and named[1].get("filter"):
            return Branch(path, "vector", (*path, named[0], "filter"))
    return Branch(path, "vector")
