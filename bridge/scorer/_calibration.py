"""Calibration: how often spans with a score are right, stored beside a checkpoint as `calibration.json`.

A model's scores order its spans but are no probabilities. One map for all labels, never falling, turns them into such
without changing which span wins; per label the file says how precise the spans were that reach a score.

    {"method": "platt", "slope": 0.8, "intercept": -0.4,        # sigmoid(slope * logit(score) + intercept)
     "fingerprint": "…",                                        # optional: of the checkpoint that was measured
     "precision": {"brand": 0.97}}                              # optional: by the text that the model is asked for
    {"method": "isotonic", "scores": [0, 0.5, 1], "calibrated": [0, 0.3, 0.99]}   # straight lines between the points
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bridge.errors import CheckpointError

CALIBRATION_FILE = "calibration.json"
_Share = Annotated[float, Field(ge=0.0, le=1.0)]
#: Scores are kept this far from 0 and 1, where a logit has no end.
_EDGE = 1e-9


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    method: Literal["platt", "isotonic"]
    slope: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None
    intercept: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    scores: tuple[_Share, ...] = ()
    calibrated: tuple[_Share, ...] = ()
    fingerprint: str | None = None
    precision: dict[str, _Share] = {}

    @model_validator(mode="after")
    def _whole(self) -> _File:
        if self.method == "platt":
            if self.slope is None:
                raise ValueError("`platt` needs `slope`")
            return self
        if len(self.scores) < 2 or len(self.scores) != len(self.calibrated):
            raise ValueError("`isotonic` needs `scores` and `calibrated`, two or more of each and as many of both")
        if any(a >= b for a, b in zip(self.scores, self.scores[1:], strict=False)):
            raise ValueError("`scores` must rise")
        if any(a > b for a, b in zip(self.calibrated, self.calibrated[1:], strict=False)):
            raise ValueError("`calibrated` must not fall")
        return self


@dataclass(frozen=True, slots=True)
class Calibration:
    """A map from scores to probabilities, and the precision measured by label text; `digest` is a hash of both."""

    _file: _File
    digest: str

    def apply(self, score: float) -> float:
        """The share of spans with this score that are right, 0..1."""
        if self._file.slope is not None:
            return _sigmoid(self._file.slope * _logit(score) + self._file.intercept)
        return _between(score, self._file.scores, self._file.calibrated)

    def raw(self, calibrated: float) -> float:
        """The highest score that is calibrated to no more than this: spans above it are above `calibrated`."""
        if self._file.slope is not None:
            return _sigmoid((_logit(calibrated) - self._file.intercept) / self._file.slope)
        if calibrated < self._file.calibrated[0]:
            return 0.0
        return _between(calibrated, self._file.calibrated, self._file.scores)

    def precision(self, label: str) -> float | None:
        """The precision measured of a label, by the text that the model is asked for; None where nobody measured."""
        return self._file.precision.get(label)


def read_calibration(folder: Path, fingerprint: str) -> Calibration | None:
    """The calibration beside a checkpoint; None where there is none.

    Raises CheckpointError where it cannot be read, or was measured with another checkpoint.
    """
    file = folder / CALIBRATION_FILE
    if not file.is_file():
        return None
    try:
        content = file.read_bytes()
        read = _File.model_validate_json(content)
    except OSError as error:
        raise CheckpointError(f"cannot be read: {error.strerror}", where=str(file)) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        problem = first["msg"].removeprefix("Value error, ")
        raise CheckpointError(f"{key}: {problem}" if key else problem, where=str(file)) from error
    if read.fingerprint not in (None, fingerprint):
        raise CheckpointError(
            f"was measured with another checkpoint ({read.fingerprint}) than this one ({fingerprint})",
            where=str(file),
            hint="measure it again, or remove the file to work with plain scores",
        )
    return Calibration(read, hashlib.sha256(content).hexdigest()[:16])


def _between(at: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """The value on the straight lines through points; of several points at one place, the last one's."""
    index = bisect_right(xs, at)
    if index == 0:
        return ys[0]
    if index == len(xs):
        return ys[-1]
    low, high = xs[index - 1], xs[index]
    return ys[index - 1] + (ys[index] - ys[index - 1]) * (at - low) / (high - low)


def _logit(share: float) -> float:
    inside = min(max(share, _EDGE), 1.0 - _EDGE)
    return math.log(inside / (1.0 - inside))


def _sigmoid(value: float) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if value >= 0 else math.exp(value) / (1.0 + math.exp(value))
