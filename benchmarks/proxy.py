"""What the proxy adds to a request, on a real Elasticsearch: beside the rewrite itself, and with 64 connections.

    python benchmarks/proxy.py [--engine-url URL] [--rounds 500] [--connections 64]

Without a URL a local Elasticsearch is started and stopped again. The proxy is a process of its own, as users run it.
The sidecar is a stand-in that answers at once with the body it was given, marked as changed, so that what is measured
is the proxy and not query understanding: parsing, both hops, and writing the body again. Each round asks in turn
directly and through the proxy, for a search that is rewritten and for one that only passes. The processor time of the
proxy is the same on a busy machine, too.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from _shop import grocery

from bridge.engines import ElasticsearchEngine, local

INDEX, OTHER = "gliner-bridge-bench-proxy", "gliner-bridge-bench-other"
BODY = {"query": {"multi_match": {"query": "organic coffee under $20", "fields": ["name", "description"]}}, "size": 10}
#: Rounds before any counts.
WARM = 20
SCHEMA = {"index": INDEX, "engine": "elasticsearch", "text": ["name"], "disable": [], "deadline_ms": 900}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--engine-url", help="an Elasticsearch; default: a local one")
    arguments.add_argument("--rounds", type=int, default=500)
    arguments.add_argument("--connections", type=int, default=64)
    options = arguments.parse_args()
    with contextlib.ExitStack() as stack:
        url = options.engine_url or stack.enter_context(_node())
        engine = stack.enter_context(ElasticsearchEngine(url))
        stack.enter_context(_index(engine))
        proxy, spent = stack.enter_context(_proxy(url, stack.enter_context(_sidecar())))
        before = spent()
        _one_by_one(url, proxy, options.rounds)
        per_request = (spent() - before) / (2 * (options.rounds + WARM)) * 1000
        print(f"  processor time of the proxy: {per_request:.2f} ms a request (half of them rewritten)")
        _at_once(url, proxy, options.connections, options.rounds)


def _one_by_one(url: str, proxy: str, rounds: int) -> None:
    asked = {
        "directly": f"{url}/{INDEX}/_search",
        "through the proxy, passing": f"{proxy}/{OTHER}/_search",
        "through the proxy, rewritten": f"{proxy}/{INDEX}/_search",
    }
    taken: dict[str, list[float]] = {name: [] for name in asked}
    with httpx.Client(timeout=60) as client:
        for turn in range(rounds + WARM):
            for name, address in asked.items():
                started = time.perf_counter()
                client.post(address, json=BODY).raise_for_status()
                if turn >= WARM:
                    taken[name].append((time.perf_counter() - started) * 1000)
    base = statistics.median(taken["directly"])
    print(f"\none connection, {rounds} rounds, milliseconds at the median (95th percentile)")
    for name, values in taken.items():
        median, high = statistics.median(values), statistics.quantiles(values, n=20)[18]
        print(f"  {name:<30} {median:6.2f} ({high:.2f})   +{median - base:.2f}")


def _at_once(url: str, proxy: str, connections: int, rounds: int) -> None:
    each = max(1, rounds // connections)
    print(f"\n{connections} connections, {each} searches each")
    for name, address in (("directly", url), ("through the proxy, rewritten", proxy)):

        def ask(_: int, address: str = address) -> list[float]:
            taken = []
            with httpx.Client(timeout=120) as client:
                for _ in range(each):
                    started = time.perf_counter()
                    client.post(f"{address}/{INDEX}/_search", json=BODY).raise_for_status()
                    taken.append((time.perf_counter() - started) * 1000)
            return taken

        began = time.perf_counter()
        with ThreadPoolExecutor(connections) as pool:
            values = [one for some in pool.map(ask, range(connections)) for one in some]
        rate = len(values) / (time.perf_counter() - began)
        print(f"  {name:<30} {rate:6.0f} searches/s, {statistics.median(values):.0f} ms at the median, none failed")


@contextlib.contextmanager
def _node() -> Iterator[str]:
    ran_before = local.status(engine="elasticsearch") is not None
    node = local.start(engine="elasticsearch", on_progress=print)
    try:
        yield node.url
    finally:
        if not ran_before:
            local.stop(engine="elasticsearch")


@contextlib.contextmanager
def _index(engine: ElasticsearchEngine) -> Iterator[None]:
    catalogue = grocery()
    documents = [body for _, body in catalogue.documents()][:2000]
    for name in (INDEX, OTHER):
        with contextlib.suppress(Exception):
            engine.request("DELETE", f"/{name}")
        list(engine.bulk(name, ({"_op_type": "index", "_source": one} for one in documents)))
        engine.request("POST", f"/{name}/_refresh")
    try:
        yield
    finally:
        for name in (INDEX, OTHER):
            engine.request("DELETE", f"/{name}")


@contextlib.contextmanager
def _sidecar() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._send({"schemas": {"bench": SCHEMA}})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            done = {"changed": True, "outcome": "rewritten", "reason": "rewritten", "plan": None}
            self._send({"body": asked["body"], **done})

        def _send(self, answer: Any) -> None:
            content = json.dumps(answer).encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            self.wfile.write(head.encode() + content)

        def log_message(self, *_: Any) -> None: ...

        def handle(self) -> None:
            with contextlib.suppress(ConnectionResetError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()


@contextlib.contextmanager
def _proxy(upstream: str, sidecar: str) -> Iterator[tuple[str, Callable[[], float]]]:
    """Its address, and what tells the seconds of processor time that it has used."""
    command = [sys.executable, "-m", "bridge.cli", "proxy", "--upstream", upstream, "--sidecar", sidecar, "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r"http://\S+", process.stdout.readline())
        assert found is not None, "the proxy did not start"
        stat = Path(f"/proc/{process.pid}/stat")
        ticks = os.sysconf("SC_CLK_TCK")
        yield found[0], lambda: sum(map(int, stat.read_text("ascii").rpartition(")")[2].split()[11:13])) / ticks
        peak = re.search(r"VmHWM:\s*(\d+)", Path(f"/proc/{process.pid}/status").read_text("utf-8"))
        print(f"\nmemory of the proxy at its peak: {int(peak[1]) // 1024 if peak else 0} MiB")
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
