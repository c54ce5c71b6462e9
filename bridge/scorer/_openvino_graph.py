"""The rewritten encoders as OpenVINO graphs: the same sums as `_bert` and `_deberta`, in another library's kernels.

Graphs are built operation by operation, not converted from torch: sequence length and batch stay free, an attention
mask is part of the graph, and `openvino.convert_model`, which reports its use over the network, never runs.

Notation of shapes: B batch, S subtokens, N subtokens that are read, H heads, d width of a head, E width.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

#: Added to the scores of padding; also in bf16 far below every score.
_MASKED = np.float32(1e30)


class Operations:
    """What the graphs are built of: the operations of one `openvino` opset, over torch's weights."""

    def __init__(self) -> None:
        from openvino import opset13

        self._op: Any = opset13

    @staticmethod
    def _model(output: Any, inputs: list[Any]) -> Any:
        import openvino

        return openvino.Model([output], inputs, "graph")

    def _linear(self, x: Any, weight: Tensor, bias: Tensor) -> Any:
        op = self._op
        return op.add(op.matmul(x, self._constant(weight), False, True), self._constant(bias[None, None]))

    def _constant(self, values: Tensor | np.float32) -> Any:
        """Weights are read where they lie; compiling copies what it packs."""
        if isinstance(values, Tensor):
            return self._op.constant(values.detach().contiguous().numpy(), shared_memory=True)
        return self._op.constant(values)

    def _whole(self, *numbers: int) -> Any:
        return self._op.constant(np.array(numbers, dtype=np.int64))


class EncoderGraph(Operations):
    """Builds the graph of a backbone.

    Attributes:
        model: an `openvino.Model`: [B, N, E] from input ids and attention mask, both [B, S], places [B, N], and with
            distances (DeBERTa) the rows of their table [2 * S - 1].
    """

    def __init__(self, backbone: Any, projection: Any | None) -> None:
        super().__init__()
        config, table, layers = backbone.config, backbone.embeddings, backbone.encoder.layer
        self._heads: int = config.num_attention_heads
        self._width: int = config.hidden_size
        self._eps: float = config.layer_norm_eps
        op = self._op
        ids = op.parameter([-1, -1], np.int64, "input_ids")
        mask = op.parameter([-1, -1], np.int64, "attention_mask")
        places = op.parameter([-1, -1], np.int64, "places")
        inputs = [ids, mask, places]
        self._size = op.gather(op.shape_of(ids), self._whole(1), self._whole(0))
        seen = op.convert(mask, "f32")
        masked = op.multiply(op.subtract(seen, self._constant(np.float32(1))), self._constant(_MASKED))
        self._mask = op.unsqueeze(masked, self._whole(1, 2))
        hidden = op.gather(self._constant(table.word_embeddings.weight), ids, self._whole(0))
        if config.model_type == "deberta-v2":
            rows = op.parameter([-1], np.int64, "distances")
            inputs.append(rows)
            hidden = op.multiply(self._norm(hidden, table.LayerNorm), op.unsqueeze(seen, self._whole(2)))
            near = {
                "distances": backbone.encoder.get_rel_embedding(),
                "rows": rows,
                "columns": self._diagonal_columns(),
            }
            attend: Callable[[Any, Any], Any] = partial(self._disentangled, **near)
        else:
            positions = table.position_embeddings.weight + table.token_type_embeddings.weight[0]
            own = op.slice(self._constant(positions), self._whole(0), self._size, self._whole(1), self._whole(0))
            hidden = self._norm(op.add(hidden, own), table.LayerNorm)
            attend = self._attention
        for layer in layers:
            seen = attend(layer, hidden)
            if layer is layers[-1]:
                hidden, seen = (op.gather(vectors, places, self._whole(1), 1) for vectors in (hidden, seen))
            hidden = self._finish(layer, hidden, seen)
        if projection is not None:
            hidden = self._linear(hidden, projection.weight, projection.bias)
        self.model = self._model(hidden, inputs)

    # ------------------------------------------------------------------------------------------------- the layers

    def _attention(self, layer: Any, hidden: Any) -> Any:
        """[B, S, E] plain attention before its output projection."""
        own = layer.attention.self
        scale = 1 / math.sqrt(self._width // self._heads)
        query, key, value = self._split(hidden, own.query, own.key, own.value, scale)
        return self._mixed(query, key, value, self._mask)

    def _disentangled(self, layer: Any, hidden: Any, distances: Tensor, rows: Any, columns: Any) -> Any:
        """The same with the terms of the distances, [2 * S - 1] rows of whose table are in falling order.

        See `_deberta`: the terms stand on diagonals of products with those rows, here read by their flat `columns`.
        """
        op, own = self._op, layer.attention.self
        scale = 1 / math.sqrt(3 * (self._width // self._heads))
        query, key, value = self._split(hidden, own.query_proj, own.key_proj, own.value_proj, scale)
        bias = self._mask
        for vectors, table, column in (
            (query, own.key_proj(distances), columns[0]),
            (key, own.query_proj(distances) * scale, columns[1]),
        ):
            heads = table.view(len(table), self._heads, -1).transpose(0, 1)  # [H, distances, d]
            near = op.gather(self._constant(heads), rows, self._whole(1))
            grid = op.reshape(op.matmul(vectors, near, False, True), self._whole(0, 0, -1), True)
            bias = op.add(bias, op.gather(grid, column, self._whole(2)))
        return self._mixed(query, key, value, bias)

    def _diagonal_columns(self) -> tuple[Any, Any]:
        """Two of [S, S]: the place of (i, j) in a flat [S, 2 * S - 1], at row i for queries and at row j for keys."""
        op = self._op
        first, step = op.constant(np.int64(0)), op.constant(np.int64(1))
        numbers = op.range(first, op.squeeze(self._size, self._whole(0)), step, "i64")
        width = op.subtract(op.multiply(self._size, self._whole(2)), self._whole(1))
        query, key = op.unsqueeze(numbers, self._whole(1)), op.unsqueeze(numbers, self._whole(0))
        # Distances fall, so the column of query i and key j is j - i behind that of distance 0, which is S - 1.
        column = op.add(op.subtract(key, query), op.subtract(self._size, self._whole(1)))
        at_query, at_key = (op.add(op.multiply(row, width), column) for row in (query, key))
        return op.convert(at_query, "i32"), op.convert(at_key, "i32")

    def _split(self, hidden: Any, query: Any, key: Any, value: Any, scale: float) -> list[Any]:
        """Query, scaled, key and value, each [B, H, S, d], from one product."""
        op = self._op
        weight = torch.cat([query.weight * scale, key.weight, value.weight])
        bias = torch.cat([query.bias * scale, key.bias, value.bias])
        heads = op.reshape(self._linear(hidden, weight, bias), self._whole(0, 0, 3, self._heads, -1), True)
        parts = op.split(op.transpose(heads, self._whole(2, 0, 3, 1, 4)), op.constant(np.int64(0)), 3)
        return [op.squeeze(part, self._whole(0)) for part in parts.outputs()]

    def _mixed(self, query: Any, key: Any, value: Any, bias: Any) -> Any:
        """[B, S, E] values in the shares that softmax(query . key + bias) gives them."""
        op = self._op
        shares = op.softmax(op.add(op.matmul(query, key, False, True), bias), -1)
        seen = op.transpose(op.matmul(shares, value, False, False), self._whole(0, 2, 1, 3))
        return op.reshape(seen, self._whole(0, 0, self._width), True)

    def _finish(self, layer: Any, hidden: Any, seen: Any) -> Any:
        """A layer behind its attention."""
        op, out, up, down = self._op, layer.attention.output, layer.intermediate.dense, layer.output
        hidden = self._norm(op.add(hidden, self._linear(seen, out.dense.weight, out.dense.bias)), out.LayerNorm)
        inner = op.gelu(self._linear(hidden, up.weight, up.bias), "erf")
        return self._norm(op.add(hidden, self._linear(inner, down.dense.weight, down.dense.bias)), down.LayerNorm)

    def _norm(self, x: Any, norm: Any) -> Any:
        op = self._op
        even = op.mvn(x, self._whole(-1), True, self._eps, "inside_sqrt")
        return op.add(op.multiply(even, self._constant(norm.weight)), self._constant(norm.bias))
