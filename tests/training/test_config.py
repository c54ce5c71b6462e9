"""Recipes: what is refused, and where the message points."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import TrainingDataError
from bridge.training import load_config

GOOD = """
optimiser: {steps: 10}
sets:
  - {name: queries, file: queries.jsonl}
"""


def test_defaults_fill_a_short_recipe(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(GOOD)
    config = load_config(path)
    assert config.loss.alpha == 0.75
    assert config.network.max_width == 12


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("optimiser: {steps: 10}\nsets: []", "sets", "at least 1"),
        (GOOD + "colour: red", "colour", "not permitted"),
        (GOOD.replace("steps: 10", "steps: 0"), "optimiser.steps", "greater than or equal to 1"),
        (GOOD.replace("steps: 10", "steps: 10, minutes: 3"), "optimiser", "either `steps` or `minutes`"),
        (GOOD.replace("file: queries.jsonl", "weight: 2"), "sets.0", "either `file` or `generate`"),
        (GOOD + "dev: [{name: x, file: a, holdout_of: b}]", "dev.0", "either `file` or `holdout_of`"),
        ("just text", "(top level)", "valid dictionary"),
    ],
)
def test_a_wrong_recipe_names_file_and_key(tmp_path: Path, text: str, where: str, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(TrainingDataError) as caught:
        load_config(path)
    assert caught.value.where == f"{path}: {where}"
    assert said in caught.value.message


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text("optimiser: {steps: 10\nsets: [")
    with pytest.raises(TrainingDataError) as caught:
        load_config(path)
    assert str(caught.value.where).startswith(f"{path}:")


def test_the_recipe_of_the_embedded_model_leaves_out_what_measures_unseen_labels() -> None:
    config = load_config(Path(__file__).parents[2] / "bridge" / "models" / "recipe.yaml")
    files = {str(source.file) for source in config.sets}
    assert not any("nlu_evaluation" in file or ".dev." in file for file in files)
    allowed = {
        "queryner", "snips", "restaurant8k", "nlupp_banking", "nlupp_hotels", "tasteset", "skillspan", "wnut17",
        "broad_twitter", "wikigold", "sec_filings", "bc5cdr", "ncbi_disease", "nuner_sample",
    }  # fmt: skip
    assert {source.name for source in config.sets if source.file} <= allowed, "sets whose licence forbids it"
    assert not next(s for s in config.sets if s.name == "nuner_sample").complete
