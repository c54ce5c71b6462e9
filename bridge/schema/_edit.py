"""Keys set in a schema's text, with every other character of it kept: comments, order, quotes, blank lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from bridge.errors import SchemaError

_Edit = tuple[int, int, str]


def set_keys(text: str, keys: Mapping[tuple[str, ...], Any]) -> str:
    """A YAML text with values set at paths, such as `("labels", "brand", "precision")`.

    The mapping above a key must be there; the key is replaced where it stands and added where it does not. Values are
    numbers, strings, or flat mappings of these, written in flow style.

    Raises SchemaError where a mapping above a key is missing, or is an alias of another one.
    """
    edits: list[_Edit] = []
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    by_mapping: dict[tuple[str, ...], dict[str, Any]] = {}
    for path, value in keys.items():
        by_mapping.setdefault(path[:-1], {})[path[-1]] = value
    for path, values in by_mapping.items():
        key, node = _find(root, path)
        edits += _edits(text, key, node, values, path)
    for start, end, written in sorted(edits, reverse=True):
        text = text[:start] + written + text[end:]
    return text


def _find(root: yaml.Node | None, path: tuple[str, ...]) -> tuple[yaml.Node | None, yaml.Node]:
    """The key's node and the value's node at a path."""
    key, node = None, root
    for part in path:
        found = [pair for pair in node.value if pair[0].value == part] if isinstance(node, yaml.MappingNode) else []
        if not found:
            raise SchemaError(f"there is no {'.'.join(path)}", hint="write it by hand")
        key, node = found[-1]
        if node.start_mark.index < key.end_mark.index:
            raise SchemaError(f"{'.'.join(path)} is an alias of another part", hint="write it out, then try again")
    if node is None:
        raise SchemaError("the text is empty")
    return key, node


def _edits(
    text: str, key: yaml.Node | None, node: yaml.Node, values: Mapping[str, Any], path: tuple[str, ...]
) -> list[_Edit]:
    if isinstance(node, yaml.ScalarNode) and not node.value and key is not None:  # `brand:` and nothing more
        end = text.index(":", key.end_mark.index) + 1
        return [(end, end, f" {_flow(dict(values))}")]
    if not isinstance(node, yaml.MappingNode):
        raise SchemaError(f"{'.'.join(path)} is no mapping of keys to values")
    there = {one.value: value for one, value in node.value}
    edits: list[_Edit] = []
    new: dict[str, Any] = {}
    for name, value in values.items():
        if name in there:
            old = there[name]
            edits.append((old.start_mark.index, _end(text, old), _flow(value)))
        else:
            new[name] = value
    if not new:
        return edits
    if node.flow_style:
        end = node.end_mark.index - 1
        written = ", ".join(f"{name}: {_flow(value)}" for name, value in new.items())
        return [*edits, (end, end, f", {written}" if node.value else written)]
    first = node.value[0][0].start_mark
    indent = " " * first.column
    written = "".join(f"{name}: {_flow(value)}\n{indent}" for name, value in new.items())
    return [*edits, (first.index, first.index, written)]


def _end(text: str, node: yaml.Node) -> int:
    """Where a value's own text ends: a block mapping's mark is behind the blank lines and comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        last = node.value[-1][1] if isinstance(node, yaml.MappingNode) else node.value[-1]
        return _end(text, last)
    return int(node.end_mark.index)


def _flow(value: Any) -> str:
    written: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10_000, allow_unicode=True)
    return written.removesuffix("...\n").strip()
