"""`gliner-bridge init` on real engines: what is read of an index, and a schema that parses queries at once."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import Engine, connect, survey_index
from bridge.errors import InputError
from bridge.evaluation import notation
from bridge.query import QueryParser, StaticValues
from bridge.schema import load_schema, parse_schema

INDEX = "gliner-bridge-test-survey"
GROCERIES = Path(__file__).resolve().parents[2] / "examples" / "grocery" / "documents.jsonl.gz"
pytestmark = pytest.mark.engine


@pytest.fixture(scope="module", params=["opensearch_url", "elasticsearch_url"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An engine with 300 groceries under a dynamic mapping, and a field of the bridge's own."""
    with connect(request.getfixturevalue(request.param)) as engine:
        engine.request("PUT", f"/{INDEX}", {"settings": {"number_of_replicas": 0}})
        with gzip.open(GROCERIES, "rt", encoding="utf-8") as lines:
            documents = [json.loads(line) for line in islice(lines, 300)]
        meta = {"entities_meta": {"tagging_hash": "x"}, "entities": {"brand": ["nike"]}}
        items = engine.bulk(INDEX, ({"_id": str(d["id"]), "_source": d | meta} for d in documents))
        assert all(item.ok for item in items)
        engine.request("POST", f"/{INDEX}/_refresh")
        yield engine
        engine.request("DELETE", f"/{INDEX}")


def run(engine: Engine, *options: str) -> Result:
    words = ["init", "--engine-url", engine.url, "--model", "none", *options]
    result = CliRunner().invoke(app, words, env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_fields_are_read_with_fill_rates_values_and_spread(engine: Engine) -> None:
    found = survey_index(engine, INDEX, documents=20)
    assert (found.documents, len(found.sampled)) == (300, 20)
    category, price = found.fields["category.keyword"], found.fields["price"]
    assert category.fill == 1.0
    assert category.distinct == len(category.values)
    assert sum(count for _, count in category.values) == 300
    assert price.stats is not None
    assert price.stats.min <= price.stats.median <= price.stats.max
    assert not any(name.startswith("entities") for name in found.fields)
    assert found == survey_index(engine, INDEX, documents=20)


def test_the_proposed_schema_rewrites_queries_of_the_catalogue(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "proposed.yaml"
    assert run(engine, "--index", INDEX, "--out", str(file), "--write").exit_code == 0
    schema = load_schema(file)
    assert schema.text == ["name", "description"]
    facts = engine.facts(schema)
    parser = QueryParser(schema, None, StaticValues.of(schema, engine.values(schema), facts.fill_rates, facts.stats))
    plan = parser.parse("coffee under $20")
    assert "filter price=<20" in [notation(clause) for clause in plan.clauses]


def test_no_file_is_written_without_write_and_none_replaced(engine: Engine, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    new = run(engine, "--index", INDEX, "--out", str(file))
    assert not file.exists()
    assert f"note: this would be written to {file}; add --write" in new.stderr
    file.write_text("mine")
    kept = run(engine, "--index", INDEX, "--out", str(file))
    assert (kept.exit_code, file.read_text()) == (0, "mine")
    assert f"note: this would replace what is in {file}; add --write" in kept.stderr
    assert kept.stdout.startswith("# Proposed by `gliner-bridge init` from 300 documents")


def test_an_index_that_is_not_there_is_named(engine: Engine) -> None:
    with pytest.raises(InputError, match="there is no index nowhere-at-all"):
        survey_index(engine, "nowhere-at-all")
    result = run(engine, "--index", INDEX, "--write")
    assert (result.exit_code, "--write writes which file?" in result.output) == (2, True)


def test_fields_of_any_type_can_be_there(opensearch_url: str) -> None:
    plain = (
        "binary",
        "completion",
        "rank_feature",
        "rank_features",
        "ip",
        "geo_point",
        "search_as_you_type",
        "boolean",
    )
    properties = {
        **{kind: {"type": kind} for kind in (*plain, "percolator", "date_nanos", "double_range", "unsigned_long")},
        "title": {"type": "text"},
        "closed": {"type": "keyword", "index": False},
        "unlisted": {"type": "keyword", "doc_values": False},
        "odd name": {"type": "keyword"},
        "parts": {"type": "nested", "properties": {"color": {"type": "keyword"}}},
        "relation": {"type": "join", "relations": {"shop": "offer"}},
    }
    document = {"title": "a red shirt", "rank_feature": 2, "double_range": {"gte": 1, "lt": 3}, "unlisted": "x"}
    document |= {"parts": [{"color": "red"}], "relation": "shop", "geo_point": "1,2", "search_as_you_type": "a red one"}
    odd = f"{INDEX}-odd"
    with connect(opensearch_url) as engine:
        engine.request("PUT", f"/{odd}", {"mappings": {"properties": properties}})
        try:
            engine.request("POST", f"/{odd}/_doc", document, params={"refresh": "true"})
            proposed = run(engine, "--index", odd).stdout
        finally:
            engine.request("DELETE", f"/{odd}")
    schema = parse_schema(proposed)
    assert set(schema.labels) == {"rank_feature", "double_range"}
    assert schema.text == ["title", "search_as_you_type"]
    reasons = proposed.partition("# Left out:")[2]
    assert "unlisted: has values that cannot be listed" in reasons
    assert "closed: is not indexed" in reasons
    assert "parts.color: lies in nested documents" in reasons
    assert "geo_point: is of type geo_point" in reasons
