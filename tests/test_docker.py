"""docker/ checked as far as it goes without a Docker engine."""

from __future__ import annotations

import fnmatch
import re
import shlex
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = ROOT / "docker" / "Dockerfile"
COMPOSE = ROOT / "docker" / "compose.yaml"
INSTRUCTIONS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "RUN", "STOPSIGNAL", "USER",
    "VOLUME", "WORKDIR",
}  # fmt: skip


def instructions() -> list[tuple[str, str]]:
    """(instruction, arguments) with continuation lines joined and comments left out."""
    lines = [line for line in DOCKERFILE.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def services() -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, dict[str, object]]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return loaded["services"]


def environment(service: str) -> dict[str, str]:
    found = services()[service]["environment"]
    assert isinstance(found, dict)
    return found


def sources() -> list[str]:
    """Files and folders that the Dockerfile copies from the repository."""
    found = []
    for name, rest in instructions():
        if name == "COPY" and "--from" not in rest:
            found += shlex.split(rest)[:-1]
    return found


def test_every_instruction_is_known_and_the_base_image_is_pinned_to_a_version() -> None:
    parsed = instructions()
    assert {name for name, _ in parsed} <= INSTRUCTIONS
    for name, rest in parsed:
        if name == "FROM":
            assert ":" in rest.split()[0]
            assert not rest.split()[0].endswith(":latest")


@pytest.mark.parametrize("source", sources())
def test_what_is_copied_exists_and_passes_the_ignore_file(source: str) -> None:
    assert (ROOT / source).exists()
    allowed = [
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    ]
    assert any(fnmatch.fnmatch(source.removeprefix("./"), pattern) for pattern in allowed)


def test_the_image_runs_unprivileged_with_a_healthcheck_and_without_cuda() -> None:
    parsed = instructions()
    names = [name for name, _ in parsed]
    last_user = next(rest for name, rest in reversed(parsed) if name == "USER")
    assert last_user not in ("root", "0")
    assert names.index("HEALTHCHECK") > names.index("USER")
    assert any("--torch-backend cpu" in rest for name, rest in parsed if name == "RUN")
    assert not any("sudo" in rest or "curl" in rest for name, rest in parsed if name == "RUN")


def test_the_images_settings_are_settings_of_the_sidecar_and_refuse_to_start_without_a_key() -> None:
    from bridge.errors import SetupError
    from bridge.sidecar import from_environment

    settings = {}
    for name, rest in instructions():
        if name == "ENV":
            settings |= dict(part.split("=", 1) for part in shlex.split(rest))
    ours = {name: value for name, value in settings.items() if name.startswith("GLINER_BRIDGE_")}
    config = from_environment(ours)
    assert config.host == "0.0.0.0"
    with pytest.raises(SetupError, match="without a key"):
        config.check()
    from_environment(ours | {"GLINER_BRIDGE_API_KEY": "a key of sixteen characters"}).check()


def test_compose_settings_are_settings_of_the_sidecar() -> None:
    from bridge.sidecar import from_environment

    settings = environment("sidecar")
    assert settings["GLINER_BRIDGE_API_KEY"].startswith("${BRIDGE_KEY:?")  # no key, no start
    config = from_environment(settings | {"GLINER_BRIDGE_API_KEY": "a key of sixteen characters"})
    assert config.engine_url == "http://opensearch:9200"


def test_nothing_is_published_beyond_this_machine() -> None:
    for name, service in services().items():
        ports = service.get("ports", [])
        assert isinstance(ports, list)
        for port in ports:
            assert str(port).startswith("127.0.0.1:"), name


def test_compose_runs_the_engine_version_that_the_tests_run() -> None:
    from bridge.engines.local import VERSION

    assert services()["opensearch"]["image"] == f"opensearchproject/opensearch:{VERSION}"


def test_files_mounted_by_compose_exist() -> None:
    for service in services().values():
        volumes = service.get("volumes", [])
        assert isinstance(volumes, list)
        for volume in volumes:
            if str(volume).startswith("."):
                assert (COMPOSE.parent / str(volume).split(":")[0]).exists()
