"""From texts and label texts to the tensors of one forward pass, for both families of networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from bridge.training._targets import all_spans


@dataclass(frozen=True)
class Sequences:
    """Token ids of padded sequences and the mask of those that count, both [B, S]."""

    ids: Tensor
    mask: Tensor

    def to(self, device: torch.device) -> Sequences:
        """The same on another device."""
        return Sequences(self.ids.to(device, non_blocking=True), self.mask.to(device, non_blocking=True))


@dataclass(frozen=True)
class Inputs:
    """One batch of T texts with W words in all and S spans.

    Attributes:
        texts: the texts, behind the label prompt in a uni-encoder.
        word_places: [n, 3] sequence, position, and row in the list of all words, of words that have subtokens.
        words: W.
        first, last: [S] rows in the list of all words.
        span_text: [S] text of every span.
        labels: the label texts, one sequence each, where a trained label encoder reads them.
        markers: [T, C] positions of the label markers in a uni-encoder.
        values: texts of annotated spans, where the label encoder is held to what it knew.
    """

    texts: Sequences
    word_places: Tensor
    words: int
    first: Tensor
    last: Tensor
    span_text: Tensor
    labels: Sequences | None = None
    markers: Tensor | None = None
    values: Sequences | None = None

    def to(self, device: torch.device) -> Inputs:
        """The same on another device."""
        if device.type == "cpu":
            return self
        moved = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, Tensor):
                value = value.to(device, non_blocking=True)
            elif isinstance(value, Sequences):
                value = value.to(device)
            moved[field.name] = value
        return Inputs(**moved)


def sequences_of(tokenizer: Tokenizer, texts: Sequence[str], pad: int) -> Sequences:
    """Plain strings as padded sequences."""
    encodings = tokenizer.encode_batch(list(texts))
    length = max(len(encoding.ids) for encoding in encodings)
    ids = np.full((len(texts), length), pad, dtype=np.int64)
    mask = np.zeros((len(texts), length), dtype=np.int64)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    return Sequences(torch.from_numpy(ids), torch.from_numpy(mask))


def inputs_of(
    tokenizer: Tokenizer,
    texts: Sequence[Sequence[str]],
    *,
    pad: int,
    limit: int,
    max_width: int,
    prompt: Sequence[str] = (),
    markers: int = 0,
    labels: Sequences | None = None,
    values: Sequences | None = None,
) -> Inputs:
    """Texts as words, and everything that depends on them.

    A word whose first subtoken lies beyond the encoder's longest input, or that has none, has no place: it stays a zero
    vector, and the words behind one without subtokens stand a place too early, as in the reference (2.5).

    Args:
        tokenizer: of the text encoder.
        texts: words of each text.
        pad: id of the padding token.
        limit: longest sequence of the encoder.
        max_width: longest span in words.
        prompt: words before each text (uni-encoder): marker, label, marker, label, …, separator.
        markers: how many labels the prompt holds.
        labels, values: see `Inputs`.
    """
    encodings = tokenizer.encode_batch([[*prompt, *words] for words in texts], is_pretokenized=True)
    length = min(limit, max(len(encoding.ids) for encoding in encodings))
    ids = np.full((len(texts), length), pad, dtype=np.int64)
    mask = np.zeros((len(texts), length), dtype=np.int64)
    marked = np.zeros((len(texts), markers), dtype=np.int64)
    places = []
    offset = 0
    for row, (encoding, words) in enumerate(zip(encodings, texts, strict=True)):
        n = min(length, len(encoding.ids))
        ids[row, :n] = encoding.ids[:n]
        mask[row, :n] = 1
        seen, last = 0, -1
        for position, word in enumerate(encoding.word_ids[:n]):
            if word is None or word == last:
                continue
            last = word
            if word < len(prompt):
                if word % 2 == 0 and word < 2 * markers:
                    marked[row, word // 2] = position
            else:
                places.append((row, position, offset + seen))
                seen += 1
        offset += len(words)
    spans = all_spans([len(words) for words in texts], max_width)
    starts = np.cumsum([0, *(len(words) for words in texts)])
    return Inputs(
        texts=Sequences(torch.from_numpy(ids), torch.from_numpy(mask)),
        word_places=torch.from_numpy(np.array(places, dtype=np.int64).reshape(-1, 3)),
        words=offset,
        first=torch.from_numpy(spans[:, 1] + starts[spans[:, 0]]),
        last=torch.from_numpy(spans[:, 2] + starts[spans[:, 0]]),
        span_text=torch.from_numpy(spans[:, 0]),
        labels=labels,
        markers=torch.from_numpy(marked) if markers else None,
        values=values,
    )
