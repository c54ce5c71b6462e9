"""The search engines: finding and editing text in a search body, and one adapter an engine.

engine = connect("http://localhost:9200")
engine.values(schema)                      # {"brand": {"nike": 120, …}, …}
engine.search("shop", body)                # never through a search pipeline, unless one is named
"""

from bridge.engines._async import async_bulk
from bridge.engines._base import MAX_VALUES, NO_PIPELINE, BulkItem, Dialect, Engine, EngineInfo, Health, Hit
from bridge.engines._check import IndexProblem, check_index
from bridge.engines._connect import connect, engine_over
from bridge.engines._elasticsearch import ElasticsearchEngine
from bridge.engines._facts import FieldFacts
from bridge.engines._opensearch import OpenSearchEngine
from bridge.engines._survey import survey_index

__all__ = [
    "MAX_VALUES",
    "NO_PIPELINE",
    "BulkItem",
    "Dialect",
    "ElasticsearchEngine",
    "Engine",
    "EngineInfo",
    "FieldFacts",
    "Health",
    "Hit",
    "IndexProblem",
    "OpenSearchEngine",
    "async_bulk",
    "check_index",
    "connect",
    "engine_over",
    "survey_index",
]
