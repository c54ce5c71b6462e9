"""The local node: what it is made of, how it is found again, and what is said when something is missing."""

from __future__ import annotations

import dataclasses
import os
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from bridge.engines import local
from bridge.engines.local import _docker, _jars, _java
from bridge.engines.local._products import ELASTICSEARCH, OPENSEARCH
from bridge.errors import SetupError


def test_of_two_versions_of_a_jar_the_newer_stays() -> None:
    names = [
        "jackson-core-2.18.2.jar",
        "jackson-core-2.9.10.jar",
        "guava-33.2.1-jre.jar",
        "guava-32.1.3-jre.jar",
        "netty-common-4.1.117.Final.jar",
        "netty-common-4.1.118.Final.jar",
        "log4j-api-2.21.0.jar",
    ]
    assert _jars.superseded(names) == [
        "guava-32.1.3-jre.jar",
        "jackson-core-2.9.10.jar",
        "netty-common-4.1.117.Final.jar",
    ]


def test_native_libraries_of_other_machines_are_not_versions_of_each_other() -> None:
    names = [
        "epoll-4.1.118.Final-linux-x86_64.jar",
        "epoll-4.1.118.Final-linux-aarch_64.jar",
        "epoll-4.1.117.Final.jar",
    ]
    assert _jars.superseded(names) == []


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "21" …', 21),
        ("", None),
    ],
)
def test_java_version_is_read(text: str, version: int | None) -> None:
    assert _java.java_version(text) == version


@pytest.fixture
def no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which no JDK is installed but what the test puts into `tmp_path`."""
    monkeypatch.setattr(_java, "_INSTALLED", tmp_path / "jvm")
    monkeypatch.delenv("JAVA_HOME", raising=False)


def _fake_java(folder: Path, version: str, modules: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    java = folder / "java"
    java.write_text(
        f'#!/bin/sh\nif [ "$1" = -version ]; then echo \'openjdk version "{version}"\' >&2; else echo "{modules}"; fi\n'
    )
    java.chmod(java.stat().st_mode | stat.S_IXUSR)


@pytest.mark.usefixtures("no_java")
def test_no_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="Java is missing"):
        local.start(cache=tmp_path)


@pytest.mark.usefixtures("no_java")
@pytest.mark.parametrize(
    ("version", "modules", "message"),
    [
        ("11.0.2", "jdk.compiler@11", "is Java 11, and OpenSearch 2.19.1 needs 17"),
        ("17.0.1", "java.base@17", "has no compiler"),
    ],
)
def test_an_unfit_java_is_named(
    version: str, modules: str, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _fake_java(tmp_path, version, modules)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin{os.pathsep}/usr/bin")
    with pytest.raises(SetupError, match=message):
        local.start(cache=tmp_path)


@pytest.mark.usefixtures("no_java")
@pytest.mark.parametrize(("installed", "version"), [("21.0.4", "9.5.3"), ("25", "9.5.3"), ("17.0.9", "8.19.21")])
def test_the_elasticsearch_is_the_newest_that_a_java_of_this_machine_runs(
    installed: str, version: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Also a Java that is not on the path; the one on the path is kept for what it can run."""
    _fake_java(tmp_path / "path", "17.0.1", "jdk.compiler@17")
    _fake_java(tmp_path / "jvm" / "other" / "bin", installed, "jdk.compiler@x")
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}{os.pathsep}/bin{os.pathsep}/usr/bin")
    product, java = _java.find_java(ELASTICSEARCH)
    assert (product.version, product.java <= java.version) == (version, True)
    assert _java.find_java([OPENSEARCH])[1].command == str(tmp_path / "path" / "java")


@pytest.mark.usefixtures("no_java")
def test_missing_maven_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    _fake_java(tmp_path, "17.0.1", "jdk.compiler@17")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="Maven is missing"):
        local.start(cache=tmp_path / "cache")


@pytest.mark.usefixtures("no_java")
def test_a_failing_maven_is_quoted_and_leaves_nothing_that_looks_complete(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _fake_java(tmp_path, "17.0.1", "jdk.compiler@17")
    maven = tmp_path / "mvn"
    maven.write_text("#!/bin/sh\necho '[ERROR] Could not transfer artifact'\nexit 1\n")
    maven.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    with pytest.raises(SetupError, match="Could not transfer artifact"):
        local.start(cache=tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("opensearch-*"))


def test_too_little_disk_is_named(tmp_path: Path) -> None:
    if not shutil.which("mvn"):
        pytest.skip("no Maven here")
    huge = dataclasses.replace(OPENSEARCH, disk=10**18)
    with pytest.raises(SetupError, match="GB of disk are free"):
        _jars.ensure_parts(huge, _java.Java("java", 17), tmp_path, lambda _: None)


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    if local.missing_parts():
        pytest.skip("no Java or Maven here")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SetupError, match="is in use"):
            local.start(data=tmp_path, port=taken.getsockname()[1])


def test_docker_node_listens_on_this_machine_only_and_reaches_a_local_sidecar() -> None:
    linux = _docker.docker_command(9200, 9300, platform="linux")
    assert linux[:3] == ["docker", "run", "--detach"]
    assert linux[-1] == "opensearchproject/opensearch:2.19.1"
    assert linux[linux.index("--network") : linux.index("--network") + 2] == ["--network", "host"]
    assert {"network.host=127.0.0.1", "http.port=9200", "transport.port=9300"} <= set(linux)
    assert {"discovery.type=single-node", "DISABLE_SECURITY_PLUGIN=true"} <= set(linux)
    assert _docker.sidecar_host("linux") == "127.0.0.1"

    mac = _docker.docker_command(9201, 9300, platform="darwin")
    assert "127.0.0.1:9201:9200" in mac
    assert "--network" not in mac
    assert _docker.sidecar_host("darwin") == "host.docker.internal"

    other = _docker.docker_command(9200, 9300, product=ELASTICSEARCH[0], platform="linux")
    assert other[-1] == "docker.elastic.co/elasticsearch/elasticsearch:9.5.3"
    assert {"xpack.security.enabled=false", "ES_JAVA_OPTS=-Xms1g -Xmx1g"} <= set(other)
    assert "gliner-bridge-elasticsearch:/usr/share/elasticsearch/data" in other


def test_no_node_means_no_status_and_nothing_to_stop(tmp_path: Path) -> None:
    assert local.status(data=tmp_path) is None
    assert local.stop(data=tmp_path) is False


def test_a_state_file_of_another_process_is_not_trusted(tmp_path: Path) -> None:
    """After a reboot the recorded process id may belong to anything."""
    (tmp_path / "state.json").write_text(
        f'{{"url": "http://127.0.0.1:1", "pid": {os.getpid()}, "data": "{tmp_path}", "log": "x"}}'
    )
    assert local.status(data=tmp_path) is None
    assert local.stop(data=tmp_path) is False


@pytest.mark.engine
def test_a_node_starts_is_found_again_stops_and_keeps_its_data(tmp_path: Path) -> None:
    if local.missing_parts():
        pytest.skip("no Java or Maven here")
    steps: list[str] = []
    node = local.start(data=tmp_path, port=0, heap="512m", on_progress=steps.append)
    try:
        assert steps[-1] == f"OpenSearch 2.19.1 answers at {node.url}"
        assert httpx.get(node.url, timeout=60).json()["version"]["number"] == "2.19.1"
        httpx.put(f"{node.url}/kept/_doc/1", json={"title": "red shoes"}, timeout=60).raise_for_status()

        again = local.start(data=tmp_path)
        assert (again.url, again.pid, again.started) == (node.url, node.pid, False)
        assert local.status(data=tmp_path) == again
    finally:
        assert local.stop(data=tmp_path) is True
    assert local.status(data=tmp_path) is None

    second = local.start(data=tmp_path, port=0, heap="512m")
    try:
        assert second.started
        assert httpx.get(f"{second.url}/kept/_doc/1", timeout=60).json()["_source"] == {"title": "red shoes"}
    finally:
        local.stop(data=tmp_path)


@pytest.mark.engine
def test_a_tied_node_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    if local.missing_parts():
        pytest.skip("no Java or Maven here")
    code = (
        "import os, sys; from bridge.engines import local;"
        "local.start(data=sys.argv[1], port=0, heap='512m', tied=True); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    deadline = time.monotonic() + 30
    while local.status(data=tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert local.status(data=tmp_path) is None


@pytest.mark.engine
def test_both_engines_run_side_by_side(opensearch_url: str, elasticsearch_url: str) -> None:
    assert httpx.get(opensearch_url, timeout=60).json()["version"]["distribution"] == "opensearch"
    assert "distribution" not in httpx.get(elasticsearch_url, timeout=60).json()["version"]


@pytest.mark.engine
def test_the_session_node_has_ml_commons(opensearch_url: str) -> None:
    assert httpx.get(f"{opensearch_url}/_plugins/_ml/stats", timeout=60).status_code == 200
