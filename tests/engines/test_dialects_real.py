"""The same query DSL on a real OpenSearch and a real Elasticsearch, side by side: the same hits, in the same order.

Every query case of the catalogues, with fields that both local engines have (no `rank_feature`) and the standard
analyzer.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from bridge.clauses import Plan
from bridge.engines.dialects import in_dialect
from bridge.engines.dsl import dumps_exact
from bridge.evaluation import QuerySet, read_query_set
from bridge.query import Options, QueryParser
from bridge.schema import Schema
from tests.engines.test_cases_real import BATCH, FOLDERS, TYPES

pytestmark = pytest.mark.engine

NDJSON = {"content-type": "application/x-ndjson"}


@dataclass(frozen=True)
class Both:
    """One catalogue, indexed in both engines."""

    cases: QuerySet
    urls: dict[str, str]
    index: str

    def search(self, engine: str, bodies: list[dict[str, Any]]) -> list[Any]:
        """What one engine answers to each body: see `hits`."""
        found: list[Any] = []
        for at in range(0, len(bodies), BATCH):
            head = json.dumps({"index": self.index})
            content = "".join(f"{head}\n{dumps_exact({'size': 500, **body})}\n" for body in bodies[at : at + BATCH])
            response = httpx.post(f"{self.urls[engine]}/_msearch", content=content, headers=NDJSON, timeout=120)
            found += [hits(one) for one in response.json()["responses"]]
        return found


def hits(answer: dict[str, Any]) -> Any:
    """Name → score, order of equal scores aside; the status where there are none."""
    if answer["status"] != 200:
        return answer["status"], answer["error"]["type"]
    ours = {
        hit["_id"]: (
            # Single precision; where a sort decides, there is a key in place of a score.
            None if hit["_score"] is None else float(f"{hit['_score']:.4g}"),
            hit.get("sort", [None])[0],
            sorted(name for name in hit.get("matched_queries", []) if "=" in name),
        )
        for hit in answer["hits"]["hits"]
    }
    return answer["hits"]["total"]["value"], ours


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda folder: folder.name)
def both(request: pytest.FixtureRequest, opensearch_url: str, elasticsearch_url: str) -> Iterator[Both]:
    cases = read_query_set(request.param)
    one = Both(cases, {"opensearch": opensearch_url, "elasticsearch": elasticsearch_url}, f"dialects-{cases.name}")
    documents = [json.loads(line) for line in (request.param / "documents.jsonl").read_text("utf-8").splitlines()]
    ranks = {cases.schema.field_of(name) for name, label in cases.schema.labels.items() if label.kind == "rank"}
    lines = []
    for document in documents:
        kept = {field: value for field, value in document.items() if field not in ranks}
        lines += [json.dumps({"index": {"_id": document["id"]}}), json.dumps(kept)]
    for url in one.urls.values():
        httpx.delete(f"{url}/{one.index}")
        settings = {"number_of_shards": 1, "number_of_replicas": 0}
        body = {"settings": settings, "mappings": {"properties": mapping(cases.schema)}}
        created = httpx.put(f"{url}/{one.index}", json=body, timeout=60)
        assert created.status_code == 200, created.text
        stored = httpx.post(
            f"{url}/{one.index}/_bulk?refresh=true", content="\n".join(lines) + "\n", headers=NDJSON, timeout=60
        )
        assert not stored.json()["errors"], stored.text
    yield one
    for url in one.urls.values():
        httpx.delete(f"{url}/{one.index}")


def mapping(schema: Schema) -> dict[str, Any]:
    fields: dict[str, Any] = {name: {"type": "text"} for name in schema.text}
    labels = {name: label for name, label in schema.labels.items() if label.kind != "rank"}
    return fields | {schema.field_of(name): {"type": TYPES[label.kind]} for name, label in labels.items()}


def plans(cases: QuerySet) -> list[Plan]:
    parser = QueryParser(cases.schema, None, cases.values)
    ranks = {name for name, label in cases.schema.labels.items() if label.kind == "rank"}
    found = []
    for case in (case for kind in cases.cases.values() for case in kind):
        plan = parser.parse(case.query, Options.from_mapping({"now": case.now.isoformat(), **case.options}))
        kept = tuple(clause for clause in plan.clauses if clause.label not in ranks)
        found.append(replace(plan, mode="filters", clauses=kept))
    return found


def test_both_engines_find_the_same_for_every_case(both: Both) -> None:
    made = plans(both.cases)
    bodies = [in_dialect(plan, both.cases.schema, "elasticsearch")["body"] for plan in made]
    assert bodies == [in_dialect(plan, both.cases.schema, "opensearch")["body"] for plan in made]
    answers = zip(made, both.search("opensearch", bodies), both.search("elasticsearch", bodies), strict=True)
    differing = [
        (plan.text, ours, theirs) for plan, ours, theirs in answers if ours != theirs or not isinstance(ours[1], dict)
    ]
    assert not differing, f"{len(differing)} of {len(made)}: {differing[:3]}"
    assert sum(plan.changes for plan in made) > 20


def test_a_standard_retriever_finds_what_the_query_finds(both: Both) -> None:
    """On Elasticsearch alone: OpenSearch has no retrievers."""
    made = [plan for plan in plans(both.cases) if not any(clause.role == "sort" for clause in plan.clauses)][:100]
    written = [
        in_dialect(plan, both.cases.schema, language)["body"]
        for plan in made
        for language in ("elasticsearch", "retriever")
    ]
    answers = both.search("elasticsearch", written)
    assert answers[::2] == answers[1::2]
