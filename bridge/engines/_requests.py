"""The requests of an install or uninstall: sent, or only noted down (`--dry-run`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bridge.engines._base import Engine
from bridge.errors import EngineError

_SECRET = "***"
#: Objects that hold secrets: of connectors, of inference endpoints, and our record's hash of the key.
_SECRETS = ("credential", "secret_parameters", "key")


@dataclass(frozen=True, slots=True)
class Request:
    """One request that changes the cluster. `why` is a few words for people."""

    method: str
    path: str
    body: Any = field(repr=False)  # may hold the sidecar's key
    why: str

    def shown(self) -> dict[str, Any]:
        """The request without secrets, ready to print as JSON."""
        return {"method": self.method, "path": self.path, "body": redact(self.body), "why": self.why}

    def __str__(self) -> str:
        head = f"{self.method} {self.path}"
        return head if self.body is None else f"{head}\n{json.dumps(redact(self.body), indent=2, ensure_ascii=False)}"


@dataclass(frozen=True, slots=True)
class Report:
    """What an install or uninstall did (`dry_run`: would do). `unchanged` and `notes` are lines for people."""

    requests: tuple[Request, ...]
    unchanged: tuple[str, ...]
    notes: tuple[str, ...]
    dry_run: bool

    @property
    def changed(self) -> bool:
        """Whether anything was (or would be) written."""
        return bool(self.requests)


@dataclass(slots=True)
class Session:
    """Reads from the engine always; writes to it unless this is a dry run, and keeps account of both."""

    engine: Engine
    dry_run: bool = False
    tell: Callable[[str], None] = lambda _: None
    requests: list[Request] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _undo: list[tuple[str, str, Any]] = field(default_factory=list)

    def write(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        why: str,
        answer: Any = None,
        undo: tuple[str, str, Any] | None = None,
    ) -> Any:
        """Send a request that changes something; in a dry run return `answer` in its place.

        `undo` is the request (method, path, body) by which `roll_back` takes it back.
        """
        self.tell(why)
        given = answer if self.dry_run else self.engine.request(method, path, body)
        self.requests.append(Request(method, path, body, why))
        if undo is not None:
            self._undo.append(undo)
        return given

    def roll_back(self) -> None:
        """Take back, last first, every write that told how; one that cannot be taken back leaves a note."""
        while self._undo:
            method, path, body = self._undo.pop()
            try:
                if not self.dry_run:
                    self.engine.request(method, path, body)
            except EngineError as error:
                self.note(f"could not be taken back: {method} {path} ({error.message})")

    def keep(self, what: str) -> None:
        """Note that something is as it should be."""
        self.unchanged.append(what)

    def note(self, line: str) -> None:
        """Leave a line for people."""
        if line not in self.notes:
            self.notes.append(line)

    def report(self) -> Report:
        """The account so far."""
        return Report(tuple(self.requests), tuple(self.unchanged), tuple(self.notes), self.dry_run)


def redact(body: Any) -> Any:
    """A body with the values of every object that holds a secret, and the stored key hash, hidden."""
    if isinstance(body, dict):
        return {
            key: dict.fromkeys(value, _SECRET) if key in _SECRETS and isinstance(value, dict) else redact(value)
            for key, value in body.items()
        }
    return [redact(item) for item in body] if isinstance(body, list) else body


def same(stored: Any, wanted: Any) -> bool:
    """Equal as the engine sees it: it stores `true` as "true", `1` as "1", and leaves nulls out."""
    if isinstance(stored, dict) and isinstance(wanted, dict):
        left = {key: value for key, value in stored.items() if value is not None}
        right = {key: value for key, value in wanted.items() if value is not None}
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(stored, list) and isinstance(wanted, list):
        return len(stored) == len(wanted) and all(same(a, b) for a, b in zip(stored, wanted, strict=True))
    if isinstance(stored, bool) or isinstance(wanted, bool):
        return str(stored).lower() == str(wanted).lower()
    return bool(stored == wanted) or str(stored) == str(wanted)


def covers(stored: Any, wanted: Any) -> bool:
    """Whether all that is wanted is stored; there may be more (defaults of the engine, fields of an earlier schema)."""
    if isinstance(wanted, dict):
        return isinstance(stored, dict) and all(
            covers(stored.get(key), value) or (key == "type" and value == "object" and "type" not in stored)
            for key, value in wanted.items()
        )
    return same(stored, wanted)
