"""What all decisions share: what they look at, what they give, and the words in which they say why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bridge.clauses import Clause, Condition, Explanation, Role
from bridge.entities import Entity, Stats
from bridge.query._names import name_of
from bridge.query._words import Range as TextRange
from bridge.schema import Schema

#: How much of its score a hit keeps that has what the user said they do not want. The user's own text still scores
#: (it names the unwanted word), so this must outweigh one good match.
DEMOTED = 0.2
IGNORED = "the schema ignores this label"


@dataclass(frozen=True, slots=True)
class Context:
    """What decisions look at beside the value itself."""

    schema: Schema
    text: str
    fill_rate: Callable[[str], float | None]
    stats: Callable[[str], Stats | None]
    #: Whether an entity (linked by a synonym?) is what the query is for, and whether it ends its phrase:
    #: see `bridge.query._position`.
    is_head: Callable[[Entity, bool], bool]
    ends_phrase: Callable[[Entity], bool]
    #: Why a value of a label with `position: any` may not filter where it stands: see `bridge.query._modifiers`.
    refusal: Callable[[Entity], str | None]
    #: The whole query is one value or title: it stays plain, values only boost.
    whole: bool = False
    #: Text in a language without a grammar pack: exact dictionary values as boosts, nothing else.
    foreign: bool = False
    #: Cue and words of each negated entity, by the entity's range.
    negated: Mapping[TextRange, TextRange] | None = None
    #: How precise the model's spans of a label were measured to be; None where nobody measured.
    precision: Callable[[str], float | None] = lambda _: None
    #: The moment of the query in the schema's zone.
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Decision:
    """A clause with the entities behind it, or the reason why there is none.

    `value_words` are the words of the value itself; they leave the required text only where the schema says so.
    """

    explain: tuple[Explanation, ...]
    clause: Clause | None = None
    entities: tuple[Entity, ...] = ()
    value_words: tuple[TextRange, ...] = ()


def accepted(clause: Clause, entities: tuple[Entity, ...], reason: str) -> Decision:
    lines = tuple(Explanation(e, "clause", f"{clause.role}: {reason}", clause.name) for e in entities)
    return Decision(lines, clause, entities)


def rejected(entity: Entity, reason: str) -> Decision:
    return Decision((Explanation(entity, "rejected", reason),))


def clause_for(role: Role, condition: Condition, entity: Entity, value: str, boost: float, relax: int) -> Clause:
    """The clause of one entity; a demotion has a strength of its own."""
    name = name_of(entity.label, value, negated=role in ("exclude", "demote"))
    boost = DEMOTED if role == "demote" else boost
    return Clause(role, condition, entity.label, name, boost, entity.start, entity.end, relax=relax)


def first_reason(*reasons: tuple[bool, str]) -> str | None:
    """The first reason that holds."""
    return next((reason for holds, reason in reasons if holds), None)


def share(rate: float | None) -> str:
    """A share as people read it: `34 %`."""
    return f"{100 * (rate or 0.0):.0f} %"
