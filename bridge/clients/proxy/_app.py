"""The proxy: searches are rewritten on their way, everything else streams through as it is."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from bridge.clients.proxy import _payload as payload
from bridge.clients.proxy._config import ProxyConfig
from bridge.clients.proxy._metrics import Metrics
from bridge.clients.proxy._rewriting import Payload, Rewriter
from bridge.clients.proxy._sidecar import SidecarClient
from bridge.clients.proxy._table import SchemaTable
from bridge.clients.proxy._target import Target, is_json, source_of, target_of, without_source
from bridge.clients.proxy._upstream import (
    OneWay,
    Passed,
    Upstream,
    bad_gateway,
    pieces,
    read_up_to,
    relay,
    request_headers,
)

access = logging.getLogger("bridge.clients.proxy.access")

#: The proxy's own pages; no index name begins with an underscore.
OWN = "/_gliner_bridge/"
#: Headers of the answer to a search: what became of it (of an `_msearch`: of each), why, and the token that repeats it
#: for further pages.
OUTCOME_HEADER, REASON_HEADER, PLAN_HEADER = (
    "X-Gliner-Bridge-Outcome",
    "X-Gliner-Bridge-Reason",
    "X-Gliner-Bridge-Plan",
)
#: A longer header is left out (a plan can be one): clients limit header lines, most of them at 8 KiB.
MAX_TOLD = 4096
MAX_OUTCOMES = 64
#: An answer to an `_msearch` is read whole, up to this size, to see whether the engine refused a rewritten search.
MAX_LOOKED_AT = 4 * 1024 * 1024
#: A body in progress is held as it came, rewritten, and in pieces in between.
_COPIES = 4
#: No answer of the upstream. ValueError: an address or header that cannot be written.
_NO_ANSWER = (aiohttp.ClientError, OSError, TimeoutError, ValueError)


@dataclass(frozen=True, slots=True)
class _Request:
    """A request to the upstream, whole, so that it can be sent again."""

    method: str
    path_and_query: str
    headers: CIMultiDict[str]
    body: bytes | None


class Proxy:
    """Handles requests; `table` is replaced as a whole by whoever reads the sidecar's schemas."""

    def __init__(self, config: ProxyConfig, upstream: Upstream, sidecar: SidecarClient) -> None:
        self.config = config
        self.upstream = upstream
        self.sidecar = sidecar
        self.metrics = Metrics()
        self.rewriter = Rewriter(
            sidecar, self.metrics, SchemaTable(aliases=config.aliases, default=config.default_schema)
        )
        self._room = config.max_held_bytes

    @property
    def dialect(self) -> str | None:
        """What the upstream speaks; None where nothing has told yet."""
        if self.config.dialect is not None or self.upstream.is_elasticsearch is None:
            return self.config.dialect
        return "elasticsearch" if self.upstream.is_elasticsearch else "opensearch"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        started = time.monotonic()
        path = request.rel_url.raw_path
        if path.startswith(OWN):
            return self._own_page(path.removeprefix(OWN))
        target = target_of(request.method, path)
        outcome = "-"
        try:
            response: web.StreamResponse
            if target is None or not is_json(request.headers.get("Content-Type")):
                response = await self._stream(request)
            else:
                response, outcome = await self._search(request, target)
        except _NO_ANSWER as error:
            response = bad_gateway(error)
        kind = target.kind if target is not None else "other"
        self.metrics.requests.labels(kind, f"{response.status // 100}xx").inc()
        if self.config.access_log:
            spent = (time.monotonic() - started) * 1000
            access.info("%s %s %d %s %.1f ms", request.method, path, response.status, outcome, spent)
        return response

    def _own_page(self, page: str) -> web.Response:
        if page == "metrics":
            return web.Response(body=self.metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4"})
        if page == "healthz":
            known = bool(self.rewriter.table.entries)
            sidecar = "ok" if known and not self.sidecar.paused else "not answering"
            return web.json_response({"status": "ok", "sidecar": sidecar})
        return web.json_response({"error": {"type": "not_found", "reason": "no such page"}, "status": 404}, status=404)

    async def _stream(self, request: web.Request, begun: bytes = b"") -> Passed:
        """Pass a request through. `begun` is what was read of its body already."""
        body = OneWay(pieces(begun, request.content)) if begun or request.body_exists else None
        path = _path_and_query(request)
        async with await self.upstream.open(request.method, path, request_headers(request), body) as response:
            return await relay(request, response, {})

    async def _search(self, request: web.Request, target: Target) -> tuple[web.StreamResponse, str]:
        limit = self.config.max_search_bytes
        held = _COPIES * min(limit, limit if request.content_length is None else request.content_length)
        if held > self._room:
            self.metrics.count("busy")
            return await self._stream(request), "busy"
        self._room -= held
        try:
            begun, whole = await read_up_to(request.content, limit)
            if not whole:
                self.metrics.count("too_large")
                return await self._stream(request, begun), "too_large"
            spare = held - _COPIES * len(begun)
            held, self._room = held - spare, self._room + spare
            return await self._whole_search(request, target, begun)
        finally:
            self._room += held

    async def _whole_search(self, request: web.Request, target: Target, came: bytes) -> tuple[web.StreamResponse, str]:
        source, source_type = (None, None) if came else source_of(request.rel_url.raw_query_string)
        if source is None:
            raw = payload.unpack(came, request.headers.get("Content-Encoding"), self.config.max_search_bytes)
        else:
            # Without its media type engines refuse a `source`, and so they shall.
            raw = source.encode("utf-8", "surrogatepass") if source_type and is_json(source_type) else None
        rewrite = self.rewriter.search if target.kind == "search" else self.rewriter.msearch
        result = await rewrite(raw, target.index, self.dialect)
        as_came = _Request(request.method, _path_and_query(request), request_headers(request), came or None)
        plain, send = (
            as_came if body is None else _with_body(request, body, None if source is None else source_type)
            for body in (result.own, result.send)
        )
        outcomes = [one.outcome for one in result.searches]
        response = await self._send(send)
        looked_at = b""
        try:
            if response.status == 400:
                # Also of an `_msearch`: Elasticsearch refuses all of it where it cannot parse one.
                refused = result.rewritten
            elif result.rewritten and 200 <= response.status < 300 and target.kind == "msearch":
                looked_at, refused = await _refused(response)
            else:
                refused = frozenset()
            if refused & result.rewritten:
                # The engine does not take what we wrote, so the caller's own search runs after all.
                self.metrics.count("refused")
                outcomes, result = ["refused"] * len(outcomes), _forget(result)
                response.close()
                response, looked_at = await self._send(plain), b""
            extra = _told(result, outcomes) if 200 <= response.status < 300 else {}
            return await relay(request, response, extra, looked_at), ",".join(dict.fromkeys(outcomes))
        finally:
            response.release()

    async def _send(self, wanted: _Request) -> aiohttp.ClientResponse:
        """Send a search, twice where the upstream had closed the connection that was kept open."""
        try:
            return await self.upstream.open(wanted.method, wanted.path_and_query, wanted.headers.copy(), wanted.body)
        except aiohttp.ClientConnectorError:
            raise
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
            return await self.upstream.open(wanted.method, wanted.path_and_query, wanted.headers.copy(), wanted.body)


def _path_and_query(request: web.Request) -> str:
    """Path and query string as they were written; without the host where the client named one."""
    raw = request.raw_path
    return raw if raw.startswith("/") else request.rel_url.raw_path_qs


def _with_body(request: web.Request, body: bytes, source_type: str | None) -> _Request:
    """The request with another body; `source_type` says that its body stood in the parameter `source`."""
    headers = request_headers(request)
    for name in ("Content-Length", "Content-Encoding", "Content-MD5", "Digest", "Content-Digest"):
        headers.popall(name, None)
    if source_type is None:
        return _Request(request.method, _path_and_query(request), headers, body)
    headers["Content-Type"] = source_type
    query = without_source(request.rel_url.raw_query_string)
    # POST: the client has shown that it cannot send a body with GET, and what stands between may be the reason.
    return _Request("POST", request.rel_url.raw_path + (f"?{query}" if query else ""), headers, body)


async def _refused(response: aiohttp.ClientResponse) -> tuple[bytes, frozenset[int]]:
    """What was read of an answer to an `_msearch`, and which of its searches the engine did not understand."""
    try:
        content, whole = await read_up_to(response.content, MAX_LOOKED_AT)
    except aiohttp.ClientPayloadError:
        # The rest of the way is the same for answers that break off: the client gets what came.
        return b"", frozenset()
    text = payload.unpack(content, response.headers.get("Content-Encoding"), MAX_LOOKED_AT) if whole else None
    return content, frozenset() if text is None else payload.refused_items(text)


def _forget(result: Payload) -> Payload:
    return Payload(result.searches[:0], result.own, result.own)


def _told(result: Payload, outcomes: list[str]) -> Mapping[str, str]:
    """Headers that tell the client what became of its searches."""
    told = {OUTCOME_HEADER: ", ".join(outcomes[:MAX_OUTCOMES])}
    if len(result.searches) == 1:
        (one,) = result.searches
        told |= {REASON_HEADER: one.reason, PLAN_HEADER: one.plan or ""}
    # What comes from another process is no header line until it is seen to be one.
    return {
        name: value
        for name, value in told.items()
        if 0 < len(value) <= MAX_TOLD and value.isascii() and value.isprintable()
    }
