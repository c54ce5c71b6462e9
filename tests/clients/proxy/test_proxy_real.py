"""The proxy before real engines, with a real sidecar and the official clients: the application changes its URL only."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import elasticsearch
import httpx
import pytest
from elasticsearch import Elasticsearch, helpers
from opensearchpy import OpenSearch

from bridge.clients.proxy import OUTCOME_HEADER, PLAN_HEADER
from bridge.engines import Dialect, connect
from tests.clients.proxy.standins import Running, proxy_before
from tests.sidecar.conftest import started

pytestmark = pytest.mark.engine

INDEX = "proxy-shop"
SCHEMA = f"""
schema: proxy_shop
index: {INDEX}
engine: %s
text: [title]
deadline_ms: 900
labels:
  brand: {{field: brand, model: false, use: filter, position: any}}
  category: {{field: category, model: false, use: filter}}
  price: {{kind: number, field: price, unit: USD, model: false, use: filter}}
"""
KEYWORD = {"type": "keyword"}
MAPPING = {
    "properties": {
        "title": {"type": "text"}, "brand": KEYWORD, "category": KEYWORD, "sku": KEYWORD, "price": {"type": "double"},
        "made": {"type": "date"},
    }
}  # fmt: skip
DOCUMENTS: list[dict[str, Any]] = [
    {"title": "Nike red running shoes", "brand": "nike", "category": "Shoes", "price": 45.0, "sku": "1"},
    {"title": "Nike blue running shoes", "brand": "nike", "category": "Shoes", "price": 95.0, "sku": "2"},
    {"title": "Adidas running shoes", "brand": "adidas", "category": "Shoes", "price": 39.0, "sku": "3"},
    {"title": "Sony headphones under a table", "brand": "sony", "category": "Audio", "price": 30.0, "sku": "4"},
]
#: Outcomes of a machine that is busy with something else.
LATE = ("deadline", "count_failed", "overloaded", "sidecar_slow", "sidecar_down", "busy")
BODY = {"query": {"match": {"title": {"query": "running shoes under $50", "operator": "and"}}}, "size": 10}
TERM = {"query": {"bool": {"must": [{"match": {"title": "shoes under $50"}}], "filter": [{"term": {"sku": 1}}]}}}


@dataclass
class Shop:
    """One engine with the shop's documents, a sidecar for it, and a proxy before it."""

    dialect: Dialect
    engine: str
    proxy: Running
    #: An Elasticsearch of a lower major version than the official client here, which it then refuses.
    old: bool

    def search(self, body: Any, path: str = f"/{INDEX}/_search") -> httpx.Response:
        return self.on_time(lambda: httpx.post(f"{self.proxy.url}{path}", json=body, timeout=60))

    def on_time(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """The answer whose rewriting was not late: a busy machine may take longer than any deadline, for a while."""
        for _ in range(50):
            answer = ask()
            if answer.headers.get(OUTCOME_HEADER) not in LATE:
                break
            time.sleep(0.1)  # after a failure the proxy leaves the sidecar alone for a while, and answers at once
        return answer

    def direct(self, body: Any, path: str = f"/{INDEX}/_search") -> Any:
        return httpx.post(f"{self.engine}{path}", json=body, timeout=60).json()


ENGINES: dict[str, Dialect] = {
    "opensearch": "opensearch",
    "elasticsearch": "elasticsearch",
    "elasticsearch8": "elasticsearch",
}


@pytest.fixture(scope="module", params=ENGINES)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    dialect = ENGINES[request.param]
    url: str = request.getfixturevalue(f"{request.param}_url")
    path: Path = tmp_path_factory.mktemp("proxy") / "proxy_shop.yaml"
    path.write_text(SCHEMA % dialect, "utf-8")
    with connect(url, dialect=dialect) as engine:
        httpx.delete(f"{url}/{INDEX}")
        engine.request("PUT", f"/{INDEX}", {"mappings": MAPPING})
        list(engine.bulk(INDEX, [{"_op_type": "index", "_id": one["sku"], "_source": one} for one in DOCUMENTS]))
        engine.request("POST", f"/{INDEX}/_refresh")
        with started(schemas=(path,), engine_url=url) as sidecar, proxy_before(url, str(sidecar.base_url)) as proxy:
            major, ours = engine.info().version.partition(".")[0], elasticsearch.__version__[0]
            yield Shop(dialect, url, proxy, old=dialect == "elasticsearch" and int(major) < ours)
        engine.request("DELETE", f"/{INDEX}")


def ids(answer: Any) -> list[str]:
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def test_the_proxy_knows_what_stands_behind_it(shop: Shop) -> None:
    assert shop.proxy.proxy.dialect == shop.dialect


def test_a_price_in_the_text_filters(shop: Shop) -> None:
    """Every word of the text is required, `under` and `$50` too: without the bridge nothing is found."""
    answer = shop.search(BODY)
    assert answer.headers[OUTCOME_HEADER] == "rewritten"
    assert sorted(ids(answer.json())) == ["1", "3"]
    assert ids(shop.direct(BODY)) == []


def test_the_plan_of_an_answer_repeats_its_clauses_on_the_next_page(shop: Shop) -> None:
    first = shop.search(BODY | {"size": 1})
    bridge = {"plan": first.headers[PLAN_HEADER]}
    second = shop.search(BODY | {"size": 1, "from": 1, "ext": {"ml_inference": {"params": {"bridge": bridge}}}})
    assert second.headers[OUTCOME_HEADER] == "rewritten"
    assert sorted(ids(first.json()) + ids(second.json())) == ["1", "3"]


def test_switched_off_the_hits_are_those_of_the_bare_query(shop: Shop) -> None:
    """Elasticsearch answers 400 to an `ext` that it does not know; the proxy takes it out."""
    if shop.dialect == "opensearch":
        pytest.skip("without a search pipeline to read it, OpenSearch would have to know ext.ml_inference")
    answer = shop.search(BODY | {"ext": {"ml_inference": {"params": {"bridge": {"off": True}}}}})
    assert answer.status_code == 200
    assert ids(answer.json()) == []


def test_numbers_stay_what_they_are(shop: Shop) -> None:
    """A `term` of the integer 1 on a keyword finds `1`, not `1.0`."""
    answer = shop.search(TERM)
    assert answer.headers[OUTCOME_HEADER] == "rewritten"
    assert ids(answer.json()) == ["1"]


def test_what_is_no_search_is_the_same_with_and_without_the_proxy(shop: Shop) -> None:
    for path in ("/", f"/{INDEX}/_mapping", f"/{INDEX}/_doc/1", f"/{INDEX}/_doc/none", "/none/_doc/1", "/_no_such"):
        with_proxy, without = (httpx.get(base + path, timeout=60) for base in (shop.proxy.url, shop.engine))
        assert with_proxy.status_code == without.status_code, path
        assert with_proxy.content == without.content, path
        assert dict(with_proxy.headers) == dict(without.headers), path


@pytest.mark.parametrize(
    "body", ["{", '{"query": {"no_such_query": {}}}', '{"query": {"match": {"title": "a"}}, "size": -5}']
)
def test_a_wrong_search_gets_the_engines_own_error(shop: Shop, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answers = [
        httpx.post(f"{base}/{INDEX}/_search", content=body, headers=headers) for base in (shop.proxy.url, shop.engine)
    ]
    assert answers[0].status_code == answers[1].status_code == 400
    assert answers[0].json()["error"]["type"] == answers[1].json()["error"]["type"]


def test_packed_both_ways(shop: Shop) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip", "Accept-Encoding": "gzip"}
    content = gzip.compress(json.dumps(BODY).encode())
    url = f"{shop.proxy.url}/{INDEX}/_search"
    answer = shop.on_time(lambda: httpx.post(url, content=content, headers=headers, timeout=60))
    assert sorted(ids(answer.json())) == ["1", "3"]


def test_a_get_with_the_body_in_the_address(shop: Shop) -> None:
    params = {"source": json.dumps(BODY), "source_content_type": "application/json"}
    answer = shop.on_time(lambda: httpx.get(f"{shop.proxy.url}/{INDEX}/_search", params=params, timeout=60))
    assert sorted(ids(answer.json())) == ["1", "3"]


def test_scroll_reads_the_rewritten_search_to_its_end(shop: Shop) -> None:
    page = shop.search(BODY | {"size": 1}, f"/{INDEX}/_search?scroll=1m").json()
    found = ids(page)
    while page["hits"]["hits"]:
        page = shop.search({"scroll": "1m", "scroll_id": page["_scroll_id"]}, "/_search/scroll").json()
        found += ids(page)
    assert sorted(found) == ["1", "3"]


def test_the_official_client_sees_no_proxy(shop: Shop) -> None:
    shop.search(BODY)  # until the sidecar is on time
    everything = {"query": {"match_all": {}}}
    lines = [{"index": INDEX}, BODY, {"index": INDEX}, everything]
    if shop.dialect == "opensearch":
        with closing(OpenSearch(shop.proxy.url, http_compress=True, timeout=60)) as client:
            found = client.search(index=INDEX, body=BODY)
            several = client.msearch(body=lines)
    else:
        if shop.old:
            pytest.skip("this client does not speak to an older Elasticsearch; the adapter does, in the next test")
        with Elasticsearch(shop.proxy.url, http_compress=True, request_timeout=60) as es:
            found = es.search(index=INDEX, body=BODY).body
            several = es.msearch(searches=lines).body
            assert len(list(helpers.scan(es, index=INDEX))) == 4
    assert sorted(ids(found)) in (["1", "3"], [])  # none where the sidecar was late after all
    assert [len(ids(one)) for one in several["responses"]] in ([2, 4], [0, 4])


def test_the_bridges_own_adapter_sees_no_proxy(shop: Shop) -> None:
    """Everything that install, repair and the values need passes: they may be given the proxy's address."""
    with connect(shop.proxy.url) as engine:
        assert engine.dialect == shop.dialect
        with connect(shop.engine) as direct:
            assert engine.info() == direct.info()
        assert engine.counts(INDEX, [{"query": {"match_all": {}}}]) == [4]
        assert len(list(engine.scan(INDEX, {"match_all": {}}, page=2))) == 4


@pytest.mark.parametrize("line", ['{"index": "%s", "no_such_key": 1}', '{"index": {"a": 1}}', '["%s"]', "{", '"%s"'])
def test_an_odd_first_line_gets_the_engines_own_answer(shop: Shop, line: str) -> None:
    lines = (line.replace("%s", INDEX) + "\n" + json.dumps(BODY) + "\n").encode()

    def told(base: str) -> Any:
        headers = {"Content-Type": "application/x-ndjson"}
        answer = httpx.post(f"{base}/_msearch", content=lines, headers=headers, timeout=60).json()
        return answer.get("error") or [one.get("error") or ids(one) for one in answer["responses"]]

    assert told(shop.proxy.url) == told(shop.engine)


def test_what_the_engine_refuses_is_refused_here_too(shop: Shop) -> None:
    """A `source` without its media type, and an `msearch` whose last line is open."""
    lines = f'{{"index": "{INDEX}"}}\n{json.dumps(BODY)}'

    def statuses(base: str) -> list[int]:
        source = httpx.get(f"{base}/{INDEX}/_search", params={"source": json.dumps(BODY)}, timeout=60)
        headers = {"Content-Type": "application/x-ndjson"}
        open_ended = httpx.post(f"{base}/_msearch", content=lines, headers=headers, timeout=60)
        return [source.status_code, open_ended.status_code]

    assert statuses(shop.proxy.url) == statuses(shop.engine)
    assert min(statuses(shop.engine)) >= 400


def test_a_bulk_of_some_megabytes_passes(shop: Shop) -> None:
    lines = []
    for number in range(3000):
        lines += [json.dumps({"index": {"_index": f"{INDEX}-bulk", "_id": str(number)}}), json.dumps({"t": "x" * 1000})]
    content = ("\n".join(lines) + "\n").encode()

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(content), 100_000):
            yield content[start : start + 100_000]

    headers = {"Content-Type": "application/x-ndjson"}
    try:
        answer = httpx.post(f"{shop.proxy.url}/_bulk?refresh=true", content=pieces(), headers=headers, timeout=120)
        assert answer.json()["errors"] is False
        page = httpx.get(f"{shop.proxy.url}/{INDEX}-bulk/_search?size=3000", timeout=120).json()
        assert len(page["hits"]["hits"]) == 3000
    finally:
        httpx.delete(f"{shop.engine}/{INDEX}-bulk")


def test_64_connections_at_once(shop: Shop) -> None:
    def ask(_: int) -> list[str]:
        with httpx.Client(timeout=120) as client:
            answers = [client.post(f"{shop.proxy.url}/{INDEX}/_search", json=BODY) for _ in range(4)]
        assert all(answer.status_code == 200 for answer in answers)
        return [answer.headers[OUTCOME_HEADER] for answer in answers]

    with ThreadPoolExecutor(64) as pool:
        outcomes = {outcome for some in pool.map(ask, range(64)) for outcome in some}
    # Late rewritings are given up on a busy machine; no search fails.
    assert outcomes <= {"rewritten", *LATE}


def test_a_search_that_its_client_gave_up_ends(shop: Shop) -> None:
    async def give_up() -> None:
        async with httpx.AsyncClient() as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.001):
                    await client.post(f"{shop.proxy.url}/{INDEX}/_search", json=BODY)

    asyncio.run(give_up())
    assert sorted(ids(shop.search(BODY).json())) == ["1", "3"]
