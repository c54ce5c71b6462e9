"""A scorer that finds listed phrases, so that a test says what the model would have said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bridge.entities import Coverage, Span, TaggedText


class PhraseScorer:
    """Finds listed phrases with listed scores: (label text, phrase) → score. Counts its calls."""

    name = "phrases"
    fingerprint = "f00d"

    def __init__(self, phrases: Mapping[tuple[str, str], float], limit: int = 10**9) -> None:
        self._phrases = phrases
        self._limit = limit
        self.calls: list[tuple[list[str], list[str]]] = []

    def predict(
        self, texts: Sequence[str], labels: Sequence[str], threshold: Mapping[str, float], /
    ) -> list[TaggedText]:
        self.calls.append((list(texts), list(labels)))
        return [self._tag(text, labels, threshold) for text in texts]

    def _tag(self, text: str, labels: Sequence[str], threshold: Mapping[str, float]) -> TaggedText:
        words = [match.end() for match in re.finditer(r"\w+", text)]
        seen = words[: self._limit]
        spans = [
            Span(match.start(), match.end(), match.group(), label, score)
            for (label, phrase), score in self._phrases.items()
            if label in labels and score >= threshold[label]
            for match in re.finditer(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE)
            if seen and match.end() <= seen[-1]
        ]
        spans.sort(key=lambda span: (span.start, span.end))
        return TaggedText(text, tuple(spans), Coverage(len(seen), len(words)))
