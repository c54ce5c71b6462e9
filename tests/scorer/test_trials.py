"""Matrix products in fewer bits and other runtimes: chosen by name, or by what they cost on a sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch

from bridge.entities import Coverage, Span, TaggedText
from bridge.errors import CheckpointError
from bridge.scorer import Scorer
from bridge.scorer import _trials as auto
from bridge.scorer._products import Dtype, product_of, runs_here
from bridge.scorer._trials import PLAIN, Trial, Way

TEXTS = ["red nike running shoes size 10", "Lavazza ground coffee 250 g pack of 4", "dell laptop 16gb ram 15.6 inch"]
LABELS = ["brand", "color", "product type", "size"]
FEW_BITS: tuple[Dtype, ...] = ("bf16", "fp16", "int8")


@pytest.mark.parametrize("dtype", FEW_BITS)
@pytest.mark.parametrize("rows", [1, 7, 70])
def test_a_product_is_near_the_exact_one(dtype: Dtype, rows: int) -> None:
    if not runs_here(dtype):
        pytest.skip(f"this processor does not compute in {dtype}")
    torch.manual_seed(0)
    weight, bias, x = torch.randn(48, 64) / 8, torch.randn(48), torch.randn(rows, 64)
    exact, found = product_of(weight, bias)(x), product_of(weight, bias, dtype)(x)
    assert found.dtype == torch.float32
    assert 0 < float((found - exact).abs().max()) < 0.15


@pytest.mark.parametrize("dtype", FEW_BITS)
def test_the_embedded_model_finds_nearly_the_same(dtype: Dtype) -> None:
    if not runs_here(dtype):
        pytest.skip(f"this processor does not compute in {dtype}")
    exact, scorer = Scorer.load(), Scorer.load(dtype=dtype)
    assert scorer.dtype == dtype
    assert scorer.fingerprint == f"{exact.fingerprint}+{dtype}"
    for one, other in zip(exact.predict(TEXTS, LABELS), scorer.predict(TEXTS, LABELS), strict=True):
        assert {(span.text, span.label) for span in other if span.score > 0.7} <= {(s.text, s.label) for s in one}


def test_a_processor_without_a_dtype_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.scorer._encoders.runs_here", lambda dtype, _: dtype == "fp32")
    with pytest.raises(CheckpointError, match="does not compute in bf16"):
        Scorer.load(dtype="bf16")


def test_a_backbone_that_only_runs_in_fp32_says_so(pairs: Callable[[str], Any]) -> None:
    folder = pairs("bi markerV0 modernbert (modern-gliner-bi)").folder
    if not runs_here("int8"):
        pytest.skip("this processor does not compute in int8")
    with pytest.raises(CheckpointError, match="modernbert backbone"):
        Scorer.load(folder, dtype="int8")
    assert Scorer.load(folder, dtype="auto").dtype == "fp32"


def test_auto_reports_what_it_measured() -> None:
    scorer = Scorer.load(dtype="auto")
    assert {trial.way for trial in scorer.trials} == {Way(dtype) for dtype in FEW_BITS if runs_here(dtype)}
    accepted = [trial.way for trial in scorer.trials if trial.accepted]
    assert (scorer.dtype, scorer.runtime) in (accepted or [PLAIN])


def test_settings_leave_ways_open_from_the_plainest_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "has_openvino", lambda: True)
    assert auto.ways("bf16", "openvino") == [Way("bf16", "openvino")]
    assert auto.ways("fp32", "auto") == [PLAIN, Way("fp32", "openvino")]
    assert auto.ways("auto", "torch") == [Way(dtype) for dtype in ("fp32", *FEW_BITS)]
    assert auto.ways("auto", "auto")[:3] == [PLAIN, Way("fp32", "openvino"), Way("bf16", "torch")]


def test_without_openvino_auto_is_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "has_openvino", lambda: False)
    assert auto.ways("fp32", "auto") == [PLAIN]
    scorer = Scorer.load(runtime="auto")
    assert (scorer.runtime, scorer.trials) == ("torch", ())


def found(*places: tuple[int, int]) -> Callable[[Sequence[str]], list[TaggedText]]:
    """A model that finds the same places in every text."""

    def predict(texts: Sequence[str]) -> list[TaggedText]:
        spans = tuple(Span(start, end, "x" * (end - start), "brand", 0.9) for start, end in places)
        return [TaggedText(text, spans, Coverage(1, 1)) for text in texts]

    return predict


def test_a_way_that_finds_other_entities_is_not_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "_gain", lambda *_: 3.0)
    models = {
        PLAIN: found((0, 3), (4, 8)),
        Way("bf16"): found((0, 3), (4, 8)),
        Way("fp16"): found((0, 3)),
        Way("int8"): found(),
    }
    trials = auto.try_ways([*models, Way("int8", "openvino")], models.get)  # the last one does not run
    assert {trial.way.dtype: round(trial.loss, 2) for trial in trials} == {"bf16": 0.0, "fp16": 0.33, "int8": 1.0}
    assert auto.best_way(PLAIN, trials) == Way("bf16")


def test_a_way_that_is_hardly_faster_is_not_worth_it() -> None:
    assert auto.best_way(PLAIN, [Trial(Way("int8"), gain=1.05, loss=0.0)]) == PLAIN
    faster = [Trial(Way("bf16"), gain=1.5, loss=0.004), Trial(Way("fp32", "openvino"), gain=2.0, loss=0.004)]
    assert auto.best_way(PLAIN, faster) == Way("fp32", "openvino")
