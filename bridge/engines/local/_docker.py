"""The official images as the local node, where a Docker engine answers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence

from bridge.engines.local._products import OPENSEARCH, Product
from bridge.errors import SetupError


def docker_answers() -> bool:
    """Whether there is a `docker` command and an engine behind it."""
    docker = shutil.which("docker")
    if not docker:
        return False
    try:
        answer = subprocess.run(
            [docker, "version", "--format", "{{.Server.Version}}"], capture_output=True, timeout=10, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0 and bool(answer.stdout.strip())


def docker_command(
    port: int,
    transport_port: int,
    *,
    product: Product = OPENSEARCH,
    heap: str = "1g",
    platform: str = sys.platform,
) -> list[str]:
    """The `docker run` command for one node without passwords, reachable from this machine only.

    On Linux the container shares the host's network, so that it reaches a sidecar that listens on 127.0.0.1.
    Elsewhere the port is published and the sidecar is `host.docker.internal`. Data lies in a named volume.
    """
    settings = {
        "discovery.type": "single-node",
        **dict(product.image_settings),
        product.heap_variable: f"-Xms{heap} -Xmx{heap}",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    if platform.startswith("linux"):
        network = ["--network", "host"]
        settings |= {"network.host": "127.0.0.1", "http.port": str(port), "transport.port": str(transport_port)}
    else:
        network = ["--publish", f"127.0.0.1:{port}:9200"]
    command = ["docker", "run", "--detach", "--name", product.container, *network]
    command += ["--volume", f"{product.container}:{product.data_folder}"]
    for name, value in settings.items():
        command += ["--env", f"{name}={value}"]
    return [*command, product.image]


def sidecar_host(platform: str = sys.platform) -> str:
    """The name by which the container reaches a sidecar on this machine."""
    return "127.0.0.1" if platform.startswith("linux") else "host.docker.internal"


def run_docker(command: Sequence[str]) -> str:
    """Run a docker command and return what it printed; SetupError with Docker's own words when it fails."""
    result = subprocess.run(list(command), capture_output=True, text=True, check=False)
    if result.returncode:
        raise SetupError(f"`{' '.join(command[:3])} …` failed: {result.stderr.strip()}")
    return result.stdout.strip()


def container_runs(container: str) -> bool:
    """Whether our container of that name is there and running."""
    command = ["docker", "inspect", "--format", "{{.State.Running}}", container]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False
    return result.stdout.strip() == "true"
