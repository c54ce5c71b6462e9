"""Values of the index: read from a real engine, swapped in whole, kept when reading fails."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from bridge.engines import OpenSearchEngine
from bridge.query import StaticValues
from bridge.schema import load_schema
from bridge.sidecar._metrics import Metrics
from bridge.sidecar._values import LiveValues

from .conftest import SCHEMAS, Start, metric

PRODUCTS = [
    {"name": "Lavazza ground coffee", "description": "Dark roast.", "category": "Coffee", "price": 12.5},
    {"name": "Kirkland organic coffee", "description": "Whole bean.", "category": "Coffee", "price": 19.0},
    {"name": "Green tea", "description": "100 bags.", "category": "Tea", "price": 8.0},
    {"name": "Chocolate cake", "description": "With cherries.", "category": "Bakery & Desserts", "price": 30.0},
] * 3
INDEX = "sidecar_values"


@pytest.fixture(scope="module")
def engine(opensearch_url: str) -> Iterator[OpenSearchEngine]:
    engine = OpenSearchEngine(opensearch_url)
    mappings = {
        "properties": {
            "name": {"type": "text"},
            "description": {"type": "text"},
            "category": {"type": "keyword"},
            "price": {"type": "double"},
        }
    }
    engine.request("PUT", f"/{INDEX}", {"mappings": mappings})
    assert all(item.ok for item in engine.bulk(INDEX, ({"_source": one} for one in PRODUCTS)))
    engine.request("POST", f"/{INDEX}/_refresh")
    yield engine
    engine.request("DELETE", f"/{INDEX}")
    engine.close()


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The grocery schema over an index of this module's own, with the longest deadline."""
    text = SCHEMAS[0].read_text("utf-8").replace("index: grocery", f"index: {INDEX}")
    lines = [line for line in text.splitlines() if not line.startswith("deadline_ms")]
    path = tmp_path_factory.mktemp("schema") / "grocery.yaml"
    path.write_text("\n".join([*lines, "deadline_ms: 900", ""]), "utf-8")
    return path


@pytest.fixture(scope="module")
def connected(start: Start, schema: Path, engine: OpenSearchEngine) -> Iterator[httpx.Client]:
    with start(schemas=(schema,), engine_url=engine.url) as client:
        yield client


def rewrite(client: httpx.Client, text: str, **more: Any) -> dict[str, Any]:
    body = {"query": {"multi_match": {"query": text, "fields": ["name", "description"]}}, **more}
    return client.post("/v1/rewrite", json={"body": body, "schema": "grocery"}).json()


def names(engine: OpenSearchEngine, body: dict[str, Any]) -> list[str]:
    return [hit["_source"]["name"] for hit in engine.search(INDEX, body)["hits"]["hits"]]


@pytest.mark.engine
def test_it_is_ready_with_the_values_of_the_index(connected: httpx.Client) -> None:
    state = connected.get("/readyz").json()["schemas"]["grocery"]

    assert (state["values"], state["state"], state["degraded"]) == (3, "live", None)
    assert metric(connected, "gliner_bridge_degraded", schema="grocery") == 0


@pytest.mark.engine
def test_a_stored_value_and_an_amount_become_filters(connected: httpx.Client, engine: OpenSearchEngine) -> None:
    result = rewrite(connected, "coffee under $15")

    assert result["changed"]
    assert result["body"]["query"]["bool"]["filter"], "hard filters, as an engine counts"
    assert set(names(engine, result["body"])) == {"Lavazza ground coffee"}
    assert result["degraded"] is None


@pytest.mark.engine
def test_the_search_pipelines_route_gives_the_same_query(connected: httpx.Client) -> None:
    query = {"multi_match": {"query": "coffee under $15", "fields": ["name", "description"]}}

    answer = connected.post("/opensearch/search/grocery", json={"query": query}).json()

    wrapped = json.loads(base64.b64decode(answer["query"]["wrapper"]["query"]))
    assert wrapped == rewrite(connected, "coffee under $15")["body"]["query"]


@pytest.mark.engine
def test_a_constraint_that_leaves_nothing_is_dropped_and_reported(
    connected: httpx.Client, engine: OpenSearchEngine
) -> None:
    before = metric(connected, "gliner_bridge_relaxed_total", schema="grocery")

    result = rewrite(connected, "coffee under $5")

    assert names(engine, result["body"]), "no coffee costs so little, yet the coffee is shown"
    assert "bridge:price=<5" in [line["clause"] for line in result["explain"] if line["decision"] == "relaxed"]
    assert metric(connected, "gliner_bridge_relaxed_total", schema="grocery") == before + 1


@pytest.mark.engine
def test_counting_keeps_the_callers_own_filters(connected: httpx.Client) -> None:
    """Tea that the caller filters for has no price under $5 either: the amount goes, the caller's filter stays."""
    result = rewrite(connected, "tea under $10", post_filter={"term": {"category": "Coffee"}})

    assert result["body"]["post_filter"] == {"term": {"category": "Coffee"}}
    assert [line for line in result["explain"] if line["decision"] == "relaxed"]


@pytest.mark.engine
def test_a_refresh_sees_new_values_at_once(connected: httpx.Client, engine: OpenSearchEngine) -> None:
    generation = connected.get("/readyz").json()["schemas"]["grocery"]["generation"]
    list(engine.bulk(INDEX, [{"_id": "new", "_source": {"name": "Merlot", "category": "Wine", "price": 15.0}}]))
    engine.request("POST", f"/{INDEX}/_refresh")

    answer = connected.post("/v1/refresh", json={"schema": "grocery"}).json()

    assert answer["refreshed"] == {"grocery": True}
    assert answer["schemas"]["grocery"]["values"] == 4
    assert answer["schemas"]["grocery"]["generation"] != generation
    parsed = connected.post("/v1/parse", json={"text": "red wine", "schema": "grocery"}).json()
    assert "Wine" in [entity["value"] for entity in parsed["entities"]]


@pytest.mark.engine
def test_the_last_good_values_stay_when_the_index_goes(
    start: Start, schema: Path, engine: OpenSearchEngine, tmp_path: Path
) -> None:
    gone = f"{INDEX}_gone"
    engine.request("PUT", f"/{gone}", engine.request("GET", f"/{INDEX}/_mapping")[INDEX])
    list(engine.bulk(gone, [{"_source": PRODUCTS[0]}]))
    engine.request("POST", f"/{gone}/_refresh")
    path = tmp_path / "grocery.yaml"
    path.write_text(schema.read_text("utf-8").replace(f"index: {INDEX}", f"index: {gone}"), "utf-8")
    with start(schemas=(path,), engine_url=engine.url, snapshots=tmp_path / "snapshots") as client:
        good = client.get("/readyz").json()["schemas"]["grocery"]
        engine.request("DELETE", f"/{gone}")

        answer = client.post("/v1/refresh").json()

        assert answer["refreshed"] == {"grocery": False}
        state = answer["schemas"]["grocery"]
        assert (state["values"], state["generation"]) == (good["values"], good["generation"])
        assert "the last reading of the index failed" in state["degraded"]
        # The index cannot be counted in either: the caller's own search runs.
        result = rewrite(client, "coffee under $15")
        assert (result["changed"], result["degraded"]) == (False, state["degraded"])
        assert metric(client, "gliner_bridge_degraded", schema="grocery") == 1
        assert metric(client, "gliner_bridge_searches_total", schema="grocery", outcome="count_failed") == 1

    with start(schemas=(path,), engine_url="http://127.0.0.1:9", snapshots=tmp_path / "snapshots") as client:
        state = client.get("/readyz").json()["schemas"]["grocery"]
        assert (state["values"], state["state"]) == (good["values"], "snapshot")
        assert "values: snapshot" in state["degraded"]
        parsed = client.post("/v1/parse", json={"text": "coffee", "schema": "grocery"}).json()
        assert parsed["degraded"] == state["degraded"]
        assert [entity["value"] for entity in parsed["entities"]] == ["Coffee"]


def test_an_engine_that_hangs_delays_no_query_beyond_its_deadline(
    start: Start, schema: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.sidecar._runtime.FIRST_READING_SECONDS", 0.1)
    query = {"match": {"name": "coffee under $15"}}
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen(64)
        with start(schemas=(schema,), engine_url=f"http://127.0.0.1:{frozen.getsockname()[1]}") as client:
            state = client.get("/readyz").json()["schemas"]["grocery"]
            answer = client.post("/opensearch/search/grocery", json={"query": query}).json()
            late = metric(client, "gliner_bridge_searches_total", schema="grocery", outcome="deadline")

    assert "not read yet" in state["degraded"]
    assert json.loads(base64.b64decode(answer["query"]["wrapper"]["query"])) == query
    assert late == 1


def test_documents_are_tagged_with_the_pinned_values_only(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text(
        "schema: shop\nindex: shop\ntext: [name]\nlabels:\n  brand:\n    model: false\n  color:\n    model: false\n",
        "utf-8",
    )
    StaticValues.of(load_schema(path), {"brand": {"Zorblax": 3}}).save(tmp_path / "shop.json")

    found = []
    for settings in ({"pinned": tmp_path}, {"snapshots": tmp_path}):
        with start(schemas=(path,), **settings) as client:
            block = client.post("/opensearch/ingest/shop", json={"name": "Zorblax kettle"}).json()
            found.append(block["entities"].get("brand"))

    assert found == [["Zorblax"], None]


def test_a_damaged_snapshot_is_no_reason_not_to_start(start: Start, tmp_path: Path) -> None:
    (tmp_path / "grocery.json").write_text("{damaged")

    with start(schemas=(SCHEMAS[0],), snapshots=tmp_path) as client:
        state = client.get("/readyz").json()["schemas"]["grocery"]

    assert (state["values"], state["state"]) == (0, "none")


def test_it_says_which_labels_have_more_values_than_are_read(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.sidecar._values.MAX_VALUES", 2)
    path = tmp_path / "shop.yaml"
    path.write_text("schema: shop\nindex: shop\ntext: [name]\nlabels:\n  brand: {}\n  color: {}\n", "utf-8")
    known = StaticValues.of(load_schema(path), {"brand": {"Zorblax": 3, "Quibble": 1}, "color": {"red": 2}})
    known.save(tmp_path / "shop.json")

    with start(schemas=(path,), snapshots=tmp_path) as client:
        assert client.get("/readyz").json()["schemas"]["shop"]["capped"] == ["brand"]


class _Counting:
    """An encoder that remembers what it was asked for."""

    embeds = True
    fingerprint = "counting"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return np.stack([np.eye(8, dtype=np.float32)[len(text) % 8] for text in texts])


def test_a_second_start_encodes_no_value_again(tmp_path: Path) -> None:
    schema = load_schema(SCHEMAS[0])
    snapshot = tmp_path / "snapshots" / f"{schema.name}.json"
    snapshot.parent.mkdir()
    StaticValues.of(schema, {"category": {"Coffee": 9, "Tea": 4}}, {"category": 1.0}).save(snapshot)
    first, second = _Counting(), _Counting()
    for encoder in (first, second):
        values = LiveValues(schema, None, Metrics(), snapshot)
        values.learn(encoder)
        assert values.current.meanings() is not None
    assert sorted(first.asked) == ["Coffee", "Tea"]
    assert second.asked == []
    assert sorted(path.name for path in snapshot.parent.iterdir()) == [
        f"{schema.name}.json",
        f"{schema.name}.vectors.npz",
    ]
