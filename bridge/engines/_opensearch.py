"""OpenSearch through its official client, which brings connection pools, TLS and retries."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import opensearchpy
from opensearchpy import helpers

from bridge.engines import _bodies
from bridge.engines._adapter import BULK_SECONDS, KEEP_ALIVE, MAX_RETRIES, RETRIED, Adapter, split_hosts
from bridge.engines._base import NO_PIPELINE, Dialect, EngineInfo, Hit
from bridge.errors import EngineError

# The client logs each 404 as a warning; without a handler Python would print it to people's terminals.
logging.getLogger("opensearch").addHandler(logging.NullHandler())


class OpenSearchEngine(Adapter):
    """An OpenSearch cluster (2.19 or newer for the pipelines; older ones serve values, counts and bulk).

    Args:
        url: `http://host:9200`, or several nodes of one cluster, as a list or with commas between them; a user name
            and password in it are used and never shown.
        username, password: basic authentication.
        api_key: sent as `Authorization: ApiKey …`.
        ca_certs: PEM file of the authority that signed the cluster's certificate.
        verify: False accepts any certificate.
        timeout: seconds that one request may take.
    """

    dialect: ClassVar[Dialect] = "opensearch"
    unreachable = (opensearchpy.ConnectionError, opensearchpy.ConnectionTimeout)
    unreadable = opensearchpy.SerializationError
    refused = opensearchpy.TransportError

    def __init__(
        self,
        url: str | Sequence[str],
        *,
        username: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        ca_certs: str | None = None,
        verify: bool = True,
        timeout: float = 30.0,
    ) -> None:
        hosts, username, password = split_hosts(url, username, password)
        self._timeout: float | None = timeout
        options: dict[str, Any] = {"timeout": timeout, "pool_maxsize": 16}
        options |= {"max_retries": MAX_RETRIES, "retry_on_status": RETRIED}
        if api_key:
            options["headers"] = {"Authorization": f"ApiKey {api_key}"}
        elif username:
            options["http_auth"] = (username, password or "")
        if any(host.startswith("https") for host in hosts):
            options |= {"verify_certs": verify, "ssl_show_warn": False}
            if ca_certs:
                options["ca_certs"] = ca_certs
        super().__init__(opensearchpy.OpenSearch(hosts=hosts, **options), hosts[0], owned=True)

    @classmethod
    def over(cls, client: opensearchpy.OpenSearch) -> Self:
        """The adapter over a client that is there already; its settings hold, and it stays open."""
        self = cls.__new__(cls)
        self._timeout = None
        Adapter.__init__(
            self, client, next((c.host for c in client.transport.connection_pool.connections), ""), owned=False
        )
        return self

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
            "opensearch",
            version["number"],
            about.get("cluster_name", ""),
            about.get("cluster_uuid", ""),
            ml_commons,
            no_inference="OpenSearch has ML Commons in place of the inference API",
        )

    def request(
        self, method: str, path: str, body: Any | None = None, *, params: Mapping[str, str] | None = None
    ) -> Any:
        """One request, as `Engine.request`."""
        with self.errors(f"{method} {path}"):
            return self._client.transport.perform_request(method, path, params=dict(params or {}), body=body)

    def search(self, index: str, body: Mapping[str, Any], *, pipeline: str | None = NO_PIPELINE) -> dict[str, Any]:
        """As `Engine.search`."""
        params = {"search_pipeline": pipeline} if pipeline else {}
        with self.errors(f"searching {index}", private=True):
            answer: dict[str, Any] = self._client.search(index=index, body=dict(body), params=params)
        return answer

    def _msearch(self, index: str, bodies: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        # In the URL of _msearch the parameter is refused, so each item carries it.
        lines = [line for body in bodies for line in ({"index": index}, {**body, "search_pipeline": NO_PIPELINE})]
        params = {"request_timeout": self._timeout} if self._timeout else {}
        answer: Mapping[str, Any] = self._client.msearch(body=lines, params=params)
        return answer

    def _stream(self, actions: Iterable[dict[str, Any]], **options: Any) -> Iterable[tuple[bool, dict[str, Any]]]:
        params: dict[str, Any] = {"request_timeout": BULK_SECONDS}
        if pipeline := options.pop("pipeline", None):
            params["pipeline"] = pipeline
        stream: Iterable[tuple[bool, dict[str, Any]]] = helpers.streaming_bulk(
            self._client, actions, params=params, **options
        )
        return stream

    def scan(
        self,
        index: str,
        query: Mapping[str, Any],
        *,
        fields: Sequence[str] | None = None,
        page: int = 500,
        part: tuple[int, int] | None = None,
    ) -> Iterator[Hit]:
        """As `Engine.scan`, by scroll.

        Opening a point in time is itself run through the index's default search pipeline and refuses
        `search_pipeline=_none` (seen on 2.19.1), so a pipeline of the user's that fails would stop every scan. The
        first call of a scroll accepts the parameter, and the following ones run no pipeline.
        """
        body = _bodies.scanning(query, ["_doc"], fields=fields, page=page, part=part)
        what = f"scanning {index}"
        with self.errors(what, private=True):
            answer = self._client.search(
                index=index, body=body, params={"search_pipeline": NO_PIPELINE, "scroll": KEEP_ALIVE}
            )
        try:
            while hits := answer["hits"]["hits"]:
                for hit in hits:
                    yield _bodies.hit(hit)
                with self.errors(what):
                    answer = self._client.scroll(body={"scroll_id": answer["_scroll_id"], "scroll": KEEP_ALIVE})
        finally:
            with self.errors(what):
                self._client.clear_scroll(body={"scroll_id": [answer["_scroll_id"]]}, params={"ignore": 404})

    @staticmethod
    def refusal(error: Any) -> tuple[int | None, Any, str]:
        status = error.status_code if isinstance(error.status_code, int) else None
        return status, error.info, str(error.error)
