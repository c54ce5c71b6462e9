"""Keys: who may use which schema."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from bridge.errors import UnauthorizedError
from bridge.sidecar._config import Key

#: What a key lists, or is asked for, that is good for all schemas.
EVERY_SCHEMA = "*"


class Keys:
    """The configured keys; without any, every request from this machine may do everything."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = [(_digest(key.key.get_secret_value()), frozenset(key.schemas)) for key in keys]

    def require(self, authorization: str | None, schema: str | None = None) -> None:
        """Raise UnauthorizedError unless the header is `Bearer <key>` with a key for the schema (None: any key).

        All keys are compared, each in constant time, so the time of a refusal says nothing. A schema that does not
        exist is refused like one that the key does not open: names cannot be guessed.
        """
        if not self._keys:
            return
        scheme, _, secret = (authorization or "").partition(" ")
        given = _digest(secret.strip())
        known, allowed = False, False
        for digest, schemas in self._keys:
            same = hmac.compare_digest(digest, given)
            known |= same
            allowed |= same and (schema is None or schema in schemas or EVERY_SCHEMA in schemas)
        if scheme.lower() != "bearer" or not known:
            raise UnauthorizedError("send a valid key as `Authorization: Bearer <key>`")
        if not allowed:
            raise UnauthorizedError("this key is not valid for this schema")

    def opens(self, authorization: str | None, schema: str) -> bool:
        """Whether the request's key opens the schema."""
        try:
            self.require(authorization, schema)
        except UnauthorizedError:
            return False
        return True


def _digest(secret: str) -> bytes:
    # Equal lengths for compare_digest, and no secret kept in memory by this class.
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
