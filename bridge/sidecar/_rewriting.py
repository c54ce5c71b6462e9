"""One search body through query understanding: find the text, parse, relax, apply."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bridge.clauses import Explanation, Plan
from bridge.engines.dsl import Found, Unchanged, count_body, find_text, rewrite
from bridge.errors import (
    BridgeError,
    DeadlineExceededError,
    EngineError,
    InputError,
    NotReadyError,
    OverloadedError,
)
from bridge.query import Options, relax
from bridge.sidecar._batching import calling
from bridge.sidecar._runtime import Runtime, Served

log = logging.getLogger("bridge.sidecar")

#: What became of a search body; the values of the metric `gliner_bridge_searches_total{outcome}`.
Outcome = Literal[
    "rewritten", "nothing_found", "no_text", "off", "too_long", "deadline", "overloaded", "not_ready", "count_failed",
    "invalid_plan", "failed",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The body to run and how it came about. `body` is the caller's own object where nothing changed."""

    body: Mapping[str, Any]
    outcome: Outcome
    reason: str
    plan: Plan | None = None

    @property
    def changed(self) -> bool:
        return self.outcome == "rewritten"


def rewrite_body(
    runtime: Runtime, served: Served, body: Mapping[str, Any], options: Options, *, deadline: float
) -> Rewriting:
    """The body with the user's text turned into filters and boosts; on doubt the body as it is.

    `deadline` is a `time.monotonic()` value. Raises what goes wrong: see `settle`.
    """
    schema = served.schema
    if options.off:
        return Rewriting(body, "off", "switched off by the request")
    found = find_text(body, schema)
    if isinstance(found, Unchanged):
        return Rewriting(body, "no_text", found.reason)
    if len(found.text) > runtime.config.max_query_chars:
        return Rewriting(body, "too_long", "the text is longer than a query's")
    parser = served.parser
    with calling(deadline=deadline):
        plan = parser.parse(found.text, options, deadline=deadline)
    if options.plan is None and schema.relaxation == "counts" and plan.mode == "filters":
        if served.counter is None:
            # Hard filters that nobody can check could empty the result: they order it instead.
            note = Explanation(None, "note", "no engine to count with: filters order the results instead")
            plan = replace(plan, mode="tiers", explain=(*plan.explain, note))
        else:
            before = plan
            plan = relax(plan, lambda plans: _count(runtime, served, body, found, plans, deadline))
            if plan.clauses != before.clauses:
                runtime.metrics.relaxed.labels(schema.name).inc()
    applied = rewrite(body, found, plan, schema)
    notes = tuple(Explanation(None, "note", note) for note in applied.notes)
    plan = replace(plan, explain=(*plan.explain, *notes))
    if not applied.changed:
        return Rewriting(body, "nothing_found", "nothing in the text became a clause", plan)
    return Rewriting(applied.body, "rewritten", "rewritten", plan)


def _count(
    runtime: Runtime, served: Served, body: Mapping[str, Any], found: Found, plans: Sequence[Plan], deadline: float
) -> list[int]:
    """Hits of the caller's whole search under each plan, in one round trip to the engine."""
    counter = served.counter
    if counter is None:
        raise InputError("no engine is connected to count with")
    bodies = [count_body(rewrite(body, found, plan, served.schema).body) for plan in plans]
    return list(runtime.within(deadline, lambda: counter.counts(served.schema.index, bodies)))


def settle(body: Mapping[str, Any], error: Exception) -> Rewriting:
    """What an error means for a search: the body as it is, with the reason. Never raises."""
    match error:
        case DeadlineExceededError():
            return Rewriting(body, "deadline", "the time budget ran out")
        case OverloadedError():
            return Rewriting(body, "overloaded", "too many requests are waiting for the model")
        case NotReadyError():
            return Rewriting(body, "not_ready", "the model is not warm yet")
        case EngineError():
            return Rewriting(body, "count_failed", "the engine could not count the hits")
        case InputError():
            return Rewriting(body, "invalid_plan", "the request's flags or plan token are not usable")
        case BridgeError():
            return Rewriting(body, "failed", "the sidecar failed")
        case _:
            log.exception("a search was left as it is after a defect", exc_info=error)
            return Rewriting(body, "failed", "the sidecar failed; see its log")


def deadline_of(served: Served, started: float) -> float:
    """When a search that arrived at `started` (monotonic seconds) gets the caller's own query."""
    return started + served.schema.deadline_ms / 1000
