"""How glibc deals with the memory of large tensors."""

from __future__ import annotations

import ctypes
import os

#: Parameters of mallopt(3) and their values: blocks up to the greatest size that it allows come from one heap, which
#: keeps what is freed. As it is, glibc gives it back to the system and each batch faults it in anew, page by page.
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD, _M_ARENA_MAX = -3, -1, -8
_SETTINGS = ((_M_MMAP_THRESHOLD, 32 << 20), (_M_TRIM_THRESHOLD, 2**31 - 1), (_M_ARENA_MAX, 1))


def keep_freed_memory() -> bool:
    """Let this process keep freed memory for its next tensors: torch takes less time then (`benchmarks/memory.py`).

    Returns:
        Whether it was set: not without glibc, and not where the environment has settings of its own (`MALLOC_*`).
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    taken = [mallopt(parameter, value) for parameter, value in _SETTINGS]
    return all(taken)
