"""A YAML file as plain values, with the line of every key, and without YAML's traps.

Every scalar stays the text that was written (`no`, `2024-01-01`, `0x10`, `7.0` are not turned into something else): the
schema's models say which keys hold numbers or booleans and convert those. Only `null`, `~` and an empty value are None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from bridge.errors import SchemaError

#: Path of keys and list positions from the top of the file.
Path = tuple[str | int, ...]

MAX_CHARACTERS = 4_000_000
MAX_DEPTH = 32
#: Nodes after aliases are followed: stops files that are small on disk and huge in memory.
MAX_NODES = 500_000

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_MERGE = "tag:yaml.org,2002:merge"
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Document:
    """A parsed file: `data` (mappings, lists, text, None), the line of every path, and what is wrong with it."""

    source: str
    data: Any = None
    lines: dict[Path, int] = field(default_factory=dict)
    problems: list[SchemaError] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Line (from 1) of a path, or of the nearest path above it that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def where(self, path: Path) -> str:
        """`file:line: key.path`, the place that errors name."""
        return f"{self.source}:{self.line(path)}: {dotted(path)}" if path else f"{self.source}:{self.line(path)}"

    def problem(self, path: Path, message: str, hint: str | None = None, *, line: int | None = None) -> None:
        """Remember one problem; `line` where it is not the line of `path`."""
        where = self.where(path)
        if line is not None:
            where = f"{self.source}:{line}: {dotted(path)}" if path else f"{self.source}:{line}"
        self.problems.append(SchemaError(message, where=where, hint=hint))


def dotted(path: Path) -> str:
    """`labels.brand.from[1]` for a path."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else str(part))
    return text


def read_yaml(text: str, source: str) -> Document:
    """Parse one YAML document.

    Raises `SchemaError` where the text is no YAML at all; all else that is wrong is in `Document.problems`.
    """
    document = Document(source)
    if len(text) > MAX_CHARACTERS:
        raise SchemaError(f"the file is over {MAX_CHARACTERS:,} characters long", where=source)
    try:
        _check_depth(text, source)
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, text, source) from None
    except yaml.reader.ReaderError as error:
        raise SchemaError(
            f"the character U+{_ordinal(error.character):04X} is not allowed in YAML",
            where=f"{source}:{text[: error.position].count(chr(10)) + 1}",
            hint="save the file as UTF-8 text without control characters",
        ) from None
    if node is not None:
        document.data = _Builder(document).build(node, (), 0)
        document.lines[()] = node.start_mark.line + 1
    return document


def _mark_line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _ordinal(character: Any) -> int:
    return character if isinstance(character, int) else ord(character)


def _check_depth(text: str, source: str) -> None:
    """Refuse deep nesting before it can exhaust the stack of the recursive composer."""
    depth = 0
    documents = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                where = f"{source}:{_mark_line(event)}"
                raise SchemaError(f"nested more than {MAX_DEPTH} levels deep", where=where)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        elif isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                where = f"{source}:{_mark_line(event)}"
                raise SchemaError(
                    "a second YAML document starts here", where=where, hint="one schema a file; remove the `---`"
                )


def _syntax_error(error: yaml.MarkedYAMLError, text: str, source: str) -> SchemaError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    lines = text.splitlines()
    stands = lines[line - 1] if line <= len(lines) else ""
    hint = None
    if "\t" in stands[: len(stands) - len(stands.lstrip())] or "\\t" in (error.problem or ""):
        hint = "YAML is indented with spaces; a tab stands here"
    elif "mapping values are not allowed" in (error.problem or ""):
        hint = "a text with `: ` in it needs quotes, and keys of one mapping the same indentation"
    message = error.problem or "this is not YAML"
    if error.context:
        message = f"{message} ({error.context})"
    return SchemaError(message, where=f"{source}:{line}", hint=hint)


class _Builder:
    """Turns YAML nodes into plain values, noting lines, duplicates and refused tags."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._nodes = 0
        self._open: set[int] = set()

    def build(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self._nodes += 1
        line = node.start_mark.line + 1
        if self._nodes > MAX_NODES:
            raise SchemaError(
                f"over {MAX_NODES:,} values once aliases are followed", where=f"{self._document.source}:{line}"
            )
        if id(node) in self._open or depth > MAX_DEPTH:
            raise SchemaError("an alias contains itself", where=f"{self._document.source}:{line}")
        self._document.lines.setdefault(path, line)
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                self._check_tag(node, path, "tag:yaml.org,2002:map")
                return self._mapping(node, path, depth)
            if isinstance(node, yaml.SequenceNode):
                self._check_tag(node, path, "tag:yaml.org,2002:seq")
                return [self.build(item, (*path, at), depth + 1) for at, item in enumerate(node.value)]
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _check_tag(self, node: yaml.Node, path: Path, expected: str) -> None:
        if node.tag != expected:
            self._refuse_tag(node, path)

    def _refuse_tag(self, node: yaml.Node, path: Path) -> None:
        tag = node.tag.replace("tag:yaml.org,2002:", "!!")
        self._document.problem(path, f"the YAML tag {tag} is not allowed", "write the value without a tag")

    def _scalar(self, node: yaml.Node, path: Path) -> str | None:
        if node.tag not in _PLAIN_TAGS:
            self._refuse_tag(node, path)
        text: str = node.value
        plain = getattr(node, "style", None) in (None, "")
        return None if plain and text in _NULL else text

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._document.problem(path, "a key must be a word, not a list or a mapping", line=line)
                continue
            if key_node.tag == _MERGE:
                for part in self._merge(value_node, path, depth):
                    merged = {**part, **merged}
                continue
            key = str(key_node.value)
            if key in result:
                first = self._document.line((*path, key))
                hint = f"it stands on line {first} already; the second would silently replace it"
                self._document.problem((*path, key), f'the key "{key}" stands here twice', hint, line=line)
                continue
            self._document.lines[(*path, key)] = line
            result[key] = self.build(value_node, (*path, key), depth + 1)
        return {**merged, **result}

    def _merge(self, node: yaml.Node, path: Path, depth: int) -> list[dict[str, Any]]:
        """The mappings that `<<:` pulls in."""
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [node]
        parts = [self.build(part, path, depth + 1) for part in nodes]
        if not all(isinstance(part, dict) for part in parts):
            line = node.start_mark.line + 1
            self._document.problem((*path, "<<"), "`<<` takes a mapping or a list of mappings", line=line)
        return [part for part in parts if isinstance(part, dict)]
