"""Long texts: nothing is cut silently, every span is decided once, and coverage says what was looked at."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkpoints import LABELS, WORDS, corpus
from hypothesis import given
from hypothesis import strategies as st

from bridge.entities import Coverage
from bridge.errors import InputError
from bridge.scorer import Scorer, split_words
from bridge.scorer._windows import fits, longest_word, plan_windows

SIZES = st.lists(st.integers(0, 12), max_size=300)


@given(SIZES, st.integers(1, 60), st.integers(4, 120), st.integers(1, 12))
def test_windows_cover_a_text_and_their_cores_partition_it(
    sizes: list[int], max_words: int, max_subtokens: int, max_width: int
) -> None:
    sizes = [min(size, longest_word(max_subtokens)) for size in sizes]
    windows = plan_windows(sizes, max_words=max_words, max_subtokens=max_subtokens, max_width=max_width)
    core = [word for window in windows for word in range(window.core_start, window.core_stop)]
    assert core == list(range(len(sizes)))
    for window in windows:
        assert window.start <= window.core_start < window.core_stop <= window.stop
        assert fits(sizes[window.start : window.stop], max_words=max_words, max_subtokens=max_subtokens)


@given(st.integers(1, 2000), st.integers(1, 12), st.integers(40, 400))
def test_a_span_that_starts_in_a_core_lies_in_its_window(words: int, max_width: int, max_words: int) -> None:
    windows = plan_windows([1] * words, max_words=max_words, max_subtokens=10_000, max_width=max_width)
    for window in windows:
        assert min(window.core_stop - 1 + max_width, words) <= window.stop


@given(st.integers(100, 3000))
def test_words_far_from_both_ends_are_seen_with_their_surroundings(words: int) -> None:
    windows = plan_windows([1] * words, max_words=64, max_subtokens=10_000, max_width=4)
    for window in windows:
        assert window.core_start - window.start >= 16 or window.start == 0
        assert window.stop - window.core_stop >= 16 or window.stop == words


def test_a_text_that_fits_is_one_window() -> None:
    assert len(plan_windows([2] * 64, max_words=64, max_subtokens=128, max_width=4)) == 1
    assert len(plan_windows([2] * 64, max_words=64, max_subtokens=127, max_width=4)) == 2
    assert len(plan_windows([1] * 65, max_words=64, max_subtokens=128, max_width=4)) == 2


def test_texts_up_to_max_len_words_are_scored_as_the_reference_scores_them(pair: Any) -> None:
    words = split_words(" ".join(corpus(60, seed=2))).texts
    assert pair.compare([" ".join(words[:64])], LABELS, 0.1) > 0


def test_longer_texts_are_scored_to_their_end(pair: Any) -> None:
    text = " ".join(corpus(120, seed=2))
    (tagged,) = pair.scorer.predict([text], LABELS, 0.2)
    total = len(split_words(text))
    assert total > 500
    assert tagged.coverage == Coverage(total, total)
    assert tagged[-1].end > len(text) * 0.9
    assert all(text[span.start : span.end] == span.text for span in tagged)


def test_a_window_gives_what_the_reference_gives_for_its_words(pairs: Callable[[str], Any]) -> None:
    pair = pairs("uni marker deberta, one word (NuNerZero)")  # spans of one word do not compete across windows
    text = " ".join(corpus(60, seed=2))
    words = split_words(text)
    sizes = [len(piece) for piece in pair.scorer._subwords.pieces(words.texts)]
    windows = plan_windows(sizes, max_words=64, max_subtokens=4096, max_width=1)
    assert len(windows) > 3
    expected = []
    for window in windows:
        first, last = words.starts[window.start], words.ends[window.stop - 1]
        for entity in pair.reference.inference([text[first:last]], LABELS, threshold=0.3)[0]:
            start = entity["start"] + first
            if window.core_start <= words.starts.index(start) < window.core_stop:
                expected.append((start, entity["end"] + first, entity["label"]))
    (tagged,) = pair.scorer.predict([text], LABELS, 0.3)
    assert [(span.start, span.end, span.label) for span in tagged] == expected


@pytest.fixture(scope="module")
def short_sighted(build: Callable[..., Path]) -> Path:
    """A BERT with 96 positions, a tokenizer that does not know of it, and a `max_len` that promises far more."""
    return build(backbone="bert", encoder={"max_position_embeddings": 96}, max_len=384)


def test_the_positions_of_the_backbone_bound_a_window(short_sighted: Path, load_pair: Callable[[Path], Any]) -> None:
    pair = load_pair(short_sighted)
    assert pair.compare(["red nike running shoes under $50"], LABELS, 0.1) > 0
    text = " ".join(corpus(30, seed=4))
    with pytest.raises(RuntimeError):  # the reference feeds more subtokens than there are positions
        pair.reference.inference([text], LABELS)
    (tagged,) = pair.scorer.predict([text], LABELS, 0.1)
    assert tagged.coverage.share == 1.0
    assert tagged[-1].end > len(text) * 0.9


def test_the_limit_of_the_tokenizer_bounds_a_window(
    build: Callable[..., Path], load_pair: Callable[[Path], Any]
) -> None:
    pair = load_pair(build(tokenizer_limit=80))
    assert pair.compare(["red nike running shoes under $50"], LABELS, 0.1) > 0
    text = " ".join(corpus(30, seed=4))
    (tagged,) = pair.scorer.predict([text], LABELS, 0.1)  # the reference would score zero vectors
    assert tagged.coverage.share == 1.0
    assert tagged[-1].end > len(text) * 0.9


def test_a_word_longer_than_a_window_lowers_coverage_and_hides_nothing_else(short_sighted: Path) -> None:
    scorer = Scorer.load(short_sighted)
    blob = "red_blue_" * 500
    text = f"red nike shoes {blob} blue usb cable"
    (tagged,) = scorer.predict([text], LABELS, 0.0)
    assert tagged.coverage == Coverage(6, 7)
    assert tagged[-1].end == len(text)


def test_a_megabyte_in_one_word_is_bounded_for_backbones_without_a_limit(uni: Any) -> None:
    (tagged,) = uni.scorer.predict(["nike " + "red_blue_" * 100_000], LABELS, 0.1)
    assert tagged.coverage == Coverage(1, 2)


def test_windows_of_several_texts_share_batches(pair: Any) -> None:
    texts = [" ".join(corpus(60, seed=2)), *WORDS[:5], " ".join(corpus(40, seed=3))]
    together = pair.scorer.predict(texts, LABELS, 0.3, batch_size=4)
    for text, tagged in zip(texts, together, strict=True):
        (alone,) = pair.scorer.predict([text], LABELS, 0.3, batch_size=1)
        assert [(s.start, s.end, s.label) for s in tagged] == [(s.start, s.end, s.label) for s in alone]


def test_a_text_of_too_many_words_is_refused_where_that_is_asked(pair: Any) -> None:
    words = WORDS[:32] * 2
    texts = ["red nike shoes", "", " ".join(words), " ".join([*words, "blue"])]
    with pytest.raises(InputError) as caught:
        pair.scorer.predict(texts, LABELS, long_texts="refuse")
    assert (caught.value.where, caught.value.message) == ("texts[3]", "has 65 words; the model reads 64 at once")
    assert pair.scorer.too_long(texts, LABELS) == [None, None, None, "has 65 words; the model reads 64 at once"]
    expected = pair.scorer.predict(texts[:3], LABELS, 0.2)
    assert pair.scorer.predict(texts[:3], LABELS, 0.2, long_texts="refuse") == expected


def test_a_text_of_too_many_subtokens_is_refused_where_that_is_asked(short_sighted: Path) -> None:
    scorer = Scorer.load(short_sighted)
    text = " ".join(corpus(30, seed=4))
    (reason,) = scorer.too_long(text, LABELS)
    assert reason is not None
    words, subtokens, room = map(int, re.findall(r"\d+", reason))
    assert words == len(split_words(text))
    assert room < 96 < subtokens
    with pytest.raises(InputError, match="beside these labels the model reads"):
        scorer.predict([text], LABELS, long_texts="refuse")


def test_where_words_would_not_be_read_to_their_end_a_text_is_refused(short_sighted: Path) -> None:
    scorer = Scorer.load(short_sighted)
    text = f"red nike shoes {'red_blue_' * 500} blue usb cable"
    assert scorer.predict([text], LABELS)[0].coverage.share < 1.0
    assert scorer.too_long([text], LABELS) != [None]


def test_an_unknown_way_with_long_texts_is_refused(uni: Any) -> None:
    with pytest.raises(InputError, match="windows or refuse"):
        uni.scorer.predict(["nike"], LABELS, long_texts="cut")
