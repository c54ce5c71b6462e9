"""Decide what amounts and dates may do: filter where the text compares them, boost where it only names one.

`under $50` says what is not wanted, so it may hide the rest; `15 inch` says about how much is wanted, so what is nearer
comes first. Where the words leave open which label is meant, a filter lets a document through that meets any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from bridge.clauses import AnyOf, Condition, Near, Range, Role
from bridge.entities import Entity, Interval
from bridge.query._decisions import (
    IGNORED,
    Context,
    Decision,
    accepted,
    clause_for,
    first_reason,
    rejected,
    share,
)
from bridge.query._names import dates_text, interval_text, name_of, number_text
from bridge.query._words import Range as TextRange
from bridge.schema import Label
from bridge.tagging import QuantityMatch
from bridge.tagging.grammar import is_calendar_year

#: "around 2015" means so many years more or less; a share of the number would be centuries.
_YEARS = 2.0


@dataclass(frozen=True, slots=True)
class _Reading:
    """An amount as one label's: what is asked of the field, how it is shown, and what it may do."""

    entity: Entity
    condition: Condition
    shown: str
    role: Role
    reason: str


def decide_amount(entity: Entity, match: QuantityMatch | None, context: Context) -> list[Decision]:
    """What becomes of one amount or date; `match` is what the grammar said of it (None: the user named the label)."""
    others = match.others if match is not None else ()
    about = match is not None and match.approximate
    decisions: list[Decision] = []
    readings: list[_Reading] = []
    for one in (entity, *others):
        reading = _read(replace(one, negated=entity.negated), context, about, match is not None and match.related)
        if isinstance(reading, Decision):
            decisions.append(reading)
        else:
            readings.append(reading)
    consumes = match.consumes if match is not None else ((entity.start, entity.end),)
    roles = {reading.role for reading in readings}
    if len(readings) > 1 and roles in ({"filter"}, {"exclude"}):
        return [*decisions, _either(readings, consumes, context)]
    for reading in readings:
        role, reason = reading.role, reading.reason
        if len(readings) > 1 and role in ("filter", "exclude"):
            role = "boost" if role == "filter" else "demote"
            reason = "the amount may be another label's, which may not filter"
        label = context.schema.labels[reading.entity.label]
        clause = clause_for(role, reading.condition, reading.entity, reading.shown, label.boost, label.relax)
        decisions.append(accepted(replace(clause, consumes=consumes), (reading.entity,), reason))
    return decisions


def _read(entity: Entity, context: Context, about: bool, related: bool) -> Decision | _Reading:
    schema = context.schema
    label = schema.labels[entity.label]
    field = schema.field_of(entity.label)
    if label.use == "ignore":
        return rejected(entity, IGNORED)
    amount = _number(entity.value)
    stats = context.stats(field)
    dated = is_calendar_year(schema, entity.label, {} if stats is None else {field: stats})
    if amount is not None:
        interval = _around(amount, label, dated=dated, about=about)
        shown = number_text(amount) if dated and not about else f"~{number_text(amount)}"
    elif isinstance(entity.value, Interval):
        interval = entity.value
        zone = ZoneInfo(schema.timezone)
        shown = dates_text(interval, zone) if label.kind == "date" else interval_text(interval)
    else:
        return rejected(entity, "no amount could be read from it")
    rate = context.fill_rate(field)
    why_soft = first_reason(
        (amount is not None, "a bare amount means about that much"),
        (about, "the text says that it is approximate"),
        (related, "it is the amount of another thing, which the one looked for goes with"),
        (label.use != "filter", f"the schema allows no more than {label.use}"),
        (
            rate is not None and rate < schema.min_fill_rate,
            f"only {share(rate)} of the documents carry {field}",
        ),
        (rate is None and label.field is None, f"nobody has counted how many documents carry {field}"),
    )
    hard: Role = "exclude" if entity.negated else "filter"
    soft: Role = "demote" if entity.negated else "boost"
    role = soft if why_soft else hard
    condition: Condition = Range(field, interval)
    # A score that falls with the distance needs a field that the engine can compute with.
    if amount is not None and role == "boost" and interval.gte != interval.lte and stats is not None:
        condition = Near(field, amount, interval)
    what = "date" if label.kind == "date" else "numeric"
    amount_of = "a negated amount" if entity.negated else "an amount"
    return _Reading(entity, condition, shown, role, why_soft or f"{amount_of} on a {what} field")


def _either(readings: Sequence[_Reading], consumes: tuple[TextRange, ...], context: Context) -> Decision:
    """One filter over several fields: the amount may be meant for any of them."""
    readings = sorted(readings, key=lambda reading: reading.entity.label)
    labels = [context.schema.labels[reading.entity.label] for reading in readings]
    names = [reading.entity.label for reading in readings]
    first = readings[0]
    clause = clause_for(
        first.role,
        AnyOf(tuple(reading.condition for reading in readings)),
        first.entity,
        first.shown,
        max(label.boost for label in labels),
        max(label.relax for label in labels),
    )
    name = name_of("|".join(names), first.shown, negated=first.role == "exclude")
    clause = replace(clause, name=name, consumes=consumes)
    reason = f"an amount that may be {' or '.join(names)}: either may hold it"
    return accepted(clause, tuple(reading.entity for reading in readings), reason)


def _around(amount: float, label: Label, *, dated: bool, about: bool) -> Interval:
    years = _YEARS if about else 0.0
    margin = years if dated else abs(amount) * label.tolerance
    return Interval(gte=_clean(amount - margin), lte=_clean(amount + margin))


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _clean(number: float) -> float:
    return round(number, 6)
