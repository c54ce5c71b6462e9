"""Speed of the scorer beside the reference library, on the same weights, texts and threads.

    python benchmarks/scorer.py [--rounds 15] [--threads 2] [--shape small|base] [--onnx]

Builds random checkpoints in the shape of DeBERTa-v3-small or -base (markerV0, width 512, spans of 12 words; a
bi-encoder beside it) with the `gliner` package and times both ways from strings to entities, in turn, so that a busy
machine slows both down. Prints medians in milliseconds and the median of the ratios of each round. With `--onnx` the
peer also runs as an ONNX graph (needs `onnxruntime` and `onnx`).

The last lines time the embedded model alone: a query of six words and 20 labels.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "scorer"))

import checkpoints
import torch

from bridge.scorer import Scorer

SHAPES = {"small": (768, 6, 12), "base": (768, 12, 12)}
NOUNS = [
    f"{first}{second}"
    for first in ("lap", "desk", "head", "foot", "hand")
    for second in ("top", "set", "lamp", "board")
]
#: What is timed: texts, words of each, labels.
WORK = {
    "query, 10 labels": (1, 6, 10),
    "query, 30 labels": (1, 6, 30),
    "32 queries in a batch, 10 labels": (32, 6, 10),
    "8 x 200 words, 10 labels": (8, 200, 10),
}


def build(folder: Path, shape: str, *, bi_encoder: bool) -> Path:
    """A random checkpoint of a published size."""
    width, layers, heads = SHAPES[shape]
    fields: dict[str, Any] = {"labels_encoder": True} if bi_encoder else {}
    return checkpoints.build(
        folder,
        encoder={
            "hidden_size": width,
            "num_hidden_layers": layers,
            "num_attention_heads": heads,
            "intermediate_size": 4 * width,
            "max_position_embeddings": 512,
            "position_buckets": 256,
        },
        hidden_size=512,
        max_width=12,
        max_len=384,
        spread=1.0,
        **fields,
    )


def texts(count: int, words: int) -> list[str]:
    chance = random.Random(1)
    return [" ".join(chance.choices(NOUNS, k=words)) for _ in range(count)]


def ways(folder: Path, onnx: bool) -> dict[str, Callable[[list[str], list[str]], Any]]:
    """What is compared, by name; the peer first."""
    from gliner import GLiNER

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = GLiNER.from_pretrained(str(folder), local_files_only=True)
        found: dict[str, Callable[[list[str], list[str]], Any]] = {"gliner torch": _peer(peer)}
        if onnx:
            peer.export_to_onnx(str(folder), onnx_filename="model.onnx", quantize=False)
            graph = GLiNER.from_pretrained(
                str(folder), local_files_only=True, load_onnx_model=True, onnx_model_file="model.onnx"
            )
            found["gliner onnx"] = _peer(graph)
    scorer = Scorer.load(folder)
    scorer.labels_per_prompt = 1000
    found["bridge"] = lambda some, labels: scorer.predict(some, labels, 0.9, batch_size=32)
    return found


def _peer(model: Any) -> Callable[[list[str], list[str]], Any]:
    return lambda some, labels: model.inference(some, labels, threshold=0.9, batch_size=32)


def rounds(found: dict[str, Callable[[], Any]], count: int) -> dict[str, list[float]]:
    """Milliseconds of each way, in turn; one round to warm up."""
    times: dict[str, list[float]] = {name: [] for name in found}
    for number in range(count + 1):
        for name, run in found.items():
            begun = time.perf_counter()
            run()
            if number:
                times[name].append(1000 * (time.perf_counter() - begun))
    return times


def report(work: str, times: dict[str, list[float]]) -> None:
    first = next(iter(times))
    for name, own in times.items():
        ratio = statistics.median(a / b for a, b in zip(times[first], own, strict=True))
        print(f"{work:36} {name:14} {statistics.median(own):8.1f} ms  {ratio:5.2f} x {first}", flush=True)


def uni_encoder(folder: Path, count: int, onnx: bool) -> Iterator[tuple[str, dict[str, list[float]]]]:
    compared = ways(folder, onnx)
    for work, (number, words, labels) in WORK.items():
        some, names = texts(number, words), [f"{noun} type" for noun in NOUNS * 2][:labels]
        repeats = count if number * words < 500 else max(count // 5, 2)
        yield work, rounds({name: _bound(run, some, names) for name, run in compared.items()}, repeats)


def bi_encoder(folder: Path, count: int) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """100 labels whose vectors both know already."""
    from gliner import GLiNER

    some = texts(1, 6)
    names = [f"{first} {second}" for first in NOUNS[:10] for second in NOUNS[:10]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = GLiNER.from_pretrained(str(folder), local_files_only=True)
        vectors = peer.encode_labels(names, batch_size=8)
    scorer = Scorer.load(folder)
    scorer.predict(some, names)
    found = {
        "gliner torch": lambda: peer.batch_predict_with_embeds(some, vectors, names, threshold=0.9),
        "bridge": lambda: scorer.predict(some, names, 0.9),
    }
    yield "query, 100 labels, bi-encoder", rounds(found, count)


def embedded(count: int) -> None:
    scorer = Scorer.load()
    labels = ["brand", "color", "product type", "size", "material", "price", "flavor", "department", "condition"]
    labels += ["capacity", "occasion", "origin", "shape", "scent", "theme", "quantity", "age group", "pattern"]
    labels += ["compatible product", "product name"]
    queries = ["red nike running shoes under 50", "organic dark roast coffee beans 2lb", "dell laptop 16gb ram 15 inch"]
    times = []
    for number in range(20 * count):
        begun = time.perf_counter()
        scorer.predict([queries[number % 3]], labels)
        times.append(1000 * (time.perf_counter() - begun))
    times = times[10:]
    print(f"embedded model, 6 words, 20 labels: median {statistics.median(times):.2f} ms, least {min(times):.2f} ms")


def _bound(run: Callable[[list[str], list[str]], Any], some: list[str], names: list[str]) -> Callable[[], Any]:
    return lambda: run(some, names)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--shape", choices=SHAPES, default="small")
    arguments.add_argument("--onnx", action="store_true")
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    print(f"DeBERTa-v3-{given.shape}, {given.threads} threads, load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for work, times in uni_encoder(
            build(Path(folder) / "uni", given.shape, bi_encoder=False), given.rounds, given.onnx
        ):
            report(work, times)
        for work, times in bi_encoder(build(Path(folder) / "bi", given.shape, bi_encoder=True), given.rounds):
            report(work, times)
    embedded(given.rounds)


if __name__ == "__main__":
    main()
