"""OpenVINO as the runtime of encoder and head: compiling their graphs and running them.

Notation of shapes: B batch, S subtokens, N subtokens that are read, W words, K = `max_width`, C classes,
D = `hidden_size`.
"""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from bridge.errors import CheckpointError
from bridge.scorer._deberta import distance_rows, distances_of
from bridge.scorer._network import Network
from bridge.scorer._openvino_graph import EncoderGraph
from bridge.scorer._openvino_head import HeadGraph
from bridge.scorer._places import Places
from bridge.scorer._products import Dtype

Runtime = Literal["torch", "openvino"]
#: What a caller may ask for; `auto` is resolved by what is measured.
RuntimeSetting = Literal["torch", "openvino", "auto"]

#: What the runtime computes in, by its own names; its kernels for processors have no others that are worth having.
_PRECISIONS: dict[Dtype, str] = {"fp32": "f32", "bf16": "bf16"}


def has_openvino() -> bool:
    return importlib.util.find_spec("openvino") is not None


class _Compiled:
    """A graph, ready to run. One request at a time: threads wait for each other.

    Computes in as many threads as torch does when it is made.
    """

    def __init__(self, model: Any, dtype: Dtype) -> None:
        import openvino

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

    def __call__(self, inputs: Sequence[Tensor]) -> Tensor:
        arrays = [one.numpy() for one in inputs]
        with self._lock:
            output = self._request.infer(arrays, share_inputs=True, share_outputs=True)[0]
            return torch.from_numpy(output).clone()  # the next request writes over it


class OpenVinoEncoder:
    """Runs the weights of a `BertModel` or `DebertaV2Model`.

    [B, S, D] from input ids and attention mask, both [B, S]; with `places` [B, N] only the vectors there, [B, N, D].
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
        config = backbone.config
        self._distances = distances_of(config) if config.model_type == "deberta-v2" else None
        with torch.inference_mode():
            self._run = _Compiled(EncoderGraph(backbone, projection).model, dtype)

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, places: Tensor | None = None) -> Tensor:
        if places is None:
            places = torch.arange(input_ids.shape[1]).expand(input_ids.shape)
        inputs = [input_ids, attention_mask, places]
        if self._distances is not None:
            inputs.append(distance_rows(input_ids.shape[1], *self._distances))
        return self._run(inputs)


class OpenVinoHead:
    """Runs everything behind the encoder, for heads that the graph `knows`."""

    knows = HeadGraph.knows

    def __init__(self, network: Network, dtype: Dtype) -> None:
        with torch.inference_mode():
            self._run = _Compiled(HeadGraph(network).model, dtype)

    def __call__(self, hidden: Tensor, places: Places, lengths: Tensor, classes: Tensor | None) -> Tensor:
        """[B, W, K, C] logits; see `Head` of `_encoders`."""
        if classes is None:
            classes = places.classes
        elif classes.dim() == 2:
            classes = classes[None]
        return self._run([hidden, places.words, lengths, classes])
