"""POST /v1/tag: texts and labels in, entities out."""

from __future__ import annotations

import httpx
import pytest

from bridge.scorer import Scorer
from bridge.sidecar._models import TagResponse

from .conftest import MODEL, Start

TEXT = "Kirkland Signature organic quinoa, 4.5 lbs"
LABELS = ["brand", "product type", "dietary attribute"]


def tag(client: httpx.Client, **body: object) -> httpx.Response:
    return client.post("/v1/tag", json=body)


def test_labels_of_your_own_give_what_the_scorer_gives(sidecar: httpx.Client) -> None:
    (expected,) = Scorer.load(MODEL, offline=True).predict([TEXT], LABELS, 0.1)

    (result,) = tag(sidecar, texts=[TEXT], labels=LABELS, threshold=0.1).json()["results"]

    assert expected, "the model finds something at this threshold"
    assert [(e["start"], e["end"], e["text"], e["label"]) for e in result["entities"]] == [
        (span.start, span.end, span.text, span.label) for span in expected
    ]
    assert [e["score"] for e in result["entities"]] == pytest.approx([span.score for span in expected], abs=1e-3)
    assert result["coverage"] == 1.0


def test_answers_follow_the_published_model(sidecar: httpx.Client) -> None:
    answer = tag(sidecar, texts=[TEXT, 5, ""], labels=LABELS, threshold=0.0)

    TagResponse.model_validate_json(answer.text)


def test_a_text_that_is_wrong_has_its_own_error_and_the_others_are_answered(sidecar: httpx.Client) -> None:
    body = '{"texts": ["red shoes", 7, null, "half \\ud800 pair"], "labels": ["color"]}'

    results = sidecar.post("/v1/tag", content=body).json()["results"]

    assert results[0]["error"] is None
    assert [one["error"]["message"] for one in results[1:]] == [
        "texts[1]: must be a string",
        "texts[2]: must be a string",
        "texts[3]: holds half of a surrogate pair",
    ]


def test_offsets_count_code_points_or_utf16_units_as_asked(sidecar: httpx.Client) -> None:
    text = "😀😀 " + TEXT
    points, units = (
        tag(sidecar, texts=[text], labels=LABELS, threshold=0.1, offsets=unit).json()["results"][0]["entities"]
        for unit in ("codepoints", "utf16")
    )

    assert points
    assert [text[e["start"] : e["end"]] for e in points] == [e["text"] for e in points]
    wide = text.encode("utf-16-le")
    assert [wide[2 * e["start"] : 2 * e["end"]].decode("utf-16-le") for e in units] == [e["text"] for e in units]
    assert [e["start"] for e in units] != [e["start"] for e in points]


def test_a_schema_gives_its_labels_thresholds_and_normalised_values(sidecar: httpx.Client) -> None:
    (result,) = tag(sidecar, texts=[TEXT], schema="grocery").json()["results"]

    assert {e["label"] for e in result["entities"]} <= {"brand", "product_type", "flavor", "dietary", "package_size"}
    assert all(e["field"] == "name" for e in result["entities"])
    assert all(e["value"] == e["value"].lower() for e in result["entities"] if e["value"])


def test_a_threshold_leaves_out_what_scores_less(sidecar: httpx.Client) -> None:
    everything = tag(sidecar, texts=[TEXT], labels=LABELS, threshold=0.0).json()["results"][0]["entities"]
    high = tag(sidecar, texts=[TEXT], labels=LABELS, threshold={"brand": 1.0, "product type": 1.0}).json()

    assert everything
    assert {e["label"] for e in high["results"][0]["entities"]} <= {"dietary attribute"}


def test_long_texts_are_read_to_the_end(sidecar: httpx.Client) -> None:
    text = " ".join(f"{TEXT} number {n}." for n in range(300))

    (result,) = tag(sidecar, texts=[text], labels=LABELS, threshold=0.1).json()["results"]

    assert result["coverage"] == 1.0
    assert max(e["end"] for e in result["entities"]) > len(text) * 0.9


def test_a_text_that_the_model_cannot_read_at_once_gets_an_error_where_that_is_asked(sidecar: httpx.Client) -> None:
    text = " ".join(f"{TEXT} number {n}." for n in range(300))
    for how in ({"labels": LABELS}, {"schema": "grocery"}):
        long, wrong, short = tag(sidecar, texts=[text, 5, TEXT], long_texts="refuse", **how).json()["results"]

        assert long["error"]["type"] == "too_large"
        assert "texts[0]: has " in long["error"]["message"]
        assert "words" in long["error"]["message"]
        assert (long["entities"], long["coverage"]) == ([], None)
        assert wrong["error"]["message"] == "texts[1]: must be a string"
        assert short == tag(sidecar, texts=[TEXT], **how).json()["results"][0]


def test_words_that_were_not_read_to_their_end_lower_the_coverage(sidecar: httpx.Client) -> None:
    text = f"{TEXT} {'-'.join(['QmFz'] * 500)} red shoes"
    for how in ({"labels": LABELS}, {"schema": "grocery"}):
        (result,) = tag(sidecar, texts=[text], **how).json()["results"]

        assert 0.5 < result["coverage"] < 1.0
        assert result["error"] is None


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"labels": ["a"]}, "texts"),
        ({"texts": [], "labels": ["a"]}, "texts"),
        ({"texts": "one", "labels": ["a"]}, "texts"),
        ({"texts": ["a"]}, "labels or schema"),
        ({"texts": ["a"], "labels": ["a"], "schema": "grocery"}, "labels or schema"),
        ({"texts": ["a"], "labels": []}, "labels"),
        ({"texts": ["a"], "labels": ["a", "a"]}, "labels"),
        ({"texts": ["a"], "labels": [" "]}, "labels"),
        ({"texts": ["a"], "labels": [1]}, "labels[0]"),
        ({"texts": ["a"], "labels": ["a"], "threshold": 1.5}, "threshold"),
        ({"texts": ["a"], "labels": ["a"], "threshold": "0.5"}, "threshold"),
        ({"texts": ["a"], "labels": ["a"], "threshold": {"b": 0.5}}, "threshold"),
        ({"texts": ["a"], "labels": ["a"], "offsets": "bytes"}, "offsets"),
        ({"texts": ["a"], "labels": ["a"], "long_texts": "cut"}, "long_texts"),
        ({"texts": ["a"], "labels": ["a"], "label": 1}, "label: unknown key; allowed: texts, labels, schema"),
    ],
)
def test_a_wrong_request_names_the_key(sidecar: httpx.Client, body: dict[str, object], named: str) -> None:
    answer = tag(sidecar, **body)

    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_input"
    assert named in answer.json()["error"]["message"]


def test_limits_on_texts_and_labels(start: Start) -> None:
    with start(schemas=(), max_texts=2, max_labels=2) as client:
        many_texts = tag(client, texts=["a"] * 3, labels=["a"])
        many_labels = tag(client, texts=["a"], labels=["a", "b", "c"])

    assert [many_texts.status_code, many_labels.status_code] == [413, 413]
    assert many_texts.json()["error"] == {"type": "too_large", "message": "texts: at most 2 in one request"}
    assert many_labels.json()["error"]["message"] == "labels: at most 2 in one request"
