"""Fill the demo's indices with plain `_bulk`: the engine's own ingest pipeline calls the sidecar."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch, helpers
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.demo._catalogues import Catalogue
from bridge.errors import SetupError

#: Documents in one `_bulk`. The engine asks the sidecar for each document on a connection of its own and gives up on
#: one that waits 10 s for a connection, so this stays far below max_connection × 10 s / answer time.
BULK_DOCUMENTS = 100
#: Seconds between two lines of progress where the output is no terminal.
LINE_SECONDS = 10.0
MARK = "gliner_bridge_demo"


@dataclass(frozen=True, slots=True)
class Indexed:
    """What indexing one catalogue did: `failed` were refused by the engine, `untagged` are indexed without tags."""

    documents: int
    seconds: float
    failed: int
    untagged: int
    first_error: str | None = None

    @property
    def rate(self) -> float:
        """Documents per second."""
        return self.documents / self.seconds if self.seconds else 0.0


def template_name(catalogue: Catalogue) -> str:
    """Name of the demo's index template."""
    return f"gliner-bridge-demo-{catalogue.schema.name}"


def index_template(catalogue: Catalogue) -> dict[str, Any]:
    """The demo's index template: the bridge's component template, the catalogue's own fields, the ingest pipeline."""
    properties: dict[str, Any] = {name: {"type": "text", "analyzer": "english"} for name in catalogue.schema.text}
    for label in catalogue.schema.labels.values():
        if label.field and label.field not in properties:
            properties[label.field] = {"type": "double" if label.kind == "number" else "keyword"}
    return {
        "index_patterns": [catalogue.schema.index],
        "composed_of": [f"gliner-bridge-{catalogue.schema.name}"],
        "priority": 500,
        "template": {
            "settings": {
                "number_of_shards": 1,
                "number_of_replicas": 0,
                "default_pipeline": f"gliner-bridge-{catalogue.schema.name}",
            },
            "mappings": {
                "properties": properties,
                "_meta": {MARK: catalogue.digest()},
            },
        },
        "_meta": {"description": "made by `gliner-bridge demo`"},
    }


def ensure_index(client: OpenSearch, catalogue: Catalogue) -> bool:
    """Create the catalogue's index from its template; False where it is there already, from the same documents.

    Raises:
        SetupError: an index of that name exists that the demo did not make.
    """
    name = catalogue.schema.index
    if client.indices.exists(index=name):
        mappings = client.indices.get_mapping(index=name)
        made_from = next(iter(mappings.values()))["mappings"].get("_meta", {}).get(MARK)
        if made_from is None:
            raise SetupError(
                f"the engine has an index '{name}' that the demo did not make, and it will not touch it",
                hint="use another engine, or leave out ENGINE_URL",
            )
        if made_from == catalogue.digest():
            return False
        client.indices.delete(index=name)
    client.indices.put_index_template(name=template_name(catalogue), body=index_template(catalogue))
    client.indices.create(index=name)
    return True


def tagged(client: OpenSearch, catalogue: Catalogue, tagging_hash: str) -> tuple[int, int]:
    """(documents in the index, documents of them that are tagged completely under this tagging hash)."""
    name = catalogue.schema.index
    meta = f"{catalogue.schema.entities}_meta"
    client.indices.refresh(index=name)
    done = {"bool": {"filter": [{"term": {f"{meta}.state": "done"}}, {"term": {f"{meta}.tagging_hash": tagging_hash}}]}}
    total = _total(client, name, {"match_all": {}})
    return total, _total(client, name, done)


def _total(client: OpenSearch, index: str, query: dict[str, Any]) -> int:
    # A search rather than `_count`: `_count` would pass through a default search pipeline.
    body = {"size": 0, "track_total_hits": True, "query": query}
    answer = client.search(index=index, body=body, params={"search_pipeline": "_none"})
    return int(answer["hits"]["total"]["value"])


def load(client: OpenSearch, catalogue: Catalogue, console: Console) -> Indexed:
    """Index all documents of the catalogue with `_bulk`, showing progress."""
    documents = list(catalogue.documents())
    name = catalogue.schema.index
    failed = 0
    first_error: str | None = None
    started = time.monotonic()
    with _progress(console, name, len(documents)) as advance:
        for ok, item in helpers.streaming_bulk(
            client,
            ({"_op_type": "index", "_index": name, "_id": id_, "_source": body} for id_, body in documents),
            chunk_size=BULK_DOCUMENTS,
            raise_on_error=False,
            request_timeout=180,
        ):
            if not ok:
                failed += 1
                first_error = first_error or _reason(item)
            advance()
    seconds = time.monotonic() - started
    meta = f"{catalogue.schema.entities}_meta"
    client.indices.refresh(index=name)
    untagged = _total(client, name, {"bool": {"must_not": [{"term": {f"{meta}.state": "done"}}]}})
    return Indexed(len(documents), seconds, failed, untagged, first_error)


def _reason(item: dict[str, Any]) -> str:
    error = next(iter(item.values())).get("error", {})
    return f"{error.get('type')}: {error.get('reason')}" if isinstance(error, dict) else str(error)


@contextmanager
def _progress(console: Console, what: str, total: int) -> Iterator[Callable[[], None]]:
    """Give a function that counts one document: a bar on a terminal, a line every ten seconds elsewhere."""
    started = time.monotonic()
    done = 0
    said = started

    def rate() -> float:
        return done / max(time.monotonic() - started, 1e-9)

    if console.is_terminal:
        with Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]:.1f} docs/s"),
            TimeRemainingColumn(compact=True),
            console=console,
        ) as bar:
            task = bar.add_task(what, total=total, rate=0.0)

            def advance() -> None:
                nonlocal done
                done += 1
                bar.update(task, completed=done, rate=rate())

            yield advance
    else:

        def tell() -> None:
            nonlocal done, said
            done += 1
            if time.monotonic() - said >= LINE_SECONDS:
                said = time.monotonic()
                console.print(f"  {what}: {done} of {total} documents, {rate():.1f} docs/s")

        yield tell
