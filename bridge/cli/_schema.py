"""`gliner-bridge schema`: check schema files, and print what one may say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bridge.engines import connect
from bridge.errors import SchemaError
from bridge.schema import Schema, check_mapping, json_schema, load_schemas

app = typer.Typer(
    name="schema",
    help="Check schema files: what to search by, as documents and queries share it.",
    no_args_is_help=True,
)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A schema file, or a folder of them.", metavar="FILE")],
    engine_url: Annotated[
        str | None,
        typer.Option(help="Also hold the schema against the index's mapping at this engine."),
    ] = None,
) -> None:
    """Say whether a schema is right, and show what it means; exit status 2 where anything is wrong.

    Every problem is named as file:line: key, with what is allowed there. With an engine, fields are looked up in the
    real index: `gliner-bridge schema check schema.yaml --engine-url http://localhost:9200`.
    """
    schemas = load_schemas([file])
    for schema in schemas.values():
        _show(schema)
    if engine_url is not None:
        problems = [problem for schema in schemas.values() for problem in _check_index(schema, engine_url)]
        if problems:
            raise SchemaError.together(problems)
        typer.echo(f"every field is there at {engine_url}")


@app.command("json")
def print_json_schema() -> None:
    """Print the JSON Schema of schema files, for editors that check YAML while it is written."""
    typer.echo(json.dumps(json_schema(), indent=2))


def _check_index(schema: Schema, url: str) -> list[SchemaError]:
    engine = connect(url)
    try:
        indices = engine.request("GET", f"/{schema.index}/_mapping")
    finally:
        engine.close()
    return [problem for index, body in indices.items() for problem in check_mapping(schema, index, body["mappings"])]


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
