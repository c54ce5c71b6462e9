"""Annotated texts, and how well a model finds what is annotated in them."""

from __future__ import annotations

from bridge.evaluation._examples import Example, Mention, from_tokens
from bridge.evaluation._ner import SWEEP, SetReport, evaluate_set
from bridge.evaluation._readers import read_examples
from bridge.evaluation._spans import Counts, SpanScore

__all__ = [
    "SWEEP",
    "Counts",
    "Example",
    "Mention",
    "SetReport",
    "SpanScore",
    "evaluate_set",
    "from_tokens",
    "read_examples",
]
