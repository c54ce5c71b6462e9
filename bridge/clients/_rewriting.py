"""One search body through query understanding: find the text, parse, relax, apply. No I/O of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from bridge.clauses import Explanation, Plan
from bridge.engines.dsl import Unchanged, count_body, find_text, rewrite
from bridge.errors import (
    BridgeError,
    DeadlineExceededError,
    EngineError,
    InputError,
    NotReadyError,
    OverloadedError,
)
from bridge.query import Options, relax
from bridge.schema import Schema

log = logging.getLogger("bridge.clients")

#: What became of a search body: looked at (first line), left as it is since something failed, or, in the clients
#: alone, for another index or refused by the engine and sent again as it was.
Outcome = Literal[
    "rewritten", "nothing_found", "no_text", "off", "too_long",
    "deadline", "overloaded", "not_ready", "count_failed", "invalid_plan", "failed",
    "no_schema", "refused",
]  # fmt: skip
#: Longest text in characters that is taken for a query.
MAX_QUERY_CHARS = 1_000


@dataclass(frozen=True, slots=True)
class Rewriting:
    """The body to run and how it came about; `body` is the caller's own object where nothing changed.

    `relaxed` says whether filters were given up because nothing would have been found.
    """

    body: Mapping[str, Any]
    outcome: Outcome
    reason: str
    plan: Plan | None = None
    relaxed: bool = False

    @property
    def changed(self) -> bool:
        return self.outcome == "rewritten"


def rewrite_body(
    body: Mapping[str, Any],
    schema: Schema,
    parse: Callable[[str], Plan],
    count: Callable[[Sequence[dict[str, Any]]], Sequence[int]] | None,
    options: Options | None = None,
    *,
    max_query_chars: int = MAX_QUERY_CHARS,
    query_only: bool = False,
) -> Rewriting:
    """The body with the user's text turned into filters and boosts; on doubt the body as it is.

    Args:
        body: a search body, with numbers as `bridge.engines.dsl.loads_exact` reads them where digits matter.
        parse: user text → plan, with the request's options and deadline bound in.
        count: search bodies → hits of each, in one round trip; None where no engine is connected.
        options: of the request; `off` and `plan` are looked at here.
        query_only: nothing of the body but its query will reach the engine, so it is given no `sort`.

    Raises whatever `parse` and `count` raise; callers fail open.
    """
    options = options or Options()
    if options.off:
        return Rewriting(body, "off", "switched off by the request")
    found = find_text(body, schema)
    if isinstance(found, Unchanged):
        return Rewriting(body, "no_text", found.reason)
    if len(found.text) > max_query_chars:
        return Rewriting(body, "too_long", "the text is longer than a query's")
    plan, relaxed = parse(found.text), False
    if options.plan is None and schema.relaxation == "counts" and plan.mode == "filters":
        if count is None:
            # Hard filters that nobody can check could empty the result: they order it instead.
            note = Explanation(None, "note", "no engine to count with: filters order the results instead")
            plan = replace(plan, mode="tiers", explain=(*plan.explain, note))
        else:
            before = plan.clauses
            plan = relax(
                plan, lambda plans: count([count_body(rewrite(body, found, each, schema).body) for each in plans])
            )
            relaxed = plan.clauses != before
    applied = rewrite(body, found, plan, schema, query_only=query_only)
    notes = tuple(Explanation(None, "note", note) for note in applied.notes)
    plan = replace(plan, explain=(*plan.explain, *notes))
    if not applied.changed:
        return Rewriting(body, "nothing_found", "nothing in the text became a clause", plan, relaxed)
    return Rewriting(applied.body, "rewritten", "rewritten", plan, relaxed)


def settle(body: Mapping[str, Any], error: Exception) -> Rewriting:
    """What an error means for a search: the body as it is, with the reason. Never raises."""
    match error:
        case DeadlineExceededError() | TimeoutError():
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
            return Rewriting(body, "failed", "the bridge failed")
        case _:
            log.exception("a search was left as it is after a defect", exc_info=error)
            return Rewriting(body, "failed", "the bridge failed; see its log")
