"""The proxy as a running server, and what it does beside requests: read the schemas, learn what the upstream is."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from bridge.clients.proxy._app import Proxy
from bridge.clients.proxy._config import ProxyConfig
from bridge.clients.proxy._sidecar import MAX_ASKED, SidecarClient
from bridge.clients.proxy._table import SchemaTable
from bridge.clients.proxy._upstream import MAX_HEADER_BYTES, Upstream, as_sent, session_to
from bridge.errors import SetupError

log = logging.getLogger("bridge.clients.proxy")
#: For the HTTP library, which quotes what it could not read: the line may hold a password.
http_log = logging.getLogger("bridge.clients.proxy.http")

#: Seconds between two readings of the schemas: while there are none, and afterwards.
FIRST_SECONDS, THEN_SECONDS = 1.0, 30.0


def _without_texts(record: logging.LogRecord) -> bool:
    """Filter: a request that is no HTTP is the client's mistake, and nothing of it is logged."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.msg, record.args, record.exc_info = "a request is no HTTP: %s", (type(error).__name__,), None
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


http_log.addFilter(_without_texts)


@asynccontextmanager
async def running(config: ProxyConfig) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy that listens, and its address. Requests in progress get `grace_seconds` at the end.

    The schemas are read before it listens if the sidecar answers; if not, searches go through as they are until it
    does. Raises SetupError where the address is taken or the certificate file cannot be read.
    """
    async with (
        session_to(_tls(config), connections=config.max_connections) as to_upstream,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=MAX_ASKED + 4)) as to_sidecar,
    ):
        sidecar = SidecarClient(to_sidecar, config.sidecar.rstrip("/"), config.key, config.rewrite_seconds)
        proxy = Proxy(config, Upstream(to_upstream, config.upstream), sidecar)
        app = web.Application()
        app.on_response_prepare.append(as_sent)
        app.router.add_route("*", "/{path:.*}", proxy.handle)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=http_log,
            auto_decompress=False,
            # A client that goes away ends its request at the upstream, too: engines stop searches that nobody reads.
            handler_cancellation=True,
            max_line_size=MAX_HEADER_BYTES,
            max_field_size=MAX_HEADER_BYTES,
            shutdown_timeout=config.grace_seconds,
        )
        await runner.setup()
        await _look_around(proxy)
        reading = asyncio.create_task(_keep_reading(proxy))
        try:
            site = web.TCPSite(runner, config.host, config.port, backlog=1024)
            try:
                await site.start()
            except OSError as error:
                raise SetupError(
                    f"cannot listen on {config.host}:{config.port}: {error.strerror}", hint="choose another with --port"
                ) from None
            port = runner.addresses[0][1]
            host = f"[{config.host}]" if ":" in config.host else config.host
            yield proxy, f"http://{host}:{port}"
        finally:
            reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            await runner.cleanup()


def serve(config: ProxyConfig, started: Callable[[str], None] = lambda _: None) -> None:
    """Run a proxy until SIGTERM or SIGINT; `started` gets its address. Raises as `running`."""
    asyncio.run(_serve(config, started))


async def _serve(config: ProxyConfig, started: Callable[[str], None]) -> None:
    end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    async with running(config) as (_, url):
        started(url)
        await end.wait()


async def _keep_reading(proxy: Proxy) -> None:
    while True:
        await asyncio.sleep(THEN_SECONDS if proxy.rewriter.table.entries else FIRST_SECONDS)
        await _look_around(proxy)


async def _look_around(proxy: Proxy) -> None:
    if proxy.dialect is None:
        await asyncio.gather(_read_schemas(proxy), proxy.upstream.probe())
    else:
        await _read_schemas(proxy)


async def _read_schemas(proxy: Proxy) -> None:
    before = proxy.rewriter.table
    try:
        entries = await proxy.sidecar.schemas()
    except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.debug("the sidecar did not say its schemas: %s", type(error).__name__)
        return
    if entries != before.entries:
        log.info("schemas: %s", ", ".join(f"{one.name} for {one.index}" for one in entries.values()) or "none")
        proxy.rewriter.table = SchemaTable(entries, before.aliases, before.default)


def _tls(config: ProxyConfig) -> ssl.SSLContext | bool:
    """What aiohttp takes as `ssl`: True checks against the system's authorities, False checks nothing."""
    if not config.verify:
        return False
    if config.ca_certs is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(config.ca_certs))
    except (OSError, ssl.SSLError):
        raise SetupError("cannot read the authority's certificate", where=str(config.ca_certs)) from None
