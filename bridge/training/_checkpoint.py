"""Training state on disk: written beside the target and renamed, so a kill leaves the old or the new one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bridge.errors import CheckpointError

#: The state that `--resume` continues from.
STATE = "state.pt"


def write_atomically(path: Path, payload: Any) -> None:
    """`torch.save` under a temporary name, flushed to disk, then renamed over `path`."""
    temporary = path.with_name(f".{path.name}.writing")
    with temporary.open("wb") as handle:
        torch.save(payload, handle)
        handle.flush()
        os.fsync(handle.fileno())
    temporary.replace(path)


def read_state(path: Path) -> dict[str, Any]:
    """The payload of `write_atomically`.

    Raises:
        CheckpointError: the file is missing or damaged.
    """
    try:
        payload: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError("no training state here", where=str(path), hint="start without --resume") from error
    except Exception as error:  # torch raises many kinds for a damaged file
        raise CheckpointError("the training state is damaged", where=str(path)) from error
    return payload


def trained_weights(network: torch.nn.Module) -> dict[str, Tensor]:
    """Copies of the weights that training changes, by name; frozen ones come from the encoder again."""
    return {name: p.detach().clone() for name, p in network.named_parameters() if p.requires_grad}


def restore_weights(network: torch.nn.Module, weights: dict[str, Tensor]) -> None:
    """Put `trained_weights` back.

    Raises:
        CheckpointError: the state is of another network.
    """
    own = {name: p for name, p in network.named_parameters() if p.requires_grad}
    if own.keys() != weights.keys() or any(own[name].shape != weights[name].shape for name in own):
        raise CheckpointError("the training state is of another network", hint="use the recipe that it was made with")
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(weights[name])


def mean_weights(one: dict[str, Tensor], other: dict[str, Tensor], *, share: float = 0.5) -> dict[str, Tensor]:
    """The mean of two states of the same network; `share` is the first one's, 0..1."""
    return {name: share * tensor + (1 - share) * other[name] for name, tensor in one.items()}
