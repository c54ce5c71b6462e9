"""The weights of BERT and DeBERTa-v2 under transformers' names, without transformers: what `Bert` and `Deberta` run.

A skeleton cannot be called, only filled. It spares scoring the import of transformers, which takes longer than
everything else that a start does, and random weights that would be overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import layer_norm

from bridge.scorer._bert import Bert
from bridge.scorer._deberta import Deberta

#: What transformers takes where a config says nothing.
_BERT: Mapping[str, Any] = {
    "vocab_size": 30522,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 2,
    "layer_norm_eps": 1e-12,
    "is_decoder": False,
}
_DEBERTA: Mapping[str, Any] = {
    "vocab_size": 128100,
    "hidden_size": 1536,
    "num_hidden_layers": 24,
    "num_attention_heads": 24,
    "intermediate_size": 6144,
    "hidden_act": "gelu",
    "max_position_embeddings": 512,
    "type_vocab_size": 0,
    "layer_norm_eps": 1e-7,
    "relative_attention": False,
    "max_relative_positions": -1,
    "position_buckets": -1,
    "norm_rel_ebd": "none",
    "share_att_key": False,
    "pos_att_type": (),
    "position_biased_input": True,
}


def skeleton(config: Mapping[str, Any], *, rows: int | None = None) -> nn.Module | None:
    """Empty weights of a backbone of this config; None where it has another form than `Bert` and `Deberta` know."""
    form = _FORMS.get(config.get("model_type") or "deberta-v2")
    if form is None:
        return None
    defaults, runs, make = form
    given = {name: value for name, value in config.items() if value is not None}
    full = SimpleNamespace(**{**defaults, **given, "model_type": config.get("model_type") or "deberta-v2"})
    if rows is not None:
        full.vocab_size = rows
    kinds = getattr(full, "pos_att_type", ())
    full.pos_att_type = [one.strip() for one in kinds.lower().split("|")] if isinstance(kinds, str) else kinds
    width = full.hidden_size // full.num_attention_heads
    if not runs(full) or getattr(full, "attention_head_size", width) != width:
        return None
    return make(full)


class _Linear(nn.Linear):
    def reset_parameters(self) -> None:
        """No random weights."""


class _Embedding(nn.Embedding):
    def reset_parameters(self) -> None:
        """No random weights."""


def _names(**modules: nn.Module) -> nn.Module:
    """A module that holds others by name."""
    holder = nn.Module()
    for name, module in modules.items():
        holder.add_module(name, module)
    return holder


def _layers(config: SimpleNamespace, names: tuple[str, str, str]) -> nn.ModuleList:
    """Transformer layers; `names` are those of query, key and value."""
    width, inner, eps = config.hidden_size, config.intermediate_size, config.layer_norm_eps
    return nn.ModuleList(
        _names(
            attention=_names(
                self=_names(**{name: _Linear(width, width) for name in names}),
                output=_names(dense=_Linear(width, width), LayerNorm=nn.LayerNorm(width, eps)),
            ),
            intermediate=_names(dense=_Linear(width, inner)),
            output=_names(dense=_Linear(inner, width), LayerNorm=nn.LayerNorm(width, eps)),
        )
        for _ in range(config.num_hidden_layers)
    )


class _BertWeights(nn.Module):
    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.embeddings = _names(
            word_embeddings=_Embedding(config.vocab_size, width),
            position_embeddings=_Embedding(config.max_position_embeddings, width),
            token_type_embeddings=_Embedding(config.type_vocab_size, width),
            LayerNorm=nn.LayerNorm(width, config.layer_norm_eps),
        )
        self.encoder = _names(layer=_layers(config, ("query", "key", "value")))


class _DebertaWeights(nn.Module):
    def __init__(self, config: SimpleNamespace) -> None:
        super().__init__()
        self.config = config
        width, eps = config.hidden_size, config.layer_norm_eps
        self.embeddings = _names(
            word_embeddings=_Embedding(config.vocab_size, width), LayerNorm=nn.LayerNorm(width, eps)
        )
        self.encoder = _DebertaEncoder()
        self.encoder.layer = _layers(config, ("query_proj", "key_proj", "value_proj"))
        self.encoder.rel_embeddings = _Embedding(2 * config.position_buckets, width)
        if "layer_norm" in [part.strip() for part in config.norm_rel_ebd.lower().split("|")]:
            self.encoder.LayerNorm = nn.LayerNorm(width, eps)


class _DebertaEncoder(nn.Module):
    def get_rel_embedding(self) -> Tensor:
        """[distances, E]: the table of distances, normed where the form says so."""
        table: Tensor = self.rel_embeddings.weight  # type: ignore[union-attr,assignment]
        norm: Any = getattr(self, "LayerNorm", None)
        return table if norm is None else layer_norm(table, table.shape[1:], norm.weight, norm.bias, norm.eps)


_Form = tuple[Mapping[str, Any], Callable[[Any], bool], Callable[[SimpleNamespace], nn.Module]]
_FORMS: Mapping[str, _Form] = {
    "bert": (_BERT, Bert.runs, _BertWeights),
    "deberta-v2": (_DEBERTA, Deberta.runs, _DebertaWeights),
}
