"""The bridge gives the reference library's predictions: gliner 0.2.29 on the same random weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from checkpoints import LABELS, corpus

from bridge.scorer import _scorer

TEXTS = corpus(24, seed=7)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_entities_and_scores_are_the_references(pair: Any, threshold: float) -> None:
    assert pair.compare(TEXTS, LABELS, threshold) > 0


@pytest.mark.parametrize("how", [{"flat": False}, {"multi_label": True}, {"flat": False, "multi_label": True}])
def test_nested_and_multi_label_selection_is_the_references(pair: Any, how: dict[str, bool]) -> None:
    assert pair.compare(TEXTS, LABELS, 0.3, **how) > 0


def test_every_logit_is_the_references(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    check_logits(pair, monkeypatch)


def check_logits(pair: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ours: list[torch.Tensor] = []
    for name in ("span_cells", "token_cells"):
        monkeypatch.setattr(_scorer, name, recorded(getattr(_scorer, name), ours))
    theirs: list[torch.Tensor] = []
    hook = pair.reference.model.register_forward_hook(lambda _model, _args, out: theirs.append(out.logits))
    try:
        for text in TEXTS[:8]:
            pair.reference.inference([text], LABELS)
            pair.scorer.predict([text], LABELS)
    finally:
        hook.remove()
    assert len(ours) == len(theirs) == 8
    for expected, found in zip(theirs, ours, strict=True):
        if pair.reference.config.span_mode != "token_level":
            _, words, widths, _ = expected.shape
            inside = torch.arange(words)[:, None] + torch.arange(widths) < words  # other cells are no spans
            expected, found = expected[:, inside], found[:, inside]
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def recorded(cells: Callable[..., Any], into: list[torch.Tensor]) -> Callable[..., Any]:
    def call(logits: torch.Tensor, *how: Any) -> Any:
        into.append(logits)
        return cells(logits, *how)

    return call


def test_forms_whose_reference_cannot_batch_are_the_references_text_by_text(
    lonely_pair: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for threshold in (0.1, 0.3, 0.5, 0.8):
        assert lonely_pair.compare(TEXTS, LABELS, threshold, batch_size=1) > 0
    assert lonely_pair.compare(TEXTS, LABELS, 0.3, batch_size=1, flat=False) > 0
    check_logits(lonely_pair, monkeypatch)


def test_forms_whose_reference_cannot_batch_score_a_text_in_a_batch_as_alone(lonely_pair: Any) -> None:
    test_scores_do_not_depend_on_the_batch(lonely_pair)


def test_scores_do_not_depend_on_the_batch(pair: Any) -> None:
    alone = [pair.scorer.predict([text], LABELS, 0.2)[0] for text in TEXTS]
    for batch_size in (1, 3, 64):
        together = pair.scorer.predict(TEXTS, LABELS, 0.2, batch_size=batch_size)
        for one, many in zip(alone, together, strict=True):
            assert [(s.start, s.end, s.label) for s in many] == [(s.start, s.end, s.label) for s in one]
            assert [s.score for s in many] == pytest.approx([s.score for s in one], abs=1e-5)


def test_batches_of_very_unequal_lengths(pair: Any) -> None:
    texts = ["nike", " ".join(TEXTS)[:250], "red shoes under $50", " ".join(TEXTS[3:6])]
    assert pair.compare(texts, LABELS, 0.2, batch_size=4) > 0


def test_each_text_may_have_its_own_labels(pair: Any) -> None:
    sets = [LABELS[: 1 + number % 4] if number % 3 else ["city", *LABELS] for number in range(len(TEXTS))]
    assert pair.compare(TEXTS, sets, 0.2, batch_size=5) > 0


def test_labels_may_have_descriptions_that_the_model_reads(pair: Any) -> None:
    described = {"brand": "brand of the product", "color": "color black or green", "price": "price under $50"}
    assert pair.compare(TEXTS, described, 0.2) > 0
