"""`gliner-bridge diff`: which queries another schema or model reads differently."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from bridge.evaluation import QueryChange


def diff(
    old: Annotated[Path, typer.Argument(help="The schema as it is.")],
    new: Annotated[Path, typer.Argument(help="The schema as it shall be; the same file to compare two models.")],
    queries: Annotated[
        Path, typer.Option("--queries", "-q", help="Queries: one a line, or .csv or .jsonl with `query` and `count`.")
    ],
    values: Annotated[
        Path | None, typer.Option("--values", help="What the index holds: values.yaml, or a snapshot that parse wrote.")
    ] = None,
    engine_url: Annotated[
        str | None, typer.Option("--engine-url", help="Read what each schema's index holds from this engine.")
    ] = None,
    old_model: Annotated[
        str | None, typer.Option("--old-model", help="Checkpoint, or `none`. Default: that of the old schema.")
    ] = None,
    new_model: Annotated[
        str | None, typer.Option("--new-model", help="Checkpoint, or `none`. Default: that of the new schema.")
    ] = None,
    show: Annotated[int, typer.Option("--show", min=0, help="How many changed queries to print.")] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of text.")] = False,
) -> None:
    """Say which queries would be read differently, and how, before a change goes live. It changes nothing.

    Frequent queries come first. "hard" marks changes of which documents are hits: filters, exclusions, required words.

    Example: gliner-bridge diff shop.yaml shop-new.yaml --queries top-queries.txt --engine-url http://localhost:9200
    """
    from bridge.cli._ways import load_scorer, parser_of, values_of
    from bridge.evaluation import compare_parsers, read_queries
    from bridge.schema import load_schema

    asked = read_queries(queries)
    parsers = []
    for path, model in ((old, old_model), (new, new_model)):
        schema = load_schema(path)
        parsers.append(parser_of(schema, load_scorer(schema, model), values_of(schema, values, engine_url)))
    changes = compare_parsers(asked, *parsers)
    changed = [change for change in changes if change.changed]
    if as_json:
        typer.echo(json.dumps({**_sums(changes), "changes": [change.to_json() for change in changed]}, indent=2))
        return
    console = Console()
    for change in changed[:show]:
        console.print(_text(change), soft_wrap=True)
    if len(changed) > show:
        console.print(f"… and {len(changed) - show} more (--show, or --json for all)\n", highlight=False)
    sums = _sums(changes)
    console.print(
        f"{sums['changed']} of {sums['queries']} queries change ({sums['share_of_searches']:.1%} of the searches), "
        f"{sums['hard']} of them hard",
        highlight=False,
    )
    for what in ("removed", "added"):
        roles = Counter(clause.split("=")[0] for change in changed for clause in getattr(change, what))
        if roles:
            shown = ", ".join(f"{clause.rstrip('!')} {count}" for clause, count in roles.most_common(12))
            console.print(f"{what}: {shown}", markup=False, highlight=False)


def _sums(changes: list[QueryChange]) -> dict[str, float]:
    searches = sum(change.count for change in changes)
    moved = sum(change.count for change in changes if change.changed)
    return {
        "queries": len(changes),
        "changed": sum(change.changed for change in changes),
        "hard": sum(change.hard for change in changes),
        "share_of_searches": round(moved / searches, 4) if searches else 0.0,
    }


def _text(change: QueryChange) -> Text:
    times = f"  ({change.count} times)" if change.count > 1 else ""
    lines = Text.assemble((change.query, "bold"), times, ("  hard" if change.hard else "", "yellow"), "\n")
    for clause in change.removed:
        lines.append(f"  - {clause}\n", style="red")
    for clause in change.added:
        lines.append(f"  + {clause}\n", style="green")
    if change.old_required != change.new_required:
        lines.append(f'  required: "{change.old_required}" → "{change.new_required}"\n')
    return lines
