"""BERT without the bookkeeping of a general library: the same sums in fewer calls, for short queries.

A query of six words spends more time between matrix products than in them. Query, key and value are one product here,
position and segment vectors one table, and an unpadded batch has no mask. Weights are those of the network, packed once
for oneDNN where torch has it: the same products, and on AMD processors faster than through MKL.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import embedding, gelu, layer_norm, linear, scaled_dot_product_attention

from bridge.scorer._network import Network

#: [B, S, D] from input ids and attention mask, both [B, S]: the text backbone with its projection.
Encode = Callable[[Tensor, Tensor], Tensor]
#: [..., out] from [..., in].
Product = Callable[[Tensor], Tensor]


def product_of(weight: Tensor, bias: Tensor) -> Product:
    """`x @ weight.T + bias` with the weight packed for oneDNN, or plainly where this torch cannot."""
    weight, bias = weight.detach(), bias.detach()
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight)
        run = torch.ops.mkldnn._linear_pointwise
        run(weight.new_zeros(1, weight.shape[1]), packed, bias, "none", [], "")
    except (AttributeError, NotImplementedError, RuntimeError):
        return lambda x: linear(x, weight, bias)
    return lambda x: cast(Tensor, run(x, packed, bias, "none", [], ""))


def encoder_of(network: Network) -> Encode:
    """The fastest exact way to run a network's text encoder that this module knows; else the network's own."""
    representation = network.token_rep_layer
    bert = None if network.config.fuse_layers else _bert(representation.bert_layer.model)
    if bert is None:
        return network.encode
    projection = getattr(representation, "projection", None)
    if projection is None:
        return bert
    return lambda input_ids, attention_mask: projection(bert(input_ids, attention_mask))


def label_encoder_of(network: Network) -> Encode:
    """The same for a bi-encoder's label backbone, before its projection."""
    backbone = network.token_rep_layer.labels_encoder
    return backbone if network.config.fuse_layers else _bert(backbone.model) or backbone


def _bert(backbone: Any) -> _Bert | None:
    config = backbone.config
    if config.model_type != "bert" or config.hidden_act != "gelu" or config.is_decoder:
        return None
    return _Bert(backbone)


class _Layer:
    """The weights of one layer, query, key and value stacked."""

    def __init__(self, layer: Any) -> None:
        attention, out = layer.attention.self, layer.attention.output
        parts = (attention.query, attention.key, attention.value)
        self.qkv = product_of(torch.cat([part.weight for part in parts]), torch.cat([part.bias for part in parts]))
        self.out = product_of(out.dense.weight, out.dense.bias)
        self.norm = out.LayerNorm.weight, out.LayerNorm.bias
        self.up = product_of(layer.intermediate.dense.weight, layer.intermediate.dense.bias)
        self.down = product_of(layer.output.dense.weight, layer.output.dense.bias)
        self.last_norm = layer.output.LayerNorm.weight, layer.output.LayerNorm.bias


class _Bert:
    def __init__(self, backbone: Any) -> None:
        config, table = backbone.config, backbone.embeddings
        self._heads: int = config.num_attention_heads
        self._eps: float = config.layer_norm_eps
        self._shape = (config.hidden_size,)
        self._words: Tensor = table.word_embeddings.weight
        self._places: Tensor = table.position_embeddings.weight + table.token_type_embeddings.weight[0]
        self._norm = table.LayerNorm.weight, table.LayerNorm.bias
        self._layers = [_Layer(layer) for layer in backbone.encoder.layer]

    def __call__(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        batch, size = input_ids.shape
        mask = None if batch == 1 else attention_mask.bool()[:, None, None, :]
        hidden = embedding(input_ids, self._words) + self._places[:size]
        hidden = layer_norm(hidden, self._shape, *self._norm, self._eps)
        for layer in self._layers:
            qkv = layer.qkv(hidden).view(batch, size, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
            seen = scaled_dot_product_attention(qkv[0], qkv[1], qkv[2], attn_mask=mask)
            seen = layer.out(seen.transpose(1, 2).reshape(batch, size, -1))
            hidden = layer_norm(hidden + seen, self._shape, *layer.norm, self._eps)
            inner = layer.down(gelu(layer.up(hidden)))
            hidden = layer_norm(hidden + inner, self._shape, *layer.last_norm, self._eps)
        return hidden
