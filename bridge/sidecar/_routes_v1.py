"""`/v1/*`: tagging, parsing and rewriting for applications, proxies and people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from bridge.clients import settle
from bridge.engines.dsl import dumps_exact
from bridge.errors import CheckpointError, InputError, SchemaError, TooLargeError
from bridge.query import RUNNERS_UP, STEPS, Options, plan_to_json
from bridge.schema import Schema
from bridge.sidecar import _models as models
from bridge.sidecar._auth import EVERY_SCHEMA
from bridge.sidecar._batching import calling
from bridge.sidecar._http import (
    COMMON,
    Endpoint,
    answer,
    gone,
    opens,
    read_document,
    require_key,
    route,
    runtime,
    started,
    text_answer,
)
from bridge.sidecar._json import refuse_surrogates
from bridge.sidecar._rewriting import deadline_of, rewrite_body
from bridge.sidecar._runtime import Served
from bridge.sidecar._tagging import Offsets, tag_texts

blueprint = Blueprint("v1", __name__)

_MODEL_ERRORS = (*COMMON, "overloaded", "not_ready")


@route(
    blueprint,
    Endpoint(
        "POST",
        "/v1/tag",
        "Find entities in texts",
        "Up to 1,000 texts at once, with your own labels or those of a schema. A text that cannot be tagged has its "
        "own `error`; the others are answered.",
        models.TagResponse,
        models.TagRequest,
        (*_MODEL_ERRORS, "unknown_schema"),
    ),
)
def tag() -> Response:
    require_key()
    document = read_document()
    wanted = models.parse_request(models.TagRequest, document.value)
    if wanted.schema_ is not None:
        require_key(wanted.schema_)
    refuse_surrogates({key: value for key, value in document.value.items() if key != "texts"})
    return answer({"results": tag_texts(runtime(), wanted, gone=gone())})


@route(
    blueprint,
    Endpoint(
        "POST",
        "/v1/parse",
        "Understand a user's text",
        "Entities, the clauses that they become, chips to show, explain, and the `plan` token. Nothing is counted: "
        "there is no search body to count with.",
        models.ParseResponse,
        models.ParseRequest,
        (*_MODEL_ERRORS, "unknown_schema", "deadline_exceeded"),
    ),
)
def parse() -> Response:
    require_key()
    document = read_document()
    wanted = models.parse_request(models.ParseRequest, document.value)
    require_key(wanted.schema_)
    refuse_surrogates(document.value)
    served = runtime().served(wanted.schema_)
    if len(wanted.text) > runtime().config.max_query_chars:
        raise TooLargeError(f"text: at most {runtime().config.max_query_chars} characters")
    with calling(gone=gone()):
        options = replace(options_of(wanted.options, served.schema), runners_up=RUNNERS_UP)
        plan = served.parser.parse(wanted.text, options)
    result = plan_to_json(plan)
    result["explain"] = _public(served, result["explain"])
    if wanted.offsets == "utf16":
        _shift(result, Offsets(wanted.text, "utf16"))
    return answer(_with_state(served, result))


@route(
    blueprint,
    Endpoint(
        "POST",
        "/v1/rewrite",
        "Rewrite a search body",
        "The whole body back, with the user's text turned into filters and boosts; everything else as it was sent. On "
        "doubt, error or timeout `changed` is false and the body is the caller's own.",
        models.RewriteResponse,
        models.RewriteRequest,
        (*COMMON, "unknown_schema"),
    ),
)
def rewrite() -> Response:
    require_key()
    document = read_document()
    wanted = models.parse_request(models.RewriteRequest, document.value)
    require_key(wanted.schema_)
    refuse_surrogates({"options": document.value.get("options")})
    state = runtime()
    if wanted.schema_ not in state.schemas:
        state.served(wanted.schema_)
    # The caller's own object, not the model's copy: it keeps the literals of numbers.
    body = document.value["body"]
    options = options_of(wanted.options, state.schemas[wanted.schema_])
    try:
        served = state.served(wanted.schema_)
        outcome = rewrite_body(state, served, body, options, deadline=deadline_of(served, started()))
    except Exception as error:
        outcome = settle(body, error)
    state.metrics.searches.labels(wanted.schema_, outcome.outcome).inc()
    parts = plan_to_json(outcome.plan) if outcome.plan is not None else {"plan": None, "explain": []}
    explain = parts["explain"] if outcome.plan is None else _public(state.served(wanted.schema_), parts["explain"])
    result = {
        "body": outcome.body,
        "changed": outcome.changed,
        "outcome": outcome.outcome,
        "reason": outcome.reason,
        "plan": parts["plan"],
        "explain": explain,
        "degraded": state.values[wanted.schema_].degraded,
    }
    return text_answer(dumps_exact(result))


@route(
    blueprint,
    Endpoint(
        "GET",
        "/v1/schemas",
        "The schemas that are served",
        "Which index each is for, for proxies and clients; warm or not. With keys configured, only those that the key "
        "opens.",
        models.SchemasResponse,
        errors=("unauthorized",),
    ),
)
def schemas() -> Response:
    require_key()
    served = {name: schema for name, schema in runtime().schemas.items() if opens(name)}
    return answer(
        {
            "schemas": {
                name: {
                    "index": schema.index,
                    "engine": schema.engine,
                    "text": schema.text,
                    "disable": [*schema.labels, *STEPS],
                    "deadline_ms": schema.deadline_ms,
                }
                for name, schema in served.items()
            }
        }
    )


@route(
    blueprint,
    Endpoint(
        "POST",
        "/v1/refresh",
        "Read the values of the index again",
        "Values and fill rates are read every few minutes by themselves; this reads them now, for one schema or all "
        "that the key opens, and answers when that is done.",
        models.RefreshResponse,
        models.RefreshRequest,
        (*COMMON, "unknown_schema"),
    ),
)
def refresh() -> Response:
    require_key()
    state = runtime()
    wanted = models.parse_request(models.RefreshRequest, read_document(absent=b"{}").value)
    if wanted.schema_ is not None:
        require_key(wanted.schema_)
        state.served(wanted.schema_)
        names = [wanted.schema_]
    else:
        names = [name for name in state.schemas if opens(name)]
    refreshed = {name: state.values[name].refresh() for name in names}
    return answer({"refreshed": refreshed, "schemas": state.schema_states(names)})


@route(
    blueprint,
    Endpoint(
        "POST",
        "/v1/reload",
        "Read the schema files again",
        "All or nothing: a wrong file is answered with 400 naming file, line and key, and the old ones stay in force. "
        "Needs a key that opens every schema. The signal SIGHUP does the same.",
        models.ReloadResponse,
        models.ReloadRequest,
        (*COMMON, "not_ready"),
    ),
)
def reload() -> Response:
    require_key(EVERY_SCHEMA)
    models.parse_request(models.ReloadRequest, read_document(absent=b"{}").value)
    try:
        reloaded = runtime().reload()
    except (SchemaError, CheckpointError) as error:
        raise InputError(f"the schemas stay as they were: {error}") from None
    return answer({"added": reloaded.added, "changed": reloaded.changed, "removed": reloaded.removed})


def options_of(options: models.Options, schema: Schema) -> Options:
    """The parser's options. Raises InputError naming the key."""
    return Options.from_mapping(options.model_dump(exclude_none=True), schema=schema)


def _public(served: Served, explain: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Explain without what was rejected, where documents have access rules: it could name hidden values."""
    if not served.schema.document_security:
        return explain
    return [line for line in explain if line["decision"] != "rejected"]


def _with_state(served: Served, result: dict[str, Any]) -> dict[str, Any]:
    degraded = served.values.degraded
    return result if degraded is None else {**result, "degraded": degraded}


def _shift(result: dict[str, Any], offsets: Offsets) -> None:
    """Offsets of a plan's JSON in another unit, in place."""
    placed = [*result["entities"], *result["clauses"]]
    placed += [line["entity"] for line in result["explain"] if line["entity"] is not None]
    placed += [one for line in result["explain"] for one in line["runners_up"]]
    for item in placed:
        item["start"], item["end"] = offsets(item["start"]), offsets(item["end"])
        if "consumes" in item:
            item["consumes"] = [[offsets(start), offsets(end)] for start, end in item["consumes"]]
