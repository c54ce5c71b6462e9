"""Which subtokens of a batch are read: those that stand for a word, and in a uni-encoder those that stand for a label.

Nobody asks for the vectors of the others, so behind the attention of its last layer an encoder computes these alone.

Notation of shapes: B batch, S subtokens, N subtokens that are read, E width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from bridge.scorer._config import CheckpointConfig
from bridge.scorer._prompt import Row


class Places(NamedTuple):
    """Subtokens of each row in their order, and what they stand for; rows with fewer end with some that are nothing."""

    #: [B, N] positions.
    at: Tensor
    #: [B, N] word number + 1, else 0.
    words: Tensor
    #: [B, N] label number + 1, else 0; a bi-encoder has only zeros.
    classes: Tensor


def places_of(rows: Sequence[Row], config: CheckpointConfig) -> Places:
    """What words and labels of a batch are read from, as the config says."""
    read = [_read(row, config) for row in rows]
    size = max(*map(len, read), 1)
    nothing = (0, 0, 0)
    padded = torch.tensor([one + [nothing] * (size - len(one)) for one in read])
    return Places(*padded.permute(2, 0, 1).contiguous().unbind())


def _read(row: Row, config: CheckpointConfig) -> list[tuple[int, int, int]]:
    """Position, word number + 1 and label number + 1 of the subtokens that are read."""
    classes: dict[int, int] = {}
    if not config.is_bi_encoder:
        markers = [place for place, piece in enumerate(row.ids) if piece == config.class_token_index]
        behind = 0 if config.embed_ent_token else 1
        classes = {place + behind: number for number, place in enumerate(markers, start=1)}
    return [(place, word, classes.get(place, 0)) for place, word in enumerate(row.mask) if word or place in classes]


def vectors_at(hidden: Tensor, places: Tensor) -> Tensor:
    """[B, N, E] rows of [B, S, E], wherever it is, at positions [B, N]."""
    return hidden.gather(1, places.to(hidden.device).unsqueeze(2).expand(-1, -1, hidden.shape[2]))
