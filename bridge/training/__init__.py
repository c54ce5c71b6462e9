"""Training of GLiNER span models: recipe and annotated texts in, checkpoint in GLiNER's own format out."""

from __future__ import annotations

from bridge.training._config import TrainConfig, load_config
from bridge.training._run import run_training

__all__ = ["TrainConfig", "load_config", "run_training"]
