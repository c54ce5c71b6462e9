"""Where the time of the encoder goes: the share of it that its matrix products alone would take.

    python benchmarks/products.py [--rounds 15] [--threads 2]

Times every product with weights of DeBERTa-v3-small's encoder as it stands (packed oneDNN, `bridge.scorer._products`),
and the whole encoder on each runtime, in turn. What is beyond the products is attention, distances, norms and copies.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from _speed_peers import Peers, checkpoint

from bridge.scorer._checkpoint import load_checkpoint
from bridge.scorer._encoders import encoder_of
from bridge.scorer._openvino import Runtime, has_openvino
from bridge.scorer._products import Dtype, product_of_layer, stacked_product


def products(backbone: Any, rows: int, dtype: Dtype) -> tuple[Callable[[], None], float]:
    """All products with weights over inputs of `rows` rows, and their floating point operations."""
    todo, operations = [], 0.0
    for layer in backbone.encoder.layer:
        own = layer.attention.self
        stacked = (own.query_proj, own.key_proj, own.value_proj)
        for run, layers in (
            (stacked_product(*stacked, dtype=dtype), stacked),
            *((product_of_layer(one, dtype), (one,)) for one in _dense(layer)),
        ):
            todo.append((run, torch.randn(rows, layers[0].in_features)))
            operations += 2.0 * rows * sum(one.weight.numel() for one in layers)

    def all_of_them() -> None:
        for run, x in todo:
            run(x)

    return all_of_them, operations


def _dense(layer: Any) -> tuple[Any, ...]:
    return layer.attention.output.dense, layer.intermediate.dense, layer.output.dense


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--threads", type=int, default=2)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    network = load_checkpoint(checkpoint("small", Peers()), offline=True).network
    backbone: Any = network.token_rep_layer.bert_layer.model
    runtimes: list[Runtime] = ["torch", "openvino"] if has_openvino() else ["torch"]
    for batch, size in ((1, 48), (8, 240)):
        ids = torch.randint(5, backbone.config.vocab_size, (batch, size))
        mask = torch.ones(batch, size, dtype=torch.long)
        for dtype in ("fp32", "bf16"):
            alone, operations = products(backbone, batch * size, dtype)
            encoders = {runtime: encoder_of(network, dtype, runtime) for runtime in runtimes}
            runs = {"products": alone} | {name: partial(run, ids, mask) for name, run in encoders.items()}
            times: dict[str, list[float]] = {name: [] for name in runs}
            with torch.inference_mode():
                for number in range(given.rounds + 2):
                    for name, run in runs.items():
                        begun = time.perf_counter()
                        run()
                        if number > 1:
                            times[name].append(time.perf_counter() - begun)
            base = times["products"]
            rate = operations / statistics.median(base) / 1e9
            print(f"{batch} x {size} {dtype}: products {1000 * statistics.median(base):.1f} ms, {rate:.0f} GFLOP/s")
            for runtime in runtimes:
                share = statistics.median(a / b for a, b in zip(base, times[runtime], strict=True))
                print(f"  {runtime}: {1000 * statistics.median(times[runtime]):.1f} ms, products are {share:.0%} of it")


if __name__ == "__main__":
    main()
