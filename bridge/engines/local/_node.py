"""Start, stop and look at the local node."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Literal

import httpx
from filelock import FileLock

from bridge.engines.local import _docker
from bridge.engines.local._jars import cache_folder, class_path, ensure_parts, is_complete
from bridge.engines.local._java import Java, find_java
from bridge.engines.local._products import OPENSEARCH, EngineName, Product, candidates
from bridge.errors import SetupError

Way = Literal["auto", "docker", "local"]
_PREFERRED_PORT = 9200
_START_SECONDS = 180.0
_STOP_SECONDS = 30.0
#: What a node's process shows on its command line.
_MARKERS = tuple({product.marker for product in (*candidates("opensearch"), *candidates("elasticsearch"))})
#: Processes of tied nodes: their standard input must stay open as long as this process lives.
_tied: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True)
class LocalNode:
    """A running node. `way` is `docker` or `local`; `sidecar_host` is this machine's name as the node sees it."""

    url: str
    pid: int
    data: str
    log: str
    way: Literal["docker", "local"] = "local"
    version: str = OPENSEARCH.version
    engine: Literal["opensearch", "elasticsearch"] = "opensearch"
    sidecar_host: str = "127.0.0.1"
    #: False when this call found the node running.
    started: bool = True


def start(
    *,
    cache: str | Path | None = None,
    port: int | None = None,
    data: str | Path | None = None,
    on_progress: Callable[[str], None] | None = None,
    way: Way = "local",
    heap: str = "1g",
    tied: bool = False,
    engine: EngineName = "opensearch",
) -> LocalNode:
    """Start a local OpenSearch with ML Commons or a local Elasticsearch, or return the one that runs on this folder.

    Args:
        cache: folder for jars, data and log. Default: GLINER_BRIDGE_CACHE, else the user's cache folder.
        port: HTTP port; None takes 9200 where it is free and else any free one, 0 any free one.
        data: folder of this node's data, log and state file; default `<cache>/node` for OpenSearch and
            `<cache>/elasticsearch-node` for Elasticsearch. Data is kept between starts.
        on_progress: called with one line of text at each step.
        way: `docker` (official image), `local` (Maven Central on a JDK), or `auto`: Docker where an engine answers.
        heap: JVM heap, as `-Xmx` reads it.
        tied: the node ends when this process ends (for tests); `local` only.
        engine: `elasticsearch` is the newest version that runs on a Java of this machine: 9.5 on Java 21, 8.19 on 17.
            The node from Maven Central has the licence API and no inference API; nobody may ship that.

    Raises SetupError naming what is missing: Java, Maven, disk, network, port, Docker.
    """
    tell = on_progress or (lambda _: None)
    folder = _data_folder(cache, data, engine)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "start.lock"):
        running = status(cache=cache, data=data, engine=engine)
        if running:
            tell(f"{_title(running)} already runs at {running.url}")
            return running
        if way == "docker" or (way == "auto" and _docker.docker_answers()):
            node = _start_docker(candidates(engine)[0], folder, port, heap, tell)
        else:
            product, java = find_java(candidates(engine))
            node = _start_local(product, java, cache_folder(cache), folder, port, heap, tied, tell)
        tell(f"{_title(node)} {node.version} answers at {node.url}")
        return node


def stop(*, cache: str | Path | None = None, data: str | Path | None = None, engine: EngineName = "opensearch") -> bool:
    """End the node of this data folder and keep its data; False when none runs."""
    folder = _data_folder(cache, data, engine)
    node = status(cache=cache, data=data, engine=engine)
    if node is not None and node.way == "docker":
        _docker.run_docker(["docker", "stop", _container(node)])
        _docker.run_docker(["docker", "rm", _container(node)])
    elif node is not None:
        _end(node.pid, folder)
    _state_file(folder).unlink(missing_ok=True)
    return node is not None


def status(
    *, cache: str | Path | None = None, data: str | Path | None = None, engine: EngineName = "opensearch"
) -> LocalNode | None:
    """The node that runs on this data folder, or None."""
    folder = _data_folder(cache, data, engine)
    try:
        state = json.loads(_state_file(folder).read_text(encoding="utf-8"))
        node = LocalNode(**(state | {"started": False}))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    alive = _docker.container_runs(_container(node)) if node.way == "docker" else _is_ours(node.pid, folder)
    return node if alive else None


def missing_parts(cache: str | Path | None = None, engine: EngineName = "opensearch") -> str | None:
    """What this machine lacks to run a local node from Maven Central, in words; None where it has everything."""
    try:
        product, _ = find_java(candidates(engine))
    except SetupError as error:
        return error.message
    if not shutil.which("mvn") and not is_complete(product, cache_folder(cache)):
        return "Maven is missing: there is no `mvn` on the path"
    return None


def _title(node: LocalNode) -> str:
    return candidates(node.engine)[0].title


def _container(node: LocalNode) -> str:
    return candidates(node.engine)[0].container


def _data_folder(cache: str | Path | None, data: str | Path | None, engine: EngineName) -> Path:
    if data:
        return Path(data).expanduser().resolve()
    return cache_folder(cache) / ("node" if engine == "opensearch" else "elasticsearch-node")


def _state_file(folder: Path) -> Path:
    return folder / "state.json"


def _write_state(folder: Path, node: LocalNode) -> None:
    _state_file(folder).write_text(json.dumps(asdict(node), indent=1), encoding="utf-8")


def _start_local(
    product: Product,
    java: Java,
    cache: Path,
    folder: Path,
    port: int | None,
    heap: str,
    tied: bool,
    tell: Callable[[str], None],
) -> LocalNode:
    http_port, transport_port = _ports(port)
    parts = ensure_parts(product, java, cache, tell)
    log = folder / "node.log"
    (folder / "tmp").mkdir(exist_ok=True)
    tell(f"Starting {product.label} on port {http_port}")
    with as_file(files(__package__)) as sources, log.open("wb") as output:
        command = [java.command, f"-Xms{heap}", f"-Xmx{heap}", *product.command(str(folder))]
        if product.dialect == "opensearch":
            command += ["-cp", class_path(product, parts), str(sources / "opensearch" / "Node.java")]
        else:
            command += ["--enable-native-access=ALL-UNNAMED"] if java.version >= 21 else []
            command += ["-cp", class_path(product, parts), product.marker]
        command += [str(folder), str(http_port), str(transport_port), "gliner-bridge", "tied" if tied else "free"]
        command += product.plugins
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.PIPE if tied else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        if tied:
            _tied[process.pid] = process
        node = LocalNode(
            f"http://127.0.0.1:{http_port}",
            process.pid,
            str(folder),
            str(log),
            version=product.version,
            engine=product.dialect,
        )
        _write_state(folder, node)
        try:
            _wait(product, node, lambda: process.poll() is None)
        except BaseException:
            _end(process.pid, folder)
            _state_file(folder).unlink(missing_ok=True)
            raise
    return node


def _start_docker(
    product: Product, folder: Path, port: int | None, heap: str, tell: Callable[[str], None]
) -> LocalNode:
    if not _docker.docker_answers():
        raise SetupError(
            "no Docker engine answers", hint="start Docker, or use the node from Maven Central: --with local"
        )
    http_port, transport_port = _ports(port)
    tell(f"Starting {product.image} on port {http_port} (the first time the image is fetched)")
    # A stopped container of ours keeps its name; its data lies in the volume, so it can go.
    subprocess.run(["docker", "rm", product.container], capture_output=True, check=False)
    _docker.run_docker(_docker.docker_command(http_port, transport_port, product=product, heap=heap))
    node = LocalNode(
        f"http://127.0.0.1:{http_port}",
        0,
        str(folder),
        f"docker logs {product.container}",
        way="docker",
        version=product.version,
        engine=product.dialect,
        sidecar_host=_docker.sidecar_host(),
    )
    _write_state(folder, node)
    _wait(product, node, lambda: _docker.container_runs(product.container))
    return node


def _wait(product: Product, node: LocalNode, alive: Callable[[], bool]) -> None:
    """Until the cluster is yellow and its `ready` page answers; SetupError with the log's end when it never does."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if not alive():
            raise SetupError(f"{product.title} ended while starting:\n{_log_tail(node)}", where=node.log)
        with contextlib.suppress(httpx.HTTPError):
            health = httpx.get(f"{node.url}/_cluster/health", timeout=5)
            up = health.status_code == 200 and health.json()["status"] in ("yellow", "green")
            if up and httpx.get(f"{node.url}{product.ready}", timeout=5).status_code == 200:
                return
        time.sleep(0.25)
    raise SetupError(
        f"{product.title} did not answer within {_START_SECONDS:.0f} s:\n{_log_tail(node)}", where=node.log
    )


def _log_tail(node: LocalNode, lines: int = 15) -> str:
    path = Path(node.log)
    if not path.exists():
        return f"see `{node.log}`"
    return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _ports(port: int | None) -> tuple[int, int]:
    """Two free ports, HTTP and transport."""
    with socket.socket() as http, socket.socket() as transport:
        for candidate in [_PREFERRED_PORT, 0] if port is None else [port]:
            try:
                http.bind(("127.0.0.1", candidate))
                break
            except OSError as error:
                if port:
                    raise SetupError(f"port {port} is in use", hint="name another with --port, or 0 for any") from error
        transport.bind(("127.0.0.1", 0))
        return http.getsockname()[1], transport.getsockname()[1]


def _is_ours(pid: int, folder: Path) -> bool:
    """Whether the process is still the node of this folder, and not another that got the same id meanwhile."""
    with contextlib.suppress(ChildProcessError, OSError):
        os.waitpid(pid, os.WNOHANG)  # a child that ended stays a zombie until someone asks
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        if Path("/proc/self").exists():
            return False
        listing = subprocess.run(["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False)
        command = listing.stdout.split()
    return str(folder) in command and any(part.endswith(_MARKERS) for part in command)


def _end(pid: int, folder: Path) -> None:
    """Ask the node to end, then make it."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if not _is_ours(pid, folder):
            break
        os.kill(pid, sign)
        deadline = time.monotonic() + _STOP_SECONDS
        while _is_ours(pid, folder) and time.monotonic() < deadline:
            time.sleep(0.1)
    process = _tied.pop(pid, None)
    if process is not None and process.stdin:
        process.stdin.close()
