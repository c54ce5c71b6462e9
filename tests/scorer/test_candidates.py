"""From logits to cells: both heads against their definition, cell by cell."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from bridge.scorer._candidates import span_cells, token_cells
from bridge.scorer._decode import Candidate, select

#: Few distinct values, so that scores tie and meet the limit exactly.
PROBABILITIES = st.sampled_from([0.1, 0.25, 0.5, 0.625, 0.75, 0.9])


@st.composite
def token_logits(draw: st.DrawFn) -> tuple[torch.Tensor, torch.Tensor]:
    batch, words, columns = draw(st.integers(1, 3)), draw(st.integers(1, 6)), draw(st.integers(1, 3))
    count = batch * words * columns * 3
    values = torch.tensor(draw(st.lists(PROBABILITIES, min_size=count, max_size=count)))
    lengths = draw(st.lists(st.integers(1, words), min_size=batch, max_size=batch))
    return values.logit().view(batch, words, columns, 3), torch.tensor(lengths)


@given(token_logits(), PROBABILITIES)
def test_token_cells_are_all_pairs_of_start_and_end_with_nothing_weak_between(
    given_logits: tuple[torch.Tensor, torch.Tensor], limit: float
) -> None:
    logits, lengths = given_logits
    scores = logits.sigmoid()
    expected = {}
    for row, length in enumerate(lengths.tolist()):
        for start in range(length):
            for end in range(start, length):
                for column in range(scores.shape[2]):
                    first, last = scores[row, start, column, 0], scores[row, end, column, 1]
                    inside = [float(score) for score in scores[row, start : end + 1, column, 2]]
                    if first > limit and last > limit and all(score >= limit for score in inside):
                        expected[row, start, end, column] = min(float(first), float(last), *inside)
    assert {tuple(cell[:4]): cell.score for cell in token_cells(logits, lengths, limit)} == expected


@given(token_logits(), PROBABILITIES)
def test_a_limit_for_each_column_is_the_shared_limit_column_by_column(
    given_logits: tuple[torch.Tensor, torch.Tensor], limit: float
) -> None:
    logits, lengths = given_logits
    rows = [[limit, *[1.0] * (logits.shape[2] - 1)]] * len(logits)
    first = [cell for cell in token_cells(logits, lengths, limit) if cell.column == 0]
    assert list(token_cells(logits, lengths, rows)) == first
    # The same numbers as those of a span head: widths in place of columns, three columns.
    assert list(span_cells(logits, lengths, [[limit] * 3] * len(logits))) == list(span_cells(logits, lengths, limit))


@given(token_logits(), PROBABILITIES)
def test_spans_that_end_beyond_their_text_are_no_cells(
    given_logits: tuple[torch.Tensor, torch.Tensor], limit: float
) -> None:
    logits, lengths = given_logits
    scores = logits.sigmoid()
    expected = {
        (row, start, start + width, column)
        for row, start, width, column in (scores > limit).nonzero().tolist()
        if start + width < lengths[row]
    }
    assert {tuple(cell[:4]) for cell in span_cells(logits, lengths, limit)} == expected


def test_ties_at_token_level_go_to_the_first_label_before_the_shorter_span() -> None:
    long, short = Candidate(0, 2, 0, 0.7), Candidate(0, 1, 1, 0.7)
    assert select([short, long], token_level=True) == [long]
    assert select([short, long]) == [short]
