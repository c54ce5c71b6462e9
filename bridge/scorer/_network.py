"""The GLiNER network in torch, with the reference library's state-dict names, for scoring and for training.

Notation of shapes: B batch, S subtokens, W words, K = `max_width`, C classes, E backbone width, D = `hidden_size`.

The span head is computed in a rearranged but algebraically equal form: the first layer of the output MLP is applied to
start and end words apart, and its second layer is folded with the class vectors, so that no [B, W*K, D] tensor exists.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from bridge.errors import CheckpointError
from bridge.scorer._config import CheckpointConfig


def feed_forward(width_in: int, width_out: int, dropout: float, *, expansion: int = 4) -> nn.Sequential:
    """Linear, ReLU, dropout, Linear: parameters at indices 0 and 3, as in the reference's projection layer."""
    inner = width_out * expansion
    return nn.Sequential(nn.Linear(width_in, inner), nn.ReLU(), nn.Dropout(dropout), nn.Linear(inner, width_out))


def build_backbone(config: Mapping[str, Any], *, rows: int | None = None) -> nn.Module:
    """A Hugging Face encoder with random weights from its config; `rows` overrides the size of its embedding table."""
    from transformers import AutoConfig, AutoModel

    raw = dict(config)
    model_type = raw.pop("model_type", None) or "deberta-v2"
    if rows is not None:
        raw["vocab_size"] = rows
    hf_config = AutoConfig.for_model(model_type, **raw)
    extra = {"add_pooling_layer": False} if model_type in {"bert", "roberta", "xlm-roberta", "electra-bert"} else {}
    return cast(nn.Module, AutoModel.from_config(hf_config, **extra))


class _Wrapped(nn.Module):
    """Holds a backbone under `.model`, where the reference keeps it."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.model = backbone

    @property
    def width(self) -> int:
        return int(self.model.config.hidden_size)  # type: ignore[union-attr,arg-type]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return cast(Tensor, self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state)


class TokenRepresentation(nn.Module):
    """Text backbone, its projection to D, and for bi-encoders the label backbone with its own projection."""

    def __init__(self, config: CheckpointConfig, backbone: nn.Module, label_backbone: nn.Module | None) -> None:
        super().__init__()
        self.bert_layer = _Wrapped(backbone)
        width = self.bert_layer.width
        if width != config.hidden_size:
            self.projection = nn.Linear(width, config.hidden_size)
        if label_backbone is not None:
            self.labels_encoder = _Wrapped(label_backbone)
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
        hidden: Tensor = self.labels_encoder(input_ids, attention_mask)
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


class MarkerV0(nn.Module):
    """Span head `markerV0`: FFN over [start ; end] (specification 3.5)."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:
        super().__init__()
        self.max_width = max_width
        self.project_start = feed_forward(width, width, dropout)
        self.project_end = feed_forward(width, width, dropout)
        self.out_project = feed_forward(2 * width, width, dropout)

    def forward(self, words: Tensor, classes: Tensor) -> Tensor:
        width = words.shape[-1]
        first, second = cast(nn.Linear, self.out_project[0]), cast(nn.Linear, self.out_project[3])
        start = self.project_start(words).relu() @ first.weight[:, :width].T
        end = self.project_end(words).relu() @ first.weight[:, width:].T + first.bias
        spans = self.out_project[2]((start.unsqueeze(2) + shifted(end, self.max_width)).relu())
        folded = classes @ second.weight
        constant = classes @ second.bias
        if classes.dim() == 2:
            return cast(Tensor, spans @ folded.T + constant)
        return torch.einsum("bwkh,bch->bwkc", spans, folded) + constant[:, None, None, :]


class Marker(nn.Module):
    """Span head `marker` of the first releases: one Linear over relu([start ; end]), hence separable."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:
        super().__init__()
        self.max_width = max_width
        self.project_start = _narrow(width, dropout)
        self.project_end = _narrow(width, dropout)
        self.out_project = nn.Linear(2 * width, width)

    def forward(self, words: Tensor, classes: Tensor) -> Tensor:
        width = words.shape[-1]
        weight, bias = self.out_project.weight, self.out_project.bias
        start = self.project_start(words).relu() @ weight[:, :width].T
        end = self.project_end(words).relu() @ weight[:, width:].T + bias
        transposed = classes.transpose(-1, -2)
        logits: Tensor = (start @ transposed).unsqueeze(2) + shifted(end @ transposed, self.max_width)
        return logits


def _narrow(width: int, dropout: float) -> nn.Sequential:
    return feed_forward(width, width, dropout, expansion=2)


def shifted(end: Tensor, max_width: int) -> Tensor:
    """[B, W, K, *]: entry (i, w) holds the row of word i + w; zeros beyond the last word."""
    padded = pad(end, (0, 0, 0, max_width - 1))
    return padded.unfold(1, max_width, 1).movedim(-1, 2)


#: Span heads that are implemented; the reference knows more (specification 3.5).
SPAN_HEADS = {"markerV0": MarkerV0, "marker": Marker}


class SpanRepresentation(nn.Module):
    """Holds the span head under the reference's doubled name `span_rep_layer.span_rep_layer`."""

    def __init__(self, config: CheckpointConfig) -> None:
        super().__init__()
        self.span_rep_layer = SPAN_HEADS[config.span_mode](config.hidden_size, config.max_width, config.dropout)

    def forward(self, words: Tensor, classes: Tensor) -> Tensor:
        return cast(Tensor, self.span_rep_layer(words, classes))


class Network(nn.Module):
    """A uni-encoder or bi-encoder span model."""

    def __init__(self, config: CheckpointConfig, backbone: nn.Module, label_backbone: nn.Module | None = None) -> None:
        super().__init__()
        if config.span_mode not in SPAN_HEADS:
            raise CheckpointError(
                f"span_mode {config.span_mode!r} is not supported", hint=f"supported: {', '.join(SPAN_HEADS)}"
            )
        self.config = config
        self.token_rep_layer = TokenRepresentation(config, backbone, label_backbone)
        if config.num_rnn_layers > 0 and label_backbone is None:  # bi-encoders store an LSTM but never call it
            self.rnn = BiLstm(config.hidden_size, config.num_rnn_layers)
        self.span_rep_layer = SpanRepresentation(config)
        self.prompt_rep_layer = feed_forward(config.hidden_size, config.hidden_size, config.dropout)

    def encode(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """[B, S, D]: the text backbone's output after the projection."""
        return cast(Tensor, self.token_rep_layer(input_ids, attention_mask))

    def words(self, hidden: Tensor, words_mask: Tensor, lengths: Tensor) -> Tensor:
        """[B, W, D] word vectors.

        Args:
            hidden: [B, S, D] from `encode`.
            words_mask: [B, S] integers; word number + 1 at the subtoken that stands for the word, else 0.
            lengths: [B] words of each text; W is the largest. Words without a subtoken stay zero vectors.
        """
        batch, _, width = hidden.shape
        out = hidden.new_zeros(batch, int(lengths.max()), width)
        rows, columns = torch.where(words_mask > 0)
        out[rows, words_mask[rows, columns] - 1] = hidden[rows, columns]
        return cast(Tensor, self.rnn(out, lengths)) if hasattr(self, "rnn") else out

    def prompt_classes(self, hidden: Tensor, input_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        """([B, C, D], mask [B, C]): hidden vectors at the entity markers of the prompt (uni-encoder)."""
        at = (input_ids == self.config.class_token_index) & (attention_mask > 0)
        counts = at.sum(1)
        out = hidden.new_zeros(hidden.shape[0], int(counts.max()), hidden.shape[-1])
        rows, columns = torch.where(at)
        position = at.cumsum(1)[rows, columns] - 1
        source = columns if self.config.embed_ent_token else (columns + 1).clamp(max=hidden.shape[1] - 1)
        out[rows, position] = hidden[rows, source]
        mask = torch.arange(out.shape[1], device=out.device) < counts.unsqueeze(1)
        return out, mask

    def label_classes(self, pooled: Tensor) -> Tensor:
        """[C, D] class vectors from pooled label vectors (bi-encoder)."""
        return self.token_rep_layer.project_labels(pooled)

    def span_logits(self, words: Tensor, classes: Tensor) -> Tensor:
        """[B, W, K, C] logits of span (start, start + width) for each class.

        Args:
            words: [B, W, D].
            classes: [C, D] shared by all texts, or [B, C, D]; before the prompt FFN, which is applied here.

        Spans that end beyond their text hold meaningless values; the caller masks them.
        """
        return cast(Tensor, self.span_rep_layer(words, self.prompt_rep_layer(classes)))


def build_network(config: CheckpointConfig, *, rows: int | None = None, label_rows: int | None = None) -> Network:
    """A network with random weights.

    Args:
        config: needs `encoder_config` (and `labels_encoder_config` for a bi-encoder).
        rows: rows of the stored embedding table of the text backbone (it decides, not the config).
        label_rows: the same for the label backbone.

    Raises:
        CheckpointError: the form is not supported or a backbone config is missing.
    """
    if config.family not in {"uni-span", "bi-span"}:
        raise CheckpointError(f"{config.family} checkpoints are not supported yet", hint="use a span checkpoint")
    if config.encoder_config is None:
        raise CheckpointError("the checkpoint carries no encoder_config", hint="give the backbone's config")
    label_backbone = None
    if config.is_bi_encoder:
        if config.labels_encoder_config is None:
            raise CheckpointError("the checkpoint carries no labels_encoder_config")
        label_backbone = build_backbone(config.labels_encoder_config, rows=label_rows)
    return Network(config, build_backbone(config.encoder_config, rows=rows), label_backbone)


def logit(probability: float) -> float:
    """Inverse of the sigmoid, infinite at 0 and 1: thresholds are compared before the sigmoid."""
    if probability <= 0.0:
        return -math.inf
    return math.inf if probability >= 1.0 else math.log(probability / (1.0 - probability))
