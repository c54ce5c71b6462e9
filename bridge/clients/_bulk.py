"""Index documents with their entities from an application, many documents a scorer call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from bridge.engines import BulkItem, Engine, async_bulk, engine_over
from bridge.enrichment import entity_block, failed_block
from bridge.schema import Schema
from bridge.scorer import DtypeSetting, RuntimeSetting, Scorer
from bridge.tagging import Tagger

log = logging.getLogger("bridge.clients")
Document = Mapping[str, Any]
#: What a document says to the engine → the bulk action's word for it.
_METADATA = {"_id": "_id", "_routing": "routing"}


def tagged_bulk(
    client: object,
    documents: Iterable[Document],
    schema: Schema,
    tagger: Tagger | None = None,
    *,
    index: str | None = None,
    id_field: str | None = None,
    chunk_size: int = 64,
) -> Iterator[BulkItem]:
    """Tag documents and index them, one item back for each, in order but for those that were sent again.

    For engines without an ingest pipeline of the bridge: the documents go in with `pipeline=_none`, so nothing tags
    them twice. Our own fields in a document are replaced. Where the scorer fails, the documents of that call are
    indexed all the same, marked as failed, and `gliner-bridge repair` tags them.

    Args:
        client: an `opensearchpy.OpenSearch`, an `elasticsearch.Elasticsearch`, or an `Engine`.
        documents: read chunk by chunk. `_id` and `_routing` of a document are what they are to the engine, as in the
            clients' own bulk helpers, and no fields.
        tagger: holds the model; None loads the schema's, once a process.
        index: where to; default: the schema's `index`, which must then name one index.
        id_field: document field whose value becomes `_id`; None: the document's own `_id`, else the engine's choice.
        chunk_size: documents in one scorer call and one bulk request.

    Raises:
        EngineUnavailableError, EngineError: the engine cannot be reached or refuses the whole request.
        InputError: the client is none of these.
    """
    engine = client if isinstance(client, Engine) else engine_over(client)
    tagger = tagger or _tagger(schema)
    source = iter(documents)
    while chunk := list(islice(source, chunk_size)):
        actions = _actions(chunk, schema, tagger, id_field)
        yield from engine.bulk(index or schema.index, actions, pipeline="_none", chunk_size=chunk_size)


async def async_tagged_bulk(
    client: object,
    documents: Iterable[Document] | AsyncIterable[Document],
    schema: Schema,
    tagger: Tagger | None = None,
    *,
    index: str | None = None,
    id_field: str | None = None,
    chunk_size: int = 64,
) -> AsyncIterator[BulkItem]:
    """As `tagged_bulk`, for an `opensearchpy.AsyncOpenSearch` or an `elasticsearch.AsyncElasticsearch`.

    The scorer works in a thread, so the event loop goes on.
    """
    chosen = await asyncio.to_thread(_tagger, schema) if tagger is None else tagger
    async for chunk in _chunks(documents, chunk_size):
        actions = await asyncio.to_thread(_actions, chunk, schema, chosen, id_field)
        async for item in async_bulk(client, index or schema.index, actions, pipeline="_none", chunk_size=chunk_size):
            yield item


async def _chunks(documents: Iterable[Document] | AsyncIterable[Document], size: int) -> AsyncIterator[list[Document]]:
    if not isinstance(documents, AsyncIterable):
        source = iter(documents)
        while chunk := list(islice(source, size)):
            yield chunk
        return
    chunk = []
    async for document in documents:
        chunk.append(document)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _actions(chunk: Sequence[Document], schema: Schema, tagger: Tagger, id_field: str | None) -> list[dict[str, Any]]:
    """Bulk actions for some documents, tagged by one scorer call."""
    ours = {schema.entities + suffix for suffix in ("", "_detail", "_meta", "_mentions")}
    actions = []
    for document, block in zip(chunk, _blocks(chunk, schema, tagger), strict=True):
        own = {field: value for field, value in document.items() if field not in ours and field not in _METADATA}
        action: dict[str, Any] = {"_op_type": "index", "_source": own | block}
        action |= {word: str(document[name]) for name, word in _METADATA.items() if name in document}
        if id_field is not None:
            action["_id"] = str(document[id_field])
        actions.append(action)
    return actions


def _blocks(chunk: Sequence[Document], schema: Schema, tagger: Tagger) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    try:
        tagged = tagger.tag(chunk)
    except Exception as error:
        # Whatever went wrong, the documents are not to be lost; the error's words may quote them.
        log.warning("%d documents of %s could not be tagged: %s", len(chunk), schema.name, type(error).__name__)
        return [failed_block(schema, "tagging_failed", tagged_at=now) for _ in chunk]
    return [entity_block(schema, one, tagged_at=now) for one in tagged]


def _tagger(schema: Schema) -> Tagger:
    model = schema.model
    return Tagger(schema, _scorer(model.name, model.revision, model.dtype, model.runtime, model.device))


@lru_cache(maxsize=2)
def _scorer(name: str, revision: str | None, dtype: DtypeSetting, runtime: RuntimeSetting, device: str) -> Scorer:
    return Scorer.load(name, revision=revision, dtype=dtype, runtime=runtime, device=device)
