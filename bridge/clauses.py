"""The engine-neutral result of query understanding: conditions, clauses and the plan.

Nothing here knows a query DSL; `bridge.engines.dsl` turns a `Plan` into one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from bridge.entities import Entity, Interval, Scalar

#: What a clause does to a search.
#:   filter   hits must match, no influence on the score
#:   exclude  hits must not match
#:   boost    matching hits score higher (`should`)
#:   demote   matching hits score lower (`boosting.negative`)
#:   expand   hits may match this instead of the text (OR-ed into the user's leaf)
#:   sort     hits are ordered by the field, where the search has no order of its own; a boost where it has one
Role = Literal["filter", "exclude", "boost", "demote", "expand", "sort"]


@dataclass(frozen=True, slots=True)
class Terms:
    """The field holds one of the stored keys."""

    field: str
    values: tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """The numeric or date field lies in the interval, in the field's own unit."""

    field: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class Near:
    """The numeric or date field lies within `interval`, the better the nearer to `origin`; only in the role `boost`.

    The whole boost at `origin`, half of it at the interval's ends, nothing outside. `origin` is in the field's unit,
    milliseconds since 1970 for a date.
    """

    field: str
    origin: float
    interval: Interval


@dataclass(frozen=True, slots=True)
class Rank:
    """The field's values order the hits: the lowest or the highest first ("cheapest", "best rated").

    In the role `boost`, `origin` is the value that gets the whole boost and `pivot` the distance from it at which half
    is left, both in the field's unit (milliseconds for a date); a `rank_feature` field needs neither.
    """

    field: str
    order: Literal["lowest", "highest"]
    origin: float | None = None
    pivot: float | None = None


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one condition holds (the same value in two fields)."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """The analysed text fields hold these words as a phrase, in any one of the fields.

    Only for words that no stored value is known for, and only in the role `demote`: never a filter, never an exclusion.
    `unless` is a phrase that exempts a document: the user's own wording, so that "ban idiots not guns" is not held
    against the document of that title. Empty: nothing exempts.
    """

    fields: tuple[str, ...]
    text: str
    unless: str = ""


Condition = Terms | Range | Near | Rank | AnyOf | Match


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition, what it does, and the stretch of user text that it came from.

    `name` is `bridge:<label>=<value>`, shown by the engine in `matched_queries`.
    `consumes` are the code-point ranges of the user's text (cue words, amounts, negated words) that are no longer
    *required* once the clause is applied. `relax` orders relaxation: clauses with the highest number go first.
    """

    role: Role
    condition: Condition
    label: str
    name: str
    boost: float = 1.0
    start: int = 0
    end: int = 0
    consumes: tuple[tuple[int, int], ...] = ()
    relax: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """One line of explain: a candidate and what became of it.

    `runners_up` are the other readings that the model had for the words of a span of its own, best first.
    """

    entity: Entity | None
    decision: Literal["clause", "rejected", "relaxed", "note"]
    reason: str
    clause: str | None = None
    runners_up: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Chip:
    """One removable clause: `text` to show, `restored` = the user's text with this clause's words taken out."""

    name: str
    label: str
    text: str
    restored: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do to a search for one user text.

    `text` is the user's text as sent, `required` what must still match as text after the clauses took their words
    (equal to `text` when nothing was consumed). A plan without clauses changes nothing.
    """

    schema: str
    text: str
    required: str
    clauses: tuple[Clause, ...] = ()
    entities: tuple[Entity, ...] = ()
    explain: tuple[Explanation, ...] = ()
    chips: tuple[Chip, ...] = ()
    generation: str = ""
    #: `filters` = hard filters; `tiers` = filters become large constant scores (no engine to count with).
    mode: Literal["filters", "tiers"] = "filters"
    flags: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def changes(self) -> bool:
        """Whether applying this plan changes a search at all."""
        return bool(self.clauses)
