"""Random-weight GLiNER checkpoints in the published layout, built and saved by the reference library itself.

Random weights score everything near 0.5; the last layer of the prompt network is stretched until scores spread over
both sides of the usual thresholds.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoConfig, BertConfig, DebertaV2Config, ModernBertConfig, PreTrainedTokenizerFast

_WORDS = """
    red blue nike adidas running shoes under laptop screen inch wireless headphones apple watch organic coffee beans
    gluten free chocolate cake quinoa kirkland dell monitor hp toner cable usb charger black green large small brand
    color product type price city berlin paris new york the a of with and for without compatible not included
"""
WORDS = _WORDS.split()

#: Labels of most tests.
LABELS = ["brand", "color", "product type", "price"]


def corpus(count: int = 300, *, seed: int = 0) -> list[str]:
    """Sentences of the words above with numbers and punctuation."""
    chance = random.Random(seed)
    extra = ["15.6", "$50", "3-pack", "don't", "€9,99", "USB-C", "(2024)", "4k!"]
    return [" ".join(chance.choices(WORDS + extra, k=chance.randint(1, 12))) for _ in range(count)]


_SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
#: Pieces of words. They are written down since the library's trainers give other pieces in every process.
_WHOLE = [word for number, word in enumerate(dict.fromkeys(WORDS)) if number % 3]
_PARTS = ["in", "er", "re", "le", "on", "ing", "ch", "co", "ck", "es", "ni", "ate", "st", "ap", "un", "ad"]


def wordpiece() -> PreTrainedTokenizerFast:
    """A small BERT tokenizer; drops control characters as BERT's does."""
    normalizer = normalizers.BertNormalizer(lowercase=True)
    characters = _characters(normalizer)
    pieces = [*_SPECIALS, *characters, *(f"##{part}" for part in [*characters, *_PARTS]), *_WHOLE]
    vocabulary = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return _finished(tokenizer)


def unigram() -> PreTrainedTokenizerFast:
    """A small SentencePiece-like tokenizer with DeBERTa-v3's special tokens."""
    normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace("\u200b", "")])
    scores = dict.fromkeys(_SPECIALS, 0.0)
    scores |= dict.fromkeys(["▁", *_characters(normalizer)], -5.0)
    scores |= dict.fromkeys([*_PARTS, *(f"▁{word}" for word in _WHOLE[::2])], -6.0)
    tokenizer = Tokenizer(models.Unigram(list(scores.items()), unk_id=_SPECIALS.index("[UNK]")))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    return _finished(tokenizer, bos_token="[CLS]", eos_token="[SEP]")


def _characters(normalizer: Any) -> list[str]:
    return sorted(set(normalizer.normalize_str("".join(corpus()))) - {" "})


def _finished(tokenizer: Tokenizer, **tokens: str) -> PreTrainedTokenizerFast:
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        **tokens,
    )


def deberta_config(**other: Any) -> dict[str, Any]:
    """DeBERTa-v3's settings at toy size."""
    sizes: dict[str, Any] = {
        "vocab_size": 300,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "position_buckets": 16,
        "relative_attention": True,
        "max_relative_positions": -1,
        "norm_rel_ebd": "layer_norm",
        "share_att_key": True,
        "pos_att_type": ["p2c", "c2p"],
        "position_biased_input": False,
        "type_vocab_size": 0,
        "layer_norm_eps": 1e-7,
    }
    return {**DebertaV2Config(**(sizes | other)).to_dict(), "model_type": "deberta-v2"}


def bert_config(**other: Any) -> dict[str, Any]:
    sizes: dict[str, Any] = {
        "vocab_size": 300,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 512,
    }
    return {**BertConfig(**(sizes | other)).to_dict(), "model_type": "bert"}


def modernbert_config(**other: Any) -> dict[str, Any]:
    """Layers that look at a few neighbours between layers that look at everything."""
    sizes: dict[str, Any] = {
        "vocab_size": 300,
        "hidden_size": 32,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "max_position_embeddings": 512,
        "local_attention": 8,
        "global_attn_every_n_layers": 3,
        "pad_token_id": 0,
        "cls_token_id": 1,
        "bos_token_id": 1,
        "sep_token_id": 2,
        "eos_token_id": 2,
    }
    return {**ModernBertConfig(**(sizes | other)).to_dict(), "model_type": "modernbert"}


#: Sizes of further backbones, by their kind: names as each config has them, where they differ from BERT's.
_T5 = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2, "decoder_start_token_id": 0}
_ENDS = {"bos_token_id": 2, "eos_token_id": 3}
OTHERS: dict[str, dict[str, Any]] = {
    "roberta": _ENDS,
    "xlm-roberta": _ENDS,
    "camembert": _ENDS,
    "mpnet": _ENDS,
    "electra": {"embedding_size": 16},
    "albert": {"embedding_size": 16},
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64},
    "deberta": {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_biased_input": False},
    "t5": {**_T5, "eos_token_id": 3},
    "mt5": {**_T5, "eos_token_id": 3},
    "llama": _ENDS,
}


def other_config(kind: str, **other: Any) -> dict[str, Any]:
    sizes: dict[str, Any] = {"vocab_size": 300, "pad_token_id": 0, "max_position_embeddings": 512}
    if not {"dim", "d_model"} & OTHERS[kind].keys():
        sizes |= {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    return {**AutoConfig.for_model(kind, **(sizes | OTHERS[kind] | other)).to_dict(), "model_type": kind}


#: Backbones by name: their tokenizer and their config.
BACKBONES: dict[str, tuple[Callable[[], PreTrainedTokenizerFast], Callable[..., dict[str, Any]]]] = {
    "deberta": (unigram, deberta_config),
    "bert": (wordpiece, bert_config),
    "modernbert": (wordpiece, modernbert_config),
    "mdeberta": (wordpiece, deberta_config),  # DeBERTa-v3 over another vocabulary
    **{f"other {kind}": (wordpiece, partial(other_config, kind)) for kind in OTHERS},
}


def build(folder: Path, *, backbone: str = "deberta", seed: int = 1, spread: float = 2.5, **fields: Any) -> Path:
    """Build a random model with the reference library and save it as it is published.

    Args:
        folder: where to save; the backbones are saved beside it.
        backbone: one of BACKBONES.
        spread: standard deviation of the logits, roughly.
        fields: further fields of the GLiNER config; `labels_encoder=True` makes a bi-encoder.
    """
    from gliner import GLiNER

    torch.manual_seed(seed)
    make_tokenizer, make_config = BACKBONES[backbone]
    tokenizer = make_tokenizer()
    if limit := fields.pop("tokenizer_limit", None):
        tokenizer.model_max_length = limit
    base = folder.parent / f"{folder.name}-backbone"
    tokenizer.save_pretrained(base)
    encoder = make_config(**fields.pop("encoder", {}))
    config: dict[str, Any] = {
        "model_name": str(base),
        "encoder_config": encoder | {"vocab_size": len(tokenizer)},
        "hidden_size": 16,
        "max_width": 4,
        "max_len": 64,
        "dropout": 0.1,
        "span_mode": "markerV0",
        "words_splitter_type": "whitespace",
    }
    if fields.pop("labels_encoder", False):
        labels = folder.parent / f"{folder.name}-labels"
        label_tokenizer = wordpiece()
        label_tokenizer.model_max_length = 24
        label_tokenizer.save_pretrained(labels)
        label_config = bert_config(hidden_size=24, intermediate_size=48, max_position_embeddings=24)
        config["labels_encoder"] = str(labels)
        config["labels_encoder_config"] = label_config | {"vocab_size": len(label_tokenizer)}
    config |= fields
    (base / "config.json").write_text(json.dumps(encoder | {"vocab_size": len(tokenizer)}))
    model = GLiNER.from_config(config, backbone_from_pretrained=False)
    _spread(model, spread, numpy.random.default_rng(seed))
    model.save_pretrained(folder, safe_serialization=True)
    return folder


def _spread(model: Any, spread: float, chance: numpy.random.Generator) -> None:
    """Make random weights decide: logits of the sample corpus get mean -2 and the wished standard deviation.

    The weights are numpy's: those of torch differ from processor to processor, and with them what is found.
    """
    network = model.model
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if parameter.dim() > 1:
                deviation = 1.0 if "embeddings" in name else parameter[0].numel() ** -0.5
            elif "bias" in name:
                deviation = 0.3
            else:
                continue
            parameter.copy_(torch.from_numpy(chance.normal(0, deviation, parameter.shape)))
        if hasattr(network, "scorer"):
            _spread_tokens(model, spread)
            return
        spans, classes = _observe(model, span_rep_layer="spans", prompt_rep_layer="classes")
        logits = torch.einsum("bwkd,bcd->bwkc", spans, classes)
        factor = spread / float(logits.std())
        head = network.span_rep_layer.span_rep_layer
        last = getattr(head, "out_project", getattr(head, "project", None))
        last = last[-1] if isinstance(last, torch.nn.Sequential) else last
        if isinstance(last, torch.nn.Linear):
            last.bias.add_(_shift(classes, logits, factor))
        elif float(logits.mean()) < 0:  # a head that ends with a ReLU has no bias to shift
            factor = -factor
        last = network.prompt_rep_layer[3]
        last.weight.mul_(factor)
        last.bias.mul_(factor)


def _spread_tokens(model: Any, spread: float) -> None:
    """Starts and ends around -1, what is inside around 1, so that spans of several words are found."""
    (logits,) = _observe(model, scorer="logits")
    last = model.model.scorer.out_mlp[3]
    factor = spread / logits.std(dim=(0, 1, 2))
    last.weight.mul_(factor.unsqueeze(1))
    last.bias.mul_(factor).add_(torch.tensor([-1.0, -1.0, 1.0]) - factor * logits.mean(dim=(0, 1, 2)))


def _observe(model: Any, **layers: str) -> list[torch.Tensor]:
    """Outputs of the named layers for the sample corpus."""
    seen: dict[str, torch.Tensor] = {}
    network = model.model
    hooks = [
        getattr(network, layer).register_forward_hook(lambda _module, _args, out, name=name: seen.update({name: out}))
        for layer, name in layers.items()
    ]
    model.inference(corpus(16), LABELS, threshold=0.999, batch_size=16)
    for hook in hooks:
        hook.remove()
    return [seen[name] for name in layers.values()]


def _shift(classes: torch.Tensor, logits: torch.Tensor, factor: float) -> torch.Tensor:
    """What to add to every span vector so that the mean logit of each label becomes -2 (after scaling)."""
    wanted = -2.0 / factor - logits.mean(dim=(0, 1, 2))
    return torch.linalg.lstsq(classes.mean(0), wanted.unsqueeze(1), driver="gelsd").solution.squeeze(1)


def forget(folder: Path, *fields: str, **changed: Any) -> Path:
    """Take fields out of a checkpoint's config, or change them."""
    path = folder / "gliner_config.json"
    raw = json.loads(path.read_text()) | changed
    path.write_text(json.dumps({name: value for name, value in raw.items() if name not in fields}))
    return folder
