"""Per label: how precise the model's spans are from a score on, and the score from which they reach a target.

A threshold that is chosen and measured on the same spans looks better than it is, so it is chosen on one half of the
texts and reported on the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

from bridge.evaluation._calibration import LEAST_SCORE, Sample, halves
from bridge.evaluation._clicks import Click, is_right, judge
from bridge.evaluation._examples import Example
from bridge.schema import Schema
from bridge.scorer import Scorer

#: Fewer spans than this choose no threshold, and say nothing of a label's precision.
FEWEST = 20
_STEPS = tuple(step / 100 for step in range(5, 100))


@dataclass(frozen=True, slots=True)
class LabelThreshold:
    """One label. Precision is that of the other half, the one that nothing was chosen on.

    Attributes:
        fitted_on, measured_on: spans of each half.
        promised, right: their mean score as a probability, and the share that is right; None without any span.
        band: the score from which it may filter now.
        now: precision from there on; None where there are too few such spans.
        threshold: the lowest score from which spans of the first half reach the target; None where none does.
        reached: precision from there on; None as `now`.
        low: what it is at least, with a confidence of 95 % (Wilson's score interval).
        kept: share of the right spans that reach the threshold.
    """

    label: str
    fitted_on: int
    measured_on: int
    promised: float | None
    right: float | None
    band: float
    now: float | None
    threshold: float | None
    reached: float | None
    low: float | None
    kept: float | None

    def says(self, target: float) -> str:
        """What it means for the schema."""
        if self.threshold is None:
            return "too few spans" if self.fitted_on < FEWEST else "no score reaches the target"
        if self.reached is None:
            return "too few spans to measure"
        return "reaches the target" if self.reached >= target else "not on the other half"

    def to_json(self) -> dict[str, Any]:
        shares = {name: getattr(self, name) for name in ("promised", "right", "now", "reached", "low", "kept")}
        rounded = {name: None if share is None else round(share, 4) for name, share in shares.items()}
        counts = {"label": self.label, "fitted_on": self.fitted_on, "measured_on": self.measured_on}
        return {**counts, "band": self.band, "threshold": self.threshold, **rounded}


@dataclass(frozen=True, slots=True)
class Proposals:
    """Judged spans of both halves, with the model's own scores; labels are those of the schema."""

    fit_on: tuple[Sample, ...]
    measure_on: tuple[Sample, ...]

    def scored(self, score: Any) -> Proposals:
        """The same with other scores, by a function of the model's own."""
        both = ((replace(s, score=score(s.score)) for s in half) for half in (self.fit_on, self.measure_on))
        return Proposals(*map(tuple, both))


def proposals_of_texts(scorer: Scorer, schema: Schema, examples: Sequence[Example]) -> Proposals:
    """What the model finds in annotated texts. Annotations name labels, or the texts that the model is asked for.

    Only labels that are annotated somewhere are judged: a file that marks no colours says nothing of colours.
    """
    names = {name: name for name in schema.labels} | {text: name for name, text in schema.model_labels().items()}
    known = {names[m.label] for example in examples for m in example.mentions if m.label in names}
    found = []
    for half in halves(examples):
        samples: list[Sample] = []
        for example, spans in zip(half, _spans(scorer, schema, [e.text for e in half]), strict=True):
            truth = {(start, end, names[label]) for start, end, label in example.offsets() if label in names}
            samples += [
                Sample(score, label, (a, b, label) in truth) for a, b, label, _, score in spans if label in known
            ]
        found.append(tuple(samples))
    return Proposals(*found)


def proposals_of_clicks(scorer: Scorer, schema: Schema, clicks: Iterable[Click]) -> Proposals:
    """What the model finds in queries, right where most of the clicked documents that have the label carry the value.

    A query counts once, however often it was asked; spans whose label no clicked document has are not judged.
    """
    judged = dict(judge(clicks, schema))
    found = []
    for half in halves([Example((query,), ()) for query in judged]):
        samples: list[Sample] = []
        queries = [example.text for example in half]
        for query, spans in zip(queries, _spans(scorer, schema, queries), strict=True):
            for _, _, label, text, score in spans:
                if documents := judged[query].get(label):
                    samples.append(Sample(score, label, is_right(schema, label, text, documents)))
        found.append(tuple(samples))
    return Proposals(*found)


def find_thresholds(proposals: Proposals, schema: Schema, target: float) -> list[LabelThreshold]:
    """The threshold of every label that was judged, in the schema's order; scores as the schema's bands mean them."""
    judged = {sample.label for half in (proposals.fit_on, proposals.measure_on) for sample in half}
    return [_of_label(name, proposals, schema, target) for name in schema.labels if name in judged]


def changes(found: Sequence[LabelThreshold], schema: Schema, target: float) -> dict[tuple[str, ...], Any]:
    """What a schema would say of it: the precision that was measured, and the band of labels that reach the target.

    A band is not lowered for a label that misses the target on the other half: the filters of its linked values obey
    it as well.
    """
    keys: dict[tuple[str, ...], Any] = {}
    for one in found:
        label, precision = schema.labels[one.label], one.now
        if one.threshold is not None and one.reached is not None and one.reached >= target:
            precision = one.reached
            keys["labels", one.label, "band"] = {"filter": one.threshold, "boost": label.band.boost}
        if precision is not None:
            # Rounded down: a measured 0.9496 does not reach 0.95.
            keys["labels", one.label, "precision"] = math.floor(1000 * precision) / 1000
    return keys


def _of_label(name: str, proposals: Proposals, schema: Schema, target: float) -> LabelThreshold:
    mine, others = ([s for s in half if s.label == name] for half in (proposals.fit_on, proposals.measure_on))
    band = schema.labels[name].band
    promised, right = (fmean(s.score for s in others), fmean(s.right for s in others)) if others else (None, None)
    threshold = next(
        (
            step
            for step in _STEPS
            if step >= band.boost and (share := _precision(mine, step)) is not None and share >= target
        ),
        None,
    )
    reached = low = kept = None
    if threshold is not None:
        reached = _precision(others, threshold)
        above = [s.right for s in others if s.score >= threshold]
        low = _wilson(sum(above), len(above)) if reached is not None else None
        kept = sum(above) / sum(s.right for s in others) if right else None
    now = _precision(others, band.filter)
    return LabelThreshold(
        name, len(mine), len(others), promised, right, band.filter, now, threshold, reached, low, kept
    )


def _precision(samples: Sequence[Sample], score: float) -> float | None:
    """Share that is right from a score on; None where fewer than `FEWEST` spans reach it."""
    above = [sample.right for sample in samples if sample.score >= score]
    return sum(above) / len(above) if len(above) >= FEWEST else None


def _wilson(right: int, count: int, z: float = 1.96) -> float:
    share = right / count
    middle = share + z * z / (2 * count)
    return (middle - z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))) / (1 + z * z / count)


def _spans(scorer: Scorer, schema: Schema, texts: Sequence[str]) -> list[list[tuple[int, int, str, str, float]]]:
    """(start, end, label, text, the model's own score) of every span, all labels of the schema asked for at once."""
    asked: Mapping[str, str] = {text: name for name, text in schema.model_labels().items()}
    if not asked or not texts:
        return [[] for _ in texts]
    found = scorer.predict(list(texts), list(asked), LEAST_SCORE, calibrated=False)
    return [[(s.start, s.end, asked[s.label], s.text, s.score) for s in tagged] for tagged in found]
