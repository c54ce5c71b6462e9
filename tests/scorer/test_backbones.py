"""Further backbones of transformers: those that the reference builds and loads are scored as it scores them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkpoints import LABELS, OTHERS, corpus, other_config
from test_parity import check_logits

from bridge.errors import CheckpointError
from bridge.scorer import Scorer
from bridge.scorer._network import build_backbone

ENCODERS = ["mdeberta", *(f"other {kind}" for kind in OTHERS if kind != "llama")]


@pytest.mark.parametrize("backbone", ENCODERS)
def test_entities_and_logits_are_the_references(
    build: Callable[..., Path], load_pair: Callable[[Path], Any], monkeypatch: pytest.MonkeyPatch, backbone: str
) -> None:
    pair = load_pair(build(backbone=backbone))
    assert pair.compare(corpus(24, seed=7), LABELS, 0.3) > 0
    check_logits(pair, monkeypatch)


@pytest.mark.parametrize("kind", ["roberta", "mpnet", "electra", "distilbert"])
def test_their_positions_bound_a_window(build: Callable[..., Path], kind: str) -> None:
    scorer = Scorer.load(build(backbone=f"other {kind}", encoder={"max_position_embeddings": 96}, max_len=384))
    text = " ".join(corpus(30, seed=4))
    (tagged,) = scorer.predict([text], LABELS, 0.1)
    assert tagged.coverage.share == 1.0
    assert tagged[-1].end > len(text) * 0.8


def test_a_decoder_is_refused_by_name(build: Callable[..., Path]) -> None:
    folder = build(backbone="other llama")  # which the reference scores through a causal mask, without llm2vec
    with pytest.raises(CheckpointError, match="llama backbone is a decoder"):
        Scorer.load(folder)


@pytest.mark.parametrize("kind", ["mistral", "qwen2", "qwen3", "gemma", "gpt2"])
def test_every_decoder_is_refused_before_it_is_built(kind: str) -> None:
    with pytest.raises(CheckpointError, match=f"{kind} backbone is a decoder"):
        build_backbone({"model_type": kind})


def test_an_unknown_backbone_is_refused_by_name() -> None:
    with pytest.raises(CheckpointError, match="no backbone of the kind my-own"):
        build_backbone({**other_config("roberta"), "model_type": "my-own"})
