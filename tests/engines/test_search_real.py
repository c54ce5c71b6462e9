"""Rewritten bodies against a real OpenSearch: the hits, the scores, and everything else that the caller asked for.

The bodies go to the engine directly, without a search pipeline, once as they are and once as a `wrapper`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bridge.clauses import Clause, Match, Plan, Range, Terms
from bridge.engines.dsl import Found, Unchanged, count_body, dumps_exact, find_text, loads_exact, rewrite, wrap
from bridge.entities import Interval
from bridge.schema import Schema, parse_schema

pytestmark = pytest.mark.engine

INDEX = "dsl-test"
TEXT = "organic coffee under $20"
BIG = 9007199254740993  # 2^53 + 1: lost as soon as someone makes it a double

SCHEMA = f"""
schema: grocery
index: {INDEX}
text: [name, description]
labels:
  category: {{field: category, use: filter}}
  price: {{kind: number, field: price, unit: USD, use: filter}}
  sold: {{kind: date, field: sold}}
  diet: {{}}
  type: {{}}
"""

MAPPINGS = {
    "properties": {
        "name": {"type": "text", "fields": {"raw": {"type": "keyword"}}},
        "description": {"type": "text"},
        "stopped": {"type": "text", "analyzer": "stop"},
        "category": {"type": "keyword"},
        "code": {"type": "keyword"},
        "price": {"type": "double"},
        "stock": {"type": "integer"},
        "ean": {"type": "long"},
        "sold": {"type": "date"},
        "place": {"type": "geo_point"},
        "entities": {"properties": {"diet": {"type": "keyword"}, "type": {"type": "keyword"}}},
        "offers": {"type": "nested", "properties": {"shop": {"type": "integer"}, "price": {"type": "double"}}},
    }
}


def _document(number: int, name: str, category: str, price: float, **rest: Any) -> dict[str, Any]:
    return {
        "name": name,
        "description": rest.pop("description", f"{name} from our shop"),
        "category": category,
        "code": str(100 + number),
        "price": price,
        "stock": number * 3,
        "ean": BIG + number,
        "sold": 1700000000000 + number * 86_400_000,
        "place": {"lat": 48.0 + number, "lon": 11.0},
        "offers": [{"shop": number, "price": price}, {"shop": number + 1, "price": price + 1}],
        "entities": rest,
    }


DOCUMENTS = [
    _document(0, "organic coffee beans", "Coffee", 12.5, diet=["organic"], type=["beans"]),
    _document(1, "organic coffee capsules", "Coffee", 24.0, diet=["organic"], type=["capsules"]),
    _document(2, "dark roast coffee", "Coffee", 9.0, type=["beans"]),
    _document(3, "organic green tea", "Tea", 7.0, diet=["organic"]),
    _document(4, "coffee cake", "Bakery", 15.0),
    _document(5, "coffee grinder", "Kitchen", 49.0, description="grinds organic beans"),
    _document(6, "under the sun poster $20", "Decoration", 20.0, description="a poster"),
    _document(7, "espresso", "Coffee", 11.0, description="strong", type=["espresso"]),
]

UNDER_20 = Clause("filter", Range("price", Interval(lt=20.0)), "price", "bridge:price=<20", consumes=((15, 24),))
COFFEE = Clause("filter", Terms("category", ("Coffee",)), "category", "bridge:category=Coffee")
ORGANIC = Clause("boost", Terms("entities.diet", ("organic",)), "diet", "bridge:diet=organic", boost=2.0)
NOT_TEA = Clause("exclude", Terms("category", ("Tea",)), "category", "bridge:category=-Tea")
LESS_CAKE = Clause("demote", Match(("name", "description"), "coffee cake"), "type", "bridge:type=-cake", boost=0.1)
ESPRESSO = Clause("expand", Terms("entities.type", ("espresso",)), "type", "bridge:type=espresso", boost=1.5)


class Engine:
    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    def search(self, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.client.post(
            f"/{INDEX}/_search", content=dumps_exact(body), headers={"content-type": "application/json"}
        )
        assert answer.status_code == 200, answer.text
        result: dict[str, Any] = answer.json()
        assert result["_shards"]["failed"] == 0, result
        return result

    def hits(self, body: dict[str, Any]) -> dict[str, float]:
        """Document number → score, in the order of the hits."""
        return {hit["_id"]: hit["_score"] for hit in self.search({"size": 50, **body})["hits"]["hits"]}


@pytest.fixture(scope="module")
def engine(opensearch_url: str) -> Iterator[Engine]:
    with httpx.Client(base_url=opensearch_url, timeout=60) as client:
        client.delete(f"/{INDEX}")
        settings = {"number_of_shards": 1, "number_of_replicas": 0}
        created = client.put(f"/{INDEX}", json={"settings": settings, "mappings": MAPPINGS})
        assert created.status_code == 200, created.text
        lines = [line for n, doc in enumerate(DOCUMENTS) for line in ({"index": {"_id": str(n)}}, doc)]
        bulk = client.post(
            f"/{INDEX}/_bulk?refresh=true",
            content="".join(json.dumps(line) + "\n" for line in lines),
            headers={"content-type": "application/x-ndjson"},
        )
        assert bulk.status_code == 200, bulk.text
        assert not bulk.json()["errors"], bulk.text
        yield Engine(client)
        client.delete(f"/{INDEX}")


@pytest.fixture(scope="module")
def schema() -> Schema:
    return parse_schema(SCHEMA)


def plan(*clauses: Clause, **rest: Any) -> Plan:
    taken = any(clause.consumes for clause in clauses)
    return Plan("grocery", TEXT, "organic coffee" if taken else TEXT, clauses, **rest)


def new_body(body: dict[str, Any], schema: Schema, *clauses: Clause, **rest: Any) -> dict[str, Any]:
    found = find_text(body, schema)
    assert isinstance(found, Found), found
    result = rewrite(body, found, plan(*clauses, **rest), schema)
    assert result.changed
    assert {key: value for key, value in result.body.items() if key != "query"} == {
        key: value for key, value in body.items() if key != "query"
    }
    return result.body


def leaf(kind: str = "match", **options: Any) -> dict[str, Any]:
    if kind in ("match", "match_bool_prefix"):
        return {kind: {"name": {"query": TEXT, **options}}}
    return {kind: {"query": TEXT, "fields": ["name^3", "description"], **options}}


LEAVES = [
    leaf(),
    leaf(operator="and"),
    leaf(minimum_should_match="75%"),
    leaf(fuzziness="AUTO", boost=2.0, _name="mine"),
    leaf("match_bool_prefix"),
    leaf("multi_match"),
    leaf("multi_match", type="most_fields", operator="and"),
    leaf("multi_match", type="cross_fields", operator="and"),
    leaf("simple_query_string", default_operator="and"),
    leaf("query_string"),
]


class TestEveryKindOfLeaf:
    @pytest.mark.parametrize("query", LEAVES, ids=lambda query: json.dumps(query)[:60])
    def test_hits_pass_the_filters_and_match_the_rest_of_the_text(
        self, engine: Engine, schema: Schema, query: dict[str, Any]
    ) -> None:
        hits = engine.hits(new_body({"query": query}, schema, UNDER_20, COFFEE))
        cheap = {str(n) for n, doc in enumerate(DOCUMENTS) if doc["price"] < 20 and doc["category"] == "Coffee"}
        every_word = "and" in json.dumps(query)
        assert set(hits) == ({"0"} if every_word else cheap - {"7"})
        assert next(iter(hits)) == "0", "the document with both words comes first"

    @pytest.mark.parametrize("query", LEAVES, ids=lambda query: json.dumps(query)[:60])
    def test_filters_and_shorter_texts_leave_scores_as_they_were(
        self, engine: Engine, schema: Schema, query: dict[str, Any]
    ) -> None:
        before = engine.hits({"query": query})
        after = engine.hits(new_body({"query": query}, schema, UNDER_20))
        for number in before.keys() & after.keys():
            assert after[number] == pytest.approx(before[number], rel=1e-5)
        assert all(score > 0 for score in after.values())
        only_filter = engine.hits(new_body({"query": query}, schema, COFFEE))
        assert only_filter == {n: before[n] for n in before if DOCUMENTS[int(n)]["category"] == "Coffee"}


def test_operator_and_finds_what_the_words_of_the_price_hid(engine: Engine, schema: Schema) -> None:
    query = leaf(operator="and")
    assert engine.hits({"query": query}) == {}
    assert list(engine.hits(new_body({"query": query}, schema, UNDER_20))) == ["0"]


def test_an_absolute_minimum_keeps_the_text_and_only_changes_the_order(engine: Engine, schema: Schema) -> None:
    query = leaf(minimum_should_match=2)
    before = engine.hits({"query": query})
    after = engine.hits(new_body({"query": query}, schema, UNDER_20))
    assert set(after) == set(before)
    for number, score in before.items():
        more = 1.0 if DOCUMENTS[int(number)]["price"] < 20 else 0.0
        assert after[number] == pytest.approx(score + more, rel=1e-5)


@pytest.mark.parametrize(
    "query",
    [
        {"bool": {"should": [leaf(), {"term": {"code": "107"}}]}},
        {"bool": {"must": [{"range": {"stock": {"gte": 3}}}], "should": [leaf()]}},
        {"dis_max": {"queries": [leaf(), {"match": {"description": TEXT}}], "tie_breaker": 0.3}},
        {"function_score": {"query": {"bool": {"should": [leaf()]}}, "functions": [{"weight": 2}]}},
    ],
    ids=["should", "must and should", "dis_max", "function_score over should"],
)
def test_a_text_inside_should_keeps_every_hit_and_boosts(engine: Engine, schema: Schema, query: dict[str, Any]) -> None:
    before = engine.hits({"query": query})
    after = engine.hits(new_body({"query": query}, schema, UNDER_20, COFFEE, NOT_TEA))
    assert set(after) == set(before)
    best = {n for n in before if DOCUMENTS[int(n)]["price"] < 20 and DOCUMENTS[int(n)]["category"] == "Coffee"}
    assert all(after[number] > before[number] for number in best)


def test_two_leaves_with_the_same_text_are_both_shortened(engine: Engine, schema: Schema) -> None:
    query = {"bool": {"must": [leaf(operator="and"), {"match": {"description": {"query": TEXT, "operator": "and"}}}]}}
    assert engine.hits({"query": query}) == {}
    assert list(engine.hits(new_body({"query": query}, schema, UNDER_20))) == ["0"]


def test_two_leaves_with_different_texts_and_no_query_at_all_stay(schema: Schema) -> None:
    query = {"bool": {"must": [leaf(), {"match": {"description": "tea"}}]}}
    assert isinstance(find_text({"query": query}, schema), Unchanged)
    assert isinstance(find_text({"size": 3}, schema), Unchanged)


def test_the_callers_own_filters_hold(engine: Engine, schema: Schema) -> None:
    query = {
        "bool": {
            "must": [leaf()],
            "filter": [{"range": {"stock": {"gte": 3}}}],
            "must_not": [{"term": {"code": "104"}}],
            "should": [{"term": {"code": {"value": "102", "boost": 50}}}],
        }
    }
    hits = engine.hits(new_body({"query": query}, schema, UNDER_20))
    assert list(hits) == ["2", "3"]
    assert hits["2"] > 50


def test_a_constant_score_filters_and_keeps_its_score(engine: Engine, schema: Schema) -> None:
    query = {"constant_score": {"filter": leaf(operator="and"), "boost": 4}}
    assert engine.hits(new_body({"query": query}, schema, UNDER_20)) == {"0": 4.0}
    boosted = engine.hits(new_body({"query": query}, schema, UNDER_20, ORGANIC))
    assert boosted == {"0": 6.0}


def test_functions_multiply_text_and_boosts(engine: Engine, schema: Schema) -> None:
    query = {
        "function_score": {"query": leaf(), "functions": [{"filter": {"term": {"stock": 0}}, "weight": 10}]},
    }
    before = engine.hits({"query": query})
    after = engine.hits(new_body({"query": query}, schema, COFFEE))
    assert after == {n: before[n] for n in before if DOCUMENTS[int(n)]["category"] == "Coffee"}


def test_an_exclusion_removes_and_a_demotion_lowers(engine: Engine, schema: Schema) -> None:
    before = engine.hits({"query": leaf()})
    after = engine.hits(new_body({"query": leaf()}, schema, NOT_TEA, LESS_CAKE))
    assert set(before) - set(after) == {"3"}
    assert after["4"] == pytest.approx(before["4"] * 0.1, rel=1e-5)
    assert after["2"] == pytest.approx(before["2"], rel=1e-5)


def test_an_expansion_answers_beside_operator_and(engine: Engine, schema: Schema) -> None:
    hits = engine.hits(new_body({"query": leaf(operator="and")}, schema, ESPRESSO, UNDER_20))
    assert set(hits) == {"0", "7"}
    two = {"bool": {"must": [leaf(operator="and"), {"match": {"description": {"query": TEXT, "operator": "and"}}}]}}
    hits = engine.hits(new_body({"query": two}, schema, ESPRESSO, UNDER_20))
    assert set(hits) == {"0", "7"}
    assert hits["7"] == pytest.approx(1.5), "one expansion scores once"


def test_tiers_never_empty_and_put_the_filtered_first(engine: Engine, schema: Schema) -> None:
    query = leaf("multi_match")
    hits = engine.hits(new_body({"query": query}, schema, UNDER_20, COFFEE, mode="tiers"))
    order = list(hits)
    assert set(order[:2]) == {"0", "2"}
    assert set(order) == {"0", "1", "2", "3", "4", "5"}


def test_beside_an_expansion_documents_with_every_word_come_before_those_with_one(
    engine: Engine, schema: Schema
) -> None:
    body = {"query": leaf("multi_match", fields=["name", "description"])}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    widened = Plan("grocery", TEXT, "organic coffee", (ESPRESSO,))
    hits = list(engine.hits(rewrite(body, found, widened, schema).body))
    assert set(hits[:3]) == {"0", "1", "5"}, "one of them says `organic` in its description only"
    assert set(hits[3:]) == {"2", "3", "4", "7"}


def test_a_text_of_stop_words_only_requires_nothing(engine: Engine) -> None:
    # `stopped` is analysed with a stop filter: what remains of the text has no words at all.
    schema = parse_schema(SCHEMA.replace("[name, description]", "[stopped]"))
    body = {"query": {"match": {"stopped": TEXT}}}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    only_the = Plan("grocery", TEXT, "the", (COFFEE,))
    hits = engine.hits(rewrite(body, found, only_the, schema).body)
    assert set(hits) == {"0", "1", "2", "7"}


def test_a_text_that_is_all_clauses_requires_nothing(engine: Engine, schema: Schema) -> None:
    body = {"query": leaf(operator="and")}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    hits = engine.hits(rewrite(body, found, Plan("grocery", TEXT, "", (COFFEE,)), schema).body)
    assert set(hits) == {"0", "1", "2", "7"}


def test_a_text_in_ext_searches_beside_match_all(engine: Engine, schema: Schema) -> None:
    body = {"query": {"match_all": {}}, "ext": {"ml_inference": {"query_text": TEXT}}}
    found = find_text(body, schema)
    assert isinstance(found, Found)
    new = rewrite(body, found, plan(UNDER_20), schema).body
    assert next(iter(engine.hits(new))) == "0"
    assert set(engine.hits(new)) == {"0", "2", "3", "4"}


def test_hits_tell_which_clauses_they_matched(engine: Engine, schema: Schema) -> None:
    body = new_body({"query": leaf(_name="mine")}, schema, UNDER_20, COFFEE, ORGANIC, LESS_CAKE)
    names = {hit["_id"]: set(hit["matched_queries"]) for hit in engine.search(body)["hits"]["hits"]}
    marks = {name for name in names["0"] if "=" not in name and name.startswith("bridge:")}
    assert len(marks) == 1
    assert names["0"] - marks == {"mine", "bridge:price=<20", "bridge:category=Coffee", "bridge:diet=organic"}
    assert names["2"] - marks == {"mine", "bridge:price=<20", "bridge:category=Coffee"}


def test_names_are_reported_for_every_hit_under_operator_and(engine: Engine, schema: Schema) -> None:
    body = new_body({"query": leaf(operator="and", _name="mine")}, schema, UNDER_20)
    assert "mine" in engine.search(body)["hits"]["hits"][0]["matched_queries"]


EVERYTHING = {
    "from": 1,
    "size": 2,
    "_source": ["name"],
    "track_total_hits": True,
    "aggs": {"by": {"terms": {"field": "category"}}, "dear": {"max": {"field": "price"}}},
    "sort": [{"price": "desc"}, "_score"],
    "highlight": {"fields": {"name": {}}},
    "post_filter": {"range": {"stock": {"lte": 12}}},
    "suggest": {"spelling": {"text": "cofee", "term": {"field": "name"}}},
    "stored_fields": ["_source"],
    "docvalue_fields": ["code"],
    "script_fields": {"double": {"script": "doc['price'].value * 2"}},
    "explain": True,
    "version": True,
}


def test_everything_else_in_the_body_works_as_before(engine: Engine, schema: Schema) -> None:
    body = {"query": leaf(), **EVERYTHING}
    result = engine.search(new_body(body, schema, UNDER_20, ORGANIC))
    # Seen by hand: cheap hits of "organic coffee" are 4, 0, 2, 3 by falling price.
    assert [hit["_id"] for hit in result["hits"]["hits"]] == ["0", "2"]
    assert result["hits"]["total"]["value"] == 4
    assert result["aggregations"]["dear"]["value"] == 15.0
    assert {bucket["key"]: bucket["doc_count"] for bucket in result["aggregations"]["by"]["buckets"]} == {
        "Coffee": 2,
        "Tea": 1,
        "Bakery": 1,
    }
    first = result["hits"]["hits"][0]
    assert first["_source"] == {"name": "organic coffee beans"}
    assert first["highlight"] == {"name": ["<em>organic</em> <em>coffee</em> beans"]}
    assert first["fields"]["double"] == [25.0]
    assert first["sort"][0] == 12.5
    assert result["suggest"]["spelling"][0]["options"][0]["text"] == "coffee"


def test_collapse_and_rescore_work_as_before(engine: Engine, schema: Schema) -> None:
    collapsed = engine.search(new_body({"query": leaf(), "collapse": {"field": "category"}}, schema, UNDER_20))
    keys = [hit["fields"]["category"][0] for hit in collapsed["hits"]["hits"]]
    assert sorted(keys) == ["Bakery", "Coffee", "Tea"]
    rescore = {
        "window_size": 50,
        "query": {"rescore_query": {"term": {"code": "103"}}, "rescore_query_weight": 100},
    }
    rescored = engine.hits(new_body({"query": leaf(), "rescore": rescore}, schema, UNDER_20))
    assert next(iter(rescored)) == "3"


def test_highlights_show_the_words_that_they_showed_before(engine: Engine, schema: Schema) -> None:
    ask = {"highlight": {"fields": {"name": {}, "description": {}}}}
    before = engine.search({"query": leaf("multi_match"), **ask})["hits"]["hits"]
    after = engine.search(new_body({"query": leaf("multi_match"), **ask}, schema, UNDER_20, COFFEE))["hits"]["hits"]
    shown = {hit["_id"]: hit["highlight"] for hit in before}
    assert {hit["_id"]: hit["highlight"] for hit in after} == {hit["_id"]: shown[hit["_id"]] for hit in after}


def test_counting_a_body_counts_its_hits(engine: Engine, schema: Schema) -> None:
    body = {"query": leaf(), **EVERYTHING}
    for asked in (body, new_body(body, schema, UNDER_20, COFFEE)):
        counted = engine.search(count_body(asked))
        assert counted["hits"]["hits"] == []
        assert "aggregations" not in counted
        assert counted["hits"]["total"] == engine.search(asked)["hits"]["total"]


@pytest.mark.parametrize("depth", [1, 2, 8, 12, 13, 14, 15, 16, 20])
def test_a_deep_query_still_runs_after_rewriting(engine: Engine, schema: Schema, depth: int) -> None:
    query: dict[str, Any] = leaf(operator="and")
    for _ in range(depth - 1):
        query = {"script_score": {"query": query, "script": {"source": "_score"}}}
    body = {"query": query}
    engine.hits(body)
    found = find_text(body, schema)
    if isinstance(found, Found):
        new = rewrite(body, found, plan(UNDER_20, ORGANIC, ESPRESSO, LESS_CAKE), schema).body
        assert set(engine.hits(new)) == {"0", "7"}
    else:
        assert found.reason == "the query is nested too deeply"
        assert depth > 10


# The query types of the engine's wiring notes: numbers on keywords, longs that no double holds, dates as numbers.
QUERIES: dict[str, str] = {
    "match_all": '{"match_all": {"boost": 1.5}}',
    "term, number on keyword": '{"term": {"code": 103}}',
    "terms, numbers on keyword": '{"terms": {"code": [101, 102, 107]}}',
    "term, long above 2^53": '{"term": {"ean": 9007199254740996}}',
    "terms, longs above 2^53": '{"terms": {"ean": [9007199254740993, 9007199254740995]}}',
    "range, longs": '{"range": {"ean": {"gte": 9007199254740995, "lt": 9007199254740998}}}',
    "range, epoch milliseconds": '{"range": {"sold": {"gte": 1700086400000, "lte": 1700259200000}}}',
    "term, epoch milliseconds": '{"term": {"sold": 1700172800000}}',
    "range, floats": '{"range": {"price": {"gte": 7.0, "lt": 12.50, "boost": 2.5e0}}}',
    "wrapper": json.dumps({"wrapper": {"query": base64.b64encode(b'{"term": {"code": 102}}').decode()}}),
    "nested": '{"nested": {"path": "offers", "query": {"bool": {"must": [{"term": {"offers.shop": 3}}]}}}}',
    "function_score": '{"function_score": {"query": {"match": {"name": "coffee"}}, "functions": '
    '[{"filter": {"term": {"code": 102}}, "weight": 3}, {"field_value_factor": {"field": "price", "factor": 1e-1}}], '
    '"score_mode": "sum", "boost_mode": "multiply"}}',
    "decay function": '{"function_score": {"query": {"match_all": {}}, "gauss": {"sold": {"origin": 1700000000000, '
    '"scale": "2d", "decay": 0.5}}}}',
    "script_score": '{"script_score": {"query": {"match": {"name": "coffee"}}, "script": {"source": '
    '"doc[\'stock\'].value % params.n + params.f", "params": {"n": 4, "f": 0.25}}}}',
    "script filter": '{"bool": {"filter": [{"script": {"script": {"source": "doc[\'ean\'].value == params.ean", '
    '"params": {"ean": 9007199254740997}}}}]}}',
    "bool": '{"bool": {"must": [{"match": {"name": {"query": "organic coffee", "minimum_should_match": 1}}}], '
    '"filter": [{"range": {"stock": {"gte": 0, "lte": 15}}}], "must_not": [{"term": {"code": 104}}], '
    '"should": [{"term": {"stock": {"value": 3, "boost": 1.25}}}], "minimum_should_match": 0}}',
    "geo_distance": '{"geo_distance": {"distance": "250km", "place": {"lat": 49, "lon": 11}}}',
    "ids": '{"ids": {"values": ["1", "3"]}}',
    "exists": '{"exists": {"field": "entities.diet"}}',
    "multi_match": '{"multi_match": {"query": "organic", "fields": ["name^3.50", "description"], "slop": 0}}',
    "boosting": '{"boosting": {"positive": {"match": {"name": "coffee"}}, "negative": {"term": {"code": 101}}, '
    '"negative_boost": 0.20}}',
    "terms_set": '{"terms_set": {"category": {"terms": ["Coffee", "Tea"], "minimum_should_match_script": '
    '{"source": "params.num_terms - 1"}}}}',
}


@pytest.mark.parametrize("written", QUERIES.values(), ids=QUERIES.keys())
def test_a_wrapped_query_gives_the_hits_and_scores_of_the_plain_one(engine: Engine, written: str) -> None:
    plain = engine.client.post(
        f"/{INDEX}/_search",
        content=f'{{"size": 50, "query": {written}}}',
        headers={"content-type": "application/json"},
    ).json()["hits"]["hits"]
    expected = {hit["_id"]: hit["_score"] for hit in plain}
    assert expected, "a query that finds nothing would prove nothing"
    query = loads_exact(written)
    assert engine.hits({"query": query}) == expected
    assert engine.hits({"query": wrap(query)}) == expected


def test_a_wrapped_rewritten_query_keeps_names_highlights_and_filters(engine: Engine, schema: Schema) -> None:
    ask = {"highlight": {"fields": {"name": {}}}, "explain": True}
    new = new_body({"query": leaf(), **ask}, schema, UNDER_20, COFFEE, ORGANIC, LESS_CAKE)
    plain = engine.search(new)["hits"]
    wrapped = engine.search({**new, "query": wrap(new["query"])})["hits"]
    for hit in (*plain["hits"], *wrapped["hits"]):
        hit.pop("_explanation")
        hit["matched_queries"].sort()
    assert wrapped == plain
