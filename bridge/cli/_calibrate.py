"""`gliner-bridge calibrate`: from which score each label is as precise as the schema wants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli._install import ApiKey, CaCerts, Password, Username, Verify, open_engine
from bridge.cli._ways import scorer_of
from bridge.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.engines import Engine
    from bridge.evaluation import CalibrationReport, Click, LabelThreshold
    from bridge.schema import Schema


def calibrate(
    file: Annotated[
        Path, typer.Argument(help="Annotated texts as for `evaluate ner`, or clicks: JSON lines of query and clicked.")
    ],
    schema: Annotated[Path, typer.Option("--schema", "-s", help="The schema whose labels are measured.")],
    target: Annotated[
        float | None,
        typer.Option("--target", min=0.5, max=1.0, help="Precision to reach. Default: target_precision of the schema."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", envvar="GLINER_BRIDGE_MODEL", help="Checkpoint. Default: the schema's."),
    ] = None,
    refit: Annotated[
        bool, typer.Option("--refit", help="Fit a new map from scores to probabilities on your texts, and use it.")
    ] = False,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help="Write band and precision into the schema; with --refit the checkpoint's map too."
        ),
    ] = False,
    engine_url: Annotated[
        str | None,
        typer.Option("--engine-url", envvar="ENGINE_URL", help="For clicks with doc_id: where the documents are."),
    ] = None,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of a table.")] = False,
) -> None:
    """Find the score from which each label is as precise as wanted: chosen on one half, reported on the other.

    A click is {"query": "red nike shoes", "clicked": {"brand": "Nike"}}: what the model proposes for a label is right
    where most of the clicked documents that have the label carry it. Nothing is written without --write.

    Example: gliner-bridge calibrate queries.jsonl --schema shop.yaml --target 0.95

    Example: gliner-bridge calibrate clicks.jsonl --schema shop.yaml --target 0.95 --write
    """
    from bridge.evaluation import calibrate as fit
    from bridge.evaluation import (
        changes,
        find_thresholds,
        is_click_log,
        proposals_of_clicks,
        proposals_of_texts,
        read_clicks,
        read_examples,
        reliability,
    )
    from bridge.schema import load_schema

    loaded = load_schema(schema)
    wanted = loaded.target_precision if target is None else target
    if wanted is None:
        raise InputError("which precision is wanted?", where=str(schema), hint="--target 0.95, or `target_precision:`")
    if not loaded.model_labels():
        raise InputError("the model looks for no label of this schema", where=str(schema), hint="set `model: true`")
    name = model or loaded.model.name
    if refit and write and name == "default":
        raise InputError(
            "the embedded model's own map is not replaced",
            hint="copy its folder (bridge/models/default), name it as the schema's model, and --refit that",
        )
    scorer = scorer_of(loaded, model)
    if is_click_log(file):
        clicks = _looked_up(
            read_clicks(file, loaded), loaded, engine_url, username, password, api_key, ca_certs, verify
        )
        proposals = proposals_of_clicks(scorer, loaded, clicks)
    else:
        proposals = proposals_of_texts(scorer, loaded, read_examples(file))
    if not proposals.fit_on and not proposals.measure_on:
        raise InputError(
            "nothing that the model found can be judged",
            where=str(file),
            hint=f"annotations and clicked values must name labels of the schema: {', '.join(loaded.model_labels())}",
        )
    fitted = fit(proposals.fit_on, proposals.measure_on) if refit else None
    score = fitted.fitted if fitted else scorer.calibration.apply if scorer.calibration else _as_it_is
    scored = proposals.scored(score)
    found = find_thresholds(scored, loaded, wanted)
    keys = changes(found, loaded, wanted)
    if wanted != loaded.target_precision:
        keys["target_precision",] = wanted
    error = reliability(scored.measure_on).error
    if as_json:
        shown: dict[str, Any] = {"target": wanted, "labels": [one.to_json() for one in found], "error": round(error, 4)}
        shown["keys"] = {".".join(path): value for path, value in keys.items()}
        typer.echo(json.dumps(shown, indent=2))
    else:
        _show(Console(), found, wanted, error)
    if write:
        _write(schema, keys)
        if fitted is not None:
            _write_map(fitted, loaded, name, scorer.fingerprint)
    elif not as_json:
        typer.echo(
            f"note: {schema} is as it was; --write would set {', '.join('.'.join(path) for path in keys)}", err=True
        )


def _as_it_is(score: float) -> float:
    return score


def _looked_up(
    clicks: list[Click],
    schema: Schema,
    engine_url: str | None,
    username: str | None,
    password: str | None,
    api_key: str | None,
    ca_certs: Path | None,
    verify: bool,
) -> list[Click]:
    """Clicks with the values of their documents, read from the index where only ids are given."""
    ids = list(dict.fromkeys(click.doc_id for click in clicks if click.doc_id is not None))
    if not ids:
        return clicks
    if engine_url is None:
        raise InputError(
            "the clicks name documents by id", hint="say where they are: --engine-url http://localhost:9200"
        )
    from dataclasses import replace

    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        values = _values(engine, schema, ids)
    if not values:
        raise InputError(
            f"none of the {len(ids)} clicked documents is in {schema.index}",
            hint="doc_id must be the _id of the documents in that index",
        )
    return [click if click.doc_id is None else replace(click, values=values.get(click.doc_id, {})) for click in clicks]


def _values(engine: Engine, schema: Schema, ids: Sequence[str]) -> dict[str, dict[str, tuple[str, ...]]]:
    from bridge.evaluation import values_of_document

    fields = [schema.field_of(name) for name in schema.labels]
    # The values of `brand.keyword` stand in the document under `brand`.
    fields += [field.rpartition(".")[0] for field in fields if "." in field]
    found: dict[str, dict[str, tuple[str, ...]]] = {}
    for start in range(0, len(ids), 1000):
        part = list(ids[start : start + 1000])
        body = {"size": len(part), "query": {"ids": {"values": part}}, "_source": fields}
        for hit in engine.search(schema.index, body)["hits"]["hits"]:
            found[hit["_id"]] = values_of_document(hit.get("_source") or {}, schema)
    return found


def _write(path: Path, keys: Mapping[tuple[str, ...], Any]) -> None:
    from bridge.schema import parse_schema, set_keys

    if not keys:
        typer.echo("nothing to write: no label was measured", err=True)
        return
    changed = set_keys(path.read_text("utf-8"), keys)
    parse_schema(changed, source=str(path), folder=path.parent)
    temporary = path.with_name(f".{path.name}.writing")
    temporary.write_text(changed, "utf-8")
    temporary.replace(path)
    typer.echo(f"written: {path} ({', '.join('.'.join(key) for key in keys)})", err=True)


def _write_map(fitted: CalibrationReport, schema: Schema, model: str, fingerprint: str) -> None:
    """The map beside the checkpoint, which names labels by the texts that it is asked for."""
    from dataclasses import replace

    from bridge.scorer._locate import find_checkpoint

    by_text = {schema.label_text(label): share for label, share in fitted.precision.items()}
    path = replace(fitted, precision=by_text).save(find_checkpoint(model), fingerprint)
    typer.echo(f"written: {path}", err=True)


def _show(console: Console, found: Sequence[LabelThreshold], target: float, error: float) -> None:
    table = Table(
        title=f"scores from which labels are right in {100 * target:g} %",
        caption=f"chosen on one half of the texts, measured on the other; there the scores are off "
        f"by {100 * error:.1f} points in the mean (expected calibration error)",
        title_justify="left",
    )
    table.add_column("label")
    for column in (
        "spans",
        "promised",
        "right",
        "band.filter",
        "precision",
        "threshold",
        "precision there",
        "at least",
        "right ones kept",
    ):
        table.add_column(column, justify="right")
    table.add_column("")
    for one in found:
        table.add_row(
            one.label,
            f"{one.fitted_on} + {one.measured_on}",
            *map(_percent, (one.promised, one.right)),
            f"{one.band:g}",
            _percent(one.now),
            "–" if one.threshold is None else f"{one.threshold:g}",
            *map(_percent, (one.reached, one.low, one.kept)),
            one.says(target),
        )
    console.print(table)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"
