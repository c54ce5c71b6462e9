"""Other ways to find entities, measured on the same texts: a fixed-type NER, or a large language model."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Protocol

from bridge.errors import InputError
from bridge.evaluation._examples import Example
from bridge.evaluation._ner import SetReport
from bridge.evaluation._spans import Counts, SpanScore

_Found = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found in one text: (start, end, label) in code points, and the tokens that a language model counted.

    `failed`: it gave no usable answer. A span that is said to be in the text and is not lies before it, at negative
    offsets, so that it counts as found and wrong.
    """

    spans: tuple[_Found, ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0
    failed: bool = False


class Finder(Protocol):
    """Something that finds entities under given labels."""

    @property
    def name(self) -> str: ...

    def can_find(self, labels: Sequence[str]) -> list[str]:
        """Those of the labels that it has a type for."""
        ...

    def find(self, text: str, labels: Sequence[str]) -> Answer: ...


@dataclass(frozen=True, slots=True)
class FinderReport:
    """One way on one set. `cost` is money for a thousand texts, None where nobody said what a token costs.

    `own` counts only the labels that it has a type for; `score` all labels of the set.
    """

    name: str
    texts: int
    labels: int
    findable: tuple[str, ...]
    score: SpanScore
    latency_ms: float
    latency_p95_ms: float
    tokens_in: float = 0.0
    tokens_out: float = 0.0
    cost: float | None = None
    failed: int = 0

    @property
    def own(self) -> Counts:
        return sum((counts for label, counts in self.score.by_label.items() if label in self.findable), Counts())

    def to_json(self) -> dict[str, Any]:
        micro = self.score.micro
        return {
            "name": self.name,
            "texts": self.texts,
            "labels": self.labels,
            "findable": list(self.findable),
            "precision": round(micro.precision, 4),
            "recall": round(micro.recall, 4),
            "f1": round(micro.f1, 4),
            "f1_of_findable": round(self.own.f1, 4),
            "latency_ms": round(self.latency_ms, 2),
            "latency_p95_ms": round(self.latency_p95_ms, 2),
            "tokens": [round(self.tokens_in, 1), round(self.tokens_out, 1)],
            "cost_of_1000_texts": None if self.cost is None else round(self.cost, 4),
            "failed": self.failed,
        }


def evaluate_finder(
    finder: Finder,
    examples: Sequence[Example],
    *,
    labels: Sequence[str] | None = None,
    prices: tuple[float, float] | None = None,
    progress: Callable[[int], None] | None = None,
) -> FinderReport:
    """Ask for all labels of a set, text by text, and time each.

    Args:
        finder: what is measured.
        examples: annotated texts.
        labels: what is asked for; None: the set's own.
        prices: of a million tokens, in and out.
        progress: called with the number of texts done.

    Raises:
        InputError: it has a type for none of the labels, or gave no usable answer at all.
    """
    asked = sorted({m.label for e in examples for m in e.mentions}) if labels is None else list(dict.fromkeys(labels))
    findable = finder.can_find(asked)
    if not findable:
        raise InputError(
            f"{finder.name} has a type for none of the labels {', '.join(asked[:12])}",
            hint="say which of its types is which label: --types FILE with lines such as `ORG: brand`",
        )
    finder.find(examples[0].text, asked)  # the first text pays for loading
    score, times, tokens, failed = SpanScore(), [], [0, 0], 0
    for number, example in enumerate(examples, start=1):
        began = time.perf_counter()
        answer = finder.find(example.text, asked)
        times.append(1000 * (time.perf_counter() - began))
        score.add(answer.spans, [mention for mention in example.offsets() if mention[2] in asked])
        tokens = [tokens[0] + answer.tokens_in, tokens[1] + answer.tokens_out]
        failed += answer.failed
        if progress is not None:
            progress(number)
    count = len(examples)
    if failed == count:
        raise InputError(
            f"{finder.name} gave no usable answer to any of {count} texts", hint="does it know JSON schemas?"
        )
    times.sort()
    paid = None if prices is None else sum(t * price for t, price in zip(tokens, prices, strict=True)) / 1e6
    return FinderReport(
        finder.name,
        count,
        len(asked),
        tuple(findable),
        score,
        median(times),
        times[min(count - 1, int(0.95 * count))],
        tokens[0] / count,
        tokens[1] / count,
        None if paid is None else 1000 * paid / count,
        failed,
    )


def of_model(report: SetReport, name: str) -> FinderReport:
    """The model's own report in the same form, at its best threshold."""
    score = report.scores[report.best]
    times = report.latency_ms, report.latency_p95_ms
    return FinderReport(name, report.texts, len(report.labels), report.labels, score, *times, cost=0.0)
