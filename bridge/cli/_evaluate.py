"""`gliner-bridge evaluate`."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli._evaluate_others import Other, Others, measure, names_of, opened
from bridge.cli._evaluate_others import table as others_table
from bridge.cli._evaluate_relevance import relevance
from bridge.cli._train import BadRecords
from bridge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.evaluation import CalibrationReport, Example, QueryReport, QueryResult, SetReport
    from bridge.scorer import Scorer


class DtypeChoice(StrEnum):
    """As `dtype` of a schema's `model`."""

    fp32 = "fp32"
    bf16 = "bf16"
    fp16 = "fp16"
    int8 = "int8"
    auto = "auto"


class RuntimeChoice(StrEnum):
    """As `runtime` of a schema's `model`."""

    torch = "torch"
    openvino = "openvino"
    auto = "auto"


app = typer.Typer(
    help="Measure a model on annotated texts, the parser on queries, results on judgements.",
    no_args_is_help=True,
)


@app.callback()
def _group() -> None:
    """Measure a model on annotated texts, the parser on queries, results on judgements."""


app.command()(relevance)


@app.command()
def ner(
    files: Annotated[list[Path], typer.Argument(help="Annotated files: .jsonl, .json or CoNLL, also .gz and .xz.")],
    model: Annotated[str, typer.Option("--model", help="A folder, a hub id, or `default`.")] = "default",
    threshold: Annotated[
        float | None, typer.Option("--threshold", help="Spans must score above it. Default: the model's own 0.5.")
    ] = None,
    threshold_sweep: Annotated[
        bool, typer.Option("--threshold-sweep", help="Score thresholds 0.1 to 0.9 and report the best of each set.")
    ] = False,
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="Ask for this label only; repeat. Default: the set's own labels."),
    ] = None,
    rename: Annotated[
        Path | None,
        typer.Option("--rename", help="YAML: what the model is asked for instead of a label, `brand: maker of it`."),
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", help="Only the first texts of each file.")] = None,
    calibrate: Annotated[
        bool,
        typer.Option(
            "--calibrate", help="Fit probabilities to scores on one half of the texts, measure them on the other."
        ),
    ] = False,
    unseen: Annotated[
        list[Path] | None,
        typer.Option("--unseen", help="With --calibrate: measured only, for labels that the model never saw; repeat."),
    ] = None,
    save: Annotated[
        bool, typer.Option("--save", help="With --calibrate: write calibration.json beside the checkpoint.")
    ] = False,
    distractors: Annotated[
        Path | None,
        typer.Option(
            "--distractors", help="F1 with 10 and 60 labels asked for; a file of labels true of nothing here."
        ),
    ] = None,
    orders: Annotated[
        int, typer.Option("--orders", min=0, help="F1 with the labels in so many orders; 0: not measured.")
    ] = 0,
    plot: Annotated[
        Path | None, typer.Option("--plot", help="Picture (.png or .svg) of F1 over thresholds and of reliability.")
    ] = None,
    bad_records: Annotated[
        BadRecords, typer.Option("--bad-records", help="Lines that cannot be read: stop, or name and skip them.")
    ] = BadRecords.stop,
    with_: Annotated[
        list[Other] | None, typer.Option("--with", help="The same texts through spaCy or a language model too; repeat.")
    ] = None,
    pipeline: Annotated[
        str, typer.Option("--pipeline", help="With spacy: an installed pipeline, or the folder of one.")
    ] = "en_core_web_sm",
    types: Annotated[
        Path | None, typer.Option("--types", help="With spacy: YAML, which of its types is which label: `ORG: brand`.")
    ] = None,
    llm_url: Annotated[
        str, typer.Option("--llm-url", help="With llm: an endpoint that speaks OpenAI's chat completions.")
    ] = "http://127.0.0.1:8000/v1",
    llm_model: Annotated[str | None, typer.Option("--llm-model", help="With llm: the model's name there.")] = None,
    llm_key_env: Annotated[
        str, typer.Option("--llm-key-env", help="With llm: environment variable that holds its key.")
    ] = "OPENAI_API_KEY",
    llm_price: Annotated[
        tuple[float, float] | None,
        typer.Option("--llm-price", metavar="IN OUT", help="With llm: what a million tokens cost, read and written."),
    ] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Processor threads; default: all cores.")] = None,
    dtype: Annotated[
        DtypeChoice, typer.Option("--dtype", help="Of the encoder's matrix products; auto measures which is as good.")
    ] = DtypeChoice.fp32,
    runtime: Annotated[
        RuntimeChoice, typer.Option("--runtime", help="What computes encoder and head; auto measures which is faster.")
    ] = RuntimeChoice.torch,
    device: Annotated[
        str, typer.Option("--device", help="cpu, cuda, cuda:1, or auto: the GPU where there is one.")
    ] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of tables.")] = False,
) -> None:
    """Span precision, recall and F1 of a model, per set and label.

    A line of a file is {"tokens": \\[...], "spans": \\[\\[first, last, "label"]]},
    GLiNER's {"tokenized_text": \\[...], "ner": \\[...]},
    or {"text": "...", "entities": \\[\\[start, end, "label"]]};
    files that end in .conll, .bio or .tsv are CoNLL.
    A span counts as found when start, end and label all agree.

    Example: gliner-bridge evaluate ner queries.dev.jsonl --model runs/first/model --threshold-sweep
    Example: gliner-bridge evaluate ner queries.dev.jsonl --calibrate --save --plot report.svg
    Example: gliner-bridge evaluate ner queries.dev.jsonl --rename other-names.yaml
    Example: gliner-bridge evaluate ner queries.dev.jsonl --with spacy --types types.yaml
    """
    from bridge.evaluation import SWEEP, evaluate_set, of_model, plot_report, read_examples, robustness_json
    from bridge.scorer import Scorer

    console, notes = Console(), Console(stderr=True)
    skip = (lambda error: notes.print(f"skipped: {error}", markup=False)) if bad_records is BadRecords.skip else None
    if save and not calibrate:
        raise InputError("--save stores what --calibrate fits", hint="add --calibrate")
    scorer = Scorer.load(model, threads=threads, dtype=dtype.value, runtime=runtime.value, device=device)
    names = names_of(rename, example="brand: maker of the product")
    thresholds = SWEEP if threshold_sweep or plot else (scorer.default_threshold if threshold is None else threshold,)

    def read(paths: Sequence[Path]) -> dict[str, list[Example]]:
        files = [_name(path) for path in paths]
        files = [str(path) if files.count(file) > 1 else file for file, path in zip(files, paths, strict=True)]
        return {
            file: [example.renamed(names) for example in read_examples(path, on_error=skip)[:limit]]
            for file, path in zip(files, paths, strict=True)
        }

    sets = read(files)
    ways = Others(with_ or (), pipeline, types, llm_url, llm_model, llm_key_env, llm_price)
    with opened(ways) as finders:
        found = [measure(finder, sets, label, ways) for finder in finders]
    reports = [
        evaluate_set(scorer, examples, name=name, labels=label, thresholds=thresholds)
        for name, examples in sets.items()
    ]
    others = distractors.read_text("utf-8").splitlines() if distractors else []
    robustness = {name: _robustness(scorer, examples, others, orders) for name, examples in sets.items()}
    fitted = None
    if calibrate:
        fitted = _calibrate(scorer, sets, read(unseen or ()))
        if save:
            from bridge.scorer._locate import find_checkpoint

            fitted.save(find_checkpoint(model), scorer.fingerprint)
    if plot:
        plot_report(plot, reports, fitted)
    if as_json:
        data: dict[str, Any] = {"model": model, "sets": [report.to_json() for report in reports]}
        for one in data["sets"]:
            one.update(robustness_json(*robustness[one["name"]]))
            if found:
                one["others"] = [by_set[one["name"]].to_json() for by_set in found]
        if fitted is not None:
            data["calibration"] = fitted.to_json()
        typer.echo(json.dumps(data, indent=2))
        return
    for report in reports:
        console.print(_table(report))
        counts, by_order = robustness[report.name]
        for count, f1 in counts.items():
            console.print(f"{count} labels asked for: F1 {100 * f1:.1f}")
        if by_order:
            lowest, highest = 100 * min(by_order), 100 * max(by_order)
            console.print(f"{len(by_order)} orders of the labels: F1 {lowest:.1f} to {highest:.1f}")
        if found:
            rows = [of_model(report, f"GLiNER {model}"), *(by_set[report.name] for by_set in found)]
            console.print(others_table(report.name, rows))
    if fitted is not None:
        console.print(_reliability(fitted))


def _name(file: Path) -> str:
    return file.name.removesuffix(".gz").removesuffix(".xz").rpartition(".")[0] or file.name


def _robustness(
    scorer: Scorer, examples: Sequence[Example], distractors: Sequence[str], orders: int
) -> tuple[Mapping[int, float], list[float]]:
    from bridge.evaluation import f1_by_label_count, f1_by_label_order

    given = [line.strip() for line in distractors if line.strip() and not line.startswith("#")]
    counts = f1_by_label_count(scorer, examples, given) if given else {}
    return counts, f1_by_label_order(scorer, examples, orders=orders) if orders else []


def _calibrate(
    scorer: Scorer, sets: Mapping[str, Sequence[Example]], unseen: Mapping[str, Sequence[Example]]
) -> CalibrationReport:
    """Fit on one half of every set, measure on the other halves together and on each unseen set."""
    from bridge.evaluation import calibrate, halves, samples_of

    fit_on, measure_on = [], []
    for examples in sets.values():
        labels = sorted({m.label for e in examples for m in e.mentions})
        one, other = halves(examples)
        fit_on += samples_of(scorer, one, labels)
        measure_on += samples_of(scorer, other, labels)
    return calibrate(fit_on, measure_on, [(name, samples_of(scorer, examples)) for name, examples in unseen.items()])


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
        failures = [failure_json(result) for result in report.failures]
        typer.echo(json.dumps({"kinds": [row.to_json() for row in rows], "failures": failures}, indent=2))
    else:
        console = Console()
        for result in report.failures[:show]:
            console.print(failure_text(result), markup=False, highlight=False, soft_wrap=True)
        console.print(_queries_table(report))
    if rows[-1].wrong_hard:
        raise typer.Exit(1)


def failure_json(result: QueryResult) -> dict[str, Any]:
    """A failed case as JSON."""
    return {
        "catalogue": result.catalogue,
        "kind": result.kind,
        "query": result.case.query,
        "wrong": list(result.wrong),
        "missing": list(result.missing),
        "required": result.plan.required,
    }


def failure_text(result: QueryResult) -> str:
    """A failed case for people: what is missing (-), what nobody expected (+)."""
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


def _reliability(report: CalibrationReport) -> Table:
    """Reliability on the other half, and expected calibration errors."""
    errors = [f"expected calibration error on the other half: {100 * report.before.error:.1f} %"]
    errors[0] += f" of the scores, {100 * report.after.error:.1f} % calibrated ({report.fitted.to_json()['method']})"
    errors += [
        f"{name}: {100 * before.error:.1f} % of the scores, {100 * after.error:.1f} % calibrated"
        for name, before, after in report.unseen
    ]
    table = Table(title="how often spans are right, by calibrated probability", caption="\n".join(errors))
    for column in ("probability", "spans", "expected", "right"):
        table.add_column(column, justify="right")
    for one in report.after.bins:
        table.add_row(
            f"{one.low:.1f} to {one.high:.1f}",
            str(one.count),
            f"{100 * one.expected:.1f} %",
            f"{100 * one.right:.1f} %",
        )
    return table


def _table(report: SetReport) -> Table:
    score = report.scores[report.best]
    table = Table(
        title=f"{report.name}: {report.texts} texts, threshold {report.best:g}",
        caption=f"{report.texts_per_second:.0f} texts a second in batches; {report.latency_ms:.1f} ms for one text "
        f"with {len(report.labels)} labels (median; 95 of 100 below {report.latency_p95_ms:.1f} ms)",
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
