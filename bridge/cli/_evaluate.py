"""`gliner-bridge evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from bridge.evaluation import SetReport

app = typer.Typer(help="Measure a model on annotated texts.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Measure a model on annotated texts."""


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
