"""What one request may ask of the parser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bridge.entities import Span
from bridge.errors import InputError

#: Kinds of inference that `disable` may name beside labels.
STEPS = frozenset({"syntax", "grammar", "dictionary", "model", "negation"})
_KEYS = ("off", "disable", "plan", "language", "now")


@dataclass(frozen=True, slots=True)
class Options:
    """Request flags (DESIGN: `{off, disable, plan, language, now}`).

    off: leave the query as it is. disable: labels or steps (`syntax`, `grammar`, `dictionary`, `model`, `negation`)
    to leave out. plan: token of an earlier answer, applied without model or counts. language: BCP 47 code of the text
    when the caller knows it. now: the moment that relative dates count from, instead of the parser's clock.
    score: spans worked out elsewhere, in place of the parser's scorer: called with the text and the label texts.
    """

    off: bool = False
    disable: frozenset[str] = frozenset()
    plan: str | None = None
    language: str | None = None
    now: datetime | None = None
    score: Callable[[str, Sequence[str]], Sequence[Span]] | None = None

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any] | None, *, where: str = "options") -> Options:
        """Options from a request's JSON object; None gives the defaults. Raises InputError naming the key."""
        if data is None:
            return cls()
        if not isinstance(data, Mapping):
            raise InputError("must be an object", where=where)
        unknown = sorted(str(key) for key in data if key not in _KEYS)
        if unknown:
            raise InputError(f"unknown key {unknown[0]!r}", where=where, hint=f"allowed: {', '.join(_KEYS)}")
        off = data.get("off", False)
        if not isinstance(off, bool):
            raise InputError("must be true or false", where=f"{where}.off")
        now = data.get("now")
        return cls(
            off=off,
            disable=_names(data.get("disable"), f"{where}.disable"),
            plan=_text(data.get("plan"), f"{where}.plan"),
            language=_text(data.get("language"), f"{where}.language"),
            now=None if now is None else _moment(now, f"{where}.now"),
        )


def _names(value: object, where: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InputError("must be a list of names", where=where)
    names = list(value)
    if not all(isinstance(name, str) for name in names):
        raise InputError("must be a list of names", where=where)
    return frozenset(names)


def _text(value: object, where: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InputError("must be a string", where=where)
    return value


def _moment(value: object, where: str) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromisoformat(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise InputError("must be a date and time in ISO 8601", where=where) from None
