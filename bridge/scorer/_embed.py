"""Vectors of short names by the label backbone of a bi-encoder: the cosine of two says how near their meaning is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from bridge.scorer._encoders import Encode
from bridge.scorer._subwords import LabelTokens

#: Rows of a batch: a query has one to eight new phrases of several lengths, and every row that is padded costs time.
_ROWS = 2
#: Lengths of the batches: phrases of a query have three to five subtokens.
_LENGTHS = (5, 8, 16, 32, 64, 128, 256)


class NameVectors:
    """Encodes names in batches of fixed size, which names share by length.

    So a name's vector is the same to the last bit whatever is encoded beside it.
    """

    def __init__(self, encode: Encode, width: int, tokens: LabelTokens) -> None:
        self._encode = encode
        self._tokens = tokens
        self._width = width

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[n, E] unit vectors: means over the subtokens, before the projection to class vectors."""
        out = torch.zeros(len(texts), self._width)
        if not len(texts):
            return out.numpy()
        ids, mask = self._tokens.batch(texts)
        with torch.inference_mode():
            for bound, rows in _by_length(mask.sum(1).tolist()):
                length = min(bound, self._tokens.limit)
                for start in range(0, len(rows), _ROWS):
                    some = rows[start : start + _ROWS]
                    own_ids = torch.zeros(_ROWS, length, dtype=torch.long)
                    own_mask = torch.zeros(_ROWS, length, dtype=torch.long)
                    own_mask[len(some) :, 0] = 1  # rows without a text still need something to look at
                    own_ids[: len(some), : ids.shape[1]] = ids[some, :length]
                    own_mask[: len(some), : ids.shape[1]] = mask[some, :length]
                    pooled = (self._encode(own_ids, own_mask).cpu() * own_mask.unsqueeze(-1)).sum(1)
                    out[some] = torch.nn.functional.normalize(pooled[: len(some)], dim=-1)
        return out.numpy()


def _by_length(lengths: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    """Rows of each length class, with its length; longer texts are classes of their own."""
    classes: dict[int, list[int]] = {}
    for row, length in enumerate(lengths):
        classes.setdefault(next((bound for bound in _LENGTHS if length <= bound), length), []).append(row)
    yield from sorted(classes.items())
