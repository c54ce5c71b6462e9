"""The entity block is exactly what the index stores: flat values, detail, meta, mentions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.enrichment import entity_block, failed_block
from bridge.entities import Coverage, Entity, Interval
from bridge.schema import parse_schema
from bridge.tagging import TaggedDocument

SCHEMA = parse_schema(
    """
schema: shop
index: shop
text: [title, description]
labels:
  brand: {from: [title]}
  color: {}
  size: {kind: range, text: size}
  screen: {kind: number, unit: inch}
  price: {kind: number, field: price, unit: USD, model: false}
  secret: {use: ignore}
"""
)
NOON = datetime(2026, 1, 2, 12, 0, 0, 123456, tzinfo=UTC)


def entity(label: str, text: str, value: Any = None, **more: Any) -> Entity:
    settings = {"field": "title", "score": 0.9, "source": "model", "start": 0, "end": len(text), **more}
    return Entity(label, text, text.lower() if value is None else value, **settings)


def tagged(*entities: Entity, coverage: Coverage = Coverage(4, 4)) -> TaggedDocument:  # noqa: B008
    return TaggedDocument(entities, coverage, "t1", "g1", "d1", "default")


def block(*entities: Entity, **more: Any) -> dict[str, Any]:
    return entity_block(SCHEMA, tagged(*entities), tagged_at=NOON, **more)


def test_the_whole_block_of_one_entity() -> None:
    assert block(entity("brand", "Nike", score=0.97123456)) == {
        "entities": {"brand": ["nike"]},
        "entities_detail": [
            {
                "label": "brand",
                "text": "Nike",
                "value": "nike",
                "field": "title",
                "item": 0,
                "start": 0,
                "end": 4,
                "score": 0.9712,
                "source": "model",
            }
        ],
        "entities_meta": {
            "state": "done",
            "model": "default",
            "tagging_hash": "g1",
            "derive_hash": "d1",
            "text_hash": "t1",
            "coverage": 1.0,
            "tagged_at": "2026-01-02T12:00:00.123Z",
        },
        "entities_mentions": {},
    }


def test_values_come_once_in_order_and_numbers_stay_numbers() -> None:
    found = block(
        entity("color", "Red"),
        entity("color", "blue"),
        entity("color", "RED", field="description"),
        entity("screen", "15.6 inch", 15.6),
        entity("size", "4-8", Interval(gte=4.0, lt=8.0)),
    )
    assert found["entities"] == {"color": ["red", "blue"], "screen": [15.6], "size": [{"gte": 4.0, "lt": 8.0}]}
    assert len(found["entities_detail"]) == 5


def test_weak_spans_are_in_the_detail_only() -> None:
    found = block(entity("color", "Red", score=0.4))
    assert (found["entities"], len(found["entities_detail"])) == ({}, 1)


def test_mentions_have_a_place_of_their_own() -> None:
    found = block(entity("brand", "HP", negated=True), entity("brand", "Canon", field="description"))
    assert found["entities"] == {}
    assert found["entities_mentions"] == {"brand": ["hp", "canon"]}
    assert [one.get("negated") for one in found["entities_detail"]] == [True, None]


def test_an_entity_without_a_value_has_no_flat_field() -> None:
    one = Entity("screen", "big", None, 0, 3, 0.9, "model", field="title")
    found = block(one)
    assert found["entities"] == {}
    assert found["entities_detail"][0]["value"] is None


def test_a_complete_block_overwrites_what_an_older_one_left() -> None:
    found = block(entity("brand", "Nike"), complete=True)
    assert found["entities"] == {"brand": ["nike"], "color": None, "size": None, "screen": None}
    assert found["entities_mentions"] == {"brand": None, "color": None, "size": None, "screen": None}
    assert found["entities_meta"]["error"] is None
    failed = failed_block(SCHEMA, "overloaded", complete=True)
    assert set(found["entities_meta"]) == set(failed["entities_meta"])


def test_labels_bound_to_a_field_or_ignored_are_never_written() -> None:
    found = block(entity("price", "$5", 5.0), complete=True)
    assert "price" not in found["entities"]
    assert "secret" not in found["entities"]


def test_a_partly_scored_document_says_so() -> None:
    meta = entity_block(SCHEMA, tagged(coverage=Coverage(1, 3)), tagged_at=NOON)["entities_meta"]
    assert (meta["state"], meta["coverage"]) == ("partial", 0.3333)


def test_a_nearly_scored_document_is_still_partial() -> None:
    meta = entity_block(SCHEMA, tagged(coverage=Coverage(99_999, 100_000)), tagged_at=NOON)["entities_meta"]
    assert meta["state"] == "partial"


def test_a_failed_document_is_marked_and_carries_no_entities() -> None:
    assert failed_block(SCHEMA, "deadline_exceeded", tagged_at=NOON) == {
        "entities": {},
        "entities_detail": [],
        "entities_meta": {
            "state": "failed",
            "error": "deadline_exceeded",
            "coverage": 0.0,
            "tagged_at": "2026-01-02T12:00:00.123Z",
        },
        "entities_mentions": {},
    }


def test_what_an_ingest_pipeline_takes_for_a_template_is_left_out() -> None:
    found = block(entity("color", "{{red}}"), entity("brand", "Nike", "{{x"))
    assert found["entities"] == {}
    for one in found["entities_detail"]:
        assert (one["text"], one["value"]) == (None, None)
        assert one["end"] > one["start"]


def test_the_prefix_is_the_schemas() -> None:
    schema = parse_schema("schema: s\nindex: s\ntext: [title]\nentities: found\nlabels:\n  brand: {}\n")
    assert set(entity_block(schema, tagged(), tagged_at=NOON)) == {
        "found",
        "found_detail",
        "found_meta",
        "found_mentions",
    }


def test_times_are_written_in_utc() -> None:
    berlin = datetime(2026, 1, 2, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    assert failed_block(SCHEMA, "x", tagged_at=berlin)["entities_meta"]["tagged_at"] == "2026-01-02T12:00:00.000Z"


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        entity_block(SCHEMA, tagged(), tagged_at=datetime(2026, 1, 2))


@given(st.lists(st.tuples(st.sampled_from(["brand", "color"]), st.text(min_size=1, max_size=20)), max_size=5))
def test_any_text_gives_ascii_json_without_templates(found: list[tuple[str, str]]) -> None:
    made = block(*[entity(label, text) for label, text in found], complete=True)
    text = json.dumps(made, ensure_ascii=True, allow_nan=False)
    assert text.isascii()
    assert "{{" not in text
    json.loads(text).__repr__().encode("utf-8")
