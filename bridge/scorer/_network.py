"""The GLiNER network in torch, with the reference library's state-dict names, for scoring and for training.

Notation of shapes: B batch, S subtokens, N subtokens that are read (`_places`), W words, K = `max_width`, C classes,
E backbone width, D = `hidden_size`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from bridge.errors import CheckpointError
from bridge.scorer._config import SUPPORTED, CheckpointConfig
from bridge.scorer._fusion import FUSION_STEPS, CrossFuser, LayersFuser
from bridge.scorer._skeletons import skeleton
from bridge.scorer._span_heads import SPAN_HEADS, SpanRepresentation, feed_forward
from bridge.scorer._token_head import FoundSpans, TokenHead

#: Encoders with a decoder that GLiNER leaves out.
_T5 = {"t5", "mt5"}


def build_backbone(config: Mapping[str, Any], *, rows: int | None = None) -> nn.Module:
    """A Hugging Face encoder with random weights from its config; `rows` overrides the size of its embedding table.

    Raises:
        CheckpointError: it is a decoder, or transformers does not know it.
    """
    from transformers import AutoConfig, AutoModel, T5EncoderModel
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    raw = dict(config)
    model_type = raw.pop("model_type", None) or "deberta-v2"
    if model_type in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES.keys() - MODEL_FOR_MASKED_LM_MAPPING_NAMES.keys() - {"xlnet"}:
        raise CheckpointError(
            f"a {model_type} backbone is a decoder, which would have to run without its causal mask",
            hint="use a checkpoint with an encoder such as DeBERTa, BERT or ModernBERT",
        )
    if rows is not None:
        raw["vocab_size"] = rows
    try:
        hf_config = AutoConfig.for_model(model_type, **raw)
    except ValueError:
        raise CheckpointError(f"transformers knows no backbone of the kind {model_type}") from None
    if model_type in _T5:
        return cast(nn.Module, T5EncoderModel(hf_config))
    extra = {"add_pooling_layer": False} if model_type in {"bert", "roberta", "xlm-roberta", "electra-bert"} else {}
    return cast(nn.Module, AutoModel.from_config(hf_config, **extra))


class _Wrapped(nn.Module):
    """Holds a backbone under `.model`, where the reference keeps it, and what mixes its layers."""

    def __init__(self, backbone: nn.Module, *, fuse_layers: bool = False) -> None:
        super().__init__()
        self.model = backbone
        if fuse_layers:
            layers: int = self.model.config.num_hidden_layers  # type: ignore[union-attr,assignment]
            self.layers_fuser = LayersFuser(layers, self.width)

    @property
    def width(self) -> int:
        return int(self.model.config.hidden_size)  # type: ignore[union-attr,arg-type]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        fused = hasattr(self, "layers_fuser")
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=fused)
        return cast(Tensor, self.layers_fuser(out.hidden_states, attention_mask) if fused else out.last_hidden_state)


class TokenRepresentation(nn.Module):
    """Text backbone, its projection to D, and for bi-encoders the label backbone with its own projection."""

    def __init__(self, config: CheckpointConfig, backbone: nn.Module, label_backbone: nn.Module | None) -> None:
        super().__init__()
        self.bert_layer = _Wrapped(backbone, fuse_layers=config.fuse_layers)
        width = self.bert_layer.width
        if width != config.hidden_size:
            self.projection = nn.Linear(width, config.hidden_size)
        if label_backbone is not None:
            self.labels_encoder = _Wrapped(label_backbone, fuse_layers=config.fuse_layers)
            if self.labels_encoder.width != config.hidden_size:
                self.labels_projection = nn.Linear(self.labels_encoder.width, config.hidden_size)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        hidden: Tensor = self.bert_layer(input_ids, attention_mask)
        projected: Tensor = self.projection(hidden) if hasattr(self, "projection") else hidden
        return projected

    def pool_labels(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[C, label width]: mean of the label backbone's output over attended positions, before the projection.

        The reference projects first and pools then; both are linear, so the order does not matter.
        """
        return self.pool(self.labels_encoder(input_ids, attention_mask), attention_mask)

    @staticmethod
    def pool(hidden: Tensor, attention_mask: Tensor) -> Tensor:
        """The mean over attended positions, [C, E] of [C, S, E]."""
        mask = attention_mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)

    def project_labels(self, pooled: Tensor) -> Tensor:
        """[C, D] from the pooled label vectors."""
        projected: Tensor = self.labels_projection(pooled) if hasattr(self, "labels_projection") else pooled
        return projected


class BiLstm(nn.Module):
    """Bidirectional LSTM over each row's own words; positions beyond the length become zeros."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, width // 2, num_layers=layers, bidirectional=True, batch_first=True)

    def forward(self, words: Tensor, lengths: Tensor) -> Tensor:
        packed = nn.utils.rnn.pack_padded_sequence(words, lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, _ = self.lstm(packed)
        return nn.utils.rnn.pad_packed_sequence(out, batch_first=True, total_length=words.shape[1])[0]


class Network(nn.Module):
    """A uni-, bi- or poly-encoder with a span head or a token-level head.

    Ids, masks and lengths may be on the processor while the weights are on a GPU: no size that is read from them has to
    be waited for.
    """

    def __init__(self, config: CheckpointConfig, backbone: nn.Module, label_backbone: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        width = config.hidden_size
        self.token_rep_layer = TokenRepresentation(config, backbone, label_backbone)
        if config.num_rnn_layers > 0 and label_backbone is None:  # bi-encoders store an LSTM but never call it
            self.rnn = BiLstm(width, config.num_rnn_layers)
        if config.is_poly_encoder:
            heads: int = backbone.config.num_attention_heads  # type: ignore[union-attr,assignment]
            _check_fusion(config, heads)
            self.cross_fuser = CrossFuser(width, heads, config.num_post_fusion_layers, config.post_fusion_schema)
        if config.is_token_level:
            self.scorer = TokenHead(config)
            if config.represent_spans:
                self.span_rep_layer: nn.Module = FoundSpans(config)
        else:
            _check_span_mode(config)
            self.span_rep_layer = SpanRepresentation(config)
            self.prompt_rep_layer = feed_forward(width, width, config.dropout)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    def encode(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[B, S, D]: the text backbone's output after the projection."""
        return cast(Tensor, self.token_rep_layer(input_ids, attention_mask))

    def words(self, hidden: Tensor, words_mask: Tensor, lengths: Tensor) -> Tensor:
        """[B, W, D] word vectors: `contextual` of `gathered`."""
        return self.contextual(self.gathered(hidden, words_mask, lengths), lengths)

    def contextual(self, words: Tensor, lengths: Tensor) -> Tensor:
        """[B, W, D] behind the LSTM, where there is one."""
        return cast(Tensor, self.rnn(words, lengths)) if hasattr(self, "rnn") else words

    def gathered(self, hidden: Tensor, words_mask: Tensor, lengths: Tensor) -> Tensor:
        """[B, W, D] vectors of words from those of their subtokens.

        Args:
            hidden: [B, N, D] of the subtokens that are read.
            words_mask: [B, N] integers; word number + 1 at the subtokens that stand for the word, else 0: one subtoken
                a word, or all of them where `subtoken_pooling` is `mean` or `max`.
            lengths: [B] words of each text; W is the largest. Words without a subtoken stay zero vectors.
        """
        batch, _, width = hidden.shape
        out = hidden.new_zeros(batch, int(lengths.max()), width)
        rows, columns = torch.where(words_mask > 0)
        rows, columns, numbers = torch.stack([rows, columns, words_mask[rows, columns] - 1]).to(out.device)
        pooling = self.config.subtoken_pooling
        if pooling in {"mean", "max"}:
            place = (rows * out.shape[1] + numbers).unsqueeze(1).expand(-1, width)
            reduce = "mean" if pooling == "mean" else "amax"
            out.view(-1, width).scatter_reduce_(0, place, hidden[rows, columns], reduce, include_self=False)
        else:
            out[rows, numbers] = hidden[rows, columns]
        return out

    @staticmethod
    def prompt_classes(hidden: Tensor, classes_mask: Tensor) -> tuple[Tensor, Tensor]:
        """([B, C, D], mask [B, C]): hidden vectors of the prompt's labels (uni-encoder).

        Args:
            hidden: [B, N, D] of the subtokens that are read.
            classes_mask: [B, N] integers; label number + 1 at the subtoken that stands for the label, else 0.

        The mask is on the device of `classes_mask`.
        """
        counts = classes_mask.amax(1)
        out = hidden.new_zeros(hidden.shape[0], int(counts.max()), hidden.shape[-1])
        rows, columns = torch.where(classes_mask > 0)
        rows, columns, numbers = torch.stack([rows, columns, classes_mask[rows, columns] - 1]).to(out.device)
        out[rows, numbers] = hidden[rows, columns]
        mask = torch.arange(out.shape[1], device=counts.device) < counts.unsqueeze(1)
        return out, mask

    def label_classes(self, pooled: Tensor) -> Tensor:
        """[C, D] class vectors from pooled label vectors (bi-encoder)."""
        return self.token_rep_layer.project_labels(pooled)

    def fuse(self, words: Tensor, lengths: Tensor, classes: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """([B, W, D], [B, C, D]): words and classes that have seen each other (poly-encoder).

        Args:
            lengths: [B] words of each text.
            classes: [B, C, D] from `label_classes`.
            mask: [B, C] booleans: which classes a text has.
        """
        inside = torch.arange(words.shape[1], device=words.device) < lengths.to(words.device).unsqueeze(1)
        return cast("tuple[Tensor, Tensor]", self.cross_fuser(words, inside, classes, mask.to(words.device)))

    def head_classes(self, classes: Tensor) -> Tensor:
        """Class vectors as the head takes them: behind the prompt FFN in span models, as they are at token level."""
        return classes if self.config.is_token_level else cast(Tensor, self.prompt_rep_layer(classes))

    def span_logits(self, words: Tensor, classes: Tensor, lengths: Tensor | None = None) -> Tensor:
        """[B, W, K, C] logits of span (start, start + width) for each class.

        Args:
            words: [B, W, D].
            classes: [C, D] shared by all texts, or [B, C, D]; from `head_classes`.
            lengths: [B] words of each text; None: all have W.

        Spans that end beyond their text hold meaningless values; the caller masks them.
        """
        return cast(Tensor, self.span_rep_layer(words, classes, lengths))

    def token_logits(self, words: Tensor, classes: Tensor) -> Tensor:
        """[B, W, C, 3] logits of start, end and inside (token level); arguments as in `span_logits`."""
        return cast(Tensor, self.scorer(words, classes))

    def found_logits(self, words: Tensor, starts: Tensor, ends: Tensor, classes: Tensor) -> Tensor:
        """[N, C] logits of found spans of one text (`represent_spans`); `words` is [W, D], `classes` [C, D]."""
        return cast(Tensor, self.span_rep_layer(words, starts, ends, classes))


def _check_span_mode(config: CheckpointConfig) -> None:
    if config.span_mode not in SPAN_HEADS:
        raise CheckpointError(
            f"span_mode {config.span_mode!r} is not known", hint=f"known: {', '.join(SPAN_HEADS)}, token_level"
        )


def _check_fusion(config: CheckpointConfig, heads: int) -> None:
    unknown = [step for step in config.post_fusion_schema.split("-") if step not in FUSION_STEPS]
    if unknown:
        raise CheckpointError(
            f"post_fusion_schema has the unknown step {unknown[0]!r}", hint=f"known: {', '.join(FUSION_STEPS)}"
        )
    if config.hidden_size % heads:
        raise CheckpointError(f"{heads} attention heads cannot share a hidden_size of {config.hidden_size}")


def build_network(
    config: CheckpointConfig, *, rows: int | None = None, label_rows: int | None = None, trainable: bool = True
) -> Network:
    """A network with random weights.

    Args:
        config: needs `encoder_config` (and `labels_encoder_config` for a bi-encoder).
        rows: rows of the stored embedding table of the text backbone (it decides, not the config).
        label_rows: the same for the label backbone.
        trainable: False where the backbones are only filled and then run by `bridge.scorer._encoders`: those that it
            knows are skeletons, built without transformers.

    Raises:
        CheckpointError: the form is not supported or a backbone config is missing.
    """
    if config.family not in SUPPORTED:
        raise CheckpointError(
            f"{config.family} checkpoints are not supported", hint="use a uni-, bi- or poly-encoder of spans or tokens"
        )
    if config.encoder_config is None:
        raise CheckpointError("the checkpoint carries no encoder_config", hint="give the backbone's config")
    label_backbone = None
    if config.is_bi_encoder:
        if config.labels_encoder_config is None:
            raise CheckpointError("the checkpoint carries no labels_encoder_config")
        label_backbone = _backbone(config, config.labels_encoder_config, label_rows, trainable)
    return Network(config, _backbone(config, config.encoder_config, rows, trainable), label_backbone)


def _backbone(config: CheckpointConfig, backbone: Mapping[str, Any], rows: int | None, trainable: bool) -> nn.Module:
    bones = None if trainable or config.fuse_layers else skeleton(backbone, rows=rows)
    return build_backbone(backbone, rows=rows) if bones is None else bones


def logit(probability: float) -> float:
    """Inverse of the sigmoid, infinite at 0 and 1: thresholds are compared before the sigmoid."""
    if probability <= 0.0:
        return -math.inf
    return math.inf if probability >= 1.0 else math.log(probability / (1.0 - probability))
