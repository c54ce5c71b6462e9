"""`train --from-index` reads what `train --catalog` reads of the same documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.cli._train import documents_of
from bridge.engines import OpenSearchEngine
from bridge.schema import load_schema

pytestmark = pytest.mark.engine

SCHEMA = """
schema: shop
index: shop
text: [title]
labels:
  brand: {field: brand}
  color: {field: attributes.color}
"""
DOCUMENTS = [
    {"title": f"Acme shirt {at}", "brand": "Acme", "attributes": {"color": "red"}, "secret": "x"} for at in range(30)
]


def test_documents_come_with_the_fields_that_the_schema_names(engine: OpenSearchEngine, tmp_path: Path) -> None:
    index = "train-from-index"
    actions = ({"_op_type": "index", "_id": str(at), "_source": one} for at, one in enumerate(DOCUMENTS))
    assert all(item.ok for item in engine.bulk(index, actions))
    engine.request("POST", f"/{index}/_refresh")
    try:
        (tmp_path / "shop.yaml").write_text(SCHEMA)
        found = documents_of(engine, index, load_schema(tmp_path / "shop.yaml"))
    finally:
        engine.request("DELETE", f"/{index}")
    expected = [{name: one[name] for name in ("title", "brand", "attributes")} for one in DOCUMENTS]
    assert sorted(found, key=str) == sorted(expected, key=str)
