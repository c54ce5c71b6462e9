"""Which texts and labels make up a batch, and which of its span and label pairs may be taught.

Every batch is a function of the seed and its number alone, so a resumed run draws what an uninterrupted one would have.
A batch says what it teaches in a compact form (see `bridge.training._targets`), cheap to hand from process to process.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from bridge.evaluation import Example
from bridge.training._targets import Batch

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
    #: If given: names of sets with many names are absent where a text has no label, except those like these labels.
    possible: Sequence[str] | None = None
    #: The names that are absent so, and by label those of them that its spans may have after all (no entry: any).
    strange: frozenset[str] = frozenset()
    compatible: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.labels:
            found = dict.fromkeys(m.label for example in self.examples for m in example.mentions)
            object.__setattr__(self, "labels", tuple(sorted(found)))


class Sampler:
    """Draws batches from weighted sets; batch `number` is the same in every run with the same seed.

    Args:
        sets: at least one set; texts are drawn by `weight`.
        seed: of everything that is random here.
        max_width: longest span in words; longer mentions are not taught.
        max_len: longer texts are cut to this many words.
        batch_texts, batch_words: a batch ends at either limit; words count padded.
        phrasing_rate: how often another phrasing stands for a label.
        max_labels: columns of a batch at most; see `_rank` for those that come first.
        other_names: columns for names that occur in no text of the batch, from sets with many names.
        drop_rate: share of the labels that a batch leaves out at random, present or not.
        vague_names: every span brings a name that is vague there, to be ordered below one that says more.
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
        drop_rate: float = 0.0,
        vague_names: bool = False,
    ) -> None:
        self._sets, self._seed = list(sets), seed
        self._max_width, self._max_len = max_width, max_len
        self._texts, self._words = batch_texts, batch_words
        self._phrasing_rate, self._max_labels, self._other_names = phrasing_rate, max_labels, other_names
        self._drop_rate, self._vague_names = drop_rate, vague_names
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
        if self._drop_rate:
            wanted = [item for item in wanted if rng.random() >= self._drop_rate] or wanted
        wanted.sort(key=lambda item: self._rank(item[0], item[1], own))
        wanted = wanted[: self._max_labels]
        rng.shuffle(wanted)  # a uni-encoder reads the columns in this order
        for s, label in wanted:
            names = of_set.setdefault(s, {})
            text = self._phrase(s, label, rng)
            if text in column and column[text] in names.values():
                text = label  # two labels of a set must not share a column
            names[label] = column.setdefault(text, len(column))
        hits: list[tuple[int, int, int, int]] = []
        aims: list[float] = []
        sure = np.zeros((len(texts), len(column)), dtype=bool)
        boxes: list[tuple[int, int, int]] = []
        box_open: list[npt.NDArray[np.bool_]] = []
        box_shut: list[npt.NDArray[np.bool_]] = []
        strange_of = {s: self._strange(self._sets[s], column, of_set.get(s, {})) for s in present}
        for row, ((s, _), example) in enumerate(zip(rows, texts, strict=True)):
            names, source, strange = of_set.get(s, {}), self._sets[s], strange_of[s]
            if source.complete:
                sure[row, list(names.values())] = True
            sure[row, list(strange.values())] = True
            sure[row, [names[label] for label in example.unsure if label in names]] = False
            certain = [column[label] for label in (*source.absent, *example.negatives) if label in column]
            sure[row, certain] = True
            for mention in example.mentions:
                col = names.get(mention.label)
                if col is not None and mention.last - mention.first < self._max_width:
                    hits.append((row, mention.first, mention.last, col))
                    aims.append(mention.target)
            for first, last in example.unknown:
                boxes.append((row, first, last))
                box_open.append(np.ones(len(column), dtype=bool))
                box_shut.append(np.zeros(len(column), dtype=bool))
            for (first, last), given in _by_span(example).items():
                left_open, shut = np.zeros(len(column), dtype=bool), np.zeros(len(column), dtype=bool)
                left_open[self._maybe_strange(given, strange, source)] = True
                if source.many_names:
                    left_open[self._maybe_true(example, given, names, source)] = True
                left_open[certain] = False
                if not source.many_names and (not source.complete or example.unknown):
                    # An unlabelled span is no negative, but one that cuts across a mention of a label is not it.
                    shut[[names[label] for label in given if label in names]] = True
                if left_open.any() or shut.any():
                    boxes.append((row, first, last))
                    box_open.append(left_open)
                    box_shut.append(shut)
        none = np.zeros((0, len(column)), dtype=bool)
        return Batch(
            texts=texts,
            labels=list(column),
            max_width=self._max_width,
            hits=np.array(hits, dtype=np.int64).reshape(-1, 4),
            aims=np.array(aims, dtype=np.float32),
            sure=sure,
            boxes=np.array(boxes, dtype=np.int64).reshape(-1, 3),
            box_open=np.stack(box_open) if box_open else none,
            box_shut=np.stack(box_shut) if box_shut else none,
        )

    def _rank(self, chosen: int, label: str, own: set[tuple[int, str]]) -> int:
        """Which labels go first: a set that is annotated whole teaches as much by the labels that a text lacks."""
        source = self._sets[chosen]
        if not source.many_names and (source.complete or (chosen, label) in own):
            return 0
        return 1 if (chosen, label) in own else 2

    def _names(self, source: TrainingSet, texts: Sequence[Example], rng: random.Random) -> tuple[set[str], set[str]]:
        """A few names of every span, and names that are (mostly) wrong: siblings first, then any."""
        chosen: set[str] = set()
        others: set[str] = set()
        for text in texts:
            of_span: dict[tuple[int, int], list[str]] = {}
            vague: dict[tuple[int, int], list[str]] = {}
            for mention in text.mentions:
                of_span.setdefault((mention.first, mention.last), []).append(mention.label)
                if self._vague_names and mention.target < 1:
                    vague.setdefault((mention.first, mention.last), []).append(mention.label)
            for span, names in of_span.items():
                chosen.update(rng.sample(names, k=min(len(names), rng.randint(1, 2))))
                if span in vague:
                    chosen.add(rng.choice(vague[span]))
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
    def _strange(source: TrainingSet, column: Mapping[str, int], own: Mapping[str, int]) -> dict[str, int]:
        """Columns of names that are absent from the unlabelled words of a set, by name."""
        mine = set(own.values())
        return {text: col for text, col in column.items() if text in source.strange and col not in mine}

    @staticmethod
    def _maybe_strange(given: set[str], strange: Mapping[str, int], source: TrainingSet) -> list[int]:
        """Those of the `strange` columns that may be true of a span with the `given` labels."""
        compatible = [source.compatible[label] for label in given if label in source.compatible]
        return [col for text, col in strange.items() if all(text in names for names in compatible)]

    @staticmethod
    def _maybe_true(example: Example, given: set[str], names: dict[str, int], source: TrainingSet) -> list[int]:
        """Columns of names that the text does not have, but that may be true of a span with the `given` names."""
        present = {mention.label for mention in example.mentions}
        return [
            col
            for name, col in names.items()
            if name not in present
            and source.near.get(name, frozenset()) & given
            and not source.excluding.get(name, frozenset()) & given
        ]


def _by_span(example: Example) -> dict[tuple[int, int], set[str]]:
    """The names of every annotated span."""
    own: dict[tuple[int, int], set[str]] = {}
    for mention in example.mentions:
        own.setdefault((mention.first, mention.last), set()).add(mention.label)
    return own
