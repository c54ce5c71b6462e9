"""OpenAPI 3.1 from the endpoints and their pydantic models."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic.json_schema import models_json_schema

import bridge
from bridge.sidecar import _errors
from bridge.sidecar._http import Endpoint
from bridge.sidecar._models import ErrorResponse

_REF = "#/components/schemas/{model}"


def document(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of these endpoints."""
    requests = {endpoint.request for endpoint in endpoints if endpoint.request is not None}
    responses = {endpoint.response for endpoint in endpoints if endpoint.response is not None} | {ErrorResponse}
    _, definitions = models_json_schema(
        [
            *((model, "validation") for model in sorted(requests, key=lambda m: m.__name__)),
            *((model, "serialization") for model in sorted(responses, key=lambda m: m.__name__)),
        ],
        ref_template=_REF,
    )
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.openapi_path, {})[endpoint.method.lower()] = _operation(endpoint)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "GLiNER bridge sidecar",
            "version": bridge.__version__,
            "summary": "Entity search for OpenSearch and Elasticsearch",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "A key of the sidecar."}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{endpoint.method.lower()} {endpoint.path}").strip("_"),
        "summary": endpoint.summary,
        "description": endpoint.description,
        "responses": _responses(endpoint),
        # An empty requirement beside the key: without configured keys none is asked for.
        "security": [{"key": []}, {}] if endpoint.keyed else [],
    }
    names = re.findall(r"<(\w+)>", endpoint.path)
    if names:
        operation["parameters"] = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "description": "Name of a loaded schema.",
                "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"},
            }
            for name in names
        ]
    if endpoint.request is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {endpoint.media_type: {"schema": {"$ref": _REF.format(model=endpoint.request.__name__)}}},
        }
    return operation


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"} if "json" not in endpoint.media_type else {"type": "object"}
    if endpoint.response is not None:
        schema = {"$ref": _REF.format(model=endpoint.response.__name__)}
    responses: dict[str, Any] = {"200": {"description": "OK", "content": {endpoint.media_type: {"schema": schema}}}}
    if endpoint.path == "/readyz":
        responses["503"] = {"description": "not warm", "content": {endpoint.media_type: {"schema": schema}}}
    error = {"application/json": {"schema": {"$ref": _REF.format(model="ErrorResponse")}}}
    by_status: dict[int, list[_errors.Kind]] = {}
    for kind in _errors.ALL:
        if kind.type in endpoint.errors:
            by_status.setdefault(kind.status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        text = "; ".join(f"`{kind.type}`: {kind.meaning}" for kind in kinds)
        responses[str(status)] = {"description": text, "content": error}
        if status == 429:
            responses[str(status)]["headers"] = {
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
            }
    return responses
