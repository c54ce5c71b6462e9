"""What `install` puts into an engine, filled in from the JSON files of `pipelines/` and `mappings/`.

A `<<name>>` in a file is a place to fill: alone in a string it becomes any JSON value, within one it becomes text.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import re
import socket
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import bridge
from bridge.errors import InputError
from bridge.schema import Schema

#: Every object of ours carries this name (or it and `-<schema>`), and this beginning of its description.
NAME = "gliner-bridge"
MARKER = "Made by gliner-bridge"
TRUSTED = "plugins.ml_commons.trusted_connector_endpoints_regex"
PRIVATE = "plugins.ml_commons.connector.private_ip_enabled"
#: Which connector and model; documents and queries have their own, so that neither waits for the other.
ROLES = ("ingest", "search")

_ROOT = Path(bridge.__file__).parents[1]
_KEYWORD = {"type": "keyword", "ignore_above": 1024}
_TYPES: dict[str, dict[str, Any]] = {
    "keyword": _KEYWORD,
    "number": {"type": "double"},
    "range": {"type": "double_range"},
    "date": {"type": "date"},
}


def name_of(schema: Schema) -> str:
    """Name of a schema's ingest pipeline, search pipeline and component template."""
    return f"{NAME}-{schema.name}"


def cluster_settings(sidecar_url: str, documents_url: str) -> dict[str, Any]:
    """The endpoints that ML Commons must trust, and whether it must reach private addresses."""
    settings: dict[str, Any] = _fill(
        _load("pipelines/opensearch/cluster-settings.json"),
        {"sidecar_url_regex": re.escape(sidecar_url), "documents_url_regex": re.escape(documents_url)},
    )
    if not any(_is_private(url) for url in (sidecar_url, documents_url)):
        del settings[PRIVATE]
    return settings


def connector(role: str, sidecar_url: str, documents_url: str, api_key: str | None) -> dict[str, Any]:
    """The connector for documents (`ingest`) or queries (`search`). A credential is obligatory."""
    headers = {"Content-Type": "application/json"}
    if api_key:
        headers["Authorization"] = "Bearer ${credential.api_key}"
    made: dict[str, Any] = _fill(
        _load(f"pipelines/opensearch/connector-{role}.json"),
        {
            "sidecar_url": sidecar_url,
            "documents_url": documents_url,
            "headers": headers,
            "credential": {"api_key": api_key or "none"},
        },
    )
    return made


def model(role: str, connector_id: str) -> dict[str, Any]:
    """The remote model over the connector of the same role."""
    made: dict[str, Any] = _fill(_load(f"pipelines/opensearch/model-{role}.json"), {"connector_id": connector_id})
    return made


def ingest_pipeline(schema: Schema, model_id: str) -> dict[str, Any]:
    """The ingest pipeline of a schema."""
    fill = {"schema": schema.name, "prefix": schema.entities, "model_id": model_id, "fields": input_path(schema)}
    made: dict[str, Any] = _fill(_load("pipelines/opensearch/ingest-pipeline.json"), fill)
    return made


def search_pipeline(schema: Schema, model_id: str) -> dict[str, Any]:
    """The search pipeline of a schema."""
    made: dict[str, Any] = _fill(
        _load("pipelines/opensearch/search-pipeline.json"), {"schema": schema.name, "model_id": model_id}
    )
    return made


def inference_endpoint(schema: Schema, documents_url: str, api_key: str | None) -> dict[str, Any]:
    """The endpoint through which Elasticsearch asks the sidecar: service `custom`, task type `completion`."""
    headers = {"Content-Type": "application/json"}
    if api_key:
        headers["Authorization"] = "Bearer ${api_key}"
    made: dict[str, Any] = _fill(
        _load("pipelines/elasticsearch/inference-endpoint.json"),
        {
            "schema": schema.name,
            "documents_url": documents_url,
            "headers": headers,
            "secrets": {"api_key": api_key} if api_key else {},
        },
    )
    return made


def endpoint_id(schema: Schema, endpoint: Mapping[str, Any]) -> str:
    """The endpoint's id, which ends in a hash of its definition and key: the engine never gives a key back to compare,
    and an endpoint cannot be changed while a pipeline uses it. A changed one is made beside it and takes its place."""
    text = json.dumps(endpoint, sort_keys=True).encode()
    return f"{name_of(schema)}-{hashlib.scrypt(text, salt=schema.name.encode(), n=2**14, r=8, p=1, dklen=4).hex()}"


def inference_pipeline(schema: Schema, endpoint: str) -> dict[str, Any]:
    """The ingest pipeline of a schema on Elasticsearch, through the inference endpoint of that id."""
    fields = schema.document_fields()
    made: dict[str, Any] = _fill(
        _load("pipelines/elasticsearch/ingest-pipeline.json"),
        {
            "schema": schema.name,
            "prefix": schema.entities,
            "endpoint": endpoint,
            "fields": fields,
            "paths": [field.split(".") for field in fields],
        },
    )
    return made


def component_template(schema: Schema) -> dict[str, Any]:
    """The mapping of the fields that the bridge adds, as a component template."""
    labels = {name: _TYPES[schema.labels[name].kind] for name in schema.tagged_labels()}
    made: dict[str, Any] = _fill(
        _load("mappings/component-template.json"),
        {"schema": schema.name, "prefix": schema.entities, "labels": labels},
    )
    return made


def properties(schema: Schema) -> dict[str, Any]:
    """The mapping's `properties` of the fields that the bridge adds."""
    found: dict[str, Any] = component_template(schema)["template"]["mappings"]["properties"]
    return found


def input_path(schema: Schema) -> str:
    """The JSONPath that picks the tagged fields out of a document as one object.

    A path with a single name would pick the bare text, which then *is* the request's body: a title `{"a": 1}` would be
    read as fields. Naming it twice keeps it an object. A dotted name may be nested objects or, literally, a key.
    """
    names = list(dict.fromkeys(part for field in schema.document_fields() for part in (field.split(".")[0], field)))
    if len(names) == 1:
        names *= 2
    return "$[" + ",".join("'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'" for name in names) + "]"


def documents_url_of(sidecar_url: str) -> str:
    """The address for documents beside the one for queries: the next port."""
    parts = urlsplit(sidecar_url)
    if parts.port is None:
        raise InputError(
            "the sidecar's URL has no port, so the address for documents cannot be guessed",
            where=sidecar_url,
            hint="name it with --documents-url",
        )
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}:{parts.port + 1}{parts.path}"


def check_url(url: str) -> str:
    """The sidecar's URL without a trailing slash; InputError where OpenSearch could not call it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InputError("this is no HTTP address", where=url, hint="write it like http://127.0.0.1:8765")
    if parts.username or parts.query or parts.fragment:
        raise InputError("the sidecar's URL must be only scheme, host, port and path", where=parts.hostname)
    return url.rstrip("/")


@cache
def _load(path: str) -> Any:
    return json.loads((_ROOT / path).read_text(encoding="utf-8"))


def _fill(value: Any, places: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {_fill(key, places): _fill(item, places) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, places) for item in value]
    if not isinstance(value, str):
        return value
    if (whole := re.fullmatch(r"<<(\w+)>>", value)) and whole[1] in places:
        return places[whole[1]]
    return re.sub(r"<<(\w+)>>", lambda place: str(places[place[1]]), value)


def _is_private(url: str) -> bool:
    """Whether ML Commons would call the address private. A name that does not resolve here is taken for one."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        pass
    try:
        found = socket.getaddrinfo(host, None)
    except OSError:
        return True
    return any(not ipaddress.ip_address(str(entry[4][0]).split("%")[0]).is_global for entry in found)
