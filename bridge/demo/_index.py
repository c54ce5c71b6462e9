"""The demo's indices: made from a template, filled, and counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bridge.demo._catalogues import Catalogue
from bridge.engines import BulkItem, Engine
from bridge.errors import EngineError, SetupError

#: Documents in one `_bulk`. The engine asks the sidecar for each on a connection of its own, of which the connector has
#: 64, and gives up on a document that waits 10 s for one: with fewer documents than connections none ever waits.
BULK_DOCUMENTS = 60
#: Seconds between two lines of progress where the output is no terminal.
LINE_SECONDS = 10.0
MARK = "gliner_bridge_demo"


@dataclass(frozen=True, slots=True)
class Indexed:
    """What indexing one catalogue did; `failed` documents were refused by the engine."""

    documents: int
    seconds: float
    failed: int
    first_error: str | None = None

    @property
    def rate(self) -> float:
        """Documents per second."""
        return self.documents / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Count:
    """Documents of an index: all, those that are tagged completely, and those of them under the asked tagging hash."""

    total: int
    done: int
    current: int


def template_name(catalogue: Catalogue) -> str:
    """Name of the demo's index template."""
    return f"gliner-bridge-demo-{catalogue.schema.name}"


def index_template(catalogue: Catalogue, analyzer: str = "english", *, pipeline: bool = True) -> dict[str, Any]:
    """The demo's index template: the bridge's component template, the catalogue's own fields, the ingest pipeline."""
    properties: dict[str, Any] = {name: {"type": "text", "analyzer": analyzer} for name in catalogue.schema.text}
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
                **({"default_pipeline": f"gliner-bridge-{catalogue.schema.name}"} if pipeline else {}),
            },
            "mappings": {
                "properties": properties,
                "_meta": {MARK: made_from(catalogue, analyzer)},
            },
        },
        "_meta": {"description": "made by `gliner-bridge demo`"},
    }


def made_from(catalogue: Catalogue, analyzer: str) -> str:
    """What an index is made from: other documents or another analyzer mean another index."""
    return catalogue.digest() if analyzer == "english" else f"{catalogue.digest()} {analyzer}"


def analyzer_of(engine: Engine) -> str:
    """`english` where the engine has it; the Elasticsearch from Maven Central lacks the module."""
    try:
        engine.request("POST", "/_analyze", {"analyzer": "english", "text": "shoes"})
    except EngineError as error:
        if error.status != 400:
            raise
        return "standard"
    return "english"


def ensure_index(engine: Engine, catalogue: Catalogue, analyzer: str = "english", *, pipeline: bool = True) -> bool:
    """Create the catalogue's index from its template; False where it is there already, from the same documents.

    `pipeline`: documents go through the ingest pipeline.

    Raises:
        SetupError: an index of that name exists that the demo did not make.
    """
    name = catalogue.schema.index
    there = _made_from(engine, name)
    if there == made_from(catalogue, analyzer):
        return False
    if there is not None:
        engine.request("DELETE", f"/{name}")
    template = index_template(catalogue, analyzer, pipeline=pipeline)
    engine.request("PUT", f"/_index_template/{template_name(catalogue)}", template)
    engine.request("PUT", f"/{name}")
    return True


def _made_from(engine: Engine, name: str) -> str | None:
    """Digest of the documents that the index was made from; None where there is no such index."""
    try:
        mappings = engine.request("GET", f"/{name}/_mapping")
    except EngineError as error:
        if error.status == 404:
            return None
        raise
    mark = next(iter(mappings.values()))["mappings"].get("_meta", {}).get(MARK)
    if mark is None:
        raise SetupError(
            f"the engine has an index '{name}' that the demo did not make, and it will not touch it",
            hint="use another engine, or leave out ENGINE_URL",
        )
    return str(mark)


def count(engine: Engine, catalogue: Catalogue, tagging_hash: str = "") -> Count:
    """Count after a refresh, so that everything written before is seen."""
    meta = f"{catalogue.schema.entities}_meta"
    done = {"term": {f"{meta}.state": "done"}}
    queries: list[dict[str, Any]] = [
        {"match_all": {}},
        done,
        {"bool": {"filter": [done, {"term": {f"{meta}.tagging_hash": tagging_hash}}]}},
    ]
    engine.request("POST", f"/{catalogue.schema.index}/_refresh")
    return Count(*engine.counts(catalogue.schema.index, [{"query": query} for query in queries]))


def load(engine: Engine, catalogue: Catalogue, console: Console) -> Indexed:
    """Index all documents of the catalogue with plain `_bulk`, showing progress: the ingest pipeline tags them."""
    actions = ({"_op_type": "index", "_id": id_, "_source": body} for id_, body in catalogue.documents())
    return watch(engine.bulk(catalogue.schema.index, actions, chunk_size=BULK_DOCUMENTS), catalogue, console)


def watch(items: Iterable[BulkItem], catalogue: Catalogue, console: Console) -> Indexed:
    """Take all items of a bulk, showing progress."""
    documents = list(catalogue.documents())
    failed = 0
    first_error: str | None = None
    started = time.monotonic()
    with _progress(console, catalogue.schema.index, len(documents)) as advance:
        for item in items:
            if not item.ok:
                failed += 1
                first_error = first_error or item.error
            advance()
    return Indexed(len(documents), time.monotonic() - started, failed, first_error)


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
