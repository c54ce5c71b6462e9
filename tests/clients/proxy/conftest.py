"""Fixtures: both stand-ins, and a proxy between them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.clients.proxy.standins import FakeSidecar, RawUpstream, Running, proxy_before


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    server = RawUpstream()
    yield server
    server.close()


@pytest.fixture
def sidecar() -> Iterator[FakeSidecar]:
    server = FakeSidecar()
    yield server
    server.close()


@pytest.fixture
def proxy(upstream: RawUpstream, sidecar: FakeSidecar) -> Iterator[Running]:
    """A proxy with both stand-ins, for an Elasticsearch."""
    with proxy_before(upstream.url, sidecar.url, dialect="elasticsearch") as one:
        yield one


@pytest.fixture
def gone() -> str:
    """An address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"
