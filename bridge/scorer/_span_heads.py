"""Span heads: from word vectors and class vectors to a logit for every span (specification 3.5).

Notation of shapes: B batch, W words, K = `max_width`, C classes, D = `hidden_size`.

The marker heads are computed in a rearranged but algebraically equal form: the first layer of the output MLP is applied
to start and end words apart, and its second layer is folded with the class vectors, so that no [B, W*K, D] tensor
exists. The rarer heads build the span vectors [B, W, K, D] and multiply.

Every head gives a text the scores that it has alone. The reference lets `markerV1` and `markerV2` see the padding of a
batch, so there a text's scores depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.functional import pad

from bridge.scorer._config import CheckpointConfig

#: Numbers of span vectors that are in flight at once: what a processor's cache holds, and 256 MB of a GPU's memory.
_IN_FLIGHT = {"cpu": 1 << 19, "cuda": 1 << 26}


def feed_forward(width_in: int, width_out: int, dropout: float, *, expansion: int = 4) -> nn.Sequential:
    """Linear, ReLU, dropout, Linear: parameters at indices 0 and 3, as in the reference's projection layer."""
    inner = width_out * expansion
    return nn.Sequential(nn.Linear(width_in, inner), nn.ReLU(), nn.Dropout(dropout), nn.Linear(inner, width_out))


def shifted(end: Tensor, max_width: int) -> Tensor:
    """[B, W, K, *]: entry (i, w) holds the row of word i + w; zeros beyond the last word."""
    padded = pad(end, (0, 0, 0, max_width - 1))
    return padded.unfold(1, max_width, 1).movedim(-1, 2)


def _inside(words: Tensor, lengths: Tensor) -> Tensor:
    """[B, W, 1] booleans beside `words`, [B, W, D]: which of them are no padding."""
    return (torch.arange(words.shape[1], device=words.device) < lengths.to(words.device).unsqueeze(1)).unsqueeze(-1)


def span_logits(
    start: Tensor,
    end: Tensor,
    folded: Tensor,
    constant: Tensor,
    max_width: int,
    dropout: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """[B, W, K, C]: relu(start + end) . folded + constant, for every span.

    Args:
        start: [B, W, H] what a span's first word adds to the output MLP's inner layer.
        end: [B, W, H] the same of its last word, and the bias.
        folded: [C, H] or [B, C, H] class vectors behind the MLP's second layer.
        constant: [C] or [B, C] the same of that layer's bias.
        dropout: of the inner layer, while training.
    """
    ends = shifted(end, max_width)
    folded = folded.transpose(-1, -2)
    if folded.dim() == 3:
        folded, constant = folded.unsqueeze(1), constant[:, None, None, :]

    def score(some: slice) -> Tensor:
        spans = (start[:, some].unsqueeze(2) + ends[:, some]).relu()
        logits: Tensor = (spans if dropout is None else dropout(spans)) @ folded + constant
        return logits

    # Training needs them all for the way back.
    batch, words, inner = start.shape
    most = _IN_FLIGHT.get(start.device.type, _IN_FLIGHT["cpu"])
    step = words if dropout is not None else max(most // (batch * max_width * inner), 1)
    parts = [score(slice(first, first + step)) for first in range(0, words, step)]
    return parts[0] if len(parts) == 1 else torch.cat(parts, dim=1)


class MarkerV0(nn.Module):
    """`markerV0`: FFN over [start ; end]."""

    #: Vectors of width D that the output MLP reads.
    blocks = 2

    def __init__(self, width: int, max_width: int, dropout: float) -> None:
        super().__init__()
        self.max_width = max_width
        self.project_start = feed_forward(width, width, dropout)
        self.project_end = feed_forward(width, width, dropout)
        self.out_project = feed_forward(self.blocks * width, width, dropout)

    def context(self, words: Tensor, lengths: Tensor | None) -> Tensor | None:  # noqa: ARG002
        """[B, D] a third block that all spans of a text share, or None."""
        return None

    def forward(self, words: Tensor, classes: Tensor, lengths: Tensor | None = None) -> Tensor:
        width = words.shape[-1]
        first, second = cast(nn.Linear, self.out_project[0]), cast(nn.Linear, self.out_project[3])
        start = self.project_start(words).relu() @ first.weight[:, :width].T
        end = self.project_end(words).relu() @ first.weight[:, width : 2 * width].T + first.bias
        context = self.context(words, lengths)
        if context is not None:
            start = start + (context.relu() @ first.weight[:, 2 * width :].T).unsqueeze(1)
        dropout = cast("Callable[[Tensor], Tensor]", self.out_project[2]) if self.training else None
        return span_logits(start, end, classes @ second.weight, classes @ second.bias, self.max_width, dropout)


class MarkerV1(MarkerV0):
    """`markerV1`: the third block is the mean of the text's words; `project_first` is stored but never used."""

    blocks = 3

    def __init__(self, width: int, max_width: int, dropout: float) -> None:
        super().__init__(width, max_width, dropout)
        self.project_first = feed_forward(width, width, dropout)

    def context(self, words: Tensor, lengths: Tensor | None) -> Tensor:
        if lengths is None:
            return words.mean(1)
        lengths = lengths.to(words.device)
        return (words * _inside(words, lengths)).sum(1) / lengths.unsqueeze(1)


class MarkerV2(MarkerV0):
    """`markerV2`: the third block is the text's last word."""

    blocks = 3

    def __init__(self, width: int, max_width: int, dropout: float) -> None:
        super().__init__(width, max_width, dropout)
        self.project_context = feed_forward(width, width, dropout)

    def context(self, words: Tensor, lengths: Tensor | None) -> Tensor:
        last = words[:, -1] if lengths is None else words[torch.arange(len(words)), lengths - 1]
        return cast(Tensor, self.project_context(last))


class Marker(nn.Module):
    """`marker` of the first releases: one Linear over relu([start ; end]), hence separable."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:
        super().__init__()
        self.max_width = max_width
        self.project_start = feed_forward(width, width, dropout, expansion=2)
        self.project_end = feed_forward(width, width, dropout, expansion=2)
        self.out_project = nn.Linear(2 * width, width)

    def forward(self, words: Tensor, classes: Tensor, lengths: Tensor | None = None) -> Tensor:  # noqa: ARG002
        width = words.shape[-1]
        weight, bias = self.out_project.weight, self.out_project.bias
        start = self.project_start(words).relu() @ weight[:, :width].T
        end = self.project_end(words).relu() @ weight[:, width:].T + bias
        transposed = classes.transpose(-1, -2)
        logits: Tensor = (start @ transposed).unsqueeze(2) + shifted(end @ transposed, self.max_width)
        return logits


class _SpanVectors(nn.Module):
    """A head that computes the span vectors themselves."""

    def vectors(self, words: Tensor) -> Tensor:
        """[B, W, K, D]; words beyond a text's end are zero vectors."""
        raise NotImplementedError

    def forward(self, words: Tensor, classes: Tensor, lengths: Tensor | None = None) -> Tensor:
        if lengths is not None:
            words = words * _inside(words, lengths)
        spans = self.vectors(words)
        pattern = "bwkd,cd->bwkc" if classes.dim() == 2 else "bwkd,bcd->bwkc"
        return torch.einsum(pattern, spans, classes)


class Query(_SpanVectors):
    """`query`: the first word times a learned vector of each width."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        self.query_seg = nn.Parameter(torch.rand(width, max_width) * 2 - 1)
        self.project = nn.Sequential(nn.Linear(width, width), nn.ReLU())

    def vectors(self, words: Tensor) -> Tensor:
        return cast(Tensor, self.project(words.unsqueeze(2) * self.query_seg.T))


class Mlp(_SpanVectors):
    """`mlp`: one Linear from the first word to the vectors of all widths."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        self.max_width = max_width
        self.mlp = nn.Linear(width, width * max_width)

    def vectors(self, words: Tensor) -> Tensor:
        return cast(Tensor, self.mlp(words).unflatten(-1, (self.max_width, -1)).relu())


class Cat(_SpanVectors):
    """`cat`: the first word beside a learned vector of each width.

    The learned table is [128, K] and is read row by row as [K, 128], not transposed: published so, kept so.
    """

    def __init__(self, width: int, max_width: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        self.query_seg = nn.Parameter(torch.randn(128, max_width))
        self.project = nn.Sequential(nn.Linear(width + 128, width), nn.ReLU())

    def vectors(self, words: Tensor) -> Tensor:
        linear, width = cast(nn.Linear, self.project[0]), words.shape[-1]
        learned = self.query_seg.reshape(-1, 128) @ linear.weight[:, width:].T
        return ((words @ linear.weight[:, :width].T + linear.bias).unsqueeze(2) + learned).relu()


class _Convolution(nn.Module):
    """Holds one convolution under the reference's name `conv`."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, kernel)


class Convolutions(_SpanVectors):
    """`conv_conv`: one convolution for each width above 1; zeros stand behind the text."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        self.convs = nn.ModuleList(_Convolution(width, kernel) for kernel in range(2, max_width + 1))
        self.project = nn.Sequential(nn.ReLU(), nn.Linear(width, width))

    def vectors(self, words: Tensor) -> Tensor:
        rows = words.transpose(1, 2)
        widths = [rows]
        widths += [cast(_Convolution, one).conv(pad(rows, (0, n))) for n, one in enumerate(self.convs, start=1)]
        return cast(Tensor, self.project(torch.stack(widths, dim=1).permute(0, 3, 1, 2)))


class _Pooled(_SpanVectors):
    """The span vector is pooled from the words of the span; zeros stand behind the text and take part."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        self.max_width = max_width
        self.project = nn.Sequential(nn.ReLU(), nn.Linear(width, width))

    def pooled(self, words: Tensor) -> Tensor:
        """[B, W, K, D] from [B, W, K, D] of the words themselves."""
        raise NotImplementedError

    def vectors(self, words: Tensor) -> Tensor:
        return cast(Tensor, self.project(self.pooled(shifted(words, self.max_width))))


class PooledMaximum(_Pooled):
    """`conv_max`."""

    def pooled(self, words: Tensor) -> Tensor:
        return words.cummax(2).values


class PooledMean(_Pooled):
    """`conv_mean`."""

    def pooled(self, words: Tensor) -> Tensor:
        return words.cumsum(2) / torch.arange(1, self.max_width + 1, device=words.device).unsqueeze(-1)


class PooledSum(_Pooled):
    """`conv_sum`."""

    def pooled(self, words: Tensor) -> Tensor:
        return words.cumsum(2)


class SharedConvolution(_SpanVectors):
    """`conv_share`: one kernel, of which a width uses its first places."""

    def __init__(self, width: int, max_width: int, dropout: float) -> None:  # noqa: ARG002
        super().__init__()
        self.max_width = max_width
        self.conv_weigth = nn.Parameter(torch.randn(width, width, max_width) * width**-0.5)  # the reference's spelling
        self.project = nn.Sequential(nn.ReLU(), nn.Linear(width, width))

    def vectors(self, words: Tensor) -> Tensor:
        rows = words.transpose(1, 2)
        widths = [functional.conv1d(pad(rows, (0, n)), self.conv_weigth[:, :, : n + 1]) for n in range(self.max_width)]
        return cast(Tensor, self.project(torch.stack(widths, dim=1).permute(0, 3, 1, 2)))


#: Span heads by the name that `span_mode` has in a config.
SPAN_HEADS: dict[str, Callable[[int, int, float], nn.Module]] = {
    "markerV0": MarkerV0,
    "markerV1": MarkerV1,
    "markerV2": MarkerV2,
    "marker": Marker,
    "query": Query,
    "mlp": Mlp,
    "cat": Cat,
    "conv_conv": Convolutions,
    "conv_max": PooledMaximum,
    "conv_mean": PooledMean,
    "conv_sum": PooledSum,
    "conv_share": SharedConvolution,
}


class SpanRepresentation(nn.Module):
    """Holds the span head under the reference's doubled name `span_rep_layer.span_rep_layer`."""

    def __init__(self, config: CheckpointConfig) -> None:
        super().__init__()
        self.span_rep_layer = SPAN_HEADS[config.span_mode](config.hidden_size, config.max_width, config.dropout)

    def forward(self, words: Tensor, classes: Tensor, lengths: Tensor | None = None) -> Tensor:
        return cast(Tensor, self.span_rep_layer(words, classes, lengths))
