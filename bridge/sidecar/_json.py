"""JSON as the sidecar reads it: strict, with numbers kept as they were written.

Search bodies pass through here, so nothing may change on the way: a float keeps its literal (`1.10`, `1e400`), an
integer any number of digits, and a member's source text can be handed back untouched. What two parsers could read
differently (duplicate keys, NaN) is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from bridge.engines.dsl import ExactFloat
from bridge.errors import InputError

#: Deeper nesting than this is refused; engines refuse far less in a query.
MAX_DEPTH: Final = 100
#: Digits of one number; Python refuses to read integers over 4,300 digits anyway.
MAX_DIGITS: Final = 1_000

_WHITESPACE = re.compile(r"[ \t\n\r]*")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SHOWN_KEY = re.compile(r"[\w.@$-]{1,64}")


def _float(literal: str) -> ExactFloat:
    if len(literal) > MAX_DIGITS:
        raise InputError(f"a number is longer than {MAX_DIGITS} characters")
    return ExactFloat(literal)


def _integer(literal: str) -> int:
    if len(literal) > MAX_DIGITS:
        raise InputError(f"a number is longer than {MAX_DIGITS} characters")
    return int(literal)


def _constant(literal: str) -> float:
    raise InputError(f"{literal} is not JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise InputError(f"the key {shown(key)} stands twice in one object")
            seen.add(key)
    return members


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members, parse_float=_float, parse_int=_integer, parse_constant=_constant
)


def shown(key: str) -> str:
    """A key as an error message may show it: plain names only, as a key can hold anything."""
    return f"'{key}'" if _SHOWN_KEY.fullmatch(key) else "(a key that is no plain name)"


class Document:
    """One JSON object as received: `value` to work with, `source(key)` the exact text of a top-level member.

    Raises InputError on anything that is not one well-formed JSON object in UTF-8, and on nesting over 100 levels.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self._text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"the body is not UTF-8 (byte {error.start})") from None
        self._sources: dict[str, tuple[int, int]] = {}
        try:
            self.value = self._read()
        except RecursionError:
            raise InputError(f"the body is nested deeper than {MAX_DEPTH} levels") from None
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise InputError(f"the body is not valid JSON ({where})") from None
        _check_depth(self.value)

    def source(self, key: str) -> str:
        """The text of a top-level member's value, byte for byte as sent. KeyError where it is absent."""
        start, end = self._sources[key]
        return self._text[start:end]

    def _read(self) -> dict[str, Any]:
        # The top level is walked by hand to note where each member's text stands; values go to the C scanner.
        text = self._text
        position = self._skip(0)
        if text[position : position + 1] != "{":
            _DECODER.raw_decode(text, position)  # says what is wrong, where it is no JSON at all
            raise InputError("the body must be a JSON object")
        pairs: list[tuple[str, Any]] = []
        position = self._skip(position + 1)
        if text[position : position + 1] == "}":
            position += 1
        else:
            while True:
                if text[position : position + 1] != '"':
                    raise json.JSONDecodeError("expected a key", text, position)
                key, position = _DECODER.raw_decode(text, position)
                position = self._expect(":", position)
                start = self._skip(position)
                value, position = _DECODER.raw_decode(text, start)
                pairs.append((key, value))
                self._sources[key] = (start, position)
                position = self._skip(position)
                if text[position : position + 1] == "}":
                    position += 1
                    break
                position = self._skip(self._expect(",", position))
        if self._skip(position) != len(text):
            raise json.JSONDecodeError("text after the object", text, position)
        return _members(pairs)

    def _skip(self, position: int) -> int:
        match = _WHITESPACE.match(self._text, position)
        return match.end() if match else position

    def _expect(self, mark: str, position: int) -> int:
        position = self._skip(position)
        if self._text[position : position + 1] != mark:
            raise json.JSONDecodeError(f"expected {mark}", self._text, position)
        return position + 1


def _check_depth(value: object) -> None:
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for item in level if isinstance(item, dict | list) for child in _children(item)]
        if not level:
            return
    if any(isinstance(item, dict | list) for item in level):
        raise InputError(f"the body is nested deeper than {MAX_DEPTH} levels")


def _children(item: dict[str, Any] | list[Any]) -> list[Any]:
    return list(item.values()) if isinstance(item, dict) else item


def strings(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a JSON value with its path (`texts[2]`), object keys included."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from strings(item, f"{path}[{index}]")
    elif isinstance(value, dict):
        for key, item in value.items():
            inner = f"{path}.{shown(key).strip(chr(39))}" if path else shown(key).strip("'")
            yield inner, key
            yield from strings(item, inner)


def refuse_surrogates(value: object) -> None:
    """Raise InputError naming the first string that holds half of a surrogate pair: it is no Unicode text."""
    for path, text in strings(value):
        if _SURROGATE.search(text):
            raise InputError(f"{path or 'the body'} holds half of a surrogate pair (an escape \\ud800 to \\udfff)")


def mend_surrogates(value: Any) -> Any:
    """The same value with every half surrogate replaced by U+FFFD; lengths and offsets stay."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [mend_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {mend_surrogates(key): mend_surrogates(item) for key, item in value.items()}
    return value
