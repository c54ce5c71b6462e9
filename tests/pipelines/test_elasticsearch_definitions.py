"""The Elasticsearch definitions, driven through an emulation of the `custom` service's template substitution.

The inference API is not to be had without a licence, so its documented rules stand in: `${input}` becomes one JSON
string, and a request that still holds a placeholder afterwards is refused.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path(__file__).parents[2] / "pipelines" / "elasticsearch"
ENDPOINT: dict[str, Any] = json.loads((FOLDER / "inference-endpoint.json").read_text())
PIPELINE: dict[str, Any] = json.loads((FOLDER / "ingest-pipeline.json").read_text())


def processor(kind: str, tag: str) -> dict[str, Any]:
    (found,) = [step[kind] for step in PIPELINE["processors"] if kind in step and step[kind]["tag"] == tag]
    return dict(found)


def neutralised(text: str) -> str:
    """What the pipeline's `gsub` does, by Java's rules for a replacement: a backslash takes the next sign as it is."""
    step = processor("gsub", "gliner-bridge-placeholders")
    replacement = re.sub(r"\\(.)", r"\1", step["replacement"])
    return re.sub(step["pattern"], lambda _: replacement, text)


def request_for(text: str) -> str:
    """The request body that the service would send; ValueError where it would refuse."""
    body = ENDPOINT["service_settings"]["request"].replace("${input}", json.dumps(text))
    if re.search(r"\$\{.*?\}", body):
        raise ValueError("Found placeholder")
    return str(body)


@pytest.mark.parametrize("text", ["${input}", "a ${api_key} b", '"quotes" \\ \n', '{"a":1}', "💥 ${x", "$${{y}}"])
def test_hostile_text_reaches_the_sidecar_with_the_same_length(text: str) -> None:
    sent = json.loads(request_for(neutralised(text)))["input"]
    assert len(sent) == len(text)
    assert "${" not in sent


@given(st.text())
def test_any_text_is_accepted_and_keeps_its_offsets(text: str) -> None:
    sent = json.loads(request_for(neutralised(text)))["input"]
    assert len(sent) == len(text)


def test_without_the_replacement_the_service_would_refuse() -> None:
    with pytest.raises(ValueError, match="placeholder"):
        request_for("a ${api_key} b")


def test_every_failure_marks_the_document() -> None:
    for kind, tag in (("inference", "gliner-bridge-tag"), ("json", "gliner-bridge-read")):
        (mark,) = processor(kind, tag)["on_failure"]
        assert mark["set"]["field"] == "<<prefix>>_meta"
        assert mark["set"]["value"]["state"] == "failed"
