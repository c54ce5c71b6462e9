"""A tiny BERT with random weights and a WordPiece vocabulary, on disk as an encoder that training starts from."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, BertModel

WORDS = [
    "red", "blue", "green", "nike", "adidas", "sony", "shoes", "shirt", "jacket", "phone", "laptop", "coffee",
    "tea", "organic", "cheap", "under", "over", "add", "play", "song", "music", "brand", "color", "product", "type",
    "artist", "the", "a", "in", "for", "with", "by", "size", "small", "large", "xl", "usd",
]  # fmt: skip


def write_encoder(folder: Path) -> Path:
    """Write the encoder's three files into `folder`; the same weights every time."""
    characters = "abcdefghijklmnopqrstuvwxyz0123456789.,$-'½é"
    tokens = ["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *(f"##{c}" for c in characters)]
    tokens += [f"[unused{n}]" for n in range(1, 20)] + ["中", "国", "##か", "при"]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys([*tokens, *WORDS]))}
    vocabulary |= {f"rare{n}": len(vocabulary) + n for n in range(1200)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.add_special_tokens(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"])
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    ends = [("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])]
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ends)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=64,
        max_position_embeddings=128,
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    torch.manual_seed(3)
    model = BertModel(config, add_pooling_layer=False)
    save_file({name: t.contiguous() for name, t in model.state_dict().items()}, folder / "model.safetensors")
    return folder
