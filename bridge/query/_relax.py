"""Relaxation: when the constraints leave nothing, drop them one after the other until something is found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bridge.clauses import AnyOf, Clause, Condition, Explanation, Plan, Range
from bridge.entities import Entity
from bridge.query._decisions import DEMOTED
from bridge.query._plan import clause_order

#: Never more than this many prefixes are counted; the rest is dropped together.
MAX_STEPS = 8


def relax(plan: Plan, count: Callable[[Sequence[Plan]], Sequence[int]]) -> Plan:
    """The plan with as many of its constraints as still leave hits.

    `count` gets, in one call, the plan with all its constraints, then with one fewer each time in relaxation order
    (highest `relax` first; values before amounts), down to none, and answers the hits of each. A dropped filter becomes
    a boost and a dropped exclusion a demotion, so hits that meet it still come first; explain says what was dropped
    and what was counted. A plan without constraints, or in `tiers` mode, is not counted. When nothing has hits,
    every constraint is dropped: the text alone finds nothing, and no filter should be blamed for it.

    Errors of `count` pass through. Raises ValueError when it answers another number of counts than it was asked.
    """
    drops = sorted((c for c in plan.clauses if c.role in ("filter", "exclude")), key=_drop_order)
    if not drops or plan.mode == "tiers":
        return plan
    steps = [drops[:n] for n in range(min(len(drops), MAX_STEPS))] + [drops]
    plans = [_without(plan, dropped) for dropped in steps]
    counts = [int(c) for c in count(plans)]
    if len(counts) != len(plans):
        raise ValueError(f"count answered {len(counts)} numbers for {len(plans)} plans")
    chosen = next((i for i, hits in enumerate(counts) if hits > 0), len(plans) - 1)
    relaxed = plans[chosen]
    reason = f"dropped: {counts[0]} hits with all constraints, {counts[chosen]} without these"
    lines = tuple(Explanation(_entity_of(plan, c), "relaxed", reason, c.name) for c in steps[chosen])
    return replace(
        relaxed,
        explain=(*relaxed.explain, *lines),
        flags={**relaxed.flags, "counts": counts, "relaxed": [c.name for c in steps[chosen]]},
    )


def _drop_order(clause: Clause) -> tuple[int, bool, int, str]:
    return (-clause.relax, _is_amount(clause.condition), -clause.start, clause.name)


def _is_amount(condition: Condition) -> bool:
    if isinstance(condition, AnyOf):
        return all(_is_amount(one) for one in condition.conditions)
    return isinstance(condition, Range)


def _without(plan: Plan, dropped: Sequence[Clause]) -> Plan:
    if not dropped:
        return plan
    clauses = [_softened(c) if c in dropped else c for c in plan.clauses]
    return replace(plan, clauses=tuple(sorted(clauses, key=clause_order)))


def _softened(clause: Clause) -> Clause:
    if clause.role == "exclude":
        return replace(clause, role="demote", boost=DEMOTED)
    return replace(clause, role="boost")


def _entity_of(plan: Plan, clause: Clause) -> Entity | None:
    return next((e for e in plan.entities if (e.start, e.label) == (clause.start, clause.label)), None)
