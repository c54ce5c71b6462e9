"""GLiNER bridge: entity search for OpenSearch and Elasticsearch."""

__version__ = "0.1.0"
