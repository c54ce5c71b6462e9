"""Normalisers: documents and queries reach the same value through the same functions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.schema import NORMALISERS, Label, fold, normalise


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("nfkc", "ＮＩＫＥ ﬁt", "NIKE fit"),
        ("lowercase", "Nike AIR", "nike air"),
        ("accents", "Crème Brûlée", "Creme Brulee"),
        ("accents", "smørrebrød", "smørrebrød"),
        ("whitespace", "  a \u00a0\n b ", "a b"),
        ("punctuation", "“C++”,", "C++"),
        ("punctuation", "(sugar-free)", "sugar-free"),
        ("ascii", "Häagen-Dazs™", "Haagen-DazsTM"),
        ("singular", "kitchen utensils", "kitchen utensil"),
        ("singular", "bookshelves", "bookshelf"),
        ("singular", "glass", "glass"),
        ("singular", "adidas", "adidas"),
        ("fold", "  STRASSE straße É ", "strasse strasse e"),
    ],
)
def test_each_normaliser(name: str, text: str, value: str) -> None:
    assert NORMALISERS[name](text) == value


def test_a_label_applies_its_normalisers_in_order() -> None:
    label = Label(normalise=["punctuation", "whitespace", "lowercase", "singular"])
    assert normalise(label, " «Running  Shoes» ") == "running shoe"
    assert normalise(Label(normalise=[]), " As it is ") == " As it is "


@given(st.text())
def test_folding_twice_equals_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_folding_forgets_case(text: str) -> None:
    assert fold(fold(text).upper()) == fold(fold(text).upper().lower())


@pytest.mark.parametrize("name", sorted(NORMALISERS))
@given(text=st.text())
def test_every_normaliser_takes_any_text_and_settles(name: str, text: str) -> None:
    once = NORMALISERS[name](text)
    if name != "singular":
        assert NORMALISERS[name](once) == once
