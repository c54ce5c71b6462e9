"""Assemble a plan: clauses in a fixed order, the text that is still required, chips, explain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Literal

from bridge.clauses import Chip, Clause, Explanation, Plan, Terms
from bridge.entities import Entity
from bridge.query._decisions import Decision
from bridge.query._names import PREFIX, name_of
from bridge.query._words import CONJUNCTIONS, Range, cut, has_content, merge, subtract, words
from bridge.schema import Schema

_ROLE_ORDER = {"filter": 0, "exclude": 1, "expand": 2, "boost": 3, "demote": 4, "sort": 5}
#: Words that lead to a consumed stretch and mean nothing without it ("shoes *for* under $50", "cake *but* not …").
_DANGLING = frozenset({"for", "at", "priced", "price", "costing", "costs", "cost", "and", "but", "with", "is", "are"})


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
    disabled: frozenset[str] = frozenset(),
    generation: str,
    mode: Literal["filters", "tiers"],
    notes: Iterable[str] = (),
    explain: Iterable[Explanation] = (),
    flags: dict[str, Any] | None = None,
) -> Plan:
    """The plan of one text.

    `named` are the user's own `label:value` stretches as (whole, value): once a clause exists for the value, the name
    and sign leave the required text, and the value too where the clause is a filter or an exclusion. `disabled` are
    names of clauses that the request switched off.
    """
    decisions = _switch_off(decisions, disabled)
    taken = _with_named([d for d in decisions if d.clause is not None], named)
    merged = _switch_off(_merge_filters(taken), disabled)
    clauses = tuple(sorted(_unique(d.clause for d in merged if d.clause), key=clause_order))
    entities = _entities(merged)
    lines = [*_lines(merged), *_lines(d for d in decisions if d.clause is None), *explain]
    return Plan(
        schema=schema.name,
        text=text,
        required=required_text(text, merged, named),
        clauses=clauses,
        entities=entities,
        explain=(*sorted(lines, key=_line_order), *(Explanation(None, "note", note) for note in notes)),
        chips=tuple(_chip(text, clause, merged) for clause in clauses),
        generation=generation,
        mode=mode,
        flags=flags or {},
    )


def required_text(text: str, decisions: Iterable[Decision], named: Sequence[tuple[Range, Range]] = ()) -> str:
    """What must still match as text: the text without what clauses took, but never without its last word.

    Value words come back first, then everything but the names of `label:value` stretches, then the whole text.
    """
    kept = [d for d in decisions if d.clause is not None]
    consumed = _dangling(text, merge(r for d in kept if d.clause for r in d.clause.consumes))
    values = [r for d in kept for r in d.value_words]
    if not consumed and not values:
        return text
    for ranges in ([*consumed, *values], consumed, subtract(consumed, [value for _, value in named])):
        left = cut(text, ranges)
        if ranges and has_content(left):
            return left
    return text


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


def _merge_filters(decisions: Sequence[Decision]) -> list[Decision]:
    """Filters for values of one field become one that lets each of them through: no document need hold them all."""
    by_field: dict[tuple[str, str], list[Decision]] = {}
    merged: list[Decision] = []
    for decision in decisions:
        clause = decision.clause
        if clause is not None and clause.role == "filter" and isinstance(clause.condition, Terms):
            by_field.setdefault((clause.label, clause.condition.field), []).append(decision)
        else:
            merged.append(decision)
    return merged + [_joined(group) for group in by_field.values()]


def _joined(group: Sequence[Decision]) -> Decision:
    if len(group) == 1:
        return group[0]
    clauses = sorted((d.clause for d in group if d.clause is not None), key=lambda c: (c.start, c.end))
    conditions = [c.condition for c in clauses if isinstance(c.condition, Terms)]
    values = tuple(sorted({v for c in conditions for v in c.values}, key=str))
    shown = dict.fromkeys(c.name.removeprefix(f"{PREFIX}{c.label}=") for c in clauses)
    clause = replace(
        clauses[0],
        condition=Terms(conditions[0].field, values),
        name=name_of(clauses[0].label, "|".join(shown)),
        start=min(c.start for c in clauses),
        end=max(c.end for c in clauses),
        consumes=tuple(merge(r for c in clauses for r in c.consumes)),
    )
    lines = tuple(replace(line, clause=clause.name) for d in group for line in d.explain)
    entities = tuple(e for d in group for e in d.entities)
    # A range over the words between two values would take those words too: each value keeps its own.
    return Decision(lines, clause, entities, tuple(r for d in group for r in d.value_words))


def _unique(clauses: Iterable[Clause | None]) -> list[Clause]:
    """The same condition said twice is one clause; its words are taken together."""
    seen: dict[tuple[str, object], Clause] = {}
    for clause in clauses:
        if clause is None:
            continue
        key = (clause.role, clause.condition)
        if key in seen:
            other = seen[key]
            seen[key] = replace(other, consumes=tuple(merge((*other.consumes, *clause.consumes))))
        else:
            seen[key] = clause
    return list(seen.values())


def _dangling(text: str, consumed: Sequence[Range]) -> list[Range]:
    """Consumed ranges with the function words that led to them."""
    found = words(text)
    grown = []
    for start, end in consumed:
        before = [w for w in found if w.end <= start]
        while before and before[-1].folded in _DANGLING and not text[before[-1].end : start].strip():
            start = before.pop().start
        grown.append((start, end))
    return merge(grown)


def _chip(text: str, clause: Clause, decisions: Sequence[Decision]) -> Chip:
    same = [
        d for d in decisions if d.clause is not None and (d.clause.role, d.clause.name) == (clause.role, clause.name)
    ]
    spans = [(e.start, e.end) for d in same for e in d.entities]
    ends = {end for _, end in clause.consumes}
    following = [d.clause for d in decisions if d.clause is not None and d.clause is not clause]
    chained = [c.start for c in following if any(start in ends for start, _ in c.consumes)]
    # "not red or blue" without red is "not blue": the cue stays for those that follow in the list.
    ranges = [(clause.start, chained[0])] if chained else [*spans, *clause.consumes]
    left = cut(text, _dangling(text, merge(ranges)))
    return Chip(clause.name, clause.label, chip_text(clause), _without_loose_ends(left))


def _without_loose_ends(text: str) -> str:
    """The text without a conjunction at its start or end, where a list has lost a member."""
    found = words(text)
    if found and found[-1].folded in CONJUNCTIONS and found[-1].end == len(text):
        text = text[: found[-1].start].rstrip(" ,")
    if found and found[0].folded in CONJUNCTIONS and found[0].start == 0:
        text = text[found[0].end :].lstrip(" ,")
    return text


def chip_text(clause: Clause) -> str:
    """What a chip shows: the label and the value, with `not` before a value that is not wanted."""
    label = clause.label.replace("_", " ")
    body = clause.name.removeprefix(PREFIX).removeprefix(clause.label)
    if body.startswith("!="):
        return f"not {body[2:]}" if clause.label == "text" else f"{label}: not {body[2:]}"
    return f"{label}: {body.partition('=')[2]}"


def _entities(decisions: Iterable[Decision]) -> tuple[Entity, ...]:
    found = {e: None for d in decisions for e in d.entities if e.label != "text"}
    return tuple(sorted(found, key=lambda e: (e.start, e.end, e.label, e.source)))


def _lines(decisions: Iterable[Decision]) -> list[Explanation]:
    return [line for decision in decisions for line in decision.explain]


def _line_order(line: Explanation) -> tuple[int, int, int, str, str]:
    entity = line.entity
    if entity is None:
        return (1, 0, 0, "", line.reason)
    return (0, entity.start, entity.end, entity.label, line.reason)


def clause_order(clause: Clause) -> tuple[int, int, int, str, str]:
    return (_ROLE_ORDER[clause.role], clause.start, clause.end, clause.name, repr(clause.condition))
