"""The demo from beginning to end: engine, model, install, index, queries; on one engine, or on both side by side."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from rich.console import Console

import bridge
from bridge.demo import _engine, _proxy, _show, _sidecar, _state
from bridge.demo._catalogues import Catalogue, Query, load_catalogues
from bridge.demo._elasticsearch import ElasticsearchSide
from bridge.demo._opensearch import OpenSearchSide
from bridge.demo._sides import Side
from bridge.demo._state import State
from bridge.errors import EngineError

Which = Literal["opensearch", "elasticsearch", "both"]


def run(
    engine_url: str | None = None,
    *,
    engine: Which = "opensearch",
    elasticsearch_url: str | None = None,
    examples: Path | None = None,
    console: Console | None = None,
) -> None:
    """Show the main job on real input; what was started keeps running, and a second run reuses it.

    Args:
        engine_url: an OpenSearch with ML Commons to use; None starts one.
        engine: on which engine; `both` shows that the same queries have the same hits, with the standard analyzer.
        elasticsearch_url: an Elasticsearch to use; None starts one.
        examples: folder with the catalogues; default: the repository's.
        console: where to print.

    Raises:
        BridgeError: something is missing or failed, or the engines differ; the message says what to do.
    """
    out = console or _show.make_console()
    started = time.monotonic()

    def say(line: str) -> None:
        _show.say(out, line)

    _show.step(out, 1, "Environment")
    say(f"gliner-bridge {bridge.__version__} on Python {sys.version.split()[0]} in {sys.prefix}")
    catalogues = load_catalogues(examples)
    sides: list[Side] = []
    known = _state.load()
    if engine != "elasticsearch":
        sides.append(OpenSearchSide(catalogues, known.sidecar))
    if engine != "opensearch":
        sides.append(ElasticsearchSide(catalogues, known.elasticsearch_sidecar, known.proxy))

    _show.step(out, 2, " and ".join(side.title for side in sides))
    for side in sides:
        side.start(elasticsearch_url if side.title == "Elasticsearch" else engine_url, say)
        _remember(side)

    served = "; ".join(side.serves for side in sides)
    _show.step(out, 3, served[0].upper() + served[1:])
    for side in sides:
        try:
            side.serve(say)
        finally:
            _remember(side)

    _show.step(out, 4, f"Install: {'; '.join(side.installs for side in sides)}")
    for side in sides:
        side.install(out)

    analyzer = "standard" if len(sides) > 1 else sides[0].analyzer()
    _show.step(out, 5, f"Index both catalogues with {', and '.join(side.fills for side in sides)}")
    for side in sides:
        for catalogue in catalogues:
            side.fill(catalogue, analyzer, out)
        side.ready()

    if len(sides) == 1:
        _show.step(out, 6, f"Queries, plain and {sides[0].asks} (green: new in the top 3)")
        for catalogue in catalogues:
            for query in catalogue.queries:
                _ask(sides[0], catalogue, query, out)
    else:
        _show.step(out, 6, "Queries on both, " + ", and ".join(f"on {side.title} {side.asks}" for side in sides))
        _compare(sides[0], sides[1], catalogues, out)

    _show.step(out, 7, f"Ready, after {time.monotonic() - started:.0f} s")
    for side in sides:
        for line in side.farewell():
            say(line)
    say("  make demo-down")


def _remember(side: Side) -> None:
    """Note what runs at once: also a demo that fails later must be found by the next, and by `demo-down`."""
    known = _state.load()
    if isinstance(side, OpenSearchSide):
        _state.save(replace(known, engine=side.where, sidecar=getattr(side, "sidecar", known.sidecar)))
    else:
        sidecar = getattr(side, "sidecar", known.elasticsearch_sidecar)
        proxy = getattr(side, "proxy", known.proxy)
        _state.save(replace(known, elasticsearch=side.where, elasticsearch_sidecar=sidecar, proxy=proxy))


def _ask(side: Side, catalogue: Catalogue, query: Query, out: Console) -> None:
    """One query: parsed, searched plain and rewritten, and shown."""
    answered = side.ask(catalogue, query.text)
    _show.show_query(
        out,
        _show.Result(
            text=query.text,
            index=catalogue.schema.index,
            shows=query.shows,
            title=catalogue.schema.text[0],
            parsed=answered.parsed,
            dropped=answered.dropped,
            before=answered.before,
            after=answered.after,
        ),
    )


def _compare(left: Side, right: Side, catalogues: list[Catalogue], out: Console) -> None:
    """All queries on both engines, side by side. Raises EngineError where hits differ."""
    queries = [(catalogue, query) for catalogue in catalogues for query in catalogue.queries]
    different = []
    for catalogue, query in queries:
        one, other = left.ask(catalogue, query.text), right.ask(catalogue, query.text)
        equal = _show.same_hits(one.after, other.after) and _show.same_hits(one.before, other.before)
        _show.show_pair(
            out,
            text=query.text,
            index=catalogue.schema.index,
            title=catalogue.schema.text[0],
            parsed=one.parsed,
            dropped=one.dropped,
            sides={left.title: one.after, right.title: other.after},
            equal=equal,
        )
        if not equal:
            different.append(query.text)
    if different:
        raise EngineError(
            f"{len(different)} of {len(queries)} queries have different hits: {'; '.join(different)}",
            hint="were both indices filled by this model? `make demo-down`, then run it again",
        )
    out.print()
    _show.say(out, f"equal hits for {len(queries)} of {len(queries)} queries")


def stop(console: Console | None = None) -> None:
    """Stop the proxy, the sidecars and the engines that the demo started; an engine given by URL keeps running."""
    out = console or _show.make_console()
    state = _state.load()
    if state == State():
        _show.say(out, "no demo is running")
        return

    def say(line: str) -> None:
        _show.say(out, line)

    if state.proxy is not None:
        _proxy.stop(state.proxy, say)
    for sidecar in (state.sidecar, state.elasticsearch_sidecar):
        if sidecar is not None:
            _sidecar.stop(sidecar, say)
    _state.save(State(engine=state.engine, elasticsearch=state.elasticsearch))
    for engine in (state.engine, state.elasticsearch):
        if engine is not None:
            _engine.stop(engine, say)
    _state.save(State())
