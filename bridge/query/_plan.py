"""Assemble a plan: clauses in a fixed order, the text that is still required, chips, explain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from bridge.clauses import Clause, Explanation, Plan, Terms
from bridge.entities import Entity, Scalar
from bridge.query._chips import chips
from bridge.query._decisions import Decision, rejected
from bridge.query._lists import joined_after, opener, without_members
from bridge.query._merge import AGAINST, merge_filters, unique
from bridge.query._words import Range, cut, has_content, merge, subtract, tidy, with_introduction, words
from bridge.schema import Schema

_ROLE_ORDER = {"filter": 0, "exclude": 1, "expand": 2, "boost": 3, "demote": 4, "sort": 5}


def plain_plan(
    schema: Schema,
    text: str,
    generation: str,
    *notes: str,
    mode: Literal["filters", "tiers"] = "filters",
    flags: dict[str, Any] | None = None,
) -> Plan:
    """A plan that changes nothing, with the reasons."""
    explain = tuple(Explanation(None, "note", note) for note in notes)
    return Plan(schema.name, text, text, explain=explain, generation=generation, mode=mode, flags=flags or {})


def assemble(
    schema: Schema,
    text: str,
    decisions: Sequence[Decision],
    *,
    named: Sequence[tuple[Range, Range]] = (),
    void: Sequence[Range] = (),
    disabled: frozenset[str] = frozenset(),
    generation: str,
    mode: Literal["filters", "tiers"],
    notes: Iterable[str] = (),
    explain: Iterable[Explanation] = (),
    proposed: Mapping[Entity, tuple[Entity, ...]] | None = None,
    flags: dict[str, Any] | None = None,
) -> Plan:
    """The plan of one text.

    `named` are the user's own `label:value` stretches as (whole, value): once a clause exists for the value, the name
    and sign leave the required text, and the value too where the clause is a filter or an exclusion. `void` are
    stretches of which nobody knows whether they are wanted. `disabled` are names of clauses that the request switched
    off. `proposed` are the model's spans with their runners-up.
    """
    decisions = _switch_off(decisions, disabled)
    decisions = _without_bare_exclusions(text, _with_openers(text, _with_named(decisions, named)), void)
    decisions = _without_contradictions(decisions)
    parts = merge_filters([d for d in decisions if d.clause is not None])
    merged = _switch_off([part.decision for part in parts], disabled)
    clauses = tuple(sorted(unique(d.clause for d in merged), key=clause_order))
    entities = _entities(merged)
    lines = [*_lines(merged), *_lines(d for d in decisions if d.clause is None), *explain]
    others = {_place(entity): found for entity, found in (proposed or {}).items()}
    lines = [replace(line, runners_up=others.get(_place(line.entity), ())) for line in lines]
    return Plan(
        schema=schema.name,
        text=text,
        required=required_text(text, merged, named),
        clauses=clauses,
        entities=entities,
        explain=(*sorted(lines, key=_line_order), *(Explanation(None, "note", note) for note in notes)),
        chips=chips(text, clauses, parts),
        generation=generation,
        mode=mode,
        flags=flags or {},
    )


def required_text(text: str, decisions: Iterable[Decision], named: Sequence[tuple[Range, Range]] = ()) -> str:
    """What must still match as text: the text without what clauses took, but never without its last word.

    Value words come back first, then everything but the names of `label:value` stretches and what is not wanted, then
    the whole text.
    """
    kept = [d for d in decisions if d.clause is not None]
    consumed = with_introduction(text, merge(r for d in kept if d.clause for r in d.clause.consumes))
    values = [r for d in kept for r in d.value_words]
    if not consumed and not values:
        return text
    left = without_members(text, merge([*consumed, *values])) if values else ""
    for less in (left, without_members(text, consumed), cut(text, subtract(consumed, [value for _, value in named]))):
        if less != text and has_content(less):
            return tidy(less)
    less = cut(text, _against(kept))
    return tidy(less) if less != text and has_content(less) else text


def _switch_off(decisions: Iterable[Decision], disabled: frozenset[str]) -> list[Decision]:
    result = []
    for decision in decisions:
        if decision.clause is not None and decision.clause.name in disabled:
            reason = "switched off by the request"
            decision = Decision(tuple(Explanation(e, "rejected", reason) for e in decision.entities))
        result.append(decision)
    return result


def _with_named(decisions: Sequence[Decision], named: Sequence[tuple[Range, Range]]) -> list[Decision]:
    result = []
    for decision in decisions:
        clause = decision.clause
        whole = next((w for w, value in named if clause is not None and (clause.start, clause.end) == value), None)
        if clause is not None and whole is not None:
            hard = clause.role in ("filter", "exclude", "demote") or not isinstance(clause.condition, Terms)
            parts = (whole,) if hard else ((whole[0], clause.start), (clause.end, whole[1]))
            clause = replace(clause, consumes=tuple(merge(parts)))
            decision = replace(decision, clause=clause)
        result.append(decision)
    return result


def _with_openers(text: str, decisions: Iterable[Decision]) -> list[Decision]:
    """`either` leaves the required text once its list has a clause."""
    found = words(text)
    result = []
    for decision in decisions:
        clause = decision.clause
        span = None if clause is None else opener(text, found, clause.start)
        if clause is not None and span is not None and joined_after(text, found, clause.end) is not None:
            decision = replace(decision, clause=replace(clause, consumes=tuple(merge((*clause.consumes, span)))))
        result.append(decision)
    return result


def _without_bare_exclusions(text: str, decisions: Sequence[Decision], void: Sequence[Range]) -> list[Decision]:
    """Nothing is left out of a query that asks for nothing else: all its words would be those not wanted."""
    against = _against(decisions)
    if not against or has_content(cut(text, with_introduction(text, merge([*against, *void])))):
        return list(decisions)
    reason = "nothing else is looked for"
    return [
        d if d.clause is None or d.clause.role not in AGAINST else rejected(d.entities[0], reason) for d in decisions
    ]


def _without_contradictions(decisions: Sequence[Decision]) -> list[Decision]:
    """What is asked for and not wanted at once is asked for: "sedan not sedan" must find something."""
    wanted: dict[tuple[str, str], set[Scalar]] = {}
    for decision in decisions:
        clause = decision.clause
        if clause is not None and clause.role == "filter" and isinstance(clause.condition, Terms):
            wanted.setdefault((clause.label, clause.condition.field), set()).update(clause.condition.values)
    result: list[Decision] = []
    for decision in decisions:
        clause = decision.clause
        if clause is not None and clause.role == "exclude" and isinstance(clause.condition, Terms):
            values = wanted.get((clause.label, clause.condition.field))
            if values and values <= set(clause.condition.values):
                decision = rejected(decision.entities[0], "the query asks for it as well")
        result.append(decision)
    return result


def _against(decisions: Iterable[Decision]) -> list[Range]:
    """What exclusions and demotions took of the text."""
    return merge(r for d in decisions if d.clause is not None and d.clause.role in AGAINST for r in d.clause.consumes)


def _entities(decisions: Iterable[Decision]) -> tuple[Entity, ...]:
    found = {e: None for d in decisions for e in d.entities if e.label != "text"}
    return tuple(sorted(found, key=lambda e: (e.start, e.end, e.label, e.source)))


def _lines(decisions: Iterable[Decision]) -> list[Explanation]:
    return [line for decision in decisions for line in decision.explain]


def _place(entity: Entity | None) -> tuple[str, int, int] | None:
    """What tells a span of the model from others, also where a decision has given it a value or negated it."""
    return None if entity is None or entity.source != "model" else (entity.label, entity.start, entity.end)


def _line_order(line: Explanation) -> tuple[int, int, int, str, str]:
    entity = line.entity
    if entity is None:
        return (1, 0, 0, "", line.reason)
    return (0, entity.start, entity.end, entity.label, line.reason)


def clause_order(clause: Clause) -> tuple[int, int, int, str, str]:
    return (_ROLE_ORDER[clause.role], clause.start, clause.end, clause.name, repr(clause.condition))
