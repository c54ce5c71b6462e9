"""Any number of labels: balanced groups in uni-encoders, cached vectors in bi-encoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoints import LABELS, WORDS, corpus
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import InputError
from bridge.scorer import Scorer
from bridge.scorer._labels import LabelVectors, balanced_groups

MANY = [f"{a} {b}" for a in WORDS[:12] for b in WORDS[20:30]]


@given(st.lists(st.integers(1, 20), max_size=200), st.integers(1, 40), st.integers(1, 200))
def test_groups_keep_the_order_fit_the_prompt_and_are_balanced(
    sizes: list[int], max_labels: int, max_subtokens: int
) -> None:
    groups = balanced_groups(sizes, max_labels=max_labels, max_subtokens=max_subtokens)
    assert [label for group in groups for label in group] == list(range(len(sizes)))
    for group in groups:
        assert 1 <= len(group) <= max_labels
        assert sum(sizes[label] for label in group) <= max_subtokens or len(group) == 1
    if groups and len(groups) < len(sizes):
        assert max(map(len, groups)) - min(map(len, groups)) <= 1


def test_thirty_one_labels_are_two_prompts_of_nearly_equal_size() -> None:
    assert [len(group) for group in balanced_groups([1] * 31, max_labels=30, max_subtokens=1000)] in (
        [15, 16],
        [16, 15],
    )


def test_a_hundred_labels_in_one_prompt_are_the_references(pairs: Callable[[str], Any]) -> None:
    pair = pairs("uni markerV0 deberta")
    try:
        pair.scorer.labels_per_prompt = 1000
        assert pair.compare(corpus(4), MANY, 0.7) > 0
    finally:
        pair.scorer.labels_per_prompt = 30


def test_a_hundred_labels_of_a_bi_encoder_are_the_references(bi: Any) -> None:
    assert bi.compare(corpus(4), MANY, 0.7) > 0


def test_groups_give_what_the_reference_gives_for_each_group(uni: Any) -> None:
    words = WORDS[:10]  # of one word, so that with multi_label nothing competes
    found = uni.scorer.predict(words, MANY, 0.3, multi_label=True)
    expected: list[set[tuple[str, float]]] = [set() for _ in words]
    for group in balanced_groups([1] * len(MANY), max_labels=30, max_subtokens=10_000):
        labels = MANY[group.start : group.stop]
        for cells, entities in zip(
            expected, uni.reference.inference(words, labels, threshold=0.3, multi_label=True), strict=True
        ):
            cells.update((entity["label"], round(entity["score"], 3)) for entity in entities)
    assert any(expected)
    for tagged, cells in zip(found, expected, strict=True):
        assert {span.label for span in tagged} == {label for label, _ in cells}


def test_labels_that_would_leave_no_room_for_the_text_are_split(
    build: Callable[..., Path], load_pair: Callable[[Path], Any]
) -> None:
    scorer = load_pair(build(backbone="bert", encoder={"max_position_embeddings": 128}, max_len=384)).scorer
    (tagged,) = scorer.predict([" ".join(corpus(12, seed=3))], MANY[:40], 0.1)
    assert tagged.coverage.share == 1.0
    assert len(tagged) > 0


def test_a_label_as_long_as_a_prompt_is_refused_without_being_quoted(short: Scorer) -> None:
    with pytest.raises(InputError, match="leaves no room") as caught:
        short.predict(["nike"], ["brand", "secret words " * 200])
    assert "secret" not in str(caught.value)
    assert caught.value.where == "labels[1]"


@pytest.fixture(scope="module")
def short(build: Callable[..., Path]) -> Scorer:
    return Scorer.load(build(backbone="bert", encoder={"max_position_embeddings": 128}))


def test_descriptions_must_differ(uni: Any) -> None:
    with pytest.raises(InputError, match="same description"):
        uni.scorer.predict(["nike"], {"brand": "a name", "maker": "a name"})


def test_label_vectors_are_computed_once(bi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer.load(bi.folder)
    encoded: list[str] = []
    assert scorer._label_tokens is not None
    batch = scorer._label_tokens.batch
    monkeypatch.setattr(scorer._label_tokens, "batch", lambda labels: (encoded.extend(labels), batch(labels))[1])
    for labels in (LABELS, LABELS, LABELS[::-1], ["city", *LABELS]):
        scorer.predict(["red nike shoes", "blue cable"], labels, batch_size=1)
    assert encoded == [*LABELS, "city"]


def test_the_cache_of_label_vectors_is_bounded_and_forgets_the_oldest() -> None:
    calls: list[str] = []

    def encode(labels: Sequence[str]) -> torch.Tensor:
        calls.extend(labels)
        return torch.tensor([[float(len(label))] for label in labels])

    vectors = LabelVectors(encode, capacity=2)
    vectors.get(("a", "bb"))
    vectors.get(("a",))
    vectors.get(("ccc",))  # forgets bb
    assert len(vectors) == 2
    assert vectors.get(("a", "ccc")).tolist() == [[1.0], [3.0]]
    assert calls == ["a", "bb", "ccc"]
