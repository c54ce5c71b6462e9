"""Checkpoints: published layouts load, everything that would silently change scores is refused by name."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import huggingface_hub.constants
import pytest
import torch
from checkpoints import LABELS, corpus, forget
from safetensors.torch import load_file, save_file

from bridge.errors import CheckpointError
from bridge.scorer import Scorer
from bridge.scorer._backbones import KNOWN, position_limit
from bridge.scorer._locate import DEFAULT

TEXTS = corpus(12, seed=21)
WEIGHTS = "model.safetensors"
TABLE = "token_rep_layer.bert_layer.model.embeddings.word_embeddings.weight"


@pytest.fixture
def copy(uni: Any, tmp_path: Path) -> Path:
    """A checkpoint to damage."""
    return Path(shutil.copytree(uni.folder, tmp_path / "model"))


@pytest.fixture
def bi_copy(bi: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(bi.folder, tmp_path / "model"))


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


def places(scorer: Scorer, threshold: float = 0.3) -> list[list[tuple[int, int, str, float]]]:
    found = scorer.predict(TEXTS, LABELS, threshold)
    assert any(found)
    return [[(span.start, span.end, span.label, round(span.score, 3)) for span in tagged] for tagged in found]


def rewrite(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    """Change the tensors of a checkpoint."""
    weights = load_file(folder / WEIGHTS)
    change(weights)
    save_file(weights, folder / WEIGHTS)


# ------------------------------------------------------------------------------------------------ forms that load


def test_a_config_of_the_first_releases_loads(uni: Any, load_pair: Callable[[Path], Any], copy: Path) -> None:
    """gliner_base and v1 to v2.1: no tokenizer, no backbone config, no ids, training fields instead."""
    forget(
        copy,
        *(
            "encoder_config",
            "class_token_index",
            "vocab_size",
            "num_rnn_layers",
            "ent_token",
            "sep_token",
            "embed_ent_token",
        ),
        *("labels_encoder", "labels_decoder", "model_type", "words_splitter_type", "subtoken_pooling", "fuse_layers"),
        lr_encoder=1e-5,
        num_steps=30000,
        root_dir="ablation",
        size_sup=-1,
        shuffle_types=True,
    )
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    pair = load_pair(copy)
    assert pair.compare(TEXTS, LABELS, 0.3) > 0
    assert places(pair.scorer) == places(uni.scorer)


def test_a_checkpoint_from_before_the_flair_token_loads(uni: Any, copy: Path) -> None:
    """Two added rows instead of three; the reference cannot load it (0.2.29: size mismatch)."""
    flert = uni.reference.config.class_token_index - 1

    def drop(weights: dict[str, torch.Tensor]) -> None:
        table = weights[TABLE]
        weights[TABLE] = torch.cat([table[:flert], table[flert + 1 :]])

    rewrite(copy, drop)
    forget(copy, "class_token_index", "vocab_size")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (copy / name).unlink()
    assert places(Scorer.load(copy)) == places(uni.scorer)


def test_a_marker_that_the_tokenizer_knows_is_found_by_name(uni: Any, copy: Path) -> None:
    """The tokenizer is saved with its markers, the config lost the ids: counting rows would do, names always do."""

    def exchange(weights: dict[str, torch.Tensor]) -> None:
        table = weights[TABLE]
        weights[TABLE] = torch.cat([table[:-2], table[-1:], table[-2:-1]])  # <<SEP>> before <<ENT>>

    rewrite(copy, exchange)
    path = copy / "tokenizer.json"
    raw = json.loads(path.read_text())
    ent, sep = raw["added_tokens"][-2:]
    assert (ent["content"], sep["content"]) == ("<<ENT>>", "<<SEP>>")
    raw["added_tokens"][-2:] = [ent | {"content": "<<SEP>>"}, sep | {"content": "<<ENT>>"}]
    path.write_text(json.dumps(raw))
    forget(copy, "class_token_index", "vocab_size")
    assert places(Scorer.load(copy)) == places(uni.scorer)


def test_has_rnn_false_means_no_lstm(
    build: Callable[..., Path], load_pair: Callable[[Path], Any], tmp_path: Path
) -> None:
    """Written by 0.2.0 to 0.2.22; the reference of today gives such a model a random LSTM."""
    pair = load_pair(build(num_rnn_layers=0))
    old = Path(shutil.copytree(pair.folder, tmp_path / "old"))
    forget(old, "num_rnn_layers", has_rnn=False)
    assert places(Scorer.load(old)) == places(pair.scorer)


def test_without_a_setting_the_weights_decide_about_the_lstm(build: Callable[..., Path], tmp_path: Path) -> None:
    folder = build(num_rnn_layers=2)
    old = Path(shutil.copytree(folder, tmp_path / "old"))
    forget(old, "num_rnn_layers")
    assert places(Scorer.load(old)) == places(Scorer.load(folder))


def test_half_precision_files_are_scored_in_single_precision(uni: Any, copy: Path) -> None:
    rewrite(copy, lambda weights: weights.update({name: tensor.half() for name, tensor in weights.items()}))
    scorer = Scorer.load(copy)
    assert {parameter.dtype for parameter in scorer._network.parameters()} == {torch.float32}
    for ours, exact in zip(scorer.predict(TEXTS, LABELS, 0.0), uni.scorer.predict(TEXTS, LABELS, 0.0), strict=True):
        assert max(span.score for span in ours) == pytest.approx(max(span.score for span in exact), abs=0.05)


def test_pickled_weights_load(uni: Any, copy: Path) -> None:
    torch.save(load_file(copy / WEIGHTS), copy / "pytorch_model.bin")
    (copy / WEIGHTS).unlink()
    assert places(Scorer.load(copy)) == places(uni.scorer)


def test_compiled_models_prefixes_and_old_extra_tensors_are_ignored(uni: Any, copy: Path) -> None:
    weights = {f"_orig_mod.{name}": tensor for name, tensor in load_file(copy / WEIGHTS).items()}
    weights["token_rep_layer.bert_layer.model.embeddings.position_ids"] = torch.arange(512)
    save_file(weights, copy / WEIGHTS)
    assert places(Scorer.load(copy)) == places(uni.scorer)


def test_tied_weights_that_are_stored_once_are_restored(copy: Path) -> None:
    weights = load_file(copy / WEIGHTS)
    start, end = (f"span_rep_layer.span_rep_layer.project_{side}.0.weight" for side in ("start", "end"))
    weights[end] = weights[start].clone()
    save_file(weights, copy / WEIGHTS)
    expected = places(Scorer.load(copy), 0.0)
    del weights[end]
    save_file(weights, copy / WEIGHTS, metadata={"format": "pt", end: start})
    assert places(Scorer.load(copy), 0.0) == expected


def test_the_embedding_table_decides_the_size_of_the_vocabulary(uni: Any, copy: Path) -> None:
    raw = json.loads((copy / "gliner_config.json").read_text())
    forget(copy, encoder_config=raw["encoder_config"] | {"vocab_size": 128100})
    assert places(Scorer.load(copy)) == places(uni.scorer)


def test_the_stored_lstm_of_a_bi_encoder_is_not_used(pairs: Callable[[str], Any], tmp_path: Path) -> None:
    pair = pairs("bi markerV0 deberta, stored rnn")
    folder = Path(shutil.copytree(pair.folder, tmp_path / "model"))
    weights = load_file(folder / WEIGHTS)
    assert any(name.startswith("rnn.lstm") for name in weights)
    save_file({name: tensor for name, tensor in weights.items() if not name.startswith("rnn.")}, folder / WEIGHTS)
    assert places(Scorer.load(folder)) == places(pair.scorer)


def test_a_bi_encoder_without_its_label_tokenizer_takes_the_label_encoders(bi: Any, bi_copy: Path) -> None:
    shutil.rmtree(bi_copy / "labels_tokenizer")
    assert places(Scorer.load(bi_copy)) == places(bi.scorer)


# ---------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    "tensor",
    [
        "span_rep_layer.span_rep_layer.project_end.3.bias",
        "prompt_rep_layer.0.weight",
        "token_rep_layer.bert_layer.model.encoder.layer.1.output.dense.weight",
        "rnn.lstm.weight_hh_l0",
        "token_rep_layer.projection.weight",
        TABLE,
    ],
)
def test_a_missing_tensor_is_named(copy: Path, tensor: str) -> None:
    rewrite(copy, lambda weights: weights.pop(tensor))
    with pytest.raises(CheckpointError, match=tensor):
        Scorer.load(copy)


def test_a_missing_lstm_is_named_where_the_config_asks_for_one(copy: Path) -> None:
    rewrite(copy, lambda weights: [weights.pop(name) for name in list(weights) if name.startswith("rnn.")])
    with pytest.raises(CheckpointError, match=r"rnn\.lstm"):
        Scorer.load(copy)


def test_a_tensor_of_another_shape_is_named(copy: Path) -> None:
    rewrite(copy, lambda weights: weights.update({"prompt_rep_layer.0.bias": torch.zeros(7)}))
    with pytest.raises(CheckpointError, match=r"prompt_rep_layer\.0\.bias has shape \(7,\)"):
        Scorer.load(copy)


@pytest.mark.parametrize("name", [WEIGHTS, "pytorch_model.bin"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_truncated_weights_are_refused(copy: Path, name: str, share: float) -> None:
    if name != WEIGHTS:
        torch.save(load_file(copy / WEIGHTS), copy / name)
        (copy / WEIGHTS).unlink()
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[: int(len(data) * share)])
    with pytest.raises(CheckpointError, match="cannot be read") as caught:
        Scorer.load(copy)
    assert name in str(caught.value)


class Payload:
    """What a hostile pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("code from a checkpoint ran",))


def test_code_in_pickled_weights_never_runs(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (copy / WEIGHTS).unlink()
    torch.save({"x": Payload()}, copy / "pytorch_model.bin")
    with pytest.raises(CheckpointError):
        Scorer.load(copy)
    assert "ran" not in capsys.readouterr().out


def test_code_in_a_repository_never_runs(copy: Path, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    (copy / "custom.py").write_text(f"open({str(mark)!r}, 'w').close()\nclass T: pass\n")
    path = copy / "tokenizer_config.json"
    raw = json.loads(path.read_text()) | {"auto_map": {"AutoTokenizer": ["custom.T", "custom.T"]}}
    path.write_text(json.dumps(raw))
    with contextlib.suppress(CheckpointError):
        Scorer.load(copy)
    assert not mark.exists()


@pytest.mark.parametrize(
    ("fields", "family"),
    [
        ({"labels_decoder": "x"}, "decoder"),
        ({"relations_layer": "none"}, "relex"),
        ({"model_type": "gliner_streaming_span"}, "streaming"),
        ({"span_mode": "token-level"}, "span_mode 'token-level'"),
        ({"subtoken_pooling": "sum"}, "subtoken_pooling"),
        ({"words_splitter_type": "stanza"}, "words_splitter_type"),
        ({"span_encoder_config": {"model_type": "lstm"}}, "span_encoder_config"),
        ({"precomputed_prompts_mode": True}, "precomputed_prompts_mode"),
        ({"hidden_size": "512"}, "hidden_size"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(copy: Path, fields: dict[str, Any], family: str) -> None:
    forget(copy, **fields)
    with pytest.raises(CheckpointError, match=family):
        Scorer.load(copy)


@pytest.mark.parametrize(
    ("fields", "tensor"),
    [
        ({"span_mode": "token_level"}, r"scorer\.proj_token\.weight"),
        ({"span_mode": "markerV2"}, r"project_context\.0\.weight"),
        ({"fuse_layers": True}, r"layers_fuser\.squeeze\.weight"),
    ],
)
def test_weights_of_another_form_than_the_config_says_are_refused(
    copy: Path, fields: dict[str, Any], tensor: str
) -> None:
    forget(copy, **fields)
    with pytest.raises(CheckpointError, match=tensor):
        Scorer.load(copy)


def test_a_fusion_with_an_unknown_step_is_refused(pairs: Callable[[str], Any], tmp_path: Path) -> None:
    poly = Path(shutil.copytree(pairs("poly markerV0 deberta (gliner-poly)").folder, tmp_path / "model"))
    forget(poly, post_fusion_schema="l2l-l2x")
    with pytest.raises(CheckpointError, match="unknown step 'l2x'"):
        Scorer.load(poly)
    forget(poly, post_fusion_schema="l2l-l2t-t2t", num_post_fusion_layers=3)
    with pytest.raises(CheckpointError, match=r"cross_fuser\.layers\.2"):
        Scorer.load(poly)


def test_a_tokenizer_of_another_model_is_refused(copy: Path, pairs: Callable[[str], Any]) -> None:
    other = pairs("uni markerV0 bert").folder
    shutil.copy(other / "tokenizer.json", copy / "tokenizer.json")
    with pytest.raises(CheckpointError, match="rows"):
        Scorer.load(copy)


def test_an_impossible_marker_id_is_refused(copy: Path) -> None:
    forget(copy, class_token_index=128002)
    with pytest.raises(CheckpointError, match="class_token_index is 128002"):
        Scorer.load(copy)


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x80"])
def test_a_broken_config_is_named(copy: Path, content: str) -> None:
    (copy / "gliner_config.json").write_bytes(content.encode("latin-1"))
    with pytest.raises(CheckpointError, match=r"gliner_config\.json"):
        Scorer.load(copy)


def test_a_folder_without_weights_or_config_is_refused(copy: Path, tmp_path: Path) -> None:
    (copy / WEIGHTS).unlink()
    with pytest.raises(CheckpointError, match=r"neither model\.safetensors nor pytorch_model\.bin"):
        Scorer.load(copy)
    with pytest.raises(CheckpointError, match=r"gliner_config\.json"):
        Scorer.load(tmp_path)


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["./no/such", "/no/such", "a/b/c", "..", "org/na me", "", "~no-one/x", "a\0b"])
def test_a_name_that_is_neither_folder_nor_hub_id_never_reaches_the_network(name: str) -> None:
    with pytest.raises(CheckpointError):
        Scorer.load(name)


# ------------------------------------------------------------------------------------------------ hub and default


def publish(folder: Path, cache: Path, repository: str, commit: str) -> None:
    """Lay a checkpoint into a hub cache, as the hub client does."""
    root = cache / f"models--{repository.replace('/', '--')}"
    shutil.copytree(folder, root / "snapshots" / commit)
    (root / "refs").mkdir(exist_ok=True)
    (root / "refs" / "main").write_text(commit)


@pytest.mark.usefixtures("no_network")
def test_offline_a_hub_id_loads_from_the_cache_and_the_network_is_not_touched(
    uni: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    publish(uni.folder, tmp_path, "some/gliner", "a" * 40)
    scorer = Scorer.load("some/gliner", offline=True)
    assert scorer.name == "some/gliner"
    assert places(scorer) == places(uni.scorer)


@pytest.mark.usefixtures("no_network")
def test_a_revision_pins_the_weights(uni: Any, bi: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    publish(uni.folder, tmp_path, "some/gliner", "a" * 40)
    publish(bi.folder, tmp_path, "some/gliner", "b" * 40)
    assert Scorer.load("some/gliner", offline=True).fingerprint == bi.scorer.fingerprint
    assert Scorer.load("some/gliner", revision="a" * 40, offline=True).fingerprint == uni.scorer.fingerprint


@pytest.mark.usefixtures("no_network")
def test_offline_what_is_not_cached_is_refused_without_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match="not in the local cache") as caught:
        Scorer.load("urchade/gliner_small-v2.1", revision="main", offline=True)
    assert caught.value.where == "urchade/gliner_small-v2.1@main"


def test_the_fingerprint_changes_with_weights_and_config_only(uni: Any, copy: Path) -> None:
    assert Scorer.load(copy).fingerprint == uni.scorer.fingerprint
    forget(copy, max_width=3)
    changed = Scorer.load(copy).fingerprint
    assert changed != uni.scorer.fingerprint
    rewrite(copy, lambda weights: weights["prompt_rep_layer.0.bias"].add_(1.0))
    assert Scorer.load(copy).fingerprint not in {changed, uni.scorer.fingerprint}


def test_known_backbones_have_the_shapes_of_their_published_configs() -> None:
    from transformers import DebertaV2Config

    for raw in KNOWN.values():
        config = DebertaV2Config(**{name: value for name, value in raw.items() if name != "model_type"})
        assert config.hidden_size % config.num_attention_heads == 0
        assert config.hidden_size // config.num_attention_heads == 64
        assert config.intermediate_size == 4 * config.hidden_size


@pytest.mark.parametrize(
    ("config", "limit"),
    [
        ({"model_type": "bert", "max_position_embeddings": 512}, 512),
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "deberta-v2", "max_position_embeddings": 512, "position_biased_input": False}, None),
        ({"model_type": "deberta-v2", "max_position_embeddings": 512}, 512),
        ({"model_type": "modernbert", "max_position_embeddings": 8192}, 8192),
        ({"model_type": "t5", "max_position_embeddings": 512}, None),
    ],
)
def test_positions_of_backbones(config: dict[str, Any], limit: int | None) -> None:
    assert position_limit(config) == limit


@pytest.mark.skipif(not (DEFAULT / "gliner_config.json").is_file(), reason="no default model has been trained yet")
class TestDefaultModel:
    @pytest.mark.usefixtures("no_network")
    def test_it_finds_brands_and_colours_in_product_titles(self) -> None:
        titles = [
            "Apple Watch Series 8 GPS 41mm Midnight Aluminum Case",
            "Sony WH-1000XM5 Wireless Noise Cancelling Headphones, Black",
            "Kirkland Signature Organic Quinoa, 4.5 lbs",
        ]
        found = Scorer.load("default").predict(titles, ["brand", "color", "product type", "model"], 0.3)
        assert sum(map(len, found)) >= 3
        for tagged in found:
            assert tagged.coverage.share == 1.0
            assert all(tagged.text[span.start : span.end] == span.text for span in tagged)

    def test_it_is_scored_as_the_reference_scores_it(self, load_pair: Callable[[Path], Any]) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pair = load_pair(DEFAULT)
        titles = ["Apple Watch Series 8 GPS 41mm Midnight", "red nike running shoes under $50", "hp 63xl ink cartridge"]
        assert pair.compare(titles, ["brand", "color", "product type", "price"], 0.2) > 0


def test_without_a_default_model_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.scorer._locate.DEFAULT", tmp_path / "default")
    with pytest.raises(CheckpointError, match="gliner-bridge train"):
        Scorer.load("default")
