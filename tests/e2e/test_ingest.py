"""Documents go through plain `_bulk`; the engine's own ingest pipeline calls the sidecar."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Shop
from tests.e2e.shop import HOSTILE, LARGE

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def hostile(shop: Shop) -> dict[str, dict[str, Any]]:
    """The hostile documents as they stand in the index after a plain `_bulk`."""
    answer = shop.bulk({f"h-{name}": document for name, document in HOSTILE.items()})
    assert not answer["errors"], [item for item in answer["items"] if "error" in item["index"]]
    return {name: shop.source(f"h-{name}") for name in HOSTILE}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_document_is_indexed_unchanged_and_tagged(hostile: dict[str, dict[str, Any]], name: str) -> None:
    stored = hostile[name]
    own = {field: value for field, value in stored.items() if not field.startswith("entities")}
    sent = {field: value for field, value in HOSTILE[name].items() if not field.startswith("entities")}
    assert own == sent
    assert stored["entities_meta"]["state"] == "done", stored["entities_meta"]
    assert stored["entities_meta"]["coverage"] == 1.0


@pytest.mark.parametrize("name", HOSTILE)
def test_offsets_slice_the_original_text(hostile: dict[str, dict[str, Any]], name: str) -> None:
    document = hostile[name]
    for entity in document.get("entities_detail") or []:
        text = document[entity["field"]]
        text = text[int(entity["item"])] if isinstance(text, list) else str(text)
        piece = text[int(entity["start"]) : int(entity["end"])]
        assert entity["text"] == piece or (entity["text"] is None and "{{" in piece)


def test_a_document_of_one_megabyte_is_tagged_to_its_end(shop: Shop) -> None:
    assert len(LARGE["body"]) > 1_000_000
    assert not shop.bulk({"large": LARGE})["errors"]
    if shop.source("large")["entities_meta"]["state"] == "failed":
        # A busy machine is slower than the connector waits; then `repair` has the time that it takes.
        assert shop.source("large")["entities_meta"]["error"] == "sidecar_timeout"
        shop.repair()
    stored = shop.source("large")
    assert stored["entities_meta"]["state"] == "done", stored["entities_meta"]
    ends = [entity["end"] for entity in stored["entities_detail"] if entity["field"] == "body"]
    assert max(ends) > 0.99 * len(LARGE["body"])
    for entity in stored["entities_detail"][::50]:
        assert entity["text"] == LARGE[entity["field"]][int(entity["start"]) : int(entity["end"])]


def test_the_shop_is_really_tagged(hostile: dict[str, dict[str, Any]]) -> None:
    found = {
        (entity["label"], entity["text"])
        for name in ("newlines", "array", "emoji")
        for entity in hostile[name]["entities_detail"]
    }
    assert any(text == "Nike" or (text and "Nike" in text) for _, text in found), found


def test_values_that_the_caller_sent_in_our_fields_do_not_survive(hostile: dict[str, dict[str, Any]]) -> None:
    assert "stale" not in str(hostile["entities-like"])


def test_a_reindexed_document_keeps_no_stale_tag(shop: Shop) -> None:
    shop.bulk({"again": {"title": "Nike red running shoes"}})
    assert shop.source("again")["entities_detail"]
    shop.bulk({"again": {"price": 1.0}})
    assert not shop.source("again").get("entities_detail")
    assert "nike" not in str(shop.source("again")).lower()


def test_an_updated_document_is_tagged_again(shop: Shop) -> None:
    shop.bulk({"updated": {"title": "Nike red running shoes"}})
    shop.client.update(
        index=shop.index, id="updated", body={"doc": {"title": "Sony black headphones"}}, params={"refresh": "true"}
    )
    assert "nike" not in str(shop.source("updated")["entities_detail"]).lower()


@pytest.mark.parametrize("mode", ["hang up", "not json", "wrong type", "error", "empty", "freeze"])
def test_a_failing_sidecar_marks_the_document_and_repair_tags_it(shop: Shop, mode: str) -> None:
    name = f"failed-{mode.replace(' ', '-')}"
    with shop.failing(mode):
        answer = shop.bulk({name: {"title": "Nike red running shoes"}})
    assert not answer["errors"], "a document is never lost"
    marked = shop.source(name)
    assert marked["title"] == "Nike red running shoes"
    assert marked["entities_meta"]["state"] == "failed"
    assert "Nike" not in str(marked["entities_meta"]), "errors never quote text"
    shop.repair()
    assert shop.source(name)["entities_meta"]["state"] == "done"
    assert shop.source(name)["entities_detail"]
