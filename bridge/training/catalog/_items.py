"""A catalogue as training sees it: of each document its texts and, by label, the values that its fields hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from bridge.schema import Schema, is_currency
from bridge.training.catalog._documents import Document, field_values
from bridge.training.catalog._forms import singular, values_in
from bridge.training.catalog._located import folded_words
from bridge.training.catalog._names import NAMES, are_coded, name_in
from bridge.training.catalog._typical import typical_values

#: Label names that say that its values are the things themselves, where no label says `position: head`.
_THINGS = re.compile(r"\b(type|kind|category|item|product|dish|article)s?\b")
#: Labels of makers, and of what a thing goes with, by what is said about them (`about`).
MAKERS = re.compile(r"brand|maker|manufacturer|vendor|producer")
FITS = re.compile(r"compatib|fits|works with|device")
_IN_NAMES = re.compile(f"{MAKERS.pattern}|{FITS.pattern}")
#: Words of a description that are read at most.
_DESCRIPTION_WORDS = 40
#: A text that is a value of two labels stays one of the label where it is rarer than this share of the other.
_RARELY = 0.1


@dataclass
class Item:
    """One document: `title` is its first text field, `values` and `amounts` are by label name."""

    title: str
    description: str = ""
    values: dict[str, list[str]] = field(default_factory=dict)
    amounts: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Catalogue:
    """All documents with what the schema calls their parts."""

    schema: Schema
    items: Sequence[Item]
    #: Label name → what the model is asked for; only labels that the model looks for.
    labels: Mapping[str, str]

    def things(self) -> frozenset[str]:
        """Names of labels whose values are what is looked for: `position: head`, else by their names."""
        schema = self.schema
        heads = {name for name in self.labels if schema.labels[name].position == "head"}
        named = {name for name, text in self.labels.items() if _THINGS.search(text) and not self.is_number(name)}
        return frozenset(heads or named)

    def is_number(self, label: str) -> bool:
        return self.schema.labels[label].kind in ("number", "range")

    def is_price(self, label: str) -> bool:
        return self.is_number(label) and is_currency(self.schema.labels[label].unit)

    def fill_rate(self, label: str) -> float:
        """Share of documents that have a value of a label; counted anew each time."""
        filled = sum(label in item.values or label in item.amounts for item in self.items)
        return filled / max(1, len(self.items))

    def counts(self, label: str) -> Counter[str]:
        """How many documents carry each value of a keyword label."""
        return Counter(value for item in self.items for value in item.values.get(label, ()))


def read_catalogue(schema: Schema, documents: Iterable[Document]) -> Catalogue:
    """The items of a schema's documents; those without a title are left out."""
    labels = schema.model_labels()
    items = []
    for document in documents:
        texts = [" ".join(str(v) for v in field_values(document, name) if isinstance(v, str)) for name in schema.text]
        title = " ".join(texts[0].split())
        if not title:
            continue
        item = Item(title, " ".join(" ".join(texts[1:]).split()[:_DESCRIPTION_WORDS]))
        for name in labels:
            bound = schema.labels[name].field
            if bound is None:
                continue
            stored = field_values(document, bound)
            if schema.labels[name].kind in ("number", "range"):
                least = 1.0 if schema.labels[name].unit is None else 0.0  # nobody asks for a pack of one
                if amounts := [v for v in stored if isinstance(v, float) and v > least]:
                    item.amounts[name] = amounts
            elif values := [v for text in stored if isinstance(text, str) for v in values_in(text) if v != title]:
                item.values[name] = values
        items.append(item)
    catalogue = Catalogue(schema, items, labels)
    _drop_what_is_no_value(catalogue)
    _keep_names_only(catalogue)
    return catalogue


def _drop_what_is_no_value(catalogue: Catalogue) -> None:
    """Take out values that are far longer than others of their label, or nearly always values of another label."""
    keywords = [name for name in catalogue.labels if not catalogue.is_number(name)]
    counts = {name: catalogue.counts(name) for name in keywords}
    longest = {
        name: max(2.0, 2 * median(len(value.split()) for value in found)) for name, found in counts.items() if found
    }
    most: Counter[str] = Counter()
    for found in counts.values():
        for value, count in found.items():
            most[value.casefold()] = max(most[value.casefold()], count)
    for item in catalogue.items:
        for name, values in list(item.values.items()):
            kept = [
                value
                for value in values
                if len(value.split()) <= longest[name] and counts[name][value] >= _RARELY * most[value.casefold()]
            ]
            if kept:
                item.values[name] = kept
            else:
                del item.values[name]


def _keep_names_only(catalogue: Catalogue) -> None:
    """Of the values of labels that name models by designations keep what names one."""
    said = {name: about(name, catalogue) for name in catalogue.labels if not catalogue.is_number(name)}
    naming = [name for name in said if NAMES.search(said[name]) and are_coded(catalogue.counts(name))]
    if not naming:
        return
    kinds = catalogue.things()
    called = [v for name in kinds for v in (*catalogue.counts(name), *typical_values(catalogue.labels[name]))]
    things = {singular(value.split()[-1].casefold()) for value in called}
    # A maker, and what a thing goes with, may be part of a name; a colour or a connector is none.
    telling = [name for name in said if name not in {*naming, *kinds} and not _IN_NAMES.search(said[name])]
    several = (value for name in telling for value, count in catalogue.counts(name).items() if count > 1)
    others = {words[0] for value in several if len(words := folded_words([value])) == 1}
    for item in catalogue.items:
        for name in naming:
            found = (name_in(value, things, others) for value in item.values.pop(name, ()))
            if kept := [value for value in dict.fromkeys(found) if value is not None]:
                item.values[name] = kept


def about(name: str, catalogue: Catalogue) -> str:
    """What a label's name and text say of it."""
    return f"{name.replace('_', ' ')} {catalogue.labels[name]}"
