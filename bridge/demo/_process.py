"""The demo's background processes: commands of `gliner-bridge` that outlive it, found again by their number."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bridge.errors import SetupError

Say = Callable[[str], None]
#: Loading torch and warming the model takes 5 to 15 s on two cores; a cold disk may need longer.
START_SECONDS = 180.0
STOP_SECONDS = 10.0
LOOPBACK = "127.0.0.1"
#: Packages whose code runs in none of them.
_NOT_SERVED = ("cli", "demo", "training", "evaluation")


@dataclass(frozen=True, slots=True)
class Service:
    """A command of `gliner-bridge` that runs until it is ended; `name` is what a person calls it."""

    name: str
    command: str

    def start(
        self,
        settings: Mapping[str, str],
        log: Path,
        is_ready: Callable[[], bool],
        failure: Callable[[], str | None] = lambda: None,
        *,
        options: Sequence[str] = (),
    ) -> int:
        """Start it and wait until it is ready; gives the number of its process.

        Args:
            settings: as `environment`.
            log: file for what it prints.
            is_ready: asked five times a second.
            failure: why it will never be ready; None as long as it may become so.
            options: the rest of its command line, which other users of the machine can read.

        Raises:
            SetupError: it ended or did not become ready; the message holds the end of its log.
        """
        started = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "bridge.cli", self.command, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(settings),
                start_new_session=True,
            )
        try:
            while not is_ready():
                if process.poll() is not None:
                    raise SetupError(f"the {self.name} ended while starting:\n{_tail(log)}", where=str(log))
                if reason := failure():
                    raise SetupError(f"the {self.name} cannot serve: {reason}", where=str(log))
                if time.monotonic() - started > START_SECONDS:
                    raise SetupError(
                        f"the {self.name} was not ready within {START_SECONDS:.0f} s:\n{_tail(log)}", where=str(log)
                    )
                time.sleep(0.2)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process.pid

    def stop(self, pid: int, say: Say) -> None:
        """End the process, and no other that got its number meanwhile."""
        if not self.is_running(pid):
            say(f"the {self.name} was not running any more")
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sign)
            deadline = time.monotonic() + STOP_SECONDS
            while self.is_running(pid) and time.monotonic() < deadline:
                time.sleep(0.1)
            if not self.is_running(pid):
                break
        say(f"stopped the {self.name} (process {pid})")

    def is_running(self, pid: int) -> bool:
        """Whether the process of that number is one of these."""
        with contextlib.suppress(ChildProcessError, OSError):
            os.waitpid(pid, os.WNOHANG)  # our own child stays a zombie until someone asks
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            if Path("/proc/self").exists():
                return False
            listing = subprocess.run(
                ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
            )
            line = listing.stdout.split()
        return "bridge.cli" in line and self.command in line


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Settings as variables, empty ones left out: a command line shows passwords and keys to other users."""
    ours = {f"GLINER_BRIDGE_{name}": value for name, value in settings.items() if value}
    # Settings of another service in the caller's shell must not change this one.
    return {name: value for name, value in os.environ.items() if not name.startswith("GLINER_BRIDGE_")} | ours


def digest_of(*parts: bytes) -> str:
    """Hash of what a service is started from: `parts`, and the package's code and model."""
    package = Path(__file__).resolve().parents[1]
    state = hashlib.sha256()
    for part in parts:
        state.update(hashlib.sha256(part).digest())
    for path in sorted(package.rglob("*.py")):
        if path.parent.name not in _NOT_SERVED:
            state.update(path.read_bytes())
    for path in sorted((package / "models").rglob("*")):
        if path.is_file():
            state.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}".encode())
    return state.hexdigest()[:16]


def free_port(preferred: int, *, taken: int | None = None) -> int:
    """`preferred` where nothing listens on it, else any free port of the loopback address, never `taken`."""
    for port in (preferred, 0, 0):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            found = int(probe.getsockname()[1])
            if found != taken:
                return found
    raise SetupError("no free TCP port on 127.0.0.1", hint="end what listens there: ss -ltnp")


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
