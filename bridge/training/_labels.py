"""The vectors of label texts in training: frozen and cached, or computed anew by an encoder that learns."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from bridge.training._inputs import Sequences, sequences_of

#: Label texts that are encoded at once.
_CHUNK = 64


class LabelVectors:
    """Pooled vectors of label texts from a label encoder that does not change, cached.

    The projection that follows is linear and trained, so what is cached are the vectors before it (specification 2.7).

    Args:
        encoder: module with `forward(input_ids, attention_mask)` giving [C, S, E].
        tokenizer: of the label encoder.
        pad: id of its padding token.
    """

    def __init__(self, encoder: nn.Module, tokenizer: Tokenizer, pad: int) -> None:
        self._encoder, self._tokenizer, self._pad = encoder, tokenizer, pad
        self._cache: dict[str, Tensor] = {}

    def __call__(self, labels: Sequence[str]) -> Tensor:
        """[C, E] in float32, in the order of `labels`."""
        missing = sorted({label for label in labels if label not in self._cache}, key=lambda label: (len(label), label))
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            self._cache.update(zip(chunk, self.of(sequences_of(self._tokenizer, chunk, self._pad)), strict=True))
        return torch.stack([self._cache[label] for label in labels])

    @torch.no_grad()
    def of(self, texts: Sequences) -> Tensor:
        """[n, E] in float32 of texts that are not kept."""
        encoder = self._encoder
        device = next(encoder.parameters()).device
        was_training = encoder.training
        encoder.eval()
        pooled = mean_over_tokens(encoder, texts.to(device)).float()
        encoder.train(was_training)
        return pooled

    def to(self, device: torch.device) -> None:
        """Move the encoder; what is cached is made again there."""
        self._encoder.to(device)
        self._cache.clear()


def mean_over_tokens(encoder: nn.Module, texts: Sequences) -> Tensor:
    """[n, E] mean of the encoder's output over the tokens that count."""
    hidden: Tensor = encoder(texts.ids, texts.mask)
    mask = texts.mask.unsqueeze(-1).to(hidden.dtype)
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)
