"""Text and schema → entities: model, dictionary and quantity grammar propose, one resolver decides.

dictionary = Dictionary({"category": {"Coffee": 95, "Snacks": 293}})
dictionary.find("organic coffees under $20")       # one entity: label category, value "Coffee"
find_quantities("organic coffee under $20", schema)  # one match: label price, value Interval(lt=20.0)
Tagger(schema, scorer).tag([{"name": "Kirkland organic coffee"}])
"""

from bridge.tagging._dictionary import Dictionary, Familiar, Link
from bridge.tagging._hashes import derive_hash, tagging_hash, text_hash
from bridge.tagging._matching import words as match_words
from bridge.tagging._resolver import Rejected, resolve
from bridge.tagging._tagger import TaggedDocument, Tagger, TextScorer, attributes
from bridge.tagging.grammar import (
    QuantityMatch,
    SortMatch,
    find_dates,
    find_quantities,
    find_sorts,
    read_date,
)

__all__ = [
    "Dictionary",
    "Familiar",
    "Link",
    "QuantityMatch",
    "Rejected",
    "SortMatch",
    "TaggedDocument",
    "Tagger",
    "TextScorer",
    "attributes",
    "derive_hash",
    "find_dates",
    "find_quantities",
    "find_sorts",
    "match_words",
    "read_date",
    "resolve",
    "tagging_hash",
    "text_hash",
]
