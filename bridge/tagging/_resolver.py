"""The one place where overlapping entities are decided.

Order, most trusted first:

1. source: user syntax, dictionary, grammar, model; but a dictionary value that is only a part of what the grammar read
   (a brand `Gigabyte` in `512 gigabytes`, a film `Up` in `up to 95 minutes`) goes after the grammar;
2. for syntax, dictionary and grammar the longer stretch of text, for the model the higher score, then the longer;
3. what is left is decided by position and label, so that the same candidates always give the same result.

Whatever overlaps something already accepted is rejected. Only one overlap stays: different labels whose dictionaries
hold a value for exactly the same stretch (`apple` as a brand and as a flavour): neither reading may win by chance.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.entities import Entity

_RANK = {"syntax": 0, "dictionary": 1, "grammar": 2, "model": 3}


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that lost, why, and to whom (None where it was no candidate at all)."""

    entity: Entity
    reason: str
    by: Entity | None = None


def resolve(candidates: Sequence[Entity], *, text: str) -> tuple[list[Entity], list[Rejected]]:
    """Decide all overlaps in one text: accepted entities in reading order, and the rejected ones with reasons.

    Candidates that do not lie inside `text` or are empty are rejected. Time: n log n in the number of candidates.
    """
    accepted: list[Entity] = []
    rejected: list[Rejected] = []
    said: set[tuple[int, int, str]] = set()
    taken: list[tuple[int, int, int]] = []  # (start, end, position in `accepted`), sorted, without overlaps
    grammar = sorted((one.start, one.end) for one in candidates if one.source == "grammar")
    for candidate in sorted(candidates, key=lambda one: (_rank(one, grammar), *_order(one))):
        if not 0 <= candidate.start < candidate.end <= len(text):
            rejected.append(Rejected(candidate, "outside of the text"))
            continue
        winner = _overlapping(taken, candidate)
        if winner is None:
            insort(taken, (candidate.start, candidate.end, len(accepted)))
            accepted.append(candidate)
            said.add((candidate.start, candidate.end, candidate.label))
            continue
        other = accepted[winner]
        if _same_stretch(other, candidate) and candidate.source == other.source == "dictionary":
            if (candidate.start, candidate.end, candidate.label) in said:
                rejected.append(Rejected(candidate, _reason(candidate, other), other))
            else:
                said.add((candidate.start, candidate.end, candidate.label))
                accepted.append(candidate)
        else:
            rejected.append(Rejected(candidate, _reason(candidate, other), other))
    accepted.sort(key=lambda entity: (entity.start, entity.end, entity.label))
    rejected.sort(key=lambda one: (one.entity.start, one.entity.end, _order(one.entity)))
    return accepted, rejected


def _rank(entity: Entity, grammar: Sequence[tuple[int, int]]) -> float:
    """The rank of an entity's source; `grammar` are the stretches that the grammar read, sorted."""
    if entity.source == "dictionary":
        at = bisect_right(grammar, (entity.start, float("inf")))
        inside = at > 0 and entity.end <= grammar[at - 1][1]
        if inside and grammar[at - 1] != (entity.start, entity.end):
            return _RANK["grammar"] + 0.5
    return _RANK[entity.source]


def _order(entity: Entity) -> tuple[object, ...]:
    length = entity.end - entity.start
    strength = (-entity.score, -length) if entity.source == "model" else (-length, -entity.score)
    return (*strength, entity.start, entity.label, str(entity.value), entity.text)


def _overlapping(taken: list[tuple[int, int, int]], candidate: Entity) -> int | None:
    """Position in `accepted` of the first accepted entity that overlaps the candidate."""
    at = bisect_left(taken, (candidate.start, candidate.start, -1))
    if at > 0 and taken[at - 1][1] > candidate.start:
        return taken[at - 1][2]
    if at < len(taken) and taken[at][0] < candidate.end:
        return taken[at][2]
    return None


def _same_stretch(one: Entity, other: Entity) -> bool:
    return one.start == other.start and one.end == other.end


def _reason(loser: Entity, winner: Entity) -> str:
    if _same_stretch(loser, winner) and loser.label == winner.label:
        return f"said already by {winner.source}"
    if loser.source != winner.source:
        return f"overlaps {winner.label} from {winner.source}, which is trusted more than {loser.source}"
    if loser.source == "model":
        return f"overlaps {winner.label}, which scored higher"
    return f"overlaps {winner.label}, which is longer or comes first"
