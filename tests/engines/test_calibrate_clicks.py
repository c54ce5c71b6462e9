"""`gliner-bridge calibrate` with clicks that name documents: their values are read from the index."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import connect

INDEX = "gliner-bridge-test-clicks"
SCHEMA = f"""
schema: shop
index: {INDEX}
text: [title]
labels:
  brand: {{field: maker.keyword}}
"""
BRANDS = ("nike", "adidas", "puma", "reebok", "asics", "fila", "vans", "converse", "lacoste", "gucci")
THINGS = ("shoes", "socks", "jacket", "t-shirt", "shorts", "cap", "backpack", "hoodie")


def calibrate(folder: Path, url: str, lines: list[dict[str, str]]) -> Result:
    (folder / "shop.yaml").write_text(SCHEMA)
    (folder / "clicks.jsonl").write_text("\n".join(map(json.dumps, lines)))
    words = ["calibrate", str(folder / "clicks.jsonl"), "--schema", str(folder / "shop.yaml"), "--target", "0.8"]
    result = CliRunner().invoke(app, [*words, "--engine-url", url, "--json"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.engine
def test_values_of_clicked_documents_come_from_the_index(opensearch_url: str, tmp_path: Path) -> None:
    with connect(opensearch_url) as engine:
        engine.request("PUT", f"/{INDEX}", {"settings": {"number_of_replicas": 0}})
        try:
            actions = ({"_id": brand, "_source": {"maker": brand.title()}} for brand in BRANDS)
            assert all(item.ok for item in engine.bulk(INDEX, actions))
            engine.request("POST", f"/{INDEX}/_refresh")
            lines = [{"query": f"{brand} {thing}", "doc_id": brand} for brand in BRANDS for thing in THINGS]
            found = calibrate(tmp_path, opensearch_url, lines)
            foreign = calibrate(tmp_path, opensearch_url, [{"query": "nike", "doc_id": "77"}])
        finally:
            engine.request("DELETE", f"/{INDEX}")
    assert found.exit_code == 0, found.output
    [label] = json.loads(found.stdout)["labels"]
    assert label["label"] == "brand"
    assert label["fitted_on"] + label["measured_on"] > 50
    assert label["now"] > 0.8
    assert foreign.exit_code == 2
    assert f"none of the 1 clicked documents is in {INDEX}" in foreign.output
