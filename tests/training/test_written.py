"""Hand-written lines with marked spans: what they mean, what is refused, and what a batch teaches of their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from bridge.errors import TrainingDataError
from bridge.evaluation import Example, Mention
from bridge.training._batches import Sampler, TrainingSet
from bridge.training._config import SetConfig, TrainConfig, load_config
from bridge.training._data import load_sets, with_neighbours
from bridge.training._targets import spans_of
from bridge.training._written import read_written, written_texts

RECIPE = Path(__file__).parents[2] / "bridge" / "models" / "recipe.yaml"
LINES = """
# a comment
@town = Graz; Porto
% town = city; place
? city; place
~ home = residence; where somebody lives
^ home; birthplace
lives in [{town}|home|city]
born in [{town}|birthplace]
just [{one;two}|count] seats
nothing here
"""


def folder(tmp_path: Path, text: str = LINES) -> Path:
    (tmp_path / "some.txt").write_text(text, encoding="utf-8")
    return tmp_path


def named(example: Example) -> dict[str, tuple[str, float]]:
    """Words and target by label."""
    return {m.label: (" ".join(example.words[m.first : m.last + 1]).lower(), m.target) for m in example.mentions}


def test_a_span_carries_its_labels_and_their_other_names(tmp_path: Path) -> None:
    examples, _ = written_texts(60, seed=1, folder=folder(tmp_path))
    home = next(e for e in examples if e.text.lower().startswith("lives"))
    found = named(home)
    assert set(found) == {"home", "residence", "where somebody lives", "city"}
    assert found["home"][0] in {"graz", "porto"}
    assert {e.words[1].lower() for e in examples if e.words[0].lower() == "just"} == {"one", "two"}


def test_a_vague_name_is_taught_a_lower_score_and_left_open_where_it_is_not_given(tmp_path: Path) -> None:
    examples, _ = written_texts(60, seed=1, folder=folder(tmp_path))
    home = next(e for e in examples if e.text.lower().startswith("lives"))
    assert named(home)["city"][1] < named(home)["home"][1] == 1.0
    assert home.unsure == ("place",)
    born = next(e for e in examples if e.text.lower().startswith("born"))
    assert born.unsure == ("city", "place")


def test_a_list_of_the_file_goes_before_one_of_the_same_name_elsewhere(tmp_path: Path) -> None:
    place = folder(tmp_path, "@town = Graz\nto [{town}|goal]\n")
    (place / "another.txt").write_text("@town = Oslo\nfrom [{town}|start]\n", encoding="utf-8")
    examples, _ = written_texts(40, seed=1, folder=place)
    towns = {"".join(sorted(e.words[-1].lower())) for e in examples if "goal" in named(e)}  # letters may change places
    assert towns == {"agrz"}


def test_a_label_that_mostly_stands_behind_another_is_vague(tmp_path: Path) -> None:
    lines = "\n".join(f"[name{n}|chemist|person] is here" for n in range(6)) + "\n[somebody|person] too\n"
    examples, _ = written_texts(60, seed=1, folder=folder(tmp_path, lines))
    aims = {(m.label, len(e.mentions), m.target) for e in examples for m in e.mentions}
    assert aims == {("chemist", 2, 1.0), ("person", 2, 0.75), ("person", 1, 1.0)}


def test_what_is_said_never_to_be_vague_is_not(tmp_path: Path) -> None:
    lines = (
        "\n".join(f"[cheese{n}|dairy product|grocery item] is cheap" for n in range(6)) + "\n! grocery item; product\n"
    )
    examples, _ = written_texts(60, seed=1, folder=folder(tmp_path, lines))
    assert {m.target for e in examples for m in e.mentions} == {1.0}


def test_withheld_names_are_not_taught(tmp_path: Path) -> None:
    examples, _ = written_texts(60, seed=1, folder=folder(tmp_path), withheld={"residence", "city"})
    assert {m.label for e in examples for m in e.mentions} == {"home", "where somebody lives", "birthplace", "count"}


def test_names_of_siblings_exclude_each_other(tmp_path: Path) -> None:
    _, excluding = written_texts(4, seed=1, folder=folder(tmp_path))
    assert excluding["residence"] == {"birthplace"}
    assert excluding["birthplace"] == {"home", "residence", "where somebody lives"}


def test_the_same_seed_gives_the_same_texts(tmp_path: Path) -> None:
    place = folder(tmp_path)
    assert written_texts(40, seed=3, folder=place) == written_texts(40, seed=3, folder=place)
    assert written_texts(40, seed=3, folder=place) != written_texts(40, seed=4, folder=place)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a [value without label]", "a value and a label"),
        ("a [b|c] [d|e", "not closed"),
        ("a [b [c|d]|e]", "not closed"),
        ("a [{towns}|home]", "no list"),
        ("a [{x;y|home]", "a brace"),
        ("a {b|c} d", "a bracket is missing"),
        ("pre[fix|part]", "where a word ends"),
        ("a [city|city]", "its own label"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(TrainingDataError) as caught:
        read_written(folder(tmp_path, f"@town = Graz\n{line}\n"))
    assert said in caught.value.message
    assert caught.value.where == "some.txt:2"


def test_a_folder_without_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="no texts"):
        read_written(folder(tmp_path, "# nothing"))


def test_the_texts_of_the_embedded_model_are_many_and_readable() -> None:
    written = read_written()
    assert len(written.lines) > 1000
    assert len(written.lines) == len({tuple(line.parts) for line in written.lines}), "a line stands there twice"
    names = {n for line in written.lines for part in line.parts for n in written.all_names(line.file, part.labels)}
    assert len(names) > 2500


def test_every_further_name_and_sibling_is_of_a_label_in_use() -> None:
    written = read_written()
    used = {(line.file, label) for line in written.lines for part in line.parts for label in part.labels}
    assert set(written.names) | set(written.siblings) <= used


def test_the_recipe_of_the_embedded_model_withholds_names_of_the_sets_that_measure_unseen_labels() -> None:
    config = load_config(RECIPE)
    assert {"departure date", "drop-off date", "word to define", "weather attribute"} <= set(config.withheld_labels)
    taught, _ = written_texts(3000, seed=1, withheld=config.withheld_labels)
    assert not {m.label for e in taught for m in e.mentions} & set(config.withheld_labels)


def test_a_recipe_can_ask_for_written_texts(tmp_path: Path) -> None:
    source = SetConfig(name="written", generate="written", size=30)
    config = TrainConfig.model_validate({"optimiser": {"steps": 1}, "sets": [source], "withheld_labels": ["date"]})
    (only,), _ = load_sets(config, tmp_path)
    assert only.many_names
    assert len(only.examples) == 30
    assert "date" not in only.labels


def at(text: str, *mentions: Mention, unsure: tuple[str, ...] = ()) -> Example:
    return Example(tuple(text.split()), mentions, unsure=unsure)


def column(source: TrainingSet, example: Example, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Targets and known flags of the example's spans for a label, from the first batch that has both."""
    for number in range(200):
        batch = Sampler([source], seed=2, max_width=2, batch_texts=4).batch(number)
        if example in batch.texts and label in batch.labels:
            start = sum(len(spans_of(len(t.words), 2)) for t in batch.texts[: batch.texts.index(example)])
            part = slice(start, start + len(spans_of(len(example.words), 2)))
            return batch.targets[part, batch.labels.index(label)], batch.known[part, batch.labels.index(label)]
    raise AssertionError("no batch has this text and label")


HOME = at("in Graz", Mention(1, 1, "home"), Mention(1, 1, "city", 0.6))
BORN = at("from Porto", Mention(1, 1, "birthplace"))
COLOR = at("so red", Mention(1, 1, "color"))
NEAR = {
    "home": frozenset({"birthplace", "city"}),
    "birthplace": frozenset({"home", "city"}),
    "city": frozenset({"home", "birthplace"}),
}
SOURCE = TrainingSet("w", [HOME, BORN, COLOR], many_names=True, near=NEAR)


def test_a_target_below_one_reaches_the_batch() -> None:
    assert column(SOURCE, HOME, "city")[0].max() == pytest.approx(0.6)
    assert column(SOURCE, HOME, "home")[0].max() == 1.0


def test_a_name_far_from_those_of_the_text_is_wrong_everywhere() -> None:
    targets, known = column(SOURCE, HOME, "color")
    assert not targets.any()
    assert known.all()


def test_a_near_name_is_left_open_on_the_span_and_wrong_elsewhere() -> None:
    targets, known = column(SOURCE, BORN, "city")
    assert not targets.any()
    assert [span for span, sure in zip(spans_of(2, 2).tolist(), known, strict=True) if sure] == [[0, 0]]


def test_an_excluding_sibling_is_wrong_on_the_span_although_it_is_near() -> None:
    strict = TrainingSet(
        "w", SOURCE.examples, many_names=True, near=NEAR, excluding={"home": frozenset({"birthplace"})}
    )
    targets, known = column(strict, BORN, "home")
    assert not targets.any()
    assert known.all()


def test_a_batch_holds_few_names_of_a_span_and_some_wrong_ones() -> None:
    many = at("x", *(Mention(0, 0, f"name {n}") for n in range(30)))
    other = at("y", *(Mention(0, 0, f"other {n}") for n in range(30)))
    source = TrainingSet("w", [many, other], many_names=True)
    batch = Sampler([source], seed=1, max_width=1, batch_texts=4, other_names=10).batch(0)
    assert len(batch.labels) <= 4 * 2 + 10


def test_neighbours_are_names_with_similar_vectors_and_names_of_the_same_span() -> None:
    vectors = {"home": [1.0, 0.1], "city": [-0.9, 0.2], "birthplace": [0.9, 0.3], "color": [-0.1, 1.0]}
    found = with_neighbours(SOURCE, lambda labels: torch.tensor([vectors[v] for v in labels]), deviations=1.0)
    assert found.near["birthplace"] == {"home", "birthplace"}
    assert found.near["color"] == {"color"}
    assert found.near["home"] == {"home", "birthplace", "city"}, "a home is a city in one of the texts"
    plain = TrainingSet("plain", [COLOR])
    assert with_neighbours(plain, lambda _: torch.zeros(0)) is plain
