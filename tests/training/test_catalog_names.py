"""Fields for names of models hold descriptions, amounts and other labels' values as well: only names are taught."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.schema import parse_schema
from bridge.training.catalog._forms import other_forms
from bridge.training.catalog._items import read_catalogue
from bridge.training.catalog._names import name_in
from bridge.training.catalog._texts import CatalogueTexts
from tests.training.catalogues import said

SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  product_type: {field: type, position: head}
  brand: {field: brand}
  model: {field: name}
  connector: {field: connector}
  compatible_product: {field: fits}
"""
THINGS = {"cartridge", "pc", "printer", "shaver", "cable", "sheet"}


def catalogue(documents: list[dict[str, Any]]) -> Any:
    return read_catalogue(parse_schema(SCHEMA), documents)


@pytest.mark.parametrize(
    ("stored", "name"),
    [
        ("EliteBook 2530p", "EliteBook 2530p"),
        ("EliteBook 2530p Notebook PC", "EliteBook 2530p Notebook"),
        ("Color LaserJet 4700dn Printer", "Color LaserJet 4700dn"),
        ("Electric shaver HQ7310/16", "HQ7310/16"),
        ("C-EXV3 cartridge", "C-EXV3"),
        ("Smart-UPS", "Smart-UPS"),
        ("Black Toner Cartridge", None),
        ("25 Sheets", None),
        ("USB 2.0 Cable", None),
        ("DB9 M/F Extension Cable", None),  # a connector of the schema
        ("RJ45", None),
        ("5 m", None),
        ("Viewer 17-inch", None),
        ("Standard", None),
        ("Cable for C750", None),
    ],
)
def test_the_name_in_a_value_is_what_tells_one_make_from_another(stored: str, name: str | None) -> None:
    assert name_in(stored, THINGS, {"db9", "rj45"}) == name


@given(st.text(max_size=40).filter(str.strip))
def test_a_name_is_a_part_of_its_value_and_stays_itself(value: str) -> None:
    name = name_in(value, THINGS, {"rj45"})
    if name is not None:
        assert name in " ".join(value.split())
        assert name_in(name, THINGS, {"rj45"}) == name


def test_of_a_field_for_models_what_is_no_name_is_left_out_and_other_fields_stay_whole() -> None:
    printers = [{"title": f"Acme printer {at}", "type": "Printer", "name": f"X{at}00"} for at in range(9)]
    cable = {"title": "Acme cable", "type": "Cable", "connector": "RJ45", "fits": "LaserJet Cable"}
    cables = [{**cable, "name": name} for name in ("RJ45", "Z100 Cable", "Patch Cable")]
    read = catalogue(cables + printers).items
    assert [item.values.get("model") for item in read[:4]] == [None, ["Z100"], None, ["X000"]]
    assert [item.values["compatible_product"] for item in read[:3]] == [["LaserJet Cable"]] * 3


def test_a_field_whose_names_are_words_stays_as_it_is() -> None:
    cars = [
        {"title": f"Car {at}", "type": "Car", "name": name} for at, name in enumerate(("Focus", "Golf", "Golf", "911"))
    ]
    assert [item.values.get("model") for item in catalogue(cars).items[:3]] == [["Focus"], ["Golf"], ["Golf"]]


def test_several_names_of_models_that_begin_alike_have_a_family_name() -> None:
    values = ["LaserJet 4250", "LaserJet P4015", "LaserJet 9000dn", "Aspire 5100", "Aspire 5200", "Sony X1", "Sony X2"]
    values += ["Sony X3", "Color 2100", "Color 2200", "Color 2300"]
    forms = other_forms(values, {"sony"}, families=True)
    assert "LaserJet" in forms["LaserJet 4250"]
    assert "Aspire" not in forms["Aspire 5100"]  # two are no family
    assert "Sony" not in forms["Sony X1"]  # a maker
    assert "Color" not in forms["Color 2100"]  # a word that everyone uses
    assert "LaserJet" not in other_forms(values, {"sony"})["LaserJet 4250"]


def test_a_resolution_in_pixels_has_the_name_that_shoppers_use() -> None:
    forms = other_forms(["1920 x 1080", "3840 x 2160", "480 x 234"])
    assert {"1920x1080", "Full HD", "1080p"} <= set(forms["1920 x 1080"])
    assert "4K" in forms["3840 x 2160"]
    assert forms["480 x 234"] == ["480 x 234", "480x234"]


def test_a_title_teaches_a_thing_as_queries_do_apart_from_words_of_another_label() -> None:
    documents = [{"title": f"Acme HDMI cable {at}", "type": "HDMI cable", "connector": "HDMI"} for at in range(9)]
    documents.append({"title": "A cable", "type": "Cable", "connector": "HDMI"})
    read = catalogue(documents)
    for example in CatalogueTexts(read).titles(5, read.items[:9], seed=0):
        assert {(text.lower(), label) for text, label in said(example)} == {
            ("hdmi", "connector"),
            ("cable", "product type"),
        }


def test_a_word_that_models_are_called_is_no_word_that_describes_things() -> None:
    documents = [
        {"title": f"Acme hub {at}", "type": "Hub", "name": f"Turbo{at} X1", "brand": "Acme"} for at in range(9)
    ]
    documents += [{"title": "Turbo hub", "type": "Turbo hub", "name": "Zedbox"}] * 9
    vocabulary = CatalogueTexts(catalogue(documents)).vocabulary
    assert vocabulary.taken_apart("Zedbox hub", "product_type") == [("Zedbox hub", "product_type")]
    assert vocabulary.taken_apart("Acme hub", "product_type") == [("Acme", "brand"), ("hub", "product_type")]
