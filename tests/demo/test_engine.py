"""Which engine the demo takes, and that one given by URL stays the user's own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bridge.demo import _engine
from bridge.demo._state import EngineState
from bridge.errors import EngineUnavailableError


class _Root(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def answering_url() -> Iterator[str]:
    """The address of something that answers its root page."""
    server = HTTPServer(("127.0.0.1", 0), _Root)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_given_cluster_is_used_as_it_is(answering_url: str) -> None:
    said: list[str] = []
    assert _engine.choose(answering_url, said.append) == EngineState("given", answering_url)
    assert said == [f"OpenSearch at {answering_url} (given by you; the demo will not stop it)"]


def test_a_given_cluster_is_never_stopped() -> None:
    said: list[str] = []
    _engine.stop(EngineState("given", "https://ann:s3cret@host:9200"), said.append)
    assert said == ["OpenSearch at https://host:9200 was given by you and keeps running"]


def test_a_cluster_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(EngineUnavailableError) as caught:
        _engine.wait_until_up("http://ann:s3cret@127.0.0.1:1", seconds=0)
    assert "127.0.0.1:1" in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert "hint" in str(caught.value)


@pytest.mark.parametrize("url", ["localhost:9200", "not a url", "http://127.0.0.1:99999"])
def test_a_url_of_the_wrong_form_is_a_clear_error(url: str) -> None:
    with pytest.raises(EngineUnavailableError, match="http://host:port"):
        _engine.wait_until_up(url, seconds=0)
