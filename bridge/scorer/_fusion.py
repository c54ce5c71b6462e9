"""What some checkpoints put between encoder and head: attention between words and labels, and a mix of all layers.

Notation of shapes: B batch, S subtokens, W words, C classes, N layers, E backbone width, D = `hidden_size`.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

#: The steps of a `post_fusion_schema`, by who looks at whom: labels l, text t.
FUSION_STEPS = ("l2l", "t2t", "l2t", "t2l")


class _Attention(nn.Module):
    """Attention over valid keys, without an output projection."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_layer = nn.Linear(width, width)
        self.key_layer = nn.Linear(width, width)
        self.value_layer = nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, valid: Tensor) -> Tensor:
        def split(rows: Tensor) -> Tensor:
            return rows.view(*rows.shape[:2], self.heads, -1).transpose(1, 2)

        # Where the reference masks pairs, only keys are masked here: rows of padding see something, nobody sees them.
        mask = None if bool(valid.all()) else valid[:, None, None, :]
        seen = scaled_dot_product_attention(
            split(self.query_layer(query)), split(self.key_layer(key)), split(self.value_layer(value)), attn_mask=mask
        )
        return seen.transpose(1, 2).flatten(2)


class _SelfAttention(nn.Module):
    """The residual is the normalised input (specification 3.8)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.self_attn = _Attention(width, heads)
        self.pre_norm = nn.LayerNorm(width)
        self.post_norm = nn.LayerNorm(width)
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)

    def forward(self, rows: Tensor, valid: Tensor) -> Tensor:
        rows = self.pre_norm(rows)
        seen = self.self_attn(self.q_proj(rows), self.k_proj(rows), self.v_proj(rows), valid)
        return cast(Tensor, self.post_norm(rows + seen))


class _CrossAttention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross_attn = _Attention(width, heads)
        self.pre_norm = nn.LayerNorm(width)
        self.post_norm = nn.LayerNorm(width)
        self.v_proj = nn.Linear(width, width)

    def forward(self, query: Tensor, key: Tensor, valid: Tensor) -> Tensor:
        query = self.pre_norm(query)
        return cast(Tensor, self.post_norm(query + self.cross_attn(query, key, self.v_proj(key), valid)))


class CrossFuser(nn.Module):
    """The fusion of a poly-encoder: labels and words look at themselves and at each other, step by step.

    Args:
        schema: steps joined by `-`, such as `l2l-l2t-t2t`; each one of FUSION_STEPS.
        heads: attention heads; the text backbone's number.
    """

    def __init__(self, width: int, heads: int, layers: int, schema: str) -> None:
        super().__init__()
        self.steps = schema.split("-")
        self.layers = nn.ModuleList(
            nn.ModuleList(
                _SelfAttention(width, heads) if step in {"l2l", "t2t"} else _CrossAttention(width, heads)
                for step in self.steps
            )
            for _ in range(layers)
        )

    def forward(
        self, words: Tensor, valid_words: Tensor, classes: Tensor, valid_classes: Tensor
    ) -> tuple[Tensor, Tensor]:
        """([B, W, D], [B, C, D]) from the same; the masks [B, W] and [B, C] are True where a row is no padding."""
        for repetition in self.layers:
            for step, block in zip(self.steps, cast(nn.ModuleList, repetition), strict=True):
                if step == "l2l":
                    classes = block(classes, valid_classes)
                elif step == "t2t":
                    words = block(words, valid_words)
                elif step == "l2t":
                    classes = block(classes, words, valid_words)
                else:
                    words = block(words, classes, valid_classes)
        return words * valid_words.unsqueeze(-1), classes * valid_classes.unsqueeze(-1)


class LayersFuser(nn.Module):
    """A weighted sum of all layers' outputs instead of the last one's (`fuse_layers`).

    The weights come from the mean over the sequence. The reference takes padding into it, so that a text's scores
    depend on its neighbours in a batch; here the mean is over the text itself, as the reference has it alone.
    """

    def __init__(self, layers: int, width: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(width, 1)
        self.W1 = nn.Linear(layers, layers // 2)
        self.W2 = nn.Linear(layers // 2, layers)
        self.output_projection = nn.Linear(width, width)

    def forward(self, hidden: tuple[Tensor, ...], attention_mask: Tensor) -> Tensor:
        """[B, S, E] from the embedding output and those of the layers, each [B, S, E]."""
        layers = torch.stack(hidden[1:], dim=1)
        mask = attention_mask.unsqueeze(1).to(layers.dtype)
        mean = (self.squeeze(layers).squeeze(-1) * mask).sum(-1) / mask.sum(-1)
        weights = self.W2(self.W1(mean).relu()).sigmoid()
        return cast(Tensor, self.output_projection((layers * weights[:, :, None, None]).sum(1)))
