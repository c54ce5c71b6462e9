"""Training data from a user's own catalogue: documents and schema in, annotated queries and titles out.

documents ─ read_catalogue ─ items ─ mine (labels without a field) ─ CatalogueTexts ─ queries, titles ─ adapt
"""

from __future__ import annotations

from bridge.training.catalog._adapt import adapt
from bridge.training.catalog._documents import MOST_DOCUMENTS, Document, fields_read, read_documents

__all__ = ["MOST_DOCUMENTS", "Document", "adapt", "fields_read", "read_documents"]
