"""Searches of an application, rewritten on their way to the engine."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bridge.clauses import Plan
from bridge.clients._rewriting import rewrite_body
from bridge.engines import Engine
from bridge.query import Options, QueryParser
from bridge.schema import Schema

log = logging.getLogger("bridge.clients")


class SearchClient(Protocol):
    """What is asked of `opensearchpy.OpenSearch` and `elasticsearch.Elasticsearch`."""

    def search(self, **arguments: Any) -> Any: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """The engine's answer, with the plan that led to it; `plan` is None where the search went out as it was."""

    hits: list[dict[str, Any]]
    raw: Any
    plan: Plan | None
    reason: str


class RewritingClient:
    """An official client whose `search` reads the user's text first.

    Works with `opensearchpy.OpenSearch` and `elasticsearch.Elasticsearch`. A search never fails because of the bridge:
    on any error, and when the schema's `deadline_ms` runs out, it goes out as the caller wrote it.

    Args:
        client: the official client that sends the search.
        schema: the schema that describes the index.
        parser: the query parser; it holds the model and the values of the index.
        engine: counts hits for relaxation (`relax: counts`); None: filters order the results instead.
    """

    def __init__(self, client: SearchClient, schema: Schema, parser: QueryParser, engine: Engine | None = None) -> None:
        self._client = client
        self._schema = schema
        self._parser = parser
        self._engine = engine

    def rewrite(
        self, body: Mapping[str, Any], options: Options | None = None
    ) -> tuple[Mapping[str, Any], Plan | None, str]:
        """The body to send, the plan (None: unchanged), and why."""
        engine, schema = self._engine, self._schema
        deadline = time.monotonic() + schema.deadline_ms / 1000
        try:
            rewriting = rewrite_body(
                body,
                schema,
                lambda text: self._parser.parse(text, options, deadline=deadline),
                None if engine is None else lambda bodies: engine.counts(schema.index, bodies),
                options,
            )
        except Exception as error:
            # Fail open: whatever went wrong here, the caller's own search still runs.
            log.warning("a search was sent as it was: %s", type(error).__name__)
            return body, None, f"failed: {type(error).__name__}"
        return rewriting.body, rewriting.plan if rewriting.changed else None, rewriting.reason

    def search(
        self, *, index: str, body: Mapping[str, Any], options: Options | None = None, **arguments: Any
    ) -> Answer:
        """Search with the rewritten body; other arguments go to the official client as they are."""
        sent, plan, reason = self.rewrite(body, options)
        raw = self._client.search(index=index, body=dict(sent), **arguments)
        return Answer(hits=raw["hits"]["hits"], raw=raw, plan=plan, reason=reason)
