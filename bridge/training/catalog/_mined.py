"""Values of labels that no field holds, found in titles by the model that training starts from.

One title is often read wrongly, thousands of titles agree: a text counts as a value of a label where the model says so
again and again, or is sure of it.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from bridge.entities import TaggedText
from bridge.scorer import split_words
from bridge.training.catalog._forms import is_common, singular
from bridge.training.catalog._items import MAKERS, Catalogue, about
from bridge.training.catalog._located import Locator, folded_words
from bridge.training.catalog._typical import thing_names, typical_values

#: Titles that the model reads at most.
MOST_TITLES = 2500
#: Spans below this score are no votes.
_LEAST_SCORE = 0.3
#: A text needs this share of its votes for one label, and either several of them with this mean score or a sure one.
_SHARE, _MEAN, _SURE = 0.65, 0.42, 0.75
#: A label that describes things is read from titles where fewer documents than this carry its field.
_FILLED = 0.5
#: What a span's text may begin or end with and a value does not.
_EDGES = " .,;:-–&()"
#: Labels whose values say what was done to a thing, so that they are no part of its name (`smoked` `salmon`).
_TREATING = re.compile(r"\b(prepar\w+|process(ing|ed)?|treat\w*)\b")  # a processor is none

#: Text → label name → scores of the spans with that text and label.
_Votes = dict[str, dict[str, list[float]]]


class TitleReader(Protocol):
    """What mining needs of a scorer."""

    def predict(
        self, texts: Sequence[str], labels: Sequence[str], threshold: float, *, batch_size: int
    ) -> Sequence[TaggedText]: ...


def labels_to_mine(catalogue: Catalogue) -> list[str]:
    """Keyword labels without a field, and labels of things whose field is mostly empty."""
    things = catalogue.things()
    return [
        name
        for name in catalogue.labels
        if not catalogue.is_number(name)
        and (catalogue.schema.labels[name].field is None or (name in things and catalogue.fill_rate(name) < _FILLED))
    ]


def mine(
    catalogue: Catalogue, reader: TitleReader, *, seed: int, report: Callable[[str], None] = lambda _: None
) -> Mapping[str, Counter[str]]:
    """Find values for `labels_to_mine` and put them into the items that have none.

    Args:
        catalogue: its items are changed.
        reader: the model that training starts from.
        seed: of the choice of titles.
        report: receives one line about what was found.

    Returns:
        By label name, the values found with the number of titles that named them.
    """
    wanted = labels_to_mine(catalogue)
    if not wanted:
        return {}
    titles = list(dict.fromkeys(item.title for item in catalogue.items))
    random.Random(f"{seed}/titles").shuffle(titles)
    titles = titles[:MOST_TITLES]
    names = {text: name for name, text in catalogue.labels.items()}
    tagged = reader.predict(titles, list(names), _LEAST_SCORE, batch_size=32)
    votes: _Votes = defaultdict(lambda: defaultdict(list))
    for spans in tagged:
        for span in spans:
            votes[span.text.casefold().strip(_EDGES)][names[span.label]].append(span.score)
    found = _agreed(votes, wanted)
    treatments = _treatments(catalogue)
    for name in catalogue.things().intersection(wanted):
        for value in [v for v in found[name] if v.startswith(treatments)]:
            del found[name][value]
    for name in wanted:
        if MAKERS.search(catalogue.labels[name]):
            found[name].update(_names_in_front(titles))
    # What the lists know of a label is surer than what the model read; a value of several labels stays theirs.
    listed = {name: values_in_titles(_listed(name, catalogue), catalogue) for name in wanted}
    owners: dict[str, set[str]] = {}
    for name, values in listed.items():
        for value in values:
            owners.setdefault(value, set()).add(name)
    for name in wanted:
        for value in [v for v in found[name] if name not in owners.get(v, {name})]:
            del found[name][value]
        found[name].update(listed[name])
    known = _stored_values(catalogue)
    for name in wanted:
        for value in [v for v in found[name] if known.get(_folded(v), name) != name]:
            del found[name][value]
    readings = {
        title: [(span.text.casefold(), names[span.label]) for span in spans]
        for title, spans in zip(titles, tagged, strict=True)
    }
    _give_to_items(catalogue, found, wanted, readings)
    report(f"read {len(titles):,} titles: " + ", ".join(f"{len(found[n]):,} {catalogue.labels[n]}" for n in wanted))
    return found


def _listed(name: str, catalogue: Catalogue) -> Sequence[str]:
    """What the lists know of a label; things have compounds, too, whose parts no other label should get.

    `orange juice` is one, `smoked salmon` is not where a label asks how things are prepared.
    """
    own = typical_values(catalogue.labels[name])
    if name not in catalogue.things():
        return own
    labels = [other for other in catalogue.labels if other != name]
    others = {value for other in labels for value in typical_values(catalogue.labels[other])}
    apart = _treatments(catalogue)
    compounds = (thing for thing in thing_names() if thing not in others)
    return [thing for thing in (*own, *compounds) if not thing.startswith(apart)]


def _treatments(catalogue: Catalogue) -> tuple[str, ...]:
    """What things are prepared by, as names of things would begin with it: `smoked `, `whole bean `."""
    treating = [catalogue.labels[name] for name in catalogue.labels if _TREATING.search(about(name, catalogue))]
    return tuple(f"{value} " for label in treating for value in typical_values(label))


def _agreed(votes: _Votes, wanted: Sequence[str]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {name: Counter() for name in wanted}
    for text, by_label in votes.items():
        total = sum(sum(scores) for scores in by_label.values())
        label, scores = max(by_label.items(), key=lambda item: sum(item[1]))
        mean = sum(scores) / len(scores)
        agreed = (len(scores) > 1 and mean >= _MEAN) or mean >= _SURE
        if label in found and agreed and sum(scores) >= _SHARE * total and any(c.isalpha() for c in text):
            found[label][text] += len(scores)
    return found


def _names_in_front(titles: Sequence[str]) -> Counter[str]:
    """Names that titles begin with: the part before the first comma, or one to three words that many share."""
    before_comma = Counter(t.split(",")[0].strip().casefold() for t in titles if t.count(",") > 1)
    beginnings: Counter[tuple[str, ...]] = Counter()
    for title in titles:
        first = tuple(title.casefold().split(",")[0].split())
        beginnings.update(first[:length] for length in range(1, min(4, len(first) + 1)))
    longer: Counter[tuple[str, ...]] = Counter()
    for words, count in beginnings.items():
        longer[words[:-1]] = max(longer[words[:-1]], count)
    found: Counter[str] = Counter()
    for words, count in beginnings.items():
        shorter = beginnings.get(words[:-1], 0)
        # Where it ends: nearly all that begin so go on with it, and what follows it differs.
        ends = longer[words] < 0.7 * count and (len(words) == 1 or count >= 0.7 * shorter)
        if count >= 4 and ends and words[0].isalpha() and not all(is_common(word) for word in words):
            found[" ".join(words)] += count
    for name, count in before_comma.items():
        parts = name.split()
        if count > 1 and 0 < len(parts) <= 3 and not any(" ".join(parts[:n]) in found for n in range(1, len(parts))):
            found[name] += count
    return found


def values_in_titles(values: Sequence[str], catalogue: Catalogue) -> Counter[str]:
    """How many titles name each value; those that hardly any names are left out."""
    locator = Locator((value, value) for value in values)
    found: Counter[str] = Counter()
    for item in catalogue.items:
        found.update(list(dict.fromkeys(value for _, _, value in locator.find(split_words(item.title).texts))))
    least = 2 if len(catalogue.items) > 200 else 1
    return Counter({value: count for value, count in found.items() if count >= least})


def _folded(text: str) -> str:
    return " ".join(folded_words([text]))


def _stored_values(catalogue: Catalogue) -> Mapping[str, str]:
    """Texts that a field holds, with the label whose field it is."""
    return {
        _folded(value): name
        for name in catalogue.labels
        if not catalogue.is_number(name) and catalogue.schema.labels[name].field is not None
        for value in catalogue.counts(name)
    }


def _give_to_items(
    catalogue: Catalogue,
    found: Mapping[str, Counter[str]],
    wanted: Sequence[str],
    readings: Mapping[str, Sequence[tuple[str, str]]],
) -> None:
    """Put what is found in a title into the item's values, where its field has none.

    `readings` are by title the texts that the model read in it, with label names.
    """
    ranked = sorted(((count, value, name) for name in wanted for value, count in found[name].items()), reverse=True)
    owners: dict[str, list[str]] = {}
    for _, value, name in ranked:
        owners.setdefault(value, []).append(name)
    locator = Locator((value, value) for _, value, _ in ranked)
    things = catalogue.things()
    located: list[tuple[str, list[str]]] = []
    usual = _Usual()
    for item in catalogue.items:
        words = split_words(item.title).texts
        own = Locator((value, name) for name, values in item.values.items() for value in values)
        taken = [at for first, last, _ in own.find(words) for at in range(first, last + 1)]
        values = [value for _, _, value in locator.find(words, taken=taken)]
        named = [value for value in values if owners[value][0] in things]
        kind = singular(named[0].split()[-1]) if named else ""
        located.append((kind, values))
        usual.add(kind, readings.get(item.title, ()))
    for item, (kind, values) in zip(catalogue.items, located, strict=True):
        given: dict[str, list[str]] = {}
        for value in values:
            first, *_ = owners[value]
            others = [name for name in owners[value] if name not in things]
            given.setdefault(first if first in things else usual.label(kind, value, others), []).append(value)
        for name, new in given.items():
            item.values.setdefault(name, new)


class _Usual:
    """What the model reads in titles of each kind of thing: there is a flavor of tea, and a scent of soap."""

    def __init__(self) -> None:
        self._texts: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._labels: dict[str, Counter[str]] = defaultdict(Counter)

    def add(self, kind: str, reading: Iterable[tuple[str, str]]) -> None:
        """Count the texts and label names of a title that names this kind of thing."""
        for text, name in reading:
            self._texts[kind, text][name] += 1
            self._labels[kind][name] += 1

    def label(self, kind: str, value: str, names: Sequence[str]) -> str:
        """The label that a value has there most often, or else whatever has one there; the first of equals."""
        texts, labels = self._texts[kind, value.casefold()], self._labels[kind]
        return max(names, key=lambda name: (texts[name], labels[name]))
