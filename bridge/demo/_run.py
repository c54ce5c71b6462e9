"""The demo from beginning to end: engine, sidecar, install, index, queries."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console

import bridge
from bridge.demo import _engine, _index, _show, _sidecar, _state
from bridge.demo._catalogues import Catalogue, Query, load_catalogues
from bridge.demo._state import EngineState, SidecarState, State
from bridge.engines import Engine, connect
from bridge.engines.install import install
from bridge.errors import EngineError, SetupError

TOP = 3


def run(engine_url: str | None = None, *, examples: Path | None = None, console: Console | None = None) -> None:
    """Show the main job on real input; sidecar and engine keep running, and a second run reuses them.

    Args:
        engine_url: an OpenSearch with ML Commons to use; None starts one.
        examples: folder with the catalogues; default: the repository's.
        console: where to print.

    Raises:
        BridgeError: something is missing or failed; the message says what to do.
    """
    out = console or _show.make_console()
    started = time.monotonic()

    def say(line: str) -> None:
        _show.say(out, line)

    _show.step(out, 1, "Environment")
    say(f"gliner-bridge {bridge.__version__} on Python {sys.version.split()[0]} in {sys.prefix}")
    catalogues = load_catalogues(examples)

    _show.step(out, 2, "OpenSearch with ML Commons")
    known = _state.load()
    where = _engine.choose(engine_url, say)
    _state.save(State(engine=where, sidecar=known.sidecar))
    engine = connect(where.url, dialect="opensearch")
    about = engine.info()
    if not about.ml_commons:
        raise SetupError(
            "this OpenSearch has no ML Commons, which calls the sidecar", where=engine.url, hint="install opensearch-ml"
        )
    say(f"version {about.version}, cluster {about.cluster}")

    _show.step(out, 3, "Sidecar with the embedded model")
    sidecar = _sidecar.ensure(where, [catalogue.schema_path for catalogue in catalogues], known.sidecar, say)
    _state.save(State(engine=where, sidecar=sidecar))

    _show.step(out, 4, "Install: settings, connectors, models, pipelines, component templates")
    _install(engine, where, sidecar, catalogues, out)

    _show.step(out, 5, "Index both catalogues with plain _bulk; the pipeline tags each document")
    for catalogue in catalogues:
        _fill(engine, sidecar, catalogue, out)
    _post(sidecar, "/v1/refresh", {})

    _show.step(out, 6, "Queries, plain and through the search pipeline (green: new in the top 3)")
    for catalogue in catalogues:
        for query in catalogue.queries:
            _ask(engine, sidecar, catalogue, query, out)

    _show.step(out, 7, f"Ready, after {time.monotonic() - started:.0f} s")
    _farewell(engine, sidecar, catalogues, out)


def _install(
    engine: Engine, where: EngineState, sidecar: SidecarState, catalogues: list[Catalogue], out: Console
) -> None:
    """Register the schemas; says what was written and what stood there already."""

    def as_seen_by_engine(url: str) -> str:
        return str(httpx.URL(url).copy_with(host=where.sidecar_host))

    report = install(
        engine,
        [catalogue.schema for catalogue in catalogues],
        as_seen_by_engine(sidecar.url),
        documents_url=as_seen_by_engine(sidecar.documents_url),
        api_key=sidecar.key,
        on_progress=lambda line: _show.say(out, line),
    )
    kept = len(report.unchanged)
    _show.say(
        out, f"{len(report.requests)} written, {kept} as they should be" if report.changed else "nothing to change"
    )


def _fill(engine: Engine, sidecar: SidecarState, catalogue: Catalogue, out: Console) -> None:
    """Index a catalogue, unless all its documents are there and tagged as this sidecar would tag them."""
    name = catalogue.schema.index
    _index.ensure_index(engine, catalogue)
    expected = sum(1 for _ in catalogue.documents())
    there = _index.count(engine, catalogue, _tagging_hash(sidecar, catalogue))
    if there.total == there.current == expected:
        _show.say(out, f"{name}: {there.total} documents are already there and tagged by this model and schema")
        return
    if there.total < expected or there.current < there.done:
        if there.total:
            _show.say(out, f"{name}: {there.current} of {expected} documents are tagged by this model and schema")
        _load(engine, sidecar, catalogue, out)
    there = _index.count(engine, catalogue)
    if there.done < there.total:
        _repair(engine, catalogue, there.total - there.done, out)
        there = _index.count(engine, catalogue)
    if not there.total == there.done == expected:
        raise EngineError(
            f"'{name}' has {there.total} documents and {there.done} of them are tagged, and there should be {expected}",
            hint=f"run `make demo` again; the sidecar's log is {sidecar.log}",
        )
    _show.say(out, f"{name}: none of {there.total} is left untagged")


def _load(engine: Engine, sidecar: SidecarState, catalogue: Catalogue, out: Console) -> None:
    result = _index.load(engine, catalogue, out)
    _show.say(
        out,
        f"{catalogue.schema.index}: {result.documents} documents in {result.seconds:.1f} s ({result.rate:.1f} docs/s), "
        f"{result.failed} refused",
    )
    if result.failed:
        raise EngineError(
            f"the engine refused {result.failed} documents; the first: {result.first_error}",
            where=f"{engine.url}/{catalogue.schema.index}",
            hint=f"the sidecar's log is {sidecar.log}",
        )


def _repair(engine: Engine, catalogue: Catalogue, untagged: int, out: Console) -> None:
    """Tag what the pipeline could not, in this process, as `gliner-bridge repair` does."""
    _show.say(out, f"{catalogue.schema.index}: {untagged} were not tagged in time; repairing")
    # Only a demo that has to repair pays for loading the model in this process.
    from bridge.enrichment import repair
    from bridge.scorer import Scorer
    from bridge.tagging import Tagger

    tagger = Tagger(catalogue.schema, Scorer.load(catalogue.schema.model.name, offline=True))
    _show.say(out, f"{catalogue.schema.index}: {repair(engine, catalogue.schema, tagger)}")


def _tagging_hash(sidecar: SidecarState, catalogue: Catalogue) -> str:
    """By what the running sidecar tags, as it says itself on a document of one word."""
    body = {catalogue.schema.text[0]: "coffee"}
    block = _post(sidecar, f"/opensearch/ingest/{catalogue.schema.name}", body)
    return str(block[f"{catalogue.schema.entities}_meta"]["tagging_hash"])


def _ask(engine: Engine, sidecar: SidecarState, catalogue: Catalogue, query: Query, out: Console) -> None:
    """One query: parsed, searched plain and through the pipeline, and shown."""
    schema = catalogue.schema
    body = search_body(schema.text, query.text)
    parsed = _post(sidecar, "/v1/parse", {"schema": schema.name, "text": query.text})
    rewritten = _post(sidecar, "/v1/rewrite", {"schema": schema.name, "body": body})
    dropped = frozenset(str(line["clause"]) for line in rewritten["explain"] if line["decision"] == "relaxed")
    _show.show_query(
        out,
        _show.Result(
            text=query.text,
            index=schema.index,
            shows=query.shows,
            title=schema.text[0],
            parsed=parsed,
            dropped=dropped,
            before=_hits(engine.search(schema.index, body)),
            after=_hits(engine.search(schema.index, body, pipeline=f"gliner-bridge-{schema.name}")),
        ),
    )


def search_body(fields: list[str], text: str) -> dict[str, Any]:
    """An ordinary shop search; the first field, which names the document, counts three times."""
    weighted = [f"{fields[0]}^3", *fields[1:]]
    return {
        "size": TOP,
        "track_total_hits": True,
        "query": {"multi_match": {"query": text, "fields": weighted}},
        "_source": [fields[0], "price"],
    }


def _hits(answer: dict[str, Any]) -> _show.Hits:
    return _show.Hits(int(answer["hits"]["total"]["value"]), tuple(answer["hits"]["hits"]))


def _post(sidecar: SidecarState, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """One request to the sidecar; EngineError's sibling for it is SetupError, naming the log."""
    headers = {"Authorization": f"Bearer {sidecar.key}"} if sidecar.key else {}
    try:
        answer = httpx.post(f"{sidecar.url}{path}", json=body, headers=headers, timeout=60)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise SetupError(f"the sidecar failed on {path}: {error}", where=sidecar.log) from error
    return found


def _farewell(engine: Engine, sidecar: SidecarState, catalogues: list[Catalogue], out: Console) -> None:
    """Where everything runs and three commands to try next."""
    command = shlex.quote(str(Path(sys.executable).with_name("gliner-bridge")))
    schema = catalogues[0].schema
    search = f"{engine.url}/{schema.index}/_search?pretty&search_pipeline=gliner-bridge-{schema.name}"
    body = json.dumps(search_body(schema.text, "decaf coffee under 30 dollars"))
    for line in (
        f"OpenSearch  {engine.url}",
        f"sidecar     {sidecar.url}  (also /metrics and /openapi.json)",
        "",
        "Try next:",
        f"  {command} parse 'organic honey under $15' -s {catalogues[0].schema_path} --engine-url {engine.url}",
        f"  curl -s '{search}' -H 'content-type: application/json' -d '{body}'",
        "  make demo-down",
    ):
        _show.say(out, line)


def stop(console: Console | None = None) -> None:
    """Stop the sidecar and the engine that the demo started; an engine given by URL keeps running."""
    out = console or _show.make_console()
    state = _state.load()
    if state.sidecar is None and state.engine is None:
        _show.say(out, "no demo is running")
        return
    if state.sidecar is not None:
        _sidecar.stop(state.sidecar, lambda line: _show.say(out, line))
        _state.save(State(engine=state.engine))
    if state.engine is not None:
        _engine.stop(state.engine, lambda line: _show.say(out, line))
    _state.save(State())
