"""What queries know of each index: read at start and every few minutes, swapped in whole, kept when reading fails."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from bridge.engines import MAX_VALUES, Engine
from bridge.errors import BridgeError, InputError
from bridge.query import Encoder, StaticValues
from bridge.schema import Schema
from bridge.sidecar._metrics import Metrics

log = logging.getLogger("bridge.sidecar")

#: How the values in use came about.
State = Literal["live", "snapshot", "none"]


class LiveValues:
    """The values of one schema. `current` is immutable and replaced as a whole, so one request sees one generation."""

    def __init__(self, schema: Schema, engine: Engine | None, metrics: Metrics, snapshot: Path | None = None) -> None:
        """`snapshot` is a file that is written after each reading and read where the engine is away at start."""
        self._schema = schema
        self._engine = engine
        self._snapshot = snapshot
        self._lock = threading.Lock()
        self._encoder: Encoder | None = None
        self._read_at: float | None = None
        self._failure: str | None = None
        self._values = metrics.values.labels(schema.name)
        self._degraded = metrics.degraded.labels(schema.name)
        self._refreshes = metrics.refreshes
        metrics.values_age_seconds.labels(schema.name).set_function(lambda: self.age if self.age is not None else -1.0)
        self.current = StaticValues.of(schema, {})
        self.state: State = "none"
        #: Labels that have more values than are read.
        self.capped: tuple[str, ...] = ()
        if snapshot is not None and snapshot.exists():
            try:
                self._use(StaticValues.load(snapshot, schema), "snapshot")
            except InputError as error:
                log.warning("schema %s: the snapshot is not usable: %s", schema.name, error.message)
        self._note()

    @property
    def connected(self) -> bool:
        """Whether there is an engine to read from and to count with."""
        return self._engine is not None

    @property
    def age(self) -> float | None:
        """Seconds since the engine was last read; None where it never was."""
        return None if self._read_at is None else time.monotonic() - self._read_at

    @property
    def degraded(self) -> str | None:
        """Why answers rest on old or no values; None where all is as the schema asks."""
        if self._schema.engine is None and self._engine is None:
            return None
        if self._engine is None:
            return f"no engine is connected; values: {self.state}"
        if self._failure is not None:
            return f"the last reading of the index failed ({self._failure}); values: {self.state}"
        return None if self.state == "live" else f"the index was not read yet; values: {self.state}"

    def refresh(self) -> bool:
        """Read values and facts from the engine now; False where that failed and the last good ones stay."""
        if self._engine is None:
            return False
        with self._lock:
            try:
                found, facts = self._engine.values(self._schema), self._engine.facts(self._schema)
                values = StaticValues.of(self._schema, found, facts.fill_rates, facts.stats)
            except Exception as error:
                self._failure = type(error).__name__
                # What an engine answers may quote documents; our own errors say what is wrong without.
                text = error.message if isinstance(error, BridgeError) else self._failure
                log.warning(
                    "schema %s: reading the values failed, the last good ones stay: %s", self._schema.name, text
                )
                self._refreshes.labels(self._schema.name, "failed").inc()
                self._note()
                return False
            self._failure = None
            self._read_at = time.monotonic()
            if not self._same(values):
                self._use(self._with_meanings(values), "live")
            self.state = "live"
            self._refreshes.labels(self._schema.name, "ok").inc()
            self._note()
            self._save(values)
            return True

    def learn(self, encoder: Encoder) -> None:
        """Link by meaning from now on; takes as long as encoding the values in use. Values of a reading in progress
        get their meanings when it ends."""
        self._encoder = encoder
        if self._lock.acquire(blocking=False):
            try:
                self._use(self._with_meanings(self.current), self.state)
            finally:
                self._lock.release()

    def _with_meanings(self, values: StaticValues) -> StaticValues:
        encoder, file = self._encoder, self._vectors_file
        if encoder is None:
            return values
        first = file is not None and encoder.embeds and self.current.meanings() is None
        known = StaticValues.load_vectors(file, encoder) if first and file is not None else {}
        made = values.with_meanings(self._schema, encoder, self.current, known)
        meanings = made.meanings()
        if file is not None and meanings is not None and (not first or meanings.vectors.keys() != known.keys()):
            self._write(file, lambda part: made.save_vectors(part, encoder))
        return made

    def _use(self, values: StaticValues, state: State) -> None:
        self.current = values
        self.state = state

    def _same(self, values: StaticValues) -> bool:
        """Whether nothing changed: then the object in use stays, and with it the plans cached over it."""
        fields = {self._schema.field_of(label) for label in self._schema.labels}
        current = self.current
        return values.generation == current.generation and all(
            values.fill_rate(field) == current.fill_rate(field) and values.stats(field) == current.stats(field)
            for field in fields
        )

    def _note(self) -> None:
        self._degraded.set(0 if self.degraded is None else 1)
        dictionary = self.current.dictionary()
        self._values.set(len(dictionary))
        self.capped = tuple(label for label in dictionary.labels if len(dictionary.values(label)) >= MAX_VALUES)

    def _save(self, values: StaticValues) -> None:
        if self._snapshot is not None:
            self._write(self._snapshot, values.save)

    @property
    def _vectors_file(self) -> Path | None:
        """Where the values' vectors are kept: beside the snapshot."""
        return None if self._snapshot is None else self._snapshot.with_suffix(".vectors.npz")

    def _write(self, file: Path, save: Callable[[Path], None]) -> None:
        part = file.with_name(f"{file.name}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            save(part)
            part.replace(file)
        except OSError as error:
            log.warning("schema %s: %s cannot be written: %s", self._schema.name, file.name, error.strerror)


class Refresher:
    """A thread that refreshes all values every `seconds`; `all_values` is asked each time, since schemas may change."""

    def __init__(self, all_values: Callable[[], list[LiveValues]], seconds: float) -> None:
        self._all = all_values
        self._seconds = seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bridge-refresh", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a reading in progress is left to end by itself."""
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.wait(self._seconds):
            for values in self._all():
                values.refresh()
