"""What a batch teaches: a compact description, and the dense targets that the loss needs, on any device.

A span and label pair is *known* where the annotation says whether the span carries the label. Most texts decide that
for whole columns (`sure`); around annotated spans single columns may be left open or decided (`boxes`). The dense form
of a batch of short queries has millions of cells, so processes that prepare batches hand over the compact one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from bridge.evaluation import Example


def spans_of(words: int, max_width: int) -> npt.NDArray[np.int64]:
    """[n, 2] first and last word of every span of a text, by start, then width."""
    first = np.repeat(np.arange(words), max_width)
    last = first + np.tile(np.arange(max_width), words)
    keep = last < words
    return np.stack([first[keep], last[keep]], axis=1)


@dataclass(frozen=True)
class Batch:
    """Texts with their label columns and what is taught of them.

    Attributes:
        texts: T texts.
        labels: C label texts, in the order of the columns.
        max_width: longest span in words.
        hits: [H, 4] text, first word, last word and column of the positive pairs; known.
        aims: [H] what each of them is taught, above 0 to 1.
        sure: [T, C] columns that are known for all spans of a text.
        boxes: [M, 3] text, first and last word of annotated spans.
        box_open: [M, C] columns left open on all spans that overlap the box.
        box_shut: [M, C] columns known on all spans that overlap the box.
    """

    texts: list[Example]
    labels: list[str]
    max_width: int
    hits: npt.NDArray[np.int64]
    aims: npt.NDArray[np.float32]
    sure: npt.NDArray[np.bool_]
    boxes: npt.NDArray[np.int64]
    box_open: npt.NDArray[np.bool_]
    box_shut: npt.NDArray[np.bool_]

    @cached_property
    def spans(self) -> npt.NDArray[np.int64]:
        """[S, 3] text, first and last word of every span, by text, start, then width."""
        return all_spans([len(text.words) for text in self.texts], self.max_width)

    @property
    def targets(self) -> npt.NDArray[np.float32]:
        """[S, C] what every span is taught of every column, 0 to 1."""
        return dense(self, torch.device("cpu"))[0].numpy()

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """[S, C] False where the annotation does not say whether the span carries the label."""
        return dense(self, torch.device("cpu"))[1].numpy()


def all_spans(lengths: Sequence[int], max_width: int) -> npt.NDArray[np.int64]:
    """[S, 3] text, first and last word (both inside the text) of every span of every text."""
    spans = [spans_of(length, max_width) for length in lengths]
    texts = np.repeat(np.arange(len(lengths)), [len(part) for part in spans])
    return np.column_stack([texts, np.concatenate(spans)])


def dense(batch: Batch, device: torch.device) -> tuple[Tensor, Tensor]:
    """(targets in float32, known), both [S, C] on `device`."""
    spans = torch.from_numpy(batch.spans).to(device, non_blocking=True)
    text, first, last = spans.unbind(1)
    known = torch.from_numpy(batch.sure).to(device, non_blocking=True)[text]
    if len(batch.boxes):
        box_text, box_first, box_last = torch.from_numpy(batch.boxes).to(device, non_blocking=True).unbind(1)
        # Boxes are few and stand in the order of their texts: pair every span with the boxes of its own text only.
        counts = torch.bincount(box_text, minlength=len(batch.texts))
        of_span = counts[text]
        span_at = torch.repeat_interleave(torch.arange(len(spans), device=device), of_span)
        before = torch.repeat_interleave(of_span.cumsum(0) - of_span, of_span)
        box_at = (counts.cumsum(0) - counts)[text][span_at] + torch.arange(len(span_at), device=device) - before
        touching = (first[span_at] <= box_last[box_at]) & (last[span_at] >= box_first[box_at])
        span_at, box_at = span_at[touching], box_at[touching]
        known = known & ~_spread(batch.box_open, span_at, box_at, known)
        known = known | _spread(batch.box_shut, span_at, box_at, known)
    targets = torch.zeros(known.shape, device=device)
    if len(batch.hits):
        rows = torch.from_numpy(_rows(batch)).to(device, non_blocking=True)
        columns = torch.from_numpy(batch.hits[:, 3]).to(device, non_blocking=True)
        targets[rows, columns] = torch.from_numpy(batch.aims).to(device, non_blocking=True)
        known[rows, columns] = True
    return targets, known


def orders(batch: Batch) -> npt.NDArray[np.int64]:
    """[P, 3] row of `spans`, column of a name taught as true, column of one that is vaguer there (a lower aim)."""
    rows = _rows(batch).tolist()
    columns, whole = batch.hits[:, 3].tolist(), (batch.aims >= 1).tolist()
    clear: dict[int, list[int]] = {}
    for row, column, true in zip(rows, columns, whole, strict=True):
        if true:
            clear.setdefault(row, []).append(column)
    pairs = [
        (row, better, column)
        for row, column, true in zip(rows, columns, whole, strict=True)
        if not true
        for better in clear.get(row, ())
    ]
    return np.array(pairs, dtype=np.int64).reshape(-1, 3)


def _spread(columns: npt.NDArray[np.bool_], span_at: Tensor, box_at: Tensor, like: Tensor) -> Tensor:
    """[S, C] True where a span touches a box that has the column."""
    out = torch.zeros(like.shape, dtype=torch.int32, device=like.device)
    if columns.any():
        marks = torch.from_numpy(columns).to(like.device, non_blocking=True).to(torch.int32)
        out.index_add_(0, span_at, marks[box_at])
    return out > 0


def _rows(batch: Batch) -> npt.NDArray[np.int64]:
    """[H] row of `spans` of every hit."""
    width = batch.max_width
    lengths = np.array([len(text.words) for text in batch.texts], dtype=np.int64)
    per_text = np.array([len(spans_of(int(length), width)) for length in lengths], dtype=np.int64)
    offset = np.cumsum(per_text) - per_text
    text, first, last = batch.hits[:, 0], batch.hits[:, 1], batch.hits[:, 2]
    # Spans before those that start at word `first`: `width` for each start, less what would end beyond the text.
    lacking = np.maximum(0, width - lengths[text])  # spans that the first word lacks; each further start lacks one more
    most = np.maximum(0, first + width - 1 - lengths[text])
    before = first * width - (most * (most + 1) - lacking * (lacking - 1)) // 2
    rows: npt.NDArray[np.int64] = offset[text] + before + (last - first)
    return rows
