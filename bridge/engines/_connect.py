"""Choose the adapter for what answers at a URL."""

from __future__ import annotations

from typing import Any

from bridge.engines._base import Dialect
from bridge.engines._elasticsearch import ElasticsearchEngine
from bridge.engines._opensearch import OpenSearchEngine


def connect(url: str, *, dialect: Dialect | None = None, **options: Any) -> OpenSearchEngine | ElasticsearchEngine:
    """The adapter for the engine at `url`; `dialect` None asks the engine. `options` as the adapters' arguments.

    Raises EngineUnavailableError when nothing answers (only where `dialect` is None).
    """
    if dialect is None:
        probe = OpenSearchEngine(url, **options)
        try:
            version = probe.request("GET", "/").get("version", {})
        finally:
            probe.close()
        dialect = "opensearch" if version.get("distribution") == "opensearch" else "elasticsearch"
    return OpenSearchEngine(url, **options) if dialect == "opensearch" else ElasticsearchEngine(url, **options)
