"""JSON that keeps what it read: key order, every digit of every number, and any depth when writing."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from bridge.errors import InputError


class ExactFloat(float):
    """A float that remembers how it was written, so that `1.10`, `1e-7` and `1E400` are written the same way again."""

    literal: str

    def __new__(cls, literal: str) -> ExactFloat:
        number = super().__new__(cls, literal)
        number.literal = literal
        return number

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]
        return (self.literal,)


def loads_exact(text: str | bytes) -> Any:
    """Parse JSON for `find_text`, `apply` and `wrap`: objects keep their order, numbers their digits.

    Integers become `int` of any size, other numbers `ExactFloat`. Raises `InputError` for what a search engine would
    refuse as well: bad UTF-8, `NaN`, a key twice in one object, nesting too deep to parse.
    """
    try:
        return json.loads(text, parse_float=ExactFloat, parse_constant=_refuse, object_pairs_hook=_unique)
    except InputError:
        raise
    except RecursionError:
        raise InputError("the JSON is nested too deeply") from None
    except ValueError as error:
        where = f"line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else None
        raise InputError("this is not JSON", where=where) from None


def dumps_exact(value: Any) -> str:
    """Write JSON, ASCII only, without spaces, keys in their order, numbers as `loads_exact` read them.

    Raises `InputError` for a value that JSON cannot hold.
    """
    return "".join(_pieces(value))


def wrap(query: Mapping[str, Any]) -> dict[str, Any]:
    """The query as an OpenSearch `wrapper`: `{"wrapper": {"query": "<base64 of its JSON>"}}`.

    The only form that reaches OpenSearch up to 3.3 unharmed through a search pipeline: in plain JSON it makes every
    integer a double. Parse the body with `loads_exact`, or literals such as `1.10` are written as Python would.
    """
    return {"wrapper": {"query": base64.b64encode(dumps_exact(query).encode("ascii")).decode("ascii")}}


def unwrap(query: Mapping[str, Any]) -> Any:
    """The query inside a `wrapper`, for tests and for explain. Raises `InputError` where it holds none."""
    try:
        return loads_exact(base64.b64decode(query["wrapper"]["query"], validate=True))
    except (KeyError, TypeError, ValueError):
        raise InputError("this is not a wrapper query") from None


def _refuse(constant: str) -> Any:
    raise InputError(f"{constant} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # The engine refuses it; writing it again with one of the two would turn an error into a guess.
        raise InputError("the JSON has a key twice in one object")
    return members


def _pieces(value: Any) -> Iterator[str]:
    """The pieces of the JSON text, from a stack of things still to write, so that depth cannot harm.

    A string on the stack is punctuation already encoded; everything else is a one-tuple around a value.
    """
    stack: list[str | tuple[Any]] = [(value,)]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            yield top
            continue
        (node,) = top
        if isinstance(node, Mapping):
            opened: list[str | tuple[Any]] = ["{"]
            for number, (key, member) in enumerate(node.items()):
                if not isinstance(key, str):
                    raise InputError(f"a key of a JSON object must be a string, not {type(key).__name__}")
                opened += [f"{',' if number else ''}{json.dumps(key)}:", (member,)]
            opened.append("}")
            stack.extend(reversed(opened))
        elif isinstance(node, list | tuple):
            opened = ["["]
            for number, item in enumerate(node):
                opened += [",", (item,)] if number else [(item,)]
            opened.append("]")
            stack.extend(reversed(opened))
        else:
            yield _scalar(node)


def _scalar(value: Any) -> str:
    if isinstance(value, ExactFloat):
        return value.literal
    if value is None or isinstance(value, bool | str | int):
        try:
            return json.dumps(value)
        except ValueError:  # an integer of more digits than Python turns into text
            raise InputError("a number is too long to write") from None
    if isinstance(value, float) and math.isfinite(value):
        return repr(float(value))
    raise InputError(f"a {type(value).__name__} of this value cannot be written as JSON")
