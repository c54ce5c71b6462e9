"""What is searched for: label sets as callers give them, groups that fit one prompt, and cached label vectors."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from threading import Lock

import torch
from torch import Tensor

from bridge.errors import InputError

#: What callers may give as the labels of one text: names, or names with the descriptions that the model reads.
Labels = str | Sequence[str] | Mapping[str, str]
#: Shared by all texts, or one set a text.
LabelArgument = Labels | Sequence[Labels]
#: Labels that are not in a mapping of thresholds use this one.
DEFAULT_THRESHOLD = 0.5
#: Stacked label sets that are kept beside the single vectors, and the size above which a set is stacked every time.
_LABEL_SETS_KEPT, _LARGEST_SET_KEPT = 32, 1024


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels of one text: what is reported, and what the model reads (the same unless descriptions are given)."""

    names: tuple[str, ...]
    prompts: tuple[str, ...]
    #: The number of each label before the set was sorted; empty where it was not.
    places: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def place(self, number: int) -> int:
        """The number that a label of this set had in the caller's order, duplicates left out."""
        return self.places[number] if self.places else number

    def sorted(self) -> LabelSet:
        """The same labels in the order of what the model reads: one prompt, groups and ties, however they came."""
        places = tuple(sorted(range(len(self)), key=self.prompts.__getitem__))
        return LabelSet(
            tuple(self.names[place] for place in places), tuple(self.prompts[place] for place in places), places
        )


def label_sets(labels: LabelArgument, texts: int, *, sort: bool = False) -> list[LabelSet]:
    """One label set a text, sorted if asked.

    A list that holds a list, tuple or mapping is one set a text; everything else is shared by all texts. Duplicates
    are removed, the first occurrence stays. Names are not lower-cased, and unless `sort` says so not sorted: their
    order is the order of the prompt, which uni-encoders are sensitive to.

    Raises:
        InputError: sets and texts differ in number, a label is no string, or two labels share one description.
    """
    if isinstance(labels, str | Mapping) or not any(isinstance(item, list | tuple | Mapping) for item in labels):
        return [_label_set(labels, "labels", sort)] * texts  # type: ignore[arg-type]
    if len(labels) != texts:
        raise InputError(f"labels are given per text, but there are {len(labels)} label sets for {texts} texts")
    return [_label_set(item, f"labels[{number}]", sort) for number, item in enumerate(labels)]


def _label_set(labels: Labels, where: str, sort: bool) -> LabelSet:
    if isinstance(labels, Mapping):
        names, prompts = tuple(labels), tuple(labels.values())
        if len(set(prompts)) != len(prompts):
            raise InputError("two labels have the same description", where=where)
    else:
        names = prompts = tuple(dict.fromkeys((labels,) if isinstance(labels, str) else labels))
    if not all(isinstance(item, str) for item in (*names, *prompts)):
        raise InputError("labels and their descriptions must be strings", where=where)
    given = LabelSet(names, prompts)
    return given.sorted() if sort else given


def thresholds_of(names: Sequence[str], threshold: float | Mapping[str, float]) -> float | list[float]:
    """The threshold of each label, or the one that all share."""
    if isinstance(threshold, Mapping):
        return [threshold.get(name, DEFAULT_THRESHOLD) for name in names]
    return threshold


def check_threshold(threshold: float | Mapping[str, float]) -> None:
    """Raises InputError unless every threshold is a number in 0..1."""
    entries = threshold.items() if isinstance(threshold, Mapping) else [("", threshold)]
    for name, value in entries:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
            raise InputError(
                f"a threshold must be a number from 0 to 1, got {value!r}",
                where=f"threshold[{name!r}]" if name else "threshold",
            )


def balanced_groups(sizes: Sequence[int], *, max_labels: int, max_subtokens: int) -> list[range]:
    """Split labels into consecutive groups of nearly equal size that each fit one prompt.

    Args:
        sizes: prompt subtokens of each label, its marker included.
        max_labels: labels that a prompt may hold.
        max_subtokens: subtokens that a prompt may hold; a single longer label stands alone.
    """
    total = len(sizes)
    if not total:
        return []
    before = [0]
    for size in sizes:
        before.append(before[-1] + size)
    for count in range(max(math.ceil(total / max_labels), math.ceil(before[-1] / max_subtokens), 1), total + 1):
        edges = [round(total * number / count) for number in range(count + 1)]
        if all(before[b] - before[a] <= max_subtokens or b - a == 1 for a, b in pairwise(edges)):
            return [range(a, b) for a, b in pairwise(edges)]
    return [range(number, number + 1) for number in range(total)]


class LabelVectors:
    """Vectors of labels in a bi-encoder: computed once, kept for the labels used last. Thread-safe.

    Args:
        encode: class vectors [n, D] of n label texts.
        capacity: labels kept; 10 000 vectors of width 512 are 20 MB.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Tensor], capacity: int = 10_000) -> None:
        self._encode = encode
        self._capacity = capacity
        self._vectors: OrderedDict[str, Tensor] = OrderedDict()
        self._stacked: OrderedDict[tuple[str, ...], Tensor] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._vectors)

    def get(self, labels: tuple[str, ...]) -> Tensor:
        """[C, D], one row a label."""
        with self._lock:
            stacked = self._stacked.get(labels)
            if stacked is not None:
                self._stacked.move_to_end(labels)
                return stacked
            known = {label: self._vectors[label] for label in labels if label in self._vectors}
        missing = [label for label in labels if label not in known]
        if missing:  # outside the lock: two threads may compute the same vector, none waits for the other
            known.update(zip(missing, self._encode(missing).clone().unbind(), strict=True))
        stacked = torch.stack([known[label] for label in labels])
        with self._lock:
            for label in labels:
                self._vectors[label] = known[label]
                self._vectors.move_to_end(label)
            while len(self._vectors) > self._capacity:
                self._vectors.popitem(last=False)
            if len(labels) <= _LARGEST_SET_KEPT:
                self._stacked[labels] = stacked
            while len(self._stacked) > _LABEL_SETS_KEPT:
                self._stacked.popitem(last=False)
        return stacked
