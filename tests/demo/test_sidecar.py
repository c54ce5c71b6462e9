"""The demo's background processes: their settings, their ports, and that only our own are ever ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bridge.demo import _process, _proxy, _sidecar
from bridge.demo._state import EngineState, ProxyState, SidecarState
from bridge.errors import SetupError

LOCAL = EngineState("local", "http://127.0.0.1:9200")


def _settings(*given: Any) -> dict[str, str]:
    return _process.environment(_sidecar.settings(*given))


def test_the_sidecar_listens_on_loopback_only_where_the_engine_is_on_this_machine() -> None:
    settings = _settings(LOCAL, [Path("a.yaml"), Path("b.yaml")], 8765, 8766, None)
    assert settings["GLINER_BRIDGE_HOST"] == "127.0.0.1"
    assert settings["GLINER_BRIDGE_SCHEMAS"] == f"a.yaml{os.pathsep}b.yaml"
    assert "GLINER_BRIDGE_API_KEY" not in settings


def test_an_engine_in_a_virtual_machine_gets_a_sidecar_with_a_key() -> None:
    engine = EngineState("docker", "http://127.0.0.1:9200", "host.docker.internal")
    settings = _settings(engine, [], 8765, 8766, "a key of sixteen characters")
    assert settings["GLINER_BRIDGE_HOST"] == "0.0.0.0"
    assert settings["GLINER_BRIDGE_API_KEY"] == "a key of sixteen characters"


def test_a_password_in_the_engines_url_is_handed_over_apart() -> None:
    engine = EngineState("given", "https://ann:s3cret@host:9200")
    settings = _settings(engine, [], 1, 2, None)
    assert settings["GLINER_BRIDGE_ENGINE_URL"] == "https://host:9200"
    assert settings["GLINER_BRIDGE_ENGINE_USERNAME"] == "ann"
    assert settings["GLINER_BRIDGE_ENGINE_PASSWORD"] == "s3cret"


def test_settings_of_another_sidecar_in_the_shell_do_not_leak_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLINER_BRIDGE_MAX_TEXTS", "1")
    assert "GLINER_BRIDGE_MAX_TEXTS" not in _settings(LOCAL, [], 1, 2, None)


def test_a_taken_port_is_left_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert _process.free_port(port) != port


def test_both_listeners_never_get_the_same_port() -> None:
    first = _process.free_port(0)
    assert _process.free_port(first, taken=first) != first


def test_a_changed_schema_asks_for_a_new_sidecar(tmp_path: Path) -> None:
    schema = tmp_path / "schema.yaml"
    schema.write_text("a", encoding="utf-8")
    before = _sidecar.digest_of(LOCAL, [schema])
    assert _sidecar.digest_of(LOCAL, [schema]) == before
    schema.write_text("b", encoding="utf-8")
    assert _sidecar.digest_of(LOCAL, [schema]) != before


def test_another_process_that_got_the_remembered_number_is_not_ended() -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "serve", "proxy"])
    try:
        said: list[str] = []
        _sidecar.stop(
            SidecarState(stranger.pid, "http://127.0.0.1:1", "http://127.0.0.1:1", LOCAL.url, "", ""), said.append
        )
        _proxy.stop(ProxyState(stranger.pid, "http://127.0.0.1:1", "", ""), said.append)
        assert stranger.poll() is None
        assert said == ["the sidecar was not running any more", "the proxy was not running any more"]
    finally:
        stranger.kill()
        stranger.wait()


def test_a_process_that_ends_while_starting_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "proxy.log"
    with pytest.raises(
        SetupError, match=r"the proxy ended while starting:\n.*this is no address of a server"
    ) as caught:
        _proxy.SERVICE.start({"UPSTREAM": "no address"}, log, lambda: False)
    assert caught.value.where == str(log)
