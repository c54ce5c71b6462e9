"""A tiny encoder, annotated files, and recipes that train on them in seconds."""

from __future__ import annotations

import json
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tiny_encoder import write_encoder

from bridge.training._config import TrainConfig

RECORDS = [
    {"tokens": ["red", "nike", "shoes"], "spans": [[0, 0, "color"], [1, 1, "brand"], [2, 2, "product type"]]},
    {"tokens": ["blue", "shirt", "by", "adidas"], "spans": [[0, 0, "color"], [1, 1, "product type"], [3, 3, "brand"]]},
    {"tokens": ["organic", "coffee"], "spans": [[0, 1, "product type"]]},
    {"tokens": ["sony", "laptop", "under", "50", "usd"], "spans": [[0, 0, "brand"], [1, 1, "product type"]]},
    {"tokens": ["green", "nike", "jacket", "xl"], "spans": [[0, 0, "color"], [1, 1, "brand"], [2, 2, "product type"]]},
    {"tokens": ["play", "the", "song"], "spans": []},
]  # fmt: skip


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS * 6)
    (folder / "queries.jsonl").write_text(lines)
    with lzma.open(folder / "queries.dev.jsonl.xz", "wt") as handle:
        handle.write(lines)
    return folder


@pytest.fixture
def recipe(encoder_folder: Path) -> Callable[..., TrainConfig]:
    def make(steps: int = 6, **changes: Any) -> TrainConfig:
        network = {
            "encoder": str(encoder_folder), "labels_encoder": str(encoder_folder), "hidden_size": 16, "max_width": 4,
            "frozen_layers": 1,
        }  # fmt: skip
        raw: dict[str, Any] = {
            "seed": 5,
            "network": {**network, **changes.pop("network", {})},
            "optimiser": {"steps": steps, "batch_texts": 4, "bf16": False, **changes.pop("optimiser", {})},
            "sets": [{"name": "queries", "file": "queries.jsonl"}],
            "dev": [{"name": "queries", "file": "queries.dev.jsonl.xz", "limit": 12}],
            **changes,
        }
        return TrainConfig.model_validate(raw)

    return make
