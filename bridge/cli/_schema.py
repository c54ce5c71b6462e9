"""`gliner-bridge schema`: check schema files, and print what one may say."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli._install import ApiKey, CaCerts, Password, Username, Verify, open_engine

if TYPE_CHECKING:
    from bridge.schema import Schema

app = typer.Typer(
    name="schema",
    help="Check schema files: what to search by, as documents and queries share it.",
    no_args_is_help=True,
)


class _Kind(StrEnum):
    fill_rate = "fill-rate"
    cap = "cap"
    unused = "unused"


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A schema file, or a folder of them.", metavar="FILE")],
    engine_url: Annotated[
        str | None,
        typer.Option(help="Also hold the schema against the live index at this engine."),
    ] = None,
    accept: Annotated[
        list[_Kind] | None,
        typer.Option("--accept", help="Problems of this kind are printed and do not fail the check; repeatable."),
    ] = None,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
    as_json: Annotated[bool, typer.Option("--json", help="With an engine: the problems as JSON.")] = False,
) -> None:
    """Say whether a schema is right, and show what it means; exit status 2 where the file is wrong.

    Every problem is named as file:line: key, with what is allowed there.

    With an engine, the live index too: fields that are missing or of the wrong type, fields that too few documents
    carry for what their label may do, more values than the dictionary takes, labels that no document carries. Exit
    status 1 where there is one, for CI.

    Example: gliner-bridge schema check schema.yaml --engine-url http://localhost:9200 --accept unused
    """
    from bridge.schema import load_schemas

    schemas = load_schemas([file])
    if not as_json:
        for schema in schemas.values():
            _show(schema)
    if engine_url is None:
        return
    from bridge.engines import check_index

    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        problems = [problem for schema in schemas.values() for problem in check_index(engine, schema)]
    accepted = {kind.value for kind in accept or ()}
    if as_json:
        typer.echo(json.dumps([problem.to_json() for problem in problems], indent=2))
    for problem in problems if not as_json else ():
        typer.echo(f"{problem.kind}: {problem}{' (accepted)' if problem.kind in accepted else ''}")
    failed = [problem for problem in problems if problem.kind not in accepted]
    if failed:
        typer.echo(f"{len(failed)} problem{'s' if len(failed) > 1 else ''} at {engine.url}", err=True)
        raise typer.Exit(1)
    if not as_json:
        typer.echo(f"the schema fits what is at {engine.url}")


@app.command("json")
def print_json_schema() -> None:
    """Print the JSON Schema of schema files, for editors that check YAML while it is written."""
    from bridge.schema import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


def _show(schema: Schema) -> None:
    table = Table("label", "kind", "field", "found by", "use", title_justify="left", box=None, pad_edge=False)
    for name, label in schema.labels.items():
        ways = [f'model "{schema.label_text(name)}"'] if label.model else []
        if label.kind in ("number", "range"):
            ways.append(f"grammar in {label.unit}" if label.unit else "grammar")
        elif label.kind == "keyword" and label.dictionary:
            ways.append("values")
        table.add_row(name, label.kind, schema.field_of(name), ", ".join(ways), label.use)
    typer.echo(
        f"{schema.name}: index {schema.index}, text {', '.join(schema.text)}, relaxation by {schema.relaxation}"
        if schema.relaxation != "off"
        else f"{schema.name}: index {schema.index}, text {', '.join(schema.text)}, no relaxation"
    )
    Console().print(table)
