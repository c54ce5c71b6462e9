"""Elasticsearch through its official client. It has no search pipelines, so nothing here can call the bridge back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Self

import elasticsearch
from elasticsearch import helpers

from bridge.engines import _bodies
from bridge.engines._base import MAX_VALUES, NO_PIPELINE, BulkItem, Dialect, EngineInfo, Hit
from bridge.engines._facts import FieldFacts, amount_fields, facts_body, measurable, rankless, read_facts
from bridge.engines._opensearch import split_credentials, unavailable
from bridge.errors import InputError
from bridge.schema import Schema

_log = logging.getLogger(__name__)
_BULK_SECONDS = 300.0
_KEEP_ALIVE = "5m"


class ElasticsearchEngine:
    """An Elasticsearch cluster; arguments as `OpenSearchEngine`.

    The client's major version must be the server's or one below it: a 9.x client is refused by an 8.x server.
    """

    dialect: Dialect = "elasticsearch"

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
        options: dict[str, Any] = {"request_timeout": timeout, "max_retries": 3}
        if api_key:
            options["api_key"] = api_key
        elif username:
            options["basic_auth"] = (username, password or "")
        if self.url.startswith("https"):
            options |= {"verify_certs": verify, "ssl_show_warn": False}
            if ca_certs:
                options["ca_certs"] = ca_certs
        self._client = elasticsearch.Elasticsearch(self.url, **options)

    def __repr__(self) -> str:
        return f"ElasticsearchEngine({self.url!r})"

    def close(self) -> None:
        """Close the connections; leaving a `with` block does it too."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def info(self) -> EngineInfo:
        """Version and cluster; there is no ML Commons."""
        about = self.request("GET", "/")
        return EngineInfo(
            "elasticsearch",
            about["version"]["number"],
            about.get("cluster_name", ""),
            about.get("cluster_uuid", ""),
            ml_commons=False,
        )

    def request(
        self, method: str, path: str, body: Any | None = None, *, params: Mapping[str, str] | None = None
    ) -> Any:
        """One request, as `Engine.request`."""
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if body is not None else {})
        with self._errors(f"{method} {path}"):
            answer = self._client.perform_request(method, path, params=dict(params or {}), headers=headers, body=body)
        return answer.body

    def values(self, schema: Schema, cap: int = MAX_VALUES) -> dict[str, dict[str, int]]:
        """As `Engine.values`; one composite aggregation a label, page by page."""
        fields = _bodies.value_fields(schema)
        if not fields:
            return {}
        _bodies.check_fields(self._capabilities(schema.index, fields.values()), schema)
        found: dict[str, dict[str, int]] = {}
        for label, field in fields.items():
            found[label] = {}
            after: Mapping[str, Any] | None = None
            while len(found[label]) < cap:
                answer = self.search(schema.index, _bodies.composite(field, after))["aggregations"]["values"]
                for bucket in answer["buckets"][: cap - len(found[label])]:
                    found[label][str(bucket["key"]["value"])] = bucket["doc_count"]
                after = answer.get("after_key")
                if after is None:
                    break
            else:
                _log.warning("field %s has more than %d values; the rest is not in the dictionary", field, cap)
        return found

    def _capabilities(self, index: str, fields: Iterable[str]) -> Mapping[str, Any]:
        with self._errors(f"listing fields of {index}"):
            answer: Mapping[str, Any] = self._client.field_caps(index=index, fields=sorted(set(fields))).body
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
        lines: list[dict[str, Any]] = []
        for body in bodies:
            lines += [{"index": index}, _bodies.counting(body)]
        with self._errors("counting", private=True):
            answer = self._client.msearch(searches=lines).body
        return _bodies.counts(answer, self.url)

    def search(self, index: str, body: Mapping[str, Any], *, pipeline: str | None = NO_PIPELINE) -> dict[str, Any]:
        """As `Engine.search`; a pipeline other than `_none` is refused with InputError."""
        if pipeline not in (None, NO_PIPELINE):
            raise InputError(
                "Elasticsearch has no search pipelines", hint="rewrite the body first: /v1/rewrite or RewritingClient"
            )
        with self._errors(f"searching {index}", private=True):
            answer: dict[str, Any] = self._client.search(index=index, body=dict(body)).body
        return answer

    def bulk(
        self, index: str, actions: Iterable[dict[str, Any]], *, pipeline: str | None = None, chunk_size: int = 200
    ) -> Iterator[BulkItem]:
        """As `Engine.bulk`; items refused with 429 are sent again three times, with growing pauses."""
        options: dict[str, Any] = {"pipeline": pipeline} if pipeline else {}
        with self._errors(f"bulk into {index}"):
            stream = helpers.streaming_bulk(
                self._client.options(request_timeout=_BULK_SECONDS),
                ({"_index": index} | action for action in actions),
                chunk_size=chunk_size,
                max_chunk_bytes=20 * 1024 * 1024,
                raise_on_error=False,
                max_retries=3,
                initial_backoff=1,
                max_backoff=20,
                **options,
            )
            for ok, result in stream:
                yield _bodies.bulk_item(ok, result)

    def scan(
        self, index: str, query: Mapping[str, Any], *, fields: Sequence[str] | None = None, page: int = 500
    ) -> Iterator[Hit]:
        """As `Engine.scan`; one point in time, ordered by `_shard_doc`."""
        with self._errors(f"scanning {index}"):
            pit = self._client.open_point_in_time(index=index, keep_alive=_KEEP_ALIVE)["id"]
        body: dict[str, Any] = {
            "query": dict(query),
            "size": page,
            "sort": ["_shard_doc"],
            "track_total_hits": False,
            "seq_no_primary_term": True,
            "_source": True if fields is None else list(fields),
        }
        try:
            while True:
                body["pit"] = {"id": pit, "keep_alive": _KEEP_ALIVE}
                with self._errors(f"scanning {index}", private=True):
                    answer = self._client.search(body=body).body
                pit = answer.get("pit_id", pit)
                hits = answer["hits"]["hits"]
                for hit in hits:
                    yield _bodies.hit(hit)
                if len(hits) < page:
                    return
                body["search_after"] = hits[-1]["sort"]
        finally:
            with self._errors(f"scanning {index}"):
                self._client.close_point_in_time(id=pit)

    @contextmanager
    def _errors(self, what: str, *, private: bool = False) -> Iterator[None]:
        """Turn the client's exceptions into ours. `private`: the reason may quote user text, so it stays out."""
        try:
            yield
        except (elasticsearch.ConnectionError, elasticsearch.ConnectionTimeout) as error:
            raise unavailable(self.url, what, error) from error
        except elasticsearch.ApiError as error:
            info = {"error": str(error.error)} if private else error.body
            raise _bodies.engine_error(error.meta.status, info, self.url, what) from error
