"""`gliner-bridge evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bridge.evaluation import QueryReport, QueryResult, SetReport

app = typer.Typer(help="Measure a model on annotated texts, the parser on queries.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Measure a model on annotated texts, the parser on queries."""


@app.command()
def ner(
    files: Annotated[list[Path], typer.Argument(help="Annotated files, .jsonl or .json, also .gz and .xz.")],
    model: Annotated[str, typer.Option("--model", help="A folder, a hub id, or `default`.")] = "default",
    threshold: Annotated[float, typer.Option("--threshold", help="Spans must score above it.")] = 0.5,
    threshold_sweep: Annotated[
        bool, typer.Option("--threshold-sweep", help="Score thresholds 0.1 to 0.9 and report the best of each set.")
    ] = False,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="Ask for this label only; repeat. Default: the set's own labels."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only the first texts of each file.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Processor threads; default: all cores.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of tables.")] = False,
) -> None:
    """Span precision, recall and F1 of a model, per set and label.

    A line of a file is {"tokens": \\[...], "spans": \\[\\[first, last, "label"]]}
    or GLiNER's {"tokenized_text": \\[...], "ner": \\[...]}.
    A span counts as found when start, end and label all agree.

    Example: gliner-bridge evaluate ner queries.dev.jsonl --model runs/first/model --threshold-sweep
    """
    from bridge.evaluation import SWEEP, evaluate_set, read_examples
    from bridge.scorer import Scorer

    scorer = Scorer.load(model, threads=threads)
    thresholds = SWEEP if threshold_sweep else (threshold,)
    reports = []
    for file in files:
        name = file.name.split(".jsonl")[0].split(".json")[0]
        examples = read_examples(file)[:limit]
        reports.append(evaluate_set(scorer, examples, name=name, labels=label, thresholds=thresholds))
    if as_json:
        typer.echo(json.dumps({"model": model, "sets": [report.to_json() for report in reports]}, indent=2))
        return
    console = Console()
    for report in reports:
        console.print(_table(report))


@app.command()
def queries(
    folders: Annotated[
        list[Path], typer.Argument(help="A catalogue (schema.yaml, values.yaml, cases/*.yaml) or a folder of some.")
    ],
    model: Annotated[str, typer.Option("--model", help="A folder, a hub id, `default`, or `none`.")] = "default",
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Only cases of this kind; repeat. Default: all.")
    ] = None,
    show: Annotated[int, typer.Option("--show", min=0, help="How many failed cases to print.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of tables.")] = False,
) -> None:
    """How many queries become exactly the clauses expected, by kind.

    A case is a query with its clauses, such as "filter price=<500"; the format is described in docs/query.md.
    "wrong hard" counts filters and exclusions that were not expected. Ends with status 1 where there is one.

    Example: gliner-bridge evaluate queries tests/queries --kind dates
    """
    from bridge.evaluation import evaluate_queries, find_query_sets, read_query_set
    from bridge.scorer import Scorer

    sets = [read_query_set(path) for folder in folders for path in find_query_sets(folder)]
    report = evaluate_queries(sets, None if model == "none" else Scorer.load(model), kinds=kind)
    rows = report.by_kind()
    if as_json:
        failures = [_failure(result) for result in report.failures]
        typer.echo(json.dumps({"kinds": [row.to_json() for row in rows], "failures": failures}, indent=2))
    else:
        console = Console()
        for result in report.failures[:show]:
            console.print(_failure_text(result), markup=False, highlight=False, soft_wrap=True)
        console.print(_queries_table(report))
    if rows[-1].wrong_hard:
        raise typer.Exit(1)


def _failure(result: QueryResult) -> dict[str, Any]:
    return {
        "catalogue": result.catalogue,
        "kind": result.kind,
        "query": result.case.query,
        "wrong": list(result.wrong),
        "missing": list(result.missing),
        "required": result.plan.required,
    }


def _failure_text(result: QueryResult) -> str:
    lines = [f"{result.catalogue}/{result.kind}: {result.case.query}"]
    lines += [f"  - expected {clause}" for clause in result.missing]
    lines += [f"  + planned  {clause}" for clause in result.wrong]
    if result.case.required not in (None, result.plan.required):
        lines.append(f'  required: expected "{result.case.required}", planned "{result.plan.required}"')
    return "\n".join(lines)


def _queries_table(report: QueryReport) -> Table:
    table = Table(title="queries that became exactly the clauses expected")
    table.add_column("kind")
    for column in ("cases", "passed", "%", "clause precision", "recall", "wrong hard"):
        table.add_column(column, justify="right")
    rows = report.by_kind()
    for row in rows:
        if row is rows[-1]:
            table.add_section()
        shares = (f"{100 * x:.1f}" for x in (row.pass_rate, row.precision, row.recall))
        table.add_row(row.kind, str(row.cases), str(row.passed), *shares, str(row.wrong_hard))
    return table


def _table(report: SetReport) -> Table:
    score = report.scores[report.best]
    table = Table(
        title=f"{report.name}: {report.texts} texts, threshold {report.best:g}",
        caption=f"{report.texts_per_second:.0f} texts a second in batches; {report.latency_ms:.1f} ms for one text "
        f"with {len(report.labels)} labels (median)",
    )
    table.add_column("label")
    for column in ("precision", "recall", "F1", "annotated"):
        table.add_column(column, justify="right")
    rows = sorted(score.by_label.items(), key=lambda item: -item[1].annotated)
    for label, counts in [*rows, ("all", score.micro)]:
        if label == "all":
            table.add_section()
        table.add_row(
            label, *(f"{100 * x:.1f}" for x in (counts.precision, counts.recall, counts.f1)), str(counts.annotated)
        )
    return table
