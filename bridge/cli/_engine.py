"""`gliner-bridge engine`: a local OpenSearch or Elasticsearch to try things on."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bridge.engines.local import LocalNode

app = typer.Typer(
    name="engine",
    help="Start, stop and look at a local OpenSearch or Elasticsearch (official image, or Maven Central on a JDK).",
    no_args_is_help=True,
)


class _Way(StrEnum):
    auto = "auto"
    docker = "docker"
    local = "local"


class _Name(StrEnum):
    opensearch = "opensearch"
    elasticsearch = "elasticsearch"


_Engine = Annotated[
    _Name, typer.Option("--engine", help="Elasticsearch is 9.5 where a Java 21 is found, and 8.19 on Java 17.")
]
_Cache = Annotated[
    Path | None,
    typer.Option(help="Folder for jars, data and log. Default: GLINER_BRIDGE_CACHE, else your cache folder."),
]
_Data = Annotated[Path | None, typer.Option(help="Folder of this node's data and log. Default: `node` in the cache.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the node as JSON.")]


@app.command()
def start(
    port: Annotated[
        int | None, typer.Option(help="HTTP port. Default: 9200 where it is free, else any; 0 means any.")
    ] = None,
    with_: Annotated[
        _Way,
        typer.Option("--with", help="docker: the official image; local: Maven Central; auto: docker if it answers."),
    ] = _Way.auto,
    heap: Annotated[str, typer.Option(help="JVM heap of the node.")] = "1g",
    engine: _Engine = _Name.opensearch,
    cache: _Cache = None,
    data: _Data = None,
    as_json: _Json = False,
) -> None:
    """Start OpenSearch or Elasticsearch and wait until it answers; one that runs already is kept.

    Data is kept between starts. The node listens on 127.0.0.1 only and has no passwords.
    """
    from bridge.engines import local

    node = local.start(
        cache=cache,
        port=port,
        data=data,
        way=with_.value,
        heap=heap,
        engine=engine.value,
        on_progress=lambda line: typer.echo(line, err=True),
    )
    _print(node, as_json)


@app.command()
def stop(cache: _Cache = None, data: _Data = None, engine: _Engine = _Name.opensearch) -> None:
    """Stop the local engine; its data stays."""
    from bridge.engines import local

    typer.echo("stopped" if local.stop(cache=cache, data=data, engine=engine.value) else "nothing runs")


@app.command()
def status(
    cache: _Cache = None, data: _Data = None, engine: _Engine = _Name.opensearch, as_json: _Json = False
) -> None:
    """Tell whether the local engine runs, and where; exit status 1 when it does not."""
    from bridge.engines import local

    node = local.status(cache=cache, data=data, engine=engine.value)
    if node is None:
        typer.echo("null" if as_json else "nothing runs")
        raise typer.Exit(1)
    _print(node, as_json)


def _print(node: LocalNode, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(node)))
        return
    typer.echo(node.url)
    process = f"container gliner-bridge-{node.engine}" if node.way == "docker" else f"process {node.pid}"
    title = "OpenSearch" if node.engine == "opensearch" else "Elasticsearch"
    typer.echo(f"  {title} {node.version}, {process}, data in {node.data}\n  log: {node.log}", err=True)
