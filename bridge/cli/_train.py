"""`gliner-bridge train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def train(
    config: Annotated[
        Path, typer.Argument(help="The recipe (YAML). The embedded model's is bridge/models/recipe.yaml.")
    ],
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the training state, learning curve and finished model.")
    ],
    data: Annotated[Path, typer.Option("--data", help="Folder that the recipe's relative paths start at.")] = Path(),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state in --out.")] = False,
    max_minutes: Annotated[
        float | None, typer.Option("--max-minutes", help="Stop after this long; go on later with --resume.")
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Processor threads; default: all cores.")] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, or auto: the GPU where there is one.")] = "auto",
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that prepare batches; default: 4 for a GPU, else none.")
    ] = None,
) -> None:
    """Train a model on annotated texts.

    A killed run goes on with --resume and loses at most two minutes.
    Every few minutes OUT/curve.jsonl gets a line with F1 on the dev sets.
    At the end the best weights become a GLiNER checkpoint in OUT/model,
    which --model of the other commands takes. See docs/model.md.

    Example: gliner-bridge train recipe.yaml --data data --out runs/first
    """
    from bridge.training import run_training

    run_training(
        config,
        out=out,
        data=data,
        resume=resume,
        max_minutes=max_minutes,
        threads=threads,
        device=device,
        workers=workers,
        console=Console(stderr=True),
    )
