"""The description of the interface: valid OpenAPI, complete against the routes, and documented word by word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from bridge.sidecar import SidecarConfig, _errors
from bridge.sidecar import _models as models
from bridge.sidecar._http import ENDPOINTS, Endpoint, endpoints
from bridge.sidecar._metrics import Metrics

from .conftest import ROOT

PAGE = (ROOT / "docs" / "http-api.md").read_text("utf-8")


@pytest.fixture(scope="module")
def document(sidecar: httpx.Client) -> dict[str, Any]:
    return sidecar.get("/openapi.json").json()


def test_it_is_valid_openapi(document: dict[str, Any]) -> None:
    validate(document)


def test_it_has_every_route_and_no_other(sidecar: httpx.Client, document: dict[str, Any]) -> None:
    app = sidecar.extensions["sidecar"].app  # type: ignore[attr-defined]
    routes = {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }

    assert {(method, path) for path, item in document["paths"].items() for method in item} == routes


def test_every_reference_leads_to_a_model_with_a_description(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))

    assert named <= set(document["components"]["schemas"])
    for endpoint in ENDPOINTS:
        for model in (endpoint.request, endpoint.response):
            assert (
                model is None
                or model.__doc__
                or model in (models.TagResponse, models.HealthResponse, models.CompletionResponse)
            )


def test_it_is_ascii(sidecar: httpx.Client) -> None:
    assert sidecar.get("/openapi.json").content.isascii()


EXAMPLES: dict[str, tuple[str, dict[str, Any] | None]] = {
    "/v1/tag": ("/v1/tag", {"texts": ["café 😀 red shoes"], "labels": ["color"], "threshold": 0.0}),
    "/v1/parse": ("/v1/parse", {"text": "café 😀 coffee not tea under $20", "schema": "grocery"}),
    "/v1/rewrite": (
        "/v1/rewrite",
        {"body": {"query": {"match": {"name": "café 😀 under $20"}}, "size": 5}, "schema": "grocery"},
    ),
    "/v1/schemas": ("/v1/schemas", None),
    "/v1/refresh": ("/v1/refresh", {}),
    "/v1/reload": ("/v1/reload", {}),
    "/opensearch/ingest/<schema>": ("/opensearch/ingest/grocery", {"name": "café 😀 Kirkland Organic Quinoa"}),
    "/opensearch/search/<schema>": ("/opensearch/search/grocery", {"query": {"match": {"name": "café 😀"}}}),
    "/elasticsearch/completion/<schema>": ("/elasticsearch/completion/grocery", {"input": "café 😀"}),
    "/healthz": ("/healthz", None),
    "/readyz": ("/readyz", None),
    "/": ("/", None),
}


@pytest.mark.parametrize("endpoint", [one for one in ENDPOINTS if one.response], ids=lambda one: one.path)
def test_answers_keep_to_their_model_are_ascii_and_say_their_length(sidecar: httpx.Client, endpoint: Endpoint) -> None:
    path, body = EXAMPLES[endpoint.path]

    answer = sidecar.request(endpoint.method, path, json=body)

    assert answer.status_code == 200, answer.text
    assert answer.content.isascii()
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    assert endpoint.response is not None
    check(endpoint.response)(answer.text)


def check(model: type[BaseModel]) -> Callable[[str], BaseModel]:
    return model.model_validate_json


def test_every_endpoint_has_a_heading() -> None:
    headings = re.findall(r"^###? `(GET|POST) ([^`]+)`", PAGE, re.MULTILINE)

    assert {(one.method, one.path) for one in endpoints()} == set(headings)


def test_every_error_has_a_row_with_its_status() -> None:
    for kind in _errors.ALL:
        assert re.search(rf"^\| `{kind.type}` \| {kind.status} \|", PAGE, re.MULTILINE), kind.type


def test_every_metric_has_a_row_and_no_row_lacks_its_metric() -> None:
    rows = set(re.findall(r"^\| `(gliner_bridge_\w+)` \|", PAGE, re.MULTILINE))

    assert rows == set(Metrics().names())


def test_every_setting_has_a_row_with_its_variable() -> None:
    rows = dict(re.findall(r"^\| `(?:--)?[\w/-]+`[^|]*\| `GLINER_BRIDGE_(\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE))

    assert set(rows) == {name.upper() for name in SidecarConfig.model_fields} | {"API_KEY"}
    for name, field in SidecarConfig.model_fields.items():
        default = field.default
        if isinstance(default, int | float) and not isinstance(default, bool):
            shown = re.sub(r"[,_ ]", "", rows[name.upper()])
            assert f"{default:.15g}" in shown, f"{name}: the page says {rows[name.upper()]!r}"


@pytest.mark.parametrize("model", [models.TagRequest, models.ParseRequest, models.RewriteRequest, models.Options])
def test_every_key_of_a_request_is_explained(model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        assert re.search(rf"^\| `{field.alias or name}` \|", PAGE, re.MULTILINE), name
