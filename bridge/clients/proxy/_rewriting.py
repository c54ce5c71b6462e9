"""What becomes of the body of a search: each search in it goes to the sidecar, and the body is put together again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from bridge.clients.proxy import _payload as payload
from bridge.clients.proxy._metrics import Metrics
from bridge.clients.proxy._sidecar import Rewritten, SidecarClient
from bridge.clients.proxy._table import Entry, SchemaTable, options_of
from bridge.engines.dsl import read_flags, without_flags

T = TypeVar("T")
#: Bodies above this many bytes are parsed in a thread, so that other requests go on.
_LARGE = 65_536
#: Where a text to search by may stand.
_SEARCHED = ("query", "retriever")
#: The place of our flags in a body, as far as bytes can tell.
_FLAGS = b'"ml_inference"'


@dataclass(frozen=True, slots=True)
class Search:
    """One search body after the sidecar.

    `own` is the caller's body in a form that the engine takes: the very bytes, unless flags had to be taken out.
    `changed` is the rewritten body, None where it stays as it is.
    """

    own: bytes
    outcome: str
    reason: str
    changed: bytes | None = None
    plan: str | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """All of a request's searches. `send` and `own` are None where the bytes that came are meant."""

    searches: tuple[Search, ...]
    send: bytes | None
    own: bytes | None

    @property
    def rewritten(self) -> frozenset[int]:
        """Places of the searches that were rewritten."""
        return frozenset(place for place, one in enumerate(self.searches) if one.changed is not None)


class Rewriter:
    """Rewrites bodies with the sidecar; `table` is replaced as a whole by whoever reads the sidecar's schemas."""

    def __init__(self, sidecar: SidecarClient, metrics: Metrics, table: SchemaTable) -> None:
        self._sidecar = sidecar
        self._metrics = metrics
        self.table = table

    async def search(self, raw: bytes | None, index: str | None, dialect: str | None) -> Payload:
        """The body of a `_search`; None where it could not be read."""
        if not raw:
            return self._untouched("unreadable" if raw is None else "no_text")
        one = await self._one(raw, index, dialect)
        send = one.changed or one.own
        return Payload((one,), None if send is raw else send, None if one.own is raw else one.own)

    async def msearch(self, raw: bytes | None, index: str | None, dialect: str | None) -> Payload:
        """The lines of an `_msearch`; an index in a line goes before the path's."""
        items = None if raw is None else await _aside(raw, payload.split_items)
        if items is None:
            return self._untouched("unreadable")
        searches = await asyncio.gather(*(self._one(item.body, item.index or index, dialect) for item in items))
        pairs = list(zip(items, searches, strict=True))
        same = all(one.own is item.body for item, one in pairs)
        own = None if same else payload.join_items([replace(item, body=one.own) for item, one in pairs])
        if not any(one.changed for one in searches):
            return Payload(tuple(searches), own, own)
        send = payload.join_items([replace(item, body=one.changed or one.own) for item, one in pairs])
        return Payload(tuple(searches), send, own)

    def _untouched(self, outcome: str) -> Payload:
        self._metrics.count(outcome)
        return Payload((Search(b"", outcome, "the body holds no search that could be read"),), None, None)

    async def _one(self, raw: bytes, index: str | None, dialect: str | None) -> Search:
        search = await self._rewrite(raw, self.table.of(index), dialect)
        self._metrics.count(search.outcome)
        return search

    async def _rewrite(self, raw: bytes, entry: Entry | None, dialect: str | None) -> Search:
        flagged = _FLAGS in raw
        if entry is None and not flagged:
            return Search(raw, "no_schema", "no schema is for this index, or more than one")
        body = await _aside(raw, payload.read_body)
        if body is None:
            return Search(raw, "unreadable", "the body is no JSON object")
        dialect = dialect or (entry.engine if entry is not None else None) or "elasticsearch"
        strip = flagged and dialect == "elasticsearch"
        own = payload.write_body(without_flags(body)) if strip else raw
        if entry is None:
            return Search(own, "no_schema", "no schema is for this index, or more than one")
        flags = read_flags(body)
        if flags.off:
            return Search(own, "off", "switched off by the request")
        if not any(key in body for key in _SEARCHED):
            return Search(own, "no_text", "the search has no query")
        started = time.monotonic()
        answer: Rewritten = await self._sidecar.rewrite(raw, entry, dialect, options_of(flags, entry))
        self._metrics.rewrite_seconds.observe(time.monotonic() - started)
        changed = None
        if answer.body is not None:
            changed = payload.write_body(without_flags(answer.body) if strip else answer.body)
        return Search(own, answer.outcome, answer.reason, changed, answer.plan)


async def _aside(raw: bytes, work: Callable[[bytes], T]) -> T:
    return work(raw) if len(raw) <= _LARGE else await asyncio.to_thread(work, raw)
