"""What the bridge asks of a search engine, and the values that travel between them.

Nothing that an engine adapter sends may come back to the bridge: an index can have a default search pipeline that
calls the sidecar. So every search carries `search_pipeline=_none`, and `_count` (which refuses it) is never used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, runtime_checkable

from bridge.engines._facts import FieldFacts
from bridge.schema import Schema

Dialect = Literal["opensearch", "elasticsearch"]

#: Search pipeline name that means "none, whatever the index says" (OpenSearch).
NO_PIPELINE = "_none"
#: Values of a label that are read at most.
MAX_VALUES = 200_000


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What answers at a URL, and what of it the bridge can use.

    `ml_commons`: whether ingest and search pipelines can call a remote model (OpenSearch). `licence`: its type, as
    `basic`, `trial` or `enterprise`; None where the engine tells none. `no_inference`: why ingest pipelines cannot use
    inference endpoints, in words; None where they can (Elasticsearch).
    """

    dialect: Dialect
    version: str
    cluster: str
    uuid: str
    ml_commons: bool
    licence: str | None = None
    no_inference: str | None = None

    @property
    def major_minor(self) -> tuple[int, int]:
        """The version as numbers that compare, `(2, 19)`."""
        major, minor, *_ = [*self.version.split("."), "0"]
        return int(major), int(minor)


@dataclass(frozen=True, slots=True)
class Health:
    """State of the cluster: red when some shard cannot be searched, yellow when one lacks a copy."""

    status: Literal["green", "yellow", "red"]
    nodes: int


@dataclass(frozen=True, slots=True)
class BulkItem:
    """What became of one bulk action. `error` is `type: reason` as the engine says it, None when it worked."""

    ok: bool
    op: str
    id: str | None
    status: int
    error: str | None = None
    #: The concrete index, also where the action named an alias.
    index: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One document of a scan; `seq_no` and `primary_term` make a later write conditional on it being unchanged."""

    index: str
    id: str
    source: dict[str, Any]
    seq_no: int
    primary_term: int
    #: Set where the document was indexed with a routing of its own; a write must name it again.
    routing: str | None = None


@runtime_checkable
class Engine(Protocol):
    """A search engine, as the bridge uses it.

    Every method raises EngineUnavailableError when the engine cannot be reached or times out, and EngineError with its
    HTTP status when it refuses.
    """

    @property
    def dialect(self) -> Dialect: ...

    @property
    def url(self) -> str:
        """Address without user name and password."""
        ...

    def info(self) -> EngineInfo: ...

    def health(self) -> Health: ...

    def request(
        self, method: str, path: str, body: Any | None = None, *, params: Mapping[str, str] | None = None
    ) -> Any:
        """One request to the engine's REST interface; returns the parsed JSON answer."""
        ...

    def values(self, schema: Schema, cap: int = MAX_VALUES) -> dict[str, dict[str, int]]:
        """Label → stored key → number of documents, for keyword labels with `dictionary: true`.

        At most `cap` keys a label. Where the schema says `document_security`, only fields listed as `public_values`.
        """
        ...

    def facts(self, schema: Schema) -> FieldFacts:
        """Fill rates of the schema's fields, and the spread of those that hold numbers or dates.

        Empty when the index has no documents. Where the schema says `document_security`, no spread of fields that are
        not listed as `public_values`.
        """
        ...

    def counts(self, index: str, bodies: Sequence[Mapping[str, Any]]) -> list[int]:
        """Number of hits of each search body, in one round trip; numbers above 10,000 are lower bounds."""
        ...

    def search(self, index: str, body: Mapping[str, Any], *, pipeline: str | None = NO_PIPELINE) -> dict[str, Any]:
        """One search. `pipeline` None leaves the choice to the index."""
        ...

    def bulk(
        self, index: str, actions: Iterable[dict[str, Any]], *, pipeline: str | None = None, chunk_size: int = 200
    ) -> Iterator[BulkItem]:
        """Send actions in the client's form (`_op_type`, `_id`, `_source` or `doc`, …) and give back one item for each.

        Items keep the order of the actions, but for those that were sent again.

        Items come as soon as their chunk is answered. A refused document is an item with `ok=False`, not an exception.
        `pipeline` None leaves the ingest pipeline to the index, `_none` switches it off.
        """
        ...

    def scan(
        self,
        index: str,
        query: Mapping[str, Any],
        *,
        fields: Sequence[str] | None = None,
        page: int = 500,
        part: tuple[int, int] | None = None,
    ) -> Iterator[Hit]:
        """Every document that matches, as the index was when the scan began.

        `fields` limits the source (None: all). `part` (number from 0, of how many) gives a slice of the documents:
        scans of all parts, side by side, give each document once.
        """
        ...
