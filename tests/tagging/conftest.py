"""A real scorer with random weights."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from bridge.scorer import Scorer


@pytest.fixture(scope="session")
def real_scorer(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    """A real scorer on a random-weight checkpoint that the scorer's tests know how to build."""
    path = Path(__file__).resolve().parents[1] / "scorer" / "checkpoints.py"
    spec = importlib.util.spec_from_file_location("tagging_checkpoints", path)
    assert spec is not None
    assert spec.loader is not None
    checkpoints = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(checkpoints)
    return Scorer.load(checkpoints.build(tmp_path_factory.mktemp("gliner") / "model", backbone="bert"))
