"""Which texts and labels make up a batch, and which of its span and label pairs may be taught.

Every batch is a function of the seed and its number alone, so a resumed run draws what an uninterrupted one would have.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from bridge.evaluation import Example

#: Texts are drawn in pools of this many batches, sorted by length inside a pool and cut into batches.
_POOL = 16


@dataclass(frozen=True)
class TrainingSet:
    """One set in memory; `labels` are all labels that it annotates."""

    name: str
    examples: Sequence[Example]
    weight: float = 1.0
    complete: bool = True
    phrasings: dict[str, list[str]] = field(default_factory=dict)
    absent: Sequence[str] = ()
    #: Labels whose absence is certain for a text of this set although the whole inventory is not annotated.
    labels: Sequence[str] = ()
    #: A set whose spans carry many names each: only some of them stand in a batch.
    many_names: bool = False
    #: With `many_names`: by name, the names that may be true of the same span, and those that cannot.
    near: Mapping[str, frozenset[str]] = field(default_factory=dict)
    excluding: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.labels:
            found = dict.fromkeys(m.label for example in self.examples for m in example.mentions)
            object.__setattr__(self, "labels", tuple(sorted(found)))


@dataclass(frozen=True)
class Batch:
    """Texts with their label columns; `targets` (0 to 1) and `known` are per span (see `spans_of`) and column.

    `known[s, c]` is False where the annotation does not say whether span s carries label c.
    """

    texts: list[Example]
    labels: list[str]
    targets: npt.NDArray[np.float32]
    known: npt.NDArray[np.bool_]


def spans_of(words: int, max_width: int) -> npt.NDArray[np.int64]:
    """[n, 2] first and last word of every span of a text, by start, then width."""
    first = np.repeat(np.arange(words), max_width)
    last = first + np.tile(np.arange(max_width), words)
    keep = last < words
    return np.stack([first[keep], last[keep]], axis=1)


class Sampler:
    """Draws batches from weighted sets; batch `number` is the same in every run with the same seed.

    Args:
        sets: at least one set; texts are drawn by `weight`.
        seed: of everything that is random here.
        max_width: longest span in words; longer mentions are not taught.
        max_len: longer texts are cut to this many words.
        batch_texts, batch_words: a batch ends at either limit; words count padded.
        phrasing_rate: how often another phrasing stands for a label.
        max_labels: columns of a batch at most; labels that occur in it come first.
        other_names: columns for names that occur in no text of the batch, from sets with many names.
    """

    def __init__(
        self,
        sets: Sequence[TrainingSet],
        *,
        seed: int,
        max_width: int,
        max_len: int = 384,
        batch_texts: int = 64,
        batch_words: int = 800,
        phrasing_rate: float = 0.5,
        max_labels: int = 160,
        other_names: int = 64,
    ) -> None:
        self._sets, self._seed = list(sets), seed
        self._max_width, self._max_len = max_width, max_len
        self._texts, self._words = batch_texts, batch_words
        self._phrasing_rate, self._max_labels, self._other_names = phrasing_rate, max_labels, other_names
        self._pool_number = -1
        self._pool: list[list[tuple[int, int]]] = []
        #: How many batches the pools before the current one held, by pool.
        self._before = [0]

    def batch(self, number: int) -> Batch:
        """The batch of this number (from 0)."""
        pool = max(0, len(self._before) - 2)
        while pool > 0 and self._before[pool] > number:
            pool -= 1
        while True:
            self._load(pool)
            if number < self._before[pool] + len(self._pool):
                break
            pool += 1
        rows = self._pool[number - self._before[pool]]
        return self._assemble(rows, random.Random(f"{self._seed}/batch/{number}"))

    def _load(self, pool: int) -> None:
        if pool == self._pool_number:
            return
        rng = random.Random(f"{self._seed}/pool/{pool}")
        weights = [s.weight for s in self._sets]
        rows = []
        for chosen in rng.choices(range(len(self._sets)), weights, k=_POOL * self._texts):
            rows.append((chosen, rng.randrange(len(self._sets[chosen].examples))))
        rows.sort(key=lambda row: len(self._sets[row[0]].examples[row[1]].words))
        batches: list[list[tuple[int, int]]] = [[]]
        for row in rows:
            length = len(self._sets[row[0]].examples[row[1]].words)
            full = len(batches[-1]) >= self._texts or (len(batches[-1]) + 1) * length > self._words
            if full and batches[-1]:
                batches.append([])
            batches[-1].append(row)
        rng.shuffle(batches)
        self._pool, self._pool_number = batches, pool
        if len(self._before) == pool + 1:
            self._before.append(self._before[pool] + len(batches))

    def _assemble(self, rows: Sequence[tuple[int, int]], rng: random.Random) -> Batch:
        texts = [self._cut(self._sets[s].examples[e]) for s, e in rows]
        present = sorted({s for s, _ in rows})
        # One column per label text; a set's label points at its column for this batch.
        column: dict[str, int] = {}
        of_set: dict[int, dict[str, int]] = {}
        own = {(s, m.label) for (s, _), text in zip(rows, texts, strict=True) for m in text.mentions}
        wanted = [(s, label) for s in present if not self._sets[s].many_names for label in self._sets[s].labels]
        for s in present:
            if self._sets[s].many_names:
                mine = [text for (other, _), text in zip(rows, texts, strict=True) if other == s]
                own -= {(s, m.label) for text in mine for m in text.mentions}
                chosen, others = self._names(self._sets[s], mine, rng)
                own |= {(s, name) for name in chosen}
                wanted += [(s, name) for name in sorted({*chosen, *others})]
        rng.shuffle(wanted)
        wanted.sort(key=lambda item: item not in own)
        for s, label in wanted[: self._max_labels]:
            names = of_set.setdefault(s, {})
            text = self._phrase(s, label, rng)
            if text in column and column[text] in names.values():
                text = label  # two labels of a set must not share a column
            names[label] = column.setdefault(text, len(column))
        targets, known = [], []
        for (s, _), example in zip(rows, texts, strict=True):
            spans = spans_of(len(example.words), self._max_width)
            hit = np.zeros((len(spans), len(column)), dtype=np.float32)
            sure = np.zeros((len(spans), len(column)), dtype=bool)
            names = of_set.get(s, {})
            source = self._sets[s]
            index = {(int(a), int(b)): i for i, (a, b) in enumerate(spans)}
            if source.many_names:
                self._sure_of_names(example, spans, names, source, sure)
            elif source.complete:
                sure[:, list(names.values())] = True
            else:
                self._sure_of_incomplete(example, spans, names, sure)
            for label in example.unsure:
                if label in names:
                    sure[:, names[label]] = False
            for label in (*source.absent, *example.negatives):
                if label in column:
                    sure[:, column[label]] = True
            for mention in example.mentions:
                at, col = index.get((mention.first, mention.last)), names.get(mention.label)
                if at is not None and col is not None:
                    hit[at, col], sure[at, col] = mention.target, True
            targets.append(hit)
            known.append(sure)
        return Batch(texts, list(column), np.concatenate(targets), np.concatenate(known))

    def _names(self, source: TrainingSet, texts: Sequence[Example], rng: random.Random) -> tuple[set[str], set[str]]:
        """One or two names of every span, and names that are (mostly) wrong: siblings first, then any."""
        chosen: set[str] = set()
        others: set[str] = set()
        for text in texts:
            of_span: dict[tuple[int, int], list[str]] = {}
            for mention in text.mentions:
                of_span.setdefault((mention.first, mention.last), []).append(mention.label)
            for names in of_span.values():
                chosen.update(rng.sample(names, k=min(len(names), rng.randint(1, 2))))
                excluded = sorted(source.excluding.get(names[0], ()))
                others.update(rng.sample(excluded, k=min(len(excluded), 1)))
        more = min(self._other_names, len(source.labels))
        return chosen, others | set(rng.sample(list(source.labels), k=more))

    def _cut(self, example: Example) -> Example:
        if len(example.words) <= self._max_len:
            return example
        kept = tuple(m for m in example.mentions if m.last < self._max_len)
        return replace(example, words=example.words[: self._max_len], mentions=kept)

    def _phrase(self, chosen: int, label: str, rng: random.Random) -> str:
        others = self._sets[chosen].phrasings.get(label)
        return rng.choice(others) if others and rng.random() < self._phrasing_rate else label

    @staticmethod
    def _sure_of_names(
        example: Example,
        spans: npt.NDArray[np.int64],
        names: dict[str, int],
        source: TrainingSet,
        sure: npt.NDArray[np.bool_],
    ) -> None:
        """A name that is not the text's own is wrong everywhere but on spans whose names are near and not excluding."""
        sure[:, list(names.values())] = True
        own: dict[tuple[int, int], set[str]] = {}
        for mention in example.mentions:
            own.setdefault((mention.first, mention.last), set()).add(mention.label)
        present = {name for given in own.values() for name in given}
        for name, col in names.items():
            if name in present:
                continue
            near, excluding = source.near.get(name, frozenset()), source.excluding.get(name, frozenset())
            for (first, last), given in own.items():
                if near & given and not excluding & given:
                    sure[(spans[:, 0] <= last) & (spans[:, 1] >= first), col] = False

    @staticmethod
    def _sure_of_incomplete(
        example: Example, spans: npt.NDArray[np.int64], names: dict[str, int], sure: npt.NDArray[np.bool_]
    ) -> None:
        """An unlabelled span is no negative, but one that cuts across a mention of a label is not that label."""
        for mention in example.mentions:
            col = names.get(mention.label)
            if col is None:
                continue
            overlap = (spans[:, 0] <= mention.last) & (spans[:, 1] >= mention.first)
            sure[overlap, col] = True
