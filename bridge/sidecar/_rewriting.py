"""One search body through query understanding within the sidecar's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge import clients
from bridge.clauses import Plan
from bridge.clients import Rewriting
from bridge.query import Options
from bridge.sidecar._batching import calling
from bridge.sidecar._runtime import Runtime, Served


def rewrite_body(
    runtime: Runtime,
    served: Served,
    body: Mapping[str, Any],
    options: Options,
    *,
    deadline: float,
    query_only: bool = False,
) -> Rewriting:
    """The body with the user's text turned into filters and boosts; on doubt the body as it is.

    `deadline` is a `time.monotonic()` value, `query_only` says that the engine takes back nothing but the query. Raises
    what goes wrong: see `bridge.clients.settle`.
    """
    schema, parser, counter = served.schema, served.parser, served.counter

    def parse(text: str) -> Plan:
        with calling(deadline=deadline):
            return parser.parse(text, options, deadline=deadline)

    def count(bodies: Sequence[dict[str, Any]]) -> Sequence[int]:
        assert counter is not None
        return runtime.within(deadline, lambda: counter.counts(schema.index, bodies))

    rewriting = clients.rewrite_body(
        body,
        schema,
        parse,
        None if counter is None else count,
        options,
        max_query_chars=runtime.config.max_query_chars,
        query_only=query_only,
    )
    if rewriting.relaxed:
        runtime.metrics.relaxed.labels(schema.name).inc()
    return rewriting


def deadline_of(served: Served, started: float) -> float:
    """When a search that arrived at `started` (monotonic seconds) gets the caller's own query."""
    return started + served.schema.deadline_ms / 1000
