"""`RewritingClient` over both official clients, sync and async, on real engines: the same schema, the same hits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import elasticsearch
import opensearchpy
import pytest

from bridge.clauses import Plan
from bridge.clients import Answer, AsyncRewritingClient, MultiAnswer, RewritingClient
from bridge.engines import Engine, connect
from bridge.query import Options, QueryParser, StaticValues
from bridge.schema import Schema, parse_schema

pytestmark = pytest.mark.engine

INDEX = "rewriting-client"
SCHEMA = parse_schema(
    f"""
schema: rewriting_client
index: {INDEX}
engine: opensearch
text: [title]
deadline_ms: 900
relax: counts
labels:
  brand: {{field: brand, model: false, use: filter, position: any}}
  price: {{kind: number, field: price, unit: USD, model: false, use: filter}}
"""
)
KEYWORD = {"type": "keyword"}
FIELDS = {"title": {"type": "text"}, "brand": KEYWORD, "category": KEYWORD, "sku": KEYWORD, "price": {"type": "double"}}
VECTOR = {"type": "dense_vector", "dims": 2, "index": True, "similarity": "l2_norm"}
DOCUMENTS: list[dict[str, Any]] = [
    {"title": "Nike red running shoes", "brand": "nike", "category": "Shoes", "price": 45.0, "sku": "1"},
    {"title": "Nike blue running shoes", "brand": "nike", "category": "Shoes", "price": 95.0, "sku": "2"},
    {"title": "Adidas running shoes", "brand": "adidas", "category": "Shoes", "price": 39.0, "sku": "3"},
    {"title": "Nike running socks", "brand": "nike", "category": "Socks", "price": 9.0, "sku": "4"},
    {"title": "Sony headphones", "brand": "sony", "category": "Audio", "price": 30.0, "sku": "5"},
]
TEXT = {"match": {"title": {"query": "running shoes under $50", "operator": "and"}}}
BODY = {"query": TEXT, "size": 10}
#: More than a busy machine needs; the real budget has a test of its own.
PATIENT = 60.0
CLIENTS: dict[str, tuple[type, str]] = {
    "OpenSearch": (opensearchpy.OpenSearch, "opensearch"),
    "AsyncOpenSearch": (opensearchpy.AsyncOpenSearch, "opensearch"),
    "Elasticsearch": (elasticsearch.Elasticsearch, "elasticsearch"),
    "AsyncElasticsearch": (elasticsearch.AsyncElasticsearch, "elasticsearch"),
}


@dataclass
class Shop:
    """One official client on its engine, with the shop's documents."""

    client: str
    url: str
    engine: Engine

    @property
    def elastic(self) -> bool:
        return "Elastic" in self.client

    def parser(self) -> QueryParser:
        facts = self.engine.facts(SCHEMA)
        return QueryParser(
            SCHEMA, None, StaticValues.of(SCHEMA, self.engine.values(SCHEMA), facts.fill_rates, facts.stats)
        )

    def run(
        self,
        method: str,
        *arguments: Any,
        schema: Schema = SCHEMA,
        parser: Any = None,
        seconds: float = PATIENT,
        **how: Any,
    ) -> Any:
        """Call one method of a rewriting client; its counters are put beside the answer."""
        kind, settings = CLIENTS[self.client][0], (schema, parser or self.parser(), self.engine)
        if not self.client.startswith("Async"):
            official = kind(self.url)
            with RewritingClient(official, *settings, seconds=seconds) as client:
                answer = getattr(client, method)(*arguments, **how)
                self.outcomes = client.outcomes
            official.close()
            return answer

        async def go() -> Any:
            async with kind(self.url) as official, AsyncRewritingClient(official, *settings, seconds=seconds) as client:
                answer = await getattr(client, method)(*arguments, **how)
                self.outcomes = client.outcomes
                return answer

        return asyncio.run(go())

    def search(self, body: Any = None, **how: Any) -> Answer:
        answer: Answer = self.run("search", index=how.pop("index", INDEX), body=body, **how)
        return answer

    def msearch(self, searches: Any, **how: Any) -> MultiAnswer:
        answer: MultiAnswer = self.run("msearch", searches, **how)
        return answer


@pytest.fixture(scope="module", params=CLIENTS)
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    dialect: Any = CLIENTS[request.param][1]
    url: str = request.getfixturevalue(f"{dialect}_url")
    with connect(url, dialect=dialect) as engine:
        fields = FIELDS | ({"vector": VECTOR} if dialect == "elasticsearch" else {})
        for name, mapping in ((INDEX, fields), (f"{INDEX}-wrong", FIELDS | {"price": {"type": "ip"}})):
            if name in engine.request("GET", "/_alias"):
                engine.request("DELETE", f"/{name}")
            engine.request("PUT", f"/{name}", {"mappings": {"properties": mapping}})
        for place, one in enumerate(DOCUMENTS):
            source = one | ({"vector": [float(place), 1.0]} if dialect == "elasticsearch" else {})
            engine.request("PUT", f"/{INDEX}/_doc/{one['sku']}", source)
            engine.request("PUT", f"/{INDEX}-wrong/_doc/{one['sku']}", one | {"price": "10.0.0.1"})
        engine.request("POST", f"/{INDEX}*/_refresh")
        yield Shop(request.param, url, engine)
        engine.request("DELETE", f"/{INDEX}")
        engine.request("DELETE", f"/{INDEX}-wrong")


def ids(answer: Answer) -> list[str]:
    return sorted(hit["_id"] for hit in answer.hits)


def test_a_price_in_the_text_filters_and_is_told_beside_the_hits(shop: Shop) -> None:
    answer = shop.search(BODY)
    assert ids(answer) == ["1", "3"]
    assert (answer.outcome, answer.reason) == ("rewritten", "rewritten")
    assert [(chip.name, chip.restored) for chip in answer.chips] == [("bridge:price=<50", "running shoes")]
    assert any(line.decision == "clause" for line in answer.explain)
    assert answer.raw["hits"]["total"]["value"] == 2
    assert shop.outcomes == {"rewritten": 1}


def test_a_chip_that_is_taken_back(shop: Shop) -> None:
    [chip] = shop.search(BODY).chips
    body = {"query": {"match": {"title": {"query": chip.restored, "operator": "and"}}}}
    assert ids(shop.search(body)) == ["1", "2", "3"]


def test_the_plan_of_the_first_page_holds_for_the_second(shop: Shop) -> None:
    first = shop.search(BODY | {"size": 1})
    second = shop.search(BODY | {"size": 1, "from": 1}, options=Options(plan=first.token))
    assert sorted(ids(first) + ids(second)) == ["1", "3"]


def test_flags_may_stand_in_the_body(shop: Shop) -> None:
    """Elasticsearch refuses an `ext` that it does not know, so the flags are taken out before it sees them."""
    if not shop.elastic:
        pytest.skip("OpenSearch knows ext.ml_inference where ML Commons is, and keeps it")
    off = {"ext": {"ml_inference": {"params": {"bridge": {"off": True}}}}}
    answer = shop.search(BODY | off)
    assert (answer.outcome, ids(answer)) == ("off", [])
    text = {"query": {"match_all": {}}, "ext": {"ml_inference": {"query_text": "running shoes under $50"}}}
    assert ids(shop.search(text)) == ["1", "3", "4"]


def test_the_keyword_form_of_the_elasticsearch_client(shop: Shop) -> None:
    if not shop.elastic:
        pytest.skip("opensearch-py has no such form")
    answer = shop.search(query=TEXT, size=1, from_=1, sort="price:desc", source=["price"], track_total_hits=True)
    assert [hit["_source"] for hit in answer.hits] == [{"price": 39.0}]
    assert answer.raw["hits"]["total"]["value"] == 2


def test_a_post_filter_narrows_what_is_found(shop: Shop) -> None:
    answer = shop.search(BODY | {"post_filter": {"term": {"brand": "adidas"}}})
    assert ids(answer) == ["3"]


def test_a_post_filter_is_counted_when_filters_are_given_up(shop: Shop) -> None:
    """Only socks are left by the caller's filter, and none of them costs less than $5: the price goes, not the hits."""
    body = {"query": {"match": {"title": "running shoes under $5"}}, "post_filter": {"term": {"category": "Socks"}}}
    answer = shop.search(body)
    assert ids(answer) == ["4"]
    assert any(line.decision == "relaxed" for line in answer.explain)


def test_collapse_gives_one_hit_a_brand(shop: Shop) -> None:
    body = {"query": {"match": {"title": "running shoes under $100"}}, "collapse": {"field": "brand"}}
    answer = shop.search(body)
    assert sorted(hit["_source"]["brand"] for hit in answer.hits) == ["adidas", "nike"]
    assert answer.outcome == "rewritten"


def test_nearest_neighbours_beside_the_text_obey_its_filters(shop: Shop) -> None:
    """Without the filter the vectors would bring documents 2 and 5, which cost more, or are no shoes."""
    if not shop.elastic:
        pytest.skip("top-level knn is Elasticsearch's")
    knn = {"field": "vector", "query_vector": [1.0, 1.0], "k": 5, "num_candidates": 10}
    answer = shop.search({"query": TEXT, "knn": knn})
    assert ids(answer) == ["1", "3", "4", "5"]
    assert answer.outcome == "rewritten"


def test_a_standard_retriever(shop: Shop) -> None:
    if not shop.elastic:
        pytest.skip("retrievers are Elasticsearch's")
    answer = shop.search(retriever={"standard": {"query": TEXT, "filter": {"term": {"brand": "nike"}}}})
    assert ids(answer) == ["1"]


def test_several_searches_each_by_its_own_text(shop: Shop) -> None:
    lines = [{"index": INDEX}, BODY, {}, {"query": {"match": {"title": "socks"}}}, {"index": f"{INDEX}-wrong"}, BODY]
    answer = shop.msearch(lines, index=INDEX)
    assert [ids(one) for one in answer.answers] == [["1", "3"], ["4"], []]
    assert [one.outcome for one in answer.answers] == ["rewritten", "nothing_found", "no_schema"]
    assert answer.answers[0].chips[0].name == "bridge:price=<50"
    assert len(answer.raw["responses"]) == 3


def test_several_searches_as_lines_of_text(shop: Shop) -> None:
    text = f'{{"index": "{INDEX}"}}\n{{"query": {{"match": {{"title": "shoes under $40"}}}}}}\n'
    assert [ids(one) for one in shop.msearch(text).answers] == [["3"]]


def test_a_template_is_left_alone(shop: Shop) -> None:
    if shop.elastic:
        pytest.skip("the local Elasticsearch has no templates")
    body = {"source": {"query": {"match": {"title": "{{text}}"}}}, "params": {"text": "shoes under $1"}}
    assert len(shop.run("search_template", index=INDEX, body=body)["hits"]["hits"]) == 3
    assert shop.outcomes == {}


class TestFailOpen:
    def test_a_parser_that_is_late(self, shop: Shop) -> None:
        class Late(QueryParser):
            def parse(self, *arguments: Any, **how: Any) -> Any:
                time.sleep(1.0)
                return super().parse(*arguments, **how)

        parser = shop.parser()
        parser.__class__ = Late
        answer = shop.search({"query": {"match": {"title": "shoes under $40"}}}, parser=parser, seconds=0.05)
        assert (answer.outcome, ids(answer)) == ("deadline", ["1", "2", "3"])
        assert shop.outcomes == {"deadline": 1}

    def test_a_parser_that_fails(self, shop: Shop) -> None:
        class Broken:
            def parse(self, *_: Any, **__: Any) -> Any:
                raise RuntimeError("a defect")

        answer = shop.search({"query": {"match": {"title": "shoes under $40"}}}, parser=Broken())
        assert (answer.outcome, ids(answer)) == ("failed", ["1", "2", "3"])

    def test_an_engine_that_refuses_what_was_written(self, shop: Shop) -> None:
        """`price` is an address there, and no engine compares those with 40."""
        body = {"query": {"match": {"title": "shoes under $40"}}}
        schema = parse_schema(
            f"schema: rewriting_client\nindex: {INDEX}-wrong\ntext: [title]\nrelax: 'off'\nlabels:\n"
            "  price: {kind: number, field: price, unit: USD, model: false, use: filter}\n"
        )
        parser = QueryParser(schema, None, StaticValues.of(schema, {}, {"price": 1.0}))
        how: dict[str, Any] = {"schema": schema, "parser": parser}
        answer = shop.search(body, index=schema.index, **how)
        assert (answer.outcome, ids(answer)) == ("refused", ["1", "2", "3"])
        several = shop.msearch([{"index": schema.index}, body], **how)
        assert [(one.outcome, ids(one)) for one in several.answers] == [("refused", ["1", "2", "3"])]

    def test_an_engine_that_cannot_even_parse_what_was_written(self, shop: Shop) -> None:
        """Elasticsearch then refuses the whole `msearch`, and not only the one search in it."""

        class Wrong(QueryParser):
            def parse(self, *arguments: Any, **how: Any) -> Plan:
                plan = super().parse(*arguments, **how)
                return replace(plan, clauses=tuple(replace(one, role="boost", boost=-1.0) for one in plan.clauses))

        parser = shop.parser()
        parser.__class__ = Wrong
        body = {"query": {"match": {"title": "shoes under $40"}}}
        assert (answer := shop.search(body, parser=parser)).outcome == "refused"
        assert ids(answer) == ["1", "2", "3"]
        several = shop.msearch([{}, body, {}, {"query": {"match": {"title": "socks"}}}], index=INDEX, parser=parser)
        assert [ids(one) for one in several.answers] == [["1", "2", "3"], ["4"]]
        assert [one.outcome for one in several.answers] == ["refused", "nothing_found"]

    def test_an_answer_without_hits_as_the_caller_asked_for(self, shop: Shop) -> None:
        """`filter_path` may leave out all that is read in an answer."""
        answer = shop.msearch([{"index": INDEX}, BODY], filter_path="took")
        assert list(answer.raw) == ["took"]
        assert answer.answers == ()

    @pytest.mark.parametrize(
        "wrong", [{"query": {"no_such_query": {}}}, {"query": {"match": {"title": "shoes under $40"}}, "size": -5}]
    )
    def test_the_callers_own_mistakes_are_the_engines_to_tell(self, shop: Shop, wrong: Any) -> None:
        with pytest.raises((opensearchpy.RequestError, elasticsearch.BadRequestError)):
            shop.search(wrong)

    @pytest.mark.parametrize("wrong", ["{", [1], "[]"])
    def test_what_is_no_body_is_the_clients_to_refuse(self, shop: Shop, wrong: Any) -> None:
        refusals = (opensearchpy.OpenSearchException, elasticsearch.ApiError, elasticsearch.TransportError)
        with pytest.raises((*refusals, TypeError, ValueError, AttributeError)):
            shop.search(wrong)


# -- what no engine here can run ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rewrite() -> Iterator[Callable[[Any], Any]]:
    """The body that an Elasticsearch client would send."""
    values = StaticValues.of(SCHEMA, {"brand": {"nike": 3}}, {"brand": 1.0, "price": 1.0})
    with elasticsearch.Elasticsearch("http://127.0.0.1:1") as official:
        parser = QueryParser(SCHEMA, None, values)
        with RewritingClient(official, UNCOUNTED, parser, seconds=PATIENT) as client:
            yield lambda body: client.rewrite(body).body


UNCOUNTED = SCHEMA.model_copy(update={"relax": "off"})
TEXT_QUERY = {"match": {"title": "shoes under $40"}}
FILTERED = {
    "bool": {
        "filter": [
            {"match": {"title": {"query": "shoes", "zero_terms_query": "all"}}},
            {"range": {"price": {"lt": 40, "_name": "bridge:price=<40"}}},
        ],
        "should": [TEXT_QUERY],
    }
}
KNN = {"field": "vector", "query_vector": [1.0], "k": 5, "num_candidates": 10}
KNN_FILTERED = KNN | {"filter": {"bool": {"filter": [{"range": {"price": {"lt": 40, "_name": "bridge:price=<40"}}}]}}}


def unmarked(tree: Any) -> Any:
    """Without the names of the outer queries, which hold a hash."""
    if isinstance(tree, dict):
        return {k: unmarked(v) for k, v in tree.items() if not (k == "_name" and "=" not in str(v))}
    return [unmarked(one) for one in tree] if isinstance(tree, list) else tree


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"rrf": {"retrievers": [{"standard": {"query": TEXT_QUERY}}, {"knn": KNN}], "rank_window_size": 50}},
         {"rrf": {"retrievers": [{"standard": {"query": FILTERED}}, {"knn": KNN_FILTERED}], "rank_window_size": 50}}),
        ({"linear": {"retrievers": [{"retriever": {"standard": {"query": TEXT_QUERY}}, "normalizer": "minmax"}]}},
         {"linear": {"retrievers": [{"retriever": {"standard": {"query": FILTERED}}, "normalizer": "minmax"}]}}),
        ({"text_similarity_reranker": {"retriever": {"standard": {"query": TEXT_QUERY}}, "field": "title",
                                       "inference_id": "rerank", "inference_text": "shoes under $40"}},
         {"text_similarity_reranker": {"retriever": {"standard": {"query": FILTERED}}, "field": "title",
                                       "inference_id": "rerank", "inference_text": "shoes under $40"}}),
        ({"text_similarity_reranker": {"retriever": {"rrf": {"retrievers": [{"standard": {"query": TEXT_QUERY}}]}}}},
         {"text_similarity_reranker": {"retriever": {"rrf": {"retrievers": [{"standard": {"query": FILTERED}}]}}}}),
    ],
    ids=["rrf", "linear", "text_similarity_reranker", "nested"],
)  # fmt: skip
def test_the_text_queries_inside_retrievers(rewrite: Callable[[Any], Any], before: Any, after: Any) -> None:
    assert unmarked(rewrite({"retriever": before, "size": 3})) == {"retriever": after, "size": 3}
