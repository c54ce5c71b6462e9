"""`gliner-bridge install` and `uninstall` as one types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge.cli import app
from bridge.engines import OpenSearchEngine
from bridge.engines._record import component_templates
from bridge.engines._requests import Session

pytestmark = pytest.mark.engine

KEY = "a-secret-of-the-sidecar"


@pytest.fixture
def schema_file(tmp_path: Path) -> Path:
    file = tmp_path / "cli_shop.yaml"
    file.write_text("schema: cli_shop\nindex: cli-shop\ntext: [title]\nlabels:\n  brand: {}\n", encoding="utf-8")
    return file


def test_install_shows_what_it_does_and_uninstall_takes_it_back(
    engine: OpenSearchEngine, opensearch_url: str, schema_file: Path
) -> None:
    if component_templates(Session(engine), "gliner-bridge"):
        pytest.skip("the bridge is installed in this cluster, and this test would uninstall it")
    cli = CliRunner()
    environment = {"ENGINE_URL": opensearch_url, "GLINER_BRIDGE_API_KEY": KEY}
    install = ["install", str(schema_file)]

    planned = cli.invoke(app, [*install, "--dry-run"], env=environment)
    assert planned.exit_code == 0, planned.output
    assert "PUT /_cluster/settings" in planned.output
    assert "none sent" in planned.output
    try:
        done = cli.invoke(app, install, env=environment)
        assert r"^http://127\.0\.0\.1:8765/opensearch/search/.*$" in done.output, "cluster settings are printed"
        again = cli.invoke(app, [*install, "--json"], env=environment)
        assert json.loads(again.stdout)["changed"] is False
        assert "nothing to change" in cli.invoke(app, install, env=environment).output
    finally:
        gone = cli.invoke(app, ["uninstall"], env=environment)
    assert "delete ingest pipeline gliner-bridge-cli_shop" in gone.output
    assert "nothing to change" in cli.invoke(app, ["uninstall"], env=environment).output
    assert KEY not in planned.output + done.output + again.output + gone.output
