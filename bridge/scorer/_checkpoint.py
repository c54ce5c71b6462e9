"""Reading a GLiNER checkpoint into a network and its tokenizers; strict about everything that would change scores."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bridge.errors import CheckpointError
from bridge.scorer._backbones import KNOWN, position_limit
from bridge.scorer._calibration import Calibration, read_calibration
from bridge.scorer._config import SUPPORTED, CheckpointConfig
from bridge.scorer._locate import CONFIG_FILE, PICKLE, SAFETENSORS, find_backbone, find_checkpoint
from bridge.scorer._network import Network, build_network
from bridge.scorer._subwords import LabelTokens, Subwords
from bridge.scorer._tokenizers import FastTokenizer, load_tokenizer

_TEXT = "token_rep_layer.bert_layer.model."
_LABELS = "token_rep_layer.labels_encoder.model."
#: Names under which backbones keep their table of token vectors.
_TABLES = (
    "embeddings.word_embeddings.weight",
    "embeddings.tok_embeddings.weight",
    "shared.weight",
    "embed_tokens.weight",
    "encoder.embed_tokens.weight",
    "word_embedding.weight",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A loaded checkpoint.

    `ent` and `sep` are the ids of the prompt's markers (-1 in bi-encoders), `limit` the subtokens that one sequence
    may have (None: no limit), `fingerprint` a short hash of everything that scores depend on, `calibration` what stands
    beside it (None: nothing).
    """

    folder: Path
    config: CheckpointConfig
    network: Network
    subwords: Subwords
    label_tokens: LabelTokens | None
    ent: int
    sep: int
    limit: int | None
    fingerprint: str
    calibration: Calibration | None = None


def load_checkpoint(
    name: str | Path, *, revision: str | None = None, offline: bool = False, trainable: bool = False
) -> Checkpoint:
    """Load a folder, a hub id or `default` in float32.

    Args:
        trainable: whether the network's backbones must be able to run by themselves. Scoring has its own way to run
            the usual ones (`bridge.scorer._encoders`) and then needs their weights only.

    Raises:
        CheckpointError: it is missing, incomplete, of a family that is not supported, or its parts do not fit
            together. Code that a repository ships is never run.
    """
    folder = find_checkpoint(name, revision=revision, offline=offline)
    raw = _read_json(folder / CONFIG_FILE)
    config = CheckpointConfig.from_json(raw, where=str(folder / CONFIG_FILE))
    _refuse_unsupported(raw, config, folder)
    weights_file = _weights_file(folder)
    weights = _read_weights(weights_file)
    config = _complete(raw, config, weights, folder, offline=offline)
    rows = _rows(weights, _TEXT, weights_file)
    label_rows = _rows(weights, _LABELS, weights_file) if config.is_bi_encoder else None

    assert config.encoder_config is not None
    positions = position_limit(config.encoder_config)
    tokenizer = _tokenizer(folder, config.model_name, offline=offline)
    ent = sep = -1
    if not config.is_bi_encoder:
        ent, sep = _markers(tokenizer, config, rows, folder)
        config = replace(config, class_token_index=ent)
    subwords = Subwords(tokenizer)
    _check_vocabulary(subwords, rows, folder)
    label_tokens = None
    if config.is_bi_encoder:
        assert config.labels_encoder_config is not None
        nested = folder / "labels_tokenizer"
        source = nested if nested.is_dir() else folder
        label_tokens = LabelTokens(
            _tokenizer(source, config.labels_encoder or "", offline=offline, own=nested.is_dir()),
            position_limit(config.labels_encoder_config),
        )
    network = build_network(config, rows=rows, label_rows=label_rows, trainable=trainable)
    _fill(network, weights, weights_file)
    limits = [limit for limit in (subwords.limit, positions) if limit is not None]
    fingerprint = _fingerprint(folder, raw, weights_file)
    return Checkpoint(
        folder=folder,
        config=config,
        network=network.eval().requires_grad_(False),
        subwords=subwords,
        label_tokens=label_tokens,
        ent=ent,
        sep=sep,
        limit=min(limits, default=None),
        fingerprint=fingerprint,
        calibration=read_calibration(folder, fingerprint),
    )


def _refuse_unsupported(raw: Mapping[str, Any], config: CheckpointConfig, folder: Path) -> None:
    where = str(folder / CONFIG_FILE)
    if config.family not in SUPPORTED:
        raise CheckpointError(
            f"{config.family} checkpoints are not supported",
            where=where,
            hint="use a uni-, bi- or poly-encoder of spans or tokens",
        )
    settings: dict[str, tuple[object, tuple[object, ...]]] = {
        "words_splitter_type": (config.words_splitter_type, ("whitespace",)),
        "subtoken_pooling": (config.subtoken_pooling, ("first", "last", "mean", "max")),
        "span_encoder_config": (raw.get("span_encoder_config"), (None,)),
        "precomputed_prompts_mode": (raw.get("precomputed_prompts_mode"), (None, False)),
    }
    for name, (value, supported) in settings.items():
        if value not in supported:
            raise CheckpointError(f"{name} = {value!r} is not supported", where=where)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot be read as JSON ({error})", where=str(path)) from error
    if not isinstance(raw, dict):
        raise CheckpointError("must hold a JSON object", where=str(path))
    return raw


def _weights_file(folder: Path) -> Path:
    for name in (SAFETENSORS, PICKLE):
        if (folder / name).is_file():
            return folder / name
    raise CheckpointError(f"the checkpoint has neither {SAFETENSORS} nor {PICKLE}", where=str(folder))


def _read_weights(path: Path) -> dict[str, Tensor]:
    """All tensors in float32 under their plain names; tied weights that the file stores once are restored."""
    try:
        weights = _read_safetensors(path) if path.name == SAFETENSORS else _read_pickle(path)
    except (OSError, ValueError, RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"the weights cannot be read: {error}", where=str(path)) from error
    return {
        name.replace("_orig_mod.", ""): tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in weights.items()
    }


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            aliases: Mapping[str, str] = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(str(error)) from error
    for omitted, kept in aliases.items():
        if omitted not in weights and kept in weights:
            weights[omitted] = weights[kept]
    return weights


def _read_pickle(path: Path) -> dict[str, Tensor]:
    """Weights-only: a file that would run code is refused by torch."""
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(loaded, Mapping) or not all(isinstance(tensor, Tensor) for tensor in loaded.values()):
        raise ValueError("not a mapping of names to tensors")
    return dict(loaded)


def _complete(
    raw: Mapping[str, Any], config: CheckpointConfig, weights: Mapping[str, Tensor], folder: Path, *, offline: bool
) -> CheckpointConfig:
    """Fill in what old configs leave out: the backbone's config, and whether there is a BiLSTM."""
    if config.encoder_config is None:
        config = replace(config, encoder_config=_backbone_config(config.model_name, folder, offline=offline))
    if config.is_bi_encoder and config.labels_encoder_config is None:
        found = _backbone_config(config.labels_encoder or "", folder, offline=offline)
        config = replace(config, labels_encoder_config=found)
    if raw.get("num_rnn_layers") is None:
        stored = sum(f"rnn.lstm.weight_ih_l{layer}" in weights for layer in range(16))
        config = replace(config, num_rnn_layers=stored)
    return config


def _backbone_config(name: str, folder: Path, *, offline: bool) -> Mapping[str, Any]:
    if name in KNOWN:
        return KNOWN[name]
    return _read_json(find_backbone(name, near=folder, offline=offline) / "config.json")


def _rows(weights: Mapping[str, Tensor], prefix: str, path: Path) -> int:
    for table in _TABLES:
        if prefix + table in weights:
            return int(weights[prefix + table].shape[0])
    raise CheckpointError(f"the weights lack the tensor {prefix}{_TABLES[0]}", where=str(path))


def _tokenizer(folder: Path, name: str, *, offline: bool, own: bool = True) -> FastTokenizer:
    """The fast tokenizer in the folder, else the one of the backbone of that name."""
    if not (own and (folder / "tokenizer_config.json").is_file()):
        folder = find_backbone(name, near=folder, offline=offline)
    return load_tokenizer(folder)


def _markers(tokenizer: FastTokenizer, config: CheckpointConfig, rows: int, folder: Path) -> tuple[int, int]:
    """Ids of the entity marker and the separator.

    The config's id is trusted, then the tokenizer's own, then the places that the reference gives them: the last two
    rows of the embedding table. Missing markers are added to the tokenizer so that their ids come out at those places.
    """
    vocabulary = tokenizer.get_vocab()
    if len(tokenizer) < rows and not {config.ent_token, config.sep_token} <= vocabulary.keys():
        if len(tokenizer) == rows - 3:  # models made since 0.1 keep the place of flair's separator
            tokenizer.add_tokens(["[FLERT]"], special_tokens=True)
        if len(tokenizer) == rows - 2:
            tokenizer.add_tokens([config.ent_token, config.sep_token], special_tokens=True)
        vocabulary = tokenizer.get_vocab()
    ent = config.class_token_index
    if ent < 0:
        ent = vocabulary.get(config.ent_token, rows - 2)
    sep = vocabulary.get(config.sep_token, ent + 1)
    for name, identifier in (("class_token_index", ent), ("id of the separator", sep)):
        if not 0 <= identifier < rows:
            raise CheckpointError(
                f"{name} is {identifier}, but the embedding table has {rows} rows",
                where=str(folder),
                hint="the tokenizer and the weights do not belong together",
            )
    return ent, sep


def _check_vocabulary(subwords: Subwords, rows: int, folder: Path) -> None:
    if subwords.base_size > rows:
        raise CheckpointError(
            f"the tokenizer has {subwords.base_size} tokens, but the embedding table has {rows} rows",
            where=str(folder),
            hint="the tokenizer and the weights do not belong together",
        )


def _fill(network: Network, weights: Mapping[str, Tensor], path: Path) -> None:
    """Load the weights; names that the network does not know are ignored, missing and misshapen ones are errors."""
    expected = network.state_dict()
    missing = [name for name in expected if name not in weights]
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise CheckpointError(f"the weights lack the tensor {missing[0]}{more}", where=str(path))
    for name, tensor in expected.items():
        if weights[name].shape != tensor.shape:
            raise CheckpointError(
                f"tensor {name} has shape {tuple(weights[name].shape)}, the config asks for {tuple(tensor.shape)}",
                where=str(path),
            )
    network.load_state_dict({name: weights[name] for name in expected}, assign=True)


def _fingerprint(folder: Path, raw: Mapping[str, Any], weights_file: Path) -> str:
    digest = hashlib.sha256(json.dumps(raw, sort_keys=True).encode())
    files = [weights_file, folder / "tokenizer.json", folder / "labels_tokenizer" / "tokenizer.json"]
    for path in files:
        if path.is_file():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]
