"""The contract, and what applications do, with the other official client: the lock file has client 9, this runs 8."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.engine

ROOT = Path(__file__).parents[2]
#: The newest client 8; together with its transport it shadows the installed one.
CLIENT = "elasticsearch==8.19.3"


@pytest.mark.timeout(1200)
def test_the_contract_holds_with_client_8(elasticsearch_url: str, elasticsearch8_url: str, tmp_path: Path) -> None:
    """On an 8.19: to a 9.x both clients say the same, as the adapter makes client 9 speak version 8."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        pytest.skip("uv is not in this environment, so no other client can be fetched")
    fetched = subprocess.run(
        [str(uv), "pip", "install", "--quiet", "--target", str(tmp_path), CLIENT], capture_output=True, text=True
    )
    assert fetched.returncode == 0, fetched.stderr
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "ELASTICSEARCH_URL": elasticsearch_url,
        "ELASTICSEARCH8_URL": elasticsearch8_url,
    }
    version = subprocess.run(
        [sys.executable, "-c", "import elasticsearch; print(elasticsearch.__versionstr__)"],
        env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert version.stdout.startswith("8.")
    tests = [f"tests/engines/{name}" for name in ("test_contract.py", "test_connections.py")]
    chosen = "elasticsearch8 or (test_connections and elasticsearch)"
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-k", chosen, *tests]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:]
    assert " skipped" not in result.stdout

    # What an application does, with the client and the server that belong together.
    tests = [
        f"tests/clients/{name}" for name in ("test_bulk.py", "test_rewriting_client.py", "proxy/test_proxy_real.py")
    ]
    command = [*command[: command.index("-k")], "-k", "elasticsearch and not opensearch and not elasticsearch8", *tests]
    environment["ELASTICSEARCH_URL"] = elasticsearch8_url
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-4000:]
