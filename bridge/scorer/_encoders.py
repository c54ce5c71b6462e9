"""The fastest way to run an encoder: exact by default, in fewer bits or by another runtime where asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from bridge.errors import CheckpointError
from bridge.scorer._bert import Bert
from bridge.scorer._deberta import Deberta
from bridge.scorer._network import Network
from bridge.scorer._openvino import OpenVinoEncoder, Runtime
from bridge.scorer._products import Dtype, product_of_layer, runs_here

#: [B, S, D] from input ids and attention mask, both [B, S]: the text backbone with its projection.
Encode = Callable[[Tensor, Tensor], Tensor]

#: By `model_type`.
_REWRITTEN: dict[str, type[Bert] | type[Deberta]] = {"bert": Bert, "deberta-v2": Deberta}


def encoder_of(network: Network, dtype: Dtype = "fp32", runtime: Runtime = "torch") -> Encode:
    """A network's text encoder, rewritten where this package knows how; else the network's own.

    Raises:
        CheckpointError: this processor or the runtime does not compute in the dtype, the runtime is not installed, or
            this backbone only runs in fp32 on torch.
    """
    if not runs_here(dtype):
        raise CheckpointError(f"this processor does not compute in {dtype}", where="dtype", hint="use fp32 or auto")
    representation = network.token_rep_layer
    backbone = representation.bert_layer.model
    known = None if network.config.fuse_layers else _rewritten(backbone)
    if known is None:
        for setting, given, only in (("dtype", dtype, "fp32"), ("runtime", runtime, "torch")):
            if given != only:
                name = backbone.config.model_type  # type: ignore[union-attr]
                raise CheckpointError(
                    f"a {name} backbone of this form only runs in fp32 on torch",
                    where=setting,
                    hint=f"use {only} or auto",
                )
        return network.encode
    linear = getattr(representation, "projection", None)
    if runtime == "openvino":
        return OpenVinoEncoder(backbone, linear, dtype)
    fast = known(backbone, dtype)
    if linear is None:
        return fast
    projection = product_of_layer(linear)
    return lambda input_ids, attention_mask: projection(fast(input_ids, attention_mask))


def label_encoder_of(network: Network) -> Encode:
    """The same for a bi-encoder's label backbone, before its projection; always in fp32, since its vectors are kept."""
    wrapped = network.token_rep_layer.labels_encoder
    known = None if network.config.fuse_layers else _rewritten(wrapped.model)
    return wrapped if known is None else known(wrapped.model)


def _rewritten(backbone: Any) -> type[Bert] | type[Deberta] | None:
    """The class that runs a backbone faster, where there is one for its form."""
    known = _REWRITTEN.get(backbone.config.model_type)
    return known if known is not None and known.runs(backbone.config) else None
