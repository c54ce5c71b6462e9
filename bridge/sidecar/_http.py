"""What every route shares: reading a request, writing an answer, errors, the access log, and the list of endpoints."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

from flask import Blueprint, Flask, Response, current_app, g, request
from pydantic import BaseModel
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

from bridge.errors import BridgeError, OverloadedError, TooLargeError
from bridge.sidecar import _errors
from bridge.sidecar._json import Document
from bridge.sidecar._runtime import Runtime

log = logging.getLogger("bridge.sidecar")
access = logging.getLogger("bridge.sidecar.access")

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One route as documentation and OpenAPI show it. `errors` are types of the closed list."""

    method: Literal["GET", "POST"]
    path: str
    summary: str
    description: str
    response: type[BaseModel] | None
    request: type[BaseModel] | None = None
    errors: tuple[str, ...] = ()
    media_type: str = JSON
    #: Whether a key is asked for where keys are configured.
    keyed: bool = True

    @property
    def openapi_path(self) -> str:
        return self.path.replace("<", "{").replace(">", "}")


#: Route modules fill it when they are imported; see `endpoints`.
ENDPOINTS: list[Endpoint] = []

#: What any keyed POST route may answer beside its own errors.
COMMON = ("invalid_input", "unauthorized", "too_large", "internal")

_View = Callable[..., Response]


def route(blueprint: Blueprint, endpoint: Endpoint) -> Callable[[_View], _View]:
    """Register a view under an endpoint's path and method, and note it for OpenAPI."""

    def register(view: _View) -> _View:
        ENDPOINTS.append(endpoint)
        blueprint.add_url_rule(endpoint.path, view_func=view, methods=[endpoint.method])
        return view

    return register


def runtime() -> Runtime:
    """The application's running state."""
    return cast(Runtime, current_app.extensions["bridge"])


def endpoints() -> list[Endpoint]:
    """All endpoints, those for applications first, then those for engines, then those for operators."""
    order = ("/v1/", "/opensearch/", "/elasticsearch/", "/")
    return sorted(ENDPOINTS, key=lambda one: next(at for at, start in enumerate(order) if one.path.startswith(start)))


def require_key(schema: str | None = None) -> None:
    """Raise UnauthorizedError unless the request's key opens the schema (None: any key does)."""
    runtime().keys.require(request.headers.get("Authorization"), schema)


def opens(schema: str) -> bool:
    """Whether the request's key opens the schema."""
    return runtime().keys.opens(request.headers.get("Authorization"), schema)


def read_document(*, absent: bytes = b"") -> Document:
    """The request's JSON object; `absent` stands in for an empty body. Raises InputError, TooLargeError."""
    limit = runtime().config.max_body_bytes
    if (request.content_length or 0) > limit:
        raise TooLargeError(f"the request is larger than {limit} bytes")
    data = request.get_data(cache=False)
    if len(data) > limit:
        raise TooLargeError(f"the request is larger than {limit} bytes")
    return Document(data or absent)


def started() -> float:
    """When the request's thread began with it, as `time.monotonic()`."""
    return cast(float, g.started)


def gone() -> Callable[[], bool] | None:
    """A function that says whether the client went away; None where the server cannot know."""
    return cast("Callable[[], bool] | None", request.environ.get("waitress.client_disconnected"))


def answer(value: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer: ASCII only, since engines decode it chunk by chunk, and in one piece with its length."""
    return text_answer(json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":")), status)


def text_answer(text: str, status: int = 200) -> Response:
    """JSON text that is written already."""
    return Response(text.encode("ascii"), status, mimetype=JSON)


def install(app: Flask) -> None:
    """Errors, timing and the access log, for all routes of an application."""

    @app.before_request
    def begin() -> None:
        g.started = time.monotonic()

    @app.after_request
    def finish(response: Response) -> Response:
        seconds = time.monotonic() - g.get("started", time.monotonic())
        # The rule, never the path: a path can hold anything that a client writes.
        rule = request.url_rule.rule if request.url_rule is not None else "(none)"
        metrics = runtime().metrics
        metrics.requests.labels(rule, str(response.status_code)).inc()
        metrics.request_seconds.labels(rule).observe(seconds)
        access.info(
            "%s %s %d %.1fms in=%s out=%s",
            request.method if request.method in ("GET", "POST", "HEAD", "OPTIONS") else "(other)",
            rule,
            response.status_code,
            seconds * 1000,
            request.content_length or 0,
            response.content_length or 0,
        )
        return response

    @app.errorhandler(BridgeError)
    def bridge_error(error: BridgeError) -> Response:
        kind = _errors.kind_of(error)
        if kind is _errors.INTERNAL:
            log.error("%s", error, exc_info=error)
        response = answer(_errors.body_of(kind, _errors.message_of(error)), kind.status)
        if isinstance(error, OverloadedError):
            response.headers["Retry-After"] = str(max(1, round(error.retry_after)))
            # OpenSearch up to 3.7 tries again on this header only.
            response.headers["x-amzn-ErrorType"] = "ThrottlingException"
        if kind.status == 401:
            response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        match error:
            case RequestEntityTooLarge():
                return bridge_error(TooLargeError("the request is too large"))
            case MethodNotAllowed():
                kind, message = _errors.METHOD_NOT_ALLOWED, "this endpoint has another method; GET / lists them"
            case NotFound():
                kind, message = _errors.NOT_FOUND, "no such endpoint; GET / lists them"
            case _:
                kind, message = _errors.INVALID, "the request is no HTTP that this service reads"
        response = answer(_errors.body_of(kind, message), kind.status)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(Exception)
    def defect(error: Exception) -> Response:
        log.error("defect while answering %s", request.url_rule, exc_info=error)
        return answer(_errors.body_of(_errors.INTERNAL, _errors.message_of(error)), 500)
