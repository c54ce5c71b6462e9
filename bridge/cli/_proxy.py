"""`gliner-bridge proxy`."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from bridge.errors import InputError

_LISTEN = "Where it listens"
_SEARCHES = "Which searches it rewrites"
_LIMITS = "Limits"
_PREFIX = "GLINER_BRIDGE_"


def proxy(
    upstream: Annotated[
        str,
        typer.Option("--upstream", envvar=f"{_PREFIX}UPSTREAM", help="Address of the engine, http(s)://host:port."),
    ],
    sidecar: Annotated[
        str, typer.Option("--sidecar", envvar=f"{_PREFIX}SIDECAR", help="Address of the sidecar that rewrites.")
    ] = "http://127.0.0.1:8765",
    host: Annotated[str, typer.Option("--host", help="Address to listen on.", rich_help_panel=_LISTEN)] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", help="Port; 0: any.", min=0, max=65535, rich_help_panel=_LISTEN)
    ] = 9280,
    index: Annotated[
        list[str] | None,
        typer.Option(
            "--index",
            help="INDEX=SCHEMA: an index or alias of the schema, beside its own `index`; repeatable.",
            rich_help_panel=_SEARCHES,
        ),
    ] = None,
    default_schema: Annotated[
        str | None,
        typer.Option(
            "--default-schema",
            help="Schema of searches whose path names no index (point in time). Default: they stay as they are.",
            rich_help_panel=_SEARCHES,
        ),
    ] = None,
    dialect: Annotated[
        Literal["opensearch", "elasticsearch"] | None,
        typer.Option("--dialect", help="What the engine is. Default: found out.", rich_help_panel=_SEARCHES),
    ] = None,
    ca_certs: Annotated[
        Path | None, typer.Option("--ca-certs", help="PEM file of the authority of the engine's certificate.")
    ] = None,
    verify: Annotated[bool, typer.Option("--verify/--no-verify", help="Check the engine's certificate.")] = True,
    rewrite_ms: Annotated[
        float | None,
        typer.Option(
            "--rewrite-ms",
            help="Longest wait for the sidecar, in ms. Default: the schema's deadline_ms and 100.",
            min=1.0,
            rich_help_panel=_LIMITS,
        ),
    ] = None,
    max_search_bytes: Annotated[
        int,
        typer.Option(
            "--max-search-bytes", help="Larger bodies of searches stream through.", min=1, rich_help_panel=_LIMITS
        ),
    ] = 1024 * 1024,
    max_held_bytes: Annotated[
        int,
        typer.Option(
            "--max-held-bytes",
            help="Memory for bodies of searches; those that find no room stream through.",
            min=1,
            rich_help_panel=_LIMITS,
        ),
    ] = 64 * 1024 * 1024,
    max_connections: Annotated[
        int,
        typer.Option("--max-connections", help="Connections to the engine at once.", min=1, rich_help_panel=_LIMITS),
    ] = 1024,
    grace_seconds: Annotated[
        float,
        typer.Option(
            "--grace-seconds", help="Time for requests in progress at the end.", min=0.0, rich_help_panel=_LIMITS
        ),
    ] = 8.0,
    access_log: Annotated[
        bool, typer.Option("--access-log/--no-access-log", help="One line a request, without texts and credentials.")
    ] = False,
) -> None:
    """Run a proxy before the engine: `_search` and `_msearch` are rewritten, everything else streams through untouched.

    For applications that cannot be changed. It needs a running sidecar (`gliner-bridge serve`), which tells it which
    schema is for which index; without one, or when it is late, searches go through as they are. Credentials are the
    client's own and are passed on; the sidecar's key comes from GLINER_BRIDGE_API_KEY. Counters are at
    /_gliner_bridge/metrics. Stop it with Ctrl-C or SIGTERM: requests in progress finish first.

    Examples:

      gliner-bridge proxy --upstream http://127.0.0.1:9200

      gliner-bridge proxy --upstream https://es.example.com:9243 --index shop-live=shop --port 9280
    """
    from bridge.clients.proxy import ProxyConfig, serve

    config = ProxyConfig(
        upstream=upstream,
        sidecar=sidecar,
        key=os.environ.get(f"{_PREFIX}API_KEY") or None,
        host=host,
        port=port,
        dialect=dialect,
        aliases=_pairs(index or []),
        default_schema=default_schema,
        ca_certs=ca_certs,
        verify=verify,
        rewrite_seconds=None if rewrite_ms is None else rewrite_ms / 1000,
        max_search_bytes=max_search_bytes,
        max_held_bytes=max_held_bytes,
        max_connections=max_connections,
        grace_seconds=grace_seconds,
        access_log=access_log,
    )
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    serve(config, lambda url: typer.echo(f"proxy at {url} for {upstream}"))


def _pairs(given: list[str]) -> dict[str, str]:
    pairs = {}
    for text in given:
        index, _, schema = text.partition("=")
        if not index or not schema:
            raise InputError("this is no INDEX=SCHEMA", where="--index", hint="for example --index shop-live=shop")
        pairs[index] = schema
    return pairs
