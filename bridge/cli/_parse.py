"""`gliner-bridge parse`: what the bridge understands of a query."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.cli._ways import load_scorer, parser_of
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.clauses import Plan
    from bridge.query import StaticValues
    from bridge.schema import Schema

#: As `bridge.engines.dialects.Language`, without loading the engines' clients to show help.
Language = Literal["opensearch", "elasticsearch", "retriever", "esql", "solr"]


def parse(
    text: Annotated[str, typer.Argument(help="What a user typed.")],
    schema: Annotated[Path, typer.Option("--schema", "-s", help="The schema file (YAML).")],
    values: Annotated[
        Path | None,
        typer.Option("--values", help="Snapshot of the index's values, as the sidecar keeps it: no engine needed."),
    ] = None,
    engine_url: Annotated[
        str | None, typer.Option("--engine-url", help="Read the values that exist from this engine.")
    ] = None,
    save_values: Annotated[
        Path | None, typer.Option("--save-values", help="With --engine-url: write what was read to a snapshot file.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            envvar="GLINER_BRIDGE_MODEL",
            help="Checkpoint: `default`, a folder, a hub id, or `none` for no model. Default: the schema's.",
        ),
    ] = None,
    disable: Annotated[
        list[str] | None, typer.Option("--disable", help="A label, step or clause name to leave out; repeatable.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The object that /v1/parse answers.")] = False,
    dialect: Annotated[
        Language | None,
        typer.Option("--dialect", help="Show it as a search in this language instead, as JSON."),
    ] = None,
) -> None:
    """Show what a query is understood as: entities, clauses, what was left alone and why.

    Filters on keywords need to know which values exist and how many documents carry the field: give --values or
    --engine-url. Without either, amounts still filter and the model's labels boost.

    Examples:

      gliner-bridge parse "organic coffee under $20" --schema examples/grocery/schema.yaml --engine-url http://localhost:9200

      gliner-bridge parse "chocolate cake not cheesecake" --schema examples/grocery/schema.yaml --json

      gliner-bridge parse "organic coffee under $20" --schema examples/grocery/schema.yaml --dialect esql
    """
    from bridge.query import RUNNERS_UP, Options, plan_to_json
    from bridge.schema import load_schema

    loaded = load_schema(schema)
    known = _values(loaded, values, engine_url, save_values)
    scorer = load_scorer(loaded, model)
    parser = parser_of(loaded, scorer, known)
    options = Options.from_mapping({"disable": disable or []}, schema=loaded)
    plan = parser.parse(text, replace(options, runners_up=RUNNERS_UP))
    if dialect is not None:
        from bridge.engines.dialects import in_dialect

        typer.echo(json.dumps(in_dialect(plan, loaded, dialect), indent=2, ensure_ascii=False))
    elif as_json:
        typer.echo(json.dumps(plan_to_json(plan), indent=2))
    else:
        show_plan(plan, Console())


def show_plan(plan: Plan, console: Console) -> None:
    """Print a plan as tables: one line of summary, the clauses, and what became of each candidate."""
    from bridge.query import describe, human_text, runners_up_text

    console.print(Text(human_text(plan), style="bold"))
    if plan.clauses:
        table = Table("role", "what it does", "boost", "takes", title="clauses", title_justify="left")
        for clause in plan.clauses:
            taken = " ".join(f'"{plan.text[start:end]}"' for start, end in clause.consumes)
            boost = f"{clause.boost:g}" if clause.role in ("boost", "demote", "expand") else ""
            table.add_row(clause.role, Text(describe(clause)), boost, Text(taken))
        console.print(table)
    if plan.explain:
        heads = ["text", "label", "score", "source", "became", "because"]
        others = any(line.runners_up for line in plan.explain)
        table = Table(*heads, *(["rather than"] if others else []), title="explain", title_justify="left")
        for line in plan.explain:
            entity = line.entity
            cells = ("", "", "", "")
            if entity is not None:
                cells = (entity.text, entity.label, f"{entity.score:.2f}", entity.source)
            rest = [line.decision, line.reason, *([runners_up_text(line)] if others else [])]
            table.add_row(*(Text(cell) for cell in (*cells, *rest)))
        console.print(table)


def _values(schema: Schema, snapshot: Path | None, engine_url: str | None, save: Path | None) -> StaticValues:
    from bridge.query import StaticValues

    if snapshot is not None and engine_url is not None:
        raise InputError("give --values or --engine-url, not both")
    if save is not None and engine_url is None:
        raise InputError("--save-values needs --engine-url", hint="it writes what was read from the engine")
    if snapshot is not None:
        return StaticValues.load(snapshot, schema)
    if engine_url is None:
        return StaticValues.of(schema, {})
    from bridge.engines import connect

    engine = connect(engine_url)
    facts = engine.facts(schema)
    known = StaticValues.of(schema, engine.values(schema), facts.fill_rates, facts.stats)
    if save is not None:
        known.save(save)
    return known
