"""What must be known of backbones beside their weights.

The configs of the backbones that old checkpoints only name, so that they load without a second repository, and how
many positions a backbone has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Facts of the published `config.json` files, common to the DeBERTa-v3 family.
_DEBERTA_V3: Mapping[str, Any] = {
    "model_type": "deberta-v2",
    "attention_probs_dropout_prob": 0.1,
    "hidden_act": "gelu",
    "hidden_dropout_prob": 0.1,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-7,
    "max_position_embeddings": 512,
    "max_relative_positions": -1,
    "norm_rel_ebd": "layer_norm",
    "pad_token_id": 0,
    "pos_att_type": ["p2c", "c2p"],
    "position_biased_input": False,
    "position_buckets": 256,
    "relative_attention": True,
    "share_att_key": True,
    "type_vocab_size": 0,
    "vocab_size": 128100,
}


def _deberta(width: int, layers: int, heads: int, **other: Any) -> dict[str, Any]:
    shape = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    return {**_DEBERTA_V3, **shape, "intermediate_size": 4 * width, **other}


KNOWN: Mapping[str, Mapping[str, Any]] = {
    "microsoft/deberta-v3-xsmall": _deberta(384, 12, 6),
    "microsoft/deberta-v3-small": _deberta(768, 6, 12),
    "microsoft/deberta-v3-base": _deberta(768, 12, 12),
    "microsoft/deberta-v3-large": _deberta(1024, 24, 16),
    "microsoft/mdeberta-v3-base": _deberta(768, 12, 12, vocab_size=251000),
}

#: Relative or unbounded positions: no limit of their own.
_UNBOUNDED = {"t5", "mt5", "umt5", "xlnet"}
#: Their position ids start behind the padding id.
_OFFSET = {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "longformer", "mpnet", "data2vec-text", "xmod"}


def position_limit(config: Mapping[str, Any]) -> int | None:
    """Subtokens that a backbone can tell the positions of, or None where there is no limit."""
    model_type = config.get("model_type") or "deberta-v2"
    if model_type in _UNBOUNDED or (
        model_type in {"deberta", "deberta-v2"} and not config.get("position_biased_input", True)
    ):
        return None
    positions = config.get("max_position_embeddings")
    if not isinstance(positions, int):
        return None
    if model_type in _OFFSET:
        pad = 1 if model_type == "mpnet" else config.get("pad_token_id")  # transformers' MPNet counts from 1, always
        positions -= (1 if pad is None else int(pad)) + 1
    return positions
