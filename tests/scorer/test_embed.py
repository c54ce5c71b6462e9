"""Vectors of short names: what links by meaning."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from bridge.errors import InputError
from bridge.scorer import Scorer

NAMES = ["notebook", "laptop", "laptop bag", "running shoes", "trainers", "dark roast coffee beans", "x" * 400, ""]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load()


def test_vectors_have_length_one_and_near_meanings_are_near(scorer: Scorer) -> None:
    vectors = scorer.embed(NAMES)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    notebook, laptop, _, running_shoes = vectors[:4]
    assert notebook @ laptop > notebook @ running_shoes + 0.2


def test_a_vector_is_the_same_to_the_last_bit_whatever_stands_beside_it(scorer: Scorer) -> None:
    alone = {name: scorer.embed([name])[0] for name in NAMES}
    chance = random.Random(5)
    for _ in range(10):
        some = chance.choices(NAMES, k=chance.randint(2, 20))
        for name, vector in zip(some, scorer.embed(some), strict=True):
            assert np.array_equal(vector, alone[name])


def test_a_text_longer_than_the_label_encoder_reads_is_cut(bi: Any) -> None:
    long, longer = bi.scorer.embed(["red " * 40, "red " * 80])
    assert np.array_equal(long, longer)


def test_no_texts_have_no_vectors(scorer: Scorer) -> None:
    assert scorer.embed([]).shape == (0, scorer.embed(["a"]).shape[1])


def test_a_uni_encoder_has_none(uni: Any) -> None:
    assert not uni.scorer.embeds
    with pytest.raises(InputError, match="uni-encoder"):
        uni.scorer.embed(["red"])
