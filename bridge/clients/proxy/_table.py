"""Which schema describes the index that a search names, and what a request's flags ask of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from bridge.engines.dsl import Flags

#: Names of clauses begin so.
_CLAUSE = "bridge:"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the sidecar says of one schema; `deadline` in seconds, `disable` the labels and steps by name."""

    name: str
    index: str
    engine: str | None
    disable: frozenset[str]
    deadline: float


@dataclass(frozen=True, slots=True)
class SchemaTable:
    """The sidecar's schemas, by the indices that they are for.

    `aliases` adds names of indices by hand (`{"shop-live": "shop"}`); `default` names the schema of searches that name
    no index (a point in time), None leaves those alone.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None

    def of(self, index: str | None) -> Entry | None:
        """The one schema for an index expression of a request (`a`, `a,b`, `shop-*`).

        None where there is none or more than one: each part of the expression must be an index that the schema names
        or that its pattern covers. Parts that exclude (`-old`) are not looked at.
        """
        if index is None:
            return self.entries.get(self.default) if self.default is not None else None
        wanted = [part for part in index.split(",") if part and not part.startswith("-")]
        if not wanted:
            return None
        known = {name: self._patterns(entry) for name, entry in self.entries.items()}
        named = [name for name, patterns in known.items() if patterns.issuperset(wanted)]
        found = named or [name for name, patterns in known.items() if all(_covered(part, patterns) for part in wanted)]
        return self.entries[found[0]] if len(found) == 1 else None

    def _patterns(self, entry: Entry) -> frozenset[str]:
        by_hand = (alias for alias, name in self.aliases.items() if name == entry.name)
        return frozenset([*entry.index.split(","), *by_hand])


def read_entries(answer: Any) -> dict[str, Entry]:
    """The answer of `GET /v1/schemas`. Raises KeyError, TypeError, ValueError or AttributeError for anything else."""
    return {
        name: Entry(name, str(one["index"]), one["engine"], frozenset(one["disable"]), float(one["deadline_ms"]) / 1000)
        for name, one in answer["schemas"].items()
    }


def options_of(flags: Flags, entry: Entry) -> dict[str, Any]:
    """The flags of a request as `options` of `/v1/rewrite`, without the names that the sidecar would refuse."""
    options = {
        "disable": sorted(name for name in flags.disable if name in entry.disable or name.startswith(_CLAUSE)),
        "plan": flags.plan,
        "language": flags.language,
        "now": None if flags.now is None else flags.now.isoformat(),
    }
    return {key: value for key, value in options.items() if value}


def _covered(name: str, patterns: Iterable[str]) -> bool:
    # Only `*` is a wildcard in an index expression; fnmatch would also give meaning to `?` and `[`.
    return any(fnmatchcase(name, pattern.replace("[", "[[]").replace("?", "[?]")) for pattern in patterns)
