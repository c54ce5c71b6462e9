"""Training texts from a catalogue: what is read of documents, what becomes of values, and a model that learns them."""

from __future__ import annotations

import gzip
import json
import os
import random
import subprocess
import sys
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
from bridge.training.catalog._mined import labels_to_mine, mine
from bridge.training.catalog._texts import CatalogueTexts
from bridge.training.catalog._typical import other_names, typical_values

SCHEMA = """
schema: shop
index: shop
text: [title, description]
labels:
  product_type: {field: attributes.type, position: head}
  brand: {field: brand}
  color: {field: attributes.color}
  memory: {kind: number, field: attributes.memory, unit: gb, cues: [ram]}
  compatible_product: {field: attributes.fits}
  price: {kind: number, field: price, unit: USD}
"""
BRANDS, COLORS, TYPES = ["Kingston Technology", "Acme", "Sony"], ["Black", "Light blue"], ["Laptop", "Toner cartridge"]


def document(at: int) -> dict[str, Any]:
    brand, color, kind = BRANDS[at % 3], COLORS[at % 2], TYPES[at % 2]
    return {
        "title": f"{brand} X{at} {kind} {color} {8 + at % 4} GB",
        "brand": brand,
        "price": 10.0 + at,
        "attributes": {"type": kind, "color": color, "memory": 8 + at % 4, "fits": "HP P4015, OKI C610", "ok": True},
    }


DOCUMENTS = [document(at) for at in range(60)]


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(SCHEMA)


def said(example: Example) -> set[tuple[str, str]]:
    return {(" ".join(example.words[m.first : m.last + 1]), m.label) for m in example.mentions}


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


def test_queries_say_what_every_word_is_and_the_same_seed_gives_the_same_ones(schema: Schema) -> None:
    catalogue = read_catalogue(schema, DOCUMENTS)
    texts = CatalogueTexts(catalogue)
    queries = texts.queries(800, catalogue.items, seed=3)
    assert queries == CatalogueTexts(catalogue).queries(800, catalogue.items, seed=3)
    found = {pair for query in queries for pair in said(query)}
    assert {("sony", "brand"), ("kingston", "brand"), ("light blue", "color"), ("laptops", "product type")} <= found
    assert {("hp p4015", "compatible product"), ("8gb", "memory")} <= found
    assert any(label == "price" for _, label in found)
    assert any(query.unknown for query in queries)
    for query in queries:
        assert split_words(query.text).texts == query.words
        assert all(0 <= m.first <= m.last < len(query.words) for m in query.mentions)


def test_an_amount_whose_unit_two_labels_share_is_taught_with_a_cue_only() -> None:
    schema = parse_schema(SCHEMA + "  storage: {kind: number, field: attributes.storage, unit: gb, cues: [ssd]}\n")
    documents = [{**one, "attributes": {**one["attributes"], "storage": 256}} for one in DOCUMENTS]
    catalogue = read_catalogue(schema, documents)
    queries = CatalogueTexts(catalogue).queries(600, catalogue.items, seed=3)
    for label, cue in {"memory": "ram", "storage": "ssd"}.items():
        with_it = [query for query in queries if any(mention.label == label for mention in query.mentions)]
        told = [query for query in with_it if cue in query.text.lower()]
        assert len(told) > 0.9 * len(with_it) > 0, "the others have a typing error in the cue"
    bare = [query for query in queries if query.unknown and "gb" in query.text.lower()]
    assert bare, "some stand without a cue, and nothing is said of them"


def test_an_amount_without_a_cue_is_taught_of_things_that_have_it_of_one_label_only() -> None:
    schema = parse_schema(SCHEMA + "  storage: {kind: number, field: attributes.storage, unit: gb, cues: [ssd]}\n")
    sticks = [
        {"title": f"Acme stick {n}", "attributes": {"type": "Stick", "color": "Red", "storage": 64}} for n in range(20)
    ]
    laptops = [{**one, "attributes": {**one["attributes"], "storage": 256}} for one in DOCUMENTS]
    catalogue = read_catalogue(schema, [*laptops, *sticks])
    queries = CatalogueTexts(catalogue).queries(800, catalogue.items, seed=3)
    bare = [query for query in queries if "64" in query.text and "ssd" not in query.text.lower()]
    taught = {m.label for query in bare for m in query.mentions if "64" in query.words[m.first]}
    assert taught == {"storage"}
    about = [query for query in bare if "stick" in query.text.lower()]
    assert about
    assert not any("64" in query.words[first] for query in about for first, _ in query.unknown)


def test_an_amount_that_may_be_of_two_labels_stays_what_the_model_takes_it_for() -> None:
    schema = parse_schema(SCHEMA + "  storage: {kind: number, field: attributes.storage, unit: gb, cues: [ssd]}\n")
    both = [{**one, "attributes": {**one["attributes"], "storage": 256}} for one in DOCUMENTS]
    sticks = [{"title": f"Stick {n}", "attributes": {"type": "Stick", "storage": 64}} for n in range(20)]
    texts = CatalogueTexts(read_catalogue(schema, [*both, *sticks]))
    assert texts.units.labels == ("memory", "storage")
    amounts = texts.amounts(100, texts.catalogue.items, seed=0)
    assert any("laptop" in example.text.lower() for example in amounts)
    assert not any("stick" in example.text.lower() for example in amounts), "its amounts can only be storage"
    assert not any(example.mentions or "ram" in example.words for example in amounts)
    plain = CatalogueTexts(read_catalogue(parse_schema(SCHEMA), DOCUMENTS))
    assert (plain.amounts(50, plain.catalogue.items, seed=0), plain.units.labels) == ([], ())


def test_words_of_another_field_stand_apart_from_the_thing() -> None:
    schema = parse_schema(SCHEMA + "  technology: {field: attributes.print}\n")
    kinds = [("Laser printer", "Laser"), ("Photo printer", "Laser"), ("Photo paper", "Inkjet")]
    documents = [
        {"title": f"Acme {n} {kind}", "attributes": {"type": kind, "print": print_}}
        for n in range(5)
        for kind, print_ in kinds
    ]
    catalogue = read_catalogue(schema, documents)
    queries = CatalogueTexts(catalogue).queries(300, catalogue.items, seed=0)
    found = {(text.lower(), label) for query in queries for text, label in said(query)}
    assert {("laser", "technology"), ("printer", "product type"), ("photo printer", "product type")} <= found
    assert ("laser printer", "product type") not in found


def test_of_a_title_only_located_values_are_known(schema: Schema) -> None:
    catalogue = read_catalogue(schema, DOCUMENTS)
    titles = CatalogueTexts(catalogue).titles(100, catalogue.items, seed=0)
    example = next(e for e in titles if "x0" in e.text.casefold())
    assert {(text.casefold(), label) for text, label in said(example)} >= {
        ("kingston technology", "brand"),
        ("laptop", "product type"),
        ("black", "color"),
        ("8 gb", "memory"),
    }
    at = [word.casefold() for word in example.words].index("x0")
    assert (at, at) in example.unknown


def test_nothing_is_taught_of_unknown_words_but_where_a_mention_beside_them_ends() -> None:
    example = Example(("sony", "x0", "laptop", "black"), (Mention(0, 0, "brand"),), unknown=((1, 1),))
    batch = Sampler(
        [TrainingSet("t", [example], labels=("brand", "color"))], seed=0, max_width=2, batch_texts=1, phrasing_rate=0.0
    ).batch(0)
    spans = batch.spans[:, 1:].tolist()
    known = {label: batch.known[:, at] for at, label in enumerate(batch.labels)}
    assert [span for span, sure in zip(spans, known["color"], strict=True) if not sure] == [[0, 1], [1, 1], [1, 2]]
    assert [span for span, sure in zip(spans, known["brand"], strict=True) if not sure] == [[1, 1], [1, 2]]


class Reader:
    """A model that knows two words, and one of them only now and then."""

    def predict(
        self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
    ) -> list[TaggedText]:
        assert "flavor" in labels
        assert threshold < 0.5 < batch_size
        found = []
        for at, text in enumerate(texts):
            spans = []
            for word, label, score in (("mint", "flavor", 0.6), ("cookies", "product type", 0.9)):
                begin = text.casefold().find(word)
                if begin >= 0 and (word != "mint" or at % 2 == 0):
                    spans.append(Span(begin, begin + len(word), text[begin : begin + len(word)], label, score))
            found.append(TaggedText(text, tuple(spans), Coverage(1, 1)))
        return found


def test_labels_without_a_field_are_mined_from_titles() -> None:
    schema = parse_schema(
        "schema: s\nindex: s\ntext: [name]\nlabels:\n  product_type: {}\n  flavor: {}\n  brand: {}\n"
        "  price: {kind: number, field: price, unit: USD}\n"
    )
    names = [f"Grandma Zelda {kind} cookies, {at} oz, box" for at in range(10) for kind in ("Mint", "Plain")]
    catalogue = read_catalogue(schema, [{"name": name, "price": 3} for name in names])
    assert labels_to_mine(catalogue) == ["product_type", "flavor", "brand"]
    found = mine(catalogue, Reader(), seed=0)
    assert "mint" in found["flavor"]
    assert "cookies" in found["product_type"]
    assert "grandma zelda" in found["brand"]
    minty = [item for item in catalogue.items if "Mint" in item.title]
    assert all(item.values["flavor"] == ["mint"] for item in minty), "also where the model did not see it"


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


def test_shipped_lists_know_labels_by_many_names() -> None:
    assert "smoked" in typical_values("preparation process")
    assert {"wired", "bluetooth"} <= set(typical_values("connectivity"))
    assert "taste" in other_names("flavor")
    assert "flavor" in other_names("taste")
    assert typical_values("reactor type") == other_names("reactor type") == ()


def test_what_a_list_knows_of_a_label_overrules_what_the_model_read() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [name]\nlabels:\n  flavor: {}\n  product_type: {}\n  scent: {}\n")
    names = [f"Plum {kind} cookies mint" for kind in ("smoked", "big", "old")]

    class Wrong:
        def predict(
            self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
        ) -> list[TaggedText]:
            assert threshold < len(labels) < batch_size
            spans = [(Span(t.find("mint"), len(t), "mint", "product type", 0.9),) for t in texts]
            return [TaggedText(t, found, Coverage(1, 1)) for t, found in zip(texts, spans, strict=True)]

    catalogue = read_catalogue(schema, [{"name": name} for name in names])
    found = mine(catalogue, Wrong(), seed=0)
    assert "mint" not in found["product_type"]
    assert found["flavor"]["mint"] == found["scent"]["mint"] == 3


def test_a_thing_of_several_words_is_not_taken_apart() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [title]\nlabels: {product_type: {position: head}, flavor: {}}\n")
    titles = ["Acme garlic salt", "Organic garlic salt", "Potatoes with garlic"]
    catalogue = read_catalogue(schema, [{"title": title} for title in titles])

    class TakesItApart:
        def predict(
            self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
        ) -> list[TaggedText]:
            assert threshold < len(labels) < batch_size
            spans = [(Span(t.find("garlic"), t.find("garlic") + 6, "garlic", "flavor", 0.9),) for t in texts]
            return [TaggedText(t, found, Coverage(1, 1)) for t, found in zip(texts, spans, strict=True)]

    mine(catalogue, TakesItApart(), seed=0)
    assert [item.values["product_type"] for item in catalogue.items[:2]] == [["garlic salt"]] * 2
    assert "flavor" not in catalogue.items[0].values


def test_texts_are_the_same_in_every_process_so_that_a_killed_run_goes_on_with_them() -> None:
    script = """
from bridge.schema import parse_schema
from bridge.training.catalog._items import read_catalogue
from bridge.training.catalog._texts import CatalogueTexts
labels = "{product_type: {field: type}, flavor: {}, scent: {}}"
schema = parse_schema("schema: s\\nindex: s\\ntext: [title]\\nlabels: " + labels)
titles = ["vanilla caramel mint lemon cookies", "mint lemon vanilla lavender rose soap", "caramel rose lemon tea"]
catalogue = read_catalogue(schema, [{"title": title, "type": title.split()[-1]} for title in titles])
print(CatalogueTexts(catalogue).queries(50, catalogue.items, seed=0))
"""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script], env={**os.environ, "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE
        )
        for seed in ("1", "2")
    ]
    made = {process.communicate()[0] for process in processes}
    assert not any(process.returncode for process in processes)
    assert len(made) == 1


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
