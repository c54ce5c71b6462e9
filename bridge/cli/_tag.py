"""`gliner-bridge tag`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bridge.cli._ways import scorer_of
from bridge.errors import InputError

if TYPE_CHECKING:
    from bridge.entities import Coverage, Entity

#: Documents that are tagged together.
_BATCH = 32


def tag(
    texts: Annotated[list[str] | None, typer.Argument(help="Texts. Without any: lines of standard input.")] = None,
    labels: Annotated[
        str | None, typer.Option("--labels", "-l", help="What to look for, in words, divided by commas.")
    ] = None,
    schema: Annotated[
        Path | None, typer.Option("--schema", "-s", help="A schema file: its labels, thresholds and normalisers.")
    ] = None,
    jsonl: Annotated[
        Path | None, typer.Option("--jsonl", help="Documents, one JSON object a line; - is standard input.")
    ] = None,
    field: Annotated[
        str, typer.Option("--field", help="With --jsonl and --labels: the field that holds the text.")
    ] = "text",
    threshold: Annotated[
        float | None,
        typer.Option("--threshold", "-t", min=0.0, max=1.0, help="Least score of the model. Default: its own 0.5."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            envvar="GLINER_BRIDGE_MODEL",
            help="Checkpoint: `default`, a folder, or a hub id. Default: the schema's, else `default`.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, as /v1/tag answers, instead of tables.")
    ] = False,
) -> None:
    """Find entities in texts, with labels of your own or those of a schema. No sidecar or engine is needed.

    Offsets are code points, the end exclusive. With a schema, documents are tagged as at ingest: labels bound to
    fields of the index are left out.

    Examples:

      gliner-bridge tag "Kirkland organic quinoa, 4.5 lbs" --labels "brand, product type, dietary attribute"

      gliner-bridge tag --jsonl docs.jsonl --schema examples/grocery/schema.yaml --json
    """
    if (labels is None) == (schema is None):
        raise InputError("give either --labels or --schema", hint='for example --labels "brand, color"')
    documents = _documents(texts, jsonl, field)
    results = (
        _by_labels(documents, labels, field, threshold, model)
        if labels is not None
        else _by_schema(documents, schema, field, threshold, model)
    )
    console = Console(soft_wrap=True)
    seen = False
    for document, entities, coverage in results:
        seen = True
        if as_json:
            typer.echo(_json(entities, coverage))
        else:
            _show(console, document, entities, coverage)
    if not seen:
        raise InputError("there is no text", hint="give texts as arguments, lines on standard input, or --jsonl FILE")


_Document = dict[str, Any]
_Result = tuple[_Document, "list[Entity]", "Coverage"]


def _documents(texts: list[str] | None, jsonl: Path | None, field: str) -> Iterator[_Document]:
    """Documents from arguments, JSON lines or plain lines; a plain text stands in `field`."""
    if texts and jsonl is not None:
        raise InputError("give either texts or --jsonl")
    if texts:
        yield from ({field: text} for text in texts)
    elif jsonl is not None:
        yield from _json_lines(jsonl)
    elif not sys.stdin.isatty():
        yield from ({field: line.rstrip("\n")} for line in sys.stdin if line.strip())


def _json_lines(path: Path) -> Iterator[_Document]:
    try:
        lines = sys.stdin if str(path) == "-" else path.open(encoding="utf-8")
        with lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                try:
                    document = json.loads(line)
                except (ValueError, RecursionError):
                    raise InputError("the line is not JSON", where=f"{path}:{number}") from None
                if not isinstance(document, dict):
                    raise InputError("the line is not a JSON object", where=f"{path}:{number}")
                yield document
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except UnicodeDecodeError:
        raise InputError("is not UTF-8", where=str(path)) from None


def _batches(documents: Iterator[_Document]) -> Iterator[list[_Document]]:
    batch: list[_Document] = []
    for document in documents:
        batch.append(document)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _by_labels(
    documents: Iterator[_Document], labels: str, field: str, threshold: float | None, model: str | None
) -> Iterator[_Result]:
    from bridge.entities import Entity
    from bridge.scorer import Scorer

    names = [name.strip() for name in labels.split(",") if name.strip()]
    if not names:
        raise InputError("--labels holds no label", hint='for example --labels "brand, color"')
    scorer: Scorer | None = None
    for batch in _batches(documents):
        texts = [_text(document, field) for document in batch]
        scorer = scorer or Scorer.load(model or "default")
        for document, tagged in zip(batch, scorer.predict(texts, list(dict.fromkeys(names)), threshold), strict=True):
            entities = [
                Entity(span.label, span.text, span.text, span.start, span.end, span.score, "model", field=field)
                for span in tagged
            ]
            yield document, entities, tagged.coverage


def _text(document: _Document, field: str) -> str:
    text = document.get(field)
    if not isinstance(text, str):
        raise InputError(f"a document has no text in the field {field!r}", hint="name the field with --field")
    return text


def _by_schema(
    documents: Iterator[_Document], path: Path | None, field: str, threshold: float | None, model: str | None
) -> Iterator[_Result]:
    from bridge.schema import load_schema
    from bridge.tagging import Tagger

    assert path is not None
    schema = load_schema(path)
    tagger: Tagger | None = None
    for batch in _batches(documents):
        # A text from the command line is the schema's first text field.
        read = [{schema.text[0]: one[field]} if set(one) == {field} else one for one in batch]
        if tagger is None:
            tagger = Tagger(schema, scorer_of(schema, model))
        for document, tagged in zip(read, tagger.tag(read), strict=True):
            kept = [e for e in tagged.entities if threshold is None or e.source != "model" or e.score >= threshold]
            yield document, kept, tagged.coverage


def _json(entities: list[Entity], coverage: Coverage) -> str:
    from bridge.query import entity_to_json

    found = [entity_to_json(entity) | {"score": round(entity.score, 4)} for entity in entities]
    return json.dumps({"entities": found, "coverage": coverage.share, "error": None})


def _show(console: Console, document: _Document, entities: list[Entity], coverage: Coverage) -> None:
    title = " | ".join(text for text in document.values() if isinstance(text, str))
    console.print(Text(title if len(title) <= 200 else f"{title[:199]}…", style="bold"))
    if coverage.share < 1.0:
        console.print(Text(f"  only {coverage.share:.0%} of the words were read", style="yellow"))
    if not entities:
        console.print("  no entities\n")
        return
    table = Table(box=None, pad_edge=True, padding=(0, 2, 0, 0))
    for name in ("label", "text", "value", "score", "source", "place"):
        table.add_column(name, justify="right" if name == "score" else "left", style="dim" if name == "place" else "")
    for entity in entities:
        place = f"{entity.field or ''}[{entity.start}:{entity.end}]" + (" not" if entity.negated else "")
        value = "" if entity.value is None else str(entity.value)
        cells = (entity.label, entity.text, value, f"{entity.score:.2f}", entity.source, place)
        table.add_row(*(Text(cell) for cell in cells))
    console.print(table)
    console.print()
