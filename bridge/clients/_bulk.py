"""Index documents with their entities from an application, many documents a scorer call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bridge.engines import BulkItem, Engine
from bridge.enrichment import entity_block
from bridge.schema import Schema
from bridge.tagging import Tagger


def tagged_bulk(
    engine: Engine,
    documents: Iterable[Mapping[str, Any]],
    schema: Schema,
    tagger: Tagger,
    *,
    index: str | None = None,
    id_field: str | None = None,
    chunk_size: int = 64,
) -> Iterator[BulkItem]:
    """Tag documents and index them, one item back for each, in order.

    For engines without an ingest pipeline of the bridge: the documents go in with `pipeline=_none`, so nothing tags
    them twice. Our own fields in a document are replaced.

    Args:
        index: where to; default: the schema's `index`, which must then name one index.
        id_field: document field whose value becomes `_id`; None lets the engine choose.
        chunk_size: documents in one scorer call and one bulk request.

    Raises:
        EngineUnavailableError, EngineError: the engine cannot be reached or refuses the whole request.
    """
    target = index or schema.index
    ours = {schema.entities + suffix for suffix in ("", "_detail", "_meta", "_mentions")}
    source = iter(documents)
    while chunk := list(islice(source, chunk_size)):
        now = datetime.now(UTC)
        actions = []
        for document, tagged in zip(chunk, tagger.tag(chunk), strict=True):
            own = {field: value for field, value in document.items() if field not in ours}
            action: dict[str, Any] = {"_op_type": "index", "_source": own | entity_block(schema, tagged, tagged_at=now)}
            if id_field is not None:
                action["_id"] = str(document[id_field])
            actions.append(action)
        yield from engine.bulk(target, actions, pipeline="_none", chunk_size=chunk_size)
