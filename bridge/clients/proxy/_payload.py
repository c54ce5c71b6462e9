"""The bodies of `_search` and `_msearch` as bytes: unpacked, taken apart and put together. No I/O."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.engines.dsl import dumps_exact, loads_exact
from bridge.errors import InputError

#: Automatic detection of gzip and zlib headers.
_GZIP_OR_ZLIB = 47
#: Status that an engine gives an item of `_msearch` whose query it does not understand.
_REFUSED = 400


@dataclass(frozen=True, slots=True)
class Item:
    """One search of an `_msearch`: its two lines as they came, and the index that the first one names."""

    header: bytes
    body: bytes
    #: Expressions divided by commas, as in a path; None where the line names no index.
    index: str | None


def unpack(raw: bytes, encoding: str | None, limit: int) -> bytes | None:
    """The bytes behind a `Content-Encoding`; None where it is unknown, damaged, or more than `limit` bytes."""
    name = (encoding or "identity").strip().lower()
    if name == "identity":
        return raw if len(raw) <= limit else None
    if name not in ("gzip", "x-gzip", "deflate"):
        return None
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        text = unpacker.decompress(raw, limit + 1)
    except zlib.error:
        return None
    whole = unpacker.eof and not unpacker.unused_data
    return text if whole and len(text) <= limit else None


def read_body(raw: bytes) -> dict[str, Any] | None:
    """A search body; None where it is no JSON object, so that the engine itself says what is wrong with it."""
    try:
        body = loads_exact(raw)
    except InputError:
        return None
    return body if isinstance(body, dict) else None


def write_body(body: Mapping[str, Any]) -> bytes:
    """A body as one line of ASCII JSON, numbers as they were read."""
    return dumps_exact(body).encode("ascii")


def split_items(raw: bytes) -> list[Item] | None:
    """The searches of an `_msearch`; None where the lines are no pairs of header and body, or the last one is open."""
    *lines, rest = raw.split(b"\n")
    if rest or not lines or len(lines) % 2:
        return None
    items = []
    for header, body in zip(lines[::2], lines[1::2], strict=True):
        named = read_body(header) if header.strip() else {}
        if named is None:
            return None
        items.append(Item(header, body, _index(named)))
    return items


def join_items(items: Sequence[Item]) -> bytes:
    """The lines of an `_msearch`."""
    return b"".join(item.header + b"\n" + item.body + b"\n" for item in items)


def refused_items(answer: bytes) -> frozenset[int]:
    """Places of the items of an `_msearch` answer whose query the engine did not understand."""
    if b'"status":400' not in answer.replace(b" ", b""):
        return frozenset()
    read = read_body(answer)
    responses = read.get("responses") if read is not None else None
    if not isinstance(responses, list):
        return frozenset()
    return frozenset(
        place for place, one in enumerate(responses) if isinstance(one, Mapping) and one.get("status") == _REFUSED
    )


def _index(header: Mapping[str, Any]) -> str | None:
    named = header.get("index", header.get("indices"))
    names = named if isinstance(named, list) else [named]
    return ",".join(names) if names and all(isinstance(name, str) for name in names) else None
