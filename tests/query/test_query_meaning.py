"""Linking by meaning: words that are no stored value find the one that means the same, with the embedded model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import yaml

from bridge.errors import DeadlineExceededError
from bridge.query import Options, QueryParser, StaticValues
from bridge.query._meaning import Meanings, Vectors, is_meant
from bridge.schema import Schema, parse_schema
from bridge.scorer import Scorer
from bridge.tagging import Dictionary

SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  category: {field: category, model: false, use: filter}
  brand: {field: brand, model: false, use: filter, position: any}
  material: {field: material, model: false, links: [typo]}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
"""
VALUES = {
    "category": {"Notebooks": 40, "Couches": 30, "Refrigerators": 20, "Televisions": 20, "Headphones": 10},
    "brand": {"Samsung": 30, "Lenovo": 20, "Acer": 10, "Apple": 10, "Hisense": 3},
    "material": {"denim": 10, "leather": 20, "wool": 3},
}
PAIRS = yaml.safe_load((Path(__file__).parent / "meaning.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("default", threads=1)


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(SCHEMA)


@pytest.fixture(scope="module")
def parser(schema: Schema, scorer: Scorer) -> QueryParser:
    rates = {"category": 1.0, "brand": 1.0, "price": 1.0, "material": 0.5}
    return QueryParser(schema, scorer, StaticValues.of(schema, VALUES, rates).with_meanings(schema, scorer))


def clauses(parser: QueryParser, text: str, **options: object) -> list[tuple[str, str]]:
    plan = parser.parse(text, Options.from_mapping(options))
    return [(clause.role, clause.name.removeprefix("bridge:")) for clause in plan.clauses]


@pytest.mark.parametrize(
    ("text", "value"), [("laptop", "Notebooks"), ("red sofa", "Couches"), ("fridge", "Refrigerators")]
)
def test_a_word_finds_the_stored_value_that_means_the_same(parser: QueryParser, text: str, value: str) -> None:
    assert clauses(parser, text) == [("boost", f"category={value}")]


def test_such_a_link_never_filters_and_explain_says_how_near_it_is(parser: QueryParser) -> None:
    plan = parser.parse("laptop under $500")
    assert [(c.role, c.label) for c in plan.clauses] == [("filter", "price"), ("boost", "category")]
    [line] = [line for line in plan.explain if line.clause == "bridge:category=Notebooks"]
    assert "by meaning (Notebooks 0.6" in line.reason
    assert line.entity is not None
    assert plan.text[line.entity.start : line.entity.end] == "laptop"


def test_the_thing_looked_for_is_meant_not_what_it_is_for(parser: QueryParser) -> None:
    assert clauses(parser, "laptop stand") == []
    assert clauses(parser, "stand for laptop") == []


def test_a_stored_value_needs_no_meaning(parser: QueryParser) -> None:
    assert clauses(parser, "couches for sale") == [("filter", "category=Couches")]


@pytest.mark.parametrize("text", ["fruit", "korean company", "qwzx laptoq", "“laptop”", "-laptop", "category"])
def test_names_unknown_words_quotes_and_label_names_mean_nothing(parser: QueryParser, text: str) -> None:
    assert [role for role, name in clauses(parser, text) if role == "boost"] == []


def test_it_can_be_switched_off_by_request_and_by_label(parser: QueryParser) -> None:
    assert clauses(parser, "laptop", disable=["meaning"]) == []
    assert clauses(parser, "laptop", disable=["category"]) == []
    assert clauses(parser, "jeans") == [], "material has no `meaning` among its links"


def test_it_widens_the_text_where_the_schema_says_expand(scorer: Scorer) -> None:
    schema = parse_schema(SCHEMA.replace("category, model: false, use: filter", "category, model: false, use: expand"))
    values = StaticValues.of(schema, VALUES, {"category": 1.0}).with_meanings(schema, scorer)
    assert clauses(QueryParser(schema, None, values), "laptop") == [("expand", "category=Notebooks")]


def test_labels_of_names_are_not_compared(schema: Schema, scorer: Scorer) -> None:
    assert Meanings(schema, Dictionary(VALUES), scorer).labels == ("category",)


class Counting:
    """An encoder that remembers what it was asked for."""

    embeds = True
    fingerprint = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        return np.stack([np.eye(8, dtype=np.float32)[len(text) % 8] for text in texts])


def test_vectors_that_were_kept_in_a_file_are_not_encoded_again(schema: Schema, tmp_path: Path) -> None:
    file, encoder = tmp_path / "values.vectors.npz", Counting()
    values = StaticValues.of(schema, VALUES).with_meanings(schema, encoder)
    values.save_vectors(file, encoder)
    again = Counting()
    kept = StaticValues.load_vectors(file, again)
    loaded = StaticValues.of(schema, VALUES).with_meanings(schema, again, known=kept).meanings()
    assert not again.asked
    assert loaded is not None
    assert loaded.vectors.keys() == kept.keys() == values.meanings().vectors.keys()  # type: ignore[union-attr]


@pytest.mark.parametrize("damage", ["another", "cut", "missing"])
def test_a_file_of_another_encoder_or_a_damaged_one_gives_no_vectors(
    schema: Schema, tmp_path: Path, damage: str
) -> None:
    file, encoder = tmp_path / "values.vectors.npz", Counting()
    StaticValues.of(schema, VALUES).with_meanings(schema, encoder).save_vectors(file, encoder)
    match damage:
        case "another":
            encoder.fingerprint = "other"
        case "cut":
            file.write_bytes(file.read_bytes()[:-30])
        case "missing":
            file.unlink()
    assert StaticValues.load_vectors(file, encoder) == {}


def test_a_refresh_encodes_only_new_values_and_a_phrase_is_encoded_once(schema: Schema) -> None:
    encoder = Counting()
    first = Meanings(schema, Dictionary(VALUES), encoder)
    assert sorted(encoder.asked) == sorted(VALUES["category"])
    encoder.asked.clear()

    more = {"category": {**VALUES["category"], "Lamps": 4}}
    second = Meanings(schema, Dictionary(more), encoder, first)
    assert encoder.asked == ["Lamps"]
    second.nearest("category", ["lights", "lights"])
    second.nearest("category", ["lights"])
    assert encoder.asked == ["Lamps", "lights"]


def test_a_busy_encoder_ends_at_the_deadline(schema: Schema) -> None:
    meanings = Meanings(schema, Dictionary(VALUES), Counting())
    with meanings._encoding, pytest.raises(DeadlineExceededError):
        meanings.nearest("category", ["laptop"], deadline=time.monotonic() + 0.01)


def test_the_threshold_keeps_its_promise_on_the_pairs_that_it_was_chosen_on(scorer: Scorer) -> None:
    right, wrong, expected = 0, [], 0
    for catalogue in PAIRS:
        vectors = scorer.embed(catalogue["values"])
        for phrase, meant in catalogue["phrases"].items():
            cosines = scorer.embed([phrase])[0] @ vectors.T
            best = [(catalogue["values"][at], float(cosines[at])) for at in np.argsort(-cosines)[:2]]
            expected += meant is not None
            if is_meant(best) and best[0][0] == meant:
                right += 1
            elif is_meant(best):
                wrong.append((phrase, best[0][0]))
    assert len(wrong) <= 4, wrong
    assert right >= 0.4 * expected
