"""The sidecar keeps freed memory for the next batch where glibc lets it and the operator says nothing else."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest


def kept(environment: dict[str, str]) -> bool:
    """In a process of its own: the setting is for good."""
    code = "from bridge.sidecar._malloc import keep_freed_memory; print(keep_freed_memory())"
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    run = [sys.executable, "-c", code]
    return subprocess.run(run, env=clean | environment, capture_output=True, text=True, check=True).stdout == "True\n"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_glibc_is_told_to_keep_freed_memory() -> None:
    assert kept({})


def test_settings_of_the_operator_are_left_alone() -> None:
    assert not kept({"MALLOC_ARENA_MAX": "2"})
