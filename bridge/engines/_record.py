"""What `install` changed that was not its own, kept in the cluster itself so that any machine can undo it.

The record is the `_meta` of an empty component template named `gliner-bridge`: it lives as long as the cluster's other
definitions, is part of its backups, and has no effect on any index. It is written *before* the change it speaks of, so
that an install that is cut short can still be undone.

    settings          setting → {scope, former: value or null, default, added: list or value}
    search_defaults   index → former `index.search.default_pipeline`, or null
    key               salted hash of the sidecar's key: the engine never gives the key back to compare
"""

from __future__ import annotations

import copy
import hashlib
import hmac
import secrets
from typing import Any

from bridge.engines._definitions import NAME
from bridge.engines._requests import Session, same
from bridge.errors import EngineError

_PATH = f"/_component_template/{NAME}"


class Record:
    """The record of one cluster; `save()` writes it where it changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        found = component_templates(session, NAME).get(NAME)
        if found is not None and found.get("_meta", {}).get("by") != NAME:
            raise EngineError(
                f"a component template named {NAME} exists and was not made by gliner-bridge", where=session.engine.url
            )
        self._stored: dict[str, Any] | None = found["_meta"] if found else None
        self._meta: dict[str, Any] = copy.deepcopy(self._stored) if self._stored else {"by": NAME}

    @property
    def settings(self) -> dict[str, Any]:
        entries: dict[str, Any] = self._meta.setdefault("settings", {})
        return entries

    @property
    def search_defaults(self) -> dict[str, Any]:
        entries: dict[str, Any] = self._meta.setdefault("search_defaults", {})
        return entries

    def has_key(self, api_key: str | None) -> bool:
        """Whether the connectors were last given this key."""
        stored = self._meta.get("key")
        if not stored or not api_key:
            return not stored and not api_key
        return hmac.compare_digest(_hash(api_key, stored["salt"]), stored["hash"])

    def set_key(self, api_key: str | None) -> None:
        """Remember the key, as a hash."""
        self._meta.pop("key", None)
        if api_key:
            salt = secrets.token_hex(16)
            self._meta["key"] = {"salt": salt, "hash": _hash(api_key, salt)}

    def save(self) -> None:
        """Write the record where it changed."""
        if self._meta != self._stored:
            body = {"template": {}, "_meta": self._meta}
            self._session.write("PUT", _PATH, body, why="keep a record of what uninstall must restore")
            self._stored = copy.deepcopy(self._meta)

    def remove(self) -> None:
        """Delete the record."""
        if self._stored is not None:
            self._session.write("DELETE", _PATH, why="remove the record")


def _hash(secret: str, salt: str) -> str:
    return hashlib.scrypt(secret.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()


def component_templates(session: Session, pattern: str) -> dict[str, Any]:
    """Name → component template, for a name or pattern; empty where there is none."""
    answer = get(session, f"/_component_template/{pattern}") or {"component_templates": []}
    return {entry["name"]: entry["component_template"] for entry in answer["component_templates"]}


def get(session: Session, path: str, **params: str) -> Any:
    """A GET that gives None where the engine answers 404."""
    try:
        return session.engine.request("GET", path, params=params)
    except EngineError as error:
        if error.status == 404:
            return None
        raise


def add_settings(session: Session, record: Record, wanted: dict[str, Any]) -> None:
    """Append to the cluster's settings what is missing; of what is there, only endpoints that we added before go."""
    current = _settings(session)
    writes: dict[str, dict[str, Any]] = {}
    changes: list[str] = []
    for name, value in wanted.items():
        scope, now, default = _in_force(current, name)
        before = record.settings.get(name)
        in_force = now if now is not None else default
        if isinstance(value, list):
            ours = before["added"] if before else []
            kept = [item for item in in_force or [] if item in value or item not in ours]
            new: Any = [*kept, *(item for item in value if item not in kept)]
            added: Any = list(dict.fromkeys([*ours, *(item for item in value if item not in (in_force or []))]))
        else:
            new = added = value
        if same(in_force, new):
            session.keep(f"cluster setting {name}")
            continue
        if before:
            before["added"] = added
        else:
            # While a setting is set the engine does not tell its default, so that is kept too.
            record.settings[name] = {"scope": scope, "former": now, "default": default, "added": added}
        writes.setdefault(scope, {})[name] = new
        changes.append(f"{name}: add {', '.join(added)}" if isinstance(added, list) else f"{name}: {value}")
    record.save()
    if writes:
        why = f"change cluster settings ({'; '.join(changes)})"
        session.write("PUT", "/_cluster/settings", writes, why=why)


def restore_settings(session: Session, record: Record) -> None:
    """Take out of the cluster's settings what `add_settings` put in; what others changed since stays."""
    current = _settings(session)
    writes: dict[str, dict[str, Any]] = {}
    for name, entry in record.settings.items():
        scope, former = entry["scope"], entry["former"]
        now = current.get(scope, {}).get(name)
        if now is None:
            continue
        if isinstance(entry["added"], list):
            left = [item for item in now if item not in entry["added"]]
            value = None if former is None and same(left, entry["default"] or []) else left
        else:
            value = former if same(now, entry["added"]) else now
        if value != now:
            writes.setdefault(scope, {})[name] = value
    if writes:
        session.write("PUT", "/_cluster/settings", writes, why="restore the cluster's settings")


def _settings(session: Session) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = session.engine.request(
        "GET", "/_cluster/settings", params={"include_defaults": "true", "flat_settings": "true"}
    )
    return found


def _in_force(current: dict[str, dict[str, Any]], name: str) -> tuple[str, Any, Any]:
    """Where a setting is set, its value there (None: nowhere), and its default; transient goes before persistent."""
    default = current.get("defaults", {}).get(name)
    for scope in ("transient", "persistent"):
        value = current.get(scope, {}).get(name)
        if value is not None:
            return scope, value, default
    return "persistent", None, default
