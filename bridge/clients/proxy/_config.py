"""Everything that can be set about a proxy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from bridge.errors import InputError


@dataclass(frozen=True, slots=True)
class ProxyConfig:
    """Settings of one proxy. Raises InputError for addresses that it cannot use."""

    #: The engine: `http(s)://host:port`, with a path where every request's path is below one.
    upstream: str
    #: The sidecar that rewrites, and its key.
    sidecar: str = "http://127.0.0.1:8765"
    key: str | None = None
    host: str = "127.0.0.1"
    #: 0 takes a free one.
    port: int = 9280
    #: What the upstream is; None: the proxy finds out.
    dialect: Literal["opensearch", "elasticsearch"] | None = None
    #: Names of indices beside those that the schemas say: index → schema.
    aliases: Mapping[str, str] = field(default_factory=dict)
    #: Schema of searches whose path names no index (point in time); None leaves those alone.
    default_schema: str | None = None
    #: Authority of the upstream's certificate; whether to check it at all.
    ca_certs: Path | None = None
    verify: bool = True
    #: Seconds that one rewriting may take; None: the schema's deadline and 100 ms.
    rewrite_seconds: float | None = None
    #: Bodies of searches above this size stream through and are not rewritten.
    max_search_bytes: int = 1024 * 1024
    #: Memory for bodies of searches in progress; a search that finds no room streams through.
    max_held_bytes: int = 64 * 1024 * 1024
    #: Connections to the upstream; requests beyond it wait for one.
    max_connections: int = 1024
    #: Seconds that requests in progress get when the proxy stops.
    grace_seconds: float = 8.0
    #: Log one line a request: method, path without its query string, status, outcome, milliseconds.
    access_log: bool = False

    def __post_init__(self) -> None:
        for name, url in (("--upstream", self.upstream), ("--sidecar", self.sidecar)):
            _check(name, url)


def _check(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise InputError("this is no address of a server", where=name, hint="http://host:port or https://host:port")
    if parts.username is not None or parts.password is not None:
        # With credentials of its own, the proxy would lend them to everyone who reaches it.
        raise InputError(
            "the address holds a user name or password",
            where=name,
            hint="leave them out: each client sends its own, and the proxy passes them on",
        )
    if parts.query or parts.fragment:
        raise InputError("the address has a query string or fragment", where=name, hint="http://host:port/path")
