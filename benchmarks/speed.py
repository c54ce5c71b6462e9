"""Speed of the scorer beside other ways to run the same weights: texts, labels and threads are the same for all.

    python benchmarks/speed.py [small] [base] [bi] [embedded] [--device cpu] [--rounds 15] [--threads 2] [--only bridge]

Every way is a process of its own (`_speed_worker.py`); they take turns, short work several times in each, so that a
busy machine slows all of them down, and one after the other, so that none is slowed down by another. For each piece of
work it prints the median from strings to entities, the median over the rounds of how many times faster than `gliner` on
torch that is, the lower quartile of the milliseconds, and how many entities are those of `gliner`. Then for each way
the peak memory and the seconds from the start of the process to its first entities, whose first query it is. With
`--device cuda` the ways are those on a GPU: they start together, and the memory is that of the GPU.

The first call sets up the peers with uv and builds random checkpoints in the shape of DeBERTa-v3 under build/speed.
Their vocabulary is small: with the published one all ways need about 400 MB more.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from _speed_peers import HERE, ROOT, Peers, checkpoint
from _speed_worker import GPU_WAYS, WAYS

#: Words that the tokenizer of the random checkpoints knows whole: a query of 6 with 10 labels is 39 subtokens.
WORDS = [
    "blue",
    "running",
    "laptop",
    "wireless",
    "watch",
    "beans",
    "chocolate",
    "kirkland",
    "usb",
    "green",
    "berlin",
    "for",
]
QUERIES = ["red nike running shoes under 50", "organic dark roast coffee beans 2lb", "dell laptop 16gb ram 15 inch"]
SHOP_LABELS = ["brand", "color", "product type", "size", "material", "price", "flavor", "department", "condition"]
SHOP_LABELS += ["capacity", "occasion", "origin", "shape", "scent", "theme", "quantity", "age group", "pattern"]
SHOP_LABELS += ["compatible product", "product name"]
#: Ways whose scores are the reference's to 1e-4.
EXACT = [way for way in WAYS | GPU_WAYS if not way.endswith(("int8", "bf16", "fp16")) and way != "gliner openvino"]


@dataclass
class Work:
    """Texts to tag with labels, in each turn so often; `busy`: beside a process that takes a whole processor."""

    name: str
    texts: list[str]
    labels: list[str]
    busy: bool = False
    share: float = 1.0  # of the rounds: long work needs fewer
    repeats: int = 3


@dataclass
class Worker:
    """A running way."""

    way: str
    process: subprocess.Popen[str]
    begun: float
    started: float = 0.0
    peak: float = 0.0
    times: list[float] = field(default_factory=list)
    entities: Any = None

    def run(self, work: Work, repeats: int) -> float | None:
        """Milliseconds; None where the way has failed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        task = {"texts": work.texts, "labels": work.labels, "repeats": repeats}
        try:
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            return None
        answer = json.loads(line)
        self.entities, self.peak = answer["entities"], answer["peak"]
        return float(answer["ms"])


def sentence(count: int, words: int) -> list[str]:
    chance = random.Random(count * words)
    return [" ".join(chance.choices(WORDS, k=words)) for _ in range(count)]


def label_names(count: int) -> list[str]:
    return [f"{first} {second}" for first, second in product(WORDS, reversed(WORDS)) if first != second][:count]


UNI = [
    Work("query, 10 labels", sentence(1, 6), label_names(10)),
    Work("query, 30 labels", sentence(1, 6), label_names(30)),
    Work("32 queries, 10 labels", sentence(32, 6), label_names(10), share=0.4, repeats=1),
    Work("8 x 200 words, 10 labels", sentence(8, 200), label_names(10), share=0.25, repeats=1),
    Work("query beside a busy process", sentence(1, 6), label_names(10), busy=True),
]
BI = [Work("query, 100 known labels", sentence(1, 6), label_names(100))]
EMBEDDED = [Work("query, 20 labels", QUERIES[:1], SHOP_LABELS), Work("3 queries", QUERIES, SHOP_LABELS)]


def start(ways: Sequence[str], folder: Path, threads: int, peers: Peers, first: Work) -> list[Worker]:
    """Start the ways, each with its first answer: one after the other, those on a GPU together."""

    def started(way: str) -> Worker:
        command = [peers.python(way), str(HERE / "_speed_worker.py"), way, str(folder), str(threads)]
        begun = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=peers.environment(threads),
        )
        worker = Worker(way, process, begun)
        if worker.run(first, 1) is not None:
            worker.started = time.perf_counter() - begun
        return worker

    with ThreadPoolExecutor(len(ways) if ways[0] in GPU_WAYS else 1) as pool:
        workers = list(pool.map(started, ways))
    for worker in workers:
        if not worker.started:
            print(f"{worker.way} is left out: it does not run here")
            worker.process.wait()
    return [worker for worker in workers if worker.started]


def measure(workers: list[Worker], work: Work, rounds: int) -> None:
    """Fill in `times`, in turn; two rounds to warm up."""
    for worker in workers:
        worker.times = []
    with _busy(work.busy):
        for number in range(max(int(rounds * work.share), 3) + 2):
            for worker in workers:
                taken = worker.run(work, work.repeats)
                if number > 1 and taken is not None:
                    worker.times.append(taken)


@contextmanager
def _busy(wanted: bool) -> Iterator[None]:
    # Ends with this process, however that ends: one that stayed would slow down every later run.
    spin = "import os; parent = os.getppid()\nwhile os.getppid() == parent: pass"
    spinning = [subprocess.Popen([sys.executable, "-c", spin])] if wanted else []
    try:
        yield
    finally:
        for one in spinning:
            one.kill()


def report(workers: list[Worker], work: Work, threads: int) -> None:
    base = workers[0]
    print(f"\n{work.name}, {threads} thread{'s' if threads > 1 else ''}")
    print(f"  {'':22} {'ms':>8} {'quartile':>9} {'x':>6}  entities as {base.way}")
    for worker in workers:
        if not worker.times:
            print(f"  {worker.way:22} failed")
            continue
        ratio = statistics.median(a / b for a, b in zip(base.times, worker.times, strict=True))
        quartile = statistics.quantiles(worker.times, n=4)[0]
        print(
            f"  {worker.way:22} {statistics.median(worker.times):8.1f} {quartile:9.1f} {ratio:6.2f}  "
            f"{agreement(base.entities, worker.entities)}",
            flush=True,
        )
    for kind, ways in (("exact", EXACT), ("any", [*WAYS, *GPU_WAYS])):
        there = {worker.way: worker.times for worker in workers if worker.way in ways and worker.times}
        own = min((way for way in there if way.startswith("bridge")), key=lambda w: _middle(there[w]), default=None)
        peer = min(
            (way for way in there if not way.startswith("bridge")), key=lambda w: _middle(there[w]), default=None
        )
        if own and peer:
            ratio = statistics.median(a / b for a, b in zip(there[peer], there[own], strict=True))
            print(f"  {kind}: {own} is {ratio:.2f} times as fast as the fastest peer, {peer}", flush=True)


def _middle(times: list[float]) -> float:
    return statistics.median(times)


def agreement(expected: Any, found: Any) -> str:
    """How many entities two ways share, of all that either found, and the greatest difference of their scores."""

    def places(entities: Any) -> dict[tuple[Any, ...], float]:
        return {(number, *one[:3]): one[3] for number, text in enumerate(entities) for one in text}

    one, other = places(expected), places(found)
    both = one.keys() & other.keys()
    furthest = max((abs(one[place] - other[place]) for place in both), default=0.0)
    return f"{len(both)} of {len(one.keys() | other.keys())}, scores differ by at most {furthest:.0e}"


def table(
    title: str, folder: Path, works: list[Work], ways: list[str], given: argparse.Namespace, peers: Peers
) -> None:
    print(f"\n== {title}, load {os.getloadavg()[0]:.1f}")
    workers = start(ways, folder, given.threads, peers, works[0])
    try:
        for work in works:
            measure(workers, work, given.rounds)
            report(workers, work, given.threads)
        print(f"\n  {'':22} {'peak MB':>8} {'start s':>9}")
        for worker in workers:
            print(f"  {worker.way:22} {worker.peak:8.0f} {worker.started:9.1f}", flush=True)
    finally:
        for worker in workers:
            worker.process.kill()
    if given.threads > 1 and works is not EMBEDDED and given.device == "cpu":
        workers = start(ways, folder, 1, peers, works[0])
        try:
            measure(workers, works[0], given.rounds)
            report(workers, works[0], 1)
        finally:
            for worker in workers:
                worker.process.kill()


def ways_on(device: str, only: str | None, peers: Peers) -> list[str]:
    """The first, and of the others those asked for that can run here."""
    first, *others = GPU_WAYS if device == "cuda" else WAYS
    ways = [first, *(way for way in others if only is None or only in way)]
    if device == "cuda":
        return ways
    if not peers.onnx:
        ways = [way for way in ways if way == first or way.startswith("bridge")]
    if peers.fast is None:
        ways = [way for way in ways if way != "fast-gliner"]
    if importlib.util.find_spec("openvino") is None:
        print("ways through OpenVINO are left out: the extra openvino is not installed")
        ways = [way for way in ways if "openvino" not in way]
    return ways


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("models", nargs="*", help="small, base, bi, embedded; default: all")
    arguments.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--only", help="of the ways, those whose name has this in it, beside the first")
    given = arguments.parse_args()
    peers = Peers(wanted=given.device == "cpu")
    ways = ways_on(given.device, given.only, peers)
    plain = [way for way in ways if way in GPU_WAYS or way == "gliner torch" or way.startswith("bridge")]
    uni = [work for work in UNI if given.device == "cpu" or not work.busy]
    wanted = given.models or ["small", "base", "bi", "embedded"]
    for shape in ("small", "base"):
        if shape in wanted:
            table(f"DeBERTa-v3-{shape}, random", checkpoint(shape, peers), uni, ways, given, peers)
    if "bi" in wanted:
        folder = checkpoint("small", peers, bi_encoder=True)
        table("bi-encoder, DeBERTa-v3-small, random", folder, BI, plain, given, peers)
    if "embedded" in wanted:
        table("the embedded model", ROOT / "bridge" / "models" / "default", EMBEDDED, plain, given, peers)


if __name__ == "__main__":
    main()
