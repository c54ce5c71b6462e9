"""Span precision, recall and F1: a found span counts when start, end and label all agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Counts:
    """How many spans were right, found and annotated."""

    right: int = 0
    found: int = 0
    annotated: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.right + other.right, self.found + other.found, self.annotated + other.annotated)

    @property
    def precision(self) -> float:
        """Right of found, 0..1; 0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Right of annotated, 0..1; 0 where nothing is annotated."""
        return self.right / self.annotated if self.annotated else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, 0..1."""
        both = self.found + self.annotated
        return 2 * self.right / both if both else 0.0


@dataclass(slots=True)
class SpanScore:
    """Counts by label; a text's spans are compared as sets, so a span annotated twice counts once."""

    by_label: dict[str, Counts] = field(default_factory=dict)

    def add(
        self, found: Iterable[tuple[Hashable, Hashable, str]], annotated: Iterable[tuple[Hashable, Hashable, str]]
    ) -> None:
        """Add one text: (start, end, label) found and annotated, in the same unit."""
        mine, truth = set(found), set(annotated)
        right = Counter(label for *_, label in mine & truth)
        total = Counter(label for *_, label in mine)
        there = Counter(label for *_, label in truth)
        for label in total.keys() | there.keys():
            before = self.by_label.get(label, Counts())
            self.by_label[label] = before + Counts(right[label], total[label], there[label])

    @property
    def micro(self) -> Counts:
        """All labels together."""
        return sum(self.by_label.values(), Counts())
