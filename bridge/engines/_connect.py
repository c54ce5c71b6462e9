"""Choose the adapter for what answers at a URL, or for a client that is there already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import elasticsearch
import opensearchpy

from bridge.engines._base import Dialect
from bridge.engines._elasticsearch import ElasticsearchEngine
from bridge.engines._opensearch import OpenSearchEngine
from bridge.errors import InputError

#: Begins an address that is a cloud id.
CLOUD = "cloud:"


def connect(
    url: str | Sequence[str],
    *,
    dialect: Dialect | None = None,
    **options: Any,
) -> OpenSearchEngine | ElasticsearchEngine:
    """The adapter for the engine at `url`; `options` as the adapters' arguments.

    `url` is one address, several of one cluster (a list, or with commas between them), or `cloud:` and a cloud id.
    `dialect` None asks the engine.

    Raises EngineUnavailableError when nothing answers (only where `dialect` is None).
    """
    if isinstance(url, str) and url.startswith(CLOUD):
        return ElasticsearchEngine(cloud_id=url.removeprefix(CLOUD), **options)
    if dialect is None:
        with OpenSearchEngine(url, **options) as probe:
            version = probe.request("GET", "/").get("version", {})
        dialect = "opensearch" if version.get("distribution") == "opensearch" else "elasticsearch"
    return OpenSearchEngine(url, **options) if dialect == "opensearch" else ElasticsearchEngine(url, **options)


def engine_over(client: object) -> OpenSearchEngine | ElasticsearchEngine:
    """The adapter over an official client, which stays the caller's.

    Raises InputError where it is neither `opensearchpy.OpenSearch` nor `elasticsearch.Elasticsearch`.
    """
    if isinstance(client, opensearchpy.OpenSearch):
        return OpenSearchEngine.over(client)
    if isinstance(client, elasticsearch.Elasticsearch):
        return ElasticsearchEngine.over(client)
    raise InputError(
        f"{type(client).__name__} is no client of OpenSearch or Elasticsearch that can be used here",
        hint="give an opensearchpy.OpenSearch or an elasticsearch.Elasticsearch",
    )
