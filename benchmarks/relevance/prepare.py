"""An index to measure relevance on: tag a catalogue once, then fill an index from it as often as needed.

    python benchmarks/relevance/prepare.py tag ../shared/data/catalogs/icecat_electronics.jsonl.xz tagged.jsonl
    python benchmarks/relevance/prepare.py index tagged.jsonl --engine-url http://127.0.0.1:9200

`tag` does what the ingest pipeline does, in this process (19,406 titles: 5 to 15 minutes on two cores), and goes on
where it was interrupted. `index` makes the schema's index anew: english analyzer, one shard.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from bridge.engines import connect
from bridge.engines._definitions import properties
from bridge.enrichment import entity_block
from bridge.schema import Schema, load_schema
from bridge.scorer import Scorer
from bridge.tagging import Tagger

SCHEMA = Path(__file__).with_name("schema.yaml")
#: Fields of a catalogue's document that are kept; `at` is its place there: among equal scores the first indexed wins.
OWN = ("id", "at", "title", "brand", "price", "description")
_BATCH = 64


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    steps = arguments.add_subparsers(dest="step", required=True)
    tagging = steps.add_parser("tag", help="write a catalogue's documents with their entities")
    tagging.add_argument("catalogue", type=Path, help="JSON lines, plain or .xz")
    tagging.add_argument("out", type=Path)
    tagging.add_argument("--threads", type=int, default=os.cpu_count(), help="threads that torch uses")
    tagging.add_argument("--limit", type=int, help="only so many documents")
    filling = steps.add_parser("index", help="make the index anew from tagged documents")
    filling.add_argument("tagged", type=Path)
    filling.add_argument("--engine-url", default="http://127.0.0.1:9200")
    for one in (tagging, filling):
        one.add_argument("--schema", type=Path, default=SCHEMA)
    options = arguments.parse_args()
    schema = load_schema(options.schema)
    if options.step == "tag":
        tag(schema, options.catalogue, options.out, options.threads, options.limit)
    else:
        index(schema, options.tagged, options.engine_url)


def tag(schema: Schema, catalogue: Path, out: Path, threads: int, limit: int | None = None) -> None:
    """Write the catalogue's documents with their entity blocks; documents that are in `out` already are left out."""
    done = {document["id"] for document in _lines(out)} if out.exists() else set()
    numbered = (document | {"at": at} for at, document in enumerate(islice(_lines(catalogue), limit)))
    left = [document for document in numbered if document["id"] not in done]
    # Titles of about one length together: a batch takes as long as its longest text.
    left.sort(key=lambda document: len(document.get("title") or ""))
    tagger = Tagger(schema, Scorer.load(schema.model.name, revision=schema.model.revision, threads=threads))
    began = time.monotonic()
    with out.open("a", encoding="utf-8") as file:
        for number, batch in enumerate(_batches(left), start=1):
            own = [{name: document[name] for name in OWN if name in document} for document in batch]
            for document, tagged in zip(own, tagger.tag(own), strict=True):
                block = entity_block(schema, tagged, tagged_at=datetime.now(UTC))
                file.write(json.dumps(document | block) + "\n")
            if number % 20 == 0:
                rate = number * _BATCH / (time.monotonic() - began)
                print(f"{len(done) + number * _BATCH} documents, {rate:.0f} a second", flush=True)


def index(schema: Schema, tagged: Path, url: str) -> None:
    """Make the schema's index anew and fill it."""
    text = {"type": "text", "analyzer": "english"}
    own = {
        "title": text,
        "description": text,
        "brand": text | {"fields": {"keyword": {"type": "keyword"}}},
        "price": {"type": "integer"},
        "id": {"type": "keyword"},
    }
    body = {
        "settings": {"number_of_shards": 1, "number_of_replicas": 0},
        "mappings": {"dynamic": False, "properties": own | properties(schema)},
    }
    documents = sorted(_lines(tagged), key=lambda document: document["at"])
    with connect(url) as engine:
        engine.request("DELETE", f"/{schema.index}", params={"ignore_unavailable": "true"})
        engine.request("PUT", f"/{schema.index}", body)
        actions = ({"_op_type": "index", "_id": one["id"], "_source": one} for one in documents)
        items = list(engine.bulk(schema.index, actions, pipeline="_none", chunk_size=1000))
        engine.request("POST", f"/{schema.index}/_refresh")
    refused = [item for item in items if not item.ok]
    print(f"{len(items) - len(refused)} documents in {schema.index}")
    if refused:
        raise SystemExit(f"error: {len(refused)} were refused: {refused[0].error}")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _batches(documents: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    left = iter(documents)
    while batch := list(islice(left, _BATCH)):
        yield batch


if __name__ == "__main__":
    main()
