"""Documents → entity blocks in the index."""

from bridge.enrichment._block import entity_block, failed_block
from bridge.enrichment._repair import RepairReport, repair

__all__ = ["RepairReport", "entity_block", "failed_block", "repair"]
