"""Label phrasings and the vectors of the frozen label encoder, computed once each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor

from bridge.scorer._network import Network


class LabelVectors:
    """Pooled vectors of label texts from the frozen label encoder, cached.

    The projection that follows is linear and trained, so what is cached are the vectors before it (specification 2.7).
    """

    def __init__(self, network: Network, tokenizer: Tokenizer, pad: int) -> None:
        self._network, self._tokenizer, self._pad = network, tokenizer, pad
        self._cache: dict[str, Tensor] = {}

    def __call__(self, labels: Sequence[str]) -> Tensor:
        """[C, label width] in float32, in the order of `labels`."""
        missing = sorted({label for label in labels if label not in self._cache}, key=lambda label: (len(label), label))
        for start in range(0, len(missing), 64):
            self._encode(missing[start : start + 64])
        return torch.stack([self._cache[label] for label in labels])

    @torch.no_grad()
    def _encode(self, labels: Sequence[str]) -> None:
        encodings = [self._tokenizer.encode(label) for label in labels]
        length = max(len(encoding.ids) for encoding in encodings)
        ids = torch.full((len(labels), length), self._pad)
        mask = torch.zeros((len(labels), length), dtype=torch.long)
        for row, encoding in enumerate(encodings):
            ids[row, : len(encoding.ids)] = torch.tensor(encoding.ids)
            mask[row, : len(encoding.ids)] = 1
        encoder = self._network.token_rep_layer.labels_encoder
        was_training = encoder.training
        encoder.eval()
        pooled = self._network.token_rep_layer.pool_labels(ids, mask).float()
        encoder.train(was_training)
        self._cache.update(zip(labels, pooled, strict=True))
