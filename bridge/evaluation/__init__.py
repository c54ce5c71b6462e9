"""Annotated texts and queries, and how well model and parser find what is expected in them."""

from __future__ import annotations

from bridge.evaluation._calibration import CalibrationReport, Reliability, calibrate, halves, reliability, samples_of
from bridge.evaluation._clicks import Click, is_click_log, read_clicks, values_of_document
from bridge.evaluation._common_labels import COMMON_LABELS, labels_in_texts
from bridge.evaluation._diff import QueryChange, compare_parsers, compare_plans, read_queries
from bridge.evaluation._examples import Example, Mention, from_text, from_tokens
from bridge.evaluation._judgements import Template, read_judgements, read_template
from bridge.evaluation._llm import LlmFinder
from bridge.evaluation._ner import SWEEP, SetReport, evaluate_set
from bridge.evaluation._others import Finder, FinderReport, evaluate_finder, of_model
from bridge.evaluation._plot import plot_report
from bridge.evaluation._queries import (
    KindReport,
    QueryCase,
    QueryReport,
    QueryResult,
    QuerySet,
    evaluate_queries,
    find_query_sets,
    notation,
    read_cases,
    read_query_set,
    read_values,
    run_cases,
)
from bridge.evaluation._readers import OnError, read_examples, read_records
from bridge.evaluation._relevance import (
    Comparison,
    Ranking,
    RelevanceReport,
    evaluate_relevance,
    ndcg,
    permutation_p,
    recall,
)
from bridge.evaluation._replay import Found, Replayed, ReplayReport, replay
from bridge.evaluation._replay_html import replay_html
from bridge.evaluation._robustness import f1_by_label_count, f1_by_label_order, robustness_json
from bridge.evaluation._spacy import SpacyFinder, load_spacy
from bridge.evaluation._spans import Counts, SpanScore
from bridge.evaluation._thresholds import (
    LabelThreshold,
    changes,
    find_thresholds,
    proposals_of_clicks,
    proposals_of_texts,
)

__all__ = [
    "COMMON_LABELS",
    "SWEEP",
    "CalibrationReport",
    "Click",
    "Comparison",
    "Counts",
    "Example",
    "Finder",
    "FinderReport",
    "Found",
    "KindReport",
    "LabelThreshold",
    "LlmFinder",
    "Mention",
    "OnError",
    "QueryCase",
    "QueryChange",
    "QueryReport",
    "QueryResult",
    "QuerySet",
    "Ranking",
    "RelevanceReport",
    "Reliability",
    "ReplayReport",
    "Replayed",
    "SetReport",
    "SpacyFinder",
    "SpanScore",
    "Template",
    "calibrate",
    "changes",
    "compare_parsers",
    "compare_plans",
    "evaluate_finder",
    "evaluate_queries",
    "evaluate_relevance",
    "evaluate_set",
    "f1_by_label_count",
    "f1_by_label_order",
    "find_query_sets",
    "find_thresholds",
    "from_text",
    "from_tokens",
    "halves",
    "is_click_log",
    "labels_in_texts",
    "load_spacy",
    "ndcg",
    "notation",
    "of_model",
    "permutation_p",
    "plot_report",
    "proposals_of_clicks",
    "proposals_of_texts",
    "read_cases",
    "read_clicks",
    "read_examples",
    "read_judgements",
    "read_queries",
    "read_query_set",
    "read_records",
    "read_template",
    "read_values",
    "recall",
    "reliability",
    "replay",
    "replay_html",
    "robustness_json",
    "run_cases",
    "samples_of",
    "values_of_document",
]
