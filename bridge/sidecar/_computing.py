"""One thread for all of torch's work.

OpenMP keeps a pool of workers for every thread that computes. As soon as a process has more workers than cores, they
sleep between products instead of waiting awake, and a short query takes half as long again (measured with libgomp on
two cores). Loading, which computes as well, happens in threads that end, and their pools with them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from bridge.entities import TaggedText
from bridge.scorer import Calibration, Scorer

T = TypeVar("T")

#: Names that are encoded before others may compute: thousands of values are, when an index is read.
_NAMES = 32


class Computing:
    """Runs work in the one computing thread, in the order in which it comes."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bridge-model")

    def run(self, work: Callable[[], T]) -> T:
        """The result of `work`; what it raises is raised here."""
        return self._executor.submit(work).result()

    def load(self, work: Callable[[], T]) -> T:
        """The same in a thread of its own that ends: loading takes seconds, and queries go on meanwhile."""
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="bridge-load") as executor:
            return executor.submit(work).result()

    def stop(self) -> None:
        """Take no more work."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class ComputedScorer:
    """A scorer whose work is done in the computing thread; behaves as the scorer."""

    def __init__(self, scorer: Scorer, computing: Computing) -> None:
        self._scorer = scorer
        self._computing = computing
        self.name: str = scorer.name
        self.fingerprint: str = scorer.fingerprint
        self.calibration: Calibration | None = scorer.calibration

    @property
    def embeds(self) -> bool:
        return self._scorer.embeds

    def predict(self, *arguments: Any, **options: Any) -> list[TaggedText]:
        """As `Scorer.predict`."""
        return self._computing.run(lambda: self._scorer.predict(*arguments, **options))

    def too_long(self, texts: Sequence[str], labels: Sequence[str]) -> list[str | None]:
        """As `Scorer.too_long`; in the caller's thread, since it is no work of torch."""
        return self._scorer.too_long(texts, labels)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """As `Scorer.embed`; many names let others compute in between."""
        if len(texts) <= _NAMES:
            return self._computing.run(lambda: self._scorer.embed(texts))
        return np.concatenate([self.embed(texts[at : at + _NAMES]) for at in range(0, len(texts), _NAMES)])
