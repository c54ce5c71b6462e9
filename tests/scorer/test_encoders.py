"""The rewritten encoders give the hidden vectors of transformers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from checkpoints import bert_config, deberta_config, modernbert_config

from bridge.scorer._bert import Bert
from bridge.scorer._deberta import Deberta
from bridge.scorer._encoders import _rewritten
from bridge.scorer._network import build_backbone

#: Settings of the published backbones: distances beyond 128 share buckets, 512 positions in all.
REAL_DISTANCES = {"max_position_embeddings": 512, "position_buckets": 256}


def backbone(config: dict[str, Any]) -> Any:
    torch.manual_seed(3)
    model = build_backbone(config).eval().requires_grad_(False)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            torch.nn.init.normal_(parameter, std=parameter.shape[1] ** -0.5)
    return model


@pytest.mark.parametrize("config", [deberta_config(), deberta_config(**REAL_DISTANCES), bert_config()])
@pytest.mark.parametrize("lengths", [[1], [2], [37], [256], [257], [400], [5, 40, 1], [300, 9, 260]])
def test_hidden_vectors_are_those_of_transformers(config: dict[str, Any], lengths: list[int]) -> None:
    model = backbone(config)
    run = {"bert": Bert, "deberta-v2": Deberta}[config["model_type"]](model)
    ids = torch.randint(5, 300, (len(lengths), max(lengths)))
    mask = (torch.arange(max(lengths)) < torch.tensor(lengths).unsqueeze(1)).long()
    with torch.inference_mode():
        expected = model(input_ids=ids, attention_mask=mask).last_hidden_state
        found = run(ids, mask)
        places = torch.tensor([[length - 1, 0, length // 2] for length in lengths])
        some = run(ids, mask, places)
    torch.testing.assert_close(found[mask > 0], expected[mask > 0], atol=1e-4, rtol=0)
    torch.testing.assert_close(some, expected[torch.arange(len(lengths)).unsqueeze(1), places], atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    "config",
    [
        deberta_config(position_biased_input=True),
        deberta_config(pos_att_type=["c2p"]),
        deberta_config(share_att_key=False),
        deberta_config(type_vocab_size=2),
        deberta_config(hidden_act="relu"),
        bert_config(hidden_act="relu"),
        modernbert_config(),
    ],
)
def test_other_forms_run_as_transformers_runs_them(config: dict[str, Any]) -> None:
    assert _rewritten(backbone(config)) is None
