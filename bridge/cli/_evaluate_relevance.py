"""`gliner-bridge evaluate relevance`: whether results get better, measured on judged queries and a real engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from bridge.cli._install import ApiKey, CaCerts, EngineUrl, Password, Username, Verify, open_engine
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.cli._ways import Way
    from bridge.engines import Engine
    from bridge.evaluation import Ranking, RelevanceReport, Template
    from bridge.query import QueryParser

_METRICS = ("ndcg", "condensed", "recall")


def relevance(
    judgements: Annotated[Path, typer.Argument(help="CSV with the columns query,doc_id,rating (0 is worthless).")],
    query: Annotated[
        list[Path],
        typer.Option("--query", "-q", help='A baseline: search body (JSON) with "{{query}}" as its text; repeatable.'),
    ],
    schema: Annotated[
        Path | None, typer.Option("--schema", "-s", help="Schema whose rewriting is measured, in this process.")
    ] = None,
    search_pipeline: Annotated[
        str | None,
        typer.Option("--search-pipeline", help="Measure this search pipeline of OpenSearch instead: sidecar and all."),
    ] = None,
    index: Annotated[str | None, typer.Option("--index", help="The index. Default: the schema's.")] = None,
    engine_url: EngineUrl = "http://127.0.0.1:9200",
    model: Annotated[
        str | None,
        typer.Option("--model", envvar="GLINER_BRIDGE_MODEL", help="Checkpoint, or `none`. Default: the schema's."),
    ] = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Places that nDCG looks at.")] = 10,
    depth: Annotated[int, typer.Option("--depth", min=10, max=10_000, help="Hits asked for: recall, condensed.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Of the permutation test.")] = 0,
    table: Annotated[
        Path | None, typer.Option("--table", help="Write a table of all queries to this Markdown file.")
    ] = None,
    username: Username = None,
    password: Password = None,
    api_key: ApiKey = None,
    ca_certs: CaCerts = None,
    verify: Verify = True,
    as_json: Annotated[bool, typer.Option("--json", help="JSON to standard output instead of tables.")] = False,
) -> None:
    """nDCG, recall and zero-hit rate of your own queries, plain and with the bridge, against judgements.

    Every judged query is put into each baseline and searched twice. Unjudged documents count 0 in nDCG; condensed nDCG
    takes them out of the first --depth hits before it looks. "removed" counts documents rated 2 or more that the
    baseline finds and a filter hides. See docs/relevance.md.

    Example: gliner-bridge evaluate relevance judged.csv --query shop.json --schema shop.yaml
    """
    from bridge.cli._ways import in_process, live_parser, plain, through_pipeline
    from bridge.evaluation import evaluate_relevance, read_judgements, read_template
    from bridge.schema import load_schema

    if (schema is None) == (search_pipeline is None):
        raise InputError(
            "give either --schema or --search-pipeline", hint="--schema rewrites here, --search-pipeline in the engine"
        )
    if search_pipeline is not None and index is None:
        raise InputError("--search-pipeline needs --index", hint="name the index that is searched")
    judged, templates = read_judgements(judgements), [read_template(path) for path in query]
    loaded = load_schema(schema) if schema is not None else None
    target = index or (loaded.index if loaded is not None else "")
    with open_engine(engine_url, username, password, api_key, ca_certs, verify) as engine:
        _check_documents(engine, target, judged)
        parser: QueryParser | None = None
        ways = [plain(engine, target)]
        if loaded is not None:
            parser = live_parser(engine, loaded, model)
            ways.append(in_process(engine, loaded, parser))
        else:
            ways.append(through_pipeline(engine, target, search_pipeline or ""))
        pairs = []
        for template in templates:
            seen: set[str] = set()
            before, after = (
                evaluate_relevance(
                    judged,
                    _searching(way, template, depth, seen),
                    name=f"{template.name}, {way.name}",
                    k=k,
                    depth=depth,
                )
                for way in ways
            )
            pairs.append((before, after))
            if not seen:
                typer.echo(f"note: {template.name}: no query came back rewritten", err=True)
    clauses = {text: _clauses(parser, text) for text in judged} if parser is not None else {}
    if table is not None:
        table.write_text(_markdown(pairs, clauses), "utf-8")
    if as_json:
        typer.echo(json.dumps([_pair_json(before, after, seed) for before, after in pairs], indent=2))
        return
    console = Console()
    for before, after in pairs:
        _show(console, before, after, seed)


def _searching(
    way: Way, template: Template, depth: int, rewritten: set[str]
) -> Callable[[str, Sequence[str]], Ranking]:
    """What `evaluate_relevance` searches with; texts whose hits name clauses of the bridge go to `rewritten`."""
    from bridge.evaluation import Ranking

    def search(text: str, good: Sequence[str]) -> Ranking:
        body = template.fill(text)
        answer = way.search(body, size=depth, _source=False, track_total_hits=True)
        hits = answer["hits"]["hits"]
        if any(name.startswith("bridge:") for hit in hits for name in hit.get("matched_queries", ())):
            rewritten.add(text)
        kept: list[str] = []
        if good:
            only = {"post_filter": {"terms": {"_id": list(good)}}, "size": len(good), "_source": False}
            kept = [hit["_id"] for hit in way.search(body, **only)["hits"]["hits"]]
        return Ranking(tuple(hit["_id"] for hit in hits), int(answer["hits"]["total"]["value"]), frozenset(kept))

    return search


def _check_documents(engine: Engine, index: str, judged: dict[str, dict[str, int]]) -> None:
    """Refuse judgements of another index: hardly any judged document would be in it."""
    ids = list(dict.fromkeys(id_ for ratings in judged.values() for id_ in ratings))[:1000]
    there = engine.search(index, {"size": 0, "track_total_hits": True, "query": {"ids": {"values": ids}}})
    if not there["hits"]["total"]["value"]:
        raise InputError(
            f"none of the {len(ids)} judged documents is in {index}",
            hint="doc_id must be the _id of the documents in that index",
        )


def _clauses(parser: QueryParser, text: str) -> str:
    from bridge.cli._ways import clauses_of

    return clauses_of(parser.parse(text))


def _pair_json(before: RelevanceReport, after: RelevanceReport, seed: int) -> dict[str, object]:
    removed, good = after.removed(before)
    return {
        "baseline": before.to_json(),
        "bridge": after.to_json(),
        "comparisons": [after.against(before, metric, seed=seed).to_json() for metric in _METRICS],
        "good_documents": good,
        "removed": removed,
    }


def _show(console: Console, before: RelevanceReport, after: RelevanceReport, seed: int) -> None:
    table = Table(title=before.name.rpartition(",")[0], title_justify="left")
    table.add_column("metric")
    for column in ("plain", "bridge", "difference", "wins", "losses", "p"):
        table.add_column(column, justify="right")
    names = {"ndcg": f"nDCG@{after.k}", "condensed": f"condensed nDCG@{after.k}", "recall": f"recall@{after.depth}"}
    for metric in _METRICS:
        one = after.against(before, metric, seed=seed)
        numbers = (f"{one.baseline:.3f}", f"{one.new:.3f}", f"{one.difference:+.3f}")
        table.add_row(names[metric], *numbers, str(len(one.wins)), str(len(one.losses)), f"{one.p:.4f}")
    judged = [f"{report.mean('judged'):.3f}" for report in (before, after)]
    table.add_row(f"judged@{after.k}", *judged, f"{after.mean('judged') - before.mean('judged'):+.3f}")
    table.add_row("queries without hits", str(before.zero_hits), str(after.zero_hits))
    removed, good = after.removed(before)
    table.add_row("good documents removed", "", f"{removed} of {good}")
    console.print(table)
    condensed = after.against(before, "condensed", seed=seed)
    for what, changes in (("losses", condensed.losses), ("wins", condensed.wins)):
        console.print(f"{what} of condensed nDCG: {_changes(changes) or 'none'}", markup=False, highlight=False)


def _changes(changes: Sequence[tuple[str, float]]) -> str:
    return ", ".join(f"{query} {change:+.2f}" for query, change in changes[:15])


def _markdown(pairs: list[tuple[RelevanceReport, RelevanceReport]], clauses: dict[str, str]) -> str:
    """One row a query: nDCG and condensed nDCG of each baseline, plain → bridge, and the clauses."""
    heads = ["query"]
    for before, after in pairs:
        name = before.name.rpartition(",")[0]
        heads += [f"{name} nDCG@{after.k}", f"condensed nDCG@{after.k}"]
    lines = ["| " + " | ".join([*heads, "clauses"]) + " |", "|" + "---|" * (len(heads) + 1)]
    for at, score in enumerate(pairs[0][0].scores):
        cells = [score.query]
        for before, after in pairs:
            old, new = before.scores[at], after.scores[at]
            cells += [_arrow(old.ndcg, new.ndcg), _arrow(old.condensed, new.condensed)]
        lines.append("| " + " | ".join(_cell(cell) for cell in [*cells, clauses.get(score.query, "")]) + " |")
    return "\n".join(lines) + "\n"


def _arrow(old: float | None, new: float | None) -> str:
    if old is None or new is None:
        return "–"
    mark = "" if abs(new - old) < 5e-4 else f" ({new - old:+.2f})"
    return f"{old:.2f} → {new:.2f}{mark}" if mark else f"{old:.2f}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
