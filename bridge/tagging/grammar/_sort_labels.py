"""Which label an order is about: by the unit or kind of its field, or by its name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bridge.schema import MEASURES, Schema, fold, is_currency
from bridge.tagging.grammar._date_labels import date_labels
from bridge.tagging.grammar._per_schema import per_schema
from bridge.tagging.grammar._sort_words import Meaning, Order, SortPack, load_sort_words
from bridge.tagging.grammar._words import QuantityPack, load_words

#: What units of measure can be ordered by a meaning; the others go by kind, by currency or by name.
_DIMENSIONS: Mapping[Meaning, frozenset[str]] = MappingProxyType(
    {
        "size": frozenset({"length", "area", "volume", "data"}),
        "duration": frozenset({"time", "pages"}),
        "mass": frozenset({"mass"}),
        "speed": frozenset({"speed", "bandwidth"}),
        "power": frozenset({"power"}),
        "sound": frozenset({"sound"}),
        "brightness": frozenset({"light", "brightness"}),
        "temperature": frozenset({"temperature"}),
    }
)
Form = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SortLabel:
    """What the grammar needs of one label with an order."""

    name: str
    kind: str
    unit: str | None
    #: Whether the schema lets it order; one that may not is still known by its name.
    able: bool
    #: A side of a size (`3x4`): it is no size by itself.
    side: bool
    #: Its field holds days, or years of the calendar.
    dates: str | None
    text: str
    cues: tuple[str, ...]
    sort_words: tuple[tuple[Order, str], ...]

    @property
    def dimension(self) -> str | None:
        measure = MEASURES.get(self.unit or "")
        return measure.dimension if measure is not None and self.dates is None else None

    @property
    def words(self) -> frozenset[str]:
        """Every word of its name, text and cues."""
        return frozenset(word for form in (self.name.replace("_", " "), self.text, *self.cues) for word in _form(form))


class SortLabels:
    """The labels of a schema that have an order, to be found by what they measure and by name."""

    def __init__(self, labels: tuple[SortLabel, ...], pack: SortPack, quantities: QuantityPack) -> None:
        self._labels = labels
        self._pack = pack
        self._charges = quantities.charges
        self._names: dict[Form, list[SortLabel]] = {}
        #: First words of every name and phrase.
        self.starters: set[str] = set()
        #: The schema's own words for an order.
        self.phrases: dict[Form, tuple[Order, SortLabel]] = {}
        for label in labels:
            extra = [word for heard in label.words for word in quantities.label_words.get(heard, ())]
            for form in _both_numbers((label.name.replace("_", " "), label.text, *label.cues, *extra)):
                known = self._names.setdefault(form, [])
                if label not in known:
                    known.append(label)
            for order, phrase in label.sort_words:
                self.phrases.setdefault(_form(phrase), (order, label))
        self.starters.update(form[0] for form in (*self._names, *self.phrases) if form)

    def named(self, form: Form) -> SortLabel | None:
        """The label of a name; None where none or several have it."""
        found = self._names.get(form, ())
        return found[0] if len(found) == 1 else None

    def in_units(self, units: Iterable[str]) -> SortLabel | None:
        """The one label that amounts in these units are about; None where none or several are."""
        dimensions = {MEASURES[unit].dimension for unit in units}
        found = [label for label in self._labels if label.dimension in dimensions and not label.side]
        return found[0] if len(found) == 1 else None

    def about(self, meaning: Meaning, names: Iterable[str] = ()) -> SortLabel | None:
        """The one label that may order by a meaning; None where none or several may."""
        wanted = frozenset(names)
        able = [label for label in self._labels if label.able]
        match meaning:
            case "money":
                found = [label for label in able if is_currency(label.unit)]
                found = [label for label in found if not label.words & self._charges] or found
            case "date":
                days = [label for label in able if label.dates == "days"]
                found = days or [label for label in able if label.dates == "years"]
            case "rating":
                found = self._rated(able)
            case "popularity":
                found = self._popular(able)
            case _:
                dimensions = _DIMENSIONS.get(meaning, frozenset())
                found = [label for label in able if label.dimension in dimensions and not label.side]
                found += [label for label in able if label not in found and label.words & wanted]
        return found[0] if len(found) == 1 else None

    def _rated(self, able: Sequence[SortLabel]) -> list[SortLabel]:
        """Stars, else what is called a rating, else the one rank feature that is called nothing else."""
        said = [label for label in able if label.words & self._pack.kinds["rating"]]
        stars = [label for label in able if label.dimension == "rating"]
        both = [label for label in stars if label in said]
        others = [label for label in able if label.kind == "rank" and not label.words & self._pack.kinds["popularity"]]
        return (both if len(stars) > 1 else stars) or said or others

    def _popular(self, able: Sequence[SortLabel]) -> list[SortLabel]:
        said = [label for label in able if label.words & self._pack.kinds["popularity"]]
        ranks = [label for label in able if label.kind == "rank" and not label.words & self._pack.kinds["rating"]]
        both = [label for label in ranks if label in said]
        return (both if len(ranks) > 1 else ranks) or said


@per_schema
def sort_labels(schema: Schema) -> SortLabels | None:
    """The labels of a schema that have an order, prepared once; None where its languages have no words for orders."""
    languages = tuple(schema.languages)
    pack = load_sort_words(languages)
    if pack is None:
        return None
    dates = date_labels(schema, {})
    labels = tuple(
        SortLabel(
            name,
            label.kind,
            label.unit,
            label.sort != "off" and label.use != "ignore",
            label.dimension is not None,
            dates.get(name),
            schema.label_text(name),
            tuple(label.cues),
            tuple((order, phrase) for order, phrases in sorted(label.sort_words.items()) for phrase in phrases),
        )
        for name, label in schema.labels.items()
        if label.kind in ("number", "date", "rank")
    )
    return SortLabels(labels, pack, load_words(languages).pack)


def _form(written: str) -> Form:
    return tuple(fold(written).replace("-", " ").split())


def _both_numbers(written: Iterable[str]) -> list[Form]:
    """Names as they are, and with their last word in the other number: `reviews` and `review`."""
    forms: list[Form] = []
    for text in written:
        form = _form(text)
        if form:
            last = form[-1]
            forms += [form, (*form[:-1], last[:-1] if last.endswith("s") and not last.endswith("ss") else f"{last}s")]
    return forms
