"""A trained model as a checkpoint in GLiNER's own format, which the reference library loads too."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor

from bridge.training._encoder import PACKAGE
from bridge.training._model import Model

#: Hub ids of encoders that are known here by another name.
_HUB_NAME = {PACKAGE: "sentence-transformers/all-MiniLM-L6-v2"}


def export(model: Model, folder: Path, *, dtype: torch.dtype = torch.float16) -> Path:
    """Write config, weights and tokenizers; an existing folder is replaced only once the new one is complete.

    Weights that both encoders share are stored once: the file's metadata maps the omitted name to the kept one, as the
    format provides for tied weights (specification 1.1).

    Args:
        model: the trained model.
        folder: where the checkpoint goes.
        dtype: of the stored weights; float16 halves the file and changes scores by less than 0.01.

    Returns:
        `folder`.
    """
    temporary = folder.with_name(f".{folder.name}.writing")
    if temporary.exists():
        shutil.rmtree(temporary)
    temporary.mkdir(parents=True)
    config = replace(
        model.config,
        model_name=_HUB_NAME.get(model.config.model_name, model.config.model_name),
        labels_encoder=_HUB_NAME.get(str(model.config.labels_encoder), model.config.labels_encoder),
    )
    text = json.dumps({**config.to_json(), "name": "gliner-bridge"}, indent=2, sort_keys=True)
    (temporary / "gliner_config.json").write_text(text + "\n", encoding="utf-8")
    tensors, aliases = without_copies({name: t.detach().to(dtype) for name, t in model.network.state_dict().items()})
    save_file(tensors, temporary / "model.safetensors", metadata={"format": "pt", **aliases})
    (temporary / "model.safetensors").chmod(0o644)  # the library writes it for its owner only
    limit = int(model.config.encoder_config["max_position_embeddings"]) if model.config.encoder_config else 512
    write_tokenizer(model.tokenizer, temporary, limit)
    if model.labels_tokenizer is not None:
        write_tokenizer(model.labels_tokenizer, temporary / "labels_tokenizer", limit)
    if folder.exists():
        # Files that are not the checkpoint's own (model card, notice) stay.
        for item in folder.iterdir():
            if not (temporary / item.name).exists():
                shutil.move(item, temporary / item.name)
        shutil.rmtree(folder)
    temporary.replace(folder)
    return folder


def without_copies(tensors: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors without those that equal an earlier one, and the map from omitted to kept names."""
    kept: dict[str, Tensor] = {}
    aliases: dict[str, str] = {}
    by_shape: dict[tuple[int, ...], list[str]] = {}
    for name, tensor in tensors.items():
        candidates = by_shape.setdefault(tuple(tensor.shape), [])
        twin = next((other for other in candidates if torch.equal(kept[other], tensor)), None)
        if twin is not None:
            aliases[name] = twin
        else:
            kept[name] = tensor.contiguous()
            candidates.append(name)
    return kept, aliases


def write_tokenizer(tokenizer: Tokenizer, folder: Path, limit: int) -> None:
    """`tokenizer.json` and the `tokenizer_config.json` by which the reference library knows that it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    raw = json.loads(tokenizer.to_str())
    raw["truncation"] = raw["padding"] = None
    (folder / "tokenizer.json").write_text(json.dumps(raw, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    special = {token["content"] for token in raw["added_tokens"]}
    names = {
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "mask_token": "[MASK]",
    }
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": limit,
        **{name: token for name, token in names.items() if token in special},
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
