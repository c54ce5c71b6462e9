"""For applications on either engine: searches that are rewritten, documents that are tagged.

`tagged_bulk` and `RewritingClient` work in the application's own process, without a sidecar; `bridge.clients.proxy`
stands before an engine and needs one.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.clients._bulk import async_tagged_bulk, tagged_bulk
    from bridge.clients._client import AsyncRewritingClient, MultiAnswer, RewritingClient
    from bridge.clients._rewriter import Answer
    from bridge.clients._rewriting import Outcome, Rewriting, rewrite_body, settle

__all__ = [
    "Answer",
    "AsyncRewritingClient",
    "MultiAnswer",
    "Outcome",
    "Rewriting",
    "RewritingClient",
    "async_tagged_bulk",
    "rewrite_body",
    "settle",
    "tagged_bulk",
]
_MODULES = {
    "_bulk": ("async_tagged_bulk", "tagged_bulk"),
    "_client": ("AsyncRewritingClient", "MultiAnswer", "RewritingClient"),
    "_rewriter": ("Answer",),
    "_rewriting": ("Outcome", "Rewriting", "rewrite_body", "settle"),
}


def __getattr__(name: str) -> Any:
    # On first use: the proxy is in this package, and must not load torch (600 MB) for helpers that it does not need.
    for module, names in _MODULES.items():
        if name in names:
            return getattr(import_module(f"bridge.clients.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
