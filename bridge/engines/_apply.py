"""Apply a plan to a search body: the query changes, an order comes where there was none, all else stays as written."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.clauses import Clause, Plan, Role
from bridge.engines._boost import boost_to_dsl
from bridge.engines._convert import any_of, clause_condition, mentions_text, named, scored
from bridge.engines._found import Found, Leaf, Path, Point, get
from bridge.engines._found import replace as put
from bridge.engines._leaf import every_word, for_text, with_text, without_name
from bridge.engines._sort import sort_entry, why_unsorted, with_sort
from bridge.schema import Schema

#: Score of a filter in `tiers` mode, above what a text scores; doubled for each filter that is relaxed later.
TIER = 1000.0
#: More tiers than this share the highest score: single precision has no digits left for the text below them.
_MAX_TIERS = 6
#: How much of its score a demoted document keeps where the clause does not say.
DEMOTED = 0.5

_SOFTER: dict[Role, Role] = {
    "filter": "boost",
    "exclude": "demote",
    "expand": "boost",
    "boost": "boost",
    "demote": "demote",
    "sort": "boost",
}


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A body after `rewrite`; `notes` says, for explain, what was done differently from the plan and why."""

    body: dict[str, Any]
    changed: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Parts:
    """The clauses of a `bool` in the making."""

    must: tuple[Any, ...] = ()
    filter: tuple[Any, ...] = ()
    must_not: tuple[Any, ...] = ()
    should: tuple[Any, ...] = ()


def rewrite(
    body: Mapping[str, Any], found: Found, plan: Plan, schema: Schema, *, query_only: bool = False
) -> Rewritten:
    """Apply `plan` to the `body` in which `found` was found.

    Pure: `body` is not changed, and what is not rewritten is shared with it, not copied. A plan without clauses, for
    another schema or for another text leaves everything as it is. `query_only`: nothing but the query reaches the
    engine (OpenSearch's search pipeline), so a `sort` clause can only boost.
    """
    if plan.text != found.text or plan.schema != schema.name:
        return Rewritten(dict(body), False, ("the plan is for another text or schema",))
    synthetic = any(leaf.synthetic for leaf in found.leaves)
    if not plan.changes and not synthetic:
        return Rewritten(dict(body), False)
    clauses, notes = _possible(plan, found, schema, _why_unsorted(plan, body, query_only))
    if not clauses and not synthetic:
        return Rewritten(dict(body), False, tuple(notes))
    return Rewritten(_Edit(found, plan, schema, clauses, notes).apply(body), True, tuple(notes))


def apply(body: Mapping[str, Any], found: Found, plan: Plan, schema: Schema) -> dict[str, Any]:
    """The body of `rewrite`."""
    return rewrite(body, found, plan, schema).body


def _why_unsorted(plan: Plan, body: Mapping[str, Any], query_only: bool) -> str | None:
    if query_only:
        return "a search pipeline changes only the query"
    if plan.mode == "tiers" and any(clause.role == "filter" for clause in plan.clauses):
        # Sorted by price, hits that the filters put last would come first.
        return "the filters order the hits"
    return why_unsorted(body)


def _possible(
    plan: Plan, found: Found, schema: Schema, unsorted: str | None
) -> tuple[list[tuple[Clause, dict[str, Any]]], list[str]]:
    """The clauses that this body can take, in the role that it can take them in, each with its query (or sort)."""
    clauses: list[tuple[Clause, dict[str, Any]]] = []
    notes: list[str] = []
    for clause in plan.clauses:
        softer = _SOFTER[clause.role]
        reason = None
        if softer != clause.role:
            if not found.hard:
                reason = found.soft_reason
            elif clause.consumes and found.whole:
                reason = found.whole
            elif clause.role == "sort":
                reason = unsorted
            elif mentions_text(clause.condition):
                reason = "free text decides about no hits"
        if reason:
            notes.append(f"{clause.label}: {softer} in place of {clause.role}, because {reason}")
            # An exclusion has no strength of its own to take over.
            clause = replace(clause, role=softer, boost=1.0 if softer == "demote" else clause.boost)
        query = _as_query(clause, schema)
        if query is None:
            notes.append(f"{clause.label}: the condition is empty, left out")
        else:
            clauses.append((clause, query))
    return clauses, notes


def _as_query(clause: Clause, schema: Schema) -> dict[str, Any] | None:
    if clause.role == "boost":
        return boost_to_dsl(clause, schema)
    return sort_entry(clause, schema) if clause.role == "sort" else clause_condition(clause, schema)


class _Edit:
    """One application of a plan, with everything that is the same at each point."""

    def __init__(
        self, found: Found, plan: Plan, schema: Schema, clauses: list[tuple[Clause, dict[str, Any]]], notes: list[str]
    ) -> None:
        self.found, self.schema = found, schema
        self.text = found.text if found.whole else _required(plan, clauses)
        if found.whole and plan.required != plan.text:
            notes.append(f"the text stays whole, because {found.whole}")
        self.name = f"bridge:{_digest(plan, self.text)}"
        self.expansions = [(clause, query) for clause, query in clauses if clause.role == "expand"]
        self.demotions = [(clause, query) for clause, query in clauses if clause.role == "demote"]
        self.filters = tuple(named(q, c.name) for c, q in clauses if c.role == "filter" and plan.mode == "filters")
        self.exclusions = tuple(named(query, clause.name) for clause, query in clauses if clause.role == "exclude")
        self.boosts = (*(query for clause, query in clauses if clause.role == "boost"), *_tiers(plan, clauses, found))
        self.order = [entry for clause, entry in clauses if clause.role == "sort"]

    def apply(self, body: Mapping[str, Any]) -> dict[str, Any]:
        new: Any = body
        points = {point.path for point in self.found.points}
        at_points: dict[Path, _Parts] = {}
        for number, leaf in enumerate(self.found.leaves):
            node = get(body, leaf.path)
            parts = self._leaf(leaf, node, first=number == 0)
            if leaf.path in points:
                at_points[leaf.path] = parts
            elif parts != _Parts(must=(node,)):
                new = put(new, leaf.path, _query(parts))
        for point in self.found.points:
            new = self._attach(new, point, at_points.get(point.path))
        return with_sort(new, self.order) if self.order else dict(new)

    def _leaf(self, leaf: Leaf, node: Mapping[str, Any], *, first: bool) -> _Parts:
        """What stands in a leaf's place."""
        original = for_text(self.schema, self.found.text) if leaf.synthetic else node
        if leaf.position == "optional" or not self.found.hard:
            return _Parts(must=(original,))
        expansions = self.expansions if leaf.position == "required" else []
        # A second required leaf must match the expansion as well, but the score counts it once.
        values = tuple(scored(query, clause.boost if first else 0.0, clause.name) for clause, query in expansions)
        together = self._together(leaf, original) if expansions and first else ()
        if self.text == self.found.text:
            if not values:
                return _Parts(must=(original,))
            return _Parts(must=(any_of([dict(original), *values]),), should=together)
        text: Any = original
        must_match: tuple[Any, ...] = ()
        if self.text:
            edited = with_text(leaf, original, self.text)
            must_match = (any_of([edited, *values]) if values else edited,)
            if not leaf.any_word:
                # The original asks for words that are no longer required, so it may not match where the edited leaf
                # does. The better of the two scores as before where all words match, and by the others elsewhere.
                text = {"dis_max": {"queries": [without_name(leaf, original), edited]}}
        return _Parts(filter=must_match, should=(text, *values, *together))

    def _together(self, leaf: Leaf, node: Mapping[str, Any]) -> tuple[Any, ...]:
        """A score for documents with every word of the text.

        Where any word will do, kinds widen a wide text further: what says everything that was asked for belongs before
        what shares one word and is of the kind (docs/relevance.md).
        """
        query = every_word(leaf, node, self.text)
        return () if query is None else (query,)

    def _attach(self, body: Any, point: Point, leaf: _Parts | None) -> Any:
        if point.kind == "filter":
            return self._attach_to_filter(body, point.path)
        parts = leaf or _Parts(must=(get(body, point.path),))
        query: dict[str, Any] = _query(
            _Parts(
                must=parts.must,
                filter=parts.filter + self.filters,
                must_not=self.exclusions,
                should=parts.should + self.boosts,
            ),
            self.name,
        )
        if self.demotions:
            negative = [named(condition, clause.name) for clause, condition in self.demotions]
            query = {
                "boosting": {
                    "positive": query,
                    "negative": negative[0] if len(negative) == 1 else any_of(negative),
                    "negative_boost": min(_kept(clause.boost) for clause, _ in self.demotions),
                }
            }
        return put(body, point.path, query)

    def _attach_to_filter(self, body: Any, path: Path) -> Any:
        """Give a vector search the hard clauses; it has no place for scores."""
        if not self.filters and not self.exclusions:
            return body
        held = get(body, path[:-1]).get(path[-1])
        own = tuple(held) if isinstance(held, list | tuple) else (held,) if held else ()
        return put(body, path, _query(_Parts(filter=own + self.filters, must_not=self.exclusions), self.name))


def _required(plan: Plan, clauses: list[tuple[Clause, dict[str, Any]]]) -> str:
    # A clause that was left out has not taken its words, and only the plan knows which words were whose.
    return plan.required if len(clauses) == len(plan.clauses) else plan.text


def _tiers(plan: Plan, clauses: list[tuple[Clause, dict[str, Any]]], found: Found) -> list[dict[str, Any]]:
    """Filters as constant scores, so high that no text score reaches them (mode `tiers`).

    A filter that is relaxed later outweighs all that are relaxed earlier, so the order of hits is the order in which
    relaxing would bring them.
    """
    if plan.mode != "tiers":
        return []
    tiers = [(clause, query) for clause, query in clauses if clause.role == "filter"]
    base = TIER * max([1.0, *(leaf.weight for leaf in found.leaves)])
    order = sorted(range(len(tiers)), key=lambda index: -tiers[index][0].relax)
    rank = {index: min(place, _MAX_TIERS - 1) for place, index in enumerate(order)}
    return [scored(query, base * 2 ** rank[index], clause.name) for index, (clause, query) in enumerate(tiers)]


def _kept(boost: float) -> float:
    """`negative_boost` of a demotion: the clause's boost as a factor below one, whichever way round it is written."""
    if boost <= 0.0 or boost == 1.0:
        return DEMOTED
    return boost if boost < 1.0 else 1.0 / boost


def _query(parts: _Parts, name: str | None = None) -> dict[str, Any]:
    """A `bool` of the parts. It always has a `must` or `filter`, or its `should` would decide about hits."""
    needed = parts.filter if parts.must or parts.filter else ({"match_all": {}},)
    occurrences = {"must": parts.must, "filter": needed, "must_not": parts.must_not, "should": parts.should}
    inner: dict[str, Any] = {key: list(queries) for key, queries in occurrences.items() if queries}
    if name is not None:
        inner["_name"] = name
    return {"bool": inner}


def _digest(plan: Plan, text: str) -> str:
    """The same for the same schema, text and clauses, in every process."""
    clauses = [(c.role, c.condition, c.name, c.boost, c.relax) for c in plan.clauses]
    outcome = repr((plan.schema, plan.text, text, plan.mode, clauses))
    return hashlib.blake2b(outcome.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
