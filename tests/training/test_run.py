"""Training runs on a tiny network: learning, stopping, resuming, and what is left on disk after a kill."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from bridge.errors import CheckpointError, SetupError, TrainingDataError
from bridge.scorer._checkpoint import load_checkpoint
from bridge.training import run_training
from bridge.training._checkpoint import STATE, mean_weights, read_state, trained_weights, write_atomically
from bridge.training._config import TrainConfig
from bridge.training._data import held_out, load_sets
from bridge.training._export import export
from bridge.training._loop import BEST, CURVE, Progress, Trainer, has_bf16
from bridge.training._model import build_model

Recipe = Callable[..., TrainConfig]


@pytest.fixture
def trainer(recipe: Recipe, data_folder: Path, tmp_path: Path) -> Callable[..., Trainer]:
    def make(out: str = "run", report: Callable[[Progress], None] = lambda _: None, **changes: Any) -> Trainer:
        config = recipe(**changes)
        sets, dev = load_sets(config, data_folder)
        return Trainer(config, build_model(config.network, [], seed=config.seed), sets, dev, tmp_path / out, report)

    return make


@pytest.mark.parametrize(
    "network",
    [
        {},
        {"label_encoder": "trained", "frozen_layers": 0},
        {"label_encoder": "shared", "frozen_layers": 0},
        {"family": "uni-encoder", "frozen_layers": 0},
    ],
    ids=["frozen labels", "trained labels", "shared encoder", "uni-encoder"],
)
def test_the_loss_falls_and_dev_f1_rises(trainer: Callable[..., Trainer], network: dict[str, Any]) -> None:
    optimiser = {"encoder_rate": 3e-4, "head_rate": 1e-2, "batch_texts": 8}
    run = trainer(steps=140, optimiser=optimiser, network={"dropout": 0.0, **network}, evaluate_minutes=1e6)
    before = run.evaluate()["queries"]
    losses: list[float] = []
    run.report = lambda seen: losses.append(seen.loss)
    run.run()
    assert losses[-1] < 0.7 * losses[0]  # each is the mean of up to 100 steps
    assert run.latest_dev["queries"] > before + 0.25


def test_frozen_layers_stay_as_they_were_in_both_encoders(trainer: Callable[..., Trainer]) -> None:
    run = trainer(steps=2, network={"label_encoder": "trained", "frozen_layers": 1})
    learnt = set(trained_weights(run.model.network))
    for encoder in ("bert_layer", "labels_encoder"):
        inside = {name for name in learnt if f".{encoder}." in name}
        assert inside, "the layers above them learn"
        assert not {name for name in inside if "embeddings" in name or ".layer.0." in name}


def test_a_resumed_run_ends_with_the_weights_of_an_uninterrupted_one(trainer: Callable[..., Trainer]) -> None:
    whole = trainer("whole", steps=8)
    whole.run()

    first = trainer("parts", steps=8)
    for _ in range(5):
        first.train_step()
    first.save()
    torch.manual_seed(99)  # another process has another random state
    second = trainer("parts", steps=8)
    second.resume()
    assert second.step == 5
    second.run()

    expected, got = trained_weights(whole.model.network), trained_weights(second.model.network)
    assert expected.keys() == got.keys()
    assert all(torch.equal(expected[name], got[name]) for name in expected)


def test_frozen_parts_stay_as_the_encoder_was_and_the_rest_moves(trainer: Callable[..., Trainer]) -> None:
    run = trainer(steps=3)
    before = {name: t.clone() for name, t in run.model.network.state_dict().items()}
    run.run()
    moved = {name for name, t in run.model.network.state_dict().items() if not torch.equal(t, before[name])}
    text, label = "token_rep_layer.bert_layer.model.", "token_rep_layer.labels_encoder.model."
    assert not any(name.startswith((text + "embeddings", text + "encoder.layer.0", label)) for name in moved)
    for part in (text + "encoder.layer.1", "token_rep_layer.projection", "token_rep_layer.labels_projection"):
        assert any(name.startswith(part) for name in moved), part


def test_a_run_that_stops_early_can_go_on(trainer: Callable[..., Trainer]) -> None:
    run = trainer(steps=50)
    now = iter(float(second) for second in range(0, 10_000, 6))
    run.clock = lambda: next(now)
    run.run(max_minutes=1)
    assert 0 < run.step < 50
    assert read_state(run.out / STATE)["step"] == run.step


def test_a_pause_does_not_count_as_running_time(trainer: Callable[..., Trainer]) -> None:
    """SIGSTOP for an hour must not eat a schedule that is given in minutes."""
    run = trainer(optimiser={"steps": None, "minutes": 5.0})
    times = [0.0, 6.0, 12.0, 3612.0, 3618.0]
    clock = iter([*times, *(3618.0 + 6 * n for n in range(1, 1000))])
    run.clock = lambda: next(clock)
    run.run()
    assert run.step > 35, "300 seconds at 6 a step, less at most 30 for the pause"


def test_rates_warm_up_and_then_fall_to_zero(trainer: Callable[..., Trainer]) -> None:
    run = trainer(steps=100, optimiser={"warm_up": 0.1})
    factors = []
    for run.step in range(101):
        factors.append(run.rate_factor())
    assert factors[0] > 0
    assert factors[:11] == sorted(factors[:11])
    assert factors[10] == pytest.approx(1.0)
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[100] == 0.0


def test_a_kill_while_writing_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / STATE
    write_atomically(path, {"step": 1})

    def killed(_: Any, handle: Any) -> None:
        handle.write(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, {"step": 2})
    assert read_state(path) == {"step": 1}


def test_a_damaged_state_is_refused(tmp_path: Path) -> None:
    path = tmp_path / STATE
    write_atomically(path, {"weights": torch.zeros(1000)})
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(CheckpointError, match="damaged"):
        read_state(path)


def test_a_state_of_another_recipe_is_refused(trainer: Callable[..., Trainer]) -> None:
    run = trainer(steps=4)
    run.run()
    with pytest.raises(CheckpointError, match="another recipe"):
        trainer(steps=5).resume()


def test_every_evaluation_is_a_line_of_the_curve_and_the_best_weights_are_kept(trainer: Callable[..., Trainer]) -> None:
    run = trainer(steps=4, evaluate_minutes=1e-9)
    run.run()
    lines = [json.loads(line) for line in (run.out / CURVE).read_text().splitlines()]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 4]
    assert max(line["mean"] for line in lines) == pytest.approx(run.best, abs=1e-4)
    assert read_state(run.out / BEST).keys() == trained_weights(run.model.network).keys()


def write_recipe(config: TrainConfig, folder: Path) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(config.model_dump_json(exclude_none=True))  # JSON is YAML
    return path


def test_the_command_trains_exports_and_refuses_to_overwrite(recipe: Recipe, data_folder: Path, tmp_path: Path) -> None:
    path = write_recipe(recipe(steps=3), tmp_path)
    out = tmp_path / "run"
    model = run_training(path, out=out, data=data_folder)
    assert model == out / "model"
    assert (model / "gliner_config.json").is_file()
    with pytest.raises(CheckpointError, match="already here"):
        run_training(path, out=out, data=data_folder)


def test_a_bad_record_stops_the_run_or_is_named_and_skipped(recipe: Recipe, data_folder: Path) -> None:
    (data_folder / "bad.jsonl").write_text('{"tokens": ["red"], "spans": [[0, 0, "color"]]}\nnonsense\n')
    sets = [{"name": "bad", "file": "bad.jsonl"}]
    with pytest.raises(TrainingDataError) as caught:
        load_sets(recipe(sets=sets, dev=[]), data_folder)
    assert caught.value.where == f"{data_folder / 'bad.jsonl'}:2"
    lines: list[str] = []
    loaded, _ = load_sets(recipe(sets=sets, dev=[], bad_records="skip"), data_folder, report=lines.append)
    assert len(loaded[0].examples) == 1
    assert "bad.jsonl:2" in lines[0]


def test_held_out_texts_are_never_trained_on(recipe: Recipe, data_folder: Path) -> None:
    config = recipe(
        sets=[{"name": "queries", "file": "queries.jsonl", "holdout": 0.5}],
        dev=[{"name": "kept", "holdout_of": "queries"}],
    )
    sets, dev = load_sets(config, data_folder)
    trained, kept = {e.text for e in sets[0].examples}, {e.text for e in dev["kept"]}
    assert trained
    assert kept
    assert not trained & kept
    assert all(held_out(example, 0.5) for example in dev["kept"])


def test_a_dev_set_that_wants_a_part_that_was_not_held_out_is_an_error(recipe: Recipe, data_folder: Path) -> None:
    with pytest.raises(TrainingDataError, match="holdout"):
        load_sets(recipe(dev=[{"name": "kept", "holdout_of": "queries"}]), data_folder)


def test_a_run_stops_when_dev_f1_no_longer_rises(trainer: Callable[..., Trainer], monkeypatch: Any) -> None:
    optimiser = {"patience": 2}
    run = trainer(steps=50, optimiser=optimiser, evaluate_minutes=0.1)
    now = iter(float(second) for second in range(0, 10_000, 6))
    run.clock = lambda: next(now)
    scores = iter([0.5, 0.6, 0.6, 0.4, 0.4, 0.9])
    monkeypatch.setattr(run, "dev_scores", lambda _: {0.5: next(scores)})
    run.run()
    assert run.finished
    assert run.step == 5, "0.6 twice is no fall; the two evaluations after it are"
    assert read_state(run.out / STATE)["stale"] == 2


def test_training_goes_on_from_a_finished_checkpoint(
    trainer: Callable[..., Trainer], recipe: Recipe, tmp_path: Path
) -> None:
    first = trainer("first", steps=4)
    first.run()
    folder = export(first.model, tmp_path / "model", dtype=torch.float32)
    start = recipe(network={"start": str(folder)}).network
    model = build_model(start, [], seed=3)
    expected, got = first.model.network.state_dict(), model.network.state_dict()
    assert all(torch.equal(expected[name], got[name]) for name in expected)
    assert trained_weights(model.network).keys() == trained_weights(first.model.network).keys()
    second = trainer("second", steps=2, network={"start": str(folder)})
    second.run()
    label = "token_rep_layer.labels_encoder."
    after = second.model.network.state_dict()
    assert all(torch.equal(after[name], expected[name]) for name in expected if name.startswith(label))
    assert not all(torch.equal(after[name], expected[name]) for name in expected)


def test_a_start_of_another_size_is_refused(trainer: Callable[..., Trainer], recipe: Recipe, tmp_path: Path) -> None:
    folder = export(trainer(steps=1).model, tmp_path / "model")
    with pytest.raises(CheckpointError, match="max_width"):
        build_model(recipe(network={"start": str(folder), "max_width": 5}).network, [])


@pytest.mark.parametrize("which", ["best", "last", "mean"])
def test_the_recipe_says_which_weights_are_exported(
    which: str, recipe: Recipe, data_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    folder = run_training(write_recipe(recipe(steps=3, export=which), tmp_path), out=out, data=data_folder)
    last, best = read_state(out / STATE)["weights"], read_state(out / BEST)
    wanted = {"best": best, "last": last, "mean": mean_weights(best, last)}[which]
    stored = load_checkpoint(str(folder)).network.state_dict()
    assert all(torch.allclose(stored[name], wanted[name], atol=1e-3) for name in wanted)


def test_several_batches_can_make_one_step(trainer: Callable[..., Trainer]) -> None:
    whole = trainer("whole", steps=2, optimiser={"accumulate": 3})
    whole.run()
    assert whole.step == 2
    first = trainer("parts", steps=2, optimiser={"accumulate": 3})
    first.train_step()
    first.save()
    second = trainer("parts", steps=2, optimiser={"accumulate": 3})
    second.resume()
    second.run()
    expected, got = trained_weights(whole.model.network), trained_weights(second.model.network)
    assert all(torch.equal(expected[name], got[name]) for name in expected)


def test_where_memory_runs_out_the_batch_is_halved_and_the_step_taken_again(
    trainer: Callable[..., Trainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    run = trainer(steps=1, network={"dropout": 0.0})
    run.warn = said.append
    fitting = run.model.network.encode

    def encode(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if len(ids) > 2:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 9 bytes")
        return fitting(ids, mask)

    monkeypatch.setattr(run.model.network, "encode", encode)
    run.train_step()
    assert run.step == 1
    assert run.parts == 2
    assert "out of memory" in said[0]
    assert "2 parts" in said[0]


def test_a_batch_in_parts_gives_the_gradients_of_the_whole(trainer: Callable[..., Trainer]) -> None:
    whole, cut = (trainer(name, steps=1, network={"dropout": 0.0}) for name in ("whole", "cut"))
    cut.parts = 3
    for run in (whole, cut):
        run.train_step()
    expected, got = trained_weights(whole.model.network), trained_weights(cut.model.network)
    assert all(torch.allclose(expected[name], got[name], atol=1e-5) for name in expected)


def test_a_text_that_does_not_fit_alone_ends_the_run_with_advice(
    trainer: Callable[..., Trainer], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = trainer(steps=1)
    monkeypatch.setattr(run.model.network, "encode", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(CheckpointError, match="one text") as caught:
        run.train_step()
    assert "max_labels" in str(caught.value.hint)


def test_batches_prepared_by_other_processes_are_the_same(trainer: Callable[..., Trainer]) -> None:
    here, ahead = trainer("here", steps=4), trainer("ahead", steps=4)
    ahead.workers = 2
    for run in (here, ahead):
        run.run()
    expected, got = trained_weights(here.model.network), trained_weights(ahead.model.network)
    assert all(torch.equal(expected[name], got[name]) for name in expected)


def test_a_shared_label_encoder_is_held_to_the_directions_that_it_had(trainer: Callable[..., Trainer]) -> None:
    def drift(anchor: float) -> float:
        network = {"label_encoder": "shared", "frozen_layers": 0, "dropout": 0.0, "anchor": anchor}
        run = trainer(f"anchor {anchor}", steps=30, network=network, optimiser={"encoder_rate": 1e-3})
        run.run()
        labels = ["brand", "color", "product type"]
        inputs = run.model.inputs([["red"]], labels)
        before, now = run.model.label_vectors, run.model.pooled(inputs, labels)
        assert before is not None
        assert now is not None
        return float((1 - torch.cosine_similarity(before(labels), now)).mean())

    assert drift(20.0) < 0.5 * drift(0.0)


def test_a_gpu_that_is_not_there_is_a_sentence(recipe: Recipe, data_folder: Path, tmp_path: Path) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(SetupError, match="no GPU"):
        run_training(write_recipe(recipe(), tmp_path), out=tmp_path / "run", data=data_folder, device="cuda")


def test_a_processor_that_would_emulate_bf16_computes_in_fp32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    assert not has_bf16(torch.device("cpu"))
    assert has_bf16(torch.device("cuda"))


def test_a_finished_checkpoint_may_keep_a_share_of_the_weights_it_started_from() -> None:
    start, end = {"a": torch.tensor([0.0, 8.0])}, {"a": torch.tensor([4.0, 0.0])}
    assert mean_weights(start, end, share=0.25)["a"].tolist() == [3.0, 2.0]
    assert mean_weights(start, end)["a"].tolist() == [2.0, 4.0]
