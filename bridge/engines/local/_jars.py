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

from bridge.engines.local._java import Java
from bridge.engines.local._products import Product
from bridge.errors import SetupError

_COMPLETE = "complete"
#: Jars of Elasticsearch modules that are fitted to the server, and are never on the class path as they are.
_OLD_MODULES = ("ingest-common-", "lang-painless-", "scripting-painless-spi-", "lang-mustache-")

Progress = Callable[[str], None]


def cache_folder(cache: str | Path | None = None) -> Path:
    """The folder that holds everything a local node needs: `cache`, else GLINER_BRIDGE_CACHE, else the user's cache."""
    chosen = cache or os.environ.get("GLINER_BRIDGE_CACHE")
    return Path(chosen).expanduser().resolve() if chosen else user_cache_path("gliner-bridge")


def folder_of(product: Product, cache: Path) -> Path:
    """Where the product's parts are kept."""
    return cache / f"{product.dialect}-{product.version}"


def is_complete(product: Product, cache: Path) -> bool:
    """Whether all parts are there."""
    return (folder_of(product, cache) / _COMPLETE).exists()


def ensure_parts(product: Product, java: Java, cache: Path, on_progress: Progress) -> Path:
    """The folder with all parts of the node, filled on first use.

    Several processes may call this at once: one collects, the others wait for it. Raises SetupError when Maven, the
    network or disk space is missing.
    """
    if not is_complete(product, cache):
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{product.dialect}.lock"):
            if not is_complete(product, cache):
                _collect(product, java, cache, on_progress)
    return folder_of(product, cache)


def class_path(product: Product, parts: Path) -> str:
    """The class path of a node whose parts lie in this folder."""
    if product.dialect == "opensearch":
        return f"{parts / 'jars'}{os.sep}*"
    return os.pathsep.join([str(parts / "classes"), str(parts / "modules.jar"), f"{parts / 'jars'}{os.sep}*"])


def _collect(product: Product, java: Java, cache: Path, on_progress: Progress) -> None:
    maven = shutil.which("mvn")
    if not maven:
        raise SetupError(
            "Maven is missing: there is no `mvn` on the path",
            hint="install it (Debian, Ubuntu: apt-get install maven), or name a running engine with --engine-url",
        )
    free = shutil.disk_usage(cache).free
    if free < product.disk:
        raise SetupError(
            f"only {free / 1e9:.1f} GB of disk are free and {product.disk / 1e9:.1f} GB are needed",
            where=str(cache),
            hint="free some space, or name another folder in GLINER_BRIDGE_CACHE",
        )
    on_progress(f"Fetching {product.label} from Maven Central (about {product.fetched // 1_000_000} MB, once)")
    # Built beside the target and renamed at the end: an interrupted build leaves nothing that looks complete.
    with tempfile.TemporaryDirectory(dir=cache, prefix="collecting-") as name:
        folder = Path(name)
        build = folder / "build"
        jars = build / "jars"
        jars.mkdir(parents=True)
        with as_file(files(__package__) / product.dialect) as sources:
            shutil.copy(sources / "pom.xml", folder / "pom.xml")
            command = [maven, "-B", "-ntp", "-q", "dependency:copy-dependencies"]
            command += [f"-D{product.dialect}={product.version}", f"-DoutputDirectory={folder / 'fetched'}"]
            _run(command, folder, "Maven could not fetch the node's jars", "check the network and Maven's settings.xml")
            on_progress("Unpacking")
            _sort_out(folder, jars, apart=_OLD_MODULES if product.dialect == "elasticsearch" else ())
            if product.dialect == "elasticsearch":
                _fit_modules(product, java, sources, folder, build)
        (build / _COMPLETE).touch()
        target = folder_of(product, cache)
        shutil.rmtree(target, ignore_errors=True)
        build.rename(target)


def _sort_out(folder: Path, jars: Path, *, apart: tuple[str, ...]) -> None:
    """Put what Maven fetched where it belongs: jars and those of plugins on the class path, some by their name not."""
    old = folder / "old"
    old.mkdir()
    for file in sorted((folder / "fetched").iterdir()):
        if file.suffix == ".zip":
            _unpack(file, jars)
            file.unlink()
        elif file.suffix == ".jar":
            file.rename((old if file.name.startswith(apart) else jars) / file.name)
    for name in superseded(path.name for path in jars.iterdir()):
        (jars / name).unlink()


def _fit_modules(product: Product, java: Java, sources: Path, folder: Path, build: Path) -> None:
    """Compile what starts the node, and fit the old modules to its server: see elasticsearch/Remap.java."""
    jars, classes, modules = build / "jars", build / "classes", build / "modules.jar"
    shutil.copytree(sources / "resources", classes)
    major = product.version.partition(".")[0]
    plugins = [*(sources / "plugins").glob("*.java"), *(sources / f"plugins-{major}").glob("*.java")]

    def compile_java(paths: Iterable[Path], class_path: str) -> None:
        command = [java.compiler, "--release", str(product.java), "-nowarn", "-Xlint:none", "-proc:none"]
        command += ["-cp", class_path, "-d", str(classes), *map(str, sorted(paths))]
        _run(command, folder, "the node's own classes do not compile", "this is a bug of gliner-bridge")

    compile_java((sources / "shims").glob("*.java"), f"{jars}{os.sep}*")
    command = [java.command, "-cp", f"{jars}{os.sep}*", str(sources / "Remap.java"), str(modules), str(jars)]
    command += [str(classes), *map(str, sorted((folder / "old").iterdir()))]
    _run(command, folder, "the modules do not fit the server", "this is a bug of gliner-bridge")
    compile_java(plugins, os.pathsep.join([str(classes), str(modules), f"{jars}{os.sep}*"]))


def _run(command: list[str], folder: Path, failure: str, hint: str) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        tail = "\n".join((result.stdout + result.stderr).strip().splitlines()[-8:])
        raise SetupError(f"{failure}:\n{tail}", hint=hint)


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
