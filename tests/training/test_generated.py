"""Generated texts: annotated where they say, reproducible, and without values that are kept for measuring."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from bridge.training._gazetteers import NAMES, TRAINING_GAZETTEERS, gazetteer_texts, may_train
from bridge.training._objective import focal_loss, order_loss
from bridge.training._shop import shop_texts
from bridge.training._shop_words import shop_words


@pytest.fixture
def gazetteers(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / f"{name}.txt").write_text(f"first {name}\n\nsecond {name} value\n")
    return tmp_path


def test_every_mention_is_a_value_of_its_label() -> None:
    words = shop_words()
    known: dict[str, set[str]] = {"product type": set(), "brand": set(), "price": set()}
    for types, brands, values in words.families.values():
        known["product type"].update(types)
        known["brand"].update(brands)
        for label, listed in values.items():
            known.setdefault(label, set()).update(listed)
    examples = shop_texts(400, seed=2)
    plain = {label: {"".join(v.split()).lower() for v in values} for label, values in known.items()}
    seen = wrong = 0
    for example in examples:
        for start, end, label in example.offsets():
            if label in {"price", "product type"}:  # amounts are made up, product types may be plural
                continue
            seen += 1
            wrong += "".join(example.text[start:end].split()).lower() not in plain[label]
    assert seen > 400
    assert wrong / seen < 0.1, "only misspelt values differ"


def test_the_same_seed_gives_the_same_texts(gazetteers: Path) -> None:
    assert shop_texts(50, seed=3, gazetteers=gazetteers) == shop_texts(50, seed=3, gazetteers=gazetteers)
    assert shop_texts(50, seed=3) != shop_texts(50, seed=4)
    assert gazetteer_texts(50, seed=3, folder=gazetteers) == gazetteer_texts(50, seed=3, folder=gazetteers)


def test_gazetteers_kept_for_unseen_labels_are_never_read(gazetteers: Path) -> None:
    for path in gazetteers.iterdir():
        if not may_train(path.stem):
            path.unlink()
    assert gazetteer_texts(100, seed=1, folder=gazetteers)
    assert shop_texts(100, seed=1, gazetteers=gazetteers)


def test_the_rule_that_sets_gazetteers_apart_does_not_move() -> None:
    """Later measurements of unseen labels rely on it."""
    assert may_train("clothing")
    assert may_train("color_xkcd")
    assert not may_train("color_crayola")
    assert not may_train("vegetable")
    assert set(TRAINING_GAZETTEERS) == set(NAMES)


def test_types_that_may_overlap_are_left_open(gazetteers: Path) -> None:
    for example in gazetteer_texts(300, seed=1, folder=gazetteers):
        labels = {mention.label for mention in example.mentions}
        assert not labels & set(example.unsure)
        if labels == {"fruit"}:
            assert "plant" in example.unsure


def test_the_order_loss_asks_the_vaguer_name_to_score_a_margin_below_the_other() -> None:
    logits = torch.tensor([[4.0, 0.0], [0.0, 4.0]])
    held, turned = (float(order_loss(logits, torch.tensor([[row, 0, 1]]))) for row in (0, 1))
    assert held == pytest.approx(math.log1p(math.exp(-3.0)), rel=1e-5)
    assert turned == pytest.approx(math.log1p(math.exp(5.0)), rel=1e-5)
    assert float(order_loss(logits, torch.zeros((0, 3), dtype=torch.int64))) == 0.0


def test_focal_loss_by_hand() -> None:
    logits = torch.tensor([[0.0, 0.0], [2.0, -2.0]])
    targets = torch.tensor([[True, False], [True, True]])
    known = torch.tensor([[True, True], [True, False]])
    half = math.log(2) * 0.5**2
    p = 1 / (1 + math.exp(-2.0))
    expected = 0.75 * half + 0.25 * half + 0.75 * -math.log(p) * (1 - p) ** 2
    assert float(focal_loss(logits, targets, known, alpha=0.75, gamma=2.0)) == pytest.approx(expected, rel=1e-5)
