"""Batches ready for the network, made ahead of it by other processes where a GPU would wait for them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np

from bridge.training._batches import Sampler
from bridge.training._inputs import Inputs
from bridge.training._model import Model
from bridge.training._targets import Batch

#: Batches that each process has ready.
_READY = 6
#: Texts of annotated spans by which a learning label encoder is held to what it knew, a batch.
_VALUES = 96


@dataclass(frozen=True)
class Prepared:
    """A batch with its tensors."""

    batch: Batch
    inputs: Inputs


class Preparer:
    """Batches by number; a sequence as torch's loader wants it.

    Args:
        sampler: draws the batches.
        model: turns texts and labels into tensors.
        seed: of the values drawn.
    """

    def __init__(self, sampler: Sampler, model: Model, *, seed: int) -> None:
        self._sampler, self._model, self._seed = sampler, model, seed

    def __getitem__(self, number: int) -> Prepared:
        batch = self._sampler.batch(number)
        return Prepared(batch, self._inputs(batch, random.Random(f"{self._seed}/values/{number}")))

    def parts(self, prepared: Prepared, count: int) -> Iterator[Prepared]:
        """A batch in up to `count` parts of its texts, with the same labels."""
        if count == 1:
            yield prepared
            return
        for rows in np.array_split(np.arange(len(prepared.batch.texts)), min(count, len(prepared.batch.texts))):
            batch = some_texts(prepared.batch, rows.tolist())
            yield Prepared(batch, self._inputs(batch, random.Random(self._seed)))

    def _inputs(self, batch: Batch, rng: random.Random) -> Inputs:
        values: list[str] = []
        if self._model.recipe.labels_learn and self._model.recipe.anchor:
            found = [" ".join(text.words[m.first : m.last + 1]) for text in batch.texts for m in text.mentions]
            found = sorted(set(found))
            values = rng.sample(found, k=min(len(found), _VALUES))
        return self._model.inputs([text.words for text in batch.texts], batch.labels, values=values)


def some_texts(batch: Batch, rows: Sequence[int]) -> Batch:
    """The batch of some of its texts, given in rising order."""
    place = {row: at for at, row in enumerate(rows)}
    hits = np.array([row in place for row in batch.hits[:, 0].tolist()], dtype=bool)
    boxes = np.array([row in place for row in batch.boxes[:, 0].tolist()], dtype=bool)

    def renumbered(table: Any) -> Any:
        table = table.copy()
        table[:, 0] = [place[row] for row in table[:, 0].tolist()]
        return table

    return replace(
        batch,
        texts=[batch.texts[row] for row in rows],
        hits=renumbered(batch.hits[hits]),
        aims=batch.aims[hits],
        sure=batch.sure[list(rows)],
        boxes=renumbered(batch.boxes[boxes]),
        box_open=batch.box_open[boxes],
        box_shut=batch.box_shut[boxes],
    )


def ahead(preparer: Preparer, first: int, workers: int) -> Iterator[Prepared]:
    """The batches from number `first` on, without end, made by `workers` other processes (0: here, when asked for)."""
    if workers == 0:
        number = first
        while True:
            yield preparer[number]
            number += 1
    from torch.utils.data import DataLoader

    loader: Any = DataLoader(
        cast(Any, preparer),
        sampler=cast(Any, range(first, 2**31)),
        batch_size=None,
        num_workers=workers,
        prefetch_factor=_READY,
        multiprocessing_context="fork",
    )
    yield from loader
