"""The same encoders and heads as OpenVINO graphs: the reference's logits, whatever the lengths of a batch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from checkpoints import LABELS, bert_config, corpus, deberta_config
from comparisons import agreement, alone_and_together
from test_encoders import REAL_DISTANCES, backbone
from test_parity import check_logits

from bridge.errors import CheckpointError
from bridge.scorer import Scorer, _scorer
from bridge.scorer import _openvino as runtime
from bridge.scorer._openvino import OpenVinoEncoder, has_openvino
from bridge.scorer._products import runs_here
from bridge.scorer._trials import LABELS as SAMPLE_LABELS
from bridge.scorer._trials import SAMPLE

needs_openvino = pytest.mark.skipif(not has_openvino(), reason="the extra openvino is not installed")

#: Every form of FORMS whose text backbone is rewritten, and that differs in what the encoder gives to what follows.
REWRITTEN = (
    "uni markerV0 deberta",
    "uni markerV0 bert",
    "uni markerV0 bert, no rnn, class vector behind the marker",  # a projection of the same width is none
    "uni markerV0 deberta, last subtoken, two rnn layers",
    "uni marker deberta (gliner_base)",
    "uni markerV0 deberta, mean of the subtokens",
    "uni token deberta (gliner-multitask)",
    "bi markerV0 bert (embedded model)",
    "bi markerV0 deberta, stored rnn",
    "poly markerV0 deberta (gliner-poly)",
)


@needs_openvino
@pytest.mark.parametrize("config", [deberta_config(), deberta_config(**REAL_DISTANCES), bert_config()])
@pytest.mark.parametrize("lengths", [[1], [2], [37], [257], [400], [5, 40, 1], [300, 9, 260]])
def test_hidden_vectors_are_those_of_transformers(config: dict[str, Any], lengths: list[int]) -> None:
    model = backbone(config)
    ids = torch.randint(5, 300, (len(lengths), max(lengths)))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)).long()
    with torch.inference_mode():
        expected = model(input_ids=ids, attention_mask=mask).last_hidden_state
        run = OpenVinoEncoder(model, None, "fp32")
        found = run(ids, mask)
        places = torch.tensor([[length - 1, 0, length // 2] for length in lengths])
        some = run(ids, mask, places)
    torch.testing.assert_close(found[mask > 0], expected[mask > 0], atol=1e-4, rtol=0)
    torch.testing.assert_close(some, expected[torch.arange(len(lengths)).unsqueeze(1), places], atol=1e-4, rtol=0)


@needs_openvino
@pytest.mark.parametrize("form", REWRITTEN)
def test_entities_and_scores_are_the_reference_s(form: str, pairs: Callable[[str], Any]) -> None:
    pair = pairs(form)
    other = replace(pair, scorer=Scorer.load(pair.folder, runtime="openvino"))
    assert other.scorer.runtime == "openvino"
    assert other.scorer.fingerprint == pair.scorer.fingerprint
    assert other.compare(corpus(40, seed=5), LABELS, 0.4) > 10


@needs_openvino
@pytest.mark.parametrize("form", [form for form in REWRITTEN if "markerV0" in form])
def test_every_logit_is_the_reference_s(
    form: str, pairs: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = pairs(form)
    check_logits(replace(pair, scorer=Scorer.load(pair.folder, runtime="openvino")), monkeypatch)


@needs_openvino
@pytest.mark.parametrize("form", [form for form in REWRITTEN if "markerV0" in form])
def test_padding_of_a_batch_reaches_no_score(form: str, pairs: Callable[[str], Any]) -> None:
    scorer = Scorer.load(pairs(form).folder, runtime="openvino")
    texts = ["nike", " ".join(corpus(20, seed=7))[:250], "red shoes under $50", " ".join(corpus(3, seed=8))]
    together = scorer.predict(texts, LABELS, 0.05, batch_size=4)
    alone = [scorer.predict([text], LABELS, 0.05)[0] for text in texts]
    assert sum(map(len, alone)) > 5
    for one, many in zip(alone, together, strict=True):
        assert [(span.start, span.end, span.label) for span in many] == [(s.start, s.end, s.label) for s in one]
        assert [span.score for span in many] == pytest.approx([span.score for span in one], abs=1e-5)


@needs_openvino
def test_labels_beyond_one_pass_of_the_head_are_those_of_torch(bi: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_scorer, "LABELS_PER_HEAD", 3)
    scorer = Scorer.load(bi.folder, runtime="openvino")
    sets = [[*LABELS, "city", "size"][: 1 + number % 6] for number in range(12)]
    texts = corpus(12, seed=5)
    expected, found = bi.scorer.predict(texts, sets, 0.2), scorer.predict(texts, sets, 0.2)
    assert sum(map(len, expected)) > 10
    for one, other in zip(expected, found, strict=True):
        assert [(span.start, span.end, span.label) for span in other] == [(s.start, s.end, s.label) for s in one]
        assert [span.score for span in other] == pytest.approx([span.score for span in one], abs=1e-4)


@needs_openvino
@pytest.mark.skipif(not runs_here("bf16"), reason="this processor does not compute in bf16")
def test_bf16_rounds_says_so_in_the_fingerprint_and_finds_what_fp32_finds() -> None:
    exact, scorer = Scorer.load(), Scorer.load(dtype="bf16", runtime="openvino")
    assert scorer.fingerprint == f"{exact.fingerprint}+bf16.openvino"
    assert agreement(exact, scorer, SAMPLE, SAMPLE_LABELS) > 0.95


@needs_openvino
def test_threads_may_share_a_scorer(uni: Any) -> None:
    alone, together = alone_and_together(Scorer.load(uni.folder, runtime="openvino"), corpus(24, seed=7), LABELS)
    assert together == alone


@needs_openvino
def test_auto_tries_it_beside_torch(uni: Any) -> None:
    scorer = Scorer.load(uni.folder, runtime="auto")
    [trial] = scorer.trials
    assert trial.way == ("fp32", "openvino")
    assert trial.loss == 0.0
    assert scorer.runtime == ("openvino" if trial.accepted else "torch")


@needs_openvino
def test_a_dtype_that_it_does_not_compute_in(uni: Any) -> None:
    if not runs_here("int8"):
        pytest.skip("this processor does not compute in int8")
    with pytest.raises(CheckpointError, match="openvino does not compute in int8") as caught:
        Scorer.load(uni.folder, dtype="int8", runtime="openvino")
    assert caught.value.hint == "use the runtime torch, or fp32 or bf16"


@pytest.mark.parametrize("form", ["bi markerV0 modernbert (modern-gliner-bi)", "uni markerV0 deberta, all layers"])
def test_a_backbone_that_only_torch_runs_says_so(form: str, pairs: Callable[[str], Any]) -> None:
    folder = pairs(form).folder
    with pytest.raises(CheckpointError, match="only runs in fp32 on torch"):
        Scorer.load(folder, runtime="openvino")
    assert Scorer.load(folder, runtime="auto").runtime == "torch"


def test_without_the_extra_the_error_says_what_to_install(
    build: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime, "has_openvino", lambda: False)
    with pytest.raises(CheckpointError, match="OpenVINO is not installed") as caught:
        Scorer.load(build(backbone="bert"), runtime="openvino")
    assert "gliner-bridge[openvino]" in str(caught.value)
