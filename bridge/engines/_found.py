"""What looking for the user's text in a search body gives, and how to reach and replace a place in a JSON tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

_SCALARS = (str, int, float, type(None))
#: Keys and list indices from the body's root to a place in it.
Path = tuple[str | int, ...]

#: What a leaf does to the hits of the query it stands in.
#:   required     every hit matches it
#:   alternative  a hit matches it or one of its neighbours (`dis_max`, a `should` that counts)
#:   optional     it only adds to the score (a `should` beside `must` or `filter`)
Position = Literal["required", "alternative", "optional"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One query that searches the user's text.

    `path` leads to the query object (`{"match": …}`), `kind` is its type, `field` the field of a `match`-like query.
    `whole` says why its text must not shrink (None: it may). `any_word` is true where one matching word is enough, so
    that the same query with fewer words can only match fewer documents. `weight` is the largest factor that the leaf
    and its fields put on a score. `synthetic` marks a `match_all` that stands in for a text given in `ext`.
    """

    path: Path
    kind: str
    field: str | None
    position: Position
    whole: str | None = None
    any_word: bool = True
    weight: float = 1.0
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    """A query that clauses are attached to.

    `kind` is `query` for one that is wrapped in a `bool`, `filter` for the `filter` of a vector query, which takes
    hard filters and exclusions and nothing else.
    """

    path: Path
    kind: Literal["query", "filter"] = "query"


@dataclass(frozen=True, slots=True)
class Found:
    """The user's text in a search body.

    `points` are where clauses attach: one in an ordinary body, one for each sub-query of a `hybrid`. With `hard` every
    hit passes one of them and the text, so filters, exclusions and a shorter text are safe; without it clauses may
    only change scores, and `soft_reason` says why.
    """

    text: str
    leaves: tuple[Leaf, ...]
    points: tuple[Point, ...]
    hard: bool
    soft_reason: str | None = None

    @property
    def attach(self) -> Path | None:
        """Path of the first query that filters attach to; None where clauses may only boost."""
        return self.points[0].path if self.hard and self.points else None

    @property
    def whole(self) -> str | None:
        """Why the text must stay as it is; None where words may leave it."""
        if not self.hard:
            return self.soft_reason
        return next((leaf.whole for leaf in self.leaves if leaf.position != "optional" and leaf.whole), None)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The body is left as it is; `reason` says why and never quotes it."""

    reason: str


def get(tree: Any, path: Path) -> Any:
    """The value at `path`."""
    for step in path:
        tree = tree[step]
    return tree


def replace(tree: Any, path: Path, value: Any) -> Any:
    """A copy of `tree` with `value` at `path`, of which only the last key may be new.

    Only what lies on the path is copied; key order is kept.
    """
    parents = [tree]
    for step in path[:-1]:
        tree = tree[step]
        parents.append(tree)
    if not path:
        return value
    for parent, step in zip(reversed(parents), reversed(path), strict=True):
        copy: Any = dict(parent) if isinstance(parent, Mapping) else list(parent)
        copy[step] = value
        value = copy
    return value


def containers(tree: Any) -> Iterator[tuple[Any, int]]:
    """Every object and array in `tree` with its depth (root 1), without recursion, so that no depth can harm."""
    stack: list[tuple[Any, int]] = [(tree, 1)]
    while stack:
        node, depth = stack.pop()
        # `dict` first, and scalars by their type: asking whether something is a `Mapping` is ten times as slow.
        if isinstance(node, dict | Mapping):
            yield node, depth
            stack.extend((child, depth + 1) for child in node.values() if not isinstance(child, _SCALARS))
        elif isinstance(node, list | tuple):
            yield node, depth
            stack.extend((child, depth + 1) for child in node if not isinstance(child, _SCALARS))


def single(node: Any) -> tuple[str, Any] | None:
    """The only key of an object and its value, as a query is written; None for anything else."""
    if not isinstance(node, dict | Mapping) or len(node) != 1:
        return None
    key, value = next(iter(node.items()))
    return (key, value) if isinstance(key, str) else None
