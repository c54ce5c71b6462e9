"""The definitions as they are filled in, without an engine."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.engines import _definitions as definitions
from bridge.engines._requests import Request, covers, redact, same
from bridge.errors import InputError
from bridge.schema import Schema, parse_schema


def schema_with(text: str, **changes: Any) -> Schema:
    return parse_schema(f"schema: shop\nindex: shop\ntext: {text}\nlabels:\n  brand: {{}}\n").model_copy(update=changes)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("[title, body]", "$['title','body']"),
        ("[title]", "$['title','title']"),  # one name would send the bare text
        ("[meta.title]", "$['meta','meta.title']"),
        ("[meta.title, meta.body]", "$['meta','meta.title','meta.body']"),
    ],
)
def test_the_input_path_always_picks_an_object(text: str, path: str) -> None:
    assert definitions.input_path(schema_with(text)) == path


def test_a_quote_in_a_field_name_cannot_leave_the_path() -> None:
    schema = schema_with("[a, b]").model_copy(update={"text": ["a'b", "c\\d"]})
    assert definitions.input_path(schema) == r"$['a\'b','c\\d']"


def test_every_place_is_filled_and_the_prefix_is_the_schemas() -> None:
    schema = schema_with("[title]", entities="bridge")
    made = [
        definitions.ingest_pipeline(schema, "m1"),
        definitions.search_pipeline(schema, "m2"),
        definitions.component_template(schema),
        definitions.cluster_settings("http://a:1", "http://a:2"),
        *(definitions.connector(role, "http://a:1", "http://a:2", "key") for role in definitions.ROLES),
        *(definitions.model(role, "c") for role in definitions.ROLES),
    ]
    text = json.dumps(made)
    assert "<<" not in text
    assert '"entities' not in text
    assert {"bridge", "bridge_detail", "bridge_meta", "bridge_mentions"} == definitions.properties(schema).keys()


def test_no_connector_has_a_request_body() -> None:
    """A template would expand `${parameters.x}` inside a document's text."""
    for role in definitions.ROLES:
        (action,) = definitions.connector(role, "http://a:1", "http://a:2", None)["actions"]
        assert action.keys() == {"action_type", "method", "url", "headers"}


def test_only_a_key_puts_a_header_into_the_connector() -> None:
    with_key, without = (definitions.connector("ingest", "http://a:1", "http://a:2", key) for key in ("secret", None))
    assert with_key["actions"][0]["headers"]["Authorization"] == "Bearer ${credential.api_key}"
    assert "Authorization" not in without["actions"][0]["headers"]


def test_trusted_endpoints_match_this_sidecar_only() -> None:
    trusted = definitions.cluster_settings("http://side.car:8765", "http://side.car:8766")[definitions.TRUSTED]
    assert trusted[0] == r"^http://side\.car:8765/opensearch/search/.*$"


@pytest.mark.parametrize(
    ("url", "private"),
    [("http://127.0.0.1:1", True), ("http://10.1.2.3:1", True), ("http://[::1]:1", True), ("http://8.8.8.8:1", False)],
)
def test_private_addresses_are_allowed_only_where_the_sidecar_has_one(url: str, private: bool) -> None:
    assert (definitions.PRIVATE in definitions.cluster_settings(url, url)) is private


def test_documents_go_to_the_next_port_unless_it_cannot_be_known() -> None:
    assert definitions.documents_url_of("http://127.0.0.1:8765") == "http://127.0.0.1:8766"
    assert definitions.documents_url_of("http://[::1]:8765/x") == "http://[::1]:8766/x"
    with pytest.raises(InputError, match="--documents-url"):
        definitions.documents_url_of("https://sidecar.example")


def test_secrets_are_hidden_wherever_they_stand() -> None:
    body = {
        "credential": {"api_key": "secret"},
        "deep": [{"credential": {"other": "secret"}}],
        "_meta": {"key": {"hash": "secret"}},
    }
    assert "secret" not in json.dumps(redact(body))
    request = Request("POST", "/x", body, "why")
    assert "secret" not in f"{request} {request!r} {request.shown()}"


def test_what_the_engine_rewrites_counts_as_equal() -> None:
    stored = {"enabled": "true", "version": "1", "list": ["a"], "nothing": None}
    assert same(stored, {"enabled": True, "version": 1, "list": ["a"]})
    assert not same(stored, {"enabled": True, "version": 1, "list": ["a", "b"]})
    assert not same({"a": 1, "b": 2}, {"a": 1})
    assert covers({"a": 1, "b": 2}, {"a": 1})
    assert not covers({"b": 2}, {"a": 1})
    assert covers({"properties": {}}, {"type": "object"}), "an object's type is left out by the engine"
