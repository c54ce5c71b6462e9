"""The plan token: a whole plan as opaque text, so that page two of a search asks the same as page one.

Form: version, base64url of a checksum and the deflated JSON of the plan. The checksum finds damage, not forgery: a
token can ask for nothing that its sender could not ask the engine for directly.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from functools import cache

from pydantic import TypeAdapter, ValidationError

from bridge.clauses import Plan
from bridge.errors import InputError

_VERSION = "p1."
_CHECK_BYTES = 6
#: Longest token that is looked at, in characters, and most that it may unpack to, in bytes.
MAX_TOKEN = 65_536
_MAX_UNPACKED = 1_048_576
_HINT = "send the `plan` of an answer of /v1/parse or /v1/rewrite exactly as it came, or leave it out"


def encode_plan(plan: Plan) -> str:
    """The plan as a token of URL-safe ASCII; the same plan always gives the same token."""
    text = json.dumps(_adapter().dump_python(plan), ensure_ascii=False, separators=(",", ":"))
    body = zlib.compress(token_form(text).encode("utf-8"), 6)
    return _VERSION + base64.urlsafe_b64encode(_check(body) + body).rstrip(b"=").decode("ascii")


def decode_plan(token: str) -> Plan:
    """The plan of a token. Raises InputError for anything that `encode_plan` did not write."""
    if not isinstance(token, str) or not token.startswith(_VERSION) or len(token) > MAX_TOKEN:
        raise InputError("not a plan token of this version", where="plan", hint=_HINT)
    encoded = token[len(_VERSION) :]
    try:
        if "+" in encoded or "/" in encoded:
            raise ValueError  # b64decode takes the letters of both alphabets
        data = base64.b64decode(encoded.encode("ascii") + b"=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        check, body = data[:_CHECK_BYTES], data[_CHECK_BYTES:]
        if check != _check(body):
            raise ValueError
        unpacker = zlib.decompressobj()
        unpacked = unpacker.decompress(body, _MAX_UNPACKED)
        if unpacker.unconsumed_tail:
            raise ValueError
        return _adapter().validate_json(unpacked)
    except (ValueError, UnicodeError, binascii.Error, zlib.error, ValidationError, RecursionError):
        raise InputError("a damaged plan token", where="plan", hint=_HINT) from None


def token_form(text: str) -> str:
    """A text as a token carries it: lone surrogates, which no JSON text may hold, become `?` (offsets stay right)."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _check(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECK_BYTES).digest()


@cache
def _adapter() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)
