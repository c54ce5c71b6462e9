from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from bridge.scorer import Scorer

sys.path.insert(0, str(Path(__file__).parent))

import checkpoints

torch.set_num_threads(1)  # toy models: more threads only wait for each other

#: The forms of checkpoints that this package promises to score as the reference does.
FORMS: dict[str, dict[str, Any]] = {
    "uni markerV0 deberta": {},
    "uni markerV0 bert": {"backbone": "bert"},
    "uni markerV0 bert, no rnn, class vector behind the marker": {
        "backbone": "bert",
        "num_rnn_layers": 0,
        "embed_ent_token": False,
        "hidden_size": 32,
    },
    "uni markerV0 deberta, last subtoken, two rnn layers": {"subtoken_pooling": "last", "num_rnn_layers": 2},
    "uni marker deberta (gliner_base)": {"span_mode": "marker", "hidden_size": 32},
    "uni marker deberta, one word (NuNerZero)": {"span_mode": "marker", "max_width": 1},
    "bi markerV0 bert (embedded model)": {
        "backbone": "bert",
        "labels_encoder": True,
        "hidden_size": 20,
        "num_rnn_layers": 0,
    },
    "bi markerV0 deberta, stored rnn": {"labels_encoder": True},
    "bi markerV0 modernbert (modern-gliner-bi)": {"backbone": "modernbert", "labels_encoder": True},
    "uni markerV0 deberta, mean of the subtokens": {"subtoken_pooling": "mean"},
    "uni markerV0 deberta, maximum of the subtokens": {"subtoken_pooling": "max", "num_rnn_layers": 0},
    "uni token deberta (gliner-multitask)": {"span_mode": "token_level", "seed": 3},
    "bi token bert": {"backbone": "bert", "span_mode": "token_level", "labels_encoder": True, "seed": 3, "spread": 4.0},
    "poly markerV0 deberta (gliner-poly)": {
        "labels_encoder": True,
        "post_fusion_schema": "l2l-l2t-t2t",
        "num_post_fusion_layers": 2,
    },
    "poly token bert": {
        "backbone": "bert",
        "span_mode": "token_level",
        "labels_encoder": True,
        "seed": 2,
        "spread": 5.0,  # or a random model is never sure
        "post_fusion_schema": "t2l-l2l-t2t-l2t",
    },
}
#: Span heads that few or no published checkpoints have.
HEADS = ("query", "mlp", "cat", "conv_conv", "conv_max", "conv_mean", "conv_sum", "conv_share")
FORMS |= {f"uni {mode} bert": {"backbone": "bert", "span_mode": mode, "seed": 2} for mode in HEADS}
#: Forms that are compared text by text: in a batch the reference lets scores depend on the padding, or fails.
LONELY_FORMS: dict[str, dict[str, Any]] = {
    "uni token bert, spans represented": {
        "backbone": "bert",
        "span_mode": "token_level",
        "represent_spans": True,
        "seed": 5,
    },
    "uni markerV1 bert": {"backbone": "bert", "span_mode": "markerV1", "spread": 6.0},
    "uni markerV2 bert": {"backbone": "bert", "span_mode": "markerV2", "spread": 6.0},
    "uni markerV0 deberta, all layers": {"fuse_layers": True},
    "uni token bert, all layers": {"backbone": "bert", "span_mode": "token_level", "fuse_layers": True},
}


@dataclass(frozen=True)
class Pair:
    """The reference library and the bridge on one checkpoint."""

    folder: Path
    reference: Any
    scorer: Scorer

    def compare(self, texts: Any, labels: Any, threshold: float = 0.5, *, batch_size: int = 8, **how: bool) -> int:
        """Assert that both give the same entities with the same scores; returns their number."""
        flat = how.pop("flat", True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = self.reference.inference(
                texts, labels, flat_ner=flat, threshold=threshold, batch_size=batch_size, **how
            )
        found = self.scorer.predict(texts, labels, threshold, flat=flat, batch_size=batch_size, calibrated=False, **how)
        assert len(found) == len(expected)
        for theirs, ours in zip(expected, found, strict=True):
            scores = {(entity["start"], entity["end"], entity["label"]): entity["score"] for entity in theirs}
            assert {(span.start, span.end, span.label) for span in ours} == scores.keys()
            assert len(ours) == len(theirs)
            assert [span.text for span in ours] == [span_text(ours.text, span) for span in ours]
            assert [span.score for span in ours] == pytest.approx(
                [scores[span.start, span.end, span.label] for span in ours], abs=1e-4
            )
            # In order of start, then of score: scores that differ by rounding only may change places.
            assert list(ours) == sorted(ours, key=lambda span: (span.start, -span.score))
            assert [span.start for span in ours] == [entity["start"] for entity in theirs]
        return sum(map(len, expected))


def span_text(text: str, span: Any) -> str:
    return text[span.start : span.end]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Build a random checkpoint in a new folder."""

    def make(**settings: Any) -> Path:
        return checkpoints.build(tmp_path_factory.mktemp("gliner") / "model", **settings)

    return make


@pytest.fixture(scope="session")
def load_pair() -> Callable[[Path], Pair]:
    def load(folder: Path) -> Pair:
        from gliner import GLiNER

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Pair(folder, GLiNER.from_pretrained(str(folder), local_files_only=True), Scorer.load(folder))

    return load


@pytest.fixture(scope="session")
def pairs(build: Callable[..., Path], load_pair: Callable[[Path], Pair]) -> Callable[[str], Pair]:
    """One of FORMS, built at first use."""
    known: dict[str, Pair] = {}

    def get(form: str) -> Pair:
        if form not in known:
            known[form] = load_pair(build(**(FORMS | LONELY_FORMS)[form]))
        return known[form]

    return get


@pytest.fixture(params=FORMS)
def pair(request: pytest.FixtureRequest, pairs: Callable[[str], Pair]) -> Pair:
    return pairs(request.param)


@pytest.fixture(params=LONELY_FORMS)
def lonely_pair(request: pytest.FixtureRequest, pairs: Callable[[str], Pair]) -> Pair:
    return pairs(request.param)


@pytest.fixture
def uni(pairs: Callable[[str], Pair]) -> Pair:
    return pairs("uni markerV0 deberta")


@pytest.fixture
def bert(pairs: Callable[[str], Pair]) -> Pair:
    return pairs("uni markerV0 bert")


@pytest.fixture
def bi(pairs: Callable[[str], Pair]) -> Pair:
    return pairs("bi markerV0 bert (embedded model)")
