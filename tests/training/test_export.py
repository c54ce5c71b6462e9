"""The exported checkpoint: the reference library and the scorer load it and agree; nothing is stored twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from bridge.evaluation import from_tokens
from bridge.scorer import Scorer
from bridge.training._config import TrainConfig
from bridge.training._export import export, without_copies
from bridge.training._model import Model, build_model
from bridge.training._objective import span_logits, word_vectors
from bridge.training._targets import spans_of

TEXTS = ["red nike shoes under 50 usd", "Organic coffee, for the laptop!", "x", "nothing rare12 here"]
LABELS = ["brand", "color", "product type", "organic artist"]


FAMILIES: dict[str, dict[str, object]] = {
    "frozen labels": {},
    "trained labels": {"label_encoder": "trained", "frozen_layers": 0, "label_layers": 2},
    "shared encoder": {"label_encoder": "shared", "layers": 2},
    "uni-encoder": {"family": "uni-encoder", "frozen_layers": 0},
}


@pytest.fixture(params=FAMILIES)
def any_model(recipe: Callable[..., TrainConfig], request: pytest.FixtureRequest) -> Model:
    return spread(build_model(recipe(network=FAMILIES[request.param]).network, [], seed=4))


@pytest.fixture
def model(recipe: Callable[..., TrainConfig]) -> Model:
    return spread(build_model(recipe().network, [], seed=4))


def spread(built: Model) -> Model:
    torch.manual_seed(1)
    with torch.no_grad():  # random heads score near 0.5; larger ones spread the scores
        for parameter in built.network.parameters():
            if parameter.requires_grad and parameter.dim() == 2:
                parameter.mul_(2.0)
    return built


def logits(model: Model, texts: Sequence[str], labels: Sequence[str]) -> torch.Tensor:
    words = [from_tokens([text], []).words for text in texts]
    model.network.eval()
    with torch.inference_mode():
        inputs = model.inputs(words, labels)
        return span_logits(model.network, inputs, model.pooled(inputs, labels))


def test_training_scores_valid_spans_as_the_network_does_on_the_padded_grid(model: Model) -> None:
    got = logits(model, TEXTS, LABELS)
    words = [from_tokens([text], []).words for text in TEXTS]
    with torch.inference_mode():
        inputs = model.inputs(words, LABELS)
        vectors = word_vectors(inputs, model.network.encode(inputs.texts.ids, inputs.texts.mask))
        lengths = [len(w) for w in words]
        grid = torch.zeros(len(words), max(lengths), vectors.shape[1])
        for row, part in enumerate(vectors.split(lengths)):
            grid[row, : len(part)] = part
        classes = model.network.label_classes(model.pooled(inputs, LABELS))
        whole = model.network.span_logits(grid, model.network.head_classes(classes))
    expected = torch.cat(
        [
            torch.stack(
                [whole[row, first, last - first] for first, last in spans_of(n, model.config.max_width).tolist()]
            )
            for row, n in enumerate(lengths)
        ]
    )
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


def test_the_reference_library_and_the_scorer_find_the_same(any_model: Model, tmp_path: Path) -> None:
    model = any_model
    gliner = pytest.importorskip("gliner")
    folder = export(model, tmp_path / "model", dtype=torch.float32)
    middle = float(logits(model, TEXTS, LABELS).sigmoid().median())
    mine = Scorer.load(folder).predict(TEXTS, LABELS, middle)
    reference = gliner.GLiNER.from_pretrained(str(folder), local_files_only=True)
    theirs = reference.inference(TEXTS, LABELS, threshold=middle)
    assert any(theirs), "the threshold leaves something to compare"
    for ours, other in zip(mine, theirs, strict=True):
        other = sorted(other, key=lambda entity: entity["start"])
        assert [(s.start, s.end, s.label) for s in ours] == [(e["start"], e["end"], e["label"]) for e in other]
        assert [s.score for s in ours] == pytest.approx([e["score"] for e in other], abs=1e-4)


def test_half_precision_changes_scores_little(model: Model, tmp_path: Path) -> None:
    half = Scorer.load(export(model, tmp_path / "half")).predict(TEXTS, LABELS, 0.0)
    full = Scorer.load(export(model, tmp_path / "full", dtype=torch.float32)).predict(TEXTS, LABELS, 0.0)
    best = [max(s.score for s in spans) for spans in full]
    assert [max(s.score for s in spans) for spans in half] == pytest.approx(best, abs=0.01)


def test_weights_that_both_encoders_share_are_stored_once(model: Model, tmp_path: Path) -> None:
    folder = export(model, tmp_path / "model")
    with safe_open(folder / "model.safetensors", framework="pt") as file:
        stored, metadata = set(file.keys()), file.metadata()
    kept = "token_rep_layer.bert_layer.model.embeddings.word_embeddings.weight"
    omitted = "token_rep_layer.labels_encoder.model.embeddings.word_embeddings.weight"
    assert metadata[omitted] == kept
    assert kept in stored
    assert omitted not in stored
    names = set(model.network.state_dict())
    assert stored | (metadata.keys() & names) == names


def test_equal_tensors_of_different_shape_are_not_confused() -> None:
    kept, aliases = without_copies({"a": torch.zeros(2, 3), "b": torch.zeros(3, 2), "c": torch.zeros(2, 3)})
    assert set(kept) == {"a", "b"}
    assert aliases == {"c": "a"}


def test_a_second_export_keeps_the_model_card_and_replaces_the_weights(model: Model, tmp_path: Path) -> None:
    folder = export(model, tmp_path / "model")
    (folder / "README.md").write_text("card")
    before = (folder / "model.safetensors").read_bytes()
    with torch.no_grad():
        model.network.prompt_rep_layer[0].weight.add_(1.0)  # type: ignore[union-attr,operator]
    export(model, folder)
    assert (folder / "README.md").read_text() == "card"
    assert (folder / "model.safetensors").read_bytes() != before
    assert not list(tmp_path.glob(".*"))


def test_the_config_is_gliners_own(model: Model, tmp_path: Path) -> None:
    raw = json.loads((export(model, tmp_path / "model") / "gliner_config.json").read_text())
    assert raw["span_mode"] == "markerV0"
    assert raw["labels_encoder"]
    assert raw["num_rnn_layers"] == 0
    assert raw["encoder_config"]["model_type"] == "bert"
