"""The two catalogues that the demo ships: schema, documents and queries of each."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bridge.errors import SetupError
from bridge.schema import Schema, load_schema

NAMES = ("grocery", "products")


@dataclass(frozen=True, slots=True)
class Query:
    """One query of the demo and what to look at in its result."""

    text: str
    shows: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One example: its folder holds schema.yaml, documents.jsonl.gz and queries.yaml."""

    folder: Path
    schema: Schema
    queries: tuple[Query, ...]

    @property
    def schema_path(self) -> Path:
        return self.folder / "schema.yaml"

    def documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """(id, document), in file order; a document without an `id` is known by its line number, from 1."""
        with gzip.open(self.folder / "documents.jsonl.gz", "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                document = json.loads(line)
                yield str(document.get("id", number)), document

    def digest(self) -> str:
        """Short hash of the documents file: another file means other documents."""
        return hashlib.sha256((self.folder / "documents.jsonl.gz").read_bytes()).hexdigest()[:16]


def examples_folder() -> Path:
    """The repository's `examples/`, beside the package.

    Raises:
        SetupError: the package was installed without the repository.
    """
    path = Path(__file__).resolve().parents[2] / "examples"
    if not path.is_dir():
        raise SetupError(
            "the demo's catalogues are not part of the installed package",
            where=str(path),
            hint="clone the repository and run `make demo` there",
        )
    return path


def load_catalogue(folder: Path) -> Catalogue:
    """Read one example folder.

    Raises:
        SetupError: a file is missing, or queries.yaml is not a list of `text` and `shows`.
        SchemaError: the schema is wrong.
    """
    for name in ("schema.yaml", "documents.jsonl.gz", "queries.yaml"):
        if not (folder / name).is_file():
            raise SetupError(f"{name} is missing", where=str(folder), hint="restore it: git checkout -- examples")
    path = folder / "queries.yaml"
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        queries = tuple(Query(text=str(item["text"]), shows=str(item["shows"])) for item in raw["queries"])
    except (KeyError, TypeError) as error:
        raise SetupError("expected `queries:` with items of `text` and `shows`", where=str(path)) from error
    return Catalogue(folder=folder, schema=load_schema(folder / "schema.yaml"), queries=queries)


def load_catalogues(folder: Path | None = None) -> list[Catalogue]:
    """Both catalogues, groceries first."""
    root = folder or examples_folder()
    return [load_catalogue(root / name) for name in NAMES]
