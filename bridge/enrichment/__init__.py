"""Documents → entity blocks in the index."""

from bridge.enrichment._block import entity_block, failed_block

__all__ = ["entity_block", "failed_block"]
