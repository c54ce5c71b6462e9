"""Where a network computes: on the processor, or on a GPU that torch sees."""

from __future__ import annotations

import re

import torch

from bridge.errors import InputError, SetupError

CPU = torch.device("cpu")


def pick_device(setting: str = "auto") -> torch.device:
    """The device that a setting names.

    Args:
        setting: `cpu`, `cuda` (the first GPU) or `cuda:1`, or `auto`: the first GPU where torch sees one, else the
            processor.

    Raises:
        InputError: the setting is none of these.
        SetupError: torch sees no such GPU.
    """
    seen = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if setting == "auto":
        return torch.device("cuda") if seen else CPU
    if not re.fullmatch(r"cpu|cuda(:\d+)?", setting):
        raise InputError(f"device must be auto, cpu, cuda or cuda:1, got {setting!r}")
    device = torch.device(setting)
    if device.type == "cuda" and (device.index or 0) >= seen:
        raise SetupError(
            f"this torch sees {seen} GPUs, none of them {setting}" if seen else "this torch sees no GPU",
            where="device",
            hint="use cpu or auto, or install a torch with CUDA for this machine's driver",
        )
    return device


def compute_exactly() -> None:
    """Let GPUs compute fp32 in fp32, for this process.

    By default cuDNN rounds the inputs of its LSTMs and convolutions to ten bits (TF32): scores would differ by 1e-3.
    """
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False
