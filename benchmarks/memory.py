"""What `serve` gains by telling glibc to keep freed memory: batches of a model on torch with and without it.

    python benchmarks/memory.py [--shape small] [--rounds 3] [--threads 2]

Each round is a process of its own that works in a thread, as the sidecar does; the two kinds take turns. For each piece
of work it prints the median over the rounds of a round's median in ms, then the peak memory. The weights are the random
ones of `speed.py`, at the model's usual batch size and, for the queries, at 32.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import statistics
import subprocess
import sys
import threading
import time

from _speed_peers import Peers, checkpoint
from speed import SHOP_LABELS, WORDS

#: Name → number of texts, words of each, and texts in one forward pass (None: the model's choice).
WORK = {"query": (1, 6, None), "32 queries": (32, 6, 32), "8 x 200 words": (8, 200, None)}
TIMES = 8


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--shape", choices=["small", "base"], default="small")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--round", choices=["kept", "given back"], help="one round in this process")
    given = arguments.parse_args()
    folder = str(checkpoint(given.shape, Peers(wanted=False)))
    if given.round:
        print(json.dumps(one_round(folder, given.threads, keep=given.round == "kept")))
        return
    found: dict[str, list[dict[str, float]]] = {"given back": [], "kept": []}
    for _ in range(given.rounds):
        for kind, rounds in found.items():
            command = [sys.executable, __file__, *sys.argv[1:], "--round", kind]
            rounds.append(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    for name in found["kept"][0]:
        medians = {kind: statistics.median(one[name] for one in rounds) for kind, rounds in found.items()}
        print(f"{name:<14}" + "".join(f"{kind:>12} {median:8.1f}" for kind, median in medians.items()))


def one_round(folder: str, threads: int, *, keep: bool) -> dict[str, float]:
    """Median ms of each piece of work, and `peak MB`."""
    from bridge.sidecar._malloc import keep_freed_memory

    if keep and not keep_freed_memory():
        raise SystemExit("not set: another C library, or MALLOC_* in the environment")
    import torch

    from bridge.scorer import Scorer

    torch.set_num_threads(threads)
    found: dict[str, float] = {}

    def run() -> None:
        scorer, rng = Scorer.load(folder), random.Random(0)
        for name, (count, words, batch) in WORK.items():
            texts = [" ".join(rng.choices(WORDS, k=words)) for _ in range(count)]
            times = []
            for _ in range(TIMES):
                begun = time.perf_counter()
                scorer.predict(texts, SHOP_LABELS[:10], batch_size=batch)
                times.append(1000 * (time.perf_counter() - begun))
            found[name] = statistics.median(times)

    worker = threading.Thread(target=run)
    worker.start()
    worker.join()
    return found | {"peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    main()
