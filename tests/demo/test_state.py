"""What the demo remembers between runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.demo import _state
from bridge.demo._state import EngineState, ProxyState, SidecarState, State


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def test_nothing_is_remembered_before_the_first_run() -> None:
    assert _state.load() == State()


def test_a_saved_state_is_read_back() -> None:
    state = State(
        engine=EngineState("local", "http://127.0.0.1:9200"),
        sidecar=SidecarState(
            pid=7,
            url="http://127.0.0.1:8765",
            documents_url="http://127.0.0.1:8766",
            engine_url="http://127.0.0.1:9200",
            log="sidecar.log",
            digest="abc",
            key="a key of sixteen characters",
        ),
        elasticsearch=EngineState("local", "http://127.0.0.1:9201", dialect="elasticsearch"),
        proxy=ProxyState(pid=8, url="http://127.0.0.1:9280", log="proxy.log", digest="def"),
    )
    _state.save(state)
    assert _state.load() == state


def test_only_the_user_can_read_the_state_as_it_may_hold_a_key() -> None:
    _state.save(State(engine=EngineState("given", "https://user:secret@host:9200")))
    assert (_state.folder() / "state.json").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"engine": 3, "sidecar": {"pid": 1}}'])
def test_an_unreadable_state_means_that_nothing_runs(text: str) -> None:
    (_state.folder() / "state.json").write_text(text, encoding="utf-8")
    assert _state.load() == State()


def test_keys_of_a_newer_version_are_passed_over() -> None:
    text = '{"engine": {"kind": "local", "url": "http://127.0.0.1:1", "colour": "red"}}'
    (_state.folder() / "state.json").write_text(text, encoding="utf-8")
    assert _state.load().engine == EngineState("local", "http://127.0.0.1:1")
