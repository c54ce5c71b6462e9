"""Tag the documents that the ingest pipeline could not, or that never went through it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from bridge.engines import NO_PIPELINE, BulkItem, Engine, Hit
from bridge.enrichment._block import entity_block, failed_block
from bridge.errors import EngineError
from bridge.schema import Schema
from bridge.tagging import TaggedDocument, Tagger

_log = logging.getLogger(__name__)
#: Documents that are tagged together, and the size of one page: a scan lives five minutes from page to page.
_BATCH = 32
#: A document that changes while it is tagged is looked at again, this often.
_PASSES = 5


@dataclass(frozen=True, slots=True)
class RepairReport:
    """What a repair did, in documents.

    `found` were not tagged when it began; `tagged` are `done` now; `partial` have text that could not all be scored;
    `failed` could not be tagged and say so; `changed` were changed or deleted by others to the end, and go through the
    pipeline by themselves or wait for the next repair; `refused` is what the engine did not take, with the first
    reason in `error`.
    """

    found: int = 0
    tagged: int = 0
    partial: int = 0
    failed: int = 0
    changed: int = 0
    refused: int = 0
    error: str | None = None

    @property
    def complete(self) -> bool:
        """Whether every document that was found is `done` now."""
        return self.tagged == self.found

    def __str__(self) -> str:
        parts = [f"{self.tagged} of {self.found} documents tagged"]
        for name in ("partial", "failed", "changed", "refused"):
            if number := getattr(self, name):
                parts.append(f"{number} {name}")
        return ", ".join(parts) + (f" ({self.error})" if self.error else "")


def repair(
    engine: Engine,
    schema: Schema,
    tagger: Tagger,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> RepairReport:
    """Tag every document of the schema's index whose `entities_meta.state` is not `done`.

    The whole block is written by bulk partial updates, conditional on the document being as it was read, and without
    any ingest pipeline. What changed meanwhile is read again in the next pass.

    Args:
        engine: where the documents are.
        schema: names index, text fields and labels.
        tagger: a tagger of the same schema; use the sidecar's model and pinned dictionary, so that documents are
            tagged alike.
        progress: called with documents handled and documents found, after each batch.

    Raises EngineError as the engine does; documents written until then stay written.
    """
    return _Repair(engine, schema, tagger, progress or (lambda _done, _found: None)).run()


class _Repair:
    def __init__(self, engine: Engine, schema: Schema, tagger: Tagger, progress: Callable[[int, int], None]) -> None:
        self._engine = engine
        self._schema = schema
        self._tagger = tagger
        self._progress = progress
        #: Document → what became of it at the last try.
        self._outcomes: dict[tuple[str | None, str | None], str] = {}
        self._error: str | None = None

    def run(self) -> RepairReport:
        for number in range(_PASSES):
            written = self._pass(first=number == 0)
            if not written or "changed" not in self._outcomes.values():
                break
        return self._report()

    def _pass(self, *, first: bool) -> int:
        """One scan; returns how many documents it tried to write."""
        # What was written a moment ago is not seen by a search yet. Without the permission the index refreshes itself.
        with suppress(EngineError):
            self._engine.request("POST", f"/{self._schema.index}/_refresh")
        prefix = self._schema.entities
        query = {"bool": {"must_not": {"term": {f"{prefix}_meta.state": "done"}}}}
        found = self._count(query) if first else len(self._outcomes)
        fields = [*self._schema.document_fields(), prefix, f"{prefix}_mentions"]
        hits = self._engine.scan(self._schema.index, query, fields=fields, page=_BATCH)
        written: dict[tuple[str | None, str | None], str] = {}
        actions = self._actions(hits, written, first=first)
        items = self._engine.bulk(self._schema.index, actions, pipeline=NO_PIPELINE, chunk_size=_BATCH)
        for number, item in enumerate(items, start=1):
            document = (item.index, item.id)
            self._outcomes[document] = self._outcome(item, written[document])
            self._progress(number, max(found, number))
        return len(written)

    def _actions(
        self, hits: Iterable[Hit], written: dict[tuple[str | None, str | None], str], *, first: bool
    ) -> Iterator[dict[str, Any]]:
        wanted = (hit for hit in hits if first or self._outcomes.get((hit.index, hit.id)) in (None, "changed"))
        for batch in _batches(wanted):
            for hit, block in zip(batch, self._blocks(batch), strict=True):
                written[hit.index, hit.id] = block[f"{self._schema.entities}_meta"]["state"]
                yield self._action(hit, block)

    def _action(self, hit: Hit, block: dict[str, Any]) -> dict[str, Any]:
        for name in (self._schema.entities, f"{self._schema.entities}_mentions"):
            # A partial update merges objects, so labels of an earlier schema would stay.
            old = hit.source.get(name)
            block[name] = dict.fromkeys(old if isinstance(old, dict) else ()) | block[name]
        action = {
            "_op_type": "update",
            "_index": hit.index,
            "_id": hit.id,
            "if_seq_no": hit.seq_no,
            "if_primary_term": hit.primary_term,
            "doc": block,
        }
        return action | ({"routing": hit.routing} if hit.routing else {})

    def _blocks(self, batch: Sequence[Hit]) -> list[dict[str, Any]]:
        """The blocks of a batch. A document that cannot be tagged does not take the others with it."""
        now = datetime.now(UTC)
        try:
            tagged = self._tagger.tag([hit.source for hit in batch])
        except Exception:
            if len(batch) == 1:
                _log.exception("document %s of index %s cannot be tagged", batch[0].id, batch[0].index)
                return [failed_block(self._schema, "internal", tagged_at=now, complete=True)]
            return [block for hit in batch for block in self._blocks([hit])]
        return [self._block(one, now) for one in tagged]

    def _block(self, tagged: TaggedDocument, now: datetime) -> dict[str, Any]:
        return entity_block(self._schema, tagged, tagged_at=now, complete=True)

    def _outcome(self, item: BulkItem, state: str) -> str:
        if item.ok:
            return {"done": "tagged"}.get(state, state)
        if item.status in (404, 409):
            return "changed"
        self._error = self._error or item.error
        return "refused"

    def _count(self, query: dict[str, Any]) -> int:
        body = {"query": query, "size": 0, "track_total_hits": True}
        return int(self._engine.search(self._schema.index, body)["hits"]["total"]["value"])

    def _report(self) -> RepairReport:
        outcomes = list(self._outcomes.values())
        numbers = {name: outcomes.count(name) for name in ("tagged", "partial", "failed", "changed", "refused")}
        return RepairReport(found=len(outcomes), error=self._error, **numbers)


def _batches(hits: Iterable[Hit]) -> Iterator[list[Hit]]:
    hits = iter(hits)
    while batch := list(islice(hits, _BATCH)):
        yield batch
