"""Words to subtoken ids. Works on the Rust tokenizer below transformers' wrapper, which is not thread-safe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from bridge.errors import CheckpointError

#: Tokenizers without a limit of their own report an astronomic one.
_NO_LIMIT = 1_000_000


class Subwords:
    """A text tokenizer.

    Pre-split words are tokenised independently of each other, so pieces of words can be cached, cut into windows and
    put behind different prompts without tokenising again; `prefix` and `suffix` are the tokenizer's own additions
    ([CLS] and [SEP] in BERT).

    Args:
        tokenizer: a fast tokenizer of transformers; it is copied, the caller's is not touched.
    """

    def __init__(self, tokenizer: Any) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise CheckpointError("the tokenizer has no fast form", hint="add a tokenizer.json to the checkpoint")
        limit = int(min(tokenizer.model_max_length, _NO_LIMIT))
        #: Subtokens that the tokenizer allows in one sequence, or None.
        self.limit: int | None = limit if limit < _NO_LIMIT else None
        self.pad_id: int = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        self._tokenizer = _copy(tokenizer.backend_tokenizer)
        self.prefix, self.suffix = self._additions()

    def pieces(self, words: Sequence[str]) -> list[list[int]]:
        """The subtoken ids of each word; a word of characters that the tokenizer drops has none."""
        encoding = self._tokenizer.encode(words, is_pretokenized=True, add_special_tokens=False)
        out: list[list[int]] = [[] for _ in words]
        for identifier, word in zip(encoding.ids, encoding.word_ids, strict=True):
            if word is not None:
                out[word].append(identifier)
        return out

    def token_id(self, token: str) -> int | None:
        """Id of a token in the vocabulary, or None."""
        identifier: int | None = self._tokenizer.token_to_id(token)
        return identifier

    @property
    def base_size(self) -> int:
        """Entries of the vocabulary without added tokens."""
        return int(self._tokenizer.get_vocab_size(with_added_tokens=False))

    def _additions(self) -> tuple[list[int], list[int]]:
        probe = self._tokenizer.encode(["a"], is_pretokenized=True)
        bare = self._tokenizer.encode(["a"], is_pretokenized=True, add_special_tokens=False)
        ids, inner = list(probe.ids), list(bare.ids)
        for start in range(len(ids) - len(inner) + 1):
            if ids[start : start + len(inner)] == inner:
                return ids[:start], ids[start + len(inner) :]
        raise CheckpointError("the tokenizer changes words when it adds its special tokens")


class LabelTokens:
    """The tokenizer of a bi-encoder's labels: plain strings, one sequence a label.

    Args:
        tokenizer: a fast tokenizer of transformers; it is copied.
        limit: positions of the label backbone, or None.
    """

    def __init__(self, tokenizer: Any, limit: int | None) -> None:
        if not getattr(tokenizer, "is_fast", False):
            raise CheckpointError("the label tokenizer has no fast form", hint="add a tokenizer.json")
        self._tokenizer = _copy(tokenizer.backend_tokenizer)
        length = min(tokenizer.model_max_length, limit or _NO_LIMIT, _NO_LIMIT)
        #: Subtokens of the longest label that is encoded; longer ones are cut there.
        self.limit = int(length)
        self._tokenizer.enable_truncation(self.limit)
        self._tokenizer.enable_padding(
            pad_id=tokenizer.pad_token_id or 0, pad_token=tokenizer.pad_token or "[PAD]", direction="right"
        )

    def batch(self, labels: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(input_ids, attention_mask), both [C, S], padded to the longest label."""
        encodings = self._tokenizer.encode_batch(list(labels))
        return torch.tensor([e.ids for e in encodings]), torch.tensor([e.attention_mask for e in encodings])


def _copy(backend: Any) -> Any:
    """A tokenizer of our own without truncation and padding; some checkpoints ship one that cuts at 128 subtokens."""
    from tokenizers import Tokenizer

    own = Tokenizer.from_str(backend.to_str())
    own.no_truncation()
    own.no_padding()
    return own
