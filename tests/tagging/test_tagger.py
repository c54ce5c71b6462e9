"""Documents become entities: every text field, every item, with offsets; what is only mentioned is no attribute."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phrase_scorer import PhraseScorer

from bridge.entities import Interval
from bridge.schema import Schema, parse_schema
from bridge.scorer import Scorer
from bridge.tagging import Dictionary, TaggedDocument, Tagger, attributes

SHOP = """
schema: shop
index: shop
text: [title, description]
labels:
  brand: {from: [title, description], take: first}
  color: {}
  material: {from: [title], store: 0.2, band: {boost: 0.6}}
  screen: {kind: number, unit: inch, text: screen size}
  weight: {kind: number, unit: USD, text: deposit}
  price: {kind: number, field: price, unit: USD, model: false}
"""
SCHEMA = parse_schema(SHOP)
PHRASES = {
    ("brand", "nike"): 0.9,
    ("brand", "HP"): 0.8,
    ("brand", "canon"): 0.7,
    ("color", "red"): 0.9,
    ("color", "blue"): 0.9,
    ("material", "leather"): 0.4,
    ("material", "mesh"): 0.8,
    ("screen size", "15.6 inch"): 0.9,
}


def tag(document: object, schema: Schema = SCHEMA, dictionary: Dictionary | None = None) -> TaggedDocument:
    [tagged] = Tagger(schema, PhraseScorer(PHRASES), dictionary).tag([document])  # type: ignore[list-item]
    return tagged


def kept(tagged: TaggedDocument, schema: Schema = SCHEMA) -> list[tuple[str, object]]:
    return [(entity.label, entity.value) for entity in attributes(schema, tagged)[0]]


def mentioned(tagged: TaggedDocument, schema: Schema = SCHEMA) -> list[tuple[str, object]]:
    return [(entity.label, entity.value) for entity in attributes(schema, tagged)[1]]


def test_entities_name_field_item_and_offsets() -> None:
    document = {"title": "Nike shoe", "description": ["plain", "a RED one"]}
    entities = tag(document).entities
    assert [(one.label, one.field, one.item, one.text, one.value) for one in entities] == [
        ("brand", "title", 0, "Nike", "nike"),
        ("color", "description", 1, "RED", "red"),
    ]
    assert document["description"][1][entities[1].start : entities[1].end] == "RED"


def test_many_documents_are_one_call_and_equal_texts_are_scored_once() -> None:
    scorer = PhraseScorer(PHRASES)
    tagged = Tagger(SCHEMA, scorer).tag([{"title": "red"}, {"title": "red", "description": "blue"}, {}])
    [(texts, labels)] = scorer.calls
    assert texts == ["red", "blue"]
    assert labels == ["brand", "color", "material", "screen size", "deposit"]
    assert [len(one.entities) for one in tagged] == [1, 2, 0]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"title": None},
        {"title": ""},
        {"title": " \n\t"},
        {"title": 42, "description": True},
        {"title": {"en": "red"}},
        {"title": [None, 3, {"a": 1}, []]},
    ],
)
def test_values_that_are_no_text_are_passed_over(document: dict[str, object]) -> None:
    tagged = tag(document)
    assert (tagged.entities, tagged.coverage.share) == ((), 1.0)


def test_items_keep_their_place_among_values_that_are_no_text() -> None:
    [entity] = tag({"title": [None, 7, "red"]}).entities
    assert entity.item == 2


def test_a_field_in_an_object_is_reached_by_its_path() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [meta.title]\nlabels:\n  color: {}\n")
    assert kept(tag({"meta": {"title": "red"}}, schema), schema) == [("color", "red")]
    assert kept(tag({"meta.title": "red"}, schema), schema) == [("color", "red")]


def test_spans_below_the_boost_threshold_are_stored_and_no_attribute() -> None:
    tagged = tag({"title": "leather and mesh"})
    assert [one.value for one in tagged.entities] == ["leather", "mesh"]
    assert kept(tagged) == [("material", "mesh")]


def test_with_take_first_only_the_first_field_that_names_a_label_gives_attributes() -> None:
    tagged = tag({"title": "Nike shoe", "description": "better than Canon"})
    assert kept(tagged) == [("brand", "nike")]
    assert mentioned(tagged) == [("brand", "canon")]
    assert kept(tag({"title": "shoe", "description": "by Canon"})) == [("brand", "canon")]


def test_with_take_all_every_field_gives_attributes() -> None:
    assert kept(tag({"title": "red", "description": "blue"})) == [("color", "red"), ("color", "blue")]


def test_a_field_that_from_does_not_name_only_mentions() -> None:
    tagged = tag({"title": "shoe", "description": "mesh"})
    assert kept(tagged) == []
    assert mentioned(tagged) == [("material", "mesh")]


@pytest.mark.parametrize(
    "title",
    [
        "toner compatible with HP, Canon printers",
        "case for use with the HP",
        "replacement for HP",
        "works with HP",
        "unlike Canon",
        "not by Nike",
        "HP not included",
        "HP and Canon are sold separately",
    ],
)
def test_what_goes_with_it_or_is_denied_is_a_mention(title: str) -> None:
    tagged = tag({"title": title})
    assert kept(tagged) == []
    assert {label for label, _ in mentioned(tagged)} == {"brand"}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("no leather, mesh or plastic. Red", [("color", "red")]),
        ("without laces but red", [("color", "red")]),
        ("compatible with HP; by Canon", [("brand", "canon")]),
        ("Charger not included. Nike", [("brand", "nike")]),
        ("nothing like it, red", [("color", "red")]),
    ],
)
def test_a_cue_reaches_its_own_clause_and_not_the_next(title: str, expected: list[tuple[str, object]]) -> None:
    assert kept(tag({"title": title})) == expected


def test_numbers_are_read_in_the_label_unit() -> None:
    tagged = tag({"title": "15.6 inch screen, a deposit of $30"})
    assert kept(tagged) == [("screen", 15.6), ("weight", 30.0)]


AMOUNTS = parse_schema(
    """
schema: laptops
index: laptops
text: [title]
labels:
  screen_size: {kind: number, unit: inch, cues: [screen, display]}
  ram: {kind: number, unit: gb, model: false}
  storage: {kind: number, unit: gb, model: false, cues: [ssd]}
  weight: {kind: number, unit: kg, model: false}
  price: {kind: range, unit: USD, model: false}
"""
)


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ('Laptop 15.6" display, 16 GB RAM, 512GB SSD', [("screen_size", 15.6), ("ram", 16.0), ("storage", 512.0)]),
        ("Tablet with a screen of 25.4 cm", [("screen_size", 10.0)]),
        ("Laptop, 4.4 lb", [("weight", 1.995806)]),
        ("Laptop, now $999", [("price", Interval(gte=999.0, lte=999.0))]),
        ("Laptops under $999", [("price", Interval(lt=999.0))]),
        ("Laptop 16GB", []),  # of memory or of storage
        ("HDMI cable, 72 inch", []),  # a length, and the model sees no screen size here
        ("Sleeve for laptops up to 15 inch screens", []),  # no one number
        ("iPhone 12", []),
    ],
)
def test_documents_state_amounts_in_the_labels_units(title: str, expected: list[tuple[str, object]]) -> None:
    assert kept(tag({"title": title}, AMOUNTS), AMOUNTS) == expected


def test_an_amount_that_a_document_only_mentions_is_no_attribute() -> None:
    tagged = tag({"title": "Battery compatible with laptops with 15.6 inch display"}, AMOUNTS)
    assert kept(tagged, AMOUNTS) == []
    assert mentioned(tagged, AMOUNTS) == [("screen_size", 15.6)]


def test_labels_bound_to_a_field_are_not_tagged() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [title]\nlabels:\n  color: {field: colour}\n  brand: {}\n")
    assert kept(tag({"title": "red nike under $5"}, schema), schema) == [("brand", "nike")]


def test_the_dictionary_snapshot_proposes_and_wins_over_the_model() -> None:
    dictionary = Dictionary({"brand": {"Nike Air": 5}, "price": {"red": 1}})
    [brand, color] = tag({"title": "nike air red"}, dictionary=dictionary).entities
    assert (brand.source, brand.value, brand.text) == ("dictionary", "Nike Air", "nike air")
    assert color.source == "model"


def test_synonyms_of_the_schema_give_one_value() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [title]\nlabels:\n  color: {synonyms: {Crimson: [red]}}\n")
    assert kept(tag({"title": "RED"}, schema), schema) == [("color", "crimson")]


def test_coverage_adds_up_over_the_texts_and_is_not_hidden() -> None:
    tagger = Tagger(SCHEMA, PhraseScorer(PHRASES, limit=2))
    [tagged] = tagger.tag([{"title": "one two three four", "description": "five"}])
    assert (tagged.coverage.scored, tagged.coverage.total) == (3, 5)


def test_a_schema_without_model_labels_never_calls_the_scorer() -> None:
    scorer = PhraseScorer({})
    schema = parse_schema("schema: s\nindex: s\ntext: [title]\nlabels:\n  color: {model: false}\n")
    dictionary = Dictionary({"color": {"red": 2}})
    [tagged] = Tagger(schema, scorer, dictionary).tag([{"title": "red"}])
    assert scorer.calls == []
    assert kept(tagged, schema) == [("color", "red")]


def test_sorted_labels_are_asked_in_the_order_of_their_texts_however_the_schema_has_them() -> None:
    names = ("color", "brand", "screen_size")
    for order in (names, names[::-1]):
        scorer = PhraseScorer({})
        labels = "\n".join(f"  {name}: {{}}" for name in order)
        schema = parse_schema(f"schema: s\nindex: s\ntext: [title]\nmodel: {{sort_labels: true}}\nlabels:\n{labels}\n")
        Tagger(schema, scorer).tag([{"title": "red"}])
        assert scorer.calls == [(["red"], ["brand", "color", "screen size"])]


def hashes(text: str, dictionary: Dictionary | None = None) -> tuple[str, str]:
    tagger = Tagger(parse_schema(text), PhraseScorer({}), dictionary)
    return tagger.tagging_hash, tagger.derive_hash


def test_what_changes_the_spans_changes_the_tagging_hash_alone() -> None:
    tagging, derive = hashes(SHOP)
    for changed in (
        hashes(SHOP.replace("store: 0.2", "store: 0.1")),
        hashes(SHOP.replace("text: screen size", "text: display")),
        hashes(SHOP, Dictionary({"brand": {"x": 1}})),
        hashes(f"{SHOP}\nmodel: {{sort_labels: true}}\n"),
    ):
        assert changed[0] != tagging
        assert changed[1] == derive


def test_what_changes_flat_fields_changes_the_derive_hash_alone() -> None:
    tagging, derive = hashes(SHOP)
    for changed in (
        hashes(SHOP.replace("boost: 0.6", "boost: 0.7")),
        hashes(SHOP.replace("take: first", "take: all")),
        hashes(SHOP.replace("color: {}", "color: {normalise: [fold]}")),
        hashes(SHOP.replace("color: {}", "color: {synonyms: {red: [crimson]}}")),
    ):
        assert changed[0] == tagging
        assert changed[1] != derive


def test_what_only_queries_use_changes_neither() -> None:
    assert hashes(SHOP) == hashes(SHOP.replace("color: {}", "color: {boost: 7, relax: 3, use: boost}"))


def test_the_text_hash_follows_the_texts_that_are_read() -> None:
    tagger = Tagger(SCHEMA, PhraseScorer({}))
    one = tagger.text_hash({"title": "red", "stock": 4})
    assert one == tagger.text_hash({"stock": 5, "title": "red", "description": None})
    assert one == tagger.tag([{"title": "red"}])[0].text_hash
    assert one != tagger.text_hash({"title": "Red"})
    assert one != tagger.text_hash({"description": "red"})


def test_a_lone_surrogate_does_no_harm() -> None:
    tagged = tag({"title": "red \ud83d nike"})
    assert {one.value for one in tagged.entities} == {"red", "nike"}
    assert tagged.text_hash


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4))
def test_a_real_scorer_gives_entities_that_slice_their_text(real_scorer: Scorer, titles: list[str]) -> None:
    schema = parse_schema(
        "schema: s\nindex: s\ntext: [title]\nlabels:\n  brand: {store: 0.0, band: {boost: 0}}\n  color: {store: 0}\n"
    )
    dictionary = Dictionary({"brand": {"a": 1, "0": 2}})
    [tagged] = Tagger(schema, real_scorer, dictionary).tag([{"title": titles}])
    for entity in tagged.entities:
        assert titles[entity.item][entity.start : entity.end] == entity.text
    places = [(one.item, one.start, one.end) for one in tagged.entities]
    for at, (item, start, end) in enumerate(places):
        assert all(other[0] != item or other[1] >= end or other[2] <= start for other in places[at + 1 :])
