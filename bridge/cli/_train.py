"""`gliner-bridge train`."""

from __future__ import annotations

from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from bridge.cli._install import ApiKey, CaCerts, Password, Username, Verify, open_engine
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.engines import Engine
    from bridge.schema import Schema
    from bridge.training.catalog import Document


class BadRecords(StrEnum):
    """What happens to a line that cannot be read."""

    stop = "stop"
    skip = "skip"


def train(
    out: Annotated[
        Path, typer.Option("--out", help="Folder for the training state, learning curve and finished model.")
    ],
    config: Annotated[
        Path | None, typer.Argument(help="The recipe (YAML). The embedded model's is bridge/models/recipe.yaml.")
    ] = None,
    catalog: Annotated[
        Path | None,
        typer.Option("--catalog", help="Your documents (.jsonl, .json, also .gz and .xz): learn their vocabulary."),
    ] = None,
    from_index: Annotated[
        tuple[str, str] | None,
        typer.Option("--from-index", metavar="URL INDEX", help="The same, from an index of a search engine."),
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", help="With --catalog or --from-index: the schema of these documents.")
    ] = None,
    model: Annotated[
        str | None, typer.Option("--model", help="With a catalogue: checkpoint to go on from. Default: the schema's.")
    ] = None,
    minutes: Annotated[
        float, typer.Option("--minutes", min=0.1, help="With a catalogue: running time at most, reading included.")
    ] = 15.0,
    data: Annotated[Path, typer.Option("--data", help="Folder that the recipe's relative paths start at.")] = Path(),
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the state in --out.")] = False,
    max_minutes: Annotated[
        float | None, typer.Option("--max-minutes", help="Stop after this long; go on later with --resume.")
    ] = None,
    bad_records: Annotated[
        BadRecords | None,
        typer.Option("--bad-records", help="Lines that cannot be read: stop, or name and skip them. Default: stop."),
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Processor threads; default: all cores.")] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, or auto: the GPU where there is one.")] = "auto",
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that prepare batches; default: 4 for a GPU, else none.")
    ] = None,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
) -> None:
    """Train a model on annotated texts, or on your own catalogue without any annotation.

    A killed run goes on with --resume and loses at most two minutes.
    Every few minutes OUT/curve.jsonl gets a line with F1 on the dev sets.
    At the end the best weights become a GLiNER checkpoint in OUT/model,
    which --model of the other commands takes. See docs/model.md.

    With --catalog or --from-index the texts are made from the documents' own fields,
    as the schema names them; a recipe, if given, adds annotated sets of your own.

    Example: gliner-bridge train recipe.yaml --data data --out runs/first
    Example: gliner-bridge train --catalog products.jsonl --schema shop.yaml --out runs/shop
    """
    if catalog is None and from_index is None:
        if config is None:
            raise InputError("nothing to train on", hint="give a recipe, or --catalog FILE with --schema SCHEMA")
        from bridge.training import run_training

        run_training(
            config,
            out=out,
            data=data,
            resume=resume,
            max_minutes=max_minutes,
            bad_records=bad_records.value if bad_records else None,
            threads=threads,
            device=device,
            workers=workers,
            console=Console(stderr=True),
        )
        return
    if schema is None:
        raise InputError("a catalogue needs a schema", hint="add --schema SCHEMA: it says what the fields mean")
    if catalog is not None and from_index is not None:
        raise InputError("--catalog and --from-index are both given", hint="leave one of them out")
    from bridge.schema import load_schema
    from bridge.training.catalog import adapt, read_documents

    console = Console(stderr=True)
    loaded = load_schema(schema)
    if catalog is not None:
        skip = bad_records is BadRecords.skip
        documents = read_documents(
            catalog, on_error=(lambda error: console.print(f"skipped: {error}", markup=False)) if skip else None
        )
    else:
        assert from_index is not None
        url, index = from_index
        with open_engine(url, username, password, api_key, ca_certs, verify) as engine:
            documents = documents_of(engine, index, loaded)
    adapt(
        loaded,
        documents,
        out=out,
        start=model or loaded.model.name,
        minutes=minutes,
        recipe=config,
        data=data,
        threads=threads,
        device=device,
        resume=resume,
        console=console,
    )


def documents_of(engine: Engine, index: str, schema: Schema) -> list[Document]:
    """Documents of an index with the fields that the schema names; of large indices the first ones."""
    from bridge.training.catalog import MOST_DOCUMENTS, fields_read

    hits = engine.scan(index, {"match_all": {}}, fields=fields_read(schema))
    return [hit.source for hit in islice(hits, MOST_DOCUMENTS)]
