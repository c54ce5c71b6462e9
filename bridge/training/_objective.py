"""Forward computation on valid spans only, and the focal loss over span and label pairs."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from bridge.scorer._network import Network
from bridge.scorer._span_heads import MarkerV0
from bridge.training._inputs import Inputs, Sequences


def focal_loss(logits: Tensor, targets: Tensor, known: Tensor, *, alpha: float, gamma: float) -> Tensor:
    """Sum over the known pairs of the focal binary cross-entropy (specification section 6).

    Args:
        logits, targets, known: [S, C]; pairs where `known` is False add nothing.
        alpha: weight of positives; negatives weigh 1 - alpha.
        gamma: how strongly easy pairs are discounted; 0 is weighted cross-entropy.
    """
    logits = logits.float()
    truth = targets.float()
    entropy = nn.functional.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    probability = logits.sigmoid()
    right = probability * truth + (1 - probability) * (1 - truth)
    weight = alpha * truth + (1 - alpha) * (1 - truth)
    return (entropy * weight * (1 - right) ** gamma * known).sum()


def order_loss(logits: Tensor, orders: Tensor, *, margin: float = 1.0) -> Tensor:
    """Sum over pairs of names of one span of how far the vaguer one is from scoring `margin` below the other, smoothly.

    Args:
        logits: [S, C].
        orders: [P, 3] span, column of the name that says more, column of the vaguer one.
        margin: in logits.
    """
    span, better, vaguer = orders.unbind(1)
    logits = logits.float()
    return nn.functional.softplus(logits[span, vaguer] - logits[span, better] + margin).sum()


def pooled_labels(network: Network, labels: Sequences) -> Tensor:
    """[C, label width] mean vectors of label texts by the label encoder as it is now."""
    return network.token_rep_layer.pool_labels(labels.ids, labels.mask)


def word_vectors(inputs: Inputs, hidden: Tensor) -> Tensor:
    """[W, D]: vectors of all words of all texts, one text after the other, from [T, S, D] of the encoder."""
    sequence, position, row = inputs.word_places.unbind(1)
    out = hidden.new_zeros(inputs.words, hidden.shape[-1])
    return out.index_copy(0, row, hidden[sequence, position])


def span_logits(network: Network, inputs: Inputs, pooled: Tensor | None) -> Tensor:
    """[S, C] logits of every span.

    Args:
        network: a bi-encoder, or a uni-encoder whose inputs carry the label prompt.
        inputs: the batch.
        pooled: [C, label width] label vectors of a bi-encoder, None for a uni-encoder.
    """
    hidden = network.encode(inputs.texts.ids, inputs.texts.mask)
    words = word_vectors(inputs, hidden)
    if pooled is not None:
        return flat_span_logits(network, words, inputs.first, inputs.last, network.label_classes(pooled))
    assert inputs.markers is not None
    rows = torch.arange(len(inputs.markers), device=hidden.device).unsqueeze(1)
    shift = 0 if network.config.embed_ent_token else 1
    classes = hidden[rows, (inputs.markers + shift).clamp(max=hidden.shape[1] - 1)]
    return flat_span_logits(network, words, inputs.first, inputs.last, classes, inputs.span_text)


def flat_span_logits(
    network: Network, words: Tensor, first: Tensor, last: Tensor, classes: Tensor, span_text: Tensor | None = None
) -> Tensor:
    """[S, C] logits of the given spans: `Network.span_logits` without the padding, which outweighs short queries.

    Args:
        words: [W, D]; first, last: [S] rows of it.
        classes: before the prompt FFN; [C, D] shared by all texts, or [T, C, D] with `span_text`, [S] the text of each.
    """
    head = network.span_rep_layer.span_rep_layer
    if type(head) is not MarkerV0:
        raise TypeError("only markerV0 heads are trained")
    classes = network.prompt_rep_layer(classes)
    width = words.shape[-1]
    inner, outer = cast(nn.Linear, head.out_project[0]), cast(nn.Linear, head.out_project[3])
    start = head.project_start(words).relu() @ inner.weight[:, :width].T
    end = head.project_end(words).relu() @ inner.weight[:, width:].T + inner.bias
    # No dropout here: on [S, 4D] it costs more than the two layers before it, which have their own.
    spans = (start[first] + end[last]).relu()
    folded, constant = classes @ outer.weight, classes @ outer.bias
    if span_text is None:
        return cast(Tensor, spans @ folded.T + constant)
    # Spans come text by text: one product each, without a copy of the classes for every span.
    counts = torch.bincount(span_text, minlength=len(classes)).tolist()
    parts = [part @ of_text.T + base for part, of_text, base in zip(spans.split(counts), folded, constant, strict=True)]
    return torch.cat(parts)
