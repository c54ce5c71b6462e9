"""Micro-batching: requests that arrive together are scored together.

Engines send one document or one query per request. Each request thread hands its texts to a *lane* and waits; the
lane's own thread takes what has gathered, up to a budget of words, and scores it in one forward pass. Queries and
documents have a lane each. A document batch is cut to what the model does in a few milliseconds, and no document
batch starts while queries wait, so a bulk load costs a query at most about one such batch.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Protocol, cast

from bridge.entities import TaggedText
from bridge.errors import DeadlineExceededError, NotReadyError, OverloadedError
from bridge.scorer import Calibration
from bridge.sidecar._metrics import Metrics

log = logging.getLogger("bridge.sidecar")

#: Words that a batch of documents may always have, however slow the model is: some ten product titles with labels.
MIN_BATCH_WORDS = 256

Threshold = float | Mapping[str, float] | None
Labels = Sequence[str] | Sequence[Sequence[str]]


class Predictor(Protocol):
    """What the lanes need of `bridge.scorer.Scorer`."""

    @property
    def name(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def calibration(self) -> Calibration | None: ...
    def predict(
        self,
        texts: Sequence[str],
        labels: Labels,
        threshold: Threshold = None,
        *,
        flat: bool = True,
        multi_label: bool = False,
        batch_size: int = 8,
        runners_up: int = 0,
    ) -> list[TaggedText]: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a thread scores: when it stops waiting, and whether anybody waits at all."""

    deadline: float | None = None
    gone: Callable[[], bool] | None = None


_caller: ContextVar[Caller] = ContextVar("bridge_sidecar_caller")
_ANYONE = Caller()


@contextmanager
def calling(*, deadline: float | None = None, gone: Callable[[], bool] | None = None) -> Iterator[None]:
    """Scoring inside this block gives up at `deadline` (a `time.monotonic()` value) or when `gone()` is true."""
    token = _caller.set(Caller(deadline, gone))
    try:
        yield
    finally:
        _caller.reset(token)


@dataclass(slots=True)
class _Job:
    """The texts of one request; `taken` of them went to the model, `missing` have no result yet."""

    texts: list[str]
    labels: list[tuple[str, ...]]
    costs: list[int]
    #: Only jobs with equal settings can share a forward pass.
    settings: tuple[object, ...]
    threshold: Threshold
    flat: bool
    multi_label: bool
    runners_up: int
    caller: Caller
    submitted: float
    results: list[TaggedText | None] = field(default_factory=list)
    taken: int = 0
    missing: int = 0
    abandoned: bool = False
    error: Exception | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def fail(self, error: Exception) -> None:
        self.error = error
        self.done.set()


def _for_each(labels: Labels, count: int) -> list[tuple[str, ...]]:
    """The labels of each text; one list of names is shared by all."""
    names = [label for label in labels if isinstance(label, str)]
    if len(names) == len(labels):
        return [tuple(names)] * count
    return [tuple(one) for one in labels]


def cost_of(text: str, labels: Sequence[str]) -> int:
    """Words that the model reads for a text, the labels of its prompt included; scripts without spaces by length."""
    return max(text.count(" ") + 1, len(text) // 8) + len(labels)


class Lane:
    """One queue with its own scoring thread. Behaves as a scorer: `predict` waits until its texts were scored."""

    def __init__(
        self,
        name: str,
        scorer: Predictor,
        metrics: Metrics,
        *,
        batch_words: int,
        queue_words: int,
        gather_seconds: float = 0.0,
        batch_seconds: float | None = None,
        after: Lane | None = None,
    ) -> None:
        """`batch_seconds` bounds a batch by time instead of `batch_words`; `after` names the lane that goes first."""
        self.lane = name
        self._scorer = scorer
        self._batch_words = batch_words
        self._queue_words = queue_words
        self._gather = gather_seconds
        self._batch_seconds = batch_seconds
        self._after = after
        self._jobs: deque[_Job] = deque()
        self._waiting_words = 0
        self._busy = False
        #: Words a second that the model managed lately; None before the first batch.
        self._rate: float | None = None
        self._stopped = False
        self._changed = threading.Condition()
        self._batches = metrics.batches.labels(name)
        self._batch_requests = metrics.batch_requests.labels(name)
        self._batch_texts = metrics.batch_texts.labels(name)
        self._seconds = metrics.batch_seconds.labels(name)
        self._depth = metrics.queue_words.labels(name)
        self._waited = metrics.queue_seconds.labels(name)
        self._abandoned = metrics.abandoned.labels(name)
        self._overloaded = metrics.overloaded.labels(name)
        self._thread = threading.Thread(target=self._run, name=f"bridge-{name}", daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        return self._scorer.name

    @property
    def fingerprint(self) -> str:
        return self._scorer.fingerprint

    @property
    def calibration(self) -> Calibration | None:
        return self._scorer.calibration

    @property
    def idle(self) -> bool:
        """Whether nothing waits and nothing is being scored."""
        return not self._jobs and not self._busy

    def predict(
        self,
        texts: Sequence[str],
        labels: Labels,
        threshold: Threshold = None,
        *,
        flat: bool = True,
        multi_label: bool = False,
        batch_size: int = 8,  # noqa: ARG002 - the lane decides what is scored together
        runners_up: int = 0,
    ) -> list[TaggedText]:
        """As `Scorer.predict`. Raises OverloadedError (queue full), DeadlineExceededError, NotReadyError (stopping)."""
        if not texts:
            return []
        each = _for_each(labels, len(texts))
        frozen = tuple(sorted(threshold.items())) if isinstance(threshold, Mapping) else threshold
        job = _Job(
            texts=list(texts),
            labels=each,
            costs=[cost_of(text, one) for text, one in zip(texts, each, strict=True)],
            settings=(frozen, flat, multi_label, runners_up),
            threshold=threshold,
            flat=flat,
            multi_label=multi_label,
            runners_up=runners_up,
            caller=_caller.get(_ANYONE),
            submitted=time.monotonic(),
            results=[None] * len(texts),
            missing=len(texts),
        )
        self._submit(job)
        deadline = job.caller.deadline
        if not job.done.wait(None if deadline is None else max(0.0, deadline - time.monotonic())):
            job.abandoned = True
            raise DeadlineExceededError("the time budget ran out while waiting for the model")
        if job.error is not None:
            raise job.error
        return cast("list[TaggedText]", job.results)

    def stop(self) -> None:
        """Refuse new work, fail what waits, end the thread. Idempotent."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._thread.join(timeout=5.0)

    # -- request threads ------------------------------------------------------------------------------------------

    def _submit(self, job: _Job) -> None:
        words = sum(job.costs)
        with self._changed:
            if self._stopped:
                raise NotReadyError("the sidecar is stopping")
            waiting = self._waiting_words
            # A single request larger than the queue is still served when nothing else waits.
            full = waiting > 0 and waiting + words > self._queue_words
            deadline = job.caller.deadline
            late = (
                deadline is not None
                and self._rate is not None
                and waiting > 0
                and waiting / self._rate > deadline - time.monotonic()
            )
            if full or late:
                self._overloaded.inc()
                wait = waiting / self._rate if self._rate else 1.0
                raise OverloadedError(
                    "too many requests are waiting for the model", retry_after=min(max(wait, 1.0), 60.0)
                )
            self._jobs.append(job)
            self._count(words)
            self._changed.notify()

    def _count(self, words: int) -> None:
        self._waiting_words += words
        # By difference: each model has lanes of its own, and the metric sums them up.
        self._depth.inc(words)

    # -- the scoring thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._jobs and not self._stopped:
                    self._changed.wait()
                if self._stopped:
                    for job in self._jobs:
                        job.fail(NotReadyError("the sidecar is stopping"))
                    self._jobs.clear()
                    return
                lonely = len(self._jobs) == 1 and len(self._jobs[0].texts) == 1
            if lonely and self._gather:
                time.sleep(self._gather)  # a moment for requests that arrive together
            if self._after is not None:
                self._let_others_pass(self._after)
            with self._changed:
                batch = self._take()
                self._busy = bool(batch)
            if batch:
                try:
                    self._score(batch)
                finally:
                    self._busy = False

    def _let_others_pass(self, other: Lane) -> None:
        # Bounded, so that a stream of queries slows documents down but never stops them.
        until = time.monotonic() + 0.25
        while not other.idle and time.monotonic() < until and not self._stopped:
            time.sleep(0.001)

    def _budget(self) -> float:
        """Words of the next batch."""
        if self._batch_seconds is None:
            return self._batch_words
        # A floor, or a slow moment would make batches so small that their overhead keeps them slow.
        return min(self._batch_words, max(MIN_BATCH_WORDS, self._batch_seconds * (self._rate or 0.0)))

    def _take(self) -> list[tuple[_Job, int]]:
        """The texts of the next batch, oldest request first; requests with other settings keep their place."""
        batch: list[tuple[_Job, int]] = []
        left = self._budget()
        settings: tuple[object, ...] | None = None
        keep: deque[_Job] = deque()
        now = time.monotonic()
        while self._jobs:
            job = self._jobs.popleft()
            if self._nobody_waits(job, now):
                self._count(-sum(job.costs[job.taken :]))
                continue
            if settings is not None and job.settings != settings:
                keep.append(job)
                continue
            settings = job.settings
            if job.taken == 0:
                self._waited.observe(now - job.submitted)
            while job.taken < len(job.texts) and (not batch or job.costs[job.taken] <= left):
                batch.append((job, job.taken))
                left -= job.costs[job.taken]
                self._count(-job.costs[job.taken])
                job.taken += 1
            if job.taken < len(job.texts):
                keep.append(job)
                break
        keep.extend(self._jobs)
        self._jobs = keep
        return batch

    def _nobody_waits(self, job: _Job, now: float) -> bool:
        caller = job.caller
        late = caller.deadline is not None and now >= caller.deadline
        if not (job.abandoned or late or (caller.gone is not None and caller.gone())):
            return False
        self._abandoned.inc()
        job.fail(DeadlineExceededError("nobody waits for this request any more"))
        return True

    def _score(self, batch: list[tuple[_Job, int]]) -> None:
        started = time.monotonic()
        try:
            tagged = self._predict(batch)
        except Exception as error:
            if len({id(job) for job, _ in batch}) == 1:
                batch[0][0].fail(error)
                self._drop(batch[0][0])
                return
            # One request must not fail the others: each again, alone.
            for job in {id(job): job for job, _ in batch}.values():
                self._score([(one, index) for one, index in batch if one is job])
            return
        seconds = max(time.monotonic() - started, 1e-6)
        rate = sum(job.costs[index] for job, index in batch) / seconds
        self._rate = rate if self._rate is None else 0.7 * self._rate + 0.3 * rate
        self._batches.inc()
        self._batch_requests.observe(len({id(job) for job, _ in batch}))
        self._batch_texts.observe(len(batch))
        self._seconds.observe(seconds)
        for (job, index), result in zip(batch, tagged, strict=True):
            job.results[index] = result
            job.missing -= 1
            if job.missing == 0:
                job.done.set()

    def _predict(self, batch: list[tuple[_Job, int]]) -> list[TaggedText]:
        texts = [job.texts[index] for job, index in batch]
        labels = [job.labels[index] for job, index in batch]
        first = batch[0][0]
        alike = all(one == labels[0] for one in labels)
        return self._scorer.predict(
            texts,
            list(labels[0]) if alike else [list(one) for one in labels],
            first.threshold,
            flat=first.flat,
            multi_label=first.multi_label,
            batch_size=min(len(texts), 32),
            runners_up=first.runners_up,
        )

    def _drop(self, job: _Job) -> None:
        """Forget the rest of a request that failed."""
        with self._changed:
            if job in self._jobs:
                self._jobs.remove(job)
                self._count(-sum(job.costs[job.taken :]))
