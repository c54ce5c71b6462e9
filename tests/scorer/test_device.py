"""Where a network computes, without a GPU: settings, defaults and errors."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from checkpoints import bert_config, deberta_config, modernbert_config
from test_encoders import backbone

from bridge.errors import InputError, SetupError
from bridge.scorer import Scorer
from bridge.scorer._device import pick_device
from bridge.scorer._encoders import _rewritten, _whole
from bridge.scorer._network import _Wrapped


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let torch say that it sees so many GPUs."""

    def see(count: int) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)

    return see


def test_auto_is_the_first_gpu_else_the_processor(gpus: Any) -> None:
    gpus(0)
    assert pick_device("auto") == torch.device("cpu")
    gpus(2)
    assert pick_device("auto") == torch.device("cuda")
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("cuda:1") == torch.device("cuda:1")


def test_a_gpu_that_is_missing_is_an_error(gpus: Any) -> None:
    gpus(0)
    with pytest.raises(SetupError, match="sees no GPU") as caught:
        Scorer.load(device="cuda")
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("use cpu or auto")
    gpus(1)
    with pytest.raises(SetupError, match="sees 1 GPUs, none of them cuda:1"):
        Scorer.load(device="cuda:1")


@pytest.mark.parametrize("setting", ["gpu", "cuda:", "cuda:-1", "mps", ""])
def test_an_unknown_device_is_an_error(setting: str) -> None:
    with pytest.raises(InputError, match="device must be auto, cpu, cuda or cuda:1"):
        Scorer.load(device=setting)


def test_what_only_a_processor_computes_stays_there(gpus: Any) -> None:
    gpus(1)
    assert Scorer.load(dtype="int8", device="auto").device == "cpu"


def test_the_processor_computes_in_batches_of_eight(monkeypatch: pytest.MonkeyPatch) -> None:
    scorer = Scorer.load()
    assert scorer.device == "cpu"
    sizes: list[int] = []
    score = scorer._score
    monkeypatch.setattr(scorer, "_score", lambda jobs, *a, **how: (sizes.append(len(jobs)), score(jobs, *a, **how)))
    scorer.predict(["red nike shoes"] * 20, ["brand"])
    assert sizes == [8, 8, 4]


@pytest.mark.parametrize("config", [bert_config(), deberta_config(), modernbert_config()])
@pytest.mark.parametrize("lengths", [[7], [5, 40, 1]])
def test_a_whole_backbone_in_fewer_bits_is_near_the_exact_one(config: dict[str, Any], lengths: list[int]) -> None:
    """What a GPU runs; a processor can do the same, slowly."""
    wrapped = _Wrapped(backbone(config))
    ids = torch.randint(5, 300, (len(lengths), max(lengths)))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)).long()
    with torch.inference_mode():
        expected = wrapped(ids, mask)[mask > 0]
        found = _whole(wrapped, _rewritten(wrapped.model), "bf16")(ids, mask)[mask > 0]
    assert found.dtype == torch.float32
    assert 0 < float((found - expected).abs().mean()) < 0.05
    assert next(wrapped.parameters()).dtype == torch.float32
