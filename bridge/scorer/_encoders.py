"""The fastest way to run encoder and head: exact by default, in fewer bits or by another runtime where asked.

On a processor fewer bits are those of the matrix products. On a GPU the whole backbone computes in them: the steps in
between would cost more than they do there, and casting for each product more than both.
"""

from __future__ import annotations

import copy
from typing import Any, Protocol

from torch import Tensor, nn

from bridge.errors import CheckpointError
from bridge.scorer._bert import Bert
from bridge.scorer._deberta import Deberta
from bridge.scorer._device import CPU
from bridge.scorer._network import Network
from bridge.scorer._openvino import OpenVinoEncoder, OpenVinoHead, Runtime
from bridge.scorer._places import Places, vectors_at
from bridge.scorer._products import HALF, Dtype, product_of_layer, runs_here
from bridge.scorer._torch_head import TorchHead


class Encode(Protocol):
    """The text backbone with its projection, where its weights are."""

    def __call__(self, input_ids: Tensor, attention_mask: Tensor, places: Tensor | None = None) -> Tensor:
        """[B, S, D] in fp32 from two of [B, S] on the processor; with `places` [B, N] only the vectors there."""


class Head(Protocol):
    """Everything between the encoder and the logits of a span model."""

    def __call__(self, hidden: Tensor, places: Places, lengths: Tensor, classes: Tensor | None) -> Tensor:
        """[B, W, K, C] logits.

        Args:
            hidden: [B, N, D] from the encoder, on the processor.
            places: what these vectors stand for.
            lengths: [B] words of each text; W is the largest.
            classes: [C, D] or [B, C, D] in a bi-encoder, ready for the head; None in a uni-encoder, where they stand
                among the vectors.
        """


#: By `model_type`.
_REWRITTEN: dict[str, type[Bert] | type[Deberta]] = {"bert": Bert, "deberta-v2": Deberta}


def encoder_of(network: Network, dtype: Dtype = "fp32", runtime: Runtime = "torch") -> Encode:
    """A network's text encoder where its weights are, rewritten where this package knows how; else the network's own.

    Raises:
        CheckpointError: this processor, this GPU or the runtime does not compute in the dtype, the runtime is not
            installed or not for GPUs, or this backbone only runs in fp32 on torch.
    """
    on_processor = network.device == CPU
    if not runs_here(dtype, network.device):
        machine = "processor" if on_processor else "GPU"
        raise CheckpointError(f"this {machine} does not compute in {dtype}", where="dtype", hint="use fp32 or auto")
    if runtime == "openvino" and not on_processor:
        raise CheckpointError(
            "the runtime openvino does not run on a GPU",
            where="runtime",
            hint="use the runtime torch, or device cpu",
        )
    wrapped = network.token_rep_layer.bert_layer
    known = None if network.config.fuse_layers else _rewritten(wrapped.model)
    if known is None and on_processor:
        for setting, given, only in (("dtype", dtype, "fp32"), ("runtime", runtime, "torch")):
            if given != only:
                name = wrapped.model.config.model_type  # type: ignore[union-attr]
                raise CheckpointError(
                    f"a {name} backbone of this form only runs in fp32 on torch",
                    where=setting,
                    hint=f"use {only} or auto",
                )
    linear = getattr(network.token_rep_layer, "projection", None)
    if runtime == "openvino":
        return OpenVinoEncoder(wrapped.model, linear, dtype)
    if known is not None and on_processor:
        fast: Encode = known(wrapped.model, dtype)
    else:
        fast = _whole(wrapped, known, dtype)
    if linear is None:
        return fast
    projection = product_of_layer(linear)

    def encode(input_ids: Tensor, attention_mask: Tensor, places: Tensor | None = None) -> Tensor:
        return projection(fast(input_ids, attention_mask, places))

    return encode


def head_of(network: Network, dtype: Dtype = "fp32", runtime: Runtime = "torch") -> Head | None:
    """Everything behind the encoder in one call, where this package knows how; else None: the network does it in steps.

    Exact on torch whatever the dtype. None on a GPU, where packing does nothing and nothing else was measured.
    """
    if network.device != CPU:
        return None
    if runtime == "openvino" and OpenVinoHead.knows(network.config):
        return OpenVinoHead(network, dtype)
    return TorchHead(network) if TorchHead.knows(network.config) else None


def label_encoder_of(network: Network) -> Encode:
    """The same for a bi-encoder's label backbone, before its projection; always in fp32, since its vectors are kept."""
    wrapped = network.token_rep_layer.labels_encoder
    known = None if network.config.fuse_layers else _rewritten(wrapped.model)
    return _whole(wrapped, known, "fp32")


def _whole(wrapped: nn.Module, known: type[Bert] | type[Deberta] | None, dtype: Dtype) -> Encode:
    """A backbone that computes in a dtype from end to end; its output is fp32."""
    if dtype != "fp32":
        wrapped = copy.deepcopy(wrapped).to(HALF[dtype])
    device = next(wrapped.parameters()).device

    def own(input_ids: Tensor, attention_mask: Tensor, places: Tensor | None = None) -> Tensor:
        hidden: Tensor = wrapped(input_ids.to(device), attention_mask.to(device))
        return hidden if places is None else vectors_at(hidden, places)

    fast: Encode = own if known is None else known(wrapped.model)

    def exact_out(input_ids: Tensor, attention_mask: Tensor, places: Tensor | None = None) -> Tensor:
        return fast(input_ids, attention_mask, places).float()

    return fast if dtype == "fp32" else exact_out


def _rewritten(backbone: Any) -> type[Bert] | type[Deberta] | None:
    """The class that runs a backbone faster, where there is one for its form."""
    known = _REWRITTEN.get(backbone.config.model_type)
    return known if known is not None and known.runs(backbone.config) else None
