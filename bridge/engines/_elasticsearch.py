"""Elasticsearch through its official client. It has no search pipelines, so nothing here can call the bridge back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self

import elastic_transport
import elasticsearch
from elasticsearch import helpers

from bridge.engines import _bodies
from bridge.engines._adapter import BULK_SECONDS, KEEP_ALIVE, MAX_RETRIES, RETRIED, Adapter, split_hosts
from bridge.engines._base import NO_PIPELINE, Dialect, EngineInfo, Hit
from bridge.errors import EngineError, InputError

#: Licences that have the inference API (Elastic's subscription matrix; checked by the server at every call).
_WITH_INFERENCE = frozenset({"enterprise", "trial"})


class ElasticsearchEngine(Adapter):
    """An Elasticsearch cluster, 8.19 or 9.x; arguments as `OpenSearchEngine`, and:

    Args:
        url: None where `cloud_id` is given.
        cloud_id: of a deployment on Elastic Cloud, in place of `url`.

    Works with the official client 8 and 9, whichever is installed, on servers 8 and 9.
    """

    dialect: ClassVar[Dialect] = "elasticsearch"
    unreachable = (elasticsearch.ConnectionError, elasticsearch.ConnectionTimeout)
    unreadable = elasticsearch.SerializationError
    refused = elasticsearch.ApiError

    def __init__(
        self,
        url: str | Sequence[str] | None = None,
        *,
        cloud_id: str | None = None,
        username: str | None = None,
        password: str | None = None,
        api_key: str | None = None,
        ca_certs: str | None = None,
        verify: bool = True,
        timeout: float = 30.0,
    ) -> None:
        options: dict[str, Any] = {"request_timeout": timeout, "transport_class": _Transport}
        options |= {"max_retries": MAX_RETRIES, "retry_on_status": RETRIED}
        if cloud_id:
            if url:
                raise InputError("give the engine's URL or its cloud id, and not both")
            shown, secure = f"cloud id {cloud_id.partition(':')[0]}", True
            options["cloud_id"] = cloud_id
        else:
            hosts, username, password = split_hosts(url or "", username, password)
            shown, secure = hosts[0], any(host.startswith("https") for host in hosts)
            options["hosts"] = hosts
        if api_key:
            options["api_key"] = api_key
        elif username:
            options["basic_auth"] = (username, password or "")
        if secure:
            options |= {"verify_certs": verify, "ssl_show_warn": False}
            if ca_certs:
                options["ca_certs"] = ca_certs
        try:
            client = elasticsearch.Elasticsearch(**options)
        except ValueError as error:
            raise InputError(f"the address of the search engine is wrong: {error}", where=shown) from error
        super().__init__(client, shown, owned=True)

    @classmethod
    def over(cls, client: elasticsearch.Elasticsearch) -> Self:
        """The adapter over a client that is there already; its settings hold, and it stays open."""
        self = cls.__new__(cls)
        nodes = [node.base_url for node in client.transport.node_pool.all()]
        Adapter.__init__(self, client, nodes[0] if nodes else "", owned=False)
        return self

    def info(self) -> EngineInfo:
        """Version, cluster and licence, and whether inference endpoints can be used."""
        about = self.request("GET", "/")
        version = about["version"]
        licence = "serverless" if version.get("build_flavor") == "serverless" else self._licence()
        return EngineInfo(
            "elasticsearch",
            version["number"],
            about.get("cluster_name", ""),
            about.get("cluster_uuid", ""),
            ml_commons=False,
            licence=licence,
            no_inference=self._no_inference(licence),
        )

    def _licence(self) -> str | None:
        """Type of the licence; None where this cluster or this user's rights tell none."""
        try:
            licence = self.request("GET", "/_license")["license"]
        except EngineError as error:
            if error.status in (400, 403, 404, 405, 410):
                return None
            raise
        return str(licence["type"]) if licence["status"] == "active" else f"expired {licence['type']}"

    def _no_inference(self, licence: str | None) -> str | None:
        """Why inference endpoints cannot be used; None where they can."""
        try:
            self.request("GET", "/_inference/_all")
        except EngineError as error:
            if error.status in (400, 404, 405):
                return "this Elasticsearch has no inference API"
            if error.status == 403:
                return "this user may not see inference endpoints (cluster privilege manage_inference)"
            raise
        if licence is not None and licence not in {*_WITH_INFERENCE, "serverless"}:
            return f"the licence is {licence}, and inference endpoints need enterprise (or a trial)"
        return None

    def request(
        self, method: str, path: str, body: Any | None = None, *, params: Mapping[str, str] | None = None
    ) -> Any:
        """One request, as `Engine.request`."""
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if body is not None else {})
        with self.errors(f"{method} {path}"):
            answer = self._client.perform_request(method, path, params=dict(params or {}), headers=headers, body=body)
        return answer.body

    def search(self, index: str, body: Mapping[str, Any], *, pipeline: str | None = NO_PIPELINE) -> dict[str, Any]:
        """As `Engine.search`; a pipeline other than `_none` is refused with InputError."""
        if pipeline not in (None, NO_PIPELINE):
            raise InputError(
                "Elasticsearch has no search pipelines", hint="rewrite the body first: /v1/rewrite or RewritingClient"
            )
        with self.errors(f"searching {index}", private=True):
            answer: dict[str, Any] = self._client.search(index=index, body=dict(body)).body
        return answer

    def _msearch(self, index: str, bodies: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        lines = [line for body in bodies for line in ({"index": index}, body)]
        answer: Mapping[str, Any] = self._client.msearch(searches=lines).body
        return answer

    def _stream(self, actions: Iterable[dict[str, Any]], **options: Any) -> Iterable[tuple[bool, dict[str, Any]]]:
        return helpers.streaming_bulk(self._client.options(request_timeout=BULK_SECONDS), actions, **options)

    def scan(
        self,
        index: str,
        query: Mapping[str, Any],
        *,
        fields: Sequence[str] | None = None,
        page: int = 500,
        part: tuple[int, int] | None = None,
    ) -> Iterator[Hit]:
        """As `Engine.scan`; one point in time, ordered by `_shard_doc`."""
        what = f"scanning {index}"
        with self.errors(what):
            pit = self._client.open_point_in_time(index=index, keep_alive=KEEP_ALIVE)["id"]
        body = _bodies.scanning(query, ["_shard_doc"], fields=fields, page=page, part=part)
        body["track_total_hits"] = False
        try:
            while True:
                body["pit"] = {"id": pit, "keep_alive": KEEP_ALIVE}
                with self.errors(what, private=True):
                    answer = self._client.search(body=body).body
                pit = answer.get("pit_id", pit)
                hits = answer["hits"]["hits"]
                for hit in hits:
                    yield _bodies.hit(hit)
                if len(hits) < page:
                    return
                body["search_after"] = hits[-1]["sort"]
        finally:
            with self.errors(what):
                self._client.close_point_in_time(id=pit)

    @staticmethod
    def refusal(error: Any) -> tuple[int | None, Any, str]:
        if isinstance(error, elasticsearch.UnsupportedProductError):
            return None, {"error": "this is not an Elasticsearch"}, "this is not an Elasticsearch"
        return error.meta.status, error.body, str(error.error)


class _Transport(elastic_transport.Transport):
    """Speaks version 8 of the REST interface, which servers 8 and 9 both know.

    The client names its own major version in each request, and a server refuses every version above its own: with
    client 9, as our lock file has it, an 8.19 could not be reached.
    """

    def perform_request(self, method: str, target: str, *, headers: Any = None, **options: Any) -> Any:
        spoken = {name: value.replace("compatible-with=9", "compatible-with=8") for name, value in headers.items()}
        return super().perform_request(method, target, headers=spoken, **options)
