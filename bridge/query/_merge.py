"""Clauses that say one thing together become one clause.

Values of one label are alternatives, whatever joins them ("nike and adidas"): no document need hold them all. So are
amounts that exclude each other ("80s or 90s"). The same condition said twice is one clause.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bridge.clauses import AnyOf, Clause, Condition, Terms
from bridge.clauses import Range as Bounds
from bridge.query._decisions import Decision
from bridge.query._names import PREFIX, name_of
from bridge.query._words import merge

#: Roles of clauses for what is not wanted.
AGAINST = ("exclude", "demote")


@dataclass(frozen=True, slots=True)
class Merged:
    """A decision with the ones that it was made of, in text order; most are made of themselves alone."""

    decision: Decision
    members: tuple[Decision, ...]


def merge_filters(decisions: Sequence[Decision]) -> list[Merged]:
    """Filters on one field as one that lets each of its values through; all other decisions as they are."""
    by_field: dict[tuple[str, str, bool], list[Decision]] = {}
    merged: list[Merged] = []
    for decision in decisions:
        clause = decision.clause
        condition = clause.condition if clause is not None and clause.role == "filter" else None
        if clause is not None and isinstance(condition, Terms | Bounds):
            key = (clause.label, condition.field, isinstance(condition, Terms))
            by_field.setdefault(key, []).append(decision)
        else:
            merged.append(Merged(decision, (decision,)))
    for group in by_field.values():
        if len(group) > 1 and (_are_terms(group) or _exclude_each_other(group)):
            merged.append(_joined(group))
        else:
            merged += [Merged(decision, (decision,)) for decision in group]
    return merged


def unique(clauses: Iterable[Clause | None]) -> list[Clause]:
    """The clauses without repetitions: of a filter and a boost for the same thing the filter.

    What a repetition consumes is consumed with the one that stays.
    """
    kept: list[Clause] = []
    for clause in sorted((one for one in clauses if one is not None), key=lambda one: one.role != "filter"):
        at = next((i for i, other in enumerate(kept) if says_the_same(other, clause)), None)
        if at is None:
            kept.append(clause)
        else:
            kept[at] = replace(kept[at], consumes=tuple(merge((*kept[at].consumes, *clause.consumes))))
    return kept


def says_the_same(one: Clause, other: Clause) -> bool:
    """Whether two clauses want, or do not want, the same: by their condition or by their name."""
    same = one.condition == other.condition or one.name == other.name
    return same and (one.role in AGAINST) == (other.role in AGAINST)


def _are_terms(group: Sequence[Decision]) -> bool:
    return all(d.clause is not None and isinstance(d.clause.condition, Terms) for d in group)


def _exclude_each_other(group: Sequence[Decision]) -> bool:
    """Whether no number lies in all of the intervals."""
    conditions = [d.clause.condition for d in group if d.clause is not None]
    intervals = [condition.interval for condition in conditions if isinstance(condition, Bounds)]
    lows = [(one.gte, False) if one.gte is not None else (_or(one.gt, -math.inf), True) for one in intervals]
    highs = [(one.lte, False) if one.lte is not None else (_or(one.lt, math.inf), True) for one in intervals]
    low, open_below = max(lows)
    high, open_above = min(highs, key=lambda bound: (bound[0], not bound[1]))
    return low > high or (low == high and (open_below or open_above))


def _or(bound: float | None, otherwise: float) -> float:
    return otherwise if bound is None else bound


def _joined(group: Sequence[Decision]) -> Merged:
    members = sorted(group, key=lambda d: (d.clause.start, d.clause.end) if d.clause is not None else (0, 0))
    clauses = [d.clause for d in members if d.clause is not None]
    label = clauses[0].label
    shown = dict.fromkeys(clause.name.removeprefix(f"{PREFIX}{label}=") for clause in clauses)
    clause = replace(
        clauses[0],
        condition=_either([clause.condition for clause in clauses]),
        name=name_of(label, "|".join(shown)),
        start=min(c.start for c in clauses),
        end=max(c.end for c in clauses),
        consumes=tuple(merge(r for c in clauses for r in c.consumes)),
    )
    lines = tuple(replace(line, clause=clause.name) for d in members for line in d.explain)
    entities = tuple(e for d in members for e in d.entities)
    # A range over the words between two values would take those words too: each value keeps its own.
    words = tuple(r for d in members for r in d.value_words)
    return Merged(Decision(lines, clause, entities, words), tuple(members))


def _either(conditions: Sequence[Condition]) -> Condition:
    terms = [condition for condition in conditions if isinstance(condition, Terms)]
    if terms:
        return Terms(terms[0].field, tuple(sorted({value for one in terms for value in one.values}, key=str)))
    distinct = tuple(dict.fromkeys(conditions))
    return distinct[0] if len(distinct) == 1 else AnyOf(distinct)
