"""`gliner-bridge proxy` as users run it: a process, an engine behind TLS, an orderly end."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from bridge.cli import FAILED, app
from tests.clients.proxy.standins import FakeSidecar, RawUpstream, proxy_before
from tests.engines.standin import StandIn


def test_it_says_where_it_listens_and_ends_in_order(upstream: RawUpstream, sidecar: FakeSidecar) -> None:
    command = [sys.executable, "-m", "bridge.cli", "proxy", "--upstream", upstream.url, "--sidecar", sidecar.url]
    process = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(rf"proxy at (http://127\.0\.0\.1:\d+) for {re.escape(upstream.url)}\n", line)
        assert found is not None, line
        assert httpx.get(f"{found[1]}/shop/_doc/1", timeout=60).status_code == 200
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--upstream", "http://user:secret@es:9200"], "--upstream: the address holds a user name or password"),
        (["--upstream", "es:9200"], "--upstream: this is no address of a server"),
        (["--upstream", "http://es:9200", "--index", "shop"], "--index: this is no INDEX=SCHEMA"),
    ],
)
def test_a_wrong_setting_is_said_in_a_sentence(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["proxy", *words], env={"COLUMNS": "200"})
    assert result.exit_code == FAILED
    assert said in result.output
    assert "secret" not in result.output


def test_an_engine_behind_tls_with_an_authority_of_its_own(sidecar: FakeSidecar, tmp_path: Path) -> None:
    engine = StandIn("elasticsearch").start(tmp_path)
    try:
        assert engine.authority is not None
        with proxy_before(engine.url, sidecar.url, ca_certs=Path(engine.authority)) as one:
            assert one.proxy.dialect == "elasticsearch"
            assert httpx.get(f"{one.url}/", timeout=60).json()["version"]["number"] == "9.5.3"
        with proxy_before(engine.url, sidecar.url, verify=False) as one:
            assert httpx.get(f"{one.url}/", timeout=60).status_code == 200
        with proxy_before(engine.url, sidecar.url) as one:
            answer = httpx.get(f"{one.url}/", timeout=60)
        assert answer.status_code == 502
        assert "certificate" in json.loads(answer.text)["error"]["reason"]
    finally:
        engine.stop()
