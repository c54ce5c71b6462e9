"""A schema held against a live index: fields, types, fill rates, numbers of values, labels that no document carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from bridge.engines import _bodies
from bridge.engines._base import MAX_VALUES, Engine
from bridge.engines._facts import FieldFacts
from bridge.errors import EngineError, InputError
from bridge.schema import Schema, check_mapping

ProblemKind = Literal["field", "fill-rate", "cap", "unused"]


@dataclass(frozen=True, slots=True)
class IndexProblem:
    """What does not fit between a schema and an index.

    `kind`: `field` (it is missing or of the wrong type), `fill-rate` (too few documents carry it for what the label may
    do), `cap` (more values than the dictionary takes), `unused` (no document carries the label). `where` names the
    index and the schema's key.
    """

    kind: ProblemKind
    where: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}"
        return f"{text}\n  hint: {self.hint}" if self.hint else text

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def check_index(engine: Engine, schema: Schema, *, cap: int = MAX_VALUES) -> list[IndexProblem]:
    """Every problem of a schema with the index that it names, in the schema's order; empty where all fits.

    Raises InputError where there is no such index.
    """
    try:
        indices: Mapping[str, Any] = engine.request("GET", f"/{schema.index}/_mapping")
    except EngineError as error:
        if error.status != 404:
            raise
        indices = {}
    if not indices:
        raise InputError(
            f"there is no index {schema.index}",
            where=engine.url,
            hint=f"create it, or correct `index:` of {schema.name}",
        )
    problems = [
        IndexProblem("field", error.where or index, error.message, error.hint)
        for index, body in sorted(indices.items())
        for error in check_mapping(schema, index, body["mappings"])
    ]
    broken = {problem.where.partition("labels.")[2].partition(".")[0] for problem in problems}
    facts = engine.facts(schema)
    if not facts.fill_rates:
        hint = "index some, then check again: fill rates and values are those of documents"
        return [*problems, IndexProblem("unused", f"index {schema.index}", "holds no documents", hint)]
    problems += _fill_problems(schema, facts, broken)
    return problems + _cap_problems(engine, schema, cap, broken)


def _fill_problems(schema: Schema, facts: FieldFacts, broken: set[str]) -> list[IndexProblem]:
    problems: list[IndexProblem] = []
    tagged = schema.tagged_labels()
    rates = {label: facts.fill_rates.get(schema.field_of(label)) for label in schema.labels}
    if tagged and not any(rates[label] for label in tagged):
        where = f"index {schema.index}: {schema.entities}"
        hint = "tag them: `gliner-bridge install`, then `gliner-bridge repair`"
        problems.append(IndexProblem("unused", where, f"no document carries any of {', '.join(tagged)}", hint))
        broken = broken | set(tagged)
    for name, label in schema.labels.items():
        rate = rates[name]
        if rate is None or name in broken or label.use == "ignore":
            continue
        where = f"index {schema.index}: labels.{name}"
        if rate == 0.0:
            hint = "remove the label, or fill the field"
            message = f"no document carries {schema.field_of(name)}"
            problems.append(IndexProblem("unused", where, message, hint))
        elif label.use == "filter" and rate < schema.min_fill_rate:
            message = f"{schema.field_of(name)} is in {_percent(rate)} of the documents, and a filter needs"
            message += f" {_percent(schema.min_fill_rate)} (`min_fill_rate`): it only boosts"
            problems.append(IndexProblem("fill-rate", where, message, "fill the field, or write `use: boost`"))
    return problems


def _cap_problems(engine: Engine, schema: Schema, cap: int, broken: set[str]) -> list[IndexProblem]:
    fields = {label: field for label, field in _bodies.value_fields(schema).items() if label not in broken}
    if not fields:
        return []
    known = engine.request("GET", f"/{schema.index}/_field_caps", params={"fields": ",".join(sorted(fields.values()))})
    problems: list[IndexProblem] = []
    listed: dict[str, str] = {}
    for label, field in fields.items():
        if reason := _bodies.unaggregatable(known, field):
            where = f"index {schema.index}: labels.{label}.field"
            hint = f"take a keyword field (often `{field}.keyword`), or set `dictionary: false`"
            problems.append(IndexProblem("field", where, f"the values of {field} cannot be listed: {reason}", hint))
        else:
            listed[label] = field
    count = {label: {"cardinality": {"field": field}} for label, field in listed.items()}
    if not count:
        return problems
    found = engine.search(schema.index, {"size": 0, "aggs": count})["aggregations"]
    for label in listed:
        if (number := int(found[label]["value"])) > cap:
            where = f"index {schema.index}: labels.{label}"
            message = f"about {number:,} values, and the dictionary takes {cap:,}: queries do not know the rest"
            hint = "bind it to a field with fewer values, or set `dictionary: false` and let the model find it"
            problems.append(IndexProblem("cap", where, message, hint))
    return problems


def _percent(share: float) -> str:
    """A share in percent, never rounded up to the whole."""
    return f"{min(100 * share, 99.9 if share < 1 else 100):.3g} %"
