"""What the comparison of speed needs beside this environment: other programs, and random checkpoints for all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
#: Made once, ignored by git.
BUILD = ROOT / "build" / "speed"

SHAPES = {"small": (768, 6, 12), "base": (768, 12, 12)}


class Peers:
    """The interpreters that run the ways, with what they see. A peer that cannot be set up says so and is left out.

    Without `wanted` nothing is set up: what is installed here runs alone.
    """

    def __init__(self, *, wanted: bool = True) -> None:
        self.onnx = wanted and self._made(
            "onnx",
            ["--python", sys.executable, "--target", str(BUILD / "onnx"), "--no-deps"],
            BUILD / "onnx" / "onnxruntime",
        )
        fast = BUILD / "fast-gliner"
        self.fast: Path | None = None
        if wanted and (fast.exists() or _uv("venv", "--quiet", str(fast))):
            python = fast / "bin" / "python"
            installed = next(fast.glob("lib/*/site-packages/fast_gliner"), fast / "missing")
            if self._made("fast-gliner", ["--python", str(python)], installed):
                self.fast = python

    @staticmethod
    def _made(name: str, where: list[str], proof: Path) -> bool:
        if proof.exists():
            return True
        print(f"setting up {name}", flush=True)
        if _uv("pip", "install", "--quiet", *where, "-r", str(HERE / "peers" / f"{name}.txt")):
            return True
        print(f"{name} is left out: uv could not install benchmarks/peers/{name}.txt")
        return False

    def python(self, way: str) -> str:
        return str(self.fast) if way == "fast-gliner" else sys.executable

    def environment(self, threads: int) -> dict[str, str]:
        paths = [str(ROOT), str(BUILD / "onnx"), os.environ.get("PYTHONPATH", "")]
        return {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(paths),
            "OMP_NUM_THREADS": str(threads),
            "HF_HUB_OFFLINE": "1",
        }


def _uv(*arguments: str) -> bool:
    beside = Path(sys.executable).with_name("uv")
    try:
        return subprocess.run([str(beside) if beside.exists() else "uv", *arguments], check=False).returncode == 0
    except FileNotFoundError:
        return False


def checkpoint(shape: str, peers: Peers, *, bi_encoder: bool = False) -> Path:
    """A random checkpoint of a published size (markerV0, width 512, spans of 12 words), and its ONNX graphs."""
    folder = BUILD / f"{shape}{'-bi' if bi_encoder else '' if peers.onnx else '-plain'}"
    if not (folder / "built").exists():
        print(f"building {folder.name}", flush=True)
        arguments = [str(folder), shape, str(int(bi_encoder)), str(int(peers.onnx and not bi_encoder))]
        subprocess.run(
            [sys.executable, __file__, *arguments], check=True, env=peers.environment(2), stdout=-3, stderr=-3
        )
        (folder / "built").touch()
    return folder


def _build(folder: Path, shape: str, *, bi_encoder: bool, onnx: bool) -> None:
    sys.path.insert(0, str(ROOT / "tests" / "scorer"))
    import checkpoints

    width, layers, heads = SHAPES[shape]
    fields: dict[str, Any] = {"labels_encoder": True} if bi_encoder else {}
    checkpoints.build(
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
        spread=3.0,
        **fields,
    )
    if onnx:
        from gliner import GLiNER

        model = GLiNER.from_pretrained(str(folder), local_files_only=True)
        model.export_to_onnx(str(folder / "onnx"), quantize=True)
        _without_branches(folder / "onnx" / "model.onnx", folder / "onnx" / "model_straight.onnx")


def _without_branches(graph: Path, out: Path) -> None:
    """For OpenVINO, which refuses branches of unknown rank.

    torch exports one in each layer, for queries and keys of different numbers; here they are equal, and what is else is
    an Identity.
    """
    import onnx

    model = onnx.load(str(graph))
    for node in model.graph.node:
        if node.op_type == "If":
            [other] = [attribute.g.node for attribute in node.attribute if attribute.name == "else_branch"]
            assert [inner.op_type for inner in other] == ["Identity"]
            node.CopyFrom(onnx.helper.make_node("Identity", list(other[0].input), list(node.output), name=node.name))
    onnx.save(model, str(out))


if __name__ == "__main__":
    _build(Path(sys.argv[1]), sys.argv[2], bi_encoder=bool(int(sys.argv[3])), onnx=bool(int(sys.argv[4])))
