"""Rewriting in an application's own process: within its time, counted, and never a reason for a search to fail."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from bridge.clauses import Chip, Explanation, Plan
from bridge.clients._rewriting import Rewriting, rewrite_body, settle
from bridge.engines import Engine
from bridge.engines.dsl import read_flags, without_flags
from bridge.query import Options, QueryParser, encode_plan
from bridge.schema import Schema

#: Threads that work on searches; one that is late goes on working while its search has gone out already.
_THREADS = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """The engine's answer, and beside the hits what the text was understood as.

    `raw` is what the official client gave back. `plan` is None where the search went out as it was.
    """

    raw: Any
    rewriting: Rewriting

    @property
    def hits(self) -> list[dict[str, Any]]:
        """The hits themselves; none where the engine answered without (an error in an `msearch`)."""
        hits: list[dict[str, Any]] = self.raw.get("hits", {}).get("hits", [])
        return hits

    @property
    def plan(self) -> Plan | None:
        return self.rewriting.plan if self.rewriting.changed else None

    @property
    def outcome(self) -> str:
        """What became of the body, from a closed list (`bridge.clients.Outcome`)."""
        return self.rewriting.outcome

    @property
    def reason(self) -> str:
        """Why nothing changed; `rewritten` where something did."""
        return self.rewriting.reason

    @property
    def chips(self) -> tuple[Chip, ...]:
        """The clauses that a user may take back, each with the text without it."""
        return self.plan.chips if self.plan is not None else ()

    @property
    def explain(self) -> tuple[Explanation, ...]:
        """What became of each candidate, also where no clause came of any."""
        return self.rewriting.plan.explain if self.rewriting.plan is not None else ()

    @property
    def token(self) -> str | None:
        """The plan as a token: `Options(plan=token)` repeats its clauses on further pages."""
        return encode_plan(self.plan) if self.plan is not None else None


class Rewriter:
    """Rewrites bodies in threads of its own, so that no caller waits longer than its time.

    Args:
        strip: take `ext.ml_inference` out of every body (Elasticsearch does not know it).
        seconds: what one call may take; None: the schema's `deadline_ms`.
    """

    def __init__(
        self, schema: Schema, parser: QueryParser, engine: Engine | None, *, strip: bool, seconds: float | None
    ) -> None:
        self.schema = schema
        self.parser = parser
        self.seconds = schema.deadline_ms / 1000 if seconds is None else seconds
        self._engine = engine
        self._strip = strip
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="bridge-rewrite")
        self._lock = threading.Lock()
        self._outcomes: Counter[str] = Counter()

    def close(self) -> None:
        """End the threads; work in progress is left to end by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def outcomes(self) -> dict[str, int]:
        """Searches so far by what became of them."""
        with self._lock:
            return dict(self._outcomes)

    def count(self, outcome: str) -> None:
        with self._lock:
            self._outcomes[outcome] += 1

    def submit(self, body: Mapping[str, Any], options: Options | None, deadline: float) -> Future[Rewriting]:
        """Begin to rewrite; `deadline` is a `time.monotonic()` value."""
        return self._pool.submit(self._work, body, options, deadline)

    def settled(self, body: Mapping[str, Any], error: Exception) -> Rewriting:
        """The rewriting of a body that could not be rewritten."""
        return self.done(settle(self.own(body), error))

    def done(self, rewriting: Rewriting) -> Rewriting:
        """Count a rewriting that is used."""
        self.count(rewriting.outcome)
        return rewriting

    def own(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """The caller's body in the form that the engine takes: itself, unless flags must leave it."""
        return without_flags(body) if self._strip and "ext" in body else body

    def _work(self, body: Mapping[str, Any], options: Options | None, deadline: float) -> Rewriting:
        options = options or _options(body)
        engine, schema = self._engine, self.schema
        rewriting = rewrite_body(
            body,
            schema,
            lambda text: self.parser.parse(text, options, deadline=deadline),
            None if engine is None else lambda bodies: engine.counts(schema.index, [self.own(one) for one in bodies]),
            options,
        )
        return replace(rewriting, body=self.own(rewriting.body))


def remaining(deadline: float) -> float:
    """Seconds left, 0 where none are."""
    return max(0.0, deadline - time.monotonic())


def refused(rewriting: Rewriting, own: Mapping[str, Any]) -> Rewriting:
    """The rewriting of a search whose rewritten body the engine did not take."""
    return replace(rewriting, body=own, outcome="refused", reason="the engine refused the rewritten search")


def _options(body: Mapping[str, Any]) -> Options:
    """The flags that stand in the body itself, where OpenSearch's search pipeline would read them."""
    flags = read_flags(body)
    return Options(off=flags.off, disable=flags.disable, plan=flags.plan, language=flags.language, now=flags.now)
