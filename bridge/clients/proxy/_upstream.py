"""The engine behind the proxy: a request goes there and its answer comes back as bytes, a piece at a time."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from bridge.clients.proxy._target import hop_by_hop

log = logging.getLogger("bridge.clients.proxy")

#: Seconds to connect; an answer may take as long as the client waits for it.
CONNECT_SECONDS = 10.0
#: Header lines up to this size pass (certificates and tokens); more is answered 400.
MAX_HEADER_BYTES = 65_536
#: Set by the library of this proxy where the message has none; the upstream said nothing of them.
_ADDED = ("Date", "Server", "Content-Type")


class Passed(web.StreamResponse):
    """An answer of the upstream on its way to the client."""

    #: Headers that the upstream sent, in lower case.
    sent: frozenset[str] = frozenset()


class OneWay:
    """A request body that streams. It can be read once: a second attempt must not send the rest as if it were all."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces: AsyncIterator[bytes] | None = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        if self._pieces is None:
            raise aiohttp.ServerDisconnectedError("the connection closed and the body is sent already")
        pieces, self._pieces = self._pieces, None
        return pieces


class Upstream:
    """Sends requests to one address.

    Args:
        session: used for the upstream only; it must not unpack, follow redirects or keep cookies.
        url: scheme, host, port and an optional path before each request's own.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")
        #: What answers there, as far as its answers have shown.
        self.is_elasticsearch: bool | None = None

    async def open(
        self, method: str, path_and_query: str, headers: CIMultiDict[str], body: bytes | OneWay | None
    ) -> aiohttp.ClientResponse:
        """Send a request; the answer's status and headers are there, its body is still to come.

        Raises aiohttp.ClientError, OSError, TimeoutError or ValueError where there is no answer that is HTTP.
        """
        response = await self._session.request(
            method,
            URL(self._url + path_and_query, encoded=True),
            headers=headers,
            data=body,
            allow_redirects=False,
        )
        if self.is_elasticsearch is None and response.headers.get("X-Elastic-Product") == "Elasticsearch":
            self.is_elasticsearch = True
        return response

    async def probe(self) -> None:
        """Ask the upstream what it is, with nobody's credentials."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                async with await self.open("GET", "/", CIMultiDict(), None) as response:
                    if self.is_elasticsearch is None and response.status == 200:
                        version = json.loads(await response.read())["version"]
                        self.is_elasticsearch = version.get("distribution") != "opensearch"
        except (aiohttp.ClientError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.debug("the upstream did not say what it is: %s", type(error).__name__)


def session_to(ssl_context: ssl.SSLContext | bool, *, connections: int) -> aiohttp.ClientSession:
    """A session that passes messages on as they are, over at most so many connections at once."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ssl=ssl_context),
        # One client's cookies are no other client's.
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "User-Agent", "Content-Type"),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        max_line_size=MAX_HEADER_BYTES,
        max_field_size=MAX_HEADER_BYTES,
    )


def request_headers(request: web.BaseRequest) -> CIMultiDict[str]:
    """The client's headers for the upstream, without those of its connection to us."""
    dropped = hop_by_hop(request.headers.getall("Connection", [])) | {"host", "expect"}
    return CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in dropped)


async def relay(
    request: web.BaseRequest, response: aiohttp.ClientResponse, extra: Mapping[str, str], begun: bytes = b""
) -> Passed:
    """Pass an answer on, as it comes; `extra` headers are added. `begun` is what was read of its body already.

    An upstream that breaks off in mid-body gives the client just that: the connection ends before the body does.
    """
    dropped = hop_by_hop(response.headers.getall("Connection", []))
    passed = Passed(status=response.status, reason=response.reason)
    for name, value in response.headers.items():
        if name.lower() not in dropped:
            passed.headers.add(name, value)
    passed.headers.update(extra)
    passed.sent = frozenset(name.lower() for name in passed.headers)
    await passed.prepare(request)
    try:
        async for piece in pieces(begun, response.content):
            await passed.write(piece)
    except (aiohttp.ClientPayloadError, aiohttp.ClientConnectionError, aiohttp.ClientOSError) as error:
        log.info("an answer broke off: %s", type(error).__name__)
        response.close()
        if request.transport is not None:
            request.transport.abort()
        return passed
    await passed.write_eof()
    return passed


async def pieces(begun: bytes, rest: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """A body as it comes, after what was read of it already."""
    if begun:
        yield begun
    async for piece in rest.iter_any():
        yield piece


async def read_up_to(content: aiohttp.StreamReader, limit: int) -> tuple[bytes, bool]:
    """At most a little more than `limit` bytes of a body, and whether that is all of it."""
    kept = bytearray()
    async for piece in content.iter_any():
        kept += piece
        if len(kept) > limit:
            return bytes(kept), False
    return bytes(kept), True


async def as_sent(_: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: take out the headers that the library adds to a passed answer."""
    if isinstance(response, Passed):
        for name in _ADDED:
            if name.lower() not in response.sent:
                response.headers.pop(name, None)


def bad_gateway(error: Exception) -> web.Response:
    """502 in the form of an engine's error. The reason names no path, header or text of the request."""
    reason = _reason(error)
    log.warning("502: %s", reason)
    cause: dict[str, Any] = {"type": "bad_gateway", "reason": reason}
    return web.json_response({"error": {"root_cause": [cause], **cause}, "status": 502}, status=502)


def _reason(error: Exception) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError():
            return "the certificate of the upstream is not trusted, or it does not speak TLS"
        case aiohttp.ClientConnectorDNSError():
            return "the name of the upstream cannot be resolved"
        case aiohttp.ConnectionTimeoutError() | TimeoutError():
            return "the upstream did not take a connection in time"
        case aiohttp.ClientConnectorError():
            return f"the upstream cannot be reached ({os.strerror(error.os_error.errno or 0)})"
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError() | ConnectionError():
            return "the upstream closed the connection before it answered"
        case aiohttp.ClientResponseError():
            return "the upstream's answer is not HTTP"
    return f"the upstream could not be asked ({type(error).__name__})"
