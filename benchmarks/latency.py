"""Latency of parsing queries and tagging documents with the embedded model, without an engine or HTTP.

    python benchmarks/latency.py [--seconds 5] [--threads 2]

Prints, for the grocery example, milliseconds a query (median, 95th percentile) and documents and words per second.
Queries are those of examples/grocery/queries.yaml, the dictionary is made from the catalogue's own categories.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import statistics
import time
from collections import Counter

from bridge.demo._catalogues import Catalogue, load_catalogues
from bridge.query import QueryParser, StaticValues
from bridge.scorer import Scorer
from bridge.tagging import Dictionary, Tagger


def catalogue_values(catalogue: Catalogue) -> dict[str, dict[str, int]]:
    """Stored values of the labels that are bound to a field of the catalogue, as an engine would report them."""
    bound = {
        name: label.field for name, label in catalogue.schema.labels.items() if label.kind == "keyword" and label.field
    }
    counts: dict[str, Counter[str]] = {name: Counter() for name in bound}
    for _, document in catalogue.documents():
        for name, field in bound.items():
            if value := document.get(field):
                counts[name][str(value)] += 1
    return {name: dict(counter) for name, counter in counts.items()}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=5.0, help="how long each measurement runs")
    arguments.add_argument("--threads", type=int, default=os.cpu_count(), help="threads that torch uses")
    options = arguments.parse_args()

    started = time.perf_counter()
    scorer = Scorer.load("default", offline=True, threads=options.threads)
    print(
        f"{platform.processor() or platform.machine()}, {options.threads} threads, Python {platform.python_version()}"
    )
    print(f"model loaded in {time.perf_counter() - started:.1f} s")

    grocery = load_catalogues()[0]
    values = StaticValues.of(grocery.schema, catalogue_values(grocery))
    # Room for one plan: the queries take turns, so that each is parsed anew and not answered from the cache.
    parser = QueryParser(grocery.schema, scorer, values, cache_size=1)
    for query in grocery.queries:  # warm
        parser.parse(query.text)
    times = []
    end = time.perf_counter() + options.seconds
    for query in itertools.cycle(grocery.queries):
        begin = time.perf_counter()
        if begin >= end:
            break
        parser.parse(query.text)
        times.append((time.perf_counter() - begin) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"parse: median {statistics.median(times):.1f} ms, 95th percentile {p95:.1f} ms, one at a time ({len(times)})"
    )

    tagger = Tagger(grocery.schema, scorer, Dictionary(catalogue_values(grocery)))
    fields = grocery.schema.text
    documents = [document for _, document in grocery.documents()]
    begin = time.perf_counter()
    tagged = words = 0
    for first in range(0, len(documents), 16):
        batch = documents[first : first + 16]
        tagger.tag(batch)
        tagged += len(batch)
        words += sum(len(str(document.get(field) or "").split()) for document in batch for field in fields)
        if time.perf_counter() - begin >= options.seconds:
            break
    seconds = time.perf_counter() - begin
    print(f"tag: {tagged / seconds:.1f} documents/s, {words / seconds:.0f} words/s, batches of 16, {tagged} documents")


if __name__ == "__main__":
    main()
