"""The ingest routes: a document's fields in, the entity block out."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import metric

URL = "/opensearch/ingest/grocery"
GROCERIES = Path(__file__).parents[2] / "examples" / "grocery" / "documents.jsonl.gz"
NAME = "Kirkland Signature Organic Quinoa, 4.5 lbs"


def ingest(client: httpx.Client, **fields: Any) -> dict[str, Any]:
    answer = client.post(URL, json=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = list(value.items()) if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    return [text for key, item in items for text in [*strings(key), *strings(item)]]


def test_a_document_gets_flat_values_details_and_meta(sidecar: httpx.Client) -> None:
    before = metric(sidecar, "gliner_bridge_documents_total", schema="grocery", state="done")

    block = ingest(sidecar, name=NAME, description="A healthy grain.")

    assert block["entities_meta"]["state"] == "done"
    assert block["entities_meta"]["coverage"] == 1.0
    assert set(block["entities"]) <= {"brand", "product_type", "flavor", "dietary", "package_size"}
    for entity in block["entities_detail"]:
        text = {"name": NAME, "description": "A healthy grain."}[entity["field"]]
        assert text[entity["start"] : entity["end"]] == entity["text"]
    assert metric(sidecar, "gliner_bridge_documents_total", schema="grocery", state="done") == before + 1


@pytest.mark.parametrize(
    "fields", [{}, {"name": None}, {"name": ""}, {"name": "   "}, {"name": []}, {"name": {"a": 1}}]
)
def test_a_document_without_text_is_done_and_empty(sidecar: httpx.Client, fields: dict[str, Any]) -> None:
    block = ingest(sidecar, **fields)

    assert block["entities_meta"]["state"] == "done"
    assert block["entities_detail"] == []


def test_items_of_an_array_keep_their_number(sidecar: httpx.Client) -> None:
    block = ingest(sidecar, name=["Green tea", None, NAME, 7])

    texts = {0: "Green tea", 2: NAME}
    assert {entity["item"] for entity in block["entities_detail"]} <= set(texts)
    for entity in block["entities_detail"]:
        assert texts[entity["item"]][entity["start"] : entity["end"]] == entity["text"]


HOSTILE = [
    '{"a":1}',
    "${parameters.x}",
    "{{x}} Kirkland {{y",
    'quotes " and \\ and \n lines \t',
    "emoji 😀👩‍👩‍👧 coffee",
    "\u202e right to left \u0000 nul",
    "<script>alert(1)</script>",
    "e\u0301 combining",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_tagged_with_right_offsets_and_no_template_leaves(sidecar: httpx.Client, text: str) -> None:
    name = f"{NAME} {text} Organic Coffee"

    block = ingest(sidecar, name=name)

    assert block["entities_meta"]["state"] == "done"
    assert not [one for one in strings(block) if "{{" in one]
    for entity in block["entities_detail"]:
        if entity["text"] is not None:
            assert name[entity["start"] : entity["end"]] == entity["text"]


def test_half_a_surrogate_pair_does_not_lose_the_document(sidecar: httpx.Client) -> None:
    answer = sidecar.post(URL, content='{"name": "Kirkland \\ud800 Organic Quinoa"}')

    assert answer.status_code == 200
    assert answer.json()["entities_meta"]["state"] == "done"
    json.dumps(answer.json(), ensure_ascii=False).encode("utf-8")


def test_a_long_document_is_read_to_the_end(sidecar: httpx.Client) -> None:
    with gzip.open(GROCERIES, "rt", encoding="utf-8") as lines:
        names = [json.loads(line)["name"] for line in lines]
    text = ". ".join(names[:600])

    block = ingest(sidecar, description=text)

    assert block["entities_meta"]["coverage"] == 1.0
    assert max(entity["end"] for entity in block["entities_detail"]) > len(text) * 0.9


def test_a_document_with_a_word_that_was_not_read_to_its_end_is_partial(sidecar: httpx.Client) -> None:
    block = ingest(sidecar, name=NAME, description=f"A healthy grain. {'-'.join(['QmFz'] * 500)} Organic.")

    assert block["entities_meta"]["state"] == "partial"
    assert 0.5 < block["entities_meta"]["coverage"] < 1.0


def test_the_inference_service_gets_the_same_block_as_text(sidecar: httpx.Client) -> None:
    direct = ingest(sidecar, name=NAME, description="A healthy grain.")

    answer = sidecar.post("/elasticsearch/completion/grocery", json={"input": f"{NAME}\u001eA healthy grain."})

    block = json.loads(answer.json()["text"])
    for one in (direct, block):
        one["entities_meta"].pop("tagged_at")
    assert block == direct


def test_the_inference_service_tells_the_texts_of_a_list_apart(sidecar: httpx.Client) -> None:
    direct = ingest(sidecar, name=[NAME, 7, "Organic honey"], description="A healthy grain.")

    joined = f"{NAME}\u001d\u001dOrganic honey\u001eA healthy grain."
    block = json.loads(sidecar.post("/elasticsearch/completion/grocery", json={"input": joined}).json()["text"])
    for one in (direct, block):
        one["entities_meta"].pop("tagged_at")
    assert block == direct


def test_the_inference_service_takes_any_short_text(sidecar: httpx.Client) -> None:
    for text in ("test input", "", "\u001e", "null"):
        answer = sidecar.post("/elasticsearch/completion/grocery", json={"input": text})
        assert answer.status_code == 200, answer.text


def test_more_parts_than_fields_are_refused_by_name(sidecar: httpx.Client) -> None:
    answer = sidecar.post("/elasticsearch/completion/grocery", json={"input": "a\u001eb\u001ec"})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith("input: has 3 parts")
