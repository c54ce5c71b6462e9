"""`/v1/parse` shows what else the model read in the words of its spans; searches do not pay for it."""

from __future__ import annotations

from typing import Any

import httpx

from bridge.query import decode_plan

TEXT = "organic dark roast coffee beans"


def explained(client: httpx.Client, text: str, **body: Any) -> list[dict[str, Any]]:
    answer = client.post("/v1/parse", json={"text": text, "schema": "grocery", **body})
    assert answer.status_code == 200, answer.text
    return [other for line in answer.json()["explain"] for other in line["runners_up"]]


def test_a_parsed_text_has_runners_up_with_labels_scores_and_places(sidecar: httpx.Client) -> None:
    others = explained(sidecar, TEXT)
    assert others
    for one in others:
        assert one["text"] == TEXT[one["start"] : one["end"]]
        assert 0.0 < one["score"] <= 1.0


def test_their_offsets_are_in_the_unit_that_was_asked_for(sidecar: httpx.Client) -> None:
    text = f"😀 {TEXT}"
    wide = text.encode("utf-16-le")
    others = explained(sidecar, text, offsets="utf16")
    assert others
    for one in others:
        assert wide[2 * one["start"] : 2 * one["end"]].decode("utf-16-le") == one["text"]


def test_a_rewritten_search_has_none(sidecar: httpx.Client) -> None:
    query = {"multi_match": {"query": TEXT, "fields": ["name", "description"]}}
    answer = sidecar.post(
        "/v1/rewrite", json={"body": {"query": query}, "schema": "grocery", "dialect": "opensearch"}
    ).json()
    assert answer["explain"]
    assert all(line.runners_up == () for line in decode_plan(answer["plan"]).explain)
