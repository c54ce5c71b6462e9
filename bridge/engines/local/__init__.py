"""A local engine: OpenSearch 2.19 with ML Commons, or Elasticsearch 9.5 or 8.19, from images or from Maven Central.

`start()` reuses a node that already runs, waits until the engine answers, and returns its address; `stop()` ends it
and keeps its data; `status()` tells what is there.
"""

from bridge.engines.local._jars import cache_folder
from bridge.engines.local._node import LocalNode, missing_parts, start, status, stop
from bridge.engines.local._products import OPENSEARCH, EngineName

#: Version of OpenSearch that `start()` starts.
VERSION = OPENSEARCH.version

__all__ = ["VERSION", "EngineName", "LocalNode", "cache_folder", "missing_parts", "start", "status", "stop"]
