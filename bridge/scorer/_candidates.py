"""From logits to the cells above their threshold, one head's way each (specification 4.1 and 4.4).

Limits are a number that all cells share, or a row of numbers for each text of the batch with one for each column; 1.0
closes a column, since a score of 1.0 is not above it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

#: A threshold, or thresholds [B][C].
Limits = float | Sequence[Sequence[float]]


class Cell(NamedTuple):
    """A span of words `start..end` (inclusive) of row `row` of a batch, its column of classes, and its score."""

    row: int
    start: int
    end: int
    column: int
    score: float


def above(scores: Tensor, limits: Limits) -> Tensor:
    """Booleans like `scores`, [B, ..., C]: what is above its limit, compared in float32."""
    if isinstance(limits, int | float):
        return scores > limits
    rows = torch.tensor(limits, dtype=scores.dtype, device=scores.device)
    return scores > rows.view(len(scores), *[1] * (scores.dim() - 2), -1)


def span_cells(logits: Tensor, lengths: Tensor, limits: Limits) -> Iterator[Cell]:
    """Cells of a span head's [B, W, K, C] that end inside their text; `lengths` [B] are the texts' words."""
    scores = logits.sigmoid()
    _, words, widths, _ = scores.shape
    ends = torch.arange(words)[:, None] + torch.arange(widths)
    inside = ends < lengths.cpu()[:, None, None]
    places = (above(scores, limits) & inside.to(scores.device)[..., None]).nonzero()
    if len(places):
        found = scores[places.unbind(1)].tolist()
        for (row, start, width, column), score in zip(places.tolist(), found, strict=True):
            yield Cell(row, start, start + width, column, score)


def token_cells(logits: Tensor, lengths: Tensor, limits: Limits) -> Iterator[Cell]:
    """Cells of a token-level head's [B, W, C, 3].

    A span is a start and an end of one class above the limit with everything inside at least at the limit; the lowest
    of all these scores is its score. Spans have no greatest width.

    Args:
        lengths: [B] words of each text; words beyond are padding.
    """
    scores = logits.sigmoid().cpu()
    starts = above(scores[..., 0], limits).numpy()
    ends = above(scores[..., 1], limits).numpy()
    values = scores.double().numpy()  # as the reference compares: float32 scores as Python numbers
    for row, length in enumerate(lengths.tolist()):
        for column in np.flatnonzero(starts[row, :length].any(0) & ends[row, :length].any(0)).tolist():
            limit = limits if isinstance(limits, int | float) else limits[row][column]
            own = values[row, :length, column]
            found = _spans(own, starts[row, :length, column], ends[row, :length, column], limit)
            for start, end, score in found:
                yield Cell(row, start, end, column, score)


def _spans(
    scores: NDArray[np.float64], starts: NDArray[np.bool_], ends: NDArray[np.bool_], limit: float
) -> Iterator[tuple[int, int, float]]:
    """(start, end, score) of one text and class from [W, 3] scores."""
    outside = np.append(np.flatnonzero(scores[:, 2] < limit), len(scores))
    for start in np.flatnonzero(starts).tolist():
        stop = int(outside[np.searchsorted(outside, start)])
        own_ends = start + np.flatnonzero(ends[start:stop])
        if len(own_ends):
            inside = np.minimum.accumulate(scores[start:stop, 2])[own_ends - start]
            lowest = np.minimum(np.minimum(inside, scores[own_ends, 1]), scores[start, 0])
            yield from zip([start] * len(own_ends), own_ends.tolist(), lowest.tolist(), strict=True)
