"""Trimming a vocabulary: what stays, what goes, and that what stays keeps its vector."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bridge.errors import CheckpointError
from bridge.training._encoder import load_encoder, trim_vocabulary

TABLE = "embeddings.word_embeddings.weight"


def test_used_words_stay_and_the_rarest_unused_go(encoder_folder: Path) -> None:
    encoder = load_encoder(str(encoder_folder))
    small = trim_vocabulary(encoder, ["rare1150 shoes"], 1000)
    vocabulary = small.tokenizer.get_vocab()
    assert len(vocabulary) == 1000 == small.weights[TABLE].shape[0] == small.config["vocab_size"]
    assert "rare1150" in vocabulary, "the texts use it"
    assert "rare0" in vocabulary
    assert "rare1199" not in vocabulary


def test_other_scripts_and_unused_places_go_first(encoder_folder: Path) -> None:
    encoder = load_encoder(str(encoder_folder))
    whole = len(encoder.tokenizer.get_vocab())
    vocabulary = trim_vocabulary(encoder, ["中国 shoes"], whole - 24).tokenizer.get_vocab()
    assert not {"中", "国", "##か", "при", "[unused0]", "[unused7]"} & vocabulary.keys()
    assert {"½", "é", "rare1199", "[PAD]"} <= vocabulary.keys()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(text=st.text("abcdefghijklmnopqrstuvwxyz0123456789 .,$", max_size=40))
def test_any_latin_word_can_still_be_written_and_kept_tokens_keep_their_vectors(
    encoder_folder: Path, text: str
) -> None:
    encoder = load_encoder(str(encoder_folder))
    small = trim_vocabulary(encoder, [], 1000)
    before, after = encoder.tokenizer.encode(text), small.tokenizer.encode(text)
    assert "[UNK]" not in after.tokens
    if before.tokens == after.tokens:
        assert torch.equal(encoder.weights[TABLE][before.ids], small.weights[TABLE][after.ids])


def test_special_tokens_keep_their_role(encoder_folder: Path) -> None:
    small = trim_vocabulary(load_encoder(str(encoder_folder)), [], 1000)
    assert small.tokenizer.encode("shoes").tokens == ["[CLS]", "shoes", "[SEP]"]
    assert small.tokenizer.token_to_id("[PAD]") == small.config["pad_token_id"]


def test_a_vocabulary_too_small_for_the_alphabet_is_refused(encoder_folder: Path) -> None:
    with pytest.raises(CheckpointError, match="too small"):
        trim_vocabulary(load_encoder(str(encoder_folder)), [], 20)


def test_a_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        load_encoder(str(tmp_path))
    assert caught.value.where == str(tmp_path)
