"""How a model bears what a schema's author may do to its labels: ask for many more, or list them in another order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.errors import InputError
from bridge.evaluation._examples import Example
from bridge.evaluation._ner import SWEEP, evaluate_set
from bridge.evaluation._spans import SpanScore
from bridge.scorer import Scorer


def f1_by_label_count(
    scorer: Scorer,
    examples: Sequence[Example],
    distractors: Sequence[str],
    *,
    counts: Sequence[int] = (10, 60),
    threshold: float | None = None,
    seed: int = 0,
) -> Mapping[int, float]:
    """Micro F1 on the same labels of a set while more and more others are asked for as well.

    The set's most frequent labels are asked for, as many as the smallest count allows; distractors fill the rest, and
    a span with a distractor's label counts as wrong.

    Args:
        scorer: the model.
        examples: annotated texts.
        distractors: labels that are true of nothing in these texts; names of the set's own labels are left out.
        counts: how many labels are asked for, ascending.
        threshold: of all counts; None takes the best of the smallest count, as a schema would be tuned.
        seed: of the choice of distractors.

    Raises:
        InputError: there are too few distractors for the largest count.
    """
    found = Counter(m.label for e in examples for m in e.mentions)
    own = [label for label, _ in found.most_common(min(counts))]
    others = [label for label in dict.fromkeys(distractors) if label not in found]
    random.Random(seed).shuffle(others)
    missing = max(counts) - len(own) - len(others)
    if missing > 0:
        raise InputError(f"{missing} distractor labels are missing to ask for {max(counts)} labels")
    result: dict[int, float] = {}
    for count in sorted(counts):
        asked = [*own, *others[: count - len(own)]]
        report = evaluate_set(scorer, examples, name="", labels=asked, thresholds=SWEEP, timed=False)
        if threshold is None:
            threshold = report.best
        result[count] = _at(report.scores, threshold)
    return result


def f1_by_label_order(
    scorer: Scorer, examples: Sequence[Example], *, orders: int = 5, threshold: float = 0.5, seed: int = 0
) -> list[float]:
    """Micro F1 with all labels of a set, asked for in `orders` different orders."""
    labels = sorted({m.label for e in examples for m in e.mentions})
    rng = random.Random(seed)
    scores = []
    for _ in range(orders):
        rng.shuffle(labels)
        report = evaluate_set(scorer, examples, name="", labels=labels, thresholds=(threshold,), timed=False)
        scores.append(report.scores[threshold].micro.f1)
    return scores


def _at(scores: Mapping[float, SpanScore], threshold: float) -> float:
    return scores[min(scores, key=lambda one: abs(one - threshold))].micro.f1


def robustness_json(counts: Mapping[int, float], orders: Sequence[float]) -> dict[str, Any]:
    """Plain data of both measures; what was not measured is left out."""
    data: dict[str, Any] = {}
    if counts:
        data["f1_by_label_count"] = {str(count): round(f1, 4) for count, f1 in counts.items()}
    if orders:
        data["f1_by_label_order"] = {"least": round(min(orders), 4), "most": round(max(orders), 4)}
    return data
