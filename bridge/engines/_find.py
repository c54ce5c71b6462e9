"""Find the user's text in a search body (DESIGN, "A query's way", the table of bodies)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bridge.engines._branches import Branch, branches
from bridge.engines._flags import query_text
from bridge.engines._found import Found, Leaf, Path, Point, Position, Unchanged, containers, get, single
from bridge.engines._leaf import leaf_at, text_of
from bridge.schema import Schema

#: Deepest nesting of objects and arrays that is rewritten. OpenSearch refuses queries nested more than 20 deep
#: (Elasticsearch 30); one query takes at least two levels of JSON, so these are 15 queries, and rewriting adds 5.
MAX_DEPTH = 30
#: More leaves with the text are no search that anybody wrote; each of them costs time to rewrite.
MAX_LEAVES = 256
#: `_name` of the `bool` that the bridge puts around a query.
MARK = re.compile(r"bridge:[0-9a-f]{16}")

_Edge = Literal["required", "frozen", "alternative", "should", "closed"]


def find_text(body: Mapping[str, Any], schema: Schema) -> Found | Unchanged:
    """Find the user's text in a search body, in the form a user writes or the normalised form that OpenSearch sends.

    Looks at `query`, and at Elasticsearch's `retriever` and `knn`, and only at leaves on the schema's text fields.
    Pure; never raises on any JSON value; does not change `body`.
    """
    if not isinstance(body, Mapping):
        return Unchanged("the body is not an object")
    if not any(isinstance(body.get(key), Mapping) for key in ("query", "retriever")):
        return Unchanged("there is no query")
    if trouble := _trouble(body):
        return Unchanged(trouble)
    walks = [_walk(body, branch, schema) for branch in branches(body)]
    texts = {text for walk in walks for text in walk.texts}
    leaves = [leaf for walk in walks for leaf in walk.leaves]
    if not leaves:
        return _beside(body, walks) or Unchanged(_why_none(body, walks, schema))
    if len(texts) > 1:
        return Unchanged("several leaves search different texts")
    if len(leaves) > MAX_LEAVES:
        return Unchanged(f"more than {MAX_LEAVES} leaves search the text")
    text = texts.pop()
    if not text.strip():
        return Unchanged("the text is empty")
    return _found(text, leaves, walks)


@dataclass
class _Walk:
    """One branch of the body after looking through it."""

    branch: Branch
    texts: list[str] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    #: For each leaf and each `match_all`: the required queries above it and itself, outermost first.
    chains: dict[Path, tuple[Path, ...]] = field(default_factory=dict)
    everything: list[Path] = field(default_factory=list)
    closed: list[tuple[str, Path]] = field(default_factory=list)


def _trouble(body: Mapping[str, Any]) -> str | None:
    searched = {key: body[key] for key in ("query", "retriever", "knn") if key in body}
    for node, depth in containers(searched):
        if depth > MAX_DEPTH:
            return "the query is nested too deeply"
        if isinstance(node, Mapping):
            name = node.get("_name")
            if isinstance(name, str) and MARK.fullmatch(name):
                return "the query is rewritten already"
    return None


def _walk(body: Mapping[str, Any], branch: Branch, schema: Schema) -> _Walk:
    walk = _Walk(branch)
    if branch.kind != "query":
        return walk
    # A stack in reverse, so that leaves come out in reading order.
    stack: list[tuple[Path, Position, tuple[Path, ...], bool]] = [(branch.path, "required", (), False)]
    while stack and len(walk.leaves) <= MAX_LEAVES:
        path, position, chain, frozen = stack.pop()
        node = get(body, path)
        if position == "required" and not frozen:
            chain = (*chain, path)
        found = leaf_at(path, node, position, schema)
        if found is not None:
            walk.texts.append(found[0])
            walk.leaves.append(found[1])
            walk.chains[path] = chain
            continue
        query = single(node)
        if query is None:
            continue
        if query[0] == "match_all" and position == "required":
            walk.everything.append(path)
            walk.chains[path] = chain
        below = []
        for steps, edge in _children(*query):
            if edge == "closed":
                walk.closed.append((str(steps[1] if steps[1] != "query" else steps[0]), path + steps))
                continue
            below.append((path + steps, _position(position, edge, query[1]), chain, frozen or edge == "frozen"))
        stack.extend(reversed(below))
    return walk


def _children(kind: str, inner: Any) -> Iterator[tuple[Path, _Edge]]:
    """The queries inside a query, and what they mean for its hits."""
    if not isinstance(inner, Mapping):
        return
    if kind == "bool":
        edges: tuple[tuple[str, _Edge], ...] = (
            ("must", "required"),
            ("should", "should"),
            ("filter", "closed"),
            ("must_not", "closed"),
        )
        for key, edge in edges:
            yield from (((kind, key, *rest), edge) for rest in _items(inner.get(key)))
    elif kind in ("function_score", "script_score"):
        yield from (((kind, "query", *rest), "required") for rest in _items(inner.get("query"), single_only=True))
    elif kind == "boosting":
        yield from (((kind, "positive", *rest), "required") for rest in _items(inner.get("positive"), single_only=True))
        yield from (((kind, "negative", *rest), "closed") for rest in _items(inner.get("negative"), single_only=True))
    elif kind == "constant_score":
        yield from (((kind, "filter", *rest), "frozen") for rest in _items(inner.get("filter"), single_only=True))
    elif kind == "dis_max":
        yield from (((kind, "queries", *rest), "alternative") for rest in _items(inner.get("queries")))
    elif kind in ("nested", "has_child", "has_parent"):
        yield from (((kind, "query", *rest), "closed") for rest in _items(inner.get("query"), single_only=True))


def _items(value: Any, *, single_only: bool = False) -> Iterator[Path]:
    if isinstance(value, Mapping):
        yield ()
    elif isinstance(value, list | tuple) and not single_only:
        yield from ((index,) for index in range(len(value)))


def _position(above: Position, edge: _Edge, inner: Mapping[str, Any]) -> Position:
    if above == "optional" or edge in ("required", "frozen"):
        return above
    if edge == "should" and (inner.get("must") or inner.get("filter")):
        needed = inner.get("minimum_should_match")
        return "optional" if needed in (None, 0, "0") else "alternative"
    return "alternative"


def _found(text: str, leaves: list[Leaf], walks: list[_Walk]) -> Found:
    hard_points: list[Point] = []
    soft_points: list[Point] = []
    soft_reason: str | None = None
    for walk in walks:
        if not walk.leaves:
            if walk.branch.filter_path is not None:
                hard_points.append(Point(walk.branch.filter_path, "filter"))
            else:
                soft_reason = soft_reason or "a part of the search beside the text takes no filter"
            continue
        soft_points.append(Point(_nearest(walk.chains[leaf.path] for leaf in walk.leaves)))
        required = [leaf for leaf in walk.leaves if leaf.position == "required"]
        if required:
            hard_points.append(Point(_nearest(walk.chains[leaf.path] for leaf in required)))
        else:
            soft_reason = soft_reason or "the text is one of several ways to match (should, dis_max)"
    if soft_reason is None:
        return Found(text, tuple(leaves), tuple(hard_points), hard=True)
    return Found(text, tuple(leaves), tuple(soft_points), hard=False, soft_reason=soft_reason)


def _nearest(chains: Iterable[tuple[Path, ...]]) -> Path:
    """The innermost query that all the chains share."""
    first, *others = chains
    shared = first
    for chain in others:
        length = 0
        for ours, theirs in zip(shared, chain, strict=False):
            if ours != theirs:
                break
            length += 1
        shared = shared[:length]
    return shared[-1]


def _beside(body: Mapping[str, Any], walks: list[_Walk]) -> Found | None:
    """The text of `ext.ml_inference.query_text`, with the one `match_all` that it stands beside as its leaf."""
    text = query_text(body)
    if text is None or len(walks) != 1 or len(walks[0].everything) != 1:
        return None
    path = walks[0].everything[0]
    leaf = Leaf(path, "multi_match", None, "required", synthetic=True)
    return Found(text, (leaf,), (Point(walks[0].chains[path][-1]),), hard=True)


def _why_none(body: Mapping[str, Any], walks: list[_Walk], schema: Schema) -> str:
    if query_text(body) is not None:
        return "ext.ml_inference.query_text needs one match_all beside it"
    for walk in walks:
        for place, path in walk.closed:
            inside = (node for node, _ in containers(get(body, path)))
            if any(text_of(node, schema) is not None for node in inside):
                return f"the text stands in {place}, which is left alone"
    return "no query on the schema's text fields"
