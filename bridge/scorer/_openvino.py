"""The rewritten encoders as OpenVINO graphs: the same sums as `_bert` and `_deberta`, in another library's kernels.

Graphs are built operation by operation, not converted from torch: sequence length and batch stay free, an attention
mask is part of the graph, and `openvino.convert_model`, which reports its use over the network, never runs.

Notation of shapes: B batch, S subtokens, H heads, d width of a head, E width.
"""

from __future__ import annotations

import importlib.util
import math
import threading
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from bridge.errors import CheckpointError
from bridge.scorer._deberta import distance_rows, distances_of
from bridge.scorer._products import Dtype

Runtime = Literal["torch", "openvino"]
#: What a caller may ask for; `auto` is resolved by what is measured.
RuntimeSetting = Literal["torch", "openvino", "auto"]

#: What the runtime computes in, by its own names; its kernels for processors have no others that are worth having.
_PRECISIONS: dict[Dtype, str] = {"fp32": "f32", "bf16": "bf16"}
#: Added to the scores of padding; also in bf16 far below every score.
_MASKED = np.float32(1e30)


def has_openvino() -> bool:
    return importlib.util.find_spec("openvino") is not None


class OpenVinoEncoder:
    """Runs the weights of a `BertModel` or `DebertaV2Model`. [B, S, D] from input ids and attention mask, both [B, S].

    One request at a time: threads wait for each other. Computes in as many threads as torch does when it is made.
    """

    def __init__(self, backbone: Any, projection: Any | None, dtype: Dtype) -> None:
        """Compile the graph.

        Args:
            backbone: of a form that `Bert` or `Deberta` runs.
            projection: a `torch.nn.Linear` over its output, or None.

        Raises:
            CheckpointError: OpenVINO is not installed, or does not compute in the dtype.
        """
        if not has_openvino():
            raise CheckpointError(
                "OpenVINO is not installed", where="runtime", hint='pip install "gliner-bridge[openvino]", or use torch'
            )
        if dtype not in _PRECISIONS:
            raise CheckpointError(
                f"the runtime openvino does not compute in {dtype}",
                where="runtime",
                hint=f"use the runtime torch, or {' or '.join(_PRECISIONS)}",
            )
        import openvino

        config = backbone.config
        self._distances = distances_of(config) if config.model_type == "deberta-v2" else None
        with torch.inference_mode():
            model = _Graph(backbone, projection).model
        # Threads that are pinned would all sit on the first cores in every process of a machine.
        settings = {
            "INFERENCE_PRECISION_HINT": _PRECISIONS[dtype],
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": torch.get_num_threads(),
            "ENABLE_CPU_PINNING": False,
        }
        self._request = openvino.Core().compile_model(model, "CPU", settings).create_infer_request()
        self._lock = threading.Lock()

    def __call__(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        inputs = [input_ids.numpy(), attention_mask.numpy()]
        if self._distances is not None:
            inputs.append(distance_rows(input_ids.shape[1], *self._distances).numpy())
        with self._lock:
            output = self._request.infer(inputs, share_inputs=True, share_outputs=True)[0]
            return torch.from_numpy(output).clone()  # the next request writes over it


class _Graph:
    """Builds the graph of a backbone; `model` is an `openvino.Model`."""

    def __init__(self, backbone: Any, projection: Any | None) -> None:
        import openvino
        from openvino import opset13

        self._op: Any = opset13
        config, table = backbone.config, backbone.embeddings
        self._heads: int = config.num_attention_heads
        self._width: int = config.hidden_size
        self._eps: float = config.layer_norm_eps
        op = self._op
        ids = op.parameter([-1, -1], np.int64, "input_ids")
        mask = op.parameter([-1, -1], np.int64, "attention_mask")
        inputs = [ids, mask]
        self._size = op.gather(op.shape_of(ids), self._whole(1), self._whole(0))
        seen = op.convert(mask, "f32")
        masked = op.multiply(op.subtract(seen, self._constant(np.float32(1))), self._constant(_MASKED))
        self._mask = op.unsqueeze(masked, self._whole(1, 2))
        hidden = op.gather(self._constant(table.word_embeddings.weight), ids, self._whole(0))
        if config.model_type == "deberta-v2":
            rows = op.parameter([-1], np.int64, "distances")
            inputs.append(rows)
            hidden = op.multiply(self._norm(hidden, table.LayerNorm), op.unsqueeze(seen, self._whole(2)))
            distances = backbone.encoder.get_rel_embedding()
            columns = self._diagonal_columns()
            for layer in backbone.encoder.layer:
                hidden = self._finish(layer, hidden, self._disentangled(layer, hidden, distances, rows, columns))
        else:
            places = table.position_embeddings.weight + table.token_type_embeddings.weight[0]
            own = op.slice(self._constant(places), self._whole(0), self._size, self._whole(1), self._whole(0))
            hidden = self._norm(op.add(hidden, own), table.LayerNorm)
            for layer in backbone.encoder.layer:
                hidden = self._finish(layer, hidden, self._attention(layer, hidden))
        if projection is not None:
            hidden = self._linear(hidden, projection.weight, projection.bias)
        self.model = openvino.Model([hidden], inputs, "encoder")

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

    # --------------------------------------------------------------------------------------------- the operations

    def _linear(self, x: Any, weight: Tensor, bias: Tensor) -> Any:
        op = self._op
        return op.add(op.matmul(x, self._constant(weight), False, True), self._constant(bias[None, None]))

    def _norm(self, x: Any, norm: Any) -> Any:
        op = self._op
        even = op.mvn(x, self._whole(-1), True, self._eps, "inside_sqrt")
        return op.add(op.multiply(even, self._constant(norm.weight)), self._constant(norm.bias))

    def _constant(self, values: Tensor | np.float32) -> Any:
        """Weights are read where they lie; compiling copies what it packs."""
        if isinstance(values, Tensor):
            return self._op.constant(values.detach().contiguous().numpy(), shared_memory=True)
        return self._op.constant(values)

    def _whole(self, *numbers: int) -> Any:
        return self._op.constant(np.array(numbers, dtype=np.int64))
