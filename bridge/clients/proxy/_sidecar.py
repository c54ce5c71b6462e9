"""The sidecar as the proxy asks it: its schemas now and then, a rewriting for each search within its time."""

from __future__ import annotations

import asyncio
import codecs
import json
import logging
import time
from dataclasses import dataclass
from typing import Any

import aiohttp

from bridge.clients.proxy._table import Entry, read_entries
from bridge.engines.dsl import loads_exact
from bridge.errors import InputError

log = logging.getLogger("bridge.clients.proxy")

#: So many failures one after another, and the sidecar is left alone for so many seconds: searches must not each wait
#: for a sidecar that hangs.
MAX_FAILURES = 5
PAUSE_SECONDS = 2.0
#: What the way to the sidecar and back may take beside its own deadline, in seconds.
MARGIN_SECONDS = 0.1
#: Rewritings asked for at once; more wait, as long as their own time allows.
MAX_ASKED = 64
#: Reading the schemas is not part of any search.
SCHEMAS_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of one search body. `body` is None where it stays as it is."""

    outcome: str
    reason: str
    body: dict[str, Any] | None = None
    plan: str | None = None


class SidecarClient:
    """HTTP client of one sidecar. Nothing here raises but `schemas`.

    Args:
        session: used for requests to the sidecar only.
        url: its address, without a slash at the end.
        key: its key; None where it has none.
        seconds: what one rewriting may take; None: the schema's deadline and 100 ms.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str | None, seconds: float | None = None) -> None:
        self._session = session
        self._url = url
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        self._seconds = seconds
        self._failures = 0
        self._resume_at = 0.0
        self._slots = asyncio.Semaphore(MAX_ASKED)

    @property
    def paused(self) -> bool:
        """Whether searches pass by the sidecar for the moment, since it failed several times on end."""
        return time.monotonic() < self._resume_at

    async def schemas(self) -> dict[str, Entry]:
        """The schemas that the key opens.

        Raises aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError, AttributeError: no usable answer.
        """
        timeout = aiohttp.ClientTimeout(total=SCHEMAS_SECONDS)
        async with self._session.get(f"{self._url}/v1/schemas", headers=self._headers, timeout=timeout) as answer:
            answer.raise_for_status()
            return read_entries(json.loads(await answer.read()))

    async def rewrite(self, raw: bytes, entry: Entry, dialect: str, options: dict[str, Any]) -> Rewritten:
        """The search body `raw`, which must be a JSON object, after the sidecar; unchanged where that fails."""
        if self.paused:
            return Rewritten("sidecar_down", "the sidecar failed several times; it is asked again in a moment")
        head = json.dumps({"schema": entry.name, "dialect": dialect, "options": options})
        request = head[:-1].encode("ascii") + b',"body":' + raw.removeprefix(codecs.BOM_UTF8) + b"}"
        asked = False
        try:
            async with asyncio.timeout(self._seconds or entry.deadline + MARGIN_SECONDS), self._slots:
                asked = True
                async with self._session.post(f"{self._url}/v1/rewrite", data=request, headers=self._headers) as answer:
                    status, content = answer.status, await answer.read()
        except TimeoutError:
            if not asked:
                return Rewritten("busy", "too many searches are being rewritten")
            return self._failed("sidecar_slow", "the sidecar did not answer in time")
        except (aiohttp.ClientError, OSError) as error:
            return self._failed("sidecar_down", f"the sidecar cannot be reached ({type(error).__name__})")
        if status != 200:
            return self._failed("sidecar_refused", f"the sidecar answered with status {status}")
        rewritten = _read(content)
        if rewritten is None:
            return self._failed("sidecar_refused", "the sidecar's answer is none of ours; check its address")
        self._failures = 0
        return rewritten

    def _failed(self, outcome: str, reason: str) -> Rewritten:
        if self._failures == 0:
            log.warning("searches go out as they are: %s", reason)
        self._failures += 1
        # A refusal is an answer: nobody waits for it.
        if self._failures >= MAX_FAILURES and outcome != "sidecar_refused":
            self._resume_at = time.monotonic() + PAUSE_SECONDS
        return Rewritten(outcome, reason)


def _read(content: bytes) -> Rewritten | None:
    """The answer of `/v1/rewrite`; None where it is anything else."""
    try:
        answer = loads_exact(content)
    except InputError:
        return None
    match answer:
        case {"outcome": str(outcome), "reason": str(reason), "changed": True, "body": dict(body), "plan": plan}:
            return Rewritten(outcome, reason, body, plan if isinstance(plan, str) else None)
        case {"outcome": str(outcome), "reason": str(reason), "changed": False, "plan": plan}:
            return Rewritten(outcome, reason, None, plan if isinstance(plan, str) else None)
    return None
