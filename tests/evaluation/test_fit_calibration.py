"""Scores as probabilities: the table, the maps that are fitted, and the file beside a checkpoint."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.errors import InputError, SetupError
from bridge.evaluation import calibrate, evaluate_set, from_tokens, halves, plot_report, reliability, samples_of
from bridge.evaluation._calibration import ENOUGH, Isotonic, Platt, Sample, fit_isotonic, fit_platt
from bridge.evaluation._robustness import f1_by_label_count, f1_by_label_order
from bridge.scorer import Scorer, read_calibration
from bridge.scorer._locate import find_checkpoint

EXAMPLES = [from_tokens(["red", "nike", "shoes", str(at)], [(0, 0, "color"), (1, 1, "brand")]) for at in range(60)]


def samples(count: int, chance: dict[float, float], seed: int = 0) -> list[Sample]:
    """Spans whose scores are right as often as `chance` says."""
    rng = random.Random(seed)
    drawn = (rng.choice(list(chance)) for _ in range(count))
    return [Sample(score, "brand", rng.random() < chance[score]) for score in drawn]


def test_a_reliability_table_by_hand() -> None:
    table = reliability([Sample(0.9, "a", True), Sample(0.9, "a", False), Sample(0.2, "a", False)])
    assert [(one.count, one.right) for one in table.bins] == [(1, 0.0), (2, 0.5)]
    assert table.error == pytest.approx((1 * 0.2 + 2 * 0.4) / 3)
    assert reliability([]).error == 0.0


def test_scores_that_promise_too_little_are_mended_on_texts_not_fitted_on() -> None:
    chance = {0.3: 0.1, 0.4: 0.35, 0.5: 0.7, 0.6: 0.9, 0.7: 0.97}
    report = calibrate(samples(3000, chance), samples(3000, chance, seed=1), [("unseen", samples(500, {0.6: 0.5}))])
    assert report.before.error > 0.15
    assert report.after.error <= 0.02
    assert isinstance(report.fitted, Platt), "the simplest form suffices"
    assert report.unseen[0][2].error > 0.2, "what it says of unseen labels is measured, not fitted"
    assert [name for name, _ in report.tried][-1] == "isotonic"


def test_a_map_that_no_curve_of_platt_can_be_is_isotonic() -> None:
    chance = {0.15: 0.5, 0.35: 0.5, 0.55: 0.5, 0.75: 0.5, 0.95: 1.0}
    report = calibrate(samples(4000, chance), samples(4000, chance, seed=1))
    assert report.after.error <= ENOUGH
    assert isinstance(report.fitted, Isotonic)


def test_too_few_spans_or_all_alike_fit_nothing() -> None:
    with pytest.raises(InputError, match="too few"):
        calibrate(samples(10, {0.5: 0.5}), [])
    with pytest.raises(InputError, match="all alike"):
        calibrate(samples(100, {0.5: 1.0}), [])


def test_a_saved_map_is_the_one_that_the_scorer_reads(tmp_path: Path) -> None:
    chance = {0.3: 0.1, 0.4: 0.35, 0.5: 0.7, 0.6: 0.9, 0.95: 1.0}
    fit_on, other = samples(2000, chance), samples(2000, chance, seed=1)
    report = calibrate(fit_on, other)
    for fitted in (fit_platt(fit_on), fit_isotonic(fit_on)):
        replace(report, fitted=fitted).save(tmp_path, "abc+of an earlier calibration")
        read = read_calibration(tmp_path, "abc")
        assert read is not None
        assert all(read.apply(at / 20) == pytest.approx(fitted(at / 20), abs=1e-4) for at in range(21))
        assert read.precision("brand") == report.precision["brand"] > 0.85
        assert read.precision("color") is None


def test_halves_are_of_whole_texts_and_do_not_depend_on_order() -> None:
    one, other = halves(EXAMPLES * 2)
    assert {e.text for e in one}.isdisjoint(e.text for e in other)
    assert min(len(one), len(other)) > 30
    assert {e.text for e in halves(EXAMPLES[::-1])[0]} == {e.text for e in one}


def test_f1_while_more_labels_are_asked_for_and_in_other_orders(tiny_checkpoint: Path) -> None:
    scorer = Scorer.load(tiny_checkpoint)
    found = f1_by_label_count(scorer, EXAMPLES[:5], ["color", "planet", "judge", "gene"], counts=(2, 5))
    assert list(found) == [2, 5]
    with pytest.raises(InputError, match="1 distractor labels are missing"):
        f1_by_label_count(scorer, EXAMPLES[:5], ["color", "planet", "judge"], counts=(2, 5))
    orders = f1_by_label_order(scorer, EXAMPLES[:5], orders=3, threshold=0.1)
    assert len(set(orders)) == 1, "a bi-encoder does not see the order"


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_plot_is_a_picture(tiny_checkpoint: Path, tmp_path: Path, ending: str) -> None:
    report = evaluate_set(Scorer.load(tiny_checkpoint), EXAMPLES[:5], name="shop")
    chance = {0.3: 0.1, 0.6: 0.8}
    plot_report(tmp_path / f"a.{ending}", [report], calibrate(samples(200, chance), samples(200, chance, seed=1)))
    assert (tmp_path / f"a.{ending}").stat().st_size > 5000


def test_a_plot_of_an_unknown_kind_is_an_error(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"a\.xyz"):
        plot_report(tmp_path / "a.xyz", [evaluate_set(Scorer.load(tiny_checkpoint), EXAMPLES[:5], name="shop")])


def test_the_command_calibrates_saves_and_says_all_as_json(tmp_path: Path) -> None:
    shutil.copytree(find_checkpoint("default"), tmp_path / "model")
    words = ["red", "blue", "nike", "sony", "shoes", "laptop", "organic", "coffee"]
    rng = random.Random(0)
    lines = []
    for at in range(120):
        tokens = [rng.choice(words), rng.choice(words), str(at)]
        lines.append(json.dumps({"tokens": tokens, "spans": [[0, 0, rng.choice(["color", "brand", "product type"])]]}))
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    (tmp_path / "d.txt").write_text("\n".join(f"planet {at}" for at in range(70)))
    files = [str(tmp_path / "a.jsonl"), "--unseen", str(tmp_path / "a.jsonl"), "--distractors", str(tmp_path / "d.txt")]
    options = ["--model", str(tmp_path / "model"), "--orders", "2", "--calibrate", "--save", "--json"]
    result = CliRunner().invoke(app, ["evaluate", "ner", *files, *options])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert {"latency_ms", "latency_p95_ms", "f1_by_label_count", "f1_by_label_order"} <= data["sets"][0].keys()
    assert {"map", "tried", "precision", "other_half", "unseen"} == data["calibration"].keys()
    assert Scorer.load(tmp_path / "model").calibration is not None
    assert samples_of(Scorer.load(tmp_path / "model"), EXAMPLES[:2])
