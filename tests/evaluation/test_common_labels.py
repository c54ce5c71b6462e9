"""Which common labels the embedded model sees in titles: what `gliner-bridge init` proposes to tag."""

from __future__ import annotations

from bridge.evaluation import labels_in_texts
from bridge.scorer import Scorer


def test_labels_that_titles_name_are_found_with_examples_and_rare_ones_are_not() -> None:
    titles = [
        f"{brand} {color} {kind}"
        for brand, color in (("Nike", "red"), ("Adidas", "black"), ("Puma", "blue"))
        for kind in ("running shoes", "cotton t-shirt", "rain jacket", "leather belt")
    ]
    found = {label.text: label for label in labels_in_texts(Scorer.load("default"), titles)}
    assert {"brand", "color", "product type"} <= set(found)
    assert found["color"].share > 0.8
    assert set(found["color"].examples) <= {"red", "black", "blue"}
    assert "disease" not in found
    assert labels_in_texts(Scorer.load("default"), ["", " "]) == []
