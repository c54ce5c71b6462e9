"""Decide what words that order the results may do ("cheapest", "newest", "best rated"): a sort, a boost or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from bridge.clauses import Rank, Role
from bridge.entities import Entity, Stats
from bridge.query._decisions import IGNORED, Context, Decision, accepted, clause_for, rejected
from bridge.tagging import QuantityMatch

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400_000.0

Order = Literal["lowest", "highest"]


def decide_sort(entity: Entity, match: QuantityMatch, context: Context) -> Decision:
    """What becomes of words that ask for the lowest or the highest values of a label first: the entity's value."""
    order: Order = "lowest" if entity.value == "lowest" else "highest"
    schema = context.schema
    label = schema.labels[entity.label]
    field = schema.field_of(entity.label)
    if label.use == "ignore":
        return rejected(entity, IGNORED)
    if label.sort == "off":
        return rejected(entity, "the schema does not let this label order hits")
    if entity.negated:
        return rejected(entity, "a negated order is no order")
    role: Role = label.sort
    if label.kind == "rank":
        if order == "lowest":
            return rejected(entity, "a rank feature orders from its best end only")
        if context.fill_rate(field) is None:
            return rejected(entity, f"nobody knows whether {field} is a rank feature")
        role, rank = "boost", Rank(field, order)
        reason = "a rank feature scores, it cannot be sorted by"
    else:
        stats = context.stats(field)
        if stats is None:
            return rejected(entity, f"nobody knows how the values of {field} are spread")
        if stats.min >= stats.max:
            return rejected(entity, f"all documents have the same {field}")
        rank = _of_dates(field, order, stats, context.now) if label.kind == "date" else _of_numbers(field, order, stats)
        reason = "the schema lets it order the hits" if role == "sort" else "the schema allows no more than boost"
    clause = clause_for(role, rank, entity, order, label.boost, label.relax)
    return accepted(replace(clause, consumes=match.consumes), (entity,), reason)


def agree_on_order(decisions: Sequence[Decision]) -> list[Decision]:
    """Both ends of one field asked for ("cheapest most expensive") is no order; said twice it is one."""
    orders: dict[str, set[str]] = {}
    for decision in decisions:
        if decision.clause is not None and isinstance(decision.clause.condition, Rank):
            orders.setdefault(decision.clause.condition.field, set()).add(decision.clause.condition.order)
    result: list[Decision] = []
    for decision in decisions:
        clause = decision.clause
        if clause is not None and isinstance(clause.condition, Rank) and len(orders[clause.condition.field]) > 1:
            result += [rejected(entity, "the text asks for both ends of it") for entity in decision.entities]
        else:
            result.append(decision)
    return result


def _of_numbers(field: str, order: Order, stats: Stats) -> Rank:
    """The whole boost at the end that is asked for, half of it at the middle document."""
    origin = stats.min if order == "lowest" else stats.max
    pivot = abs(stats.median - origin) or (stats.max - stats.min) / 2
    return Rank(field, order, origin, round(pivot, 6))


def _of_dates(field: str, order: Order, stats: Stats, now: datetime) -> Rank:
    """As numbers, in whole days from today: what was new yesterday is one day older today, and no date is written.

    Dates in the future do not count as the newest: "newest films" are not those announced for 2099.
    """
    today = (datetime(now.year, now.month, now.day, tzinfo=UTC) - _EPOCH) / timedelta(milliseconds=1)
    if order == "lowest":
        origin = (stats.min - today) // _DAY * _DAY
    else:
        origin = min(0.0, -((today - stats.max) // _DAY * _DAY))
    middle = stats.median - today
    pivot = abs(middle - origin) or (stats.max - stats.min) / 2
    return Rank(field, order, origin, max(_DAY, round(pivot / _DAY) * _DAY))
