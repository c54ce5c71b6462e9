"""`gliner_config.json`, reduced to the fields that decide the forward computation.

Old checkpoints carry flat training dictionaries, new ones nested encoder configs; unknown fields are ignored, as the
reference library does (gliner 0.2.29).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bridge.errors import CheckpointError

Family = Literal["uni-span", "bi-span", "uni-token", "bi-token", "decoder", "relex", "streaming"]

#: Families that are scored; a poly-encoder is a bi-encoder with a `post_fusion_schema`.
SUPPORTED: frozenset[Family] = frozenset({"uni-span", "bi-span", "uni-token", "bi-token"})


@dataclass(frozen=True, slots=True)
class CheckpointConfig:
    """The fields of a GLiNER config that matter at inference; defaults are the reference library's."""

    model_name: str = "microsoft/deberta-v3-small"
    labels_encoder: str | None = None
    #: Hugging Face configs of the two backbones; None in old checkpoints, which name `model_name` only.
    encoder_config: Mapping[str, Any] | None = None
    labels_encoder_config: Mapping[str, Any] | None = None
    span_mode: str = "markerV0"
    hidden_size: int = 512
    max_width: int = 12
    max_len: int = 384
    num_rnn_layers: int = 1
    dropout: float = 0.4
    fuse_layers: bool = False
    subtoken_pooling: str = "first"
    embed_ent_token: bool = True
    ent_token: str = "<<ENT>>"
    sep_token: str = "<<SEP>>"
    class_token_index: int = -1
    vocab_size: int = -1
    words_splitter_type: str = "whitespace"
    post_fusion_schema: str = ""
    num_post_fusion_layers: int = 1
    represent_spans: bool = False
    family: Family = "uni-span"

    @property
    def is_bi_encoder(self) -> bool:
        return self.labels_encoder is not None

    @property
    def is_poly_encoder(self) -> bool:
        """A uni-encoder with a schema stores a fusion that it never runs."""
        return self.is_bi_encoder and bool(self.post_fusion_schema)

    @property
    def is_token_level(self) -> bool:
        return self.span_mode == "token_level"

    @classmethod
    def from_json(cls, raw: Mapping[str, Any], *, where: str = "gliner_config.json") -> CheckpointConfig:
        """Read the parsed JSON of a `gliner_config.json`.

        Raises:
            CheckpointError: a field has an impossible type.
        """
        known = {name: raw[name] for name in cls.__dataclass_fields__ if name != "family" and raw.get(name) is not None}
        if raw.get("has_rnn") is False and "num_rnn_layers" not in known:
            known["num_rnn_layers"] = 0  # written by 0.2.0 to 0.2.22, not read since 0.2.23
        for name in _INTEGERS:
            if name in known and not isinstance(known[name], int):
                raise CheckpointError(f"{name} must be an integer, got {known[name]!r}", where=where)
        return cls(**known, family=_family(raw))

    def to_json(self) -> dict[str, Any]:
        """The config as GLiNER writes it."""
        out = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "family"}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in out.items()}


_INTEGERS = (
    "hidden_size",
    "max_width",
    "max_len",
    "num_rnn_layers",
    "num_post_fusion_layers",
    "class_token_index",
    "vocab_size",
)


def _family(raw: Mapping[str, Any]) -> Family:
    """Choice of architecture, first match wins, as the reference library chooses (specification 1.5)."""
    token_level = raw.get("span_mode") == "token_level"
    if raw.get("model_type") == "gliner_streaming_span":
        return "streaming"
    if raw.get("relations_layer") is not None:
        return "relex"
    if raw.get("labels_decoder") is not None:
        return "decoder"
    if raw.get("labels_encoder") is not None:
        return "bi-token" if token_level else "bi-span"
    return "uni-token" if token_level else "uni-span"
