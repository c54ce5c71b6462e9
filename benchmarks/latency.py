"""Latency of parsing and rewriting queries and of tagging documents with the embedded model, without engine or HTTP.

    python benchmarks/latency.py [--seconds 5] [--threads 2]

Prints, for the grocery example, milliseconds a query (median, 95th percentile) and documents and words per second.
Queries are those of examples/grocery/queries.yaml, the dictionary is made from the catalogue's own categories.

What a rewrite costs beside the model is given twice: by the clock, which other processes of a busy machine slow down,
and in processor time of the thread, which they hardly touch. Each text is measured new and from the plan cache in turn.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import statistics
import time
from typing import cast

from _shop import Timed, catalogue_values, fill_rates, texts
from _shop import grocery as shop

from bridge.clients import rewrite_body
from bridge.demo._catalogues import Catalogue
from bridge.query import QueryParser, StaticValues
from bridge.scorer import Scorer
from bridge.tagging import Dictionary, Tagger


def measure_rewriting(catalogue: Catalogue, scorer: Scorer, seconds: float) -> None:
    """Print the time of one rewrite of a search body: in all, in the model, beside it, and from the plan cache."""
    timed = Timed(scorer)
    schema = catalogue.schema.model_copy(update={"relax": "tiers"})
    values = StaticValues.of(schema, catalogue_values(catalogue), fill_rates(catalogue))
    parser = QueryParser(schema, cast(Scorer, timed), values)
    inside: list[float] = []
    beside: dict[str, list[tuple[float, float]]] = {"beside the model": [], "from the plan cache": []}
    end = time.perf_counter() + seconds
    for text in texts(catalogue):
        body = {"query": {"multi_match": {"query": text, "fields": schema.text}}, "size": 10}
        for way, times in beside.items():
            timed.clock = timed.processor = 0.0
            clock, processor = time.perf_counter(), time.thread_time()
            rewrite_body(body, schema, parser.parse, None)
            took = time.perf_counter() - clock - timed.clock, time.thread_time() - processor - timed.processor
            times.append((1000 * took[0], 1000 * took[1]))
            if way == "beside the model":
                inside.append(1000 * timed.clock)
        if time.perf_counter() >= end:
            break
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"rewrite: medians of {len(inside)} texts{load}; the model {statistics.median(inside):.2f} ms")
    for way, times in beside.items():
        clocks, processors = ([pair[at] for pair in times] for at in (0, 1))
        print(
            f"  {way}: {statistics.median(clocks):.2f} ms by the clock (95th percentile "
            f"{statistics.quantiles(clocks, n=20)[-1]:.2f}), {statistics.median(processors):.2f} ms of processor"
        )


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

    grocery = shop()
    values = StaticValues.of(grocery.schema, catalogue_values(grocery))
    # Room for one plan: the queries take turns, so that each is parsed anew and not answered from the cache.
    parser = QueryParser(grocery.schema, scorer, values, cache_size=1)
    for query in grocery.queries:  # warm
        parser.parse(query.text)
    times: list[float] = []
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

    measure_rewriting(grocery, scorer, options.seconds)

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
