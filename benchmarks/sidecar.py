"""What a text that was never seen takes a sidecar, by HTTP and without an engine: in all, and in its model.

    python benchmarks/sidecar.py [--rounds 260] [--threads 2]

The sidecar is a process of its own over the grocery example. Prints the median of the answers' times after the first
fifty, and the mean time of a batch of the query lane from the sidecar's own metrics, where nearly every batch is one
query.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import httpx
from _shop import grocery, texts
from search import _schema, _sidecar


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=260)
    arguments.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = arguments.parse_args()
    catalogue = grocery()
    with tempfile.TemporaryDirectory() as folder, httpx.Client(timeout=30) as client:
        schema = _schema(catalogue, "tiers", Path(folder))
        with _sidecar("http://127.0.0.1:9", Path(folder), given.threads) as url:  # nothing answers there
            times = []
            for text, _ in zip(texts(catalogue), range(given.rounds), strict=False):
                body = {"query": {"multi_match": {"query": text, "fields": schema.text}}, "size": 10}
                begun = time.perf_counter()
                client.post(f"{url}/v1/rewrite", json={"schema": schema.name, "body": body}).raise_for_status()
                times.append(1000 * (time.perf_counter() - begun))
            lines = client.get(f"{url}/metrics").text.splitlines()
    batch = {
        kind: next(float(line.split()[-1]) for line in lines if f'batch_seconds_{kind}{{lane="query"}}' in line)
        for kind in ("sum", "count")
    }
    print(
        f"{len(times)} texts, load {os.getloadavg()[0]:.1f}: median {statistics.median(times[50:]):.1f} ms by HTTP, "
        f"a batch of the model {1000 * batch['sum'] / batch['count']:.1f} ms in the mean"
    )


if __name__ == "__main__":
    main()
