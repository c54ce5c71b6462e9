"""Which amounts say by themselves what they are, where labels share a unit: `16 gb` of memory or of storage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from bridge.training.catalog._items import Catalogue, Item

#: A thing whose items have an amount of a label so seldom is not asked for by it.
_RARELY = 0.05


@dataclass
class SharedUnits:
    """The number labels of a catalogue that have a unit in common and cues to tell them apart."""

    catalogue: Catalogue

    @cached_property
    def same_unit(self) -> Mapping[str, frozenset[str]]:
        """Number labels with cues, and the other labels that have their unit as well."""
        labels = {n: self.catalogue.schema.labels[n] for n in self.catalogue.labels if self.catalogue.is_number(n)}
        others = {
            name: frozenset(n for n, one in labels.items() if n != name and one.unit == label.unit)
            for name, label in labels.items()
            if label.cues and label.unit
        }
        return {name: found for name, found in others.items() if found}

    @cached_property
    def _measures(self) -> Mapping[str, Mapping[str, float]]:
        """Thing → number label → share of the items of this thing that have an amount of it."""
        things = self.catalogue.things()
        of_thing: dict[str, list[Item]] = {}
        for item in self.catalogue.items:
            for value in {value for name in things for value in item.values.get(name, ())}:
                of_thing.setdefault(value, []).append(item)
        return {
            thing: {n: count / len(items) for n, count in Counter(n for i in items for n in i.amounts).items()}
            for thing, items in of_thing.items()
        }

    def is_clear(self, name: str, thing: str | None) -> bool:
        """Whether an amount without a cue can only be of this label: no other has its unit, for this thing at least."""
        if name not in self.same_unit:
            return True
        measures = self._measures.get(thing or "", {})
        return name in measures and all(measures.get(other, 0.0) <= _RARELY for other in self.same_unit[name])

    def is_ambiguous(self, name: str, thing: str) -> bool:
        """Whether an amount of this label may be of another one, too, whichever label the thing has amounts of."""
        group = {name, *self.same_unit.get(name, ())} & self.same_unit.keys()
        return bool(group) and not any(self.is_clear(one, thing) for one in group)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the model is asked for by all labels that share a unit."""
        names = {other for name, others in self.same_unit.items() for other in (name, *others)}
        return tuple(sorted(self.catalogue.labels[name] for name in names))
