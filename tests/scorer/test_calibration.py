"""Calibration: a file beside a checkpoint makes probabilities of its scores."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import CheckpointError
from bridge.scorer import CALIBRATION_FILE, Calibration, Scorer, read_calibration

DEFAULT = Path(__file__).parents[2] / "bridge/models/default"
PLATT = {"method": "platt", "slope": 0.7, "intercept": -0.5}
ISOTONIC = {"method": "isotonic", "scores": [0, 0.4, 0.6, 1], "calibrated": [0, 0.1, 0.9, 0.95]}


def read(folder: Path, content: Any) -> Calibration:
    (folder / CALIBRATION_FILE).write_text(content if isinstance(content, str) else json.dumps(content))
    found = read_calibration(folder, "abc")
    assert found is not None
    return found


@pytest.fixture(scope="module", params=[PLATT, ISOTONIC], ids=["platt", "isotonic"])
def calibration(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    return read(tmp_path_factory.mktemp("calibrated"), request.param)


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_score_is_never_worth_less(calibration: Calibration, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= calibration.apply(low) <= calibration.apply(high) <= 1.0


@given(st.floats(0.02, 0.93))
def test_a_threshold_leads_back_to_the_score_that_is_worth_it(calibration: Calibration, share: float) -> None:
    assert calibration.apply(calibration.raw(share)) == pytest.approx(share, abs=1e-6)


def test_points_are_joined_by_straight_lines(tmp_path: Path) -> None:
    found = read(tmp_path, ISOTONIC)
    assert [found.apply(score) for score in (0, 0.2, 0.5, 1)] == pytest.approx([0, 0.05, 0.5, 0.95])


def test_precision_is_that_of_the_text_the_model_is_asked_for(tmp_path: Path) -> None:
    found = read(tmp_path, {**PLATT, "precision": {"brand name": 0.97}})
    assert (found.precision("brand name"), found.precision("color")) == (0.97, None)


def test_without_a_file_there_is_none(tmp_path: Path) -> None:
    assert read_calibration(tmp_path, "abc") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "Invalid JSON"),
        ({"method": "magic"}, "method"),
        ({"method": "platt"}, "`platt` needs `slope`"),
        ({**PLATT, "slope": -1}, "slope"),
        ({"method": "isotonic", "scores": [0, 1], "calibrated": [0]}, "as many of both"),
        ({"method": "isotonic", "scores": [0.5, 0.5], "calibrated": [0, 1]}, "`scores` must rise"),
        ({"method": "isotonic", "scores": [0, 1], "calibrated": [1, 0]}, "`calibrated` must not fall"),
        ({**PLATT, "typo": 1}, "typo"),
        ({**PLATT, "fingerprint": "other"}, "another checkpoint"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused_by_name(tmp_path: Path, content: Any, said: str) -> None:
    with pytest.raises(CheckpointError) as caught:
        read(tmp_path, content)
    assert said in str(caught.value)
    assert CALIBRATION_FILE in str(caught.value)


def test_scores_and_thresholds_of_a_calibrated_model_are_probabilities(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT, folder)
    (folder / CALIBRATION_FILE).unlink(missing_ok=True)
    plain = Scorer.load(folder)
    calibration = read(folder, PLATT)
    (folder / CALIBRATION_FILE).write_text(json.dumps(PLATT))
    scorer = Scorer.load(folder)
    texts, labels = ["red nike running shoes for women"], ["brand", "color", "product type"]
    raw = plain.predict(texts, labels, 0.2)[0].spans
    assert raw
    again = scorer.predict(texts, labels, 0.2, calibrated=False)[0].spans
    assert again == raw
    level = calibration.apply(0.2)
    worth = scorer.predict(texts, labels, {"brand": level, "color": level, "product type": level})[0].spans
    assert [(s.label, s.text) for s in worth] == [(s.label, s.text) for s in raw]
    assert [s.score for s in worth] == pytest.approx([calibration.apply(s.score) for s in raw])
    assert scorer.fingerprint != plain.fingerprint


def test_without_a_threshold_a_calibrated_model_finds_what_it_found_before(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(DEFAULT, folder)
    (folder / CALIBRATION_FILE).unlink(missing_ok=True)
    plain = Scorer.load(folder)
    (folder / CALIBRATION_FILE).write_text(json.dumps(PLATT))
    scorer = Scorer.load(folder)
    assert plain.default_threshold == 0.5
    assert scorer.default_threshold == pytest.approx(read(folder, PLATT).apply(0.5))
    texts, labels = ["red nike running shoes for women", "gluten free oat cookies 12 oz"], ["brand", "color", "food"]
    before, after = plain.predict(texts, labels), scorer.predict(texts, labels, {"brand": scorer.default_threshold})
    assert any(tagged.spans for tagged in before)
    assert [[(s.label, s.text) for s in t] for t in before] == [[(s.label, s.text) for s in t] for t in after]
