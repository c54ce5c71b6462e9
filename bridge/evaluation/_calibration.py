"""How far scores can be taken for probabilities: reliability tables, expected calibration error, and the fit of a map.

A sample is a span that the model found, with whether it is right (start, end and label agree with the annotation). The
map that is fitted goes into `calibration.json` beside the checkpoint (see `bridge.scorer.Calibration`).
"""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import InputError
from bridge.evaluation._examples import Example
from bridge.scorer import CALIBRATION_FILE, Scorer

#: Spans below this score are no samples: nothing uses them.
LEAST_SCORE = 0.1
#: Bins of a reliability table, of equal width.
BINS = 10
#: Expected calibration error to aim at, and the one that a simple map may keep where no other reaches the aim.
GOAL, ENOUGH = 0.02, 0.05
#: Probability from which the precision of a label is measured: the filter band of schemas that name no other.
FILTER_BAND = 0.8
#: Fewer samples than this fit nothing; fewer spans of a label than this say nothing of its precision.
_FEWEST, _FEWEST_OF_LABEL = 50, 20
_EDGE = 1e-6
_Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """One span found: its score without calibration, its label, and whether it is right."""

    score: float
    label: str
    right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Spans with probabilities in `low`..`high`: how many, their mean probability, and the share that is right."""

    low: float
    high: float
    count: int
    expected: float
    right: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """A reliability table; `error` is the expected calibration error: the mean gap of its bins, weighted by count."""

    bins: tuple[Bin, ...]

    @property
    def count(self) -> int:
        return sum(one.count for one in self.bins)

    @property
    def error(self) -> float:
        if not self.count:
            return 0.0
        return sum(one.count * abs(one.expected - one.right) for one in self.bins) / self.count

    def to_json(self) -> dict[str, Any]:
        return {
            "error": round(self.error, 4),
            "spans": self.count,
            "bins": [
                {
                    "from": one.low,
                    "to": one.high,
                    "spans": one.count,
                    "expected": round(one.expected, 4),
                    "right": round(one.right, 4),
                }
                for one in self.bins
            ],
        }


@dataclass(frozen=True, slots=True)
class Platt:
    """`sigmoid(slope * logit(score) + intercept)`."""

    slope: float
    intercept: float

    def __call__(self, score: float) -> float:
        inside = min(max(score, _EDGE), 1 - _EDGE)
        z = self.slope * math.log(inside / (1 - inside)) + self.intercept
        return 1 / (1 + math.exp(-max(-60.0, min(60.0, z))))

    def to_json(self) -> dict[str, Any]:
        return {"method": "platt", "slope": round(self.slope, 6), "intercept": round(self.intercept, 6)}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Straight lines between points with rising scores."""

    scores: tuple[float, ...]
    calibrated: tuple[float, ...]

    def __call__(self, score: float) -> float:
        at = bisect_right(self.scores, score)
        if at in (0, len(self.scores)):
            return self.calibrated[min(at, len(self.scores) - 1)]
        low, high = self.scores[at - 1], self.scores[at]
        one, other = self.calibrated[at - 1], self.calibrated[at]
        return one + (other - one) * (score - low) / (high - low)

    def to_json(self) -> dict[str, Any]:
        return {"method": "isotonic", "scores": list(self.scores), "calibrated": list(self.calibrated)}


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """A map fitted on one half of the texts, and tables on the other half and on unseen sets, before and after.

    `precision` is that of labels at the filter band on the other half; `tried` names the forms with their expected
    calibration error there, in the order in which they were tried.
    """

    fitted: Platt | Isotonic
    before: Reliability
    after: Reliability
    unseen: tuple[tuple[str, Reliability, Reliability], ...]
    precision: Mapping[str, float]
    tried: tuple[tuple[str, float], ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "map": self.fitted.to_json(),
            "tried": {name: round(error, 4) for name, error in self.tried},
            "precision": dict(self.precision),
            "other_half": {"before": self.before.to_json(), "after": self.after.to_json()},
            "unseen": {
                name: {"before": before.to_json(), "after": after.to_json()} for name, before, after in self.unseen
            },
        }

    def save(self, folder: str | Path, fingerprint: str) -> Path:
        """Write `calibration.json` beside a checkpoint: under another name first, so that no half of it is ever read.

        Args:
            folder: of the checkpoint.
            fingerprint: of the scorer that the samples come from.
        """
        path = Path(folder) / CALIBRATION_FILE
        content = {**self.fitted.to_json(), "fingerprint": fingerprint.partition("+")[0], "precision": self.precision}
        temporary = path.with_name(f".{CALIBRATION_FILE}.writing")
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        temporary.replace(path)
        return path


def samples_of(
    scorer: Scorer, examples: Sequence[Example], labels: Sequence[str] | None = None, *, batch_size: int = 16
) -> list[Sample]:
    """The spans that a model finds in annotated texts, with all labels of the set asked for unless `labels` says."""
    asked = sorted({m.label for e in examples for m in e.mentions}) if labels is None else list(dict.fromkeys(labels))
    texts = [example.text for example in examples]
    found = scorer.predict(texts, asked, LEAST_SCORE, batch_size=batch_size, calibrated=False)
    samples = []
    for example, spans in zip(examples, found, strict=True):
        truth = set(example.offsets())
        samples += [Sample(s.score, s.label, (s.start, s.end, s.label) in truth) for s in spans]
    return samples


def halves(examples: Sequence[Example]) -> tuple[list[Example], list[Example]]:
    """Two halves by a hash of the text: equal texts stay together, and the halves do not depend on the order."""
    parts: tuple[list[Example], list[Example]] = ([], [])
    for example in examples:
        parts[hashlib.sha256(example.text.casefold().encode()).digest()[0] % 2].append(example)
    return parts


def reliability(samples: Sequence[Sample], fitted: Callable[[float], float] | None = None) -> Reliability:
    """The reliability table of scores, or of the probabilities that a map makes of them."""
    probabilities = np.array([sample.score if fitted is None else fitted(sample.score) for sample in samples])
    right = np.array([sample.right for sample in samples], dtype=np.float64)
    place = np.minimum((probabilities * BINS).astype(int), BINS - 1) if len(samples) else np.array([], dtype=int)
    bins = []
    for at in range(BINS):
        mine = place == at
        if mine.any():
            means = float(probabilities[mine].mean()), float(right[mine].mean())
            bins.append(Bin(at / BINS, (at + 1) / BINS, int(mine.sum()), *means))
    return Reliability(tuple(bins))


def calibrate(
    fit_on: Sequence[Sample], measure_on: Sequence[Sample], unseen: Sequence[tuple[str, Sequence[Sample]]] = ()
) -> CalibrationReport:
    """Fit the simplest map that reaches `GOAL` on other samples, else the simplest with `ENOUGH`, else the better one.

    Args:
        fit_on: one half.
        measure_on: the other half.
        unseen: further sets by name, of labels that the model never saw; only measured.

    Raises:
        InputError: there are too few spans to fit anything.
    """
    if len(fit_on) < _FEWEST or len({sample.right for sample in fit_on}) < 2:
        raise InputError(
            f"{len(fit_on)} found spans are too few, or all alike, to calibrate on",
            hint=f"give at least {_FEWEST} spans, right and wrong ones: more annotated texts",
        )
    maps: list[tuple[str, Platt | Isotonic]] = [("platt", fit_platt(fit_on)), ("isotonic", fit_isotonic(fit_on))]
    errors = [reliability(measure_on, fitted).error for _, fitted in maps]
    reached = next(limit for limit in (GOAL, ENOUGH, min(errors)) if min(errors) <= limit)
    chosen = next(fitted for (_, fitted), error in zip(maps, errors, strict=True) if error <= reached)
    return CalibrationReport(
        chosen,
        reliability(measure_on),
        reliability(measure_on, chosen),
        tuple((name, reliability(samples), reliability(samples, chosen)) for name, samples in unseen),
        _precision(measure_on, chosen),
        tuple((name, error) for (name, _), error in zip(maps, errors, strict=True)),
    )


def fit_platt(samples: Sequence[Sample]) -> Platt:
    """Logistic regression on the logit of the score: Newton's method, with a little weight on small coefficients."""
    score = np.clip([s.score for s in samples], _EDGE, 1 - _EDGE)
    x: _Numbers = np.stack([np.ones(len(samples)), np.log(score / (1 - score))], axis=1)
    y = np.array([s.right for s in samples], dtype=np.float64)
    weights: _Numbers = np.zeros(2)
    ridge = 1e-3 * np.eye(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        gradient = x.T @ (y - p) - ridge @ weights
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + ridge, gradient)
        weights = weights + step
        if float(np.abs(step).max()) < 1e-8:
            break
    return Platt(max(float(weights[1]), 1e-3), float(weights[0]))


def fit_isotonic(samples: Sequence[Sample]) -> Isotonic:
    """Pool adjacent violators: the rising steps nearest to the samples, as points in the middle of each step."""
    blocks: list[list[float]] = []  # sum of scores, right, count
    for sample in sorted(samples, key=lambda sample: sample.score):
        blocks.append([sample.score, float(sample.right), 1.0])
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][2] >= blocks[-1][1] * blocks[-2][2]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    points = {round(total / count, 6): round(right / count, 6) for total, right, count in blocks}
    if len(points) == 1:  # two points at least make a line
        points = {0.0: next(iter(points.values())), 1.0: next(iter(points.values()))}
    return Isotonic(tuple(points), tuple(points.values()))


def _precision(samples: Sequence[Sample], fitted: Callable[[float], float]) -> dict[str, float]:
    found: dict[str, list[bool]] = {}
    for sample in samples:
        if fitted(sample.score) >= FILTER_BAND:
            found.setdefault(sample.label, []).append(sample.right)
    return {
        label: round(sum(right) / len(right), 4)
        for label, right in sorted(found.items())
        if len(right) >= _FEWEST_OF_LABEL
    }
