"""One run of the `train` command: recipe in, checkpoint out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from bridge.errors import CheckpointError
from bridge.evaluation import Example
from bridge.scorer._device import pick_device
from bridge.training._batches import TrainingSet
from bridge.training._checkpoint import STATE, mean_weights, read_state, restore_weights, trained_weights
from bridge.training._config import TrainConfig, load_config
from bridge.training._data import load_sets, with_neighbours, with_strangers
from bridge.training._loop import BEST, Trainer
from bridge.training._loop import Progress as Seen
from bridge.training._model import build_model

#: Without a terminal, one line every so many steps.
_LINE_EVERY = 100


def run_training(
    config: Path,
    *,
    out: Path,
    data: Path,
    resume: bool = False,
    max_minutes: float | None = None,
    bad_records: Literal["stop", "skip"] | None = None,
    threads: int | None = None,
    device: str = "auto",
    workers: int | None = None,
    console: Console | None = None,
) -> Path | None:
    """Train by a recipe; returns the finished checkpoint's folder, or None when `max_minutes` ended the run early.

    Args:
        config: the recipe (YAML, see `TrainConfig`).
        out: folder for state, learning curve and model.
        data: folder that the recipe's relative paths start at.
        resume: go on from the state in `out`.
        max_minutes: running time of this call.
        bad_records: what happens to unreadable records, if not what the recipe says.
        threads: processor threads; None leaves torch's choice.
        device: `cpu`, `cuda`, or `auto`: the GPU where there is one.
        workers: processes that prepare batches; None: four for a GPU, none for the processor.
        console: where progress goes; None is silent.

    Raises:
        TrainingDataError: the recipe or a file of it cannot be read.
        CheckpointError: an encoder or the state cannot be loaded, or `out` holds a state and `resume` is False.
    """
    if threads is not None:
        torch.set_num_threads(threads)
    where = pick_device(device)
    recipe = load_config(config)
    if bad_records is not None:
        recipe = recipe.model_copy(update={"bad_records": bad_records})
    refuse_state(out, resume)
    console = console or Console(quiet=True)
    console.print(f"reading {len(recipe.sets)} sets")
    sets, dev = load_sets(recipe, data, report=lambda line: console.print(line, markup=False))
    return train_on(
        recipe,
        sets,
        dev,
        out=out,
        resume=resume,
        max_minutes=max_minutes,
        device=where,
        workers=workers,
        console=console,
    )


def train_on(
    recipe: TrainConfig,
    sets: Sequence[TrainingSet],
    dev: Mapping[str, Sequence[Example]],
    *,
    out: Path,
    device: torch.device,
    resume: bool = False,
    max_minutes: float | None = None,
    workers: int | None = None,
    console: Console | None = None,
) -> Path | None:
    """Train on texts in memory; arguments, result and errors as those of `run_training`."""
    console = console or Console(quiet=True)
    model = build_model(recipe.network, (e.text for s in sets for e in s.examples), seed=recipe.seed)
    if model.label_vectors is not None:
        sets = [with_neighbours(source, model.label_vectors) for source in sets]
        sets = [with_strangers(source, sets, model.label_vectors) for source in sets]
    console.print(f"{sum(len(s.examples) for s in sets):,} texts to train on")
    out.mkdir(parents=True, exist_ok=True)
    start = trained_weights(model.network) if recipe.keep else {}
    with _bar(console) as report:
        trainer = Trainer(
            recipe,
            model,
            sets,
            dev,
            out,
            report,
            device=device,
            workers=(4 if device.type == "cuda" else 0) if workers is None else workers,
            warn=lambda line: console.print(line, markup=False),
        )
        if resume:
            trainer.resume()
        trainer.run(max_minutes=max_minutes)
    if not trainer.finished:
        console.print(f"stopped at {trainer.share:.0%} of the schedule; go on with --resume")
        return None
    from bridge.training._export import export

    if recipe.export != "last":
        best = read_state(out / BEST)
        mean = recipe.export == "mean"
        restore_weights(model.network, mean_weights(best, trained_weights(model.network)) if mean else best)
    if recipe.keep:
        restore_weights(model.network, mean_weights(start, trained_weights(model.network), share=recipe.keep))
    target = export(model, out / "model")
    console.print(f"finished: {target}")
    return target


def refuse_state(out: Path, resume: bool) -> None:
    """Raise CheckpointError where a run would overwrite the state of another one."""
    if not resume and (out / STATE).exists():
        raise CheckpointError(
            "a training state is already here", where=str(out), hint="add --resume, or choose another --out folder"
        )


class _bar:
    """Progress bar on a terminal, plain lines elsewhere; call it with a `Seen`."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress = Progress(
            TextColumn("step {task.fields[step]}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%  loss {task.fields[loss]:.4f}  {task.fields[dev]}"),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("", total=1.0, step=0, loss=0.0, dev="")

    def __enter__(self) -> _bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, seen: Seen) -> None:
        dev = "  ".join(f"{name} {value:.3f}" for name, value in seen.dev.items())
        if self._console.is_terminal:
            self._progress.update(self._task, completed=seen.share, step=seen.step, loss=seen.loss, dev=dev)
        elif seen.step % _LINE_EVERY == 0:
            self._console.print(
                f"step {seen.step}  {seen.minutes:.1f} min  {seen.share:.0%}  loss {seen.loss:.4f}  {dev}",
                soft_wrap=True,
            )
