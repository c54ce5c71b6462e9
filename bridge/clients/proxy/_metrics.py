"""What the proxy counts, for Prometheus. Labels are closed lists: no path, no text, no name of a user."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5)
#: What can become of a search body: the sidecar's outcomes, and here
#:   no_schema         no schema is for the index, or more than one
#:   too_large         the body is over the limit, so it streams
#:   unreadable        not JSON, or not unpacked
#:   busy              too many searches are being rewritten at once
#:   sidecar_down, sidecar_slow, sidecar_refused
#:   refused           the engine answered 400 to the rewritten body, so the caller's own was sent after it
OUTCOMES = (
    "rewritten", "nothing_found", "no_text", "off", "too_long", "deadline", "overloaded", "not_ready", "count_failed",
    "invalid_plan", "failed", "no_schema", "too_large", "unreadable", "busy", "sidecar_down", "sidecar_slow",
    "sidecar_refused", "refused",
)  # fmt: skip


class Metrics:
    """All metrics of one proxy, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        prefix = "gliner_bridge_proxy_"
        self.requests = Counter(
            prefix + "requests", "Requests answered, by what they are and class of status", ("kind", "status"),
            registry=self.registry,
        )  # fmt: skip
        self.searches = Counter(
            prefix + "searches", "Search bodies by what became of them", ("outcome",), registry=self.registry
        )
        self.rewrite_seconds = Histogram(
            prefix + "rewrite_seconds", "Seconds that a search waited for the sidecar", (), buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip

    def count(self, outcome: str) -> None:
        """Count one search body; an outcome that a newer sidecar may name counts as `failed`."""
        self.searches.labels(outcome if outcome in OUTCOMES else "failed").inc()

    def render(self) -> bytes:
        """The text exposition format."""
        return generate_latest(self.registry)
