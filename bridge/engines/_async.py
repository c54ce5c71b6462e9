"""Bulk through the asynchronous official clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import elasticsearch
import opensearchpy
from elasticsearch import helpers as elasticsearch_helpers
from opensearchpy import helpers as opensearch_helpers

from bridge.engines import _bodies
from bridge.engines._adapter import BULK_OPTIONS, BULK_SECONDS, Adapter, client_errors
from bridge.engines._base import BulkItem
from bridge.engines._elasticsearch import ElasticsearchEngine
from bridge.engines._opensearch import OpenSearchEngine
from bridge.errors import InputError


async def async_bulk(
    client: object,
    index: str,
    actions: Iterable[dict[str, Any]],
    *,
    pipeline: str | None = None,
    chunk_size: int = 200,
) -> AsyncIterator[BulkItem]:
    """As `Engine.bulk`, through an `opensearchpy.AsyncOpenSearch` or an `elasticsearch.AsyncElasticsearch`.

    Raises what `Engine.bulk` raises, and InputError for any other client.
    """
    adapter: type[Adapter]
    placed = [{"_index": index} | action for action in actions]
    options: dict[str, Any] = {"chunk_size": chunk_size, **BULK_OPTIONS}
    chosen: dict[str, Any] = {"pipeline": pipeline} if pipeline else {}
    if isinstance(client, opensearchpy.AsyncOpenSearch):
        adapter = OpenSearchEngine
        params = {"request_timeout": BULK_SECONDS, **chosen}
        stream = opensearch_helpers.async_streaming_bulk(client, placed, params=params, **options)
    elif isinstance(client, elasticsearch.AsyncElasticsearch):
        adapter = ElasticsearchEngine
        patient = client.options(request_timeout=BULK_SECONDS)
        stream = elasticsearch_helpers.async_streaming_bulk(patient, placed, **options, **chosen)
    else:
        raise InputError(
            f"{type(client).__name__} is no asynchronous client of OpenSearch or Elasticsearch that can be used here",
            hint="give an opensearchpy.AsyncOpenSearch or an elasticsearch.AsyncElasticsearch",
        )
    with client_errors(adapter, "", f"bulk into {index}"):
        async for ok, result in stream:
            yield _bodies.bulk_item(ok, result)
