"""Span F1 against cases counted by hand."""

from __future__ import annotations

import pytest

from bridge.evaluation import Counts, SpanScore


def test_start_end_and_label_must_all_agree() -> None:
    score = SpanScore()
    score.add(
        found=[(0, 3, "color"), (4, 8, "brand"), (9, 14, "brand")],
        annotated=[(0, 3, "color"), (4, 9, "brand"), (9, 14, "product type")],
    )
    assert score.by_label == {
        "color": Counts(right=1, found=1, annotated=1),
        "brand": Counts(right=0, found=2, annotated=1),
        "product type": Counts(right=0, found=0, annotated=1),
    }
    assert score.micro.precision == pytest.approx(1 / 3)
    assert score.micro.recall == pytest.approx(1 / 3)
    assert score.micro.f1 == pytest.approx(1 / 3)


def test_precision_recall_and_f1_of_unequal_numbers() -> None:
    counts = Counts(right=3, found=4, annotated=6)
    assert counts.precision == 0.75
    assert counts.recall == 0.5
    assert counts.f1 == pytest.approx(0.6)


def test_texts_add_up_before_the_ratio_is_taken() -> None:
    """Micro scores: a text with many spans weighs more than one with few."""
    score = SpanScore()
    score.add([(0, 1, "a")], [(0, 1, "a")])
    score.add([], [(0, 1, "a"), (2, 3, "a"), (4, 5, "a")])
    assert score.micro == Counts(right=1, found=1, annotated=4)
    assert score.micro.f1 == pytest.approx(0.4)


def test_a_span_found_or_annotated_twice_counts_once() -> None:
    score = SpanScore()
    score.add([(0, 1, "a"), (0, 1, "a")], [(0, 1, "a"), (0, 1, "a")])
    assert score.micro == Counts(right=1, found=1, annotated=1)


def test_the_same_words_may_carry_two_labels() -> None:
    score = SpanScore()
    score.add([(0, 1, "a")], [(0, 1, "a"), (0, 1, "b")])
    assert score.micro == Counts(right=1, found=1, annotated=2)


def test_nothing_found_and_nothing_annotated_is_zero_not_an_error() -> None:
    score = SpanScore()
    score.add([], [])
    assert (score.micro.precision, score.micro.recall, score.micro.f1) == (0.0, 0.0, 0.0)
