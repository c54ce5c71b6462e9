"""A local OpenSearch 2.19.1 with ML Commons: from the official image, or from Maven Central on Java 17.

`start()` reuses a node that already runs, waits until the engine answers, and returns its address; `stop()` ends it
and keeps its data; `status()` tells what is there.
"""

from bridge.engines.local._jars import VERSION, cache_folder, missing_parts
from bridge.engines.local._node import LocalNode, start, status, stop

__all__ = ["VERSION", "LocalNode", "cache_folder", "missing_parts", "start", "status", "stop"]
