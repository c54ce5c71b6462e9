"""What the sidecar counts, for Prometheus. Names and labels are a closed list; no label ever holds user text."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PREFIX = "gliner_bridge_"


class Metrics:
    """All metrics of one application, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> Counter:
            return Counter(PREFIX + name, text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(PREFIX + name, text, labels, registry=self.registry)

        def histogram(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(PREFIX + name, text, labels, buckets=buckets, registry=self.registry)

        self.requests = counter("requests", "Requests answered", "route", "status")
        self.request_seconds = histogram("request_seconds", "Seconds from request to answer", _SECONDS, "route")
        self.searches = counter("searches", "Search bodies by what became of them", "schema", "outcome")
        self.documents = counter("documents", "Documents tagged at ingest, by entities_meta.state", "schema", "state")
        self.relaxed = counter("relaxed", "Searches that lost a constraint so that they find something", "schema")
        self.batches = counter("batches", "Forward passes of the model", "lane")
        self.batch_requests = histogram("batch_requests", "Requests scored together", _SIZES, "lane")
        self.batch_texts = histogram("batch_texts", "Texts scored together", _SIZES, "lane")
        self.batch_seconds = histogram("batch_seconds", "Seconds of one forward pass", _SECONDS, "lane")
        self.queue_words = gauge("queue_words", "Words waiting for the model", "lane")
        self.queue_seconds = histogram("queue_seconds", "Seconds that a request waited for the model", _SECONDS, "lane")
        self.abandoned = counter("abandoned", "Requests skipped because nobody waits for them any more", "lane")
        self.overloaded = counter("overloaded", "Requests refused because the queue was full", "lane")
        self.refreshes = counter("refreshes", "Readings of an index's values", "schema", "outcome")
        self.values = gauge("values", "Values in the dictionary that queries use", "schema")
        self.values_age_seconds = gauge("values_age_seconds", "Seconds since the values were last read", "schema")
        self.degraded = gauge("degraded", "1 where a schema answers with old or no values", "schema")
        self.ready = gauge("ready", "1 once the model is warm")

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self.registry)

    def names(self) -> list[str]:
        """Every metric's name as it is scraped (counters end in `_total`)."""
        return [family.name + ("_total" if family.type == "counter" else "") for family in self.registry.collect()]
