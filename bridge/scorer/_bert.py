"""BERT without the bookkeeping of a general library: the same sums in fewer calls, for short queries.

A query of six words spends more time between matrix products than in them. Query, key and value are one product here,
position and segment vectors one table, and an unpadded batch has no mask. Weights are those of the network, packed.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, scaled_dot_product_attention

from bridge.scorer._places import vectors_at
from bridge.scorer._products import Dtype, product_of_layer, stacked_product


class _Layer:
    """The weights of one layer, query, key and value stacked."""

    def __init__(self, layer: Any, dtype: Dtype) -> None:
        attention, out = layer.attention.self, layer.attention.output
        self.qkv = stacked_product(attention.query, attention.key, attention.value, dtype=dtype)
        self.out = product_of_layer(out.dense, dtype)
        self.norm = out.LayerNorm.weight, out.LayerNorm.bias
        self.up = product_of_layer(layer.intermediate.dense, dtype)
        self.down = product_of_layer(layer.output.dense, dtype)
        self.last_norm = layer.output.LayerNorm.weight, layer.output.LayerNorm.bias


class Bert:
    """Runs the weights of a `BertModel` where they are.

    [B, S, E] from input ids and attention mask, both [B, S] on the processor; with `places` [B, N] only the vectors
    there, [B, N, E].
    """

    @staticmethod
    def runs(config: Any) -> bool:
        """Whether a backbone of this config has the plain form that this class knows."""
        return config.hidden_act == "gelu" and not config.is_decoder

    def __init__(self, backbone: Any, dtype: Dtype = "fp32") -> None:
        config, table = backbone.config, backbone.embeddings
        self._heads: int = config.num_attention_heads
        self._eps: float = config.layer_norm_eps
        self._shape = (config.hidden_size,)
        self._words: Tensor = table.word_embeddings.weight
        self._places: Tensor = table.position_embeddings.weight + table.token_type_embeddings.weight[0]
        self._norm = table.LayerNorm.weight, table.LayerNorm.bias
        self._layers = [_Layer(layer, dtype) for layer in backbone.encoder.layer]

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, places: Tensor | None = None) -> Tensor:
        batch, size = input_ids.shape
        device = self._words.device
        mask = None if batch == 1 else attention_mask.bool()[:, None, None, :].to(device)
        hidden = embedding(input_ids.to(device), self._words) + self._places[:size]
        hidden = layer_norm(hidden, self._shape, *self._norm, self._eps)
        for layer in self._layers:
            qkv = layer.qkv(hidden).view(batch, size, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            seen = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=mask)
            seen = seen.transpose(1, 2).reshape(batch, size, -1)
            if places is not None and layer is self._layers[-1]:
                hidden, seen = vectors_at(hidden, places), vectors_at(seen, places)
            hidden = layer_norm(hidden + layer.out(seen), self._shape, *layer.norm, self._eps)
            inner = layer.down(gelu(layer.up(hidden)))
            hidden = layer_norm(hidden + inner, self._shape, *layer.last_norm, self._eps)
        return hidden
