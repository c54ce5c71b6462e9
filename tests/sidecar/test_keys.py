"""Keys: bound to schemas, asked for everywhere that matters, and required on any address but this machine's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from bridge.errors import SetupError, UnauthorizedError
from bridge.sidecar import Key, SidecarConfig, create_app, load_keys
from bridge.sidecar._auth import Keys
from bridge.sidecar._config import is_local

from .conftest import Start

GROCERY, ALL, NONE = "grocery-key-0123456789", "operator-key-0123456789", "wrong-key-0123456789"
KEYS = (Key(key=GROCERY, schemas=("grocery",)), Key(key=ALL))
SEARCH = {"query": {"match": {"name": "coffee"}}}


@pytest.fixture(scope="module")
def locked(start: Start) -> Iterator[httpx.Client]:
    with start(keys=KEYS) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.mark.parametrize("key", [GROCERY, ALL])
def test_a_key_opens_its_schema(locked: httpx.Client, key: str) -> None:
    assert locked.post("/opensearch/search/grocery", json=SEARCH, headers=bearer(key)).status_code == 200
    assert locked.post("/opensearch/ingest/grocery", json={}, headers=bearer(key)).status_code == 200


@pytest.mark.parametrize("path", ["/opensearch/search", "/opensearch/ingest", "/elasticsearch/completion"])
def test_a_key_for_one_schema_opens_no_other_and_names_cannot_be_guessed(locked: httpx.Client, path: str) -> None:
    other = locked.post(f"{path}/products", json=SEARCH, headers=bearer(GROCERY))
    absent = locked.post(f"{path}/no_such_schema", json=SEARCH, headers=bearer(GROCERY))

    assert (other.status_code, other.json()) == (401, absent.json())
    assert absent.status_code == 401


@pytest.mark.parametrize("body", [{"text": "coffee"}, {"texts": ["coffee"]}, {"body": SEARCH}, {}])
def test_a_schema_named_in_the_body_needs_its_key_too(locked: httpx.Client, body: dict[str, object]) -> None:
    path = {"text": "/v1/parse", "texts": "/v1/tag", "body": "/v1/rewrite"}.get(next(iter(body), ""), "/v1/refresh")

    assert locked.post(path, json=body | {"schema": "products"}, headers=bearer(GROCERY)).status_code == 401
    assert locked.post(path, json=body | {"schema": "grocery"}, headers=bearer(GROCERY)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, bearer(NONE), {"Authorization": "Bearer"}, {"Authorization": GROCERY}, {"Authorization": f"Basic {GROCERY}"}],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/tag"),
        ("POST", "/v1/parse"),
        ("POST", "/v1/rewrite"),
        ("POST", "/v1/refresh"),
        ("POST", "/v1/reload"),
        ("POST", "/opensearch/ingest/grocery"),
        ("POST", "/opensearch/search/grocery"),
        ("POST", "/elasticsearch/completion/grocery"),
        ("GET", "/metrics"),
    ],
)
def test_without_a_valid_key_nothing_is_read(
    locked: httpx.Client, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = locked.request(method, path, content=b"not even JSON", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["error"]["type"] == "unauthorized"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_reloading_needs_a_key_for_every_schema(locked: httpx.Client) -> None:
    assert locked.post("/v1/reload", headers=bearer(GROCERY)).status_code == 401
    assert locked.post("/v1/reload", headers=bearer(ALL)).json() == {"added": [], "changed": [], "removed": []}


def test_health_and_documentation_need_no_key_and_show_no_schema(locked: httpx.Client) -> None:
    for path in ("/healthz", "/readyz", "/openapi.json", "/"):
        answer = locked.get(path)
        assert answer.status_code == 200
        assert "grocery" not in answer.text.replace("docs/", "")


def test_a_key_sees_its_own_schemas_only(locked: httpx.Client) -> None:
    assert locked.get("/", headers=bearer(GROCERY)).json()["schemas"] == ["grocery"]
    assert list(locked.get("/readyz", headers=bearer(GROCERY)).json()["schemas"]) == ["grocery"]
    assert list(locked.post("/v1/refresh", headers=bearer(GROCERY)).json()["schemas"]) == ["grocery"]
    assert len(locked.get("/", headers=bearer(ALL)).json()["schemas"]) == 2


def test_a_key_of_any_characters_is_compared_without_error() -> None:
    keys = Keys([Key(key="schlüssel-0123456789")])

    keys.require("Bearer schlüssel-0123456789", "any")
    for wrong in (None, "", "Bearer", "Bearer \udc80", "bearer  ", "Bearer schlüssel-012345678"):
        with pytest.raises(UnauthorizedError):
            keys.require(wrong, "any")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])
def test_another_address_without_a_key_refuses_to_start(host: str) -> None:
    with pytest.raises(SetupError, match="without a key"):
        create_app(SidecarConfig(host=host))
    SidecarConfig(host=host, keys=KEYS).check()


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("localhost.evil.org", False),
    ],
)
def test_which_addresses_are_this_machine(host: str, local: bool) -> None:
    assert is_local(host) is local


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(f"- key: {GROCERY}\n  schemas: [grocery]\n- key: {ALL}\n")

    keys = load_keys(path)

    assert [key.schemas for key in keys] == [("grocery",), ("*",)]
    assert GROCERY not in repr(keys), "a key is never shown"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no list"),
        ("key: abc", "no list"),
        ("- key: short-secret", "entry 1"),
        (f"- key: {ALL}\n- key: {GROCERY}\n  schema: grocery", "entry 2"),
        ("- [", "not YAML"),
        (f"- key: {GROCERY}\n  schemas: []", "schemas"),
    ],
)
def test_a_wrong_key_file_names_the_entry_and_never_the_secret(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "keys.yaml"
    path.write_text(text)

    with pytest.raises(SetupError) as error:
        load_keys(path)

    assert named in str(error.value)
    assert "short-secret" not in str(error.value)
    assert GROCERY not in str(error.value)
