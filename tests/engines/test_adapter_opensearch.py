"""What only the OpenSearch adapter has: ML Commons, and default search pipelines that it must not go through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.engines import OpenSearchEngine
from bridge.errors import EngineError
from tests.engines.test_contract import index, schema_for

__all__ = ["index"]  # a fixture

pytestmark = pytest.mark.engine


@pytest.fixture
def emptying_pipeline(engine: OpenSearchEngine, index: str) -> Iterator[str]:
    """A default search pipeline that makes every search empty: whoever goes through it finds nothing."""
    name = f"emptying-{index}"
    nothing = {"filter_query": {"query": {"match_none": {}}}}
    try:
        engine.request("PUT", f"/_search/pipeline/{name}", {"request_processors": [nothing]})
    except EngineError:
        # The node from Maven Central lacks the module with filter_query; ml_inference without a model fails instead.
        model = {"model_id": "none", "input_map": [{"x": "$"}], "output_map": [{"query": "query"}]}
        engine.request("PUT", f"/_search/pipeline/{name}", {"request_processors": [{"ml_inference": model}]})
    engine.request("PUT", f"/{index}/_settings", {"index.search.default_pipeline": name})
    yield name
    engine.request("PUT", f"/{index}/_settings", {"index.search.default_pipeline": None})
    engine.request("DELETE", f"/_search/pipeline/{name}")


def test_it_knows_ml_commons(engine: OpenSearchEngine) -> None:
    info = engine.info()
    assert info.major_minor >= (2, 19)
    assert info.ml_commons
    assert info.licence is None


@pytest.mark.usefixtures("emptying_pipeline")
def test_nothing_goes_through_the_default_search_pipeline(engine: OpenSearchEngine, index: str) -> None:
    """Otherwise the sidecar's own searches would come back to it for ever."""
    schema = schema_for(index)
    assert engine.values(schema)["brand"] == {"Nike": 2, "Falke": 1}
    assert engine.facts(schema).fill_rates["price"] == 1.0
    assert engine.counts(index, [{"query": {"match_all": {}}}]) == [4]
    assert engine.search(index, {"query": {"match_all": {}}})["hits"]["total"]["value"] == 4
    assert len(list(engine.scan(index, {"match_all": {}}))) == 4

    try:
        through = engine.search(index, {"query": {"match_all": {}}}, pipeline=None)["hits"]["total"]["value"]
    except EngineError:
        through = 0
    assert through == 0, "the pipeline of this test must be in force"
