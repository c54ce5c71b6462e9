"""Evaluation of a model, and the command that shows it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from bridge.cli._evaluate import app
from bridge.entities import Coverage, Span, TaggedText
from bridge.errors import InputError
from bridge.evaluation import Counts, evaluate_set, from_tokens
from bridge.scorer import Scorer


class Fixed:
    """A scorer that gives prepared spans: evaluation is what is under test, and its numbers are counted by hand."""

    def __init__(self, spans: dict[str, list[tuple[int, int, str, float]]]) -> None:
        self.spans, self.asked = spans, list[Sequence[str]]()

    def predict(self, texts: Sequence[str], labels: Sequence[str], threshold: float, **_: Any) -> list[TaggedText]:
        self.asked.append(labels)
        return [
            TaggedText(
                text,
                tuple(
                    Span(start, end, text[start:end], label, score)
                    for start, end, label, score in self.spans.get(text, [])
                    if score > threshold
                ),
                Coverage(1, 1),
            )
            for text in texts
        ]


EXAMPLES = [
    from_tokens(["red", "nike", "shoes"], [(0, 0, "color"), (1, 1, "brand")]),
    from_tokens(["shoes"], []),
]
MODEL = Fixed({"red nike shoes": [(0, 3, "color", 0.9), (4, 14, "brand", 0.4)], "shoes": [(0, 5, "brand", 0.6)]})


def test_each_threshold_has_its_own_scores() -> None:
    report = evaluate_set(cast(Scorer, MODEL), EXAMPLES, name="shop", thresholds=(0.3, 0.5, 0.8))
    assert report.scores[0.3].micro == Counts(right=1, found=3, annotated=2)
    assert report.scores[0.5].micro == Counts(right=1, found=2, annotated=2)
    assert report.scores[0.8].micro == Counts(right=1, found=1, annotated=2)
    assert report.best == 0.8
    assert report.to_json()["by_label"]["brand"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "annotated": 1}


def test_labels_are_those_of_the_set_unless_given() -> None:
    model = Fixed({})
    evaluate_set(cast(Scorer, model), EXAMPLES, name="shop")
    assert model.asked[0] == ["brand", "color"]
    report = evaluate_set(cast(Scorer, model), EXAMPLES, name="shop", labels=["color"])
    assert model.asked[-1] == ["color"]
    assert report.scores[report.best].micro.annotated == 1, "spans of labels that are not asked for do not count"


def test_a_low_threshold_pass_stands_for_all_higher_ones(tiny_checkpoint: Path) -> None:
    """The sweep scores once; a real model asked at each threshold must give the same counts."""
    scorer = Scorer.load(tiny_checkpoint)
    texts = ["red nike shoes", "cheap blue adidas jacket for the laptop", "play the song"]
    examples = [from_tokens(text.split(), [(0, 0, "color")]) for text in texts]
    labels = ["color", "brand"]
    scores = sorted(span.score for found in scorer.predict(texts, labels, 0.0) for span in found)
    thresholds = (scores[0] - 1e-3, scores[len(scores) // 2], scores[-1] - 1e-6)
    swept = evaluate_set(scorer, examples, name="x", labels=labels, thresholds=thresholds)
    for threshold in thresholds:
        alone = evaluate_set(scorer, examples, name="x", labels=labels, thresholds=(threshold,))
        assert alone.scores[threshold].by_label == swept.scores[threshold].by_label


@pytest.fixture
def annotated(tmp_path: Path) -> Path:
    path = tmp_path / "shop.dev.jsonl"
    path.write_text('{"tokens": ["red", "nike", "shoes"], "spans": [[0, 0, "color"], [1, 1, "brand"]]}\n')
    return path


def test_the_command_shows_a_table_or_json(tiny_checkpoint: Path, annotated: Path) -> None:
    runner = CliRunner()
    shown = runner.invoke(app, ["ner", str(annotated), "--model", str(tiny_checkpoint)])
    assert shown.exit_code == 0, shown.output
    assert "shop.dev: 1 texts" in shown.output
    assert "brand" in shown.output
    shown = runner.invoke(app, ["ner", str(annotated), "--model", str(tiny_checkpoint), "--threshold-sweep", "--json"])
    report = json.loads(shown.stdout)["sets"][0]
    assert report["name"] == "shop.dev"
    assert len(report["by_threshold"]) == 17
    assert report["by_label"]["color"]["annotated"] == 1


def test_the_model_may_be_asked_for_other_names_of_the_labels(
    tiny_checkpoint: Path, annotated: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.yaml"
    names.write_text("brand: maker of the product\n")
    runner, asked = CliRunner(), ["ner", str(annotated), "--model", str(tiny_checkpoint), "--rename", str(names)]
    report = json.loads(runner.invoke(app, [*asked, "--json"]).stdout)["sets"][0]
    assert set(report["by_label"]) == {"color", "maker of the product"}
    names.write_text("[brand]")
    refused = runner.invoke(app, asked)
    assert isinstance(refused.exception, InputError)
    assert "no mapping of names to names" in str(refused.exception)
