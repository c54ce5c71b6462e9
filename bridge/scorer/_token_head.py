"""The head of token-level models: is a word the start, the end, or inside a span of a class? (specification 3.6)

Notation of shapes: B batch, W words, C classes, N spans, D = `hidden_size`.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from bridge.scorer._config import CheckpointConfig
from bridge.scorer._span_heads import feed_forward


class TokenHead(nn.Module):
    """An MLP over [word ; class ; word * class], stored as `scorer`.

    Its first layer is applied to the three blocks apart: only the product is computed for each pair.
    """

    def __init__(self, config: CheckpointConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.proj_token = nn.Linear(width, 2 * width)
        self.proj_label = nn.Linear(width, 2 * width)
        self.out_mlp = nn.Sequential(
            nn.Linear(3 * width, 4 * width), nn.Dropout(config.dropout), nn.ReLU(), nn.Linear(4 * width, 3)
        )

    def forward(self, words: Tensor, classes: Tensor) -> Tensor:
        """[B, W, C, 3] logits of start, end and inside; `classes` are [C, D] or [B, C, D]."""
        first, width = cast(nn.Linear, self.out_mlp[0]), words.shape[-1]
        word, word_factor = self.proj_token(words).split(width, dim=-1)
        label, label_factor = self.proj_label(classes).split(width, dim=-1)
        if classes.dim() == 2:
            label, label_factor = label.unsqueeze(0), label_factor.unsqueeze(0)
        blocks = first.weight.chunk(3, dim=1)
        of_words = (word @ blocks[0].T + first.bias).unsqueeze(2)
        of_labels = (label @ blocks[1].T).unsqueeze(1)
        pairs = (word_factor.unsqueeze(2) * label_factor.unsqueeze(1)) @ blocks[2].T
        return cast(Tensor, self.out_mlp[3](self.out_mlp[1](of_words + of_labels + pairs).relu()))


class _TokenMarker(nn.Module):
    """`markerV0` on any list of spans."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.project_start = feed_forward(width, width, dropout)
        self.project_end = feed_forward(width, width, dropout)
        self.out_project = feed_forward(2 * width, width, dropout)


class FoundSpans(nn.Module):
    """Scores spans that the token head found (`represent_spans`), stored as `span_rep_layer`."""

    def __init__(self, config: CheckpointConfig) -> None:
        super().__init__()
        self.span_rep_layer = _TokenMarker(config.hidden_size, config.dropout)

    def forward(self, words: Tensor, starts: Tensor, ends: Tensor, classes: Tensor) -> Tensor:
        """[N, C] logits of the spans (starts, ends), both [N] with inclusive ends, of one text: `words` is [W, D]."""
        marker = self.span_rep_layer
        first, last = marker.project_start(words)[starts], marker.project_end(words)[ends]
        vectors: Tensor = marker.out_project(torch.cat([first, last], dim=-1).relu())
        return vectors @ classes.T
