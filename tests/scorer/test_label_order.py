"""`sort_labels`: equal sets of labels give equal results to the last bit, in whatever order they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from checkpoints import LABELS, corpus
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.entities import TaggedText
from bridge.errors import InputError
from bridge.scorer import Scorer
from bridge.scorer._labels import LabelVectors, label_sets

TEXTS = corpus(10, seed=5)
SEVEN = [*LABELS, "city", "the size of shoes", ""]
DESCRIBED = {"brand": "brand of the product", "color": "black or green", "price": "price under $50", "a": "the city"}
FORMS = [
    "uni markerV0 deberta",
    "uni token deberta (gliner-multitask)",
    "bi markerV0 bert (embedded model)",
    "bi token bert",
    "poly markerV0 deberta (gliner-poly)",
    "poly token bert",
]


def found(scorer: Scorer, labels: Any, threshold: Any = 0.2, **how: bool) -> list[TaggedText]:
    """In prompts of three labels, and with no label vector left from an earlier call."""
    if scorer._vectors is not None:
        scorer._vectors = LabelVectors(scorer._encode_labels)
    scorer.labels_per_prompt = 3
    try:
        return scorer.predict(TEXTS, labels, threshold, **how)
    finally:
        scorer.labels_per_prompt = 30


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("how", [{}, {"flat": False}, {"multi_label": True}], ids=["flat", "nested", "multi"])
def test_the_order_of_labels_changes_nothing(pairs: Callable[[str], Any], form: str, how: dict[str, bool]) -> None:
    scorer = pairs(form).scorer
    expected = found(scorer, SEVEN, sort_labels=True, **how)
    assert any(expected)

    @settings(max_examples=8)
    @given(st.permutations(SEVEN))
    def check(labels: list[str]) -> None:
        assert found(scorer, labels, sort_labels=True, **how) == expected

    check()


@pytest.mark.parametrize("form", FORMS)
def test_nor_does_it_where_every_text_has_labels_of_its_own(pairs: Callable[[str], Any], form: str) -> None:
    scorer = pairs(form).scorer
    sets = [SEVEN[number % 3 :] for number in range(len(TEXTS))]
    expected = found(scorer, sets, sort_labels=True)

    @settings(max_examples=5)
    @given(st.tuples(*(st.permutations(labels) for labels in sets)))
    def check(mixed: tuple[list[str], ...]) -> None:
        assert found(scorer, mixed, sort_labels=True) == expected

    check()


@given(st.permutations(list(DESCRIBED.items())))
def test_described_labels_are_sorted_by_what_the_model_reads(items: list[tuple[str, str]]) -> None:
    (labels,) = label_sets(dict(items), 1, sort=True)
    assert labels.names == ("color", "brand", "price", "a")
    assert labels.prompts == tuple(sorted(DESCRIBED.values()))
    assert [items[place][0] for place in labels.places] == list(labels.names)


def test_sorted_labels_are_the_callers_where_he_sorts_them(uni: Any) -> None:
    for labels in (SEVEN, [*SEVEN, *SEVEN[:2]]):
        once = sorted(set(labels))
        assert found(uni.scorer, labels, sort_labels=True) == found(uni.scorer, once)


def test_unasked_a_uni_encoder_reads_the_callers_order_as_the_reference_does(uni: Any) -> None:
    assert found(uni.scorer, SEVEN) != found(uni.scorer, SEVEN[::-1])


def test_a_bi_encoder_is_independent_of_the_order_up_to_rounding(pairs: Callable[[str], Any]) -> None:
    for form in ("bi markerV0 bert (embedded model)", "bi token bert"):
        forth, back = (found(pairs(form).scorer, labels) for labels in (SEVEN, SEVEN[::-1]))
        assert any(forth)
        for one, other in zip(forth, back, strict=True):
            assert [(s.start, s.end, s.label) for s in one] == [(s.start, s.end, s.label) for s in other]
            assert [s.score for s in one] == pytest.approx([s.score for s in other], abs=1e-5)


def test_thresholds_follow_their_labels(uni: Any) -> None:
    limits = {label: 0.1 + 0.1 * number for number, label in enumerate(SEVEN)}
    spans = [span for tagged in found(uni.scorer, SEVEN, limits, sort_labels=True) for span in tagged]
    assert len({span.label for span in spans}) > 2
    assert all(span.score > limits[span.label] for span in spans)


def test_an_error_names_the_label_by_the_callers_number(uni: Any) -> None:
    with pytest.raises(InputError) as caught:
        uni.scorer.predict(["nike"], ["price", "brand " * 5000, "a"], sort_labels=True)
    assert caught.value.where == "labels[1]"
