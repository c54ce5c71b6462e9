"""From pieces of words to the tensors of one forward pass (specification 2.4 and 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from bridge.scorer._subwords import Subwords


@dataclass(frozen=True, slots=True)
class Prompt:
    """What stands before the words: `<<ENT>> label <<ENT>> label … <<SEP>>` in a uni-encoder, nothing in a bi-encoder.

    `words` counts the prompt's words as the reference does, `seen` those of them that have subtokens.
    """

    ids: tuple[int, ...] = ()
    words: int = 0
    seen: int = 0


def label_pieces(subwords: Subwords, labels: Sequence[str]) -> list[list[int]]:
    """Subtokens of each label; a label is one pre-split word, also with spaces inside."""
    return subwords.pieces(labels)


def build_prompt(labels: Sequence[str], pieces: Sequence[Sequence[int]], *, ent: int, sep: int) -> Prompt:
    """The prompt of a uni-encoder. An empty label contributes its marker only and is not counted as a word."""
    ids: list[int] = []
    for piece in pieces:
        ids.append(ent)
        ids.extend(piece)
    ids.append(sep)
    markers = len(labels) + 1
    return Prompt(tuple(ids), markers + sum(map(bool, labels)), markers + sum(map(bool, pieces)))


class Row(NamedTuple):
    """One sequence of a batch: its ids and, for each position, the word number + 1 that it stands for (else 0)."""

    ids: list[int]
    mask: list[int]
    words: int


def build_row(prompt: Prompt, words: Sequence[Sequence[int]], subwords: Subwords, *, pooling: str = "first") -> Row:
    """Prompt and words as one sequence; the first subtoken of a word stands for it, or as `pooling` says.

    Args:
        pooling: `first`, `last`, or `mean` and `max`, where all subtokens do.

    Only words that have subtokens are counted, in the prompt as in the text. So behind a word that the tokenizer drops
    (a zero-width space, say) every word stands one place too early and the last one has no vector. Published models
    were trained and are used with that; it is kept (docs/compatibility.md).
    """
    ids = [*subwords.prefix, *prompt.ids]
    mask = [0] * len(ids)
    number = prompt.seen - prompt.words  # 0, or negative where a label has no subtokens: it swallows a word
    for piece in words:
        if piece:
            number += 1
            ids.extend(piece)
            place = max(number, 0)
            if pooling in {"mean", "max"}:
                mask.extend([place] * len(piece))
            else:
                rest = [0] * (len(piece) - 1)
                mask.extend([*rest, place] if pooling == "last" else [place, *rest])
    ids.extend(subwords.suffix)
    mask.extend([0] * len(subwords.suffix))
    return Row(ids, mask, len(words))


class Batch(NamedTuple):
    """Tensors of one forward pass: [B, S] integers, [B, S] integers, [B] words of each row."""

    input_ids: Tensor
    attention_mask: Tensor
    lengths: Tensor


def collate(rows: Sequence[Row], pad_id: int) -> Batch:
    """Pad rows on the right to the longest."""
    size = max(len(row.ids) for row in rows)
    return Batch(
        torch.tensor([row.ids + [pad_id] * (size - len(row.ids)) for row in rows]),
        torch.tensor([[1] * len(row.ids) + [0] * (size - len(row.ids)) for row in rows]),
        torch.tensor([row.words for row in rows]),
    )
