"""What the benchmarks share: the grocery example, its values as an engine would report them, texts to search for."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from bridge.demo._catalogues import Catalogue, load_catalogues
from bridge.scorer import Scorer

#: Ends of queries; with the start of a product's name they make texts of about six words, each different.
_ENDS = ("under ${n}", "organic", "between {n} and {m} dollars", "not decaf under ${n}", "gift", "at least ${n}")


def grocery() -> Catalogue:
    """The grocery example."""
    return next(catalogue for catalogue in load_catalogues() if catalogue.schema.name == "grocery")


def catalogue_values(catalogue: Catalogue) -> dict[str, dict[str, int]]:
    """Stored values of the labels that are bound to a field of the catalogue, as an engine would report them."""
    bound = {
        name: label.field for name, label in catalogue.schema.labels.items() if label.kind == "keyword" and label.field
    }
    counts: dict[str, Counter[str]] = {name: Counter() for name in bound}
    for _, document in catalogue.documents():
        for name, field in bound.items():
            if value := document.get(field):
                counts[name][str(value)] += 1
    return {name: dict(counter) for name, counter in counts.items()}


def fill_rates(catalogue: Catalogue) -> dict[str, float]:
    """Share of the documents that carry each bound field."""
    documents = [document for _, document in catalogue.documents()]
    fields = {label.field for label in catalogue.schema.labels.values() if label.field}
    return {field: sum(one.get(field) is not None for one in documents) / len(documents) for field in fields}


def texts(catalogue: Catalogue) -> Iterator[str]:
    """Query texts without end, no two the same: three or four words of a product's name and an amount or a word."""
    names = [str(document["name"]).split() for _, document in catalogue.documents()]
    for n in itertools.count():
        words = names[(n * 37) % len(names)][: 3 + n % 2]
        yield " ".join([*words, _ENDS[n % len(_ENDS)].format(n=10 + n, m=30 + n)]).lower()


class Timed:
    """A scorer that adds up the time spent in it, by the clock and of the thread's processor."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.clock = self.processor = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._scorer, name)

    def predict(self, *arguments: Any, **options: Any) -> Any:
        return self._run(self._scorer.predict, *arguments, **options)

    def embed(self, *arguments: Any) -> Any:
        return self._run(self._scorer.embed, *arguments)

    def _run(self, work: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        clock, processor = time.perf_counter(), time.thread_time()
        try:
            return work(*arguments, **options)
        finally:
            self.clock += time.perf_counter() - clock
            self.processor += time.thread_time() - processor
