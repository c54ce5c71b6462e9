"""Fixtures that every test folder shares."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bridge.engines import local
from bridge.engines.local import EngineName, missing_parts


@pytest.fixture(scope="session")
def opensearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real OpenSearch with ML Commons, for the whole session.

    ENGINE_URL names a running one. Otherwise a node is started with its data in a temporary folder, so that a node
    which the user runs is not touched; it ends with the session, also when the session is killed.
    """
    if url := os.environ.get("ENGINE_URL"):
        yield url.rstrip("/")
        return
    with _node("opensearch", tmp_path_factory, heap="768m") as url:
        yield url


@pytest.fixture(scope="session")
def elasticsearch_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Elasticsearch, 9.5 where there is a Java 21, else 8.19; ELASTICSEARCH_URL names another."""
    if url := os.environ.get("ELASTICSEARCH_URL"):
        yield url.rstrip("/")
        return
    with _node("elasticsearch", tmp_path_factory) as url:
        yield url


@pytest.fixture(scope="session")
def elasticsearch8_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Elasticsearch 8.19; ELASTICSEARCH8_URL names another."""
    if url := os.environ.get("ELASTICSEARCH8_URL"):
        yield url.rstrip("/")
        return
    with _node("elasticsearch-8", tmp_path_factory) as url:
        yield url


@contextmanager
def _node(engine: EngineName, folders: pytest.TempPathFactory, heap: str = "512m") -> Iterator[str]:
    if missing := missing_parts(engine=engine):
        pytest.skip(f"no {engine} to test against: {missing}")
    data = folders.mktemp(engine)
    node = local.start(port=0, data=data, heap=heap, tied=True, engine=engine)
    try:
        yield node.url
    finally:
        local.stop(data=data, engine=engine)
        shutil.rmtree(data, ignore_errors=True)
