"""Ranked results against graded judgements: how good they are, with and without judgements for every hit.

Judgements are usually pooled from other rankings, so a new ranking brings up documents that nobody has judged. Counting
those as worthless punishes every change; *condensed* nDCG takes them out of the ranking first (Sakai, "Alternatives to
Bpref", SIGIR 2007). Both are reported, with the share of judged documents that says how far to trust them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from statistics import fmean
from typing import Any

import numpy as np

from bridge.errors import InputError

#: Document id → rating, 0 for a worthless one.
Judged = Mapping[str, int]
#: Query → its judgements.
Judgements = Mapping[str, Judged]
#: A document of this rating or more is worth keeping: a filter that removes it does harm.
GOOD = 2
#: Differences of nDCG up to this are no win and no loss.
TIE = 1e-6
_SHUFFLES = 20_000


@dataclass(frozen=True, slots=True)
class Ranking:
    """What one search found: ids, best first, and the number of all hits.

    `kept` are those of the query's good documents that are hits, wherever they rank.
    """

    ids: tuple[str, ...]
    total: int
    kept: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class QueryScore:
    """One query under one way of searching, all shares 0..1.

    `ndcg`, `condensed` and `recall` are None for a query without a document that is rated above 0.
    """

    query: str
    ndcg: float | None
    condensed: float | None
    recall: float | None
    judged: float
    total: int
    kept: frozenset[str]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One metric of a new way of searching against a baseline, over the queries that have it in both.

    `wins` and `losses` are (query, difference), the largest first. `p` is the two-sided p-value of a paired
    permutation test on the differences: how often signs dealt at random give a mean as far from 0.
    """

    metric: str
    queries: int
    baseline: float
    new: float
    wins: tuple[tuple[str, float], ...]
    losses: tuple[tuple[str, float], ...]
    p: float

    @property
    def difference(self) -> float:
        return self.new - self.baseline

    def to_json(self) -> dict[str, Any]:
        return {
            "metric": self.metric,
            "queries": self.queries,
            "baseline": round(self.baseline, 4),
            "new": round(self.new, 4),
            "difference": round(self.difference, 4),
            "p": round(self.p, 5),
            "wins": [[query, round(change, 4)] for query, change in self.wins],
            "losses": [[query, round(change, 4)] for query, change in self.losses],
        }


@dataclass(frozen=True, slots=True)
class RelevanceReport:
    """All queries of one way of searching. Means of nDCG and recall leave out queries that have none."""

    name: str
    scores: tuple[QueryScore, ...]
    k: int
    depth: int

    def mean(self, metric: str) -> float:
        """Mean of `ndcg`, `condensed`, `recall` or `judged` over the queries that have it."""
        known = [value for score in self.scores if (value := getattr(score, metric)) is not None]
        return fmean(known) if known else 0.0

    @property
    def zero_hits(self) -> int:
        """Queries that found nothing."""
        return sum(score.total == 0 for score in self.scores)

    def removed(self, baseline: RelevanceReport) -> tuple[int, int]:
        """Good documents that the baseline finds and this does not, and how many the baseline finds."""
        before = {score.query: score.kept for score in baseline.scores}
        lost = sum(len(before[score.query] - score.kept) for score in self.scores if score.query in before)
        return lost, sum(len(kept) for kept in before.values())

    def against(self, baseline: RelevanceReport, metric: str, *, seed: int = 0) -> Comparison:
        """This way against `baseline` by `ndcg`, `condensed` or `recall`, with a seeded permutation test."""
        before = {score.query: getattr(score, metric) for score in baseline.scores}
        pairs = [
            (score.query, old, new)
            for score in self.scores
            if (new := getattr(score, metric)) is not None and (old := before.get(score.query)) is not None
        ]
        changes = [(query, new - old) for query, old, new in pairs]
        return Comparison(
            metric,
            len(pairs),
            fmean(old for _, old, _ in pairs) if pairs else 0.0,
            fmean(new for _, _, new in pairs) if pairs else 0.0,
            tuple(sorted((c for c in changes if c[1] > TIE), key=lambda c: (-c[1], c[0]))),
            tuple(sorted((c for c in changes if c[1] < -TIE), key=lambda c: (c[1], c[0]))),
            permutation_p([change for _, change in changes], seed=seed),
        )

    def to_json(self) -> dict[str, Any]:
        means = {name: round(self.mean(name), 4) for name in ("ndcg", "condensed", "recall", "judged")}
        return {"name": self.name, "queries": len(self.scores), **means, "zero_hits": self.zero_hits}


def evaluate_relevance(
    judgements: Judgements,
    search: Callable[[str, Sequence[str]], Ranking],
    *,
    name: str,
    k: int = 10,
    depth: int = 200,
) -> RelevanceReport:
    """Search every judged query once and score what comes back.

    Args:
        judgements: ratings by query.
        search: gets a query and its good documents; answers the ranking down to `depth`, and which of those documents
            are hits at all.
        name: of this way of searching, for the report.
        k: nDCG and the share of judged documents look at so many places.
        depth: recall, and the ranking that unjudged documents are taken out of, look at so many.
    """
    if not judgements:
        raise InputError("there are no judgements", hint="a CSV with the columns query,doc_id,rating is expected")
    scores = []
    for query, judged in judgements.items():
        ranking = search(query, sorted(id_ for id_, rating in judged.items() if rating >= GOOD))
        ids = ranking.ids[:depth]
        scores.append(
            QueryScore(
                query,
                ndcg(ids, judged, k),
                ndcg([id_ for id_ in ids if id_ in judged], judged, k),
                recall(ids, judged),
                sum(id_ in judged for id_ in ids[:k]) / len(ids[:k]) if ids else 1.0,
                ranking.total,
                ranking.kept,
            )
        )
    return RelevanceReport(name, tuple(scores), k, depth)


def ndcg(ids: Sequence[str], judged: Judged, k: int = 10) -> float | None:
    """Normalised discounted cumulative gain, 0..1, with gains of 2^rating - 1; a document that is not judged gains 0.

    None where no document is rated above 0, as every ranking is then as good as any other.
    """
    best = _dcg(sorted(judged.values(), reverse=True)[:k])
    return _dcg([judged.get(id_, 0) for id_ in ids[:k]]) / best if best else None


def recall(ids: Sequence[str], judged: Judged) -> float | None:
    """Share of the documents rated above 0 that are among `ids`; None where there are none."""
    wanted = {id_ for id_, rating in judged.items() if rating > 0}
    return len(wanted.intersection(ids)) / len(wanted) if wanted else None


def permutation_p(changes: Sequence[float], *, seed: int = 0, shuffles: int = _SHUFFLES) -> float:
    """Two-sided p-value of a paired permutation test that the mean change is 0; 1.0 without any change.

    Signs are dealt at random `shuffles` times from a generator seeded with `seed`, so the same changes give the same
    value. The observed signs count as one deal, so the value is never 0.
    """
    values = np.array([change for change in changes if abs(change) > TIE])
    if not len(values):
        return 1.0
    signs = np.random.default_rng(seed).integers(0, 2, (shuffles, len(values)), dtype=np.int8) * 2 - 1
    seen = np.abs(signs @ values) >= abs(values.sum()) - 1e-9
    return float((seen.sum() + 1) / (shuffles + 1))


def _dcg(ratings: Sequence[int]) -> float:
    return sum((2.0**rating - 1) / log2(place + 2) for place, rating in enumerate(ratings))
