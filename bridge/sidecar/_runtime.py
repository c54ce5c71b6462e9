"""The running state behind the routes: schemas, models, lanes, values; and its life from cold to warm to stopped."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, TypeVar, cast

from pydantic import SecretStr

from bridge.engines import Engine, connect
from bridge.errors import BridgeError, DeadlineExceededError, NotReadyError, UnknownSchemaError
from bridge.query import Encoder, QueryParser, StaticValues
from bridge.schema import Schema, load_schemas
from bridge.scorer import DtypeSetting, RuntimeSetting, Scorer
from bridge.sidecar._auth import Keys
from bridge.sidecar._batching import Lane
from bridge.sidecar._computing import ComputedScorer, Computing
from bridge.sidecar._config import SidecarConfig
from bridge.sidecar._metrics import Metrics
from bridge.sidecar._values import LiveValues, Refresher
from bridge.tagging import Dictionary, Tagger

log = logging.getLogger("bridge.sidecar")

T = TypeVar("T")
Status = Literal["starting", "ready", "failed", "stopping"]
#: `dtype`, `runtime` and `device` of a schema's model.
Way = tuple[DtypeSetting, RuntimeSetting, str]
#: Seconds that counting may take at the engine, whatever is left of a request's own time.
COUNT_SECONDS = 1.0
#: How long readiness waits for the first reading of the indices, counted from the start.
FIRST_READING_SECONDS = 20.0
_WARM_TEXT = "organic coffee under $20, 15.6 inch laptop by a brand in red cotton"


@dataclass(frozen=True, slots=True)
class Model:
    """One checkpoint with its two lanes."""

    scorer: ComputedScorer
    queries: Lane
    documents: Lane


class Served:
    """One schema as it is served: its values, and the tagger and the parser made from it."""

    def __init__(self, schema: Schema, values: LiveValues, model: Model, counter: Engine | None, pinned: Path | None):
        self.schema = schema
        self.values = values
        self.counter = counter
        # A lane takes the scorer's place: the same `predict`, through the queue.
        self.tagger = Tagger(schema, cast(Scorer, model.documents), _pinned(schema, pinned))
        self._model = model
        self._parser: tuple[StaticValues, QueryParser] | None = None

    @property
    def parser(self) -> QueryParser:
        """A parser over the values in use now; whoever holds it sees one generation to the end."""
        current = self.values.current
        made = self._parser
        if made is None or made[0] is not current:
            made = self._parser = (current, QueryParser(self.schema, cast(Scorer, self._model.queries), current))
        return made[1]

    @property
    def encoder(self) -> Encoder:
        """What links by meaning: the model itself, beside its lanes."""
        return self._model.scorer

    def too_long(self, texts: list[str]) -> list[str | None]:
        """For each text why the model cannot read it at once beside the schema's labels, or None."""
        return self._model.scorer.too_long(texts, self.tagger.asked)

    def warm(self) -> None:
        """Tag and parse once, so that the first request finds everything loaded."""
        self.tagger.tag([{self.schema.text[0]: _WARM_TEXT}])
        self.parser.parse(_WARM_TEXT)


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Names of the schemas that a reload added, changed and removed; those that stayed as they were are not named."""

    added: list[str]
    changed: list[str]
    removed: list[str]


def _pinned(schema: Schema, folder: Path | None) -> Dictionary | None:
    """The dictionary that documents are tagged with; a file that is there must be usable."""
    file = None if folder is None else folder / f"{schema.name}.json"
    if file is None or not file.exists():
        return None
    return StaticValues.load(file).dictionary()


class Runtime:
    """Everything that requests share. Thread-safe once made.

    SchemaError and SetupError are raised here, at once; loading the model takes seconds and happens in a thread of
    its own (`start`), so that health checks are answered meanwhile.
    """

    def __init__(self, config: SidecarConfig) -> None:
        self.config = config
        self.metrics = Metrics()
        self.keys = Keys(config.keys)
        self.schemas: dict[str, Schema] = load_schemas(config.schemas) if config.schemas else {}
        self.values = {name: self._live_values(schema) for name, schema in self.schemas.items()}
        self.status: Status = "starting"
        self.failure: str | None = None
        self._served: dict[str, Served] = {}
        self._models: dict[tuple[str, str | None, Way], Model] = {}
        self._reloading = threading.Lock()
        self._refresher = Refresher(lambda: [self.values[name] for name in self.schemas], config.refresh_seconds)
        self._computing = Computing()
        self._counting = ThreadPoolExecutor(max_workers=16, thread_name_prefix="bridge-count")
        self._warming = threading.Thread(target=self._warm, name="bridge-warm", daemon=True)

    # -- life ----------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Load and warm the models in the background."""
        self._warming.start()

    def wait(self, seconds: float) -> bool:
        """Wait until warm (or failed), at most `seconds`; whether it is ready."""
        self._warming.join(seconds)
        return self.status == "ready"

    def leave(self) -> None:
        """Say `stopping` from now on, so that load balancers look elsewhere."""
        self.status = "stopping"
        self.metrics.ready.set(0)

    def stop(self) -> None:
        """End all threads. Requests that still wait for the model are failed."""
        self.leave()
        self._refresher.stop()
        for model in self._models.values():
            model.queries.stop()
            model.documents.stop()
        self._computing.stop()
        self._counting.shutdown(wait=False, cancel_futures=True)

    def _warm(self) -> None:
        started = time.monotonic()
        # Beside the loading, and not waited for beyond measure: an engine that hangs must not keep queries away.
        readers = [threading.Thread(target=one.refresh, daemon=True) for one in self.values.values() if one.connected]
        for reader in readers:
            reader.start()
        try:
            for schema in self.schemas.values():
                self._served[schema.name] = self._serve(schema, self.values[schema.name])
            self.model(self.config.model, None, self._default_way())
            for reader in readers:
                reader.join(max(0.0, started + FIRST_READING_SECONDS - time.monotonic()))
            for served in self._served.values():
                served.values.learn(served.encoder)
                served.warm()
        except Exception as error:
            # The process stays up and says why on /readyz: a restart loop would say nothing.
            if isinstance(error, BridgeError):
                self.failure = str(error)
                log.error("not ready: %s", error)
            else:
                self.failure = type(error).__name__
                log.exception("not ready: the model could not be warmed")
            self.status = "failed" if self.status == "starting" else self.status
            return
        if self.status == "starting":
            self._refresher.start()
            self.metrics.ready.set(1)
            self.status = "ready"
            log.info("ready after %.1f s; schemas: %s", time.monotonic() - started, ", ".join(self.schemas) or "none")

    def reload(self) -> Reloaded:
        """Read the schema files again and serve what they say now.

        All or nothing: where a file is wrong or a model cannot be loaded, SchemaError or CheckpointError says so and
        the old schemas stay in force. A changed schema starts with the values that the index has now, or with the
        snapshot. Requests in progress finish with the schema that they began with.

        Raises NotReadyError before the model is warm.
        """
        self.require_ready()
        with self._reloading:
            schemas = load_schemas(self.config.schemas) if self.config.schemas else {}
            before = self.schemas
            fresh = {name: schema for name, schema in schemas.items() if before.get(name) != schema}
            values = {name: self._live_values(schema) for name, schema in fresh.items()}
            served = {name: self._serve(schema, values[name]) for name, schema in fresh.items()}
            for name, one in served.items():
                values[name].refresh()
                values[name].learn(one.encoder)
                one.warm()
            # A name is looked up in `schemas` first, so what it leads to must be there before it and stay behind it.
            self.values = {**self.values, **values}
            self._served = {**self._served, **served}
            self.schemas = schemas
        return Reloaded(
            added=[name for name in schemas if name not in before],
            changed=[name for name in fresh if name in before],
            removed=[name for name in before if name not in schemas],
        )

    def _live_values(self, schema: Schema) -> LiveValues:
        return LiveValues(schema, self._engine(schema), self.metrics, _file(self.config.snapshots, schema.name))

    def _serve(self, schema: Schema, values: LiveValues) -> Served:
        name = self.config.model if schema.model.name == "default" else schema.model.name
        revision = schema.model.revision if name == schema.model.name else None
        model = self.model(name, revision, _way(schema))
        counter = self._engine(schema, COUNT_SECONDS) if schema.relaxation == "counts" else None
        return Served(schema, values, model, counter, self.config.pinned)

    def model(self, name: str, revision: str | None, way: Way) -> Model:
        """A checkpoint with its lanes, loaded once."""
        key = (name, revision, way)
        if key not in self._models:
            config = self.config
            loaded = self._computing.load(
                lambda: Scorer.load(
                    name,
                    revision=revision,
                    offline=config.offline,
                    threads=config.model_threads,
                    dtype=way[0],
                    runtime=way[1],
                    device=way[2],
                )
            )
            log.info("model %s computes in %s by %s on %s", name, loaded.dtype, loaded.runtime, loaded.device)
            for trial in loaded.trials:
                log.info(
                    "model %s in %s on %s: %.2f times as fast as the plain way, %.1f %% of entities differ%s",
                    name,
                    *trial.way,
                    trial.gain,
                    100 * trial.loss,
                    ", in use" if trial.way == (loaded.dtype, loaded.runtime) else "",
                )
            scorer = ComputedScorer(loaded, self._computing)
            scorer.predict([_WARM_TEXT], ["product", "brand"])
            gather = config.gather_ms / 1000
            queries = Lane(
                "query",
                scorer,
                self.metrics,
                batch_words=config.batch_words,
                queue_words=config.queue_words,
                gather_seconds=gather,
            )
            documents = Lane(
                "document",
                scorer,
                self.metrics,
                batch_words=config.batch_words,
                queue_words=config.queue_words,
                gather_seconds=gather,
                batch_seconds=config.document_batch_ms / 1000,
                after=queries,
            )
            self._models[key] = Model(scorer, queries, documents)
        return self._models[key]

    def _engine(self, schema: Schema, timeout: float = 30.0) -> Engine | None:
        config = self.config
        if config.engine_url is None or schema.engine is None:
            return None
        return connect(
            config.engine_url,
            dialect=schema.engine,
            username=config.engine_username,
            password=_revealed(config.engine_password),
            api_key=_revealed(config.engine_api_key),
            ca_certs=None if config.engine_ca_certs is None else str(config.engine_ca_certs),
            verify=config.engine_verify,
            timeout=timeout,
        )

    # -- what routes ask -----------------------------------------------------------------------------------------

    def require_ready(self) -> None:
        """Raise NotReadyError unless the model is warm."""
        if self.status != "ready":
            reason = {"stopping": "the sidecar is stopping", "failed": "the model could not be loaded"}
            raise NotReadyError(reason.get(self.status, "the model is not warm yet"))

    def served(self, name: str) -> Served:
        """A schema that is ready to use. Raises UnknownSchemaError, NotReadyError."""
        if name not in self.schemas:
            raise UnknownSchemaError("no schema of that name is loaded; GET / lists them")
        self.require_ready()
        return self._served[name]

    def default_model(self) -> Model:
        """The model for `/v1/tag` with labels. Raises NotReadyError."""
        self.require_ready()
        name = self.config.model
        # After a reload the schemas may ask for another way than the one that was loaded at the start.
        loaded = {way: model for (own, revision, way), model in self._models.items() if (own, revision) == (name, None)}
        return loaded.get(self._default_way()) or next(iter(loaded.values()))

    def _default_way(self) -> Way:
        """What the schemas over the configured model agree on, so that it is loaded once; else the defaults."""
        ways = {_way(schema) for schema in self.schemas.values() if schema.model.name == "default"}
        return ways.pop() if len(ways) == 1 else ("fp32", "torch", "cpu")

    def within(self, deadline: float, work: Callable[[], T]) -> T:
        """The result of `work`, run in a thread of its own. Raises DeadlineExceededError when it takes too long."""
        future = self._counting.submit(work)
        try:
            return future.result(timeout=max(0.0, deadline - time.monotonic()))
        except TimeoutError:
            future.cancel()
            raise DeadlineExceededError("the time budget ran out while counting hits") from None

    def now(self) -> datetime:
        """The moment that tagged documents are stamped with."""
        return datetime.now(UTC)

    def schema_states(self, names: list[str]) -> dict[str, dict[str, Any]]:
        """What `/readyz` and `/v1/refresh` say of each schema."""
        return {
            name: {
                "values": len(values.current.dictionary()),
                "generation": values.current.generation,
                "state": values.state,
                "age_seconds": None if values.age is None else round(values.age, 1),
                "degraded": values.degraded,
                "capped": list(values.capped),
            }
            for name, values in self.values.items()
            if name in names
        }


def _way(schema: Schema) -> Way:
    return schema.model.dtype, schema.model.runtime, schema.model.device


def _file(folder: Path | None, name: str) -> Path | None:
    return None if folder is None else folder / f"{name}.json"


def _revealed(secret: SecretStr | None) -> str | None:
    return None if secret is None else secret.get_secret_value()
