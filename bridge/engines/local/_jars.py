"""The jars of a local node: collected from Maven Central once, unpacked, and kept in the cache folder."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Callable, Iterable
from importlib.resources import as_file, files
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from bridge.errors import SetupError

VERSION = "2.19.1"
_BUILD = f"{VERSION}.0"
_COMPLETE = "complete"
_NEEDED_BYTES = 1_500_000_000
_MIN_JAVA = 17

Progress = Callable[[str], None]


def cache_folder(cache: str | Path | None = None) -> Path:
    """The folder that holds everything a local node needs: `cache`, else GLINER_BRIDGE_CACHE, else the user's cache."""
    chosen = cache or os.environ.get("GLINER_BRIDGE_CACHE")
    return Path(chosen).expanduser().resolve() if chosen else user_cache_path("gliner-bridge")


def find_java() -> str:
    """The `java` command of a JDK 17 or newer, from JAVA_HOME or the path.

    Raises SetupError naming what is missing: no Java, a Java that is too old, or one without a compiler.
    """
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home and (Path(home) / "bin" / "java").exists() else shutil.which("java")
    hint = f"install a JDK {_MIN_JAVA} or newer (Debian, Ubuntu: apt-get install openjdk-17-jdk-headless)"
    if not java:
        raise SetupError("Java is missing: there is no `java` on the path and JAVA_HOME is not set", hint=hint)
    answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = java_version(answer.stderr + answer.stdout)
    if version is None:
        raise SetupError(f"`{java} -version` does not name a version", hint=hint)
    if version < _MIN_JAVA:
        raise SetupError(f"{java} is Java {version}, and OpenSearch needs {_MIN_JAVA} or newer", hint=hint)
    modules = subprocess.run([java, "--list-modules"], capture_output=True, text=True, check=False).stdout
    if "jdk.compiler" not in modules:
        raise SetupError(f"{java} has no compiler: it is a runtime (JRE), not a JDK", hint=hint)
    return java


def java_version(text: str) -> int | None:
    """The major version in the output of `java -version` (`1.8.0_402` is 8); None where there is none."""
    found = re.search(r'version "(?:1\.)?(\d+)', text)
    return int(found[1]) if found else None


def missing_parts(cache: str | Path | None = None) -> str | None:
    """What this machine lacks to run a local node from Maven Central, in words; None where it has everything."""
    try:
        find_java()
    except SetupError as error:
        return error.message
    if not shutil.which("mvn") and not (cache_folder(cache) / f"opensearch-{_BUILD}" / _COMPLETE).exists():
        return "Maven is missing: there is no `mvn` on the path"
    return None


def ensure_jars(cache: Path, on_progress: Progress) -> Path:
    """The folder with all jars of the node, filled on first use (about 400 MB are fetched, 150 MB kept).

    Several processes may call this at once: one collects, the others wait for it. Raises SetupError when Maven, the
    network or disk space is missing.
    """
    target = cache / f"opensearch-{_BUILD}"
    if (target / _COMPLETE).exists():
        return target / "jars"
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / "opensearch.lock"):
        if not (target / _COMPLETE).exists():
            _collect(cache, target, on_progress)
    return target / "jars"


def _collect(cache: Path, target: Path, on_progress: Progress) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise SetupError(
            "Maven is missing: there is no `mvn` on the path",
            hint="install it (Debian, Ubuntu: apt-get install maven), or name a running engine with --engine-url",
        )
    free = shutil.disk_usage(cache).free
    if free < _NEEDED_BYTES:
        raise SetupError(
            f"only {free / 1e9:.1f} GB of disk are free and {_NEEDED_BYTES / 1e9:.1f} GB are needed",
            where=str(cache),
            hint="free some space, or name another folder in GLINER_BRIDGE_CACHE",
        )
    on_progress(f"Fetching OpenSearch {VERSION} with ML Commons from Maven Central (about 400 MB, once)")
    # Built beside the target and renamed at the end: an interrupted build leaves nothing that looks complete.
    with tempfile.TemporaryDirectory(dir=cache, prefix="collecting-") as name:
        folder = Path(name)
        with as_file(files(__package__) / "pom.xml") as pom:
            shutil.copy(pom, folder / "pom.xml")
        command = [maven, "-B", "-ntp", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={folder / 'fetched'}"]
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if result.returncode:
            tail = "\n".join((result.stdout + result.stderr).strip().splitlines()[-8:])
            raise SetupError(
                f"Maven could not fetch the node's jars:\n{tail}",
                hint="check the network and Maven's settings.xml (mirror, proxy), then try again",
            )
        on_progress("Unpacking")
        build = folder / "build"
        jars = build / "jars"
        jars.mkdir(parents=True)
        for file in sorted((folder / "fetched").iterdir()):
            if file.suffix == ".zip":
                _unpack(file, jars)
                file.unlink()
            elif file.suffix == ".jar":
                file.rename(jars / file.name)
        for name in superseded(path.name for path in jars.iterdir()):
            (jars / name).unlink()
        (build / _COMPLETE).touch()
        shutil.rmtree(target, ignore_errors=True)
        build.rename(target)


def _unpack(plugin: Path, jars: Path) -> None:
    """Put a plugin's jars beside the others; the GPU build of ONNX (300 MB) is of no use to remote models."""
    with zipfile.ZipFile(plugin) as archive:
        for entry in archive.namelist():
            name = Path(entry).name
            if name.endswith(".jar") and not name.startswith("onnxruntime_gpu"):
                with archive.open(entry) as source, (jars / name).open("wb") as copy:
                    shutil.copyfileobj(source, copy)


def superseded(names: Iterable[str]) -> list[str]:
    """Of several versions of one artifact, all but the newest: on one flat classpath only one can win.

    `names` are jar file names; a classifier (`-linux-x86_64`) makes a different artifact.
    """
    versions: dict[tuple[str, str], list[tuple[list[tuple[int, int, str]], str]]] = {}
    for name in names:
        found = re.fullmatch(r"(.+?)-(\d[\w.]*(?:-(?:jre|android|alpha|beta|rc)\w*)?)(-.+)?\.jar", name)
        if found:
            versions.setdefault((found[1], found[3] or ""), []).append((_version_key(found[2]), name))
    return sorted(name for found in versions.values() for _, name in sorted(found)[:-1])


def _version_key(version: str) -> list[tuple[int, int, str]]:
    """Numbers compare as numbers and stand above words (`1.0` is newer than `1.rc`)."""
    parts = re.findall(r"\d+|[a-zA-Z]+", version)
    return [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts]
