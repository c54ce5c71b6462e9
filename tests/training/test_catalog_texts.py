"""Queries and titles from the fields of a catalogue: what is taught of each word."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from bridge.schema import Schema, parse_schema
from bridge.scorer import split_words
from bridge.training.catalog._items import Catalogue, Item, read_catalogue
from bridge.training.catalog._texts import CatalogueTexts
from tests.training.catalogues import DOCUMENTS, SCHEMA, said


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(SCHEMA)


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


def test_the_words_around_a_value_go_by_whole_words_of_its_label() -> None:
    schema = parse_schema(SCHEMA + "  storage: {kind: number, field: attributes.storage, unit: gb}\n")
    documents = [{"title": f"Stick {n}", "attributes": {"type": "Stick", "storage": 64}} for n in range(20)]
    catalogue = read_catalogue(schema, documents)
    texts = [query.text.lower() for query in CatalogueTexts(catalogue).queries(300, catalogue.items, seed=0)]
    assert any("with 64" in text for text in texts)
    assert not any("stick for 64" in text for text in texts), "`storage` is no `age`"


def test_a_word_and_a_thing_that_together_are_another_thing_are_taught_as_that() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [title]\nlabels: {product_type: {position: head}, flavor: {}}\n")
    catalogue = read_catalogue(schema, [{"title": title} for title in ("Orange juice", "Juice", "Orange soda")])
    whole, juice, soda = catalogue.items
    whole.values = {"product_type": ["orange juice"]}
    juice.values = {"product_type": ["juice"], "flavor": ["orange"]}
    soda.values = {"product_type": ["soda"], "flavor": ["orange"]}
    queries = CatalogueTexts(catalogue).queries(300, catalogue.items, seed=0)
    found = {(text.lower(), label) for query in queries for text, label in said(query)}
    assert {("orange juice", "product type"), ("orange", "flavor"), ("soda", "product type")} <= found
    known = [query for query in queries if not query.unknown]
    pairs = {
        " ".join(query.words[m.first : m.last + 2]) for query in known for m in query.mentions if m.label == "flavor"
    }
    assert "orange soda" in pairs
    assert "orange juice" not in pairs


def test_two_values_of_a_label_may_stand_together() -> None:
    schema = parse_schema(SCHEMA + "  connector: {field: attributes.plugs}\n")
    documents = [{"title": f"Cable {n}", "attributes": {"type": "Cable", "plugs": ["HDMI", "VGA"]}} for n in range(9)]
    catalogue = read_catalogue(schema, documents)
    queries = [q for q in CatalogueTexts(catalogue).queries(200, catalogue.items, seed=0) if "hdmi to vga" in q.text]
    assert queries
    assert all({("hdmi", "connector"), ("vga", "connector")} <= said(query) for query in queries)


def test_values_of_other_items_are_mostly_of_the_same_kind_of_thing() -> None:
    labels = "{product_type: {field: type}, flavor: {field: taste}}"
    schema = parse_schema(f"schema: s\nindex: s\ntext: [title]\nlabels: {labels}\n")
    things = [("green tea", "lime"), ("black tea", "mint"), ("soap", "plum"), ("soaps", "fig")]
    catalogue = read_catalogue(schema, [{"title": f"{x} {kind}", "type": kind, "taste": x} for kind, x in things])
    vocabulary = CatalogueTexts(catalogue).vocabulary
    assert vocabulary.alike(catalogue.items[0])["flavor"] == ["lime", "mint"]
    assert vocabulary.alike(catalogue.items[2])["flavor"] == ["plum", "fig"]


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


def test_things_and_values_that_no_title_has_are_met_where_no_field_holds_them() -> None:
    schema = parse_schema(
        "schema: s\nindex: s\ntext: [title]\n"
        "labels: {product_type: {position: head}, flavor: {}, scent: {}, color: {field: color}}\n"
    )
    items = [Item(f"{kind} juice", "", {"product_type": [f"{kind} juice"]}) for kind in ("apple", "carrot")]
    items += [Item("mint juice", "", {"flavor": ["mint"], "product_type": ["juice"], "color": ["red"]})]
    texts = CatalogueTexts(Catalogue(schema, items, schema.model_labels()))
    akin, unseen = texts.vocabulary.akin, texts.vocabulary.unseen
    assert "orange juice" in akin
    assert "orange marmalade" not in akin, "nothing here is a marmalade"
    assert "banana" in unseen["flavor"]
    assert "mint" not in unseen["flavor"], "a title has it"
    assert "lemon" not in (*unseen["flavor"], *unseen["scent"]), "of which of the two?"
    assert "color" not in unseen, "its field says what colors there are"
    met = {text.lower() for example in texts.queries(400, items, seed=0) for text, _ in said(example)}
    assert met & set(akin)
    assert met & set(unseen["flavor"])


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
