"""The body that counts a search's hits and does nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: What decides which documents are hits; all the rest only orders, shows or sums them up.
_DECIDES = (
    "query",
    "retriever",
    "knn",
    "post_filter",
    "min_score",
    "runtime_mappings",
    "derived",
    "pit",
    "slice",
    "terminate_after",
    "timeout",
)


def count_body(body: Mapping[str, Any], *, limit: int | bool = True) -> dict[str, Any]:
    """The caller's whole search, asked for its number of hits only: `hits.total.value` of the answer.

    `limit` is `track_total_hits`: True counts all hits, a number counts up to there. The adapter adds
    `search_pipeline` for its engine.
    """
    kept = {key: body[key] for key in _DECIDES if key in body}
    return {**kept, "size": 0, "track_total_hits": limit}
