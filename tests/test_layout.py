"""The packages of DESIGN, which may import which, and how large a module may grow."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BRIDGE = ROOT / "bridge"
#: A module holds one idea; above this many lines it holds two.
MAX_LINES = 450

#: DESIGN's column "may import". What an entry imports comes with it; every package may import `errors` and itself.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "entities": frozenset(),
    "clauses": frozenset({"entities"}),
    "schema": frozenset({"entities"}),
    "scorer": frozenset({"entities"}),
    "tagging": frozenset({"scorer", "schema"}),
    "query": frozenset({"tagging", "clauses"}),
    "engines": frozenset({"clauses", "schema"}),
    "enrichment": frozenset({"tagging", "engines"}),
    "clients": frozenset({"query", "enrichment", "engines"}),
    "sidecar": frozenset({"clients"}),
    "training": frozenset({"evaluation"}),  # the same readers, and F1 on dev while training
    "evaluation": frozenset({"scorer", "tagging", "query"}),
}
#: Folders of DESIGN's table that hold no package code.
FOLDERS = (
    "bridge/models",
    "pipelines/opensearch",
    "pipelines/elasticsearch",
    "mappings",
    "docker",
    "benchmarks",
    "examples",
    "docs",
)
#: `cli` connects everything. `demo`, which DESIGN's table does not have, is what one of its commands does.
ALL = ("cli", "demo")


def allowed(package: str) -> frozenset[str]:
    """Everything that a package may import, with what that imports."""
    reached = {package, "errors"}
    waiting = [package]
    while waiting:
        for name in MAY_IMPORT[waiting.pop()] - reached:
            reached.add(name)
            waiting.append(name)
    return frozenset(reached)


def modules() -> list[Path]:
    return sorted(path for path in BRIDGE.rglob("*.py") if "__pycache__" not in path.parts)


def package_of(path: Path) -> str:
    first = path.relative_to(BRIDGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path, source: str) -> Iterator[tuple[int, str]]:
    """Line and package of each import of `bridge`, wherever in the module it stands."""
    here = ["bridge", *path.relative_to(BRIDGE).with_suffix("").parts]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level] if node.level else []
            target = [*base, *(node.module.split(".") if node.module else [])]
            # `from bridge import scorer` imports the package in the list of names.
            names = [".".join([*target, alias.name]) for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "bridge" and len(parts) > 1:
                yield node.lineno, parts[1]


def violations(path: Path, source: str) -> list[str]:
    package = package_of(path)
    if package in ALL or package == "__init__":
        return []
    known = {*MAY_IMPORT, *ALL}
    return [
        f"{path.relative_to(ROOT)}:{line}: {package} may not import {name}"
        for line, name in imported(path, source)
        if name in known and name not in allowed(package)
    ]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(BRIDGE)))
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    assert violations(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(BRIDGE)))
def test_a_module_stays_short(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < MAX_LINES


def test_every_package_of_the_design_is_there() -> None:
    for name in (*MAY_IMPORT, "cli"):
        package = BRIDGE / name
        assert (package / "__init__.py").is_file() or package.with_suffix(".py").is_file(), name
    for name in FOLDERS:
        assert any(path.is_file() for path in (ROOT / name).rglob("*")), name


def test_no_package_stands_outside_the_design() -> None:
    known = {*MAY_IMPORT, *ALL, "models", "__init__", "__main__"}
    assert {package_of(path) for path in modules()} - known == set()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("scorer/_x.py", "from bridge.schema import Schema"),
        ("scorer/_x.py", "import bridge.tagging"),
        ("query/_x.py", "from bridge import engines"),
        ("engines/_x.py", "from bridge.query import QueryParser"),
        ("engines/local/_x.py", "from ...tagging import Tagger"),
        ("enrichment/_x.py", "def f():\n    from bridge.query import QueryParser"),
        ("tagging/_x.py", "if TYPE_CHECKING:\n    from bridge.sidecar import create_app"),
        ("entities.py", "from bridge.clauses import Plan"),
        ("training/_x.py", "from bridge.engines import dsl"),
        ("sidecar/_x.py", "from bridge.cli import main"),
    ],
)
def test_a_forbidden_import_would_be_seen(module: str, source: str) -> None:
    assert len(violations(BRIDGE / module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("clauses.py", "from bridge.entities import Entity\nfrom bridge.errors import BridgeError"),
        ("query/_x.py", "from bridge.scorer import Scorer\nfrom bridge.schema import Schema"),
        ("engines/_x.py", "from bridge import __version__\nfrom . import dsl\nfrom .dsl import wrap"),
        ("sidecar/_x.py", "from bridge.query import QueryParser\nfrom bridge.enrichment import repair"),
        ("cli/_x.py", "from bridge.training import train\nimport bridgehead.sidecar"),
    ],
)
def test_an_allowed_import_would_pass(module: str, source: str) -> None:
    assert violations(BRIDGE / module, source) == []
