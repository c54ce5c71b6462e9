"""Every query case, rewritten and run on a real OpenSearch: the engine does what the clauses say, document by document.

What a clause means is worked out a second time in Python (`oracle`), so neither a wrong clause for the engine nor a
wrong rewrite of the text can hide behind a status of 200.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.clauses import Plan, Rank
from bridge.engines._boost import boost_to_dsl
from bridge.engines.dsl import Found, dumps_exact, find_text, rewrite
from bridge.entities import Entity
from bridge.evaluation import QuerySet, find_query_sets, read_query_set
from bridge.query import Options, QueryParser
from bridge.query._decide_sorts import Order, decide_sort
from bridge.query._decisions import Context
from bridge.schema import Schema
from bridge.tagging import QuantityMatch
from tests.engines.oracle import gain, meets, numbers, order_key

pytestmark = pytest.mark.engine

QUERIES = Path(__file__).parents[1] / "queries"
FOLDERS = [folder for folder in find_query_sets(QUERIES) if (folder / "documents.jsonl").exists()]
TYPES = {"keyword": "keyword", "number": "double", "date": "date", "rank": "rank_feature"}
#: Searches in one request.
BATCH = 300


@dataclass(frozen=True)
class Shop:
    """One catalogue, indexed."""

    cases: QuerySet
    documents: dict[str, dict[str, Any]]
    client: httpx.Client
    index: str

    def search(self, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The answers; every one of them without an error and with all documents that match."""
        answers: list[dict[str, Any]] = []
        for at in range(0, len(bodies), BATCH):
            head = json.dumps({"index": self.index})
            lines = [f"{head}\n{dumps_exact({'size': 500, **body})}\n" for body in bodies[at : at + BATCH]]
            response = self.client.post(
                "/_msearch", content="".join(lines), headers={"content-type": "application/x-ndjson"}
            )
            answers += response.json()["responses"]
        return answers


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def shop(request: pytest.FixtureRequest, opensearch_url: str) -> Iterator[Shop]:
    cases = read_query_set(request.param)
    index = f"cases-{cases.name}"
    lines = (request.param / "documents.jsonl").read_text("utf-8").splitlines()
    documents = {document["id"]: document for document in map(json.loads, lines)}
    with httpx.Client(base_url=opensearch_url, timeout=60) as client:
        client.delete(f"/{index}")
        settings = {"number_of_shards": 1, "number_of_replicas": 0}
        mappings = {"properties": mapping(cases.schema)}
        created = client.put(f"/{index}", json={"settings": settings, "mappings": mappings})
        assert created.status_code == 200, created.text
        bulk = "".join(f"{json.dumps({'index': {'_id': name}})}\n{json.dumps(d)}\n" for name, d in documents.items())
        headers = {"content-type": "application/x-ndjson"}
        stored = client.post(f"/{index}/_bulk?refresh=true", content=bulk, headers=headers)
        assert not stored.json()["errors"], stored.text
        yield Shop(cases, documents, client, index)
        client.delete(f"/{index}")


def mapping(schema: Schema) -> dict[str, Any]:
    """The catalogue's fields as its schema describes them."""
    fields: dict[str, Any] = {name: {"type": "text"} for name in schema.text}
    fields |= {schema.field_of(name): {"type": TYPES[label.kind]} for name, label in schema.labels.items()}
    return fields


def test_every_case_does_on_the_engine_what_its_clauses_say(shop: Shop) -> None:
    schema = shop.cases.schema
    parser = QueryParser(schema, None, shop.cases.values)
    plans: list[Plan] = []
    bodies: list[dict[str, Any]] = []
    for case in (case for kind in shop.cases.cases.values() for case in kind):
        options = Options.from_mapping({"now": case.now.isoformat(), **case.options})
        plan = replace(parser.parse(case.query, options), mode="filters")
        body = plain(schema, plan.text)
        found = find_text(body, schema)
        assert isinstance(found, Found), case
        plans.append(plan)
        bodies += [rewrite(body, found, plan, schema).body, body, plain(schema, plan.required)]
    answers = shop.search(bodies)
    wrong: list[str] = []
    for number, plan in enumerate(plans):
        rewritten, *others = answers[3 * number : 3 * number + 3]
        if any(answer["status"] != 200 for answer in (rewritten, *others)):
            wrong.append(f"{plan.text!r}: {rewritten.get('error')}")
            continue
        wrong += [f"{plan.text!r}: {problem}" for problem in problems(plan, rewritten, *others, shop)]
    assert not wrong, f"{len(wrong)} of {len(plans)}:\n" + "\n".join(wrong[:20])
    roles = Counter(clause.role for plan in plans for clause in plan.clauses)
    assert min(roles["filter"], roles["boost"]) > 10, roles


def plain(schema: Schema, text: str) -> dict[str, Any]:
    return {"query": {"multi_match": {"query": text, "fields": list(schema.text)}}}


def problems(
    plan: Plan, rewritten: dict[str, Any], before: dict[str, Any], required: dict[str, Any], shop: Shop
) -> Iterator[str]:
    """What the engine answered otherwise than the plan says."""
    schema, documents = shop.cases.schema, shop.documents
    hits = {hit["_id"]: hit["_score"] for hit in rewritten["hits"]["hits"]}
    by_role: dict[str, list[Any]] = {}
    for clause in plan.clauses:
        by_role.setdefault(clause.role, []).append(clause)
    for name in hits:
        for clause in by_role.get("filter", []):
            if not meets(clause.condition, documents[name]):
                yield f"{name} does not meet {clause.name}"
        for clause in by_role.get("exclude", []):
            if meets(clause.condition, documents[name]):
                yield f"{name} meets {clause.name}, which it must not"
    if "expand" not in by_role:
        wanted = {
            hit["_id"]
            for hit in required["hits"]["hits"]
            if all(meets(clause.condition, documents[hit["_id"]]) for clause in by_role.get("filter", []))
            and not any(meets(clause.condition, documents[hit["_id"]]) for clause in by_role.get("exclude", []))
        }
        if wanted != set(hits):
            yield f"hits {sorted(wanted ^ set(hits))} are too many or missing"
    if orders := by_role.get("sort"):
        keys = [[order_key(clause.condition, documents[name]) for clause in orders] for name in hits]
        if keys != sorted(keys):
            yield f"not in the order of {[clause.name for clause in orders]}"
    scores = {hit["_id"]: hit["_score"] for hit in before["hits"]["hits"]}
    for name in hits.keys() & scores.keys():
        more = [gain(clause, documents[name], schema) for clause in by_role.get("boost", [])]
        due = scores[name] + sum(one for one in more if one is not None)
        factor = min(
            [1.0, *(clause.boost for clause in by_role.get("demote", []) if meets(clause.condition, documents[name]))]
        )
        room = sum(clause.boost for clause, one in zip(by_role.get("boost", []), more, strict=True) if one is None)
        if not factor * due * (1 - 1e-4) <= hits[name] <= factor * (due + room) * (1 + 1e-4):
            yield f"{name} scores {hits[name]:.4f} in place of {factor:g} * {due:.4f} (+ {room:g})"


def test_a_rank_boosts_documents_in_the_order_of_their_values(shop: Shop) -> None:
    """Whatever label a customer wants ordered: the nearer to the wanted end, the higher the score."""
    schema, values = shop.cases.schema, shop.cases.values
    now = datetime.now(UTC)
    nowhere: Any = str
    context = Context(schema, "", values.fill_rate, values.stats, nowhere, nowhere, nowhere, now=now)
    for name, label in schema.labels.items():
        if label.kind == "keyword" or label.sort == "off":
            continue
        orders: list[Order] = ["highest"] if label.kind == "rank" else ["lowest", "highest"]
        for order in orders:
            words = Entity(name, "x", order, 0, 1, 1.0, "grammar")
            clause = decide_sort(words, QuantityMatch(words, ((0, 1),)), context).clause
            assert clause is not None
            rank = clause.condition
            assert isinstance(rank, Rank)
            boost = boost_to_dsl(replace(clause, role="boost"), schema)
            [answer] = shop.search([{"query": {"bool": {"must": {"match_all": {}}, "should": boost}}}])
            assert answer["status"] == 200, answer
            distances = [distance(rank, shop.documents[hit["_id"]], now) for hit in answer["hits"]["hits"]]
            assert len(distances) == len(shop.documents)
            assert distances == sorted(distances), clause.name


def distance(rank: Rank, document: dict[str, Any], now: datetime) -> float:
    """From a document's value to the wanted end in pivots, as far as single precision sees one in the score."""
    own = numbers(document, rank.field)
    if rank.pivot is None:
        return -max(own, default=0.0)
    origin = rank.origin or 0.0
    if rank.pivot >= 86_400_000:
        origin += now.timestamp() * 1000
    return round(min([15.0, *(abs(number - origin) / rank.pivot for number in own)]), 3)
