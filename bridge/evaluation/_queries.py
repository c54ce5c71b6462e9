"""Queries with the clauses that they should become, and how well the parser does on them.

A folder holds one catalogue: `schema.yaml`, `values.yaml` (what its index would answer) and `cases/*.yaml`. An expected
clause is written as its role and its name without the prefix: `filter price=<500`, `exclude brand!=Sony`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from bridge.clauses import Clause, Plan, Role
from bridge.entities import Stats
from bridge.errors import InputError
from bridge.query import Options, QueryParser, StaticValues
from bridge.schema import Schema, load_schema
from bridge.scorer import Scorer

#: The moment at which cases are parsed that name none: a Monday.
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
_PREFIX = "bridge:"
_HINT = "the format is described in docs/query.md"
#: Roles that decide which documents are hits.
_HARD = ("filter", "exclude")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class QueryCase(_Strict):
    """One query with the clauses that it should become, no more and no fewer, in any order."""

    query: str
    #: `<role> <name>`, the name without `bridge:`.
    clauses: tuple[str, ...]
    #: The text that must still match; None: not looked at.
    required: str | None = None
    #: Request flags, as a caller sends them.
    options: dict[str, Any] = {}
    #: The moment that relative dates count from.
    now: datetime = NOW
    #: Where a real query was taken from.
    real: str | None = None
    why: str | None = None

    @field_validator("clauses")
    @classmethod
    def _roles(cls, clauses: tuple[str, ...]) -> tuple[str, ...]:
        for clause in clauses:
            role, _, name = clause.partition(" ")
            if role not in get_args(Role) or "=" not in name:
                raise ValueError(f'"{clause}" is no clause: write a role and a name, such as `filter price=<500`')
        return clauses


class _CaseFile(_Strict):
    kind: str
    cases: tuple[QueryCase, ...]


class _ValuesFile(_Strict):
    values: dict[str, dict[str, int]] = {}
    fill_rates: dict[str, float] = {}
    stats: dict[str, Stats] = {}
    documents: int = Field(default=0, ge=0)


_File = TypeVar("_File", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class QuerySet:
    """One catalogue and its cases by kind."""

    name: str
    schema: Schema
    values: StaticValues
    cases: dict[str, tuple[QueryCase, ...]]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What became of one case; `wrong` are clauses that were not expected, `missing` those that did not come."""

    catalogue: str
    kind: str
    case: QueryCase
    plan: Plan
    wrong: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.wrong and not self.missing and self.case.required in (None, self.plan.required)

    @property
    def wrong_hard(self) -> tuple[str, ...]:
        """Unexpected clauses that would take hits away."""
        return tuple(clause for clause in self.wrong if clause.split(" ")[0] in _HARD)


@dataclass(slots=True)
class KindReport:
    """Sums over the cases of one kind. Clauses count one by one for precision and recall."""

    kind: str
    cases: int = 0
    passed: int = 0
    right: int = 0
    wrong: int = 0
    missing: int = 0
    wrong_hard: int = 0

    def add(self, result: QueryResult) -> None:
        self.cases += 1
        self.passed += result.passed
        self.right += len(result.case.clauses) - len(result.missing)
        self.wrong += len(result.wrong)
        self.missing += len(result.missing)
        self.wrong_hard += len(result.wrong_hard)

    @property
    def pass_rate(self) -> float:
        return self.passed / self.cases if self.cases else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missing) if self.right + self.missing else 1.0

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "cases": self.cases,
            "passed": self.passed,
            "pass_rate": round(self.pass_rate, 4),
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "wrong_hard": self.wrong_hard,
        }


@dataclass(slots=True)
class QueryReport:
    """All results, summed by kind; the last row is everything."""

    results: list[QueryResult] = field(default_factory=list)

    @property
    def failures(self) -> list[QueryResult]:
        return [result for result in self.results if not result.passed]

    def by_kind(self) -> list[KindReport]:
        kinds: dict[str, KindReport] = {}
        total = KindReport("all")
        for result in self.results:
            for report in (kinds.setdefault(result.kind, KindReport(result.kind)), total):
                report.add(result)
        return [*kinds.values(), total]


def notation(clause: Clause) -> str:
    """A clause as cases write it: `filter price=<500`."""
    return f"{clause.role} {clause.name.removeprefix(_PREFIX)}"


def read_query_set(folder: str | Path) -> QuerySet:
    """One catalogue's schema, values and cases.

    Raises InputError naming file and key where one is missing or wrong, SchemaError for the schema.
    """
    root = Path(folder)
    schema = load_schema(root / "schema.yaml")
    values = read_values(root / "values.yaml", schema)
    files = sorted((root / "cases").glob("*.yaml"))
    if not files:
        raise InputError("holds no cases/*.yaml", where=str(root), hint=_HINT)
    cases: dict[str, tuple[QueryCase, ...]] = {}
    for file in files:
        kind, found = read_cases(file)
        cases[kind] = (*cases.get(kind, ()), *found)
    return QuerySet(root.name, schema, values, cases)


def read_cases(file: str | Path) -> tuple[str, tuple[QueryCase, ...]]:
    """Kind and cases of one case file. Raises InputError naming file and key where it is wrong or holds no case."""
    read = _read(Path(file), _CaseFile)
    if not read.cases:
        raise InputError("holds no case", where=str(file), hint=_HINT)
    return read.kind, read.cases


def read_values(file: str | Path, schema: Schema) -> StaticValues:
    """Values from a `values.yaml`, as catalogues have it, or from a snapshot of an index (JSON)."""
    path = Path(file)
    if path.suffix.lower() not in (".yaml", ".yml"):
        return StaticValues.load(path, schema)
    known = _read(path, _ValuesFile)
    return StaticValues.of(schema, known.values, known.fill_rates, known.stats)


def run_cases(name: str, kind: str, cases: Iterable[QueryCase], parser: QueryParser) -> list[QueryResult]:
    """Parse each case and compare; `name` is what the report calls the catalogue."""
    return [_run(name, kind, case, parser) for case in cases]


def find_query_sets(folder: str | Path) -> list[Path]:
    """The folder itself where it is a catalogue, else the catalogues in it, by name."""
    root = Path(folder)
    if (root / "schema.yaml").exists():
        return [root]
    found = sorted(path.parent for path in root.glob("*/schema.yaml"))
    if not found:
        raise InputError("holds no catalogue (a folder with schema.yaml and cases/)", where=str(root), hint=_HINT)
    return found


def evaluate_queries(
    sets: Iterable[QuerySet], scorer: Scorer | None, *, kinds: Sequence[str] | None = None
) -> QueryReport:
    """Parse every case (of the kinds asked for) and compare. `scorer` None: without the model."""
    report = QueryReport()
    for one in sets:
        values = one.values if scorer is None else one.values.with_meanings(one.schema, scorer)
        parser = QueryParser(one.schema, scorer, values)
        for kind, cases in one.cases.items():
            if kinds is None or kind in kinds:
                report.results += run_cases(one.name, kind, cases, parser)
    return report


def _run(catalogue: str, kind: str, case: QueryCase, parser: QueryParser) -> QueryResult:
    options = Options.from_mapping({"now": case.now.isoformat(), **case.options})
    plan = parser.parse(case.query, options)
    missing = list(case.clauses)
    wrong = []
    for clause in map(notation, plan.clauses):
        if clause in missing:
            missing.remove(clause)
        else:
            wrong.append(clause)
    return QueryResult(catalogue, kind, case, plan, tuple(wrong), tuple(missing))


def _read(file: Path, model: type[_File]) -> _File:
    try:
        text = file.read_text("utf-8")
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        _keep_queries(data, yaml.load(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
        return model.model_validate(data)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(file), hint=_HINT) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise InputError(f"is no YAML: {getattr(error, 'problem', error)}", where=where, hint=_HINT) from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{key}: {first['msg']}", where=str(file), hint=_HINT) from error


def _keep_queries(data: Any, written: Any) -> None:
    """Queries as they are written: `1984` and `no` are texts, whatever YAML takes them for."""
    try:
        for case, plain in zip(data["cases"], written["cases"], strict=True):
            case["query"] = plain["query"]
    except (TypeError, KeyError):
        pass  # the model says what is wrong
