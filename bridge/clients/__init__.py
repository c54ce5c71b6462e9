"""For applications on either engine: searches that are rewritten, documents that are tagged, without a sidecar."""

from bridge.clients._bulk import async_tagged_bulk, tagged_bulk
from bridge.clients._client import Answer, RewritingClient
from bridge.clients._rewriting import Outcome, Rewriting, rewrite_body

__all__ = ["Answer", "Outcome", "Rewriting", "RewritingClient", "async_tagged_bulk", "rewrite_body", "tagged_bulk"]
