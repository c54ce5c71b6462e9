"""A tiny checkpoint with random weights, made by the training package's own export."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_encoder import write_encoder

from bridge.training._config import NetworkConfig
from bridge.training._export import export
from bridge.training._model import build_model


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    encoder = str(write_encoder(tmp_path_factory.mktemp("encoder")))
    network = NetworkConfig(encoder=encoder, labels_encoder=encoder, hidden_size=16, max_width=4, frozen_layers=1)
    return export(build_model(network, []), tmp_path_factory.mktemp("checkpoint") / "model")
