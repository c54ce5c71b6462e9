"""How well a model finds annotated spans: per set and label, over thresholds, with its speed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from bridge.evaluation._examples import Example
from bridge.evaluation._spans import SpanScore
from bridge.scorer import Scorer

#: Thresholds of a sweep.
SWEEP = tuple(round(0.1 + 0.05 * step, 2) for step in range(17))
#: Texts that are timed one by one, after a warm-up.
_TIMED = 100


@dataclass(frozen=True, slots=True)
class SetReport:
    """One set: scores by threshold and the speed of the model on its texts.

    `latency_ms` is the median time of one text alone with all labels of the set, warm, `latency_p95_ms` what 19 of 20
    texts stay below; `texts_per_second` is measured on the whole set in batches.
    """

    name: str
    texts: int
    labels: tuple[str, ...]
    scores: Mapping[float, SpanScore]
    texts_per_second: float
    latency_ms: float
    latency_p95_ms: float

    @property
    def best(self) -> float:
        """The threshold with the highest micro F1; the lower one on a tie."""
        return max(sorted(self.scores), key=lambda threshold: self.scores[threshold].micro.f1)

    def to_json(self) -> dict[str, Any]:
        """Plain data: micro scores by threshold, and per label at the best threshold."""
        by_label = self.scores[self.best].by_label
        return {
            "name": self.name,
            "texts": self.texts,
            "threshold": self.best,
            "by_threshold": {str(t): _numbers(s.micro) for t, s in sorted(self.scores.items())},
            "by_label": {label: _numbers(by_label[label]) for label in sorted(by_label)},
            "texts_per_second": round(self.texts_per_second, 1),
            "latency_ms": round(self.latency_ms, 2),
            "latency_p95_ms": round(self.latency_p95_ms, 2),
        }


def evaluate_set(
    scorer: Scorer,
    examples: Sequence[Example],
    *,
    name: str,
    labels: Sequence[str] | None = None,
    thresholds: Sequence[float] = SWEEP,
    batch_size: int = 16,
    timed: bool = True,
) -> SetReport:
    """Score one set.

    Args:
        scorer: the model.
        examples: annotated texts; they are joined by spaces and split again by the scorer, as in production.
        name: of the set, for the report.
        labels: what is asked for; None asks for all labels of the set.
        thresholds: each gets its own scores. One pass suffices: greedy decoding takes the best spans first, so the
            result at a threshold is the result at a lower one without the spans below it.
        batch_size: texts scored together.
        timed: whether single texts are timed as well; else the latency is 0.
    """
    asked = sorted({m.label for e in examples for m in e.mentions}) if labels is None else list(dict.fromkeys(labels))
    texts = [example.text for example in examples]
    order = sorted(range(len(texts)), key=lambda at: len(examples[at].words))
    began = time.perf_counter()
    found = scorer.predict([texts[at] for at in order], asked, min(thresholds), batch_size=batch_size)
    took = time.perf_counter() - began
    scores = {threshold: SpanScore() for threshold in thresholds}
    for at, tagged in zip(order, found, strict=True):
        truth = [mention for mention in examples[at].offsets() if mention[2] in asked]
        for threshold, score in scores.items():
            score.add([(s.start, s.end, s.label) for s in tagged if s.score > threshold], truth)
    latency = _latency(scorer, texts, asked) if timed else (0.0, 0.0)
    return SetReport(name, len(texts), tuple(asked), scores, len(texts) / took, *latency)


def _latency(scorer: Scorer, texts: Sequence[str], labels: Sequence[str]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds of one text alone, warm; `_TIMED` texts, spread over the set."""
    chosen = texts[:: max(1, len(texts) // _TIMED)][:_TIMED]
    times = []
    for text in [chosen[0], *chosen]:
        began = time.perf_counter()
        scorer.predict([text], labels, 0.5)
        times.append(time.perf_counter() - began)
    times = sorted(1000 * took for took in times[1:])
    return median(times), times[min(len(times) - 1, int(0.95 * len(times)))]


def _numbers(counts: Any) -> dict[str, float]:
    return {
        "precision": round(counts.precision, 4),
        "recall": round(counts.recall, 4),
        "f1": round(counts.f1, 4),
        "annotated": counts.annotated,
    }
