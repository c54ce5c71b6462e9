"""Greedy selection, against the plain quadratic search and the reference's own conflict rules."""

from __future__ import annotations

from gliner.decoding.utils import has_overlapping, has_overlapping_nested
from hypothesis import given
from hypothesis import strategies as st

from bridge.scorer._decode import Candidate, select

#: Few distinct scores, so that ties are common.
SCORES = st.sampled_from([0.1, 0.5, 0.50001, 0.9])
CELLS = st.builds(
    lambda start, width, label, score: Candidate(start, start + width, label, score),
    st.integers(0, 9),
    st.integers(0, 4),
    st.integers(0, 2),
    SCORES,
)
CANDIDATES = st.lists(CELLS, max_size=40, unique_by=lambda cell: cell[:3])


def naive(candidates: list[Candidate], *, flat: bool, multi_label: bool) -> list[Candidate]:
    """Every candidate against every kept one, in the reference's order of enumeration: row-major, stable sorts."""
    conflict = has_overlapping if flat else has_overlapping_nested
    kept: list[Candidate] = []
    for cell in sorted(sorted(candidates), key=lambda cell: -cell.score):
        if not any(conflict(cell[:3], other[:3], multi_label) for other in kept):
            kept.append(cell)
    return sorted(kept, key=lambda cell: cell.start)


@given(CANDIDATES, st.booleans(), st.booleans())
def test_selection_equals_the_quadratic_search(candidates: list[Candidate], flat: bool, multi_label: bool) -> None:
    expected = naive(candidates, flat=flat, multi_label=multi_label)
    assert select(candidates, flat=flat, multi_label=multi_label) == expected


@given(CANDIDATES, st.randoms(use_true_random=False))
def test_selection_does_not_depend_on_the_order_of_candidates(candidates: list[Candidate], chance: object) -> None:
    shuffled = list(candidates)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert select(shuffled) == select(candidates)


@given(CANDIDATES)
def test_flat_spans_share_no_word(candidates: list[Candidate]) -> None:
    words = [word for cell in select(candidates) for word in range(cell.start, cell.end + 1)]
    assert len(words) == len(set(words))


def test_ties_go_to_the_first_then_the_shorter_then_the_first_label() -> None:
    cells = [Candidate(1, 2, 0, 0.7), Candidate(0, 1, 1, 0.7), Candidate(0, 0, 1, 0.7), Candidate(0, 0, 0, 0.7)]
    assert select(cells) == [Candidate(0, 0, 0, 0.7), Candidate(1, 2, 0, 0.7)]


def test_nested_spans_may_contain_each_other_but_not_cross() -> None:
    outer, inner, crossing = Candidate(0, 3, 0, 0.9), Candidate(1, 2, 1, 0.8), Candidate(2, 4, 1, 0.7)
    assert select([outer, inner, crossing], flat=False) == [outer, inner]


def test_the_same_words_carry_two_labels_only_if_asked() -> None:
    first, second = Candidate(0, 1, 0, 0.9), Candidate(0, 1, 1, 0.8)
    assert select([first, second]) == [first]
    assert select([first, second], multi_label=True) == [first, second]


def test_a_hundred_thousand_candidates_are_no_matter() -> None:
    cells = [
        Candidate(s, s + w, c, ((s * 7 + w * 3 + c) % 101) / 101)
        for s in range(1000)
        for w in range(10)
        for c in range(10)
    ]
    assert select(cells)
