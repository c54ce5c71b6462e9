"""What a caller tells the bridge in `ext.ml_inference`: flags, and a text beside `match_all`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: A plan token longer than this is no token of ours (characters).
_MAX_PLAN = 65_536
_MAX_DISABLED = 256
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Flags:
    """Request flags; the defaults change nothing.

    `off`: leave this search alone. `disable`: labels, or clause names, that may not be used. `plan`: a token of an
    earlier answer. `language`: of the text, such as `en`. `now`: the moment that relative dates count from.
    `problems` names each flag that was malformed and therefore ignored; it never quotes a value.
    """

    off: bool = False
    disable: frozenset[str] = frozenset()
    plan: str | None = None
    language: str | None = None
    now: datetime | None = None
    problems: tuple[str, ...] = ()


def read_flags(body: Mapping[str, Any]) -> Flags:
    """The flags in `ext.ml_inference.params.bridge`. Never raises: a search must not fail for a malformed flag."""
    flags = _settings(body).get("params")
    flags = flags.get("bridge") if isinstance(flags, Mapping) else None
    if flags is None:
        return Flags()
    if not isinstance(flags, Mapping):
        return Flags(problems=("params.bridge is not an object",))
    problems: list[str] = []

    def read(key: str, form: str, reader: Any) -> Any:
        value = flags.get(key)
        if value is None:
            return None
        result = reader(value)
        if result is None:
            problems.append(f"{key}: expected {form}")
        return result

    off = read("off", "true or false", _boolean)
    disable = read("disable", "a list of label names", _names)
    plan = read("plan", "a plan token", lambda value: _text(value, _MAX_PLAN))
    language = read("language", "a language code", lambda value: _text(value, 35))
    now = read("now", "an ISO 8601 date and time", _moment)
    known = {"off", "disable", "plan", "language", "now"}
    problems.extend("an unknown flag" for key in flags if key not in known)
    return Flags(bool(off), disable or frozenset(), plan, language, now, tuple(problems))


def query_text(body: Mapping[str, Any]) -> str | None:
    """The text in `ext.ml_inference.query_text`; None where there is none."""
    text = _settings(body).get("query_text")
    return text if isinstance(text, str) and text.strip() else None


def without_flags(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body without `ext.ml_inference`, which Elasticsearch does not know and would refuse."""
    ext = body.get("ext")
    if not isinstance(ext, Mapping) or "ml_inference" not in ext:
        return dict(body)
    others = {key: value for key, value in ext.items() if key != "ml_inference"}
    kept = {key: value for key, value in body.items() if key != "ext"}
    return {**kept, "ext": others} if others else kept


def _settings(body: Any) -> Mapping[str, Any]:
    for key in ("ext", "ml_inference"):
        body = body.get(key) if isinstance(body, Mapping) else None
    return body if isinstance(body, Mapping) else {}


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else _BOOLEANS.get(value.lower()) if isinstance(value, str) else None


def _names(value: Any) -> frozenset[str] | None:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or len(names) > _MAX_DISABLED:
        return None
    return frozenset(names) if all(isinstance(name, str) for name in names) else None


def _text(value: Any, limit: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= limit else None


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
