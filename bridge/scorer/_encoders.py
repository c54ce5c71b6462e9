"""The fastest way to run an encoder: exact by default, in fewer bits where asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from bridge.errors import CheckpointError
from bridge.scorer._bert import Bert
from bridge.scorer._deberta import Deberta
from bridge.scorer._network import Network
from bridge.scorer._products import Dtype, product_of_layer, runs_here

#: [B, S, D] from input ids and attention mask, both [B, S]: the text backbone with its projection.
Encode = Callable[[Tensor, Tensor], Tensor]

#: By `model_type`.
_FAST: dict[str, type[Bert] | type[Deberta]] = {"bert": Bert, "deberta-v2": Deberta}


def encoder_of(network: Network, dtype: Dtype = "fp32") -> Encode:
    """A network's text encoder, rewritten where this package knows how; else the network's own.

    Raises:
        CheckpointError: this processor does not compute in the dtype, or this backbone only runs in fp32.
    """
    if not runs_here(dtype):
        raise CheckpointError(f"this processor does not compute in {dtype}", where="dtype", hint="use fp32 or auto")
    representation = network.token_rep_layer
    backbone = representation.bert_layer.model
    fast = None if network.config.fuse_layers else _fast(backbone, dtype)
    if fast is None:
        if dtype != "fp32":
            name = backbone.config.model_type  # type: ignore[union-attr]
            raise CheckpointError(
                f"a {name} backbone of this form only runs in fp32", where="dtype", hint="use fp32 or auto"
            )
        return network.encode
    if not hasattr(representation, "projection"):
        return fast
    projection = product_of_layer(representation.projection)
    return lambda input_ids, attention_mask: projection(fast(input_ids, attention_mask))


def label_encoder_of(network: Network) -> Encode:
    """The same for a bi-encoder's label backbone, before its projection; always in fp32, since its vectors are kept."""
    backbone = network.token_rep_layer.labels_encoder
    return backbone if network.config.fuse_layers else _fast(backbone.model) or backbone


def _fast(backbone: Any, dtype: Dtype = "fp32") -> Encode | None:
    known = _FAST.get(backbone.config.model_type)
    return known(backbone, dtype) if known is not None and known.runs(backbone.config) else None
