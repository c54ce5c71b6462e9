"""What holds for every body, however odd: no exception, nothing else touched, twice is once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.clauses import AnyOf, Clause, Condition, Match, Near, Plan, Range, Rank, Role, Terms
from bridge.engines.dsl import (
    Found,
    Unchanged,
    count_body,
    dumps_exact,
    find_text,
    read_flags,
    rewrite,
    unwrap,
    wrap,
)
from bridge.entities import Interval
from bridge.schema import parse_schema

SCHEMA = parse_schema(
    """
schema: grocery
index: grocery
text: [name, description]
labels:
  category: {field: category, use: filter}
  price: {kind: number, field: price, unit: USD}
  sold: {kind: date, field: sold}
  rating: {kind: rank, field: rating}
"""
)
TEXT = "organic coffee under $20"

texts = st.sampled_from([TEXT] * 9 + ["tea", "", "a -b"])
fields = st.sampled_from(["name", "description", "name.x", "name^3", "*", "na*^2", "sku", ""])
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
anything = st.recursive(
    scalars | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
options = st.fixed_dictionaries(
    {},
    optional={
        "operator": st.sampled_from(["and", "OR"]) | anything,
        "minimum_should_match": st.sampled_from(["75%", "2", 2, "1<50%"]) | anything,
        "boost": st.floats(0, 10) | anything,
        "_name": st.text(max_size=4) | anything,
        "type": st.sampled_from(["phrase", "best_fields"]) | anything,
        "fuzziness": st.just("AUTO"),
    },
)


@st.composite
def leaves(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["match", "match_phrase", "match_bool_prefix", "multi_match", "query_string"]))
    more = draw(options)
    if kind.startswith("match"):
        return {
            kind: {draw(fields): draw(texts | st.fixed_dictionaries({"query": texts}).map(lambda q: {**q, **more}))}
        }
    return {kind: {"query": draw(texts), "fields": draw(st.lists(fields, max_size=3) | fields | anything), **more}}


def compounds(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, max_size=3) | inner
    vectors = st.sampled_from([{"knn": {"v": {"vector": [1.5], "filter": {"term": {"a": 1}}}}}, {"knn": {"v": {}}}])
    return st.one_of(
        st.fixed_dictionaries(
            {
                "bool": st.fixed_dictionaries(
                    {},
                    optional={
                        "must": some,
                        "should": some,
                        "filter": some,
                        "must_not": some,
                        "minimum_should_match": st.sampled_from([0, 1, "1", "50%"]) | anything,
                    },
                )
            }
        ),
        st.fixed_dictionaries({"function_score": st.fixed_dictionaries({"query": inner, "functions": anything})}),
        st.fixed_dictionaries({"script_score": st.fixed_dictionaries({"query": inner})}),
        st.fixed_dictionaries({"constant_score": st.fixed_dictionaries({"filter": inner})}),
        st.fixed_dictionaries({"boosting": st.fixed_dictionaries({"positive": inner, "negative": inner})}),
        st.fixed_dictionaries({"dis_max": st.fixed_dictionaries({"queries": some})}),
        st.fixed_dictionaries({"nested": st.fixed_dictionaries({"query": inner})}),
        st.fixed_dictionaries(
            {"hybrid": st.fixed_dictionaries({"queries": st.lists(inner | vectors, max_size=3) | inner})}
        ),
    )


queries = st.recursive(
    st.one_of(leaves(), leaves(), leaves(), st.just({"match_all": {}}), anything), compounds, max_leaves=6
)
retrievers = st.recursive(
    st.fixed_dictionaries({"standard": st.fixed_dictionaries({"query": queries})})
    | st.just({"knn": {"field": "v", "query_vector": [0.5]}})
    | anything,
    lambda inner: st.fixed_dictionaries(
        {"rrf": st.fixed_dictionaries({"retrievers": st.lists(inner, max_size=3) | inner})}
    ),
    max_leaves=3,
)
bodies = st.fixed_dictionaries(
    {"query": queries},
    optional={
        "retriever": retrievers,
        "knn": anything,
        "ext": st.just({"ml_inference": {"query_text": TEXT}}) | anything,
        "size": st.integers(0, 20),
        "aggs": anything,
        "post_filter": queries,
        "sort": st.sampled_from([["_score"], [], "price", [{"price": "asc"}]]),
        "rescore": anything,
    },
)
conditions: st.SearchStrategy[Condition] = st.recursive(
    st.just(Terms("category", ("Tea", 3)))
    | st.builds(Terms, st.just("category"), st.lists(st.text() | st.integers() | st.floats(), max_size=2).map(tuple))
    | st.builds(Range, st.just("price"), st.builds(Interval, st.none() | st.floats(), lt=st.none() | st.floats()))
    | st.builds(Match, st.just(("name",)), st.text())
    | st.builds(Near, st.just("price"), st.floats(), st.builds(Interval, st.floats(), lte=st.floats()))
    | st.builds(Rank, st.just("price"), st.sampled_from(["lowest", "highest"]), st.floats(), st.none() | st.floats()),
    lambda inner: st.builds(AnyOf, st.lists(inner, max_size=2).map(tuple)),
    max_leaves=3,
)
roles: st.SearchStrategy[Role] = st.sampled_from(["filter", "exclude", "boost", "demote", "expand", "sort"])
clauses = st.builds(
    Clause,
    roles,
    conditions,
    st.sampled_from(["category", "price", "sold", "rating", "gone"]),
    st.just("bridge:a=b"),
    boost=st.floats(0, 100),
    consumes=st.sampled_from([(), ((15, 24),)]),
    relax=st.integers(0, 3),
)
plans = st.builds(
    Plan,
    st.just("grocery"),
    st.just(TEXT),
    st.sampled_from([TEXT, "organic coffee", ""]),
    st.lists(clauses, min_size=1, max_size=4).map(tuple),
    mode=st.sampled_from(["filters", "tiers"]),
)


@settings(max_examples=300, deadline=None)
@given(bodies, plans)
def test_every_body_survives(body: dict[str, Any], plan: Plan) -> None:
    before = dumps_exact(body)
    found = find_text(body, SCHEMA)
    read_flags(body)
    count_body(body)
    if isinstance(found, Unchanged):
        assert found.reason
        return
    plan = replace(plan, text=found.text)
    result = rewrite(body, found, plan, SCHEMA)
    assert dumps_exact(body) == before, "the caller's body is never changed"
    if not result.changed:
        assert dumps_exact(result.body) == before
        return
    edited = {"query", "retriever", "knn"}
    ordered = [] if "sort" in body or "sort" not in result.body else ["sort"]
    assert list(result.body) == [*body, *ordered]
    assert dumps_exact({k: v for k, v in result.body.items() if k not in (*edited, *ordered)}) == dumps_exact(
        {k: v for k, v in body.items() if k not in edited}
    )
    only = rewrite(body, found, plan, SCHEMA, query_only=True)
    assert list(only.body) == list(body), "a search pipeline gives the query back and nothing else"
    # Once rewritten, always left alone; and the same input gives the same bytes.
    assert find_text(result.body, SCHEMA) == Unchanged("the query is rewritten already")
    assert dumps_exact(rewrite(body, found, plan, SCHEMA).body) == dumps_exact(result.body)
    for key in edited & body.keys():
        if isinstance(query := result.body[key], dict):
            assert dumps_exact(unwrap(wrap(query))) == dumps_exact(query)


@settings(max_examples=200, deadline=None)
@given(bodies)
def test_a_plan_without_clauses_leaves_every_body_byte_for_byte(body: dict[str, Any]) -> None:
    found = find_text(body, SCHEMA)
    if isinstance(found, Found) and not any(leaf.synthetic for leaf in found.leaves):
        result = rewrite(body, found, Plan("grocery", found.text, found.text), SCHEMA)
        assert not result.changed
        assert dumps_exact(result.body) == dumps_exact(body)


@settings(max_examples=300, deadline=None)
@given(bodies)
def test_the_paths_of_a_find_lead_to_where_it_says(body: dict[str, Any]) -> None:
    found = find_text(body, SCHEMA)
    if isinstance(found, Unchanged):
        return
    for leaf in found.leaves:
        node: Any = body
        for step in leaf.path:
            node = node[step]
        assert list(node) == ["match_all" if leaf.synthetic else leaf.kind]
    if found.hard:
        # Every point stands above a required leaf, or is a filter of a vector search.
        for point in found.points:
            assert point.kind == "filter" or any(
                leaf.path[: len(point.path)] == point.path and leaf.position == "required" for leaf in found.leaves
            )


@settings(max_examples=100, deadline=None)
@given(anything)
def test_any_json_at_all_can_be_searched(body: Any) -> None:
    assert isinstance(find_text(body, SCHEMA), Found | Unchanged)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 10_000), st.sampled_from(["bool", "function_score", "unknown", "nested", "list"]))
def test_no_depth_can_harm(depth: int, kind: str) -> None:
    query: Any = {"match": {"name": TEXT}}
    for _ in range(depth):
        query = [query] if kind == "list" else {kind: {"must": [query]} if kind == "bool" else {"query": query}}
    body = {"query": {"bool": {"must": query}}}
    found = find_text(body, SCHEMA)
    plan = Plan("grocery", TEXT, TEXT, (Clause("filter", Terms("category", ("Tea",)), "category", "bridge:c=Tea"),))
    if isinstance(found, Found):
        assert rewrite(body, found, plan, SCHEMA).changed
    dumps_exact(wrap(body["query"]))
    dumps_exact(count_body(body))
