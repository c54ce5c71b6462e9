"""Decide, label by label, what a stored value may do to the search: filter, exclude, boost, demote, expand or nothing.

The default is soft. A wrong boost costs a few places, a wrong filter hides what the customer came for, so a filter
needs all of: the schema's permission, a stored value that the words are certain to mean, a field that nearly every
document carries, and a place in the query where the value is what is looked for. Every refusal gives its reason.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from bridge.clauses import AnyOf, Clause, Condition, Explanation, Match, Role, Terms
from bridge.entities import Entity
from bridge.query._cues import is_cue
from bridge.query._decisions import (
    DEMOTED,
    IGNORED,
    Context,
    Decision,
    accepted,
    clause_for,
    first_reason,
    rejected,
    share,
)
from bridge.query._link import Linked
from bridge.query._names import name_of
from bridge.query._scope import FreeText
from bridge.query._words import Range as TextRange
from bridge.query._words import words
from bridge.schema import Schema

#: Part of a label's boost that a model span below the filter band gets.
_WEAK = 0.5
#: A reading that so many times fewer documents carry than another reading of the same words is a tagging error.
_RARE = 3
_DESCRIBES = "it describes something else in the query, it is not what is looked for"


def decide_value(group: Sequence[Linked], context: Context) -> list[Decision]:
    """What becomes of one stretch of text that is a value of one label or of several."""
    decisions: list[Decision] = []
    able: list[tuple[Linked, Role, str, float]] = []
    most = max((item.count for item in group if _tagged(item, context)), default=0)
    for item in group:
        verdict = _rare(item, most, context) or _verdict(item, context)
        if isinstance(verdict, Decision):
            decisions.append(verdict)
        else:
            able.append((item, *verdict))
    filters = [one for one in able if one[1] == "filter"]
    # Another label that the schema lets filter, but that may not here, could hold the value just as well.
    doubt = any(_may_filter(item, context) and role != "filter" for item, role, _, _ in able)
    if len(filters) > 1 and not doubt:
        decisions.append(_either(filters, context))
        able = [one for one in able if one[1] != "filter"]
    for item, role, reason, factor in able:
        if role == "filter" and doubt:
            role, reason = "boost", "the same words are a value of another label that may not filter"
        decisions.append(_keyword(item, role, reason, factor, context))
    return decisions


def _tagged(item: Linked, context: Context) -> bool:
    """Whether the value is one that tagging put on documents, where a rare reading is more likely a wrong one."""
    return item.entity.source == "dictionary" and context.schema.labels[item.entity.label].field is None


def _may_filter(item: Linked, context: Context) -> bool:
    return item.entity.source == "dictionary" and context.schema.labels[item.entity.label].use == "filter"


def _rare(item: Linked, most: int, context: Context) -> Decision | None:
    if _tagged(item, context) and item.count * _RARE < most:
        return rejected(item.entity, f"only {item.count} documents carry it so, {most} under another label")
    return None


def _wording(taken: TextRange, context: Context) -> str:
    """The negation as the user put it ("not guns"), where it begins with a cue that documents may say as well."""
    wording = context.text[slice(*taken)]
    return wording if is_cue(wording, context.schema.languages) else ""


def agree(decisions: Sequence[Decision], schema: Schema, text: str, relations: Container[str] = ()) -> list[Decision]:
    """Values of one label that describe filter together or not at all.

    "apple or samsung tablet": where the doubtful Apple only boosts, a filter on Samsung would hide every Apple. Not so
    where one of the `relations` stands between them: "oak table with metal legs".
    """
    doubtful = [
        entity
        for decision in decisions
        for entity in decision.entities
        if decision.clause is not None and decision.clause.role == "boost" and entity.source == "dictionary"
    ]

    def is_related(one: Entity, other: Entity) -> bool:
        between = text[min(one.end, other.end) : max(one.start, other.start)]
        return any(word.folded in relations for word in words(between))

    result = []
    for decision in decisions:
        clause = decision.clause
        describing = [e for e in decision.entities if schema.labels[e.label].position == "any"]
        doubt = any(e.label == other.label and not is_related(e, other) for e in describing for other in doubtful)
        if clause is not None and clause.role == "filter" and doubt:
            reason = "another value of the same label is too doubtful to filter by"
            soft = accepted(replace(clause, role="boost", consumes=()), decision.entities, reason)
            result.append(soft)
        else:
            result.append(decision)
    return result


def decide_free_text(free: FreeText, context: Context) -> Decision:
    """Negated words that are no known value: demoted where they name a thing not wanted, else left in the text."""
    text = context.text
    entity = Entity("text", text[free.start : free.end], None, free.start, free.end, 1.0, "syntax", negated=True)
    if free.kind == "lack":
        reason = "negated words that are no stored value stay text: documents that lack it say so in these words"
        return Decision((Explanation(entity, "rejected", reason),))
    field = context.schema.text[0]
    clause = Clause(
        "demote",
        Match((field,), entity.text, _wording(free.consumes, context)),
        "text",
        name_of("text", entity.text, negated=True),
        boost=DEMOTED,
        start=free.start,
        end=free.end,
        consumes=(free.consumes,),
    )
    reason = f"negated words that are no stored value: hits with them in {field} rank lower"
    return Decision((Explanation(entity, "clause", reason, clause.name),), clause, (entity,))


def _verdict(item: Linked, context: Context) -> Decision | tuple[Role, str, float]:
    entity, schema = item.entity, context.schema
    label = schema.labels[entity.label]
    field = schema.field_of(entity.label)
    if label.use == "ignore":
        return rejected(entity, IGNORED)
    if context.foreign:
        if entity.source != "dictionary" or item.how not in ("exact", "folded") or entity.negated:
            return rejected(entity, "text in another language or script gives exact stored values only")
        return "boost", "an exact stored value in text of another language or script", 1.0
    factor = 1.0
    if entity.source == "model":
        factor = 1.0 if entity.score >= label.band.filter else _WEAK
    rate = context.fill_rate(field)
    trusted = _is_trusted(item, context)
    why_soft = first_reason(
        (label.use != "filter", f"the schema allows no more than {label.use}"),
        (not item.linked and not trusted, _untrusted(item, context)),
        (item.linked and not item.certain, f"linked by {item.how} only"),
        (factor < 1.0, f"its score is below the filter band ({label.band.filter:g})"),
        (rate is None, f"nobody has counted how many documents carry {field}"),
        (rate is not None and rate < schema.min_fill_rate, f"only {share(rate)} of the documents carry {field}"),
    )
    how = f"stored value ({item.how})" if item.linked else "normal form of the words"
    if item.how == "meaning":
        how = f"stored value by meaning ({item.nearness})"
        if label.position != "any" and not context.is_head(entity, False):
            return rejected(entity, f"{how}; {_DESCRIBES}")
    if entity.negated:
        if not why_soft and entity.source != "syntax" and not context.ends_phrase(entity):
            why_soft = "other words follow it, so it may only describe what is not wanted"
        return ("demote", f"negated {how}; {why_soft}", factor) if why_soft else ("exclude", f"negated {how}", factor)
    if label.use == "expand" and (item.certain or item.how == "meaning"):
        return "expand", f"{how}; the schema lets it widen the text", factor
    if not why_soft and entity.source != "syntax":
        why_soft = _why_not_here(item, context)
    return ("boost", f"{how}; {why_soft}", factor) if why_soft else ("filter", how, factor)


def _is_trusted(item: Linked, context: Context) -> bool:
    """Whether a span that only the model supplies may filter: measured precise enough, and no dictionary to ask."""
    schema, name = context.schema, item.entity.label
    measured = context.precision(name)
    target = schema.target_precision
    if item.entity.source != "model" or schema.labels[name].dictionary or measured is None or target is None:
        return False
    return measured >= target


def _untrusted(item: Linked, context: Context) -> str:
    """Why a value that is not stored may not filter."""
    target, measured = context.schema.target_precision, context.precision(item.entity.label)
    if context.schema.labels[item.entity.label].dictionary or target is None:
        return "no stored value is known for it"
    if measured is None:
        return "nobody has measured how precise the model is here"
    return f"only the model supplies it, with a precision of {measured:g}; the schema wants {target:g}"


def _why_not_here(item: Linked, context: Context) -> str | None:
    """Why a value that could filter may not from its place in the query."""
    stored = item.entity.source == "dictionary"
    if stored and context.whole:
        return "the whole query is this one value, so it stays plain"
    if context.schema.labels[item.entity.label].position == "any":
        return context.refusal(item.entity)
    if stored and not context.is_head(item.entity, item.how == "synonym"):
        return _DESCRIBES
    return None


def _keyword(item: Linked, role: Role, reason: str, factor: float, context: Context) -> Decision:
    entity, schema = item.entity, context.schema
    label = schema.labels[entity.label]
    keys = _keys(item, role)
    condition: Condition = Terms(schema.field_of(entity.label), keys)
    if role == "demote" and not item.linked:
        taken = (context.negated or {}).get((entity.start, entity.end), (0, 0))
        condition = AnyOf((condition, Match((schema.text[0],), entity.text, _wording(taken, context))))
    clause = clause_for(role, condition, entity, _shown(item), round(label.boost * factor, 4), label.relax)
    negated = (context.negated or {}).get((entity.start, entity.end))
    if entity.negated and negated is not None:
        clause = replace(clause, consumes=(negated,))
    if role == "filter" and len(keys) > len(item.keys):
        reason += f"; lets {', '.join(item.wider)} through as well"
    takes = role == "filter" and label.consume
    return replace(accepted(clause, (entity,), reason), value_words=((entity.start, entity.end),) if takes else ())


def _either(able: Sequence[tuple[Linked, Role, str, float]], context: Context) -> Decision:
    """One filter over several fields: the value may stand in any of them."""
    schema = context.schema
    items = [item for item, *_ in able]
    conditions = tuple(Terms(schema.field_of(i.entity.label), _keys(i, "filter")) for i in items)
    labels = [i.entity.label for i in items]
    entities = tuple(i.entity for i in items)
    first = items[0].entity
    clause = Clause(
        "filter",
        AnyOf(conditions),
        labels[0],
        name_of("|".join(labels), _shown(items[0])),
        boost=max(schema.labels[name].boost for name in labels),
        start=first.start,
        end=first.end,
        relax=max(schema.labels[name].relax for name in labels),
    )
    takes = all(schema.labels[name].consume for name in labels)
    decision = accepted(clause, entities, f"a stored value of {' and '.join(labels)}: either may hold it")
    return replace(decision, value_words=((first.start, first.end),) if takes else ())


def _keys(item: Linked, role: Role) -> tuple[str, ...]:
    return tuple(sorted({*item.keys, *item.wider})) if role == "filter" else item.keys


def _shown(item: Linked) -> str:
    """The one value that stands for a clause in its name: what was typed where it is a key, else the first key."""
    if isinstance(item.entity.value, str) and item.entity.value in item.keys:
        return item.entity.value
    return item.keys[0]
