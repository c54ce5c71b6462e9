"""What one request may ask of the parser."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapidfuzz import fuzz, process

from bridge.entities import Span
from bridge.errors import InputError
from bridge.query._names import PREFIX
from bridge.schema import Schema

#: Kinds of inference that `disable` may name beside labels. `grammar` is amounts and dates, `dates` the dates alone.
STEPS = ("syntax", "grammar", "dates", "dictionary", "typo", "meaning", "model", "negation", "sort")
#: Runners-up where explain is what the caller wants.
RUNNERS_UP = 3
#: How alike a wrong name and a right one must be (0 to 100) for a hint.
_ALIKE = 60.0
_KEYS = ("off", "disable", "plan", "language", "now")


@dataclass(frozen=True, slots=True)
class Options:
    """Request flags (DESIGN: `{off, disable, plan, language, now}`).

    off: leave the query as it is. disable: labels, steps (see `STEPS`) or clauses by name (`bridge:price=<20`) to
    leave out; other names do nothing but stand in explain. plan: token of an earlier answer, applied without model or
    counts. language: BCP 47 code of the text when the caller knows it. now: the moment that relative dates count from,
    instead of the parser's clock. score: spans worked out elsewhere, in place of the parser's scorer: called with the
    text and the label texts. runners_up: at most so many other readings of the words of a model's span, for explain.
    """

    off: bool = False
    disable: frozenset[str] = frozenset()
    plan: str | None = None
    language: str | None = None
    now: datetime | None = None
    score: Callable[[str, Sequence[str]], Sequence[Span]] | None = None
    runners_up: int = 0

    @classmethod
    def from_mapping(
        cls, data: Mapping[str, Any] | None, *, schema: Schema | None = None, where: str = "options"
    ) -> Options:
        """Options from a request's JSON object; None gives the defaults.

        Raises InputError naming the key, with a `schema` also for a name in `disable` that means nothing there.
        """
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
            disable=_names(data.get("disable"), schema, f"{where}.disable"),
            plan=_text(data.get("plan"), f"{where}.plan"),
            language=_text(data.get("language"), f"{where}.language"),
            now=None if now is None else _moment(now, f"{where}.now"),
        )


def unknown_names(names: Iterable[str], schema: Schema) -> list[str]:
    """The names that are no label of the schema, no step and no clause's, in the order given."""
    return [name for name in names if not (name in STEPS or name in schema.labels or name.startswith(PREFIX))]


def _names(value: object, schema: Schema | None, where: str) -> frozenset[str]:
    if value is None:
        return frozenset()
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise InputError("must be a list of names", where=where)
    names = list(value)
    for at, name in enumerate(names):
        if not isinstance(name, str):
            raise InputError("must be a name", where=f"{where}[{at}]")
        if schema is not None and unknown_names([name], schema):
            known = [*schema.labels, *STEPS]
            near = process.extractOne(name.casefold(), known, scorer=fuzz.ratio, score_cutoff=_ALIKE)
            hint = f"allowed: {', '.join(known)}, and names of clauses ({PREFIX}…)"
            raise InputError(
                "no label, step or clause has this name",
                where=f"{where}[{at}]",
                hint=f'did you mean "{near[0]}"?' if near else hint,
            )
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
