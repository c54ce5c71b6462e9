"""The words of a catalogue: the values of its labels, the ways to write them, and whose they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from bridge.scorer import split_words
from bridge.training.catalog._forms import other_forms, singular
from bridge.training.catalog._items import FITS, MAKERS, Catalogue, Item, about
from bridge.training.catalog._located import folded_words
from bridge.training.catalog._mined import values_in_titles
from bridge.training.catalog._names import NAMES
from bridge.training.catalog._typical import thing_names, typical_values

#: A piece of a query: its text, and its label name; "" is filler without a label, None is of unknown status.
Piece = tuple[str, str | None]

#: Labels whose values are things as well, so that they may begin a thing's name (`orange juice`), by `about`.
_NAMING = re.compile(r"flavou?r|taste|ingredient|material|scent|fragrance")
#: Documents that must hold a text before it counts as a word that describes things.
_SEVERAL = 5


@dataclass
class Vocabulary:
    """The words of a catalogue whose items have what mining found."""

    catalogue: Catalogue

    @cached_property
    def pools(self) -> dict[str, list[str]]:
        """Label name → values, each once."""
        pools, things = {}, self.catalogue.things()
        for name in self.catalogue.labels:
            if not self.catalogue.is_number(name):
                values = [*self.catalogue.counts(name), *self.catalogue.schema.labels[name].synonyms]
                if name not in things:  # a field rarely has all that its titles name
                    known = {value.casefold() for value in values}
                    listed = values_in_titles(typical_values(self.catalogue.labels[name]), self.catalogue)
                    values += [value for value in listed if value.casefold() not in known]
                pools[name] = list(dict.fromkeys(values))
        return pools

    @cached_property
    def forms(self) -> Mapping[str, Mapping[str, list[str]]]:
        """Label name → stored value → ways to write it."""
        makers = {v.casefold() for name, values in self.pools.items() if MAKERS.search(name) for v in values}
        forms = {}
        for name, values in self.pools.items():
            found = dict(other_forms(values, makers, families=name in self.models | self.fits))
            for stored, others in self.catalogue.schema.labels[name].synonyms.items():
                found.setdefault(stored, [stored]).extend(others)
            forms[name] = found
        return forms

    @cached_property
    def labels_of(self) -> dict[tuple[str, ...], set[str]]:
        """Folded text → the labels that have it as a value."""
        found: dict[tuple[str, ...], set[str]] = {}
        for name, forms in self.forms.items():
            for others in forms.values():
                for text in others:
                    found.setdefault(_folded(text), set()).add(name)
        return found

    def alike(self, item: Item) -> Mapping[str, Sequence[str]]:
        """Label name → values, as often as they occur, of items whose things end with the same word as this one's."""
        return next((self._by_head[head] for head in self._heads_of(item) if head in self._by_head), {})

    @cached_property
    def _by_head(self) -> Mapping[tuple[str, ...], Mapping[str, Sequence[str]]]:
        found: dict[tuple[str, ...], dict[str, list[str]]] = {}
        for item in self.catalogue.items:
            for head in self._heads_of(item):
                for name, values in item.values.items():
                    found.setdefault(head, {}).setdefault(name, []).extend(values)
        return found

    def _heads_of(self, item: Item) -> list[tuple[str, ...]]:
        values = [value for name in sorted(self.catalogue.things()) for value in item.values.get(name, ())]
        return [folded_words([singular(value.split()[-1])]) for value in values if value.split()]

    @cached_property
    def thing(self) -> str | None:
        """The label of what is looked for, if it has values."""
        return min((name for name in self.catalogue.things() if self.pools.get(name)), default=None)

    def taken_apart(self, text: str, thing: str) -> list[Piece]:
        """A way to write a thing, in pieces with their label names.

        `laser printer` is a printer where a field of another label holds `laser`: that label has its own word.
        """
        words = text.split()
        for at in range(1, len(words)):
            front, rest = folded_words(words[:at]), " ".join(words[at:])
            if front in self._described and self._is_thing(rest, thing):
                return [(" ".join(words[:at]), self._described[front]), (rest, thing)]
        return [(text, thing)]

    def joined(self, pieces: Sequence[Piece], thing: str) -> list[Piece]:
        """Pieces of which two that stand together are one thing are that thing: `orange` `juice`."""
        found: list[Piece] = []
        for piece in pieces:
            front, label = found[-1] if found else ("", None)
            both = f"{front} {piece[0]}"
            if label in self._naming and piece[1] == thing and self._known(both, thing):
                found[-1] = (both, thing)
            else:
                found.append(piece)
        return found

    @cached_property
    def fits(self) -> frozenset[str]:
        """Labels of what a thing goes with."""
        return self._labels(FITS)

    @cached_property
    def models(self) -> frozenset[str]:
        """Labels that name models."""
        return self._labels(NAMES)

    @cached_property
    def _naming(self) -> frozenset[str]:
        return self._labels(_NAMING)

    def _labels(self, pattern: re.Pattern[str]) -> frozenset[str]:
        return frozenset(name for name in self.pools if pattern.search(about(name, self.catalogue)))

    def _known(self, text: str, thing: str) -> bool:
        return any(thing in self.labels_of.get(form, ()) or form in self._akin for form in _forms(text))

    @cached_property
    def akin(self) -> Sequence[str]:
        """Compounds of the shipped list that end as several things here do, where no field holds things.

        Titles of a small shop may not show that `orange juice` is a thing and no juice with a flavor.
        """
        if self.thing is None or self.catalogue.schema.labels[self.thing].field is not None:
            return ()
        return [name for name in thing_names() if self._heads[folded_words([name.split()[-1]])] > 1]

    @cached_property
    def unseen(self) -> Mapping[str, Sequence[str]]:
        """Label name → what the shipped lists know of it and no title has, for labels without a field.

        Values of two labels of the schema are left out: `lemon` is a flavor or a scent. So are makers: those of the
        lists make other things.
        """
        keywords = [name for name in self.pools if name not in self.catalogue.things() and not MAKERS.search(name)]
        listed = {name: typical_values(self.catalogue.labels[name]) for name in keywords}
        owners = Counter(value for values in listed.values() for value in values)
        return {
            name: [value for value in values if owners[value] == 1 and not self.labels_of.get(_folded(value))]
            for name, values in listed.items()
            if self.catalogue.schema.labels[name].field is None
        }

    @cached_property
    def _akin(self) -> frozenset[tuple[str, ...]]:
        return frozenset(folded_words(name.split()) for name in self.akin)

    def _is_thing(self, text: str, thing: str) -> bool:
        return self._known(text, thing) or any(self._heads[form] > 1 for form in _forms(text))

    @cached_property
    def _heads(self) -> Counter[tuple[str, ...]]:
        """Last words of things, with how many things they end."""
        pools = [self.pools.get(name, ()) for name in self.catalogue.things()]
        return Counter(folded_words(value.split()[-1:]) for values in pools for value in values if value.split())

    @cached_property
    def _described(self) -> dict[tuple[str, ...], str]:
        """Folded text → the label that describes things and whose field holds it in several documents."""
        found: dict[tuple[str, ...], Counter[str]] = {}
        for name in self.pools:
            bound = self.catalogue.schema.labels[name].field is not None
            if not bound or name in self.catalogue.things() | self.fits | self.models:
                continue
            for stored, count in self.catalogue.counts(name).items():
                for form in self.forms[name].get(stored, [stored]):
                    found.setdefault(_folded(form), Counter())[name] += count
        most = {text: names.most_common(1)[0] for text, names in found.items()}
        return {text: name for text, (name, count) in most.items() if count >= _SEVERAL}


def _forms(text: str) -> set[tuple[str, ...]]:
    """Its folded words, also with the last one in the singular."""
    return {_folded(form) for form in (text, singular(text))}


def _folded(text: str) -> tuple[str, ...]:
    return folded_words(split_words(text).texts)
