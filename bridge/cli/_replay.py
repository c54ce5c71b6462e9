"""`gliner-bridge replay`: a query log through the old way of searching and the new one."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bridge.cli._install import ApiKey, CaCerts, EngineUrl, Password, Username, Verify, open_engine
from bridge.errors import EngineError, EngineUnavailableError, InputError

if TYPE_CHECKING:
    from bridge.cli._ways import Way
    from bridge.engines import Engine
    from bridge.evaluation import Found, ReplayReport, Template
    from bridge.query import QueryParser
    from bridge.schema import Schema


def replay(
    log: Annotated[
        Path, typer.Argument(help="Queries: one a line, or .csv or .jsonl with `query` and, if known, `count`.")
    ],
    schema: Annotated[Path, typer.Option("--schema", "-s", help="The new way: this schema.")],
    old: Annotated[
        Path | None, typer.Option("--old", help="The old way: this schema. Default: every search as it is written.")
    ] = None,
    query: Annotated[
        Path | None,
        typer.Option(
            "--query",
            "-q",
            help='Your search body (JSON) with "{{query}}" as its text. Default: all words in the text.',
        ),
    ] = None,
    engine_url: EngineUrl = "http://127.0.0.1:9200",
    model: Annotated[
        str | None,
        typer.Option("--model", envvar="GLINER_BRIDGE_MODEL", help="Checkpoint, or `none`. Default: the schema's."),
    ] = None,
    old_model: Annotated[str | None, typer.Option("--old-model", help="The same of the old schema.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Only the most frequent queries.")] = None,
    k: Annotated[int, typer.Option("--k", min=1, max=100, help="Places that are compared.")] = 10,
    show: Annotated[int, typer.Option("--show", min=0, help="How many changes to print.")] = 10,
    html: Annotated[Path | None, typer.Option("--html", help="Write a report with plots and examples.")] = None,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of tables.")] = False,
) -> None:
    """Search a query log twice, as today and with a schema, and say what changes. It changes nothing.

    Share of searches rewritten, overlap of the first hits, searches without hits, latency, and the changes to look at
    first. Rewriting happens in this process, so neither sidecar nor pipeline is needed.

    Example: gliner-bridge replay top-queries.csv --schema shop.yaml --query shop.json --html replay.html
    """
    from bridge.cli._ways import in_process, live_parser, plain
    from bridge.evaluation import Template, read_queries, read_template, replay_html
    from bridge.evaluation import replay as replay_log
    from bridge.schema import load_schema

    asked = Counter(dict(read_queries(log).most_common(limit)))
    new_schema, old_schema = load_schema(schema), load_schema(old) if old is not None else None
    template = read_template(query) if query is not None else Template("all words", _all_words(new_schema))
    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        _check(engine, new_schema, old_schema)
        parser = live_parser(engine, new_schema, model)
        ways: list[tuple[Way, QueryParser | None]] = [(plain(engine, new_schema.index), None)]
        if old_schema is not None:
            before = live_parser(engine, old_schema, old_model)
            ways = [(in_process(engine, old_schema, before), before)]
        ways.append((in_process(engine, new_schema, parser), parser))
        names = (old.stem if old is not None else "plain", schema.stem if old is not None else "bridge")
        title = new_schema.text[0]
        searches = [_searching(way, template, of, title, k) for way, of in ways]
        with Progress(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("replaying", total=len(asked))
            report = replay_log(
                asked, *searches, names=names, k=k, progress=lambda done: bar.update(task, completed=done)
            )
    if html is not None:
        html.write_text(replay_html(report, title=f"Replay of {log.name} on {new_schema.index}"), "utf-8")
    if as_json:
        typer.echo(json.dumps(report.to_json(), indent=2))
        return
    _show(Console(), report, show)
    if html is not None:
        typer.echo(f"report: {html}", err=True)


def _all_words(schema: Schema) -> dict[str, Any]:
    match = {"query": "{{query}}", "fields": list(schema.text), "type": "cross_fields", "operator": "and"}
    return {"query": {"multi_match": match}}


def _check(engine: Engine, *schemas: Schema | None) -> None:
    """Refuse an index without the schema's fields: every query would come back as it is."""
    from bridge.engines import check_index

    for schema in filter(None, schemas):
        problems = [problem for problem in check_index(engine, schema) if problem.kind == "field"]
        if problems:
            listed = "\n".join(map(str, problems))
            raise InputError(f"the schema does not fit the index\n{listed}", where=schema.name)


def _searching(way: Way, template: Template, parser: QueryParser | None, title: str, k: int) -> Callable[[str], Found]:
    from bridge.cli._ways import clauses_of
    from bridge.evaluation import Found

    def search(text: str) -> Found:
        body = template.fill(text)
        began = time.perf_counter()
        sent = way.prepare(body)
        prepared = time.perf_counter()
        asked = {**sent, "size": k, "_source": [title], "track_total_hits": True}
        try:
            answer = way.engine.search(way.index, asked, pipeline=way.pipeline)
        except EngineUnavailableError:
            raise
        except EngineError as error:  # a query that the engine cannot read, such as half of a query_string
            took = 1000 * (prepared - began) if parser is not None else 0.0
            return Found((), 0, took, 1000 * (time.perf_counter() - prepared), refused=error.message)
        ended = time.perf_counter()
        hits = answer["hits"]["hits"]
        return Found(
            tuple(hit["_id"] for hit in hits),
            int(answer["hits"]["total"]["value"]),
            1000 * (prepared - began) if parser is not None else 0.0,
            1000 * (ended - prepared),
            tuple(_title(hit, title) for hit in hits),
            clauses_of(parser.parse(text)) if parser is not None else "",
            sent != body,
        )

    return search


def _title(hit: Mapping[str, Any], field: str) -> str:
    from bridge.schema.proposal import strings

    return next(iter(strings(hit.get("_source") or {}, field)), "")[:120] or str(hit["_id"])


def _show(console: Console, report: ReplayReport, most: int) -> None:
    table = Table(title=f"{len(report.queries)} queries, {report.searches} searches", title_justify="left")
    table.add_column("")
    table.add_column(report.old, justify="right")
    table.add_column(report.new, justify="right")
    for row in report.rows():
        table.add_row(*row)
    console.print(table)
    worst = report.worst(most)
    if worst:
        console.print("changes to look at first", style="bold")
    for one in worst:
        clauses = f"  {one.new.clauses}" if one.new.clauses else ""
        console.print(f"{one.query} ({one.count})", markup=False, highlight=False, soft_wrap=True)
        refused = f"  refused: {one.new.refused}" if one.new.refused else ""
        line = f"  overlap {one.overlap:.2f}, hits {one.old.total} → {one.new.total}{clauses}{refused}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
