"""Query understanding: what a user typed becomes a plan of filters, exclusions, boosts and demotions.

parser = QueryParser(schema, Scorer.load(), StaticValues.of(schema, {"category": {"Coffee": 95}}, {"category": 1.0}))
plan = parser.parse("organic coffee under $20")
human_text(plan)    # 'search "organic coffee"; only category Coffee; only price <20; …'

Steps, each a module: syntax, candidates, (`bridge.tagging.resolve`), negation, link, position, decide, plan, relax.
Nothing here sees a search body or an engine.
"""

from bridge.query._json import (
    clause_to_json,
    condition_to_json,
    describe,
    entity_to_json,
    human_text,
    interval_to_json,
    plan_to_json,
    runners_up_text,
)
from bridge.query._meaning import Encoder, Meanings
from bridge.query._options import RUNNERS_UP, STEPS, Options
from bridge.query._parser import MAX_MODEL_TEXT, MAX_TEXT, QueryParser
from bridge.query._relax import relax
from bridge.query._token import decode_plan, encode_plan
from bridge.query._values import StaticValues, Values, schema_fingerprint

__all__ = [
    "MAX_MODEL_TEXT",
    "MAX_TEXT",
    "RUNNERS_UP",
    "STEPS",
    "Encoder",
    "Meanings",
    "Options",
    "QueryParser",
    "StaticValues",
    "Values",
    "clause_to_json",
    "condition_to_json",
    "decode_plan",
    "describe",
    "encode_plan",
    "entity_to_json",
    "human_text",
    "interval_to_json",
    "plan_to_json",
    "relax",
    "runners_up_text",
    "schema_fingerprint",
]
