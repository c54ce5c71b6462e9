"""On a GPU: the reference's predictions in fp32, nearly the same in fewer bits. Skipped where torch sees none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from checkpoints import LABELS, bert_config, corpus, deberta_config
from comparisons import agreement, alone_and_together
from test_encoders import REAL_DISTANCES, backbone

from bridge.entities import TaggedText
from bridge.errors import CheckpointError, SetupError
from bridge.scorer import Scorer
from bridge.scorer._bert import Bert
from bridge.scorer._deberta import Deberta
from bridge.scorer._trials import Way

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="this torch sees no GPU")

TEXTS = corpus(24, seed=7)


def test_entities_and_scores_are_the_references(pair: Any) -> None:
    check_reference(pair, batch_size=8)


def test_forms_whose_reference_cannot_batch_are_the_references_text_by_text(lonely_pair: Any) -> None:
    check_reference(lonely_pair, batch_size=1)


def check_reference(pair: Any, batch_size: int) -> None:
    other = replace(pair, scorer=Scorer.load(pair.folder, device="cuda"))
    assert other.scorer.device == "cuda:0"
    assert other.scorer.fingerprint == pair.scorer.fingerprint
    assert sum(other.compare(TEXTS, LABELS, threshold, batch_size=batch_size) for threshold in (0.1, 0.3, 0.5, 0.8)) > 0
    assert other.compare(TEXTS, LABELS, 0.3, batch_size=batch_size, flat=False) > 0


def test_results_are_those_of_the_processor(pair: Any) -> None:
    check_processor(pair)


def test_results_of_rare_forms_are_those_of_the_processor(lonely_pair: Any) -> None:
    check_processor(lonely_pair)


def check_processor(pair: Any) -> None:
    """A long text, labels for each text, a threshold for each label, runners-up: what the reference does not know."""
    texts = [*TEXTS[:6], " ".join(corpus(40, seed=3))]
    labels = [LABELS[: 1 + number % 4] for number in range(len(texts))]
    thresholds = {"brand": 0.2, "color": 0.35, "price": 0.6}
    expected, found = (
        scorer.predict(texts, labels, thresholds, runners_up=2)
        for scorer in (pair.scorer, Scorer.load(pair.folder, device="cuda"))
    )
    assert sum(map(len, expected)) > 0
    check_same(found, expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert sum(len(span.runners_up) for span in ours) == sum(len(span.runners_up) for span in theirs)


def check_same(found: Sequence[TaggedText], expected: Sequence[TaggedText]) -> None:
    for ours, theirs in zip(found, expected, strict=True):
        scores = {(span.start, span.end, span.label): span.score for span in theirs}
        assert {(span.start, span.end, span.label) for span in ours} == scores.keys()
        for span in ours:
            assert span.score == pytest.approx(scores[span.start, span.end, span.label], abs=1e-4)


@pytest.mark.parametrize("config", [deberta_config(), deberta_config(**REAL_DISTANCES), bert_config()])
@pytest.mark.parametrize("lengths", [[1], [37], [400], [5, 40, 1], [300, 9, 260]])
def test_hidden_vectors_are_those_of_transformers(config: dict[str, Any], lengths: list[int]) -> None:
    model = backbone(config)
    ids = torch.randint(5, 300, (len(lengths), max(lengths)))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)).long()
    with torch.inference_mode():
        expected = model(input_ids=ids, attention_mask=mask).last_hidden_state
        found = {"bert": Bert, "deberta-v2": Deberta}[config["model_type"]](model.cuda())(ids, mask).cpu()
    torch.testing.assert_close(found[mask > 0], expected[mask > 0], atol=1e-4, rtol=0)


@pytest.mark.parametrize("dtype", ["bf16", "fp16"])
@pytest.mark.parametrize(
    "form", ["uni markerV0 deberta", "bi markerV0 bert (embedded model)", "bi markerV0 modernbert (modern-gliner-bi)"]
)
def test_fewer_bits_find_nearly_the_same_and_say_so_in_the_fingerprint(
    dtype: Any, form: str, pairs: Callable[[str], Any]
) -> None:
    folder = pairs(form).folder
    exact, scorer = (Scorer.load(folder, dtype=one, device="cuda") for one in ("fp32", dtype))
    assert scorer.fingerprint == f"{exact.fingerprint}+{dtype}.cuda"
    assert agreement(exact, scorer, corpus(40, seed=5), LABELS) > 0.8


def test_scores_do_not_depend_on_the_batch(uni: Any) -> None:
    scorer = Scorer.load(uni.folder, device="cuda")
    texts = corpus(80, seed=9)
    check_same(scorer.predict(texts, LABELS), scorer.predict(texts, LABELS, batch_size=1))


@pytest.mark.parametrize("form", ["uni markerV0 deberta", "bi markerV0 bert (embedded model)"])
def test_threads_may_share_a_scorer(form: str, pairs: Callable[[str], Any]) -> None:
    scorer = Scorer.load(pairs(form).folder, device="cuda")
    alone, together = alone_and_together(scorer, corpus(24, seed=7), LABELS)
    check_same(together, alone)


def test_names_have_the_vectors_of_the_processor(bi: Any) -> None:
    one, other = (Scorer.load(bi.folder, device=device).embed(LABELS) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(other, one, atol=1e-5)


def test_auto_is_the_gpu_unless_a_setting_needs_the_processor() -> None:
    assert Scorer.load(device="auto").device == "cuda:0"
    assert Scorer.load(dtype="int8", device="auto").device == "cpu"


def test_auto_tries_the_dtypes_that_a_gpu_has() -> None:
    assert {trial.way for trial in Scorer.load(dtype="auto", device="cuda").trials} == {Way("bf16"), Way("fp16")}


def test_what_a_gpu_has_not_is_refused() -> None:
    with pytest.raises(CheckpointError, match="this GPU does not compute in int8"):
        Scorer.load(dtype="int8", device="cuda")
    with pytest.raises(CheckpointError, match="openvino does not run on a GPU"):
        Scorer.load(runtime="openvino", device="cuda")
    with pytest.raises(SetupError, match="none of them cuda:99"):
        Scorer.load(device="cuda:99")
