"""What both adapters do alike over the official client of their engine."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self
from urllib.parse import unquote, urlsplit, urlunsplit

from bridge.engines import _bodies
from bridge.engines._base import MAX_VALUES, NO_PIPELINE, BulkItem, Dialect, EngineInfo, Health, Hit
from bridge.engines._facts import FieldFacts, amount_fields, facts_body, measurable, rankless, read_facts
from bridge.errors import EngineError, EngineUnavailableError, InputError
from bridge.schema import Schema

_log = logging.getLogger(__name__)
#: Seconds that a bulk may take: the engine may ask the sidecar for every document of it.
BULK_SECONDS = 300.0
KEEP_ALIVE = "5m"
#: A request that fails to connect, or that a node or a proxy before it answers with one of these, goes to the next
#: node, at most so many times.
MAX_RETRIES = 3
RETRIED = (502, 503, 504)
#: Bulk items that the engine refused because it is busy (429) are sent again, with growing pauses in seconds.
BULK_OPTIONS: Mapping[str, Any] = {
    "max_chunk_bytes": 20 * 1024 * 1024,
    "raise_on_error": False,
    "max_retries": 3,
    "initial_backoff": 1,
    "max_backoff": 20,
}


class Adapter(ABC):
    """An engine through its official client; what it must do is said at `Engine`."""

    dialect: ClassVar[Dialect]
    #: The client's exceptions: no answer at all, an answer that is no JSON, a refusal.
    unreachable: ClassVar[tuple[type[Exception], ...]]
    unreadable: ClassVar[type[Exception]]
    refused: ClassVar[type[Exception]]

    def __init__(self, client: Any, url: str, *, owned: bool) -> None:
        self.url = url
        self._client = client
        self._owned = owned

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def close(self) -> None:
        """Close the connections, unless the client was handed in; leaving a `with` block does it too."""
        if self._owned:
            self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def info(self) -> EngineInfo: ...

    @abstractmethod
    def request(
        self, method: str, path: str, body: Any | None = None, *, params: Mapping[str, str] | None = None
    ) -> Any: ...

    @abstractmethod
    def search(self, index: str, body: Mapping[str, Any], *, pipeline: str | None = NO_PIPELINE) -> dict[str, Any]: ...

    @abstractmethod
    def scan(
        self,
        index: str,
        query: Mapping[str, Any],
        *,
        fields: Sequence[str] | None = None,
        page: int = 500,
        part: tuple[int, int] | None = None,
    ) -> Iterator[Hit]: ...

    @abstractmethod
    def _msearch(self, index: str, bodies: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Answer to several searches that no search pipeline may touch."""

    @abstractmethod
    def _stream(self, actions: Iterable[dict[str, Any]], **options: Any) -> Iterable[tuple[bool, dict[str, Any]]]:
        """The client's own `streaming_bulk`."""

    @staticmethod
    @abstractmethod
    def refusal(error: Any) -> tuple[int | None, Any, str]:
        """HTTP status, body and short type of a refusal."""

    def health(self) -> Health:
        """As `Engine.health`."""
        answer = self.request("GET", "/_cluster/health")
        return Health(answer["status"], answer["number_of_nodes"])

    def values(self, schema: Schema, cap: int = MAX_VALUES) -> dict[str, dict[str, int]]:
        """As `Engine.values`; one composite aggregation a label, page by page."""
        fields = _bodies.value_fields(schema)
        if not fields:
            return {}
        _bodies.check_fields(self._capabilities(schema.index, fields.values()), schema)
        return {label: self._values_of(schema.index, field, cap) for label, field in fields.items()}

    def _values_of(self, index: str, field: str, cap: int) -> dict[str, int]:
        found: dict[str, int] = {}
        after: Mapping[str, Any] | None = None
        while len(found) < cap:
            answer = self.search(index, _bodies.composite(field, after))["aggregations"]["values"]
            for bucket in answer["buckets"][: cap - len(found)]:
                found[str(bucket["key"]["value"])] = bucket["doc_count"]
            after = answer.get("after_key")
            if after is None:
                return found
        _log.warning("field %s of %s has more than %d values; the rest is not in the dictionary", field, index, cap)
        return found

    def _capabilities(self, index: str, fields: Iterable[str]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.request(
            "GET", f"/{index}/_field_caps", params={"fields": ",".join(sorted(set(fields)))}
        )
        return answer

    def facts(self, schema: Schema) -> FieldFacts:
        """As `Engine.facts`; one aggregation for all fields."""
        fields = {schema.field_of(label) for label in schema.labels}
        capabilities = self._capabilities(schema.index, fields)
        spread = measurable(capabilities, amount_fields(schema))
        body = facts_body(schema, spread, without=rankless(capabilities, schema))
        return read_facts(self.search(schema.index, body), spread)

    def counts(self, index: str, bodies: Sequence[Mapping[str, Any]]) -> list[int]:
        """As `Engine.counts`."""
        if not bodies:
            return []
        with self.errors("counting", private=True):
            answer = self._msearch(index, [_bodies.counting(body) for body in bodies])
        return _bodies.counts(answer, self.url)

    def bulk(
        self, index: str, actions: Iterable[dict[str, Any]], *, pipeline: str | None = None, chunk_size: int = 200
    ) -> Iterator[BulkItem]:
        """As `Engine.bulk`; items refused with 429 are sent again three times, with growing pauses.

        Through an ingest pipeline of OpenSearch keep `chunk_size` below max_connection × 10 s / the sidecar's answer
        time: that engine gives up on a document that waits longer than 10 s for a connection.
        """
        options: dict[str, Any] = {"pipeline": pipeline} if pipeline else {}
        placed = ({"_index": index} | action for action in actions)
        with self.errors(f"bulk into {index}"):
            for ok, result in self._stream(placed, chunk_size=chunk_size, **BULK_OPTIONS, **options):
                yield _bodies.bulk_item(ok, result)

    @contextmanager
    def errors(self, what: str, *, private: bool = False) -> Iterator[None]:
        """As `client_errors`, for this adapter."""
        with client_errors(type(self), self.url, what, private=private):
            yield


@contextmanager
def client_errors(adapter: type[Adapter], url: str, what: str, *, private: bool = False) -> Iterator[None]:
    """Turn the exceptions of an adapter's client into ours. `private`: the reason may quote user text, so it stays out.

    Raises EngineUnavailableError, EngineError.
    """
    try:
        yield
    except adapter.unreachable as error:
        raise _unavailable(url, what, error) from error
    except adapter.unreadable as error:
        raise EngineError(
            f"{what}: the answer is not JSON", where=url, hint="is this the engine's address, and no proxy's?"
        ) from error
    except adapter.refused as error:
        status, body, kind = adapter.refusal(error)
        raise _bodies.engine_error(status, {"error": kind} if private else body, url, what) from error


def _unavailable(url: str, what: str, error: Exception) -> EngineUnavailableError:
    """The engine cannot be reached, in one line without the client's nested representation."""
    cause = getattr(error, "info", None) or error
    return EngineUnavailableError(
        f"{what}: the search engine does not answer ({type(cause).__name__})",
        where=url,
        hint="check the address, whether it runs, and for https its certificate",
    )


def split_hosts(
    urls: str | Sequence[str], username: str | None, password: str | None
) -> tuple[list[str], str | None, str | None]:
    """The addresses of the nodes without user name and password, and both; the arguments win over those in a URL.

    `urls` is one address, several, or several in one text with commas between them. Raises InputError for none.
    """
    given = urls.split(",") if isinstance(urls, str) else list(urls)
    hosts: list[str] = []
    for url in filter(None, map(str.strip, given)):
        clean, username, password = split_credentials(url, username, password)
        hosts.append(clean)
    if not hosts:
        raise InputError("no address of a search engine", hint="http://host:9200, or several with commas between them")
    return hosts, username, password


def split_credentials(url: str, username: str | None, password: str | None) -> tuple[str, str | None, str | None]:
    """The URL without user name and password, and both; the arguments win over those in the URL."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    netloc = f"{host}:{parts.port}" if parts.port else host
    clean = urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))
    return clean, username or unquote(parts.username or "") or None, password or unquote(parts.password or "") or None
