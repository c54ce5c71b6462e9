"""Reading schemas: YAML text → `Schema`, with errors that name file, line and key."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bridge.errors import SchemaError
from bridge.schema._checks import check, listing, suggestion
from bridge.schema._models import DEVICE, NAME, Band, Label, ModelSettings, Schema
from bridge.schema._synonyms import merged, read_synonyms
from bridge.schema._yaml import Document, Path, read_yaml

SUFFIXES = (".yaml", ".yml")
_NAME = re.compile(NAME)


def parse_schema(text: str, *, source: str = "<string>", folder: FilePath | None = None) -> Schema:
    """A schema from YAML text; `source` names it in errors, and its stem is the name where `schema:` is left out.

    Files that it names (`synonyms_file`) lie in `folder`; without one it may name none. They are read now: the label's
    `synonyms` hold theirs as well.

    Raises `SchemaError`: its text lists every problem found, one a line, as `file:line: key: what is wrong`.
    """
    document = read_yaml(text, source)
    data = document.data
    if data is None or (isinstance(data, dict) and not data and not document.problems):
        raise SchemaError(
            "the schema is empty", where=source, hint="start with `schema:`, `index:`, `text:`, `labels:`"
        )
    if not isinstance(data, dict):
        raise SchemaError(
            "a schema is a mapping of keys to values", where=document.where(()), hint="start with `schema: <name>`"
        )
    stem = FilePath(source).stem
    if "schema" not in data and _NAME.fullmatch(stem):
        data = {"schema": stem, **data}
    try:
        schema = Schema.model_validate(data)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            _add_problem(detail, document)
    else:
        check(schema, document)
        if not document.problems:
            schema = _with_files(schema, document, folder)
        if not document.problems:
            return schema
    raise _together(document)


def load_schema(path: str | FilePath) -> Schema:
    """The schema in one YAML file (UTF-8).

    Raises `SchemaError` where the file cannot be read or anything in it is wrong (see `parse_schema`).
    """
    path = FilePath(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SchemaError(f"cannot be read: {reason}", where=str(path)) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SchemaError("not UTF-8", where=f"{path}:{line}", hint="save the file as UTF-8") from None
    return parse_schema(text, source=str(path), folder=path.parent)


def load_schemas(paths: Iterable[str | FilePath]) -> dict[str, Schema]:
    """Schemas by name, from files and from folders, which are searched for `*.yaml` and `*.yml` that hold a schema.

    In a folder, YAML files without a top-level `schema` or `labels` are passed over (queries, synonyms); a file named
    outright must be a schema. Raises `SchemaError`, also where two files give the same name or nothing is found.
    """
    found: dict[str, tuple[Schema, FilePath]] = {}
    problems: list[SchemaError] = []
    looked: list[str] = []
    for path in paths:
        looked.append(str(path))
        for file in _files(FilePath(path)):
            try:
                schema = load_schema(file)
            except SchemaError as error:
                problems.extend(error.problems or (error,))
                continue
            if schema.name in found and found[schema.name][1].resolve() != file.resolve():
                other = found[schema.name][1]
                problems.append(
                    SchemaError(f'the schema "{schema.name}" is already defined by {other}', where=f"{file}: schema")
                )
                continue
            found[schema.name] = (schema, file)
    if problems:
        raise SchemaError.together(problems)
    if not found:
        raise SchemaError(
            "no schema found", where=", ".join(looked) or None, hint="name a YAML file or a folder of them"
        )
    return {name: schema for name, (schema, _) in found.items()}


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of a schema file, for editors that check YAML while it is written."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "GLiNER bridge schema",
        **{key: value for key, value in Schema.model_json_schema(by_alias=True).items() if key != "title"},
    }


def _files(path: FilePath) -> list[FilePath]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES and file.is_file())
    return [file for file in files if _looks_like_schema(file)]


def _looks_like_schema(file: FilePath) -> bool:
    """Whether a file found in a folder means to be a schema: it has a top-level key that only schemas have."""
    try:
        text = file.read_bytes().decode("utf-8", "replace")
    except OSError:
        return True
    return re.search(r"^(labels|schema)\s*:", text, re.MULTILINE) is not None


def _with_files(schema: Schema, document: Document, folder: FilePath | None) -> Schema:
    """The schema with what the files hold that it names."""
    labels = dict(schema.labels)
    for name, label in schema.labels.items():
        if label.synonyms_file is None:
            continue
        path: Path = ("labels", name, "synonyms_file")
        if folder is None:
            document.problem(path, "a schema that is no file has none beside it", "write them under `synonyms`")
            continue
        try:
            found = read_synonyms(folder / label.synonyms_file)
        except SchemaError as error:
            document.problems.extend(error.problems or (error,))
            continue
        labels[name] = label.model_copy(update={"synonyms": merged(label.synonyms, found)})
    return schema.model_copy(update={"labels": labels})


def _together(document: Document) -> SchemaError:
    return SchemaError.together(sorted(document.problems, key=_line))


def _line(problem: SchemaError) -> int:
    match = re.search(r":(\d+)(?=:|$)", problem.where or "")
    return int(match[1]) if match else 0


def _add_problem(detail: ErrorDetails, document: Document) -> None:
    """One pydantic error in the words of the schema."""
    path: Path = tuple(part for part in detail["loc"] if part != "[key]")
    context = detail.get("ctx", {})
    given = detail["input"]
    kind = detail["type"]
    shown = _shown(given)
    hint: str | None = None
    if kind == "extra_forbidden":
        allowed = _keys_at(path[:-1])
        message = f"unknown key; allowed here: {listing(allowed, 40)}"
        hint = suggestion(str(path[-1]), allowed)
    elif kind == "missing":
        message = "missing"
        hint = f"`{path[-1]}:` is needed here"
    elif kind == "literal_error":
        allowed = [word.strip("'") for word in re.split(r", | or ", context["expected"])]
        message = f"{shown} is not one of {', '.join(allowed)}"
        hint = suggestion(str(given), allowed) if isinstance(given, str) else None
    elif kind == "string_pattern_mismatch":
        what, hint = _FORMS[context["pattern"]]
        message = f"{shown} is no {what}"
    elif kind in _LIMITS:
        message = f"{shown} is {_LIMITS[kind]} {context[next(iter(context))]:g}"
    elif kind in _WANTED or kind.endswith("_type"):
        message = f"{shown} is not {_WANTED.get(kind, 'of the right form')}"
    elif kind == "too_short":
        message = "empty; at least one is needed"
    else:
        message = f"{shown}: {detail['msg']}"
    document.problem(path, message, hint)


_FORMS = {
    NAME: ("name", "names start with a letter: lower-case letters, digits and _, at most 64 of them"),
    DEVICE: ("device", "devices are auto, cpu, cuda and cuda:1"),
}
_LIMITS = {
    "greater_than_equal": "below",
    "greater_than": "not above",
    "less_than_equal": "above",
    "less_than": "not below",
}
_WANTED = {
    "string_type": "a text",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "float_parsing": "a number",
    "float_type": "a number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "finite_number": "a number",
}


def _shown(value: Any) -> str:
    if value is None:
        return "an empty value"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = str(value)
    return f'"{text}"' if len(text) <= 60 else f'"{text[:57]}…"'


def _keys_at(path: Path) -> list[str]:
    """The keys that a schema allows at a path."""
    model: type[BaseModel] = Schema
    if path[:1] == ("model",):
        model = ModelSettings
    elif len(path) >= 3 and path[0] == "labels" and path[2] == "band":
        model = Band
    elif path[:1] == ("labels",):
        model = Label
    return [info.alias or name for name, info in model.model_fields.items()]
