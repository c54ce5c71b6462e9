"""Training texts from a catalogue: what is read of documents, what becomes of values, and a model that learns them."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.entities import Coverage, Span, TaggedText
from bridge.errors import TrainingDataError
from bridge.evaluation import Example, Mention
from bridge.schema import Label, Schema, parse_schema
from bridge.scorer import split_words
from bridge.training._batches import Sampler, TrainingSet
from bridge.training._config import TrainConfig
from bridge.training._export import export
from bridge.training._model import build_model
from bridge.training.catalog import adapt, fields_read, read_documents
from bridge.training.catalog._amounts import amount_text, rewritten_amount
from bridge.training.catalog._documents import field_values
from bridge.training.catalog._forms import joined_otherwise, misspelt, other_forms, plural, singular, values_in
from bridge.training.catalog._items import read_catalogue
from bridge.training.catalog._located import Locator
from bridge.training.catalog._memory import remembered, shop_labels
from tests.training.catalogues import DOCUMENTS, SCHEMA


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(SCHEMA)


def test_documents_are_read_from_json_lines_and_arrays(tmp_path: Path) -> None:
    lines, array = tmp_path / "a.jsonl.gz", tmp_path / "a.json"
    with gzip.open(lines, "wt") as handle:
        handle.write("".join(json.dumps(one) + "\n" for one in DOCUMENTS))
    array.write_text(json.dumps(DOCUMENTS))
    assert read_documents(lines) == read_documents(array) == DOCUMENTS


def test_a_line_that_is_no_document_stops_or_is_named_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "a"}\n[1]\n{oops\n')
    with pytest.raises(TrainingDataError) as caught:
        read_documents(path)
    assert caught.value.where == f"{path}:2"
    problems: list[TrainingDataError] = []
    assert read_documents(path, on_error=problems.append) == [{"title": "a"}]
    assert [problem.where for problem in problems] == [f"{path}:2", f"{path}:3"]


@pytest.mark.parametrize(
    ("source", "field", "values"),
    [
        ({"a": {"b": ["x", 2, True, None]}}, "a.b", ["x", 2.0]),
        ({"a.b": "x"}, "a.b", ["x"]),
        ({"a": [{"b": "x"}, {"b": ["y"]}, {}]}, "a.b", ["x", "y"]),
        ({"a": "x"}, "a.b", []),
        ({"a": {"b": {}}}, "a.b", []),
    ],
)
def test_field_values_are_what_an_engine_would_index(source: Any, field: str, values: list[Any]) -> None:
    assert field_values(source, field) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("Silver, White", ["Silver", "White"]),
        ("- HP P4015\n- OKI C610", ["HP P4015", "OKI C610"]),
        ("Intel® Core™ i7", ["Intel Core i7"]),
        ("Not available", []),
        ("12", []),
        ("N", []),
        ("a description that goes on and on, and then some more of it", []),
    ],
)
def test_values_of_a_keyword_field(text: str, values: list[str]) -> None:
    assert values_in(text) == values


def test_other_forms_of_values() -> None:
    values = ["Kingston Technology", "Light blue", "Light green", "VGA (D-Sub)", "StarTech.com", "Intel Core i7"]
    values += ["Windows 10 Home", "Windows 10 Pro", "Windows 10 S"]
    forms = other_forms(values, {"intel"})
    assert "Kingston" in forms["Kingston Technology"]
    assert forms["Light blue"] == ["Light blue"]
    assert {"VGA", "D-Sub"} <= set(forms["VGA (D-Sub)"])
    assert "StarTech" in forms["StarTech.com"]
    assert {"Core i7", "i7"} <= set(forms["Intel Core i7"])
    assert "Windows 10" in forms["Windows 10 Pro"]


@given(st.text(max_size=30), st.integers(0, 99))
def test_changes_of_a_value_never_fail_and_leave_something(text: str, seed: int) -> None:
    rng = random.Random(seed)
    for change in (misspelt, joined_otherwise):
        assert bool(change(text, rng).strip()) == bool(text.strip()) or set(text) <= set("'’ -")
    assert bool(plural(text).strip()) == bool(text.strip())
    assert bool(singular(text).strip()) == bool(text.strip())


@given(st.floats(0.01, 1e6), st.sampled_from([None, "USD", "inch", "gb", "m", "kg", "oz"]), st.integers(0, 99))
def test_an_amount_has_its_number_and_unit_or_nothing(value: float, unit: str | None, seed: int) -> None:
    text = amount_text(value, Label(kind="number", unit=unit), random.Random(seed))
    assert text is None or any(c.isdigit() for c in text)
    assert text is not None or unit is None


def test_amounts_are_written_in_many_ways() -> None:
    rng = random.Random(0)
    found = {amount_text(2000, Label(kind="number", unit="gb"), rng) for _ in range(300)}
    assert {"2 tb", "2000gb", "2000 gb"} <= found
    assert {"15 inch", '15"', "15in"} <= {amount_text(15, Label(kind="number", unit="inch"), rng) for _ in range(300)}
    assert {"24 pack", "pack of 24"} <= {amount_text(24, Label(kind="number"), rng) for _ in range(300)}


def test_a_text_that_is_an_amount_is_written_anew_and_others_are_left() -> None:
    rng = random.Random(1)
    assert {rewritten_amount("12 oz", rng) for _ in range(200)} >= {"12 oz", "12oz", "12 ounces"}
    assert rewritten_amount("12 monkeys", rng) is None
    assert rewritten_amount("oz", rng) is None


def test_values_are_located_whole_longest_first_and_whatever_their_case() -> None:
    locator = Locator([("usb", "a"), ("usb c", "b"), ("cat", "c"), ('27"', "d")])
    words = split_words("USB-C to USB cable cat-5 27").texts
    assert locator.find(words) == [(0, 0, "b"), (2, 2, "a")]
    assert locator.find(words, taken=[0]) == [(2, 2, "a")]


def test_a_catalogue_knows_things_numbers_and_fill_rates(schema: Schema) -> None:
    catalogue = read_catalogue(schema, [*DOCUMENTS, {"title": ""}, {"description": "no title"}])
    assert len(catalogue.items) == len(DOCUMENTS)
    assert catalogue.things() == {"product_type"}
    assert catalogue.is_price("price")
    assert catalogue.fill_rate("brand") == 1.0
    assert catalogue.items[0].values["compatible_product"] == ["HP P4015", "OKI C610"]
    assert catalogue.items[0].amounts["memory"] == [8.0]
    assert fields_read(schema)[:3] == ["title", "description", "attributes.type"]


def test_nothing_is_taught_of_unknown_words_but_where_a_mention_beside_them_ends() -> None:
    example = Example(("sony", "x0", "laptop", "black"), (Mention(0, 0, "brand"),), unknown=((1, 1),))
    batch = Sampler(
        [TrainingSet("t", [example], labels=("brand", "color"))], seed=0, max_width=2, batch_texts=1, phrasing_rate=0.0
    ).batch(0)
    spans = batch.spans[:, 1:].tolist()
    known = {label: batch.known[:, at] for at, label in enumerate(batch.labels)}
    assert [span for span, sure in zip(spans, known["color"], strict=True) if not sure] == [[0, 1], [1, 1], [1, 2]]
    assert [span for span, sure in zip(spans, known["brand"], strict=True) if not sure] == [[1, 1], [1, 2]]


def test_a_model_learns_the_words_of_a_catalogue(
    recipe: Callable[..., TrainConfig], tmp_path: Path, schema: Schema
) -> None:
    model = build_model(recipe(network={"max_width": 6}).network, [], seed=1)
    start = export(model, tmp_path / "start")
    target = adapt(schema, DOCUMENTS, out=tmp_path / "run", start=str(start), minutes=0.1, device="cpu")
    assert target == tmp_path / "run" / "model"
    lines = [json.loads(line) for line in (tmp_path / "run" / "curve.jsonl").read_text().splitlines()]
    assert set(lines[-1]["dev"]) == {"catalogue", "rehearsal"}


def test_documents_that_the_schema_says_nothing_of_are_an_error(tmp_path: Path, schema: Schema) -> None:
    with pytest.raises(TrainingDataError, match="no document has a value"):
        adapt(schema, [{"title": "a b c"}] * 5, out=tmp_path, start="default", minutes=0.1, device="cpu")


def test_what_the_model_was_sure_of_is_taught_again_and_what_it_was_unsure_of_is_left_open() -> None:
    class Old:
        def predict(
            self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
        ) -> list[TaggedText]:
            assert threshold < len(labels) < batch_size
            spans = (Span(0, 3, "red", "color", 0.9), Span(4, 8, "nike", "brand", 0.4))
            return [TaggedText(text, spans, Coverage(3, 3)) for text in texts]

    texts = [Example(("red", "nike", "shoes"), (Mention(2, 2, "product type"),)), Example((), ())]
    (found,) = remembered(Old(), texts, ["color", "brand"])
    assert found.mentions == (Mention(0, 0, "color", 0.9),)
    assert found.unknown == ((1, 1),)
    assert {"product type", "brand or creator"} <= set(shop_labels())
