"""The fastest exact way to run an encoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor

from bridge.scorer._bert import Bert
from bridge.scorer._deberta import Deberta
from bridge.scorer._network import Network

#: [B, S, D] from input ids and attention mask, both [B, S]: the text backbone with its projection.
Encode = Callable[[Tensor, Tensor], Tensor]

#: By `model_type`.
_FAST: dict[str, type[Bert] | type[Deberta]] = {"bert": Bert, "deberta-v2": Deberta}


def encoder_of(network: Network) -> Encode:
    """A network's text encoder, rewritten where this package knows how; else the network's own."""
    representation = network.token_rep_layer
    fast = None if network.config.fuse_layers else _fast(representation.bert_layer.model)
    if fast is None:
        return network.encode
    projection = getattr(representation, "projection", None)
    if projection is None:
        return fast
    return lambda input_ids, attention_mask: projection(fast(input_ids, attention_mask))


def label_encoder_of(network: Network) -> Encode:
    """The same for a bi-encoder's label backbone, before its projection."""
    backbone = network.token_rep_layer.labels_encoder
    return backbone if network.config.fuse_layers else _fast(backbone.model) or backbone


def _fast(backbone: Any) -> Encode | None:
    known = _FAST.get(backbone.config.model_type)
    return known(backbone) if known is not None and known.runs(backbone.config) else None
