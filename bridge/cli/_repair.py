"""`gliner-bridge repair`: tag what the ingest pipeline could not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from bridge.cli._install import ApiKey, CaCerts, EngineUrl, Password, Schemas, Username, Verify, open_engine
from bridge.cli._ways import scorer_of


def repair(
    schemas: Schemas,
    engine_url: EngineUrl = "http://127.0.0.1:9200",
    model: Annotated[
        str | None,
        typer.Option(
            envvar="GLINER_BRIDGE_MODEL",
            help="Checkpoint where a schema says `default`: the sidecar's.",
        ),
    ] = None,
    pinned: Annotated[
        Path | None,
        typer.Option(envvar="GLINER_BRIDGE_PINNED", help="Folder of <schema>.json dictionaries: the sidecar's."),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the model. Default: torch's choice.")] = None,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
) -> None:
    """Tag documents that are marked as failed or that never went through the pipeline.

    Works in this process, without the sidecar. A document that changes meanwhile is left to its own change. Exit
    status 1 when some document is still not fully tagged.
    """
    # The model takes seconds to import, and `--help` should not.
    from bridge.enrichment import repair as repair_index
    from bridge.query import StaticValues
    from bridge.schema import load_schemas
    from bridge.tagging import Tagger

    complete = True
    loaded = load_schemas(schemas)
    console = Console(stderr=True)
    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        for schema in loaded.values():
            scorer = scorer_of(schema, model if schema.model.name == "default" else None, threads=threads)
            file = pinned / f"{schema.name}.json" if pinned else None
            dictionary = StaticValues.load(file).dictionary() if file and file.exists() else None
            columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            with Progress(*columns, console=console, disable=not sys.stderr.isatty()) as bar:
                task = bar.add_task(schema.index, total=None)

                def show(done: int, found: int, bar: Progress = bar, task: TaskID = task) -> None:
                    bar.update(task, completed=done, total=found)

                report = repair_index(engine, schema, Tagger(schema, scorer, dictionary), progress=show)
            typer.echo(f"{schema.index}: {report}")
            complete &= report.complete
    if not complete:
        raise typer.Exit(1)
