"""From a recipe to the network that is trained: encoders in, heads fresh, what is frozen frozen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import nn

from bridge.errors import CheckpointError
from bridge.scorer._checkpoint import load_checkpoint
from bridge.scorer._config import CheckpointConfig
from bridge.scorer._network import Network
from bridge.training._config import NetworkConfig
from bridge.training._encoder import Encoder, load_encoder, trim_vocabulary
from bridge.training._labels import LabelVectors


@dataclass(frozen=True)
class Model:
    """A network in training with the tokenizers that belong to it."""

    network: Network
    config: CheckpointConfig
    tokenizer: Tokenizer
    labels_tokenizer: Tokenizer
    label_vectors: LabelVectors
    frozen_layers: int
    pad: int

    def train_mode(self) -> None:
        """Dropout on, except in frozen parts, which compute as they will at inference."""
        self.network.train()
        for module in _frozen_modules(self.network, self.frozen_layers):
            module.eval()


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
    return assemble(recipe, text_encoder, label_encoder, seed=seed)


def start_from(name: str, recipe: NetworkConfig) -> Model:
    """The network of a finished bi-encoder checkpoint, to be trained further; its shape and vocabulary stay.

    Raises:
        CheckpointError: it cannot be loaded, or is of another kind or size than the recipe says.
    """
    checkpoint = load_checkpoint(name)
    config = checkpoint.config
    if config.family != "bi-span" or config.span_mode != "markerV0":
        raise CheckpointError("only bi-encoders with a markerV0 head are trained further", where=str(checkpoint.folder))
    for key in ("hidden_size", "max_width", "max_len"):
        if getattr(config, key) != getattr(recipe, key):
            raise CheckpointError(
                f"the recipe's {key} is {getattr(recipe, key)}, the checkpoint's {getattr(config, key)}",
                where=str(checkpoint.folder),
            )
    nested = checkpoint.folder / "labels_tokenizer"
    tokenizer, labels_tokenizer = (
        Tokenizer.from_file(str(folder / "tokenizer.json"))
        for folder in (checkpoint.folder, nested if nested.is_dir() else checkpoint.folder)
    )
    assert config.encoder_config is not None
    assert config.labels_encoder_config is not None
    network = checkpoint.network.requires_grad_(True)
    for parameter in network.parameters():
        parameter.data = parameter.data.clone()  # encoders that share a stored tensor part here
    for module in _frozen_modules(network, recipe.frozen_layers):
        module.requires_grad_(False)
    vectors = LabelVectors(network, labels_tokenizer, int(config.labels_encoder_config["pad_token_id"]))
    pad = int(config.encoder_config["pad_token_id"])
    return Model(network, config, tokenizer, labels_tokenizer, vectors, recipe.frozen_layers, pad)


def assemble(recipe: NetworkConfig, text_encoder: Encoder, label_encoder: Encoder, *, seed: int = 0) -> Model:
    """The network around two given encoders (see `build_model`)."""
    config = CheckpointConfig(
        model_name=recipe.encoder,
        labels_encoder=recipe.labels_encoder,
        encoder_config=text_encoder.config,
        labels_encoder_config=label_encoder.config,
        span_mode="markerV0",
        hidden_size=recipe.hidden_size,
        max_width=recipe.max_width,
        max_len=recipe.max_len,
        num_rnn_layers=0,
        dropout=recipe.dropout,
        family="bi-span",
    )
    torch.manual_seed(seed)
    network = Network(config, text_encoder.backbone(), label_encoder.backbone())
    for module in _frozen_modules(network, recipe.frozen_layers):
        for parameter in module.parameters():
            parameter.requires_grad_(False)
    pad = int(text_encoder.config["pad_token_id"])
    vectors = LabelVectors(network, label_encoder.tokenizer, int(label_encoder.config["pad_token_id"]))
    return Model(network, config, text_encoder.tokenizer, label_encoder.tokenizer, vectors, recipe.frozen_layers, pad)


def _frozen_modules(network: Network, layers: int) -> list[nn.Module]:
    representation = network.token_rep_layer
    backbone: nn.Module = representation.bert_layer.model
    frozen: list[nn.Module] = [representation.labels_encoder]
    if layers:
        frozen += [backbone.embeddings, *list(backbone.encoder.layer)[:layers]]  # type: ignore[list-item,union-attr,arg-type]
    return frozen
