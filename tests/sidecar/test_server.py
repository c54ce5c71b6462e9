"""The process: settings, readiness, one write per answer, no texts in logs, an orderly end."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from bridge.errors import SchemaError, SetupError
from bridge.sidecar import Sidecar, SidecarConfig, create_app, from_environment
from bridge.sidecar._json import Document

from .conftest import MODEL, SCHEMAS, Start, metric


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_settings_come_from_the_environment_and_arguments_stand_above_them() -> None:
    environment = {
        "GLINER_BRIDGE_SCHEMAS": os.pathsep.join(["a.yaml", "b"]),
        "GLINER_BRIDGE_PORT": "1234",
        "GLINER_BRIDGE_OFFLINE": "1",
        "GLINER_BRIDGE_ENGINE_PASSWORD": "hidden-word",
        "GLINER_BRIDGE_API_KEY": "0123456789abcdef",
        "GLINER_BRIDGE_MODEL": "",
    }

    config = from_environment(environment, port=99, host=None)

    assert config.schemas == (Path("a.yaml"), Path("b"))
    assert (config.port, config.offline, config.model) == (99, True, "default")
    assert config.keys[0].schemas == ("*",)
    assert "hidden-word" not in repr(config)
    assert "0123456789abcdef" not in repr(config)


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "many"), ("PORT", "70000"), ("API_KEY", "short"), ("REFRESH_SECONDS", "0"), ("MAX_TEXTS", "-1")],
)
def test_a_wrong_setting_names_its_variable_and_not_its_value(name: str, value: str) -> None:
    with pytest.raises(SetupError) as error:
        from_environment({f"GLINER_BRIDGE_{name}": value})

    assert f"GLINER_BRIDGE_{name}" in str(error.value)
    assert name != "API_KEY" or value not in str(error.value)


def test_a_wrong_schema_is_an_error_at_start(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("schema: bad\nindex: x\ntext: [a]\nlabels: {brand: {colour: 1}}\n")

    with pytest.raises(SchemaError, match=r"bad\.yaml:4"):
        create_app(SidecarConfig(schemas=(path,)))


def test_a_taken_port_is_said_in_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = SidecarConfig(port=taken.getsockname()[1], documents_port=0, model="/nonexistent")
        with pytest.raises(SetupError, match="cannot listen on"):
            Sidecar(create_app(config), config)


def test_before_the_model_is_warm_searches_run_as_they_are_and_the_rest_is_told_to_wait(tmp_path: Path) -> None:
    # A model that cannot be loaded is never warm.
    config = SidecarConfig(schemas=SCHEMAS, model=str(tmp_path / "absent"), port=0, documents_port=0, grace_seconds=0.0)
    app = create_app(config)
    with Sidecar(app, config) as sidecar, httpx.Client(base_url=f"http://127.0.0.1:{sidecar.queries.port}") as client:
        assert not app.extensions["bridge"].wait(60)
        ready = client.get("/readyz")
        ingest = client.post("/opensearch/ingest/grocery", json={"name": "coffee"})
        search = client.post("/opensearch/search/grocery", json={"query": {"match": {"name": "coffee under $5"}}})
        alive = client.get("/healthz")

    assert (alive.status_code, ready.status_code, ingest.status_code, search.status_code) == (200, 503, 503, 200)
    assert ready.json()["status"] == "failed"
    assert "absent" in ready.json()["reason"]
    assert ingest.json()["error"]["type"] == "not_ready"


def test_both_listeners_answer(sidecar: httpx.Client) -> None:
    listeners = sidecar.extensions["sidecar"]  # type: ignore[attr-defined]

    assert listeners.documents.port != listeners.queries.port
    url = f"http://127.0.0.1:{listeners.documents.port}"
    assert httpx.post(f"{url}/opensearch/ingest/grocery", json={"name": "coffee"}, timeout=60).status_code == 200


def test_header_and_body_leave_in_one_write(sidecar: httpx.Client) -> None:
    url = urlsplit(str(sidecar.base_url))
    for _ in range(20):
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=10) as raw:
            raw.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            head, _, body = raw.recv(65_536).partition(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        assert len(body) == int(length.split(b":")[1])


def test_the_access_log_holds_routes_and_no_texts(sidecar: httpx.Client, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), caplog.at_level(logging.INFO, logger="bridge.sidecar.access"):
        sidecar.post("/v1/parse", json={"text": "zq7secretword coffee", "schema": "grocery"})
        sidecar.post("/opensearch/ingest/grocery", json={"name": "zq7secretword"})
        sidecar.post("/opensearch/search/grocery", json={"query": {"match": {"name": "zq7secretword"}}})
        sidecar.post("/opensearch/search/zq7secretword", json={})
        sidecar.get("/zq7secretword?q=zq7secretword")

    ours = [record for record in caplog.records if record.name.startswith("bridge")]
    assert [r.getMessage().split()[1] for r in ours if r.name.endswith("access")][:2] == [
        "/v1/parse",
        "/opensearch/ingest/<schema>",
    ]
    assert not [record for record in ours if "zq7secretword" in record.getMessage()]


def test_a_client_that_goes_away_is_not_worked_for(start: Start) -> None:
    # The idle model waits half a second for company; the client is gone by then.
    with start(schemas=SCHEMAS, gather_ms=500.0) as client:
        url = urlsplit(str(client.base_url))
        body = b'{"name": "Kirkland coffee"}'
        request = b"POST /opensearch/ingest/grocery HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body)
        with socket.create_connection((url.hostname or "", url.port or 0), timeout=10) as raw:
            raw.sendall(request + body)
            time.sleep(0.1)
        until = time.monotonic() + 20
        while not metric(client, "gliner_bridge_abandoned_total", lane="document") and time.monotonic() < until:
            time.sleep(0.05)
        assert metric(client, "gliner_bridge_abandoned_total", lane="document") == 1


def test_too_many_documents_get_429_with_both_headers(start: Start) -> None:
    together = 8
    with start(queue_words=30, gather_ms=300.0) as client, ThreadPoolExecutor(together) as pool:
        line = threading.Barrier(together)

        def ingest(number: int) -> httpx.Response:
            line.wait(30)
            return client.post("/opensearch/ingest/grocery", json={"name": f"organic dark roast coffee beans {number}"})

        answers = list(pool.map(ingest, range(together)))

    refused = [answer for answer in answers if answer.status_code == 429]
    assert {answer.status_code for answer in answers} == {200, 429}
    for answer in refused:
        assert answer.json()["error"]["type"] == "overloaded"
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.headers["x-amzn-ErrorType"] == "ThrottlingException"


def test_the_process_ends_orderly_on_sigterm_with_requests_in_progress(tmp_path: Path) -> None:
    port = free_port()
    log = tmp_path / "log"
    environment = os.environ | {
        "GLINER_BRIDGE_SCHEMAS": str(SCHEMAS[0]),
        "GLINER_BRIDGE_PORT": str(port),
        "GLINER_BRIDGE_DOCUMENTS_PORT": "0",
        "GLINER_BRIDGE_MODEL": MODEL,
        "GLINER_BRIDGE_OFFLINE": "1",
        "GLINER_BRIDGE_GATHER_MS": "1500",
        "GLINER_BRIDGE_MODEL_THREADS": "1",
        "GLINER_BRIDGE_GRACE_SECONDS": "30",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bridge.cli", "serve"], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        url = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 240
        ready = False
        while not ready and time.monotonic() < until and process.poll() is None:
            time.sleep(0.2)
            with contextlib.suppress(httpx.HTTPError):
                ready = httpx.get(f"{url}/readyz", timeout=5).status_code == 200
        assert ready, log.read_text()
        with ThreadPoolExecutor(1) as pool:
            # The idle model waits a second and a half for company, so the request is in progress at the signal.
            waiting = pool.submit(
                httpx.post, f"{url}/opensearch/ingest/grocery", json={"name": "Kirkland coffee"}, timeout=60
            )
            time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            assert waiting.result(60).status_code == 200
        assert process.wait(60) == 0, log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
    assert "Traceback" not in log.read_text()


def test_a_document_keeps_the_source_of_each_member() -> None:
    document = Document(b' { "query" : {"a": [1.10, 1e5]} , "ext": null } ')

    assert document.source("query") == '{"a": [1.10, 1e5]}'
    assert document.source("ext") == "null"
    assert document.value == {"query": {"a": [1.1, 100000.0]}, "ext": None}
