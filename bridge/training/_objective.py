"""Forward computation on valid spans only, and the focal loss over span and label pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from bridge.scorer._network import MarkerV0, Network
from bridge.training._batches import spans_of


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


def word_vectors(network: Network, tokenizer: Tokenizer, texts: Sequence[Sequence[str]], pad: int) -> Tensor:
    """[total words, D]: vectors of all words of all texts, one text after the other.

    A word whose first subtoken lies beyond the encoder's longest input, or that has none, stays a zero vector.
    """
    limit = int(network.token_rep_layer.bert_layer.model.config.max_position_embeddings)  # type: ignore[union-attr,arg-type]
    encodings = tokenizer.encode_batch([list(words) for words in texts], is_pretokenized=True)
    length = min(limit, max(len(encoding.ids) for encoding in encodings))
    ids = np.full((len(texts), length), pad, dtype=np.int64)
    mask = np.zeros((len(texts), length), dtype=np.int64)
    rows, columns, words_at = [], [], []
    offset = 0
    for row, (encoding, words) in enumerate(zip(encodings, texts, strict=True)):
        n = min(length, len(encoding.ids))
        ids[row, :n] = encoding.ids[:n]
        mask[row, :n] = 1
        seen, last = 0, None
        for position, word in enumerate(encoding.word_ids[:n]):
            if word is not None and word != last:
                rows.append(row)
                columns.append(position)
                words_at.append(offset + seen)  # counts words that have subtokens, as the reference does (2.5)
                seen += 1
                last = word
        offset += len(words)
    hidden = network.encode(torch.from_numpy(ids), torch.from_numpy(mask))
    out = hidden.new_zeros(offset, hidden.shape[-1])
    out[torch.tensor(words_at)] = hidden[torch.tensor(rows), torch.tensor(columns)]
    return out


def span_index(lengths: Sequence[int], max_width: int) -> tuple[Tensor, Tensor]:
    """First and last word of every span, as rows of `word_vectors`."""
    parts, offset = [], 0
    for length in lengths:
        parts.append(spans_of(length, max_width) + offset)
        offset += length
    both = torch.from_numpy(np.concatenate(parts))
    return both[:, 0], both[:, 1]


def flat_span_logits(network: Network, words: Tensor, first: Tensor, last: Tensor, classes: Tensor) -> Tensor:
    """[S, C] logits of the given spans: `Network.span_logits` without the padding, which outweighs short queries.

    Args:
        words: [total words, D]; first, last: [S] rows of it; classes: [C, D] before the prompt FFN.
    """
    head = network.span_rep_layer.span_rep_layer
    if not isinstance(head, MarkerV0):
        raise TypeError("only markerV0 heads are trained")
    classes = network.prompt_rep_layer(classes)
    width = words.shape[-1]
    inner, outer = cast(nn.Linear, head.out_project[0]), cast(nn.Linear, head.out_project[3])
    start = head.project_start(words).relu() @ inner.weight[:, :width].T
    end = head.project_end(words).relu() @ inner.weight[:, width:].T + inner.bias
    # No dropout here: on [S, 4D] it costs more than the two layers before it, which have their own.
    spans = (start[first] + end[last]).relu()
    return cast(Tensor, spans @ (classes @ outer.weight).T + classes @ outer.bias)
