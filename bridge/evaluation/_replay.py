"""A query log searched twice, the old way and the new one: what changes for whom, before anything is switched on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bridge.errors import InputError


@dataclass(frozen=True, slots=True)
class Found:
    """What one search found.

    Attributes:
        ids: the first hits, best first.
        total: all hits.
        own_ms: milliseconds of understanding and rewriting; 0.0 for a search as it is written.
        engine_ms: milliseconds until the engine had answered.
        shown: what people know the first hits by, in the order of `ids`.
        clauses: what the query was understood as, in the notation of cases; empty where nothing was.
        rewritten: whether another body was sent than the caller wrote.
        refused: why the engine did not answer, in its words; empty where it did.
    """

    ids: tuple[str, ...]
    total: int
    own_ms: float
    engine_ms: float
    shown: tuple[str, ...] = ()
    clauses: str = ""
    rewritten: bool = False
    refused: str = ""

    @property
    def ms(self) -> float:
        return self.own_ms + self.engine_ms

    @property
    def shown_ids(self) -> list[tuple[str, str]]:
        """The first five hits as (id, what it is known by)."""
        return list(zip(self.ids, self.shown, strict=False))[:5]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One query of a log, asked `count` times, under both ways; `k` places are compared."""

    query: str
    count: int
    old: Found
    new: Found
    k: int

    @property
    def overlap(self) -> float:
        """Share of the first `k` places that hold the same documents, whatever their order; 1 where both are empty."""
        before, after = set(self.old.ids[: self.k]), set(self.new.ids[: self.k])
        longest = max(len(before), len(after))
        return len(before & after) / longest if longest else 1.0

    @property
    def emptied(self) -> bool:
        """Whether there were hits and there are none any more, or no answer."""
        return self.old.total > 0 and self.new.total == 0

    def to_json(self) -> dict[str, Any]:
        refused = [self.old.refused, self.new.refused]
        return {
            "query": self.query,
            **({"refused": refused} if any(refused) else {}),
            "count": self.count,
            "overlap": round(self.overlap, 3),
            "hits": [self.old.total, self.new.total],
            "rewritten": self.new.rewritten,
            "clauses": [self.old.clauses, self.new.clauses],
            "ids": [list(self.old.ids[: self.k]), list(self.new.ids[: self.k])],
            "ms": [round(self.old.ms, 2), round(self.new.ms, 2)],
        }


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """A whole log. Shares and means weigh a query by how often it was asked; latencies are of each query once."""

    old: str
    new: str
    k: int
    queries: tuple[Replayed, ...]

    @property
    def searches(self) -> int:
        return sum(one.count for one in self.queries)

    def share(self, what: Callable[[Replayed], float | bool]) -> float:
        """Mean of something over all searches."""
        return sum(one.count * what(one) for one in self.queries) / self.searches

    @property
    def rewritten(self) -> float:
        return self.share(lambda one: one.new.rewritten)

    @property
    def changed(self) -> float:
        """Share of the searches whose first places differ, in documents or in order."""
        return self.share(lambda one: one.old.ids[: self.k] != one.new.ids[: self.k])

    @property
    def overlap(self) -> float:
        return self.share(lambda one: one.overlap)

    @property
    def zero_hits(self) -> tuple[float, float]:
        """Share of the searches without a hit, the old way and the new one."""
        return self.share(lambda one: one.old.total == 0), self.share(lambda one: one.new.total == 0)

    @property
    def refused(self) -> tuple[int, int]:
        """Queries that the engine refuses, the old way and the new one."""
        return sum(bool(one.old.refused) for one in self.queries), sum(bool(one.new.refused) for one in self.queries)

    def latency(self, part: Callable[[Found], float], *, new: bool) -> tuple[float, float]:
        """Median, and what 95 of 100 queries stay below, in milliseconds."""
        times = sorted(part(one.new if new else one.old) for one in self.queries)
        return median(times), times[min(len(times) - 1, int(0.95 * len(times)))]

    def worst(self, most: int) -> list[Replayed]:
        """The changes to look at first: emptied results, then those that most searches see most of."""
        changed = [one for one in self.queries if one.emptied or one.overlap < 1.0]
        changed.sort(key=lambda one: (not one.emptied, -one.count * (1 - one.overlap), one.query))
        return changed[:most]

    def filled(self, most: int) -> list[Replayed]:
        """Queries that found nothing and now find something, most frequent first."""
        found = [one for one in self.queries if one.old.total == 0 and one.new.total]
        return sorted(found, key=lambda one: (-one.count, one.query))[:most]

    def rows(self) -> list[tuple[str, str, str]]:
        """What the tables show: name, old, new."""
        before, after = (f"{100 * share:.1f} %" for share in self.zero_hits)
        rows = [
            ("searches that are rewritten", "", f"{100 * self.rewritten:.1f} %"),
            (f"searches whose first {self.k} change", "", f"{100 * self.changed:.1f} %"),
            (f"overlap@{self.k}", "", f"{self.overlap:.3f}"),
            ("searches without hits", before, after),
        ]
        before_refused, after_refused = self.refused
        if before_refused or after_refused:
            rows.append(("queries that the engine refuses", str(before_refused), str(after_refused)))
        for name, part in (("latency", _all), ("of it here", _own), ("of it in the engine", _engine)):
            times = [self.latency(part, new=new) for new in (False, True)]
            old, new_ = (f"{middle:.1f} / {high:.1f} ms" for middle, high in times)
            rows.append((f"{name}, median / 95 of 100", old, new_))
        return rows

    def to_json(self, most: int | None = None) -> dict[str, Any]:
        """Plain data; `most` limits the examples, None gives every query."""
        old, new = (self.latency(_all, new=new) for new in (False, True))
        own, engine = (self.latency(part, new=True) for part in (_own, _engine))
        examples = self.queries if most is None else self.worst(most)
        return {
            "old": self.old,
            "new": self.new,
            "k": self.k,
            "queries": len(self.queries),
            "searches": self.searches,
            "rewritten": round(self.rewritten, 4),
            "changed": round(self.changed, 4),
            "overlap": round(self.overlap, 4),
            "zero_hits": [round(share, 4) for share in self.zero_hits],
            "refused": list(self.refused),
            "emptied": sum(one.emptied for one in self.queries),
            "latency_ms": {
                "old": _times(old),
                "new": _times(new),
                "new_here": _times(own),
                "new_in_the_engine": _times(engine),
            },
            "worst" if most is not None else "all": [one.to_json() for one in examples],
        }


def replay(
    queries: Mapping[str, int],
    old: Callable[[str], Found],
    new: Callable[[str], Found],
    *,
    names: tuple[str, str] = ("plain", "bridge"),
    k: int = 10,
    progress: Callable[[int], None] | None = None,
) -> ReplayReport:
    """Search every query of a log both ways.

    Which way goes first changes from query to query, as the second one finds the engine's caches warm; the first query
    is asked once more before anything is timed.

    Args:
        queries: how often each was asked.
        old, new: the two ways.
        names: of both.
        k: places that are compared.
        progress: called with the number of queries done.

    Raises:
        InputError: there is no query.
    """
    if not queries:
        raise InputError("there are no queries", hint="one query a line, or JSON lines with `query` and `count`")
    for way in (old, new):
        way(next(iter(queries)))
    found: list[Replayed] = []
    for number, (query, count) in enumerate(queries.items()):
        if number % 2:
            after = new(query)
            before = old(query)
        else:
            before = old(query)
            after = new(query)
        found.append(Replayed(query, count, before, after, k))
        if progress is not None:
            progress(number + 1)
    return ReplayReport(*names, k, tuple(found))


def _all(found: Found) -> float:
    return found.ms


def _own(found: Found) -> float:
    return found.own_ms


def _engine(found: Found) -> float:
    return found.engine_ms


def _times(times: Sequence[float]) -> dict[str, float]:
    return {"median": round(times[0], 2), "p95": round(times[1], 2)}
