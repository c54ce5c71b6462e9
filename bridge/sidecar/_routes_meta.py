"""Liveness, readiness, metrics, OpenAPI and the index page."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

import bridge
from bridge.sidecar import _models as models
from bridge.sidecar._http import Endpoint, answer, endpoints, opens, require_key, route, runtime
from bridge.sidecar._openapi import document as openapi_document

blueprint = Blueprint("meta", __name__)


@route(
    blueprint,
    Endpoint(
        "GET",
        "/healthz",
        "Is the process alive",
        "200 as long as the process answers, warm or not.",
        models.HealthResponse,
        keyed=False,
    ),
)
def healthz() -> Response:
    return answer({"status": "ok"})


@route(
    blueprint,
    Endpoint(
        "GET",
        "/readyz",
        "Is the model warm",
        "200 once the model is loaded and warm and each index was read (or could not be: then `degraded` says so); "
        "503 before that and while stopping. With keys configured, schemas are shown to valid keys only.",
        models.ReadyResponse,
        errors=(),
        keyed=False,
    ),
)
def readyz() -> Response:
    state = runtime()
    body = {
        "status": state.status,
        "reason": state.failure,
        "schemas": state.schema_states([name for name in state.schemas if opens(name)]),
    }
    return answer(body, 200 if state.status == "ready" else 503)


@route(
    blueprint,
    Endpoint(
        "GET",
        "/metrics",
        "Prometheus metrics",
        "The text exposition format.",
        None,
        errors=("unauthorized",),
        media_type=CONTENT_TYPE_LATEST,
    ),
)
def metrics() -> Response:
    require_key()
    return Response(runtime().metrics.render(), 200, content_type=CONTENT_TYPE_LATEST)


@route(
    blueprint,
    Endpoint("GET", "/openapi.json", "This interface as OpenAPI 3.1", "Generated from the models.", None, keyed=False),
)
def openapi() -> Response:
    return answer(openapi_document(endpoints()))


@route(
    blueprint,
    Endpoint("GET", "/", "What this service offers", "Endpoints and schemas.", models.IndexResponse, keyed=False),
)
def index() -> Response:
    return answer(
        {
            "name": "gliner-bridge",
            "version": bridge.__version__,
            "schemas": [name for name in runtime().schemas if opens(name)],
            "endpoints": [
                {"method": endpoint.method, "path": endpoint.openapi_path, "summary": endpoint.summary}
                for endpoint in endpoints()
            ],
            "documentation": "docs/http-api.md",
        }
    )
