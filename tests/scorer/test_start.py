"""A start imports only what it uses: the usual checkpoints are read without transformers, and the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from checkpoints import bert_config, corpus, deberta_config, modernbert_config, unigram, wordpiece
from transformers import AutoTokenizer, BertTokenizer, DebertaV2Tokenizer

from bridge.scorer._network import build_backbone
from bridge.scorer._skeletons import skeleton
from bridge.scorer._subwords import Subwords
from bridge.scorer._tokenizers import _plain, load_tokenizer

SCORE = """
import sys
from bridge.scorer import Scorer
assert Scorer.load(*sys.argv[1:]).predict(["red nike running shoes"], ["brand"], 0.0)[0]
print(*sorted(name for name in sys.modules if name in {heavy}))
"""
#: What takes longer to import than a small model takes to load.
HEAVY = {"transformers", "transformers.models.auto", "huggingface_hub", "torch._dynamo", "sympy", "sklearn", "scipy"}


def imported(*arguments: str) -> set[str]:
    """The heavy modules that a first answer imports, in a process of its own."""
    code = SCORE.replace("{heavy}", repr(HEAVY))
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


def test_the_embedded_model_answers_without_transformers() -> None:
    assert imported() == set()


def test_a_published_kind_of_checkpoint_answers_without_the_models_of_transformers(build: Callable[..., Path]) -> None:
    folder = build()  # DeBERTa
    deberta(folder)
    assert imported(str(folder)) <= {"transformers", "huggingface_hub"}


def bert(folder: Path) -> None:
    vocabulary = wordpiece().get_vocab()
    BertTokenizer(vocab=vocabulary).save_pretrained(folder)


def deberta(folder: Path) -> None:
    model = json.loads(unigram().backend_tokenizer.to_str())["model"]
    DebertaV2Tokenizer(vocab=[(piece, score) for piece, score in model["vocab"]]).save_pretrained(folder)


def plain_bert(folder: Path) -> None:
    wordpiece().save_pretrained(folder)


def plain_unigram(folder: Path) -> None:
    unigram().save_pretrained(folder)


TEXTS = [*corpus(40, seed=12), "[SEP] nike [CLS]", "cafe\u0301 汉字 \u200b x", " two  spaces ", "don't"]


@pytest.mark.parametrize("save", [plain_bert, plain_unigram, bert, deberta])
@pytest.mark.parametrize(
    "changes",
    [{}, {"extra_special_tokens": ["<<ENT>>"]}, {"add_prefix_space": True}, {"bos_token": "[SEP]"}],
    ids=["as saved", "one more token", "prefix space", "another beginning"],
)
def test_a_tokenizer_is_the_one_that_transformers_finds(
    save: Callable[[Path], None], changes: dict[str, Any], tmp_path: Path
) -> None:
    save(tmp_path)
    file = tmp_path / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    expected = AutoTokenizer.from_pretrained(tmp_path, local_files_only=True)
    found = load_tokenizer(tmp_path)
    assert (len(found), found.pad_token, found.pad_token_id) == (
        len(expected),
        expected.pad_token,
        expected.pad_token_id,
    )
    assert found.model_max_length == expected.model_max_length
    assert found.get_vocab() == expected.get_vocab()
    for text in TEXTS:
        ids = found.backend_tokenizer.encode(text, add_special_tokens=False).ids
        assert ids == expected.backend_tokenizer.encode(text, add_special_tokens=False).ids
    if not changes:
        ours, theirs = Subwords(found), Subwords(expected)
        assert (ours.prefix, ours.suffix) == (theirs.prefix, theirs.suffix)
        found.add_tokens(["<<ENT>>", "<<SEP>>"], special_tokens=True)
        expected.add_tokens(["<<ENT>>", "<<SEP>>"], special_tokens=True)
        assert found.get_vocab() == expected.get_vocab()


def test_a_tokenizer_that_is_more_than_its_file_goes_to_transformers(tmp_path: Path) -> None:
    plain_bert(tmp_path)
    assert _plain(tmp_path) is not None
    file = tmp_path / "tokenizer_config.json"
    config = json.loads(file.read_text())
    for changes in (
        {"tokenizer_class": "BertTokenizer"},
        {"add_prefix_space": True},
        {"unk_token": "[NEW]"},
        {"bos_token": "[SEP]"},
        {"pad_token": None},
        {"added_tokens_decoder": {"300": {"content": "x"}}},
    ):
        file.write_text(json.dumps(config | changes))
        assert _plain(tmp_path) is None


@pytest.mark.parametrize("config", [bert_config(), deberta_config(), deberta_config(norm_rel_ebd="none")])
def test_a_skeleton_has_the_weights_of_transformers_model(config: dict[str, Any]) -> None:
    bones = skeleton(config, rows=310)
    assert bones is not None
    expected = build_backbone(config, rows=310).state_dict()
    assert {name: tensor.shape for name, tensor in bones.state_dict().items()} == {
        name: tensor.shape for name, tensor in expected.items()
    }


def test_a_config_may_leave_out_what_transformers_knows() -> None:
    for config in (
        {"model_type": "bert", "num_hidden_layers": 1},
        {"num_hidden_layers": 1, "model_type": "deberta-v2"},
    ):
        bones = skeleton(config)
        assert (bones is None) == (config["model_type"] == "deberta-v2")  # whose plain form has no distances
        if bones is not None:
            shapes = {name: tensor.shape for name, tensor in build_backbone(config).state_dict().items()}
            assert {name: tensor.shape for name, tensor in bones.state_dict().items()} == shapes


@pytest.mark.parametrize(
    "config",
    [
        modernbert_config(),
        bert_config(hidden_act="relu"),
        deberta_config(position_biased_input=True),
        deberta_config(attention_head_size=8),
        {"model_type": "deberta-v2"},  # whose defaults have no distances
    ],
)
def test_other_forms_have_none(config: dict[str, Any]) -> None:
    assert skeleton(config) is None
