"""Hashes that tell which documents are out of date, and by how much work.

- `tagging_hash`: everything that decides which spans are found and stored. Another one: score the text again.
- `derive_hash`: everything that decides how stored spans become flat fields. Another one: recompute without the model.
- `text_hash`: the texts that were read. Another one: the document has changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.schema import Schema

#: Raised when the grammar, the mention rules or the form of `entities_detail` change what is stored.
GRAMMAR_VERSION = 3
#: Raised when flat fields are computed differently from the same detail.
DERIVE_VERSION = 1


def tagging_hash(schema: Schema, *, model: str, generation: str | None) -> str:
    """Hash of model, dtype, labels, storage thresholds, grammar and dictionary snapshot (`generation`, or None)."""
    return _hash(
        {
            "grammar": GRAMMAR_VERSION,
            "model": model,
            "dtype": schema.model.dtype,
            "languages": schema.languages,
            "text": schema.document_fields(),
            "labels": {
                name: [
                    schema.label_text(name),
                    label.kind,
                    label.unit,
                    label.model,
                    label.dictionary,
                    label.store,
                    label.position,
                ]
                for name, label in schema.labels.items()
                if name in schema.tagged_labels()
            },
            "dictionary": generation,
            # Only where it is set, so that hashes from before the setting stay.
            **({"sort_labels": True} if schema.model.sort_labels else {}),
        }
    )


def derive_hash(schema: Schema) -> str:
    """Hash of flat-field thresholds, normalisers, synonyms, `from` and `take`, and the prefix."""
    return _hash(
        {
            "derive": DERIVE_VERSION,
            "entities": schema.entities,
            "labels": {
                name: [
                    label.band.boost,
                    label.band.filter,
                    label.normalise,
                    label.synonyms,
                    schema.sources(name),
                    label.take,
                ]
                for name, label in schema.labels.items()
                if name in schema.tagged_labels()
            },
        }
    )


def text_hash(texts: Mapping[str, Sequence[str | None]]) -> str:
    """Hash of the texts of a document, by field; the order of fields does not matter, that of items does."""
    return _hash({"texts": {field: list(items) for field, items in texts.items()}})


def _hash(content: Any) -> str:
    text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=8).hexdigest()
