"""Runners-up: what else was thought of the words of a span that was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from checkpoints import LABELS, WORDS, corpus
from hypothesis import given
from hypothesis import strategies as st

from bridge.entities import Span, TaggedText
from bridge.errors import InputError
from bridge.scorer import Scorer
from bridge.scorer._decode import Candidate, runners_up, select
from bridge.scorer._scorer import LEAST_RUNNER_UP

TEXTS = [*corpus(8, seed=9), " ".join(corpus(30, seed=9)), ""]
HOW: list[dict[str, bool]] = [{}, {"flat": False}, {"multi_label": True}]


def bare(tagged: TaggedText) -> TaggedText:
    return replace(tagged, spans=tuple(replace(span, runners_up=()) for span in tagged))


def place(span: Span) -> tuple[int, int, str]:
    return (span.start, span.end, span.label)


@pytest.mark.parametrize("how", HOW, ids=["flat", "nested", "multi"])
def test_they_change_nothing_else_and_are_the_losers_at_the_same_words(pair: Any, how: dict[str, bool]) -> None:
    check(pair, how)


def test_they_are_the_losers_too_where_spans_are_scored_again(lonely_pair: Any) -> None:
    check(lonely_pair, {})


def check(pair: Any, how: dict[str, bool]) -> None:
    found = pair.scorer.predict(TEXTS, LABELS, 0.4, runners_up=3, **how)
    assert [bare(tagged) for tagged in found] == pair.scorer.predict(TEXTS, LABELS, 0.4, **how)
    assert any(span.runners_up for tagged in found for span in tagged)
    for tagged in found:
        taken = {place(span) for span in tagged}
        for span in tagged:
            others = span.runners_up
            assert len(others) <= 3
            assert len({place(other) for other in others}) == len(others)
            assert [other.score for other in others] == sorted((other.score for other in others), reverse=True)
            for other in others:
                assert other.start < span.end
                assert span.start < other.end
                assert place(other) not in taken
                assert other.score > LEAST_RUNNER_UP
                assert other.text == tagged.text[other.start : other.end]
                assert other.runners_up == ()


def test_of_one_word_all_other_labels_are_runners_up_best_first(uni: Any, bi: Any) -> None:
    for scorer in (uni.scorer, bi.scorer):
        everything = scorer.predict(WORDS, LABELS, LEAST_RUNNER_UP, multi_label=True)
        found = scorer.predict(WORDS, LABELS, 0.5, runners_up=len(LABELS))
        assert any(found)
        for tagged, cells in zip(found, everything, strict=True):
            for span in tagged:  # the best of its word
                assert [bare_span(span), *span.runners_up] == list(cells)


def bare_span(span: Span) -> Span:
    return replace(span, runners_up=())


def test_their_scores_are_calibrated_as_those_of_spans_are() -> None:
    scorer = Scorer.load("default", threads=1)
    assert scorer.calibration is not None
    text, labels = "organic dark roast coffee beans", ["brand", "product type", "flavor"]
    (plain,) = scorer.predict([text], labels, 0.4, calibrated=False, runners_up=2)
    (tagged,) = scorer.predict([text], labels, scorer.calibration.apply(0.4), runners_up=2)
    assert any(span.runners_up for span in tagged)
    for raw, span in zip(plain, tagged, strict=True):
        assert [scorer.calibration.apply(one.score) for one in raw.runners_up] == [o.score for o in span.runners_up]


def test_a_negative_number_of_them_is_refused(uni: Any) -> None:
    with pytest.raises(InputError, match="runners_up must be at least 0"):
        uni.scorer.predict(["nike"], LABELS, runners_up=-1)


CELLS = st.lists(
    st.builds(
        lambda start, width, label, score: Candidate(start, start + width, label, score),
        st.integers(0, 8),
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from([0.2, 0.3, 0.5, 0.7]),
    ),
    unique_by=lambda cell: cell[:3],
)


@given(CELLS, st.integers(1, 4))
def test_they_are_the_best_of_all_that_share_a_word(cells: list[Candidate], most: int) -> None:
    kept = select(cell for cell in cells if cell.score > 0.4)
    for one, others in zip(kept, runners_up(kept, cells, most), strict=True):
        sharing = [c for c in cells if c.start <= one.end and one.start <= c.end and c not in kept]
        sharing.sort(key=lambda c: (-c.score, c))
        assert list(others) == sharing[:most]
