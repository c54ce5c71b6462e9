"""DeBERTa-v2/v3 with everything that only depends on the weights computed once (specification 7.2).

Disentangled attention adds to the product of query and key two terms that depend on the distance of the two:
`Q_q . PK[r(q - k)]` and `K_k . PQ[r(q - k)]`. PK and PQ are the layer's own projections of the table of distances, the
same for every text: they are kept. Of a sequence of S subtokens only 2S - 1 distances occur, and a product with their
rows in order of distance (falling for queries, rising for keys) holds the terms on its diagonals. So they are read
through strides, without a gather.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, scaled_dot_product_attention

from bridge.scorer._places import vectors_at
from bridge.scorer._products import Dtype, product_of_layer, stacked_product

#: Distances whose rows are kept in order; longer sequences gather theirs for each batch.
_KEPT = 256


@lru_cache(maxsize=256)
def distance_rows(size: int, buckets: int, furthest: int) -> Tensor:
    """[2 * size - 1] rows of the table of distances for q - k from size - 1 down to 1 - size.

    Args:
        buckets: rows of the table for distances of one sign; those beyond half of them share rows.
        furthest: the distance of the last row.
    """
    distance = torch.arange(size - 1, -size, -1)
    middle = buckets // 2
    length = distance.abs()
    # In float32, as transformers computes it: a bucket border moves otherwise.
    logarithm = torch.log(length / middle) / torch.log(torch.tensor((furthest - 1) / middle)) * (middle - 1)
    far = (torch.ceil(logarithm) + middle) * distance.sign()
    bucket = torch.where(length <= middle, distance.to(far.dtype), far).long()
    return (bucket + buckets).clamp(0, 2 * buckets - 1)


def distances_of(config: Any) -> tuple[int, int]:
    """`buckets` and `furthest` of a config."""
    limit: int = config.max_relative_positions
    return config.position_buckets, config.max_position_embeddings if limit < 1 else limit


class Deberta:
    """Runs the weights of a `DebertaV2Model` where they are.

    [B, S, E] from input ids and attention mask, both [B, S] on the processor; with `places` [B, N] only the vectors
    there, [B, N, E].
    """

    @staticmethod
    def runs(config: Any) -> bool:
        """Whether a backbone of this config has the form that GLiNER's checkpoints have: that of DeBERTa-v3."""
        return bool(
            config.hidden_act == "gelu"
            and config.relative_attention
            and config.share_att_key
            and set(config.pos_att_type) == {"p2c", "c2p"}
            and config.position_buckets > 0
            and not config.position_biased_input
            and not config.type_vocab_size
            and not getattr(config, "conv_kernel_size", 0)
            and getattr(config, "embedding_size", config.hidden_size) == config.hidden_size
        )

    def __init__(self, backbone: Any, dtype: Dtype = "fp32") -> None:
        config, table = backbone.config, backbone.embeddings
        self._heads: int = config.num_attention_heads
        self._eps: float = config.layer_norm_eps
        self._shape = (config.hidden_size,)
        self._words: Tensor = table.word_embeddings.weight
        self._norm = table.LayerNorm.weight, table.LayerNorm.bias
        self._distances = distances_of(config)
        distances = backbone.encoder.get_rel_embedding().detach()
        near = distance_rows(_KEPT, *self._distances)
        with torch.inference_mode():
            self._layers = [_Layer(layer, distances, near, self._heads, dtype) for layer in backbone.encoder.layer]

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, places: Tensor | None = None) -> Tensor:
        size, device = input_ids.shape[1], self._words.device
        padded = not bool(attention_mask.all())
        hidden = layer_norm(embedding(input_ids.to(device), self._words), self._shape, *self._norm, self._eps)
        mask = None
        if padded:
            attention_mask = attention_mask.to(device)
            hidden = hidden * attention_mask.unsqueeze(2)
            mask = hidden.new_zeros(attention_mask.shape).masked_fill(attention_mask == 0, -math.inf)[:, None, None, :]
        far = None if size <= _KEPT else distance_rows(size, *self._distances).to(device)
        for layer in self._layers:
            seen = layer.attend(hidden, mask, far)
            if places is not None and layer is self._layers[-1]:
                hidden, seen = vectors_at(hidden, places), vectors_at(seen, places)
            hidden = layer_norm(hidden + layer.out(seen), self._shape, *layer.norm, self._eps)
            inner = layer.down(gelu(layer.up(hidden)))
            hidden = layer_norm(hidden + inner, self._shape, *layer.last_norm, self._eps)
        return hidden


class _Layer:
    """The weights of one layer, with the projected distances of its heads."""

    def __init__(self, layer: Any, distances: Tensor, near: Tensor, heads: int, dtype: Dtype) -> None:
        attention, out = layer.attention.self, layer.attention.output
        self._heads = heads
        self._scale = 1 / math.sqrt(3 * attention.query_proj.out_features // heads)
        self._qkv = stacked_product(attention.query_proj, attention.key_proj, attention.value_proj, dtype=dtype)
        # [H, distances, d], scaled already.
        self._keys = self._split(attention.key_proj(distances)) * self._scale
        self._queries = self._split(attention.query_proj(distances)) * self._scale
        self._near = self._keys[:, near].contiguous(), self._queries[:, near.flip(0)].contiguous()
        self.out = product_of_layer(out.dense, dtype)
        self.norm = out.LayerNorm.weight, out.LayerNorm.bias
        self.up = product_of_layer(layer.intermediate.dense, dtype)
        self.down = product_of_layer(layer.output.dense, dtype)
        self.last_norm = layer.output.LayerNorm.weight, layer.output.LayerNorm.bias

    def _split(self, rows: Tensor) -> Tensor:
        return rows.view(len(rows), self._heads, -1).transpose(0, 1)

    def attend(self, hidden: Tensor, mask: Tensor | None, far: Tensor | None) -> Tensor:
        """[B, S, E] attention before its output projection; `far` are the rows of sequences that are not kept."""
        batch, size, width = hidden.shape
        query, key, value = self._qkv(hidden).view(batch, size, 3, self._heads, -1).permute(2, 3, 0, 1, 4).unbind()
        # [H, B, S, d]: one product a head with the distances, whatever the batch.
        if far is None:
            middle = _KEPT - 1
            keys, queries = (rows[:, middle - size + 1 : middle + size] for rows in self._near)
        else:
            keys, queries = self._keys[:, far], self._queries[:, far.flip(0)]
        bias = self._diagonals(query, keys) + self._diagonals(key, queries).transpose(2, 3)
        if mask is not None:
            bias = bias + mask.transpose(0, 1)
        query, key, value = (part.transpose(0, 1) for part in (query, key, value))
        seen = scaled_dot_product_attention(query, key, value, attn_mask=bias.transpose(0, 1), scale=self._scale)
        return seen.transpose(1, 2).reshape(batch, size, width)

    def _diagonals(self, rows: Tensor, distances: Tensor) -> Tensor:
        """[H, B, S, S] of rows [H, B, S, d]: (i, j) is row i times the distance j - i places behind the middle."""
        heads, batch, size, width = rows.shape
        columns = 2 * size - 1
        grid = torch.bmm(rows.reshape(heads, batch * size, width), distances.transpose(1, 2)).view(-1)
        strides = (batch * size * columns, size * columns, columns - 1, 1)
        return grid.as_strided((heads, batch, size, size), strides, size - 1)
