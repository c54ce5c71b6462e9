"""A plan as the parameters of a Solr search: `fq` for what decides about hits, `bq` for what only scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.clauses import Clause, Plan, Rank
from bridge.engines._convert import mentions_text, plain
from bridge.engines._lucene import lucene
from bridge.schema import Schema

#: Score of a filter in `tiers` mode, doubled for each that is relaxed later: as in the query DSL.
_TIER = 1000.0
_MAX_TIERS = 6


def to_solr(plan: Plan, schema: Schema) -> dict[str, Any]:
    """`{"params", "notes"}`: parameters for a request handler with `defType=edismax`.

    Each `fq` is tagged with its label (`{!tag=price}`), so that facets can leave it out (`{!ex=price}`); those come
    first that are given up last. `bq` multiplies by the clause's boost where it matches; a demotion boosts everything
    else. In mode `tiers`, where nothing counts hits, filters are high boosts.
    """
    filters: list[str] = []
    boosts: list[str] = []
    orders: list[str] = []
    notes: list[str] = []
    clauses = sorted(plan.clauses, key=lambda clause: clause.relax)
    tiers = [clause for clause in clauses if clause.role == "filter"] if plan.mode == "tiers" else []
    for clause in clauses:
        if clause.role == "sort" and isinstance(clause.condition, Rank):
            orders.append(f"{clause.condition.field} {'asc' if clause.condition.order == 'lowest' else 'desc'}")
            continue
        label = schema.labels.get(clause.label)
        query = lucene(clause.condition, label.kind if label is not None else "keyword")
        if query is None:
            notes.append(f"{clause.name}: left out, {_why_not(clause)}")
        elif clause.role == "filter" and clause not in tiers and not mentions_text(clause.condition):
            filters.append(f"{{!tag={clause.label}}}{query}")
        elif clause.role == "exclude" and not mentions_text(clause.condition):
            filters.append(f"{{!tag={clause.label}}}(*:* -{query})")
        elif clause.role in ("demote", "exclude"):
            boosts.append(f"(*:* -{query})^{_written(_demoting(clause.boost))}")
        else:
            boosts.append(f"{query}^{_written(_tier(tiers, clause) if clause in tiers else clause.boost)}")
    params: dict[str, Any] = {
        # A text that begins with `{!` would choose another parser.
        "q": ("\\" + plan.required if plan.required.lstrip().startswith("{!") else plan.required) or "*:*",
        "defType": "edismax",
        "qf": " ".join(schema.text),
    }
    lists = {"fq": filters, "bq": boosts}
    params |= {name: values for name, values in lists.items() if values}
    if orders:
        params["sort"] = ", ".join([*orders, "score desc"])
    return {"params": params, "notes": notes}


def _tier(tiers: Sequence[Clause], clause: Clause) -> float:
    """The filter that is relaxed last comes first and weighs most."""
    place = len(tiers) - 1 - tiers.index(clause)
    return float(_TIER * 2 ** min(place, _MAX_TIERS - 1))


def _demoting(boost: float) -> float:
    """`negative_boost` as a boost of everything else: half the score here is twice the score there."""
    return 2.0 if boost <= 0.0 or boost == 1.0 else max(boost, 1.0 / boost)


def _written(number: float) -> str:
    return str(plain(number))


def _why_not(clause: Clause) -> str:
    if isinstance(clause.condition, Rank):
        return "an order that only scores needs a function query of your own"
    return "its condition is empty"
