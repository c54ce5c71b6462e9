"""`gliner-bridge test`: the user's own queries with the clauses that they must become, for CI."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bridge.errors import InputError


def check_cases(
    file: Annotated[
        Path, typer.Argument(help="Cases (YAML), or a folder with schema.yaml, values.yaml and cases/.", metavar="FILE")
    ],
    schema: Annotated[
        Path | None, typer.Option("--schema", "-s", help="The schema. With a folder: its schema.yaml.")
    ] = None,
    values: Annotated[
        Path | None, typer.Option("--values", help="What the index holds: values.yaml, or a snapshot that parse wrote.")
    ] = None,
    engine_url: Annotated[
        str | None, typer.Option("--engine-url", help="Read what the index holds from this engine.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", envvar="GLINER_BRIDGE_MODEL", help="Checkpoint, or `none`. Default: the schema's."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of text.")] = False,
) -> None:
    """Check that queries become exactly the clauses that a file expects; exit status 1 where one does not.

    A case is {query: shoes under $50, clauses: \\["filter price=<50"]}; the format is described in docs/query.md.
    For each failure the clauses that are missing (-) and those that nobody expected (+).

    Example: gliner-bridge test cases.yaml --schema shop.yaml --values values.yaml
    """
    from bridge.cli._evaluate import failure_json, failure_text
    from bridge.cli._ways import load_scorer, parser_of, values_of
    from bridge.evaluation import read_cases, read_query_set, run_cases
    from bridge.schema import load_schema

    if file.is_dir():
        if schema is not None or values is not None:
            raise InputError("a folder has its own schema.yaml and values.yaml", hint="name a case file instead")
        one = read_query_set(file)
        loaded, cases = one.schema, one.cases
        known = one.values if engine_url is None else values_of(loaded, None, engine_url)
    else:
        if schema is None:
            raise InputError("which schema?", where=str(file), hint="name it with --schema")
        loaded = load_schema(schema)
        kind, found = read_cases(file)
        cases = {kind: found}
        known = values_of(loaded, values, engine_url)
    parser = parser_of(loaded, load_scorer(loaded, model), known)
    name = file.name if file.is_dir() else file.parent.name
    results = [result for kind, found in cases.items() for result in run_cases(name, kind, found, parser)]
    failures = [result for result in results if not result.passed]
    if as_json:
        shown = {"cases": len(results), "failures": [failure_json(result) for result in failures]}
        typer.echo(json.dumps(shown, indent=2))
    else:
        console = Console()
        for result in failures:
            console.print(failure_text(result), markup=False, highlight=False, soft_wrap=True)
        console.print(f"{len(results) - len(failures)} of {len(results)} cases passed", highlight=False)
    if failures:
        raise typer.Exit(1)
