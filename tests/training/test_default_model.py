"""The model that ships: its size, its papers, and that the reference library reads it alike."""

from __future__ import annotations

from pathlib import Path

import pytest

import bridge
from bridge.scorer import Scorer

FOLDER = Path(bridge.__file__).parent / "models" / "default"
TEXTS = [
    "red nike running shoes under $50",
    "Kirkland Signature Organic Extra Virgin Olive Oil, 2 L, 2-count",
    "wireless headphones with noise cancelling",
]
LABELS = ["brand", "product type", "color", "size", "price"]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer.load("default")


def test_it_fits_the_package() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 60_000_000


def test_it_carries_its_card_and_the_attributions_that_its_data_asks_for() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "F1" in card
    notice = (FOLDER / "NOTICE").read_text(encoding="utf-8")
    for name in (
        "MiniLM",
        "RESTAURANTS-8K",
        "NLU++",
        "WNUT 2017",
        "Broad Twitter",
        "Wikigold",
        "SEC",
        "BC5CDR",
        "NCBI",
    ):
        assert name in notice


def test_it_finds_the_obvious(scorer: Scorer) -> None:
    found = [{(span.text.lower(), span.label) for span in spans} for spans in scorer.predict(TEXTS, LABELS)]
    assert {("red", "color"), ("nike", "brand")} <= found[0]
    assert any(label == "product type" and "shoes" in text for text, label in found[0])
    assert any(label == "brand" and text.startswith("kirkland") for text, label in found[1])
    assert any(label == "product type" and "headphones" in text for text, label in found[2])


def test_the_order_and_number_of_labels_change_no_score(scorer: Scorer) -> None:
    alone = scorer.predict(TEXTS, ["brand"], 0.3)
    among = scorer.predict(TEXTS, [*reversed(LABELS), "cinema name"], 0.0, flat=False, multi_label=True)
    for few, many in zip(alone, among, strict=True):
        scores = {(span.start, span.end): span.score for span in many if span.label == "brand"}
        for span in few:
            assert scores[span.start, span.end] == pytest.approx(span.score, abs=1e-5)


def test_the_reference_library_finds_the_same(scorer: Scorer) -> None:
    gliner = pytest.importorskip("gliner")
    reference = gliner.GLiNER.from_pretrained(str(FOLDER), local_files_only=True)
    theirs = reference.inference(TEXTS, LABELS, threshold=0.4)
    for ours, other in zip(scorer.predict(TEXTS, LABELS, 0.4, calibrated=False), theirs, strict=True):
        ordered = sorted(other, key=lambda entity: entity["start"])
        assert [(s.start, s.end, s.label) for s in ours] == [(e["start"], e["end"], e["label"]) for e in ordered]
        assert [s.score for s in ours] == pytest.approx([e["score"] for e in ordered], abs=1e-4)
