"""What a document is about: the head of a title's phrase, not what it is made for, comes with or looks like."""

from __future__ import annotations

import json
import lzma
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from phrase_scorer import PhraseScorer

from bridge.schema import Schema, parse_schema
from bridge.tagging import Dictionary, Tagger, attributes

HERE = Path(__file__).parent
CATALOGUES = HERE.parents[2] / "shared/data/catalogs"
TITLES = {"icecat_electronics": "title", "elastic_products_ecommerce": "product", "elastic_grocery_recipes": "name"}
TYPES = [line for line in (HERE / "product_types.txt").read_text("utf-8").splitlines() if line]
BRANDS = ["HP", "Dell", "Samsung", "Canon", "Dyson", "Apple"]
DICTIONARY = Dictionary({"product_type": dict.fromkeys(TYPES, 1), "brand": dict.fromkeys(BRANDS, 1)})
SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  product_type: {model: false, position: head}
  brand: {model: false}
"""
SHOP = parse_schema(SCHEMA)
#: The same label for which the schema does not say that its values are things.
LOOSE = parse_schema(SCHEMA.replace(", position: head", ""))


def own(title: str, schema: Schema = SHOP, scorer: PhraseScorer | None = None) -> set[object]:
    """The values that the document gets as attributes."""
    [tagged] = Tagger(schema, scorer or PhraseScorer({}), DICTIONARY).tag([{"title": title}])
    assert all(title[one.start : one.end] == one.text for one in tagged.entities)
    return {one.value for one in attributes(schema, tagged)[0]}


@pytest.mark.parametrize(
    ("title", "values"),
    [
        # The last thing of a phrase is the product, the ones before say what it is for.
        ("Laptop Case", {"Case"}),
        ("Dell Laptop Charger 65W", {"Dell", "Charger"}),
        ("Canon Camera Carrying Case Black", {"Canon", "Case"}),
        ("Desk-Mounted Laptop Tray", {"Tray"}),
        ("Pot and Pan Holder", {"Holder"}),
        ("HP printer/scanner spare part", {"HP"}),
        ("Laptop Arm", set()),
        ("Paper cutter", set()),
        # What stands behind `for` and `with` is not the product, nor is a maker behind `for`.
        ("Phone Holder for Car", {"Holder"}),
        ("Case for Samsung Phone", {"Case"}),
        ("Charger for Dell, HP and Apple", {"Charger"}),
        ("Toner compatible with HP Printer", {"Toner"}),
        ("HP compatible toner", {"Toner"}),
        ("Brush fits Dyson Vacuum", set()),
        ("Wrist Rest for Keyboard and Mouse", set()),
        ("Garden Chair with Pillow", {"Chair"}),
        ("Laptop with Bag", {"Laptop"}),
        ("For Samsung Phone Case", {"Case", "Samsung"}),
        # Behind a comma come properties, but a list may go on.
        ("Tortilla Chips, Nacho Cheese, 1 oz", {"Chips"}),
        ("Shampoo, Conditioner, Soap", {"Shampoo", "Conditioner", "Soap"}),
        ("Shampoo and Hair Conditioner", {"Shampoo", "Conditioner"}),
        ("Laptop Stand & USB Hub", {"Stand"}),
        # What describes the product without being a thing changes nothing.
        ("Dell Laptop 15.6 inch Black", {"Dell", "Laptop"}),
        ("Laptop computer", {"Laptop"}),
        ("Coffee Organic Breakfast Blend", {"Coffee"}),
        ("Projector mount accessory", {"Mount"}),
        # A thing that is denied is none; what stands further on is one.
        ("Speaker, charger not included", {"Speaker"}),
        ("Speaker, charger and cable not included", set()),
        ("Lamp without a cable", {"Lamp"}),
        ("No Sugar Keto Snacks", {"Snacks"}),
    ],
)
def test_only_the_head_of_its_phrase_is_the_product(title: str, values: set[object]) -> None:
    assert own(title) == values


def test_what_is_not_the_product_is_a_mention() -> None:
    [tagged] = Tagger(SHOP, PhraseScorer({}), DICTIONARY).tag([{"title": "Laptop Case for Dell"}])
    assert {one.value for one in attributes(SHOP, tagged)[1]} == {"Laptop", "Dell"}


def test_it_is_the_schema_that_says_which_values_are_things() -> None:
    assert own("Laptop Case", LOOSE) == {"Laptop", "Case"}
    assert own("Dell Charger for HP", LOOSE) == {"Dell", "Charger"}, "makers are names in any schema"


def test_what_the_model_reads_to_the_end_of_the_phrase_beats_the_beginning_that_is_stored() -> None:
    schema = parse_schema(SCHEMA.replace("model: false, position: head", "text: product, position: head"))
    scorer = PhraseScorer({("product", "Laptop Riser"): 0.9, ("product", "Laptop Sleeve"): 0.3})
    assert own("Laptop Riser", schema, scorer) == {"laptop riser"}
    assert own("Laptop Sleeve", schema, scorer) == set(), "too weak a reading: the stored laptop only describes it"


def test_each_sentence_names_its_own_things() -> None:
    assert own("A laptop for work. The charger is small.") == {"Laptop", "Charger"}


@given(
    st.lists(st.sampled_from([*TYPES[:20], "for", "with", ",", "-", "/", "and", ".", "HP", "red", "x"])).map(" ".join)
)
def test_no_title_is_too_strange(title: str) -> None:
    own(title)


def test_long_texts_are_read_in_linear_time() -> None:
    text = "Laptop Case, for Dell with Mouse / Lamp and red desk. " * 4_000
    started = time.perf_counter()
    own(text)
    assert time.perf_counter() - started < 20.0


def _rows(catalogue: str) -> list[Mapping[str, object]]:
    with lzma.open(CATALOGUES / f"{catalogue}.jsonl.xz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _right(schema: Schema, labelled: Mapping[str, Mapping[int, Sequence[str]]]) -> tuple[int, int]:
    right = total = 0
    for catalogue, expected in labelled.items():
        rows = _rows(catalogue)
        for row, types in expected.items():
            got = own(str(rows[row][TITLES[catalogue]]), schema) - set(BRANDS)
            right += got == set(types)
            total += 1
    return right, total


@pytest.mark.skipif(not CATALOGUES.is_dir(), reason="no shared data beside this checkout")
@pytest.mark.parametrize(
    ("part", "before", "after"), [("seen", (36, 146), (124, 146)), ("held_out", (22, 95), (72, 95))]
)
def test_real_titles(part: str, before: tuple[int, int], after: tuple[int, int]) -> None:
    """Titles whose product types are exactly right, by hand: every type that is named, and the rules."""
    labelled = yaml.safe_load((HERE / "titles.yaml").read_text("utf-8"))[part]
    assert _right(LOOSE, labelled) == before
    right, total = _right(SHOP, labelled)
    assert (right >= after[0], total) == (True, after[1])
