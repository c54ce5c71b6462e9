"""Ways to search an index, as the measuring commands compare them: plainly, or with the bridge."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.errors import CheckpointError, InputError

if TYPE_CHECKING:
    from bridge.clauses import Plan
    from bridge.engines import Engine
    from bridge.query import QueryParser, StaticValues
    from bridge.schema import Schema
    from bridge.scorer import Scorer


@dataclass(frozen=True, slots=True)
class Way:
    """One way from a search body to an answer.

    `prepare` rewrites a body in this process; `pipeline` is the search pipeline of the engine that it is sent through.
    """

    name: str
    engine: Engine
    index: str
    pipeline: str
    prepare: Callable[[Mapping[str, Any]], Mapping[str, Any]]

    def search(self, body: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        """The engine's answer; `changes` are keys of the body that are set once it is rewritten."""
        return self.engine.search(self.index, {**self.prepare(body), **changes}, pipeline=self.pipeline)


def plain(engine: Engine, index: str) -> Way:
    """Every body as it is written, past any pipeline of the index."""
    return Way("plain", engine, index, "_none", lambda body: body)


def through_pipeline(engine: Engine, index: str, pipeline: str) -> Way:
    """Every body through a search pipeline of the engine: the way of production on OpenSearch."""
    return Way("pipeline", engine, index, pipeline, lambda body: body)


def in_process(engine: Engine, schema: Schema, parser: QueryParser, name: str = "bridge") -> Way:
    """Every body rewritten here, with counts where the schema relaxes by counts; works with either engine."""
    from bridge.clients import rewrite_body

    def prepare(body: Mapping[str, Any]) -> Mapping[str, Any]:
        return rewrite_body(body, schema, parser.parse, lambda bodies: engine.counts(schema.index, bodies)).body

    return Way(name, engine, schema.index, "_none", prepare)


def live_values(engine: Engine, schema: Schema) -> StaticValues:
    """Values, fill rates and spreads of the schema's index, as of now."""
    from bridge.query import StaticValues

    facts = engine.facts(schema)
    return StaticValues.of(schema, engine.values(schema), facts.fill_rates, facts.stats)


def values_of(schema: Schema, file: Path | None, engine_url: str | None) -> StaticValues:
    """Values from a file or from an engine; without either nothing is known of the index."""
    from bridge.engines import connect
    from bridge.evaluation import read_values
    from bridge.query import StaticValues

    if file is not None and engine_url is not None:
        raise InputError("give --values or --engine-url, not both")
    if file is not None:
        return read_values(file, schema)
    if engine_url is None:
        return StaticValues.of(schema, {})
    with connect(engine_url) as engine:
        return live_values(engine, schema)


def parser_of(schema: Schema, scorer: Scorer | None, values: StaticValues) -> QueryParser:
    """A parser that links by meaning where the model can."""
    from bridge.query import QueryParser

    return QueryParser(schema, scorer, values if scorer is None else values.with_meanings(schema, scorer))


def scorer_of(schema: Schema, model: str | None = None, *, threads: int | None = None) -> Scorer:
    """The checkpoint that `--model` names, else the schema's, run as the schema says; `revision` is its own model's."""
    from bridge.scorer import Scorer

    given = schema.model
    revision = given.revision if model is None else None
    return Scorer.load(
        model or given.name,
        revision=revision,
        threads=threads,
        dtype=given.dtype,
        runtime=given.runtime,
        device=given.device,
    )


def load_scorer(schema: Schema, model: str | None) -> Scorer | None:
    """The same where `--model none` leaves it out."""
    if model == "none":
        return None
    try:
        return scorer_of(schema, model)
    except CheckpointError as error:
        error.hint = f"{error.hint or 'name a checkpoint with --model'}; or --model none to go without a model"
        raise


def live_parser(engine: Engine, schema: Schema, model: str | None) -> QueryParser:
    """A parser with the model and the values that the index holds now."""
    return parser_of(schema, load_scorer(schema, model), live_values(engine, schema))


def clauses_of(plan: Plan) -> str:
    """A plan's clauses in the notation of query cases, in one line."""
    from bridge.evaluation import notation

    return "; ".join(notation(clause) for clause in plan.clauses)
