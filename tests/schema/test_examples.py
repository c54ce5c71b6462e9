"""The example schemas say what their catalogues hold, and the README's promises about them are true."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from bridge.schema import Schema, json_schema, load_schema, load_schemas

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def documents(name: str) -> list[dict[str, Any]]:
    with gzip.open(EXAMPLES / name / "documents.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@pytest.fixture(params=["grocery", "products"])
def example(request: pytest.FixtureRequest) -> tuple[Schema, list[dict[str, Any]]]:
    return load_schema(EXAMPLES / request.param / "schema.yaml"), documents(request.param)


def test_the_folder_of_examples_gives_both() -> None:
    assert sorted(load_schemas([EXAMPLES])) == ["grocery", "products"]


def test_every_document_has_the_fields_that_the_schema_reads(example: tuple[Schema, list[dict[str, Any]]]) -> None:
    schema, catalogue = example
    bound = [label.field for label in schema.labels.values() if label.field]
    for document in catalogue:
        assert set(schema.document_fields()) | set(bound) <= set(document)


def test_only_price_and_category_filter(example: tuple[Schema, list[dict[str, Any]]]) -> None:
    schema, _ = example
    filters = {name for name, label in schema.labels.items() if label.use == "filter"}
    assert filters <= {"price", "category"}
    assert all(not schema.labels[name].model and schema.labels[name].field for name in filters)
    assert all(schema.labels[name].use == "boost" for name in schema.model_labels())


def test_synonyms_name_categories_that_exist(example: tuple[Schema, list[dict[str, Any]]]) -> None:
    schema, catalogue = example
    categories = {document["category"] for document in catalogue}
    assert set(schema.labels["category"].synonyms) <= categories


def test_counts_relax_where_the_engine_is_named(example: tuple[Schema, list[dict[str, Any]]]) -> None:
    schema, _ = example
    assert (schema.engine, schema.relaxation) == ("opensearch", "counts")


def test_the_json_schema_allows_the_keys_that_files_use() -> None:
    exported = json_schema()
    assert exported["additionalProperties"] is False
    assert {"schema", "index", "text", "labels"} <= set(exported["properties"])
    assert "from" in exported["$defs"]["Label"]["properties"]
    json.dumps(exported)
