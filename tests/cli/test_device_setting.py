"""A schema's `device`, and `--device`, reach whatever loads a model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from bridge.cli import app
from bridge.cli._ways import scorer_of
from bridge.clients import _bulk
from bridge.errors import SchemaError, SetupError
from bridge.schema import Schema, parse_schema
from bridge.sidecar import SidecarConfig, create_app


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def text(device: str) -> str:
    return f"schema: shop\nindex: shop\ntext: [title]\nmodel: {{device: {device}}}\nlabels: {{brand: {{}}}}\n"


def schema(device: str) -> Schema:
    return parse_schema(text(device))


def test_the_command_line_and_the_bulk_helper_load_by_the_schemas_device() -> None:
    assert scorer_of(schema("auto")).device == "cpu"
    for load in (scorer_of, _bulk._tagger):
        with pytest.raises(SetupError, match="sees no GPU"):
            load(schema("cuda:1"))


def test_a_sidecar_says_that_the_gpu_is_missing(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(text("cuda"))
    runtime = create_app(SidecarConfig(schemas=(path,), port=0, documents_port=0)).extensions["bridge"]
    try:
        assert not runtime.wait(60.0)
        assert "this torch sees no GPU" in runtime.failure
    finally:
        runtime.stop()


def test_evaluate_ner_takes_a_device(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"text": "red shoes", "entities": [[0, 3, "color"]]}\n')
    result = CliRunner().invoke(app, ["evaluate", "ner", str(path), "--device", "cuda"])
    assert result.exit_code == 2
    assert "this torch sees no GPU" in result.output


def test_an_unknown_device_is_an_error_of_the_schema() -> None:
    with pytest.raises(SchemaError, match=r'model.device: "gpu" is no device') as caught:
        schema("gpu")
    assert "cuda:1" in str(caught.value)
