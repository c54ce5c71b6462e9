"""Fixtures around one real OpenSearch."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.engines import OpenSearchEngine
from tests.engines.sidecars import Recorder


@pytest.fixture(scope="module")
def engine(opensearch_url: str) -> Iterator[OpenSearchEngine]:
    """The adapter over the session's OpenSearch."""
    with OpenSearchEngine(opensearch_url) as engine:
        yield engine


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A stand-in sidecar."""
    recorder = Recorder()
    yield recorder
    recorder.close()
