"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from bridge.engines import local
from bridge.engines.local import missing_parts


@pytest.fixture(scope="session")
def opensearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real OpenSearch with ML Commons, for the whole session.

    ENGINE_URL names a running one. Otherwise a node is started with its data in a temporary folder, so that a node
    which the user runs is not touched; it ends with the session, also when the session is killed.
    """
    if url := os.environ.get("ENGINE_URL"):
        yield url.rstrip("/")
        return
    if missing := missing_parts():
        pytest.skip(f"no OpenSearch to test against: {missing} (or name one in ENGINE_URL)")
    data = tmp_path_factory.mktemp("opensearch")
    node = local.start(port=0, data=data, heap="768m", tied=True)
    yield node.url
    local.stop(data=data)
    shutil.rmtree(data, ignore_errors=True)
