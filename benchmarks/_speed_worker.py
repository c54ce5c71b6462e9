"""One way to run a model, in a process of its own: so it has its own memory, its own start and its own packages.

    python benchmarks/_speed_worker.py WAY FOLDER THREADS

Reads tasks as JSON lines, `{"texts": [...], "labels": [...], "repeats": 3}`, and answers each with the median of the
milliseconds from strings to entities, the entities and the peak memory so far (on a GPU: of its own memory). Before
several repeats comes one that does not count: after seconds in which others had the processor it shows how cold its
caches are. Only the processors that the way may use are visible to it: some peers have no setting for threads.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

Entities = list[list[tuple[int, int, str, float]]]
Run = Callable[[list[str], list[str]], Entities]
THRESHOLD = 0.5
BATCH = 32


def gliner(folder: str, threads: int, *, graph: str | None = None, precision: str | None = None, **how: Any) -> Run:
    """The reference: on torch, by ONNX Runtime, or with its graph run by OpenVINO in a precision ("": its default)."""
    from gliner import GLiNER

    if graph is not None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        how = {"load_onnx_model": True, "onnx_model_file": f"onnx/{graph}.onnx", "session_options": options}
        if precision is not None:  # a session that costs next to nothing, to be replaced
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    model = GLiNER.from_pretrained(folder, local_files_only=True, **how)
    if precision is not None:
        model.model.session = _OpenVinoSession(f"{folder}/onnx/{graph}.onnx", threads, precision)
    if hasattr(model, "encode_labels") and model.config.labels_encoder:
        known: dict[tuple[str, ...], Any] = {}

        def run(texts: list[str], labels: list[str]) -> Entities:
            key = tuple(labels)
            if key not in known:
                known[key] = model.encode_labels(labels, batch_size=8)
            found = model.batch_predict_with_embeds(texts, known[key], labels, threshold=THRESHOLD, batch_size=BATCH)
            return _of_dicts(found)

        return run
    return lambda texts, labels: _of_dicts(model.inference(texts, labels, threshold=THRESHOLD, batch_size=BATCH))


class _OpenVinoSession:
    """What `gliner` uses of an ONNX Runtime session, done by OpenVINO."""

    def __init__(self, path: str, threads: int, precision: str) -> None:
        import openvino

        settings: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
        if precision:
            settings["INFERENCE_PRECISION_HINT"] = precision
        core = openvino.Core()
        self._request = core.compile_model(core.read_model(path), "CPU", settings).create_infer_request()

    def run(self, _: None, inputs: dict[str, Any]) -> list[Any]:
        return list(self._request.infer(inputs, share_inputs=True, share_outputs=True).values())

    def get_providers(self) -> list[str]:
        return ["CPUExecutionProvider"]


def fast_gliner(folder: str, _: int) -> Run:
    from fast_gliner import FastGLiNER

    model = FastGLiNER.from_pretrained(folder, onnx_path="onnx/model.onnx")
    return lambda texts, labels: _of_dicts(model.predict_entities(texts, labels))


def bridge(folder: str, threads: int, *, device: str = "cpu", **how: Any) -> Run:
    from bridge.scorer import Scorer

    scorer = Scorer.load(folder, threads=threads, offline=True, device=device, **how)
    scorer.labels_per_prompt = 1000  # one prompt, as the peers have

    def run(texts: list[str], labels: list[str]) -> Entities:
        found = scorer.predict(texts, labels, THRESHOLD, batch_size=BATCH, calibrated=False)
        return [[(span.start, span.end, span.label, span.score) for span in one] for one in found]

    return run


def _of_dicts(found: Any) -> Entities:
    return [[(one["start"], one["end"], one["label"], float(one["score"])) for one in text] for text in found]


#: On the processor; the first is what the others are compared with.
WAYS: dict[str, Callable[[str, int], Run]] = {
    "gliner torch": gliner,
    "gliner onnx": lambda folder, threads: gliner(folder, threads, graph="model"),
    "gliner openvino f32": lambda folder, threads: gliner(folder, threads, graph="model_straight", precision="f32"),
    "fast-gliner": fast_gliner,
    "bridge torch": bridge,
    "bridge openvino": lambda folder, threads: bridge(folder, threads, runtime="openvino"),
    "gliner onnx int8": lambda folder, threads: gliner(folder, threads, graph="model_quantized"),
    "gliner openvino": lambda folder, threads: gliner(folder, threads, graph="model_straight", precision=""),
    "bridge torch int8": lambda folder, threads: bridge(folder, threads, dtype="int8"),
    "bridge torch bf16": lambda folder, threads: bridge(folder, threads, dtype="bf16"),
    "bridge openvino bf16": lambda folder, threads: bridge(folder, threads, dtype="bf16", runtime="openvino"),
}
#: The same on a GPU.
GPU_WAYS: dict[str, Callable[[str, int], Run]] = {
    "gliner cuda": lambda folder, threads: gliner(folder, threads, map_location="cuda"),
    "bridge cuda": lambda folder, threads: bridge(folder, threads, device="cuda"),
    "gliner cuda bf16": lambda folder, threads: gliner(folder, threads, map_location="cuda", dtype="bf16"),
    "gliner cuda fp16": lambda folder, threads: gliner(folder, threads, map_location="cuda", dtype="fp16"),
    "bridge cuda bf16": lambda folder, threads: bridge(folder, threads, device="cuda", dtype="bf16"),
    "bridge cuda fp16": lambda folder, threads: bridge(folder, threads, device="cuda", dtype="fp16"),
}


def main() -> None:
    way, folder, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    warnings.simplefilter("ignore")
    if way in WAYS and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    if way in GPU_WAYS or way.endswith("torch"):
        import torch

        torch.set_num_threads(threads)
    run = (WAYS | GPU_WAYS)[way](folder, threads)
    for line in sys.stdin:
        task = json.loads(line)
        if task["repeats"] > 1:
            run(task["texts"], task["labels"])
        times = []
        for _ in range(task["repeats"]):
            begun = time.perf_counter()
            entities = run(task["texts"], task["labels"])
            times.append(1000 * (time.perf_counter() - begun))
        answers.write(json.dumps({"ms": statistics.median(times), "entities": entities, "peak": _peak(way)}) + "\n")
        answers.flush()


def _peak(way: str) -> float:
    """MB of this process, or of the GPU's memory."""
    if way in GPU_WAYS:
        import torch

        return torch.cuda.max_memory_allocated() / 1024**2
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
