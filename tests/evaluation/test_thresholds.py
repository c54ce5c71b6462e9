"""From which score each label is precise enough: chosen on one half, reported on the other, written only when asked."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from bridge.errors import InputError
from bridge.evaluation import changes, find_thresholds, is_click_log, proposals_of_clicks, read_clicks
from bridge.evaluation._calibration import Sample
from bridge.evaluation._clicks import is_right, judge
from bridge.evaluation._thresholds import Proposals
from bridge.schema import load_schema, parse_schema
from bridge.scorer import CALIBRATION_FILE, Scorer
from bridge.scorer._locate import find_checkpoint

SCHEMA = """# What we sell.
schema: shop
index: shop
text: [title]
labels:
  brand: {}
  color:            # of the thing
    band: {filter: 0.9, boost: 0.5}
    synonyms: {gray: [grey]}
  material: {}
"""
SHOP = parse_schema(SCHEMA)
BRANDS = ("nike", "adidas", "puma", "reebok", "asics", "fila", "vans", "converse", "lacoste", "gucci")
THINGS = ("shoes", "socks", "jacket", "t-shirt", "shorts", "cap", "backpack", "hoodie", "sneakers", "belt")


def samples(label: str, seed: int, count: int = 400) -> list[Sample]:
    """Spans that are right as often as their score says, and always from 0.8 on."""
    rng = random.Random(seed)
    scores = [rng.random() for _ in range(count)]
    return [Sample(score, label, score >= 0.8 or rng.random() < score / 2) for score in scores]


def clicks(folder: Path, lines: list[dict[str, object]]) -> Path:
    file = folder / "clicks.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    return file


def run(*words: str | Path) -> Result:
    result = CliRunner().invoke(
        app, ["calibrate", *map(str, words)], env={"COLUMNS": "200", "TERM": "dumb", "ENGINE_URL": None}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_the_threshold_is_chosen_on_one_half_and_reported_on_the_other() -> None:
    fit, other = samples("brand", 1), samples("brand", 2)
    [found] = find_thresholds(Proposals(tuple(fit), tuple(other)), SHOP, 0.9)
    assert found.threshold is not None
    assert 0.6 < found.threshold < 0.85
    above = [s.right for s in other if s.score >= found.threshold]
    assert found.reached == sum(above) / len(above)
    assert found.right == sum(s.right for s in other) / len(other)
    assert found.promised == pytest.approx(0.5, abs=0.05)
    assert found.low is not None
    assert found.low < found.reached
    assert found.kept == sum(above) / sum(s.right for s in other)


def test_a_label_that_reaches_the_target_gets_a_band_and_one_that_does_not_only_its_precision() -> None:
    wrong = [Sample(0.95, "color", at % 2 == 0) for at in range(100)]
    few = [Sample(0.99, "material", True)] * 5
    both = Proposals((*samples("brand", 1), *wrong, *few), (*samples("brand", 2), *wrong, *few))
    found = find_thresholds(both, SHOP, 0.85)
    assert [one.says(0.85) for one in found] == ["reaches the target", "no score reaches the target", "too few spans"]
    keys = changes(found, SHOP, 0.85)
    assert set(keys) == {
        ("labels", "brand", "band"),
        ("labels", "brand", "precision"),
        ("labels", "color", "precision"),
    }
    assert keys["labels", "color", "precision"] == 0.5


def test_a_proposal_is_right_where_most_clicked_documents_carry_it(tmp_path: Path) -> None:
    file = clicks(
        tmp_path,
        [
            {"query": "grey nike", "clicked": {"brand": "Nike", "color": ["gray", "black"], "size": 9}},
            {"query": "grey nike", "clicked": {"brand": "Puma"}},
            {"query": "grey nike", "clicked": {"brand": ["NIKE"]}},
        ],
    )
    assert is_click_log(file)
    [(query, labels)] = judge(read_clicks(file, SHOP), SHOP)
    assert (query, set(labels)) == ("grey nike", {"brand", "color"})
    assert is_right(SHOP, "brand", "nike", labels["brand"])
    assert not is_right(SHOP, "brand", "puma", labels["brand"])
    assert is_right(SHOP, "color", "Grey", labels["color"])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ({"clicked": {}}, 'no object with a "query"'),
        ({"query": "x", "clicked": "Nike"}, 'neither "clicked" with values nor a "doc_id"'),
    ],
)
def test_a_click_that_says_nothing_is_named_with_its_line(tmp_path: Path, line: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        read_clicks(clicks(tmp_path, [line]), SHOP)
    assert caught.value.where is not None
    assert caught.value.where.endswith("clicks.jsonl:1")


def test_clicks_judge_what_the_model_finds_and_leave_alone_what_no_document_has(tmp_path: Path) -> None:
    lines: list[dict[str, object]] = [
        {"query": f"red {brand} {thing}", "clicked": {"brand": brand if thing != "belt" else "other"}}
        for brand in BRANDS
        for thing in THINGS
    ]
    found = proposals_of_clicks(Scorer.load("default"), SHOP, read_clicks(clicks(tmp_path, lines), SHOP))
    judged = [*found.fit_on, *found.measure_on]
    assert {sample.label for sample in judged} == {"brand"}
    assert 5 < sum(not sample.right for sample in judged) < 0.5 * len(judged)
    assert min(len(found.fit_on), len(found.measure_on)) > 20


def test_annotated_texts_give_a_table_and_the_schema_changes_only_with_write(tmp_path: Path) -> None:
    schema, file = tmp_path / "shop.yaml", tmp_path / "queries.jsonl"
    schema.write_text(SCHEMA)
    lines = [
        {"tokens": [color, brand, thing], "spans": [[0, 0, "color"], [1, 1, "brand"]]}
        for brand in BRANDS
        for color, thing in zip(("red", "blue", "black") * 4, THINGS, strict=False)
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    shown = run(file, "--schema", schema, "--target", "0.8")
    assert shown.exit_code == 0, shown.output
    assert schema.read_text() == SCHEMA
    assert "--write would set" in shown.stderr
    written = json.loads(run(file, "--schema", schema, "--target", "0.8", "--write", "--json").stdout)
    changed = load_schema(schema)
    assert changed.target_precision == 0.8
    assert changed.labels["color"].precision == written["keys"]["labels.color.precision"]
    assert changed.labels["material"].precision is None
    text = schema.read_text()
    assert text.startswith("# What we sell.\n")
    assert "color:            # of the thing\n" in text


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    schema = tmp_path / "shop.yaml"
    schema.write_text(SCHEMA)
    file = clicks(tmp_path, [{"query": "nike", "doc_id": "7"}])
    assert "which precision is wanted?" in run(file, "--schema", schema).output
    assert "say where they are: --engine-url" in run(file, "--schema", schema, "--target", "0.9").output
    assert "own map is not replaced" in run(file, "--schema", schema, "--target", "0.9", "--refit", "--write").output
    file.write_text(json.dumps({"query": "nike", "clicked": {"colour": "red"}}))
    nothing = run(file, "--schema", schema, "--target", "0.9")
    assert (nothing.exit_code, "must name labels of the schema: brand, color" in nothing.output) == (2, True)
    schema.write_text(SCHEMA.replace("{}", "{model: false}").replace("band:", "model: false\n    band:"))
    assert "the model looks for no label" in run(file, "--schema", schema, "--target", "0.9").output


def test_a_refitted_map_goes_beside_a_checkpoint_of_ones_own(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(find_checkpoint("default"), model)
    (model / CALIBRATION_FILE).unlink()
    schema = tmp_path / "shop.yaml"
    schema.write_text(SCHEMA)
    lines: list[dict[str, object]] = [
        {"query": f"{color} {brand} {thing}", "clicked": {"brand": brand if at % 3 else "other"}}
        for color in ("red", "blue", "green")
        for at, brand in enumerate(BRANDS)
        for thing in THINGS
    ]
    options = ["--schema", schema, "--target", "0.6", "--model", model, "--refit", "--write"]
    result = run(clicks(tmp_path, lines), *options)
    assert result.exit_code == 0, result.output
    assert Scorer.load(str(model)).calibration is not None
