"""What an index holds, as far as a schema can be proposed from it: plain data that an engine adapter fills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.entities import Stats


@dataclass(frozen=True, slots=True)
class FieldSurvey:
    """One field of an index.

    Attributes:
        name: full name, sub-fields included (`brand.keyword`).
        type: as the mapping has it; several with `, ` between them where indices disagree.
        searchable, listable: whether it can be searched, and whether its values can be listed.
        fill: share of the documents that carry it, 0..1.
        distinct: about how many different values; None where they cannot be listed.
        values: the most frequent ones with their numbers of documents.
        stats: the spread of a number.
        samples: texts of some documents.
    """

    name: str
    type: str
    searchable: bool = True
    listable: bool = True
    fill: float = 0.0
    distinct: int | None = None
    values: tuple[tuple[str, int], ...] = ()
    stats: Stats | None = None
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IndexSurvey:
    """An index (or alias, or pattern): its fields by name, and some documents chosen at random."""

    index: str
    engine: str
    documents: int
    fields: Mapping[str, FieldSurvey]
    sampled: tuple[Mapping[str, Any], ...] = ()

    def parent(self, name: str) -> FieldSurvey | None:
        """The field that this is a sub-field of (`brand` of `brand.keyword`); None where there is none."""
        above = name.rpartition(".")[0]
        found = self.fields.get(above)
        return None if found is None or found.type in ("object", "nested") else found

    def nested(self, name: str) -> bool:
        """Whether the field lies in nested documents, which a query of the whole document does not see."""
        parts = name.split(".")
        above = (".".join(parts[:end]) for end in range(1, len(parts)))
        return any(at in self.fields and self.fields[at].type == "nested" for at in above)


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """What a model found in sampled texts when it was asked for one of the common labels.

    `share`: of the texts that name it, 0..1. `precision`: by the model's calibration, if it says.
    """

    text: str
    share: float
    examples: tuple[str, ...] = ()
    precision: float | None = None


def strings(document: Mapping[str, Any], name: str) -> list[str]:
    """The texts that a document holds under a field's full name: in objects, in arrays, under dotted keys."""
    return list(_strings(document, name))


def _strings(node: Any, rest: str) -> Iterable[str]:
    if isinstance(node, list):
        for item in node:
            yield from _strings(item, rest)
    elif not rest:
        if isinstance(node, str | int | float) and not isinstance(node, bool):
            yield str(node)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key == rest:
                yield from _strings(value, "")
            elif rest.startswith(f"{key}."):
                yield from _strings(value, rest[len(key) + 1 :])
