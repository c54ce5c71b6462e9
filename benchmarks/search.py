"""What rewriting adds to a search, on a real OpenSearch: through the search pipeline, against the plain search.

    python benchmarks/search.py [--engine-url URL] [--rounds 300] [--warm 700] [--threads 2]

Without a URL a local OpenSearch is started (Docker or Java 17 with Maven) and stopped again. The grocery example is
indexed untagged under a name of its own, a sidecar of its own serves it twice (relaxation by tiers and by counts), and
each text is searched in turn plainly and through both pipelines: no text comes twice, so no plan comes from the cache.
The model's own time (finding labels and encoding phrases) is measured beside it, on the same texts, in this process
while the sidecar idles. The order of the four changes from text to text, and what is reported are medians of
differences text by text, so that what else the machine does meets all of them alike; the lower quartile is nearer to an
idle machine.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import httpx
from _shop import Timed, catalogue_values, fill_rates, grocery, texts

from bridge.demo._catalogues import Catalogue
from bridge.engines import OpenSearchEngine, local
from bridge.engines.install import install, uninstall
from bridge.query import QueryParser, StaticValues
from bridge.schema import Schema, load_schema
from bridge.scorer import Scorer

INDEX = "gliner_bridge_bench"
MODES = ("tiers", "counts")
_PIPELINES = {"plain": "_none", **{mode: f"gliner-bridge-bench_{mode}" for mode in MODES}}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--engine-url", help="an OpenSearch with ML Commons; default: a local one")
    arguments.add_argument("--rounds", type=int, default=300, help="texts that are searched for")
    arguments.add_argument("--warm", type=int, default=700, help="texts before them, so that the engine has compiled")
    arguments.add_argument("--threads", type=int, default=os.cpu_count(), help="threads that torch uses")
    options = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        if options.engine_url is None:
            ran_before = local.status() is not None
            url = local.start(on_progress=print).url
            if not ran_before:
                stack.callback(local.stop)
        else:
            url = options.engine_url
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        catalogue = grocery()
        schemas = [_schema(catalogue, mode, folder) for mode in MODES]
        engine = OpenSearchEngine(url)
        stack.callback(engine.close)
        stack.enter_context(_index(engine, catalogue))
        sidecar = stack.enter_context(_sidecar(url, folder, options.threads))
        install(engine, schemas, sidecar)
        stack.callback(uninstall, engine, [schema.name for schema in schemas])
        scorer = Scorer.load("default", offline=True, threads=options.threads)
        _report(_measure(url, catalogue, schemas, scorer, options.rounds, options.warm))


def _schema(catalogue: Catalogue, mode: str, folder: Path) -> Schema:
    """The example's schema over the benchmark's index, with one mode of relaxation."""
    name = f"bench_{mode}"
    lines = catalogue.schema_path.read_text("utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("schema:", "index:", "relax:", "deadline_ms:"))]
    path = folder / f"{name}.yaml"
    head = [f"schema: {name}", f"index: {INDEX}", f"relax: {mode}", "deadline_ms: 900"]
    path.write_text("\n".join([*head, *kept, ""]), "utf-8")
    return load_schema(path)


@contextlib.contextmanager
def _index(engine: OpenSearchEngine, catalogue: Catalogue) -> Iterator[None]:
    mappings = {
        "properties": {
            "name": {"type": "text", "analyzer": "english"},
            "description": {"type": "text", "analyzer": "english"},
            "category": {"type": "keyword"},
            "price": {"type": "double"},
        }
    }
    engine.request("PUT", f"/{INDEX}", {"mappings": mappings, "settings": {"number_of_shards": 1}})
    try:
        list(engine.bulk(INDEX, ({"_id": id_, "_source": body} for id_, body in catalogue.documents())))
        engine.request("POST", f"/{INDEX}/_refresh")
        yield
    finally:
        engine.request("DELETE", f"/{INDEX}")


@contextlib.contextmanager
def _sidecar(engine_url: str, folder: Path, threads: int) -> Iterator[str]:
    """A sidecar in a process of its own, ready; gives its URL."""
    ports = [_free_port(), _free_port()]
    command = [sys.executable, "-m", "bridge.cli", "serve", "--schemas", str(folder), "--engine-url", engine_url]
    command += ["--port", str(ports[0]), "--documents-port", str(ports[1]), "--model-threads", str(threads)]
    url = f"http://127.0.0.1:{ports[0]}"
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + 600  # a busy machine takes minutes to load the model
            while time.monotonic() < end and process.poll() is None:
                with contextlib.suppress(httpx.HTTPError):
                    if httpx.get(f"{url}/readyz").status_code == 200:
                        break
                time.sleep(0.2)
            else:
                raise SystemExit("the sidecar did not become ready")
            yield url
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _measure(
    url: str, catalogue: Catalogue, schemas: list[Schema], scorer: Scorer, rounds: int, warm: int
) -> dict[str, list[float]]:
    """Milliseconds of each way, text by text; the first texts only warm the engine, which compiles as it runs."""
    schema, timed = schemas[0], Timed(scorer)
    known = StaticValues.of(schema, catalogue_values(catalogue), fill_rates(catalogue)).with_meanings(
        schema, cast(Scorer, timed)
    )
    parser = QueryParser(schema, cast(Scorer, timed), known)
    times: dict[str, list[float]] = {"plain": [], "model": [], **{mode: [] for mode in MODES}}
    with httpx.Client(base_url=url, timeout=30) as client:

        def search(text: str, pipeline: str) -> float:
            body: dict[str, Any] = {"query": {"multi_match": {"query": text, "fields": schema.text}}, "size": 10}
            begin = time.perf_counter()
            answer = client.post(f"/{INDEX}/_search", params={"search_pipeline": pipeline}, json=body)
            took = time.perf_counter() - begin
            answer.raise_for_status()
            return 1000 * took

        def computed(text: str) -> float:
            timed.clock = 0.0
            parser.parse(text)
            return 1000 * timed.clock

        for number, text in enumerate(texts(catalogue)):
            if number == rounds + warm:
                break
            order = list(times)
            for way in order[number % len(order) :] + order[: number % len(order)]:
                time.sleep(0.005)  # threads of the way before wait awake for a moment
                took = computed(text) if way == "model" else search(text, _PIPELINES[way])
                if number >= warm:
                    times[way].append(took)
    return times


def _report(times: dict[str, list[float]]) -> None:
    plain, model = times["plain"], times["model"]
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(
        f"{len(plain)} texts{load}, medians: plain search {statistics.median(plain):.1f} ms, "
        f"the model alone {statistics.median(model):.1f} ms"
    )
    for mode in MODES:
        added = [all_ - one for all_, one in zip(times[mode], plain, strict=True)]
        rest = [more - one for more, one in zip(added, model, strict=True)]
        quartile, middle, _ = statistics.quantiles(rest, n=4)
        print(
            f"{mode}: {statistics.median(times[mode]):.1f} ms (95th percentile "
            f"{statistics.quantiles(times[mode], n=20)[-1]:.1f}), {statistics.median(added):.1f} ms more than plain, "
            f"{middle:.1f} ms more than plain and model (lower quartile {quartile:.1f})"
        )


if __name__ == "__main__":
    main()
