"""The catalogues that the demo ships."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bridge.demo import _index
from bridge.demo._catalogues import examples_folder, load_catalogue, load_catalogues
from bridge.errors import SetupError


def test_both_catalogues_have_documents_with_ids_and_the_schemas_text_fields() -> None:
    for catalogue in load_catalogues():
        documents = list(catalogue.documents())
        assert len(documents) > 1000
        assert len({id_ for id_, _ in documents}) == len(documents)
        for field in catalogue.schema.text:
            assert any(body.get(field) for _, body in documents)


def test_the_queries_are_at_least_ten_and_hold_the_ones_that_the_project_promises() -> None:
    texts = {query.text for catalogue in load_catalogues() for query in catalogue.queries}
    assert len(texts) >= 10
    assert {
        "organic coffee under $20",
        "kirkland quinoa",
        "gluten free snacks between 10 and 25 dollars",
        "chocolate cake not cheesecake",
        "apple smartwatch",
        "wireless headphones with noise cancelling",
    } <= texts


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"schema\.yaml is missing"):
        load_catalogue(tmp_path)


def test_a_queries_file_of_another_form_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "grocery"
    shutil.copytree(examples_folder() / "grocery", folder)
    (folder / "queries.yaml").write_text("- organic coffee", encoding="utf-8")
    with pytest.raises(SetupError, match="expected `queries:`"):
        load_catalogue(folder)


def test_the_index_template_keeps_the_shops_own_fields_and_runs_the_bridges_pipeline() -> None:
    grocery = load_catalogues()[0]
    template = _index.index_template(grocery)
    assert template["composed_of"] == ["gliner-bridge-grocery"]
    assert template["template"]["settings"]["default_pipeline"] == "gliner-bridge-grocery"
    properties = template["template"]["mappings"]["properties"]
    assert properties["name"] == {"type": "text", "analyzer": "english"}
    assert properties["price"] == {"type": "double"}
    assert properties["category"] == {"type": "keyword"}
