"""Requests and answers of the HTTP interface. OpenAPI is generated from these, and answers are tested against them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bridge.clients import Outcome
from bridge.errors import InputError
from bridge.sidecar._json import shown

M = TypeVar("M", bound=BaseModel)
Unit = Literal["codepoints", "utf16"]
Dialect = Literal["opensearch", "elasticsearch"]
Share = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class _Open(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


# -- requests -----------------------------------------------------------------------------------------------------


class TagRequest(_Model):
    """Texts to tag, with either label texts of your own or the labels of a schema."""

    texts: list[Any] = Field(min_length=1, description="The texts, each a string.")
    labels: list[str] | None = Field(default=None, min_length=1, description="What to look for, in natural language.")
    schema_: str | None = Field(default=None, alias="schema", description="Name of a loaded schema, instead of labels.")
    threshold: Share | dict[str, Share] | None = Field(
        default=None,
        description="Least score, for all labels or by label. Default: 0.5, or what the schema says.",
    )
    offsets: Unit = Field(default="codepoints", description="What start and end count.")
    long_texts: Literal["windows", "refuse"] = Field(
        default="windows",
        description="What the model cannot read at once is read in windows, or gets an error of its own.",
    )

    @model_validator(mode="after")
    def _one_of(self) -> TagRequest:
        if (self.labels is None) == (self.schema_ is None):
            raise ValueError("give either labels or schema")
        return self


class Options(_Model):
    """What one request may ask of query understanding."""

    off: bool = Field(default=False, description="Leave the query as it is.")
    disable: list[str] = Field(
        default=[],
        description="Labels, steps (syntax, grammar, dates, dictionary, typo, meaning, model, negation, sort) or names "
        "of clauses to leave out.",
    )
    plan: str | None = Field(default=None, description="Token of an earlier answer: applied without model or counts.")
    language: str | None = Field(default=None, description="BCP 47 code of the text, where the caller knows it.")
    now: str | None = Field(default=None, description="ISO 8601 moment that relative dates count from.")


class ParseRequest(_Model):
    """One user text."""

    text: str = Field(description="What the user typed.")
    schema_: str = Field(alias="schema", description="Name of a loaded schema.")
    options: Options = Options()
    offsets: Unit = Field(default="codepoints", description="What start and end count.")


class RewriteRequest(_Model):
    """One search body."""

    body: dict[str, Any] = Field(description="A complete search body.")
    schema_: str = Field(alias="schema", description="Name of a loaded schema.")
    dialect: Dialect = Field(default="opensearch", description="Which engine the body is for.")
    options: Options = Options()


class RefreshRequest(_Model):
    """Which values to read again."""

    schema_: str | None = Field(
        default=None, alias="schema", description="One schema; default: all that the key opens."
    )


class SearchRequest(_Open):
    """What the search pipeline sends: `$['query','ext']` of the search body."""

    query: dict[str, Any] | None = None
    ext: dict[str, Any] | None = None


class IngestRequest(_Open):
    """The mapped fields of one document, as they are: each a string, a list of strings, or null."""


class CompletionRequest(_Open):
    """What the `custom` inference service sends."""

    input: str = Field(description="The document's fields in the schema's order, joined by U+001E.")


# -- answers ------------------------------------------------------------------------------------------------------


class Bounds(_Model):
    """A numeric range; an absent bound is open."""

    gte: float | None = None
    gt: float | None = None
    lte: float | None = None
    lt: float | None = None


Value = str | int | float | bool | Bounds | None


class EntityOut(_Model):
    """One entity; `text` is what stood there, `value` its normalised or stored form."""

    label: str
    text: str | None
    value: Value
    field: str | None = None
    item: int = 0
    start: int
    end: int
    score: Share
    source: Literal["syntax", "dictionary", "grammar", "model"]
    negated: bool = False


class ErrorDetail(_Model):
    type: str
    message: str


class TagResult(_Model):
    """What was found in one text, or why it was not tagged."""

    entities: list[EntityOut] = []
    coverage: Share | None = Field(default=None, description="Share of the text's words that were scored.")
    error: ErrorDetail | None = None


class TagResponse(_Model):
    results: list[TagResult]


class ParseResponse(_Open):
    """What the text was understood as: the plan, in words and as an opaque token."""

    text: str
    entities: list[dict[str, Any]]
    clauses: list[dict[str, Any]]
    chips: list[dict[str, Any]]
    explain: list[dict[str, Any]]
    plan: str = Field(description="Opaque token; send it back as options.plan to get the same clauses again.")
    degraded: str | None = Field(default=None, description="Set where values are old or missing, and why.")


class RewriteResponse(_Model):
    """The search body to send. Unchanged, it is the body as received."""

    body: dict[str, Any]
    changed: bool
    outcome: Outcome = Field(description="What became of the body, from a closed list.")
    reason: str = Field(description="Why nothing changed; `rewritten` where something did.")
    plan: str | None = Field(description="Opaque token, null where no text was found.")
    explain: list[dict[str, Any]]
    degraded: str | None = None


class SchemaEntry(_Model):
    """What a caller must know of a schema to send it the right searches."""

    index: str = Field(description="Index, alias or pattern that it describes.")
    engine: Dialect | None
    text: list[str] = Field(description="Text fields that users search.")
    disable: list[str] = Field(description="What `options.disable` may name beside clauses: labels and steps.")
    deadline_ms: int = Field(description="After this time a search is answered with the caller's own body.")


class SchemasResponse(_Model):
    """The schemas that the key opens."""

    schemas: dict[str, SchemaEntry]


class Wrapper(_Model):
    query: str = Field(description="Base64 of the query's JSON.")


class WrapperQuery(_Model):
    wrapper: Wrapper


class SearchResponse(_Model):
    """The query to run, wrapped so that no number changes on the way. On doubt the caller's own."""

    query: WrapperQuery


class IngestResponse(_Open):
    """The entity block: `<entities>`, `<entities>_detail`, `<entities>_mentions`, `<entities>_meta`."""


class CompletionResponse(_Model):
    text: str = Field(description="The entity block as JSON text.")


class HealthResponse(_Model):
    status: Literal["ok"]


class SchemaState(_Model):
    """One schema's state."""

    values: int = Field(description="Values in the dictionary that queries use.")
    generation: str
    state: Literal["live", "snapshot", "none"]
    age_seconds: float | None
    degraded: str | None
    capped: list[str] = Field(description="Labels that have more values than are read; the rest is unknown to queries.")


class ReadyResponse(_Model):
    """`starting`, `ready`, `failed` (the model cannot be loaded) or `stopping`; 200 only when ready."""

    status: Literal["starting", "ready", "failed", "stopping"]
    reason: str | None = None
    schemas: dict[str, SchemaState] = {}


class RefreshResponse(_Model):
    """Which schemas were read, and their state now."""

    refreshed: dict[str, bool]
    schemas: dict[str, SchemaState]


class ReloadRequest(_Model):
    """Nothing to say: the files that the sidecar was started with are read again."""


class ReloadResponse(_Model):
    """Schemas by what became of them; those that stayed as they were are not named."""

    added: list[str]
    changed: list[str]
    removed: list[str]


class IndexEntry(_Model):
    method: str
    path: str
    summary: str


class IndexResponse(_Model):
    """What this service offers."""

    name: str
    version: str
    schemas: list[str]
    endpoints: list[IndexEntry]
    documentation: str


class ErrorResponse(_Model):
    """Every answer that is not 2xx."""

    error: ErrorDetail


def parse_request(model: type[M], value: dict[str, Any]) -> M:
    """The request as a model; InputError names the key that is wrong and what is allowed, never what stood there."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False, include_url=False)[0]
        problem = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            names = [field.alias or name for name, field in model.model_fields.items()]
            problem = "unknown key" + (f"; allowed: {', '.join(names)}" if len(first["loc"]) == 1 else "")
        raise InputError(f"{_place(first['loc'])}: {problem}") from None


def _place(location: tuple[int | str, ...]) -> str:
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not part.startswith(("function-", "dict[", "constrained-", "list[")) and part not in ("float", "str"):
            path += ("." if path else "") + shown(part).strip("'")
    return path or "the body"
