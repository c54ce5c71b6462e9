"""From a recipe to the network that is trained: encoders in, heads fresh, what is frozen frozen."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer
from torch import Tensor, nn

from bridge.errors import CheckpointError
from bridge.scorer._checkpoint import load_checkpoint
from bridge.scorer._config import CheckpointConfig
from bridge.scorer._network import Network
from bridge.training._config import NetworkConfig
from bridge.training._encoder import Encoder, load_encoder, trim_vocabulary
from bridge.training._inputs import Inputs, inputs_of, sequences_of
from bridge.training._labels import LabelVectors, mean_over_tokens

#: Longest sequence where the encoder's config names no limit.
_NO_LIMIT = 4096


@dataclass(frozen=True)
class Model:
    """A network in training with the tokenizers that belong to it.

    `label_vectors` gives the vectors of label texts by the label encoder as it was at the start (bi-encoders only).
    """

    network: Network
    config: CheckpointConfig
    tokenizer: Tokenizer
    labels_tokenizer: Tokenizer | None
    label_vectors: LabelVectors | None
    recipe: NetworkConfig
    pad: int

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    def to(self, device: torch.device) -> None:
        """Move all weights, and those of the label encoder as it was."""
        self.network.to(device)
        if self.label_vectors is not None:
            self.label_vectors.to(device)

    def train_mode(self) -> None:
        """Dropout on, except in frozen parts, which compute as they will at inference."""
        self.network.train()
        for module in _frozen_modules(self.network, self.recipe):
            module.eval()

    def inputs(self, texts: Sequence[Sequence[str]], labels: Sequence[str], *, values: Sequence[str] = ()) -> Inputs:
        """The tensors of a batch, on the processor; see `Inputs`."""
        learn = self.recipe.labels_learn
        uni = not self.config.is_bi_encoder
        assert self.config.encoder_config is not None
        label_tokenizer = self.labels_tokenizer or self.tokenizer
        return inputs_of(
            self.tokenizer,
            texts,
            pad=self.pad,
            limit=int(self.config.encoder_config.get("max_position_embeddings") or _NO_LIMIT),
            max_width=self.config.max_width,
            prompt=prompt_of(self.config, labels) if uni else (),
            markers=len(labels) if uni else 0,
            labels=sequences_of(label_tokenizer, labels, self._label_pad) if learn else None,
            values=sequences_of(label_tokenizer, values, self._label_pad) if learn and values else None,
        )

    def pooled(self, inputs: Inputs, labels: Sequence[str]) -> Tensor | None:
        """[C, E] label vectors as the network makes them now, or None for a uni-encoder."""
        if self.label_vectors is None:
            return None
        if inputs.labels is None:
            return self.label_vectors(labels)
        return mean_over_tokens(self.network.token_rep_layer.labels_encoder, inputs.labels)

    @property
    def _label_pad(self) -> int:
        config = self.config.labels_encoder_config or {}
        return int(config.get("pad_token_id") or 0)


def prompt_of(config: CheckpointConfig, labels: Sequence[str]) -> list[str]:
    """The words that stand before a text in a uni-encoder."""
    return [*(word for label in labels for word in (config.ent_token, label)), config.sep_token]


def build_model(recipe: NetworkConfig, texts: Iterable[str], *, seed: int = 0) -> Model:
    """The network of a recipe: pretrained encoders and random heads, or the weights of the checkpoint it starts from.

    Args:
        recipe: shape and encoders.
        texts: texts of the domain, for trimming the vocabulary.
        seed: of the random heads.

    Raises:
        CheckpointError: an encoder or the checkpoint cannot be loaded.
    """
    if recipe.start is not None:
        return start_from(recipe.start, recipe)
    text_encoder = load_encoder(recipe.encoder)
    if recipe.vocabulary is not None:
        text_encoder = trim_vocabulary(text_encoder, texts, recipe.vocabulary)
    same = recipe.labels_encoder == recipe.encoder
    label_encoder = text_encoder if same else load_encoder(recipe.labels_encoder)
    return assemble(
        recipe,
        text_encoder.lowest(recipe.layers),
        label_encoder.lowest(recipe.label_layers or recipe.layers),
        seed=seed,
    )


def start_from(name: str, recipe: NetworkConfig) -> Model:
    """The network of a finished checkpoint, to be trained further; its shape and vocabulary stay.

    Raises:
        CheckpointError: it cannot be loaded, or is of another kind or size than the recipe says.
    """
    checkpoint = load_checkpoint(name, trainable=True)
    config = checkpoint.config
    family = {"bi-span": "bi-encoder", "uni-span": "uni-encoder"}.get(config.family)
    if family != recipe.family or config.span_mode != "markerV0":
        raise CheckpointError(
            f"a {config.family} checkpoint with a {config.span_mode} head cannot start a {recipe.family} run",
            where=str(checkpoint.folder),
            hint="set network.family of the recipe; only markerV0 heads are trained",
        )
    for key in ("hidden_size", "max_width", "max_len"):
        if getattr(config, key) != getattr(recipe, key):
            raise CheckpointError(
                f"the recipe's {key} is {getattr(recipe, key)}, the checkpoint's {getattr(config, key)}",
                where=str(checkpoint.folder),
            )
    nested = checkpoint.folder / "labels_tokenizer"
    tokenizer = Tokenizer.from_file(str(checkpoint.folder / "tokenizer.json"))
    labels_tokenizer = None
    if config.is_bi_encoder:
        folder = nested if nested.is_dir() else checkpoint.folder
        labels_tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert config.encoder_config is not None
    network = checkpoint.network.requires_grad_(True)
    for parameter in network.parameters():
        parameter.data = parameter.data.clone()  # encoders that share a stored tensor part here
    if config.is_bi_encoder:
        _tie(network, recipe)
    return _model(network, config, tokenizer, labels_tokenizer, recipe)


def assemble(recipe: NetworkConfig, text_encoder: Encoder, label_encoder: Encoder, *, seed: int = 0) -> Model:
    """The network around two given encoders (see `build_model`); a uni-encoder has no use for the second."""
    bi = recipe.family == "bi-encoder"
    config = CheckpointConfig(
        model_name=recipe.encoder,
        labels_encoder=recipe.labels_encoder if bi else None,
        encoder_config=text_encoder.config,
        labels_encoder_config=label_encoder.config if bi else None,
        span_mode="markerV0",
        hidden_size=recipe.hidden_size,
        max_width=recipe.max_width,
        max_len=recipe.max_len,
        num_rnn_layers=0,
        dropout=recipe.dropout,
        family="bi-span" if bi else "uni-span",
    )
    torch.manual_seed(seed)
    if not bi:
        text_encoder, config = _with_markers(text_encoder, config)
        network = Network(config, text_encoder.backbone())
        return _model(network, config, text_encoder.tokenizer, None, recipe)
    network = Network(config, text_encoder.backbone(), label_encoder.backbone())
    _tie(network, recipe)
    return _model(network, config, text_encoder.tokenizer, label_encoder.tokenizer, recipe)


def _model(
    network: Network,
    config: CheckpointConfig,
    tokenizer: Tokenizer,
    labels_tokenizer: Tokenizer | None,
    recipe: NetworkConfig,
) -> Model:
    for module in _frozen_modules(network, recipe):
        module.requires_grad_(False)
    vectors = None
    if labels_tokenizer is not None:
        assert config.labels_encoder_config is not None
        encoder: nn.Module = network.token_rep_layer.labels_encoder
        if recipe.labels_learn:
            encoder = copy.deepcopy(encoder).requires_grad_(False)
        pad = int(config.labels_encoder_config.get("pad_token_id") or 0)
        vectors = LabelVectors(encoder, labels_tokenizer, pad)
    assert config.encoder_config is not None
    pad = int(config.encoder_config.get("pad_token_id") or 0)
    return Model(network, config, tokenizer, labels_tokenizer, vectors, recipe, pad)


def _with_markers(encoder: Encoder, config: CheckpointConfig) -> tuple[Encoder, CheckpointConfig]:
    """An encoder with the two markers of the prompt behind its vocabulary, as the reference places them."""
    tokenizer = Tokenizer.from_str(encoder.tokenizer.to_str())
    markers = [AddedToken(token, special=True, normalized=False) for token in (config.ent_token, config.sep_token)]
    tokenizer.add_special_tokens(markers)
    table = next(name for name in encoder.weights if name.endswith("word_embeddings.weight") or "tok_embed" in name)
    weights = dict(encoder.weights)
    rows, ent = weights[table], int(tokenizer.token_to_id(config.ent_token) or 0)
    new = rows.float().mean(0) + 0.02 * torch.randn(tokenizer.get_vocab_size() - len(rows), rows.shape[1])
    weights[table] = torch.cat([rows, new.to(rows.dtype)])
    size = len(weights[table])
    raw = {**encoder.config, "vocab_size": size}
    return (
        Encoder(raw, tokenizer, weights),
        replace(config, encoder_config=raw, class_token_index=ent, vocab_size=size),
    )


def _tie(network: Network, recipe: NetworkConfig) -> None:
    """Let the encoders share what the recipe says that they share."""
    representation = network.token_rep_layer
    if recipe.label_encoder == "shared":
        representation.labels_encoder.model = representation.bert_layer.model
    elif recipe.label_encoder == "trained" and recipe.encoder == recipe.labels_encoder:
        representation.labels_encoder.model.embeddings = representation.bert_layer.model.embeddings


def _frozen_modules(network: Network, recipe: NetworkConfig) -> list[nn.Module]:
    representation = network.token_rep_layer
    frozen: list[nn.Module] = []
    if recipe.family == "bi-encoder" and recipe.label_encoder == "frozen":
        frozen.append(representation.labels_encoder)
    if recipe.frozen_layers:
        encoders = [representation.bert_layer]
        if recipe.labels_learn:
            encoders.append(representation.labels_encoder)
        for encoder in encoders:
            backbone: Any = encoder.model
            frozen += [backbone.embeddings, *list(backbone.encoder.layer)[: recipe.frozen_layers]]
    return frozen
