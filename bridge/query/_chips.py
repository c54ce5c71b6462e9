"""Chips: what each clause is called on a search page, and the user's text without it.

A clause with several values has a chip for each of them, so that "nike or adidas shoes" can go on without Nike.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.clauses import Chip, Clause
from bridge.query._decisions import Decision
from bridge.query._lists import without_members
from bridge.query._merge import Merged, says_the_same, unique
from bridge.query._names import PREFIX
from bridge.query._words import Range, cut, merge, tidy, with_introduction


def chips(text: str, clauses: Sequence[Clause], merged: Sequence[Merged]) -> tuple[Chip, ...]:
    """The chips of the clauses, in their order; `merged` are the decisions that they come from."""
    members = [member for one in merged for member in one.members]
    made: list[Chip] = []
    for clause in clauses:
        own = [m for one in merged if _is(one.decision, clause) for m in one.members]
        alternatives = unique(m.clause for m in own)
        for one in alternatives if len(alternatives) > 1 else [clause]:
            gone = [m for m in members if _is(m, one)] + (own if one is clause else [])
            made.append(Chip(one.name, one.label, chip_text(one), _without(text, gone, members)))
    return tuple(made)


def chip_text(clause: Clause) -> str:
    """What a chip shows: the label and the value, with `not` before a value that is not wanted."""
    label = clause.label.replace("_", " ")
    body = clause.name.removeprefix(PREFIX).removeprefix(clause.label)
    if body.startswith("!="):
        return f"not {body[2:]}" if clause.label == "text" else f"{label}: not {body[2:]}"
    return f"{label}: {body.partition('=')[2]}"


def _is(decision: Decision, clause: Clause) -> bool:
    """Whether a decision led to a clause, or to another that asks for the same in one of its fields."""
    own = decision.clause
    return own is not None and (says_the_same(own, clause) or bool(_parts(own.name) & _parts(clause.name)))


def _parts(name: str) -> frozenset[str]:
    """`brand=Jumpers` and `line=Jumpers` for a clause that either field may meet (`brand|line=Jumpers`)."""
    labels, sign, value = name.removeprefix(PREFIX).partition("=")
    return frozenset(f"{label}{sign}{value}" for label in labels.split("|"))


def _without(text: str, gone: Sequence[Decision], members: Sequence[Decision]) -> str:
    """The text without what led to the decisions: their words, their cues, and what joined them to others."""
    plain: list[Range] = []
    chained: list[Range] = []
    for decision in gone:
        clause = decision.clause
        if clause is None:
            continue
        ends = {end for _, end in clause.consumes}
        following = [
            other.clause.start
            for other in members
            if other.clause is not None and any(start in ends for start, _ in other.clause.consumes)
        ]
        if following:
            # "not red or blue" without red is "not blue": the cue stays for those that follow in the list.
            chained.append((clause.start, following[0]))
        else:
            plain += [*((e.start, e.end) for e in decision.entities), *clause.consumes]
    ranges = with_introduction(text, merge([*plain, *chained]))
    labels = {e.label for decision in gone for e in decision.entities}
    alike = [(e.start, e.end) for decision in members for e in decision.entities if e.label in labels]
    return tidy(cut(text, ranges) if chained else without_members(text, ranges, alike))
