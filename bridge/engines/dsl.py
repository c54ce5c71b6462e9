"""Search bodies: find the user's text in one, apply a plan to it, and send it so that nothing is lost on the way.

No I/O. The way through, as the sidecar goes it:

    body = loads_exact(request)                    keeps key order and every digit
    flags = read_flags(body)                       the caller's wishes
    found = find_text(body, schema)                Found, or Unchanged with a reason
    plan = parser.parse(found.text, …)             another package
    new = rewrite(body, found, plan, schema)       body, changed, notes for explain
    answer = {"query": wrap(new.body["query"])}    the form that survives OpenSearch's own JSON handling
"""

from bridge.engines._apply import Rewritten, apply, rewrite
from bridge.engines._convert import clause_condition, condition_to_dsl
from bridge.engines._count import count_body
from bridge.engines._find import find_text
from bridge.engines._flags import Flags, query_text, read_flags, without_flags
from bridge.engines._found import Found, Leaf, Path, Point, Position, Unchanged
from bridge.engines._json import ExactFloat, dumps_exact, loads_exact, unwrap, wrap

__all__ = [
    "ExactFloat",
    "Flags",
    "Found",
    "Leaf",
    "Path",
    "Point",
    "Position",
    "Rewritten",
    "Unchanged",
    "apply",
    "clause_condition",
    "condition_to_dsl",
    "count_body",
    "dumps_exact",
    "find_text",
    "loads_exact",
    "query_text",
    "read_flags",
    "rewrite",
    "unwrap",
    "without_flags",
    "wrap",
]
