"""Vectors of stored values in a file beside the snapshot, so that a start need not encode them again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def save_vectors(path: str | Path, encoder: str, vectors: Mapping[str, Vectors]) -> None:
    """Write the vectors of one encoder (its fingerprint) by value; float32, so that links are the same ones after."""
    names = "\0".join(vectors).encode("utf-8", "surrogatepass")
    rows = np.stack(list(vectors.values())) if vectors else np.zeros((0, 0), np.float32)
    with Path(path).open("wb") as file:
        np.savez(
            file,
            encoder=np.frombuffer(encoder.encode(), np.uint8),
            names=np.frombuffer(names, np.uint8),
            rows=rows.astype(np.float32),
        )


def load_vectors(path: str | Path, encoder: str) -> dict[str, Vectors]:
    """The vectors that `save_vectors` wrote; none where there is no such file, or another encoder made it."""
    try:
        with np.load(path, allow_pickle=False) as data:
            if bytes(data["encoder"]).decode("utf-8", "replace") != encoder:
                return {}
            names = bytes(data["names"]).decode("utf-8", "surrogatepass").split("\0")
            rows = np.asarray(data["rows"], np.float32)
    except (OSError, ValueError, KeyError, BadZipFile):
        return {}  # a cache: what cannot be read is made again
    sound = rows.ndim == 2 and len(names) == len(rows) and bool(np.isfinite(rows).all())
    return dict(zip(names, rows, strict=True)) if sound else {}
