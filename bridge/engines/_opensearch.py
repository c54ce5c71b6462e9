"""OpenSearch through its official client, which brings connection pools, TLS and retries."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import unquote, urlsplit, urlunsplit

import opensearchpy
from opensearchpy import helpers

from bridge.engines import _bodies
from bridge.engines._base import MAX_VALUES, NO_PIPELINE, BulkItem, Dialect, EngineInfo, Hit
from bridge.engines._facts import FieldFacts, amount_fields, facts_body, measurable, rankless, read_facts
from bridge.errors import EngineError, EngineUnavailableError
from bridge.schema import Schema

_log = logging.getLogger(__name__)
# The client logs each 404 as a warning; without a handler Python would print it to people's terminals.
logging.getLogger("opensearch").addHandler(logging.NullHandler())
#: Seconds that a bulk may take: the engine asks the sidecar for every document of it.
_BULK_SECONDS = 300.0
_KEEP_ALIVE = "5m"


class OpenSearchEngine:
    """An OpenSearch cluster (2.19 or newer for the pipelines; older ones serve values, counts and bulk).

    Args:
        url: `http://host:9200`; a user name and password in it are used and never shown.
        username, password: basic authentication.
        api_key: sent as `Authorization: ApiKey …`.
        ca_certs: PEM file of the authority that signed the cluster's certificate.
        verify: False accepts any certificate.
        timeout: seconds that one request may take.
    """

    dialect: Dialect = "opensearch"

    def __init__(
        self,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        ca_certs: str | None = None,
        verify: bool = True,
        timeout: float = 30.0,
    ) -> None:
        self.url, username, password = split_credentials(url, username, password)
        self._timeout = timeout
        options: dict[str, Any] = {"timeout": timeout, "max_retries": 3, "pool_maxsize": 16}
        if api_key:
            options["headers"] = {"Authorization": f"ApiKey {api_key}"}
        elif username:
            options["http_auth"] = (username, password or "")
        if self.url.startswith("https"):
            options |= {"verify_certs": verify, "ssl_show_warn": False}
            if ca_certs:
                options["ca_certs"] = ca_certs
        self._client = opensearchpy.OpenSearch(hosts=[self.url], **options)

    def __repr__(self) -> str:
        return f"OpenSearchEngine({self.url!r})"

    def close(self) -> None:
        """Close the connections; leaving a `with` block does it too."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def info(self) -> EngineInfo:
        """Version and cluster; `ml_commons` is taken for present where the user may not list plugins."""
        about = self.request("GET", "/")
        version = about.get("version", {})
        if version.get("distribution", "elasticsearch") != "opensearch":
            raise EngineError("this is not an OpenSearch", where=self.url, hint="use the Elasticsearch adapter")
        try:
            plugins = self.request("GET", "/_cat/plugins", params={"format": "json", "h": "component"})
            names = {row["component"] for row in plugins}
            ml_commons = any(name == "opensearch-ml" or name.endswith(".MachineLearningPlugin") for name in names)
        except EngineError as error:
            if error.status != 403:
                raise
            ml_commons = True
        return EngineInfo(
            "opensearch", version["number"], about.get("cluster_name", ""), about.get("cluster_uuid", ""), ml_commons
        )

    def request(
        self, method: str, path: str, body: Any | None = None, *, params: Mapping[str, str] | None = None
    ) -> Any:
        """One request, as `Engine.request`."""
        with self._errors(f"{method} {path}"):
            return self._client.transport.perform_request(method, path, params=dict(params or {}), body=body)

    def values(self, schema: Schema, cap: int = MAX_VALUES) -> dict[str, dict[str, int]]:
        """As `Engine.values`; one composite aggregation a label, page by page."""
        fields = _bodies.value_fields(schema)
        if not fields:
            return {}
        _bodies.check_fields(self._capabilities(schema.index, fields.values()), schema)
        return {label: self._values_of(schema.index, field, cap) for label, field in fields.items()}

    def _capabilities(self, index: str, fields: Iterable[str]) -> Mapping[str, Any]:
        answer: Mapping[str, Any] = self.request(
            "GET", f"/{index}/_field_caps", params={"fields": ",".join(sorted(set(fields)))}
        )
        return answer

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
        lines: list[dict[str, Any]] = []
        for body in bodies:
            # In the URL of _msearch the parameter is refused, so each item carries it.
            lines += [{"index": index}, _bodies.counting(body) | {"search_pipeline": NO_PIPELINE}]
        with self._errors("counting", private=True):
            answer = self._client.msearch(body=lines, params={"request_timeout": self._timeout})
        return _bodies.counts(answer, self.url)

    def search(self, index: str, body: Mapping[str, Any], *, pipeline: str | None = NO_PIPELINE) -> dict[str, Any]:
        """As `Engine.search`."""
        params = {"search_pipeline": pipeline} if pipeline else {}
        with self._errors(f"searching {index}", private=True):
            answer: dict[str, Any] = self._client.search(index=index, body=dict(body), params=params)
        return answer

    def bulk(
        self, index: str, actions: Iterable[dict[str, Any]], *, pipeline: str | None = None, chunk_size: int = 200
    ) -> Iterator[BulkItem]:
        """As `Engine.bulk`; items refused with 429 are sent again three times, with growing pauses.

        Through an ingest pipeline keep `chunk_size` below max_connection × 10 s / the sidecar's answer time: the
        engine gives up on a document that waits longer than 10 s for a connection.
        """
        params: dict[str, Any] = {"request_timeout": _BULK_SECONDS}
        if pipeline:
            params["pipeline"] = pipeline
        with self._errors(f"bulk into {index}"):
            stream = helpers.streaming_bulk(
                self._client,
                ({"_index": index} | action for action in actions),
                chunk_size=chunk_size,
                max_chunk_bytes=20 * 1024 * 1024,
                raise_on_error=False,
                max_retries=3,
                initial_backoff=1,
                max_backoff=20,
                params=params,
            )
            for ok, result in stream:
                yield _bodies.bulk_item(ok, result)

    def scan(
        self, index: str, query: Mapping[str, Any], *, fields: Sequence[str] | None = None, page: int = 500
    ) -> Iterator[Hit]:
        """As `Engine.scan`, by scroll.

        Opening a point in time is itself run through the index's default search pipeline and refuses
        `search_pipeline=_none` (seen on 2.19.1), so a pipeline of the user's that fails would stop every scan. The
        first call of a scroll accepts the parameter, and the following ones run no pipeline.
        """
        body = {
            "query": dict(query),
            "size": page,
            "sort": ["_doc"],
            "seq_no_primary_term": True,
            "_source": True if fields is None else list(fields),
        }
        what = f"scanning {index}"
        with self._errors(what, private=True):
            answer = self._client.search(
                index=index, body=body, params={"search_pipeline": NO_PIPELINE, "scroll": _KEEP_ALIVE}
            )
        try:
            while hits := answer["hits"]["hits"]:
                for hit in hits:
                    yield _bodies.hit(hit)
                with self._errors(what):
                    answer = self._client.scroll(body={"scroll_id": answer["_scroll_id"], "scroll": _KEEP_ALIVE})
        finally:
            with self._errors(what):
                self._client.clear_scroll(body={"scroll_id": [answer["_scroll_id"]]}, params={"ignore": 404})

    @contextmanager
    def _errors(self, what: str, *, private: bool = False) -> Iterator[None]:
        """Turn the client's exceptions into ours. `private`: the reason may quote user text, so it stays out."""
        try:
            yield
        except (opensearchpy.ConnectionError, opensearchpy.ConnectionTimeout) as error:
            raise unavailable(self.url, what, error) from error
        except opensearchpy.TransportError as error:
            status = error.status_code if isinstance(error.status_code, int) else None
            info = {"error": str(error.error)} if private else error.info
            raise _bodies.engine_error(status, info, self.url, what) from error


def unavailable(url: str, what: str, error: Exception) -> EngineUnavailableError:
    """The engine cannot be reached, in one line without the client's nested representation."""
    cause = getattr(error, "info", None) or error
    kind = type(cause).__name__
    return EngineUnavailableError(
        f"{what}: the search engine does not answer ({kind})",
        where=url,
        hint="check the address, whether it runs, and for https its certificate",
    )


def split_credentials(url: str, username: str | None, password: str | None) -> tuple[str, str | None, str | None]:
    """The URL without user name and password, and both; the arguments win over those in the URL."""
    parts = urlsplit(url if "//" in url else f"http://{url}")
    host = parts.hostname or ""
    if ":" in host:
        host = f"[{host}]"
    netloc = f"{host}:{parts.port}" if parts.port else host
    clean = urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))
    return clean, username or unquote(parts.username or "") or None, password or unquote(parts.password or "") or None
