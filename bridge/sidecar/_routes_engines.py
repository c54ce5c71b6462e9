"""The routes that engines call: ingest and search of OpenSearch, the inference service of Elasticsearch."""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import Blueprint, Response

from bridge.clients import settle
from bridge.engines.dsl import read_flags, wrap
from bridge.query import Options
from bridge.sidecar import _models as models
from bridge.sidecar._http import COMMON, Endpoint, answer, gone, read_document, require_key, route, runtime, started
from bridge.sidecar._json import Document, mend_surrogates
from bridge.sidecar._rewriting import deadline_of, rewrite_body
from bridge.sidecar._tagging import split_completion, tag_document

blueprint = Blueprint("engines", __name__)

_ERRORS = (*COMMON, "unknown_schema", "overloaded", "not_ready")


@route(
    blueprint,
    Endpoint(
        "POST",
        "/opensearch/ingest/<schema>",
        "Tag one document (OpenSearch ingest pipeline)",
        "The mapped fields of the document, as they are; absent and null fields may be left out. The answer is the "
        "entity block, whose top-level keys the pipeline writes into the document.",
        models.IngestResponse,
        models.IngestRequest,
        _ERRORS,
    ),
)
def ingest(schema: str) -> Response:
    require_key(schema)
    served = runtime().served(schema)
    # Half a surrogate pair is no reason to lose a document: it is read as U+FFFD, offsets stay.
    fields = mend_surrogates(read_document().value)
    return answer(tag_document(runtime(), served, fields, gone=gone()))


@route(
    blueprint,
    Endpoint(
        "POST",
        "/opensearch/search/<schema>",
        "Rewrite one search (OpenSearch search pipeline)",
        "`query` and `ext` of the search body. The answer is always the query to run, wrapped in base64: rewritten, or "
        "on doubt, error or timeout the caller's own, byte for byte.",
        models.SearchResponse,
        models.SearchRequest,
        (*COMMON, "unknown_schema"),
    ),
)
def search(schema: str) -> Response:
    require_key(schema)
    state = runtime()
    if schema not in state.schemas:
        state.served(schema)
    document = read_document()
    try:
        query, outcome = _rewritten(schema, document)
    except Exception as error:
        settled = settle(document.value, error)
        query, outcome = _as_sent(document), settled.outcome
    state.metrics.searches.labels(schema, outcome).inc()
    return answer({"query": query})


def _rewritten(schema: str, document: Document) -> tuple[dict[str, Any], str]:
    state = runtime()
    served = state.served(schema)
    body = document.value
    flags = read_flags(body)
    options = Options(off=flags.off, disable=flags.disable, plan=flags.plan, language=flags.language, now=flags.now)
    rewriting = rewrite_body(state, served, body, options, deadline=deadline_of(served, started()), query_only=True)
    return (wrap(rewriting.body["query"]) if rewriting.changed else _as_sent(document)), rewriting.outcome


def _as_sent(document: Document) -> dict[str, Any]:
    """The caller's query, byte for byte. Without one, `match_all`: what a search without a query does."""
    sent = document.source("query") if document.value.get("query") else '{"match_all":{}}'
    # Escapes stand in the source already; anything wider than ASCII is UTF-8, which engines read inside the wrapper.
    return {"wrapper": {"query": base64.b64encode(sent.encode("utf-8")).decode("ascii")}}


@route(
    blueprint,
    Endpoint(
        "POST",
        "/elasticsearch/completion/<schema>",
        "Tag one document (Elasticsearch inference service)",
        "For a `custom` service of task type completion: the document's fields in the schema's order, joined by "
        "U+001E. The answer is the entity block as JSON text, for a `json` processor.",
        models.CompletionResponse,
        models.CompletionRequest,
        _ERRORS,
    ),
)
def completion(schema: str) -> Response:
    require_key(schema)
    served = runtime().served(schema)
    wanted = models.parse_request(models.CompletionRequest, mend_surrogates(read_document().value))
    block = tag_document(runtime(), served, split_completion(served, wanted.input), gone=gone())
    return answer({"text": json.dumps(block, ensure_ascii=True, allow_nan=False)})
