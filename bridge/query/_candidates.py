"""Candidates: everything that grammar, dictionary and model see in the text, each with its offsets in the original."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.entities import Entity, Interval, Span, Stats
from bridge.query._cues import Cue, is_free_of
from bridge.query._label_words import is_named
from bridge.query._options import Options
from bridge.query._syntax import Syntax
from bridge.query._words import FUNCTION_WORDS, Range, inside, overlaps, words
from bridge.schema import Schema
from bridge.scorer import Scorer
from bridge.tagging import Dictionary, QuantityMatch, Rejected, find_dates, find_quantities, find_sorts

#: The model proposes down to this part of a label's boost band, so that explain can say what just missed it.
_PROPOSE = 0.6
_BARE = "a bare number means nothing by itself"
_LISTING = re.compile(r",|\s*/\s*")
_LETTER = re.compile(r"[^\W\d_]")
_PARTIAL = re.compile(r"[^\W_][-.]|[-.][^\W_]")


def from_grammar(
    text: str, schema: Schema, now: datetime, stats: Mapping[str, Stats], options: Options
) -> list[QuantityMatch]:
    """Quantities, dates and words that order, as far as neither their step nor their label is switched off.

    `grammar` switches all of them off. The value of words that order is `lowest` or `highest`.
    """
    off = options.disable
    if "grammar" in off:
        return []
    sorts = [] if "sort" in off else find_sorts(text, schema)
    # "lowest price 4k tv": a name that orders names no bare amount.
    matches = [
        match
        for match in find_quantities(text, schema, stats=stats)
        if isinstance(match.entity.value, Interval)
        or not any(overlaps((sort.start, sort.end), taken) for sort in sorts for taken in match.consumes)
    ]
    if "dates" not in off:
        matches += find_dates(text, schema, now, stats=stats)
    for sort in sorts:
        said = text[sort.start : sort.end]
        entity = Entity(sort.label, said, sort.order, sort.start, sort.end, 1.0, "grammar")
        matches.append(QuantityMatch(entity, sort.consumes))
    found: list[QuantityMatch] = []
    for match in matches:
        readings = [e for e in (match.entity, *match.others) if e.label not in off]
        if readings:
            found.append(replace(match, entity=readings[0], others=tuple(readings[1:])))
    return found


def from_dictionary(text: str, schema: Schema, dictionary: Dictionary, options: Options) -> list[Entity]:
    """Stored values in the text, of the labels that use a dictionary and are not switched off."""
    if "dictionary" in options.disable:
        return []
    wanted = {
        name
        for name, label in schema.labels.items()
        if label.dictionary and label.kind == "keyword" and label.use != "ignore" and name not in options.disable
    }
    found = (entity for entity in dictionary.find(text) if entity.label in wanted)
    return [one for entity in found for one in _apart(entity, dictionary)]


def _apart(entity: Entity, dictionary: Dictionary) -> list[Entity]:
    """The value before a comma or slash where one stands there: `cameras, lenses` are no `Camera Lenses`."""
    sign = _LISTING.search(entity.text)
    if sign is None or sign.group().strip() in str(entity.value):
        return [entity]
    first = dictionary.find(entity.text[: sign.start()])
    alone = [one for one in first if one.label == entity.label and (one.start, one.end) == (0, sign.start())]
    return [replace(one, start=entity.start, end=entity.start + one.end) for one in alone] or [entity]


def from_model(text: str, schema: Schema, scorer: Scorer | None, options: Options) -> dict[Entity, tuple[Entity, ...]]:
    """Spans of the model for the keyword labels that it looks for, each with its runners-up.

    Scores are rounded, so that bands never wobble.
    """
    if "model" in options.disable:
        return {}
    names: dict[str, str] = {}
    for name, asked in schema.model_labels().items():
        if schema.labels[name].kind == "keyword" and name not in options.disable:
            names.setdefault(asked, name)
    if not names:
        return {}
    if options.score is not None:
        spans: Iterable[Span] = options.score(text, tuple(names))
    elif scorer is not None:
        threshold = {asked: round(schema.labels[name].band.boost * _PROPOSE, 4) for asked, name in names.items()}
        spans = scorer.predict([text], list(names), threshold, runners_up=options.runners_up)[0]
    else:
        return {}

    def entities(spans: Iterable[Span]) -> list[tuple[Span, Entity]]:
        return [
            (s, Entity(names[s.label], text[s.start : s.end], None, s.start, s.end, round(float(s.score), 3), "model"))
            for s in spans
            if s.label in names and 0 <= s.start < s.end <= len(text) and text[s.start : s.end].strip()
        ]

    return {entity: tuple(other for _, other in entities(span.runners_up)) for span, entity in entities(spans)}


def sift(
    text: str, candidates: Iterable[Entity], syntax: Syntax, schema: Schema
) -> tuple[list[Entity], list[Rejected]]:
    """Leave out candidates that cannot be meant, each with its reason."""
    kept: list[Entity] = []
    rejected: list[Rejected] = []
    for entity in candidates:
        reason = _why_not(text, entity, syntax, schema) or _too_weak(entity, schema)
        if reason is None:
            kept.append(entity)
        else:
            rejected.append(Rejected(entity, reason))
    return kept, rejected


def sift_amounts(stored: Iterable[Entity], quantities: Sequence[QuantityMatch]) -> tuple[list[Entity], list[Rejected]]:
    """Leave out stored values that are only a part of an amount: `Up` in "up to 95 minutes", `Gigabyte` in a memory.

    A value that is as long as the amount, or longer, stays (`7 Up`, `50 First Dates`), unless it is written joined or
    apart: "mid 90s dramas" are no `Mid90s`.
    """
    kept: list[Entity] = []
    rejected: list[Rejected] = []
    for entity in stored:
        span = (entity.start, entity.end)
        apart = len(words(entity.text)) != len(words(str(entity.value)))
        amount = next((q.entity for q in quantities if _within(span, (q.entity.start, q.entity.end), same=apart)), None)
        if amount is None:
            kept.append(entity)
        else:
            rejected.append(Rejected(entity, f"is only a part of an amount ({amount.label})", amount))
    return kept, rejected


def _within(inner: Range, outer: Range, *, same: bool) -> bool:
    return (same or inner != outer) and inside(inner, outer)


def sift_closed(
    quantities: Iterable[QuantityMatch], closed: Sequence[Range]
) -> tuple[list[QuantityMatch], list[Rejected]]:
    """Leave out amounts that reach into a closed stretch of text."""
    kept: list[QuantityMatch] = []
    rejected: list[Rejected] = []
    for quantity in quantities:
        if any(start < r[1] and r[0] < end for start, end in quantity.consumes for r in closed):
            rejected.append(Rejected(quantity.entity, "inside quotes or a named value, where nothing is inferred"))
        else:
            kept.append(quantity)
    return kept, rejected


def also_years(
    rejected: Sequence[Rejected], quantities: Sequence[QuantityMatch]
) -> tuple[list[Entity], list[Rejected], list[QuantityMatch]]:
    """Stored values that are written as a year of which the text says nothing else, the other rejected, the amounts.

    `1984 george orwell` may be a book of that name or of that year: both hold, and the number stays in the text.
    """
    bare = {q.consumes[0] for q in quantities if q.consumes == ((q.entity.start, q.entity.end),)}
    back = [r.entity for r in rejected if r.reason == _BARE and (r.entity.start, r.entity.end) in bare]
    ranges = {(entity.start, entity.end) for entity in back}
    kept = [replace(q, consumes=()) if (q.entity.start, q.entity.end) in ranges else q for q in quantities]
    return back, [r for r in rejected if r.entity not in back], kept


def sift_cues(entities: Sequence[Entity], cues: Sequence[Cue]) -> tuple[list[Entity], list[Rejected], list[Cue]]:
    """Settle model spans against negation cues.

    A span over `not` or `except` is half wanted and half not, so it is nothing. A span that opens with `without` or
    `no` is a value that documents carry in the same words (`no sugar`), so the cue belongs to it.
    """
    kept: list[Entity] = []
    rejected: list[Rejected] = []
    owned: set[Cue] = set()
    for entity in entities:
        crossed = [c for c in cues if c.start < entity.end and entity.start < c.end and c.start < c.end]
        if not crossed:
            kept.append(entity)
        elif all(cue.kind == "lack" and cue.start == entity.start for cue in crossed):
            kept.append(entity)
            owned.update(crossed)
        else:
            rejected.append(Rejected(entity, "runs over a negation"))
    return kept, rejected, [cue for cue in cues if cue not in owned]


def second_readings(
    accepted: Sequence[Entity], lost: Sequence[Rejected], schema: Schema
) -> tuple[list[Entity], list[Rejected]]:
    """Readings that lost an overlap but say something else of the same head noun, and the rest.

    `organic coffee` may be a product type while `coffee` is a category: both end in the same word, so both hold.
    `coffee` in `coffee mug` ends elsewhere and stays lost. Beside model spans only labels that may filter come back;
    nothing comes back into a negated stretch. Into a stored value only what says what a thing is comes back: "I can't
    believe it's not butter" is a butter, "the world's fastest indian" no request for Indian films.
    """
    back: list[Entity] = []
    rest: list[Rejected] = []
    for one in sorted(lost, key=lambda r: (r.entity.start, -r.entity.score, r.entity.label)):
        entity = one.entity
        around = [e for e in (*accepted, *back) if overlaps((e.start, e.end), (entity.start, entity.end))]
        label = schema.labels[entity.label]
        stored = any(other.source == "dictionary" for other in around)
        may = entity.source == "model" or (
            entity.source == "dictionary" and label.use == "filter" and not (stored and label.position == "any")
        )
        if may and around and all(_same_head(entity, other) for other in around):
            back.append(entity)
        else:
            rest.append(one)
    return back, rest


def sift_readings(
    text: str,
    group: Sequence[Entity],
    entities: Sequence[Entity],
    is_head: Callable[[Entity], bool],
    schema: Schema,
) -> tuple[list[Entity], list[Rejected]]:
    """Leave out readings of one stretch that are not meant: another label is named beside it, or it is a part.

    A stored value inside another one only holds as what is looked for: `blue microphones` are microphones, but an `old
    spice deodorant` is no spice.
    """
    kept: list[Entity] = []
    lost: list[Rejected] = []
    named = [entity for entity in group if is_named(text, entity, schema)] if len(group) > 1 else []
    for entity in group:
        span = (entity.start, entity.end)
        around = next(
            (e for e in entities if _within(span, (e.start, e.end), same=False) and e.source != "model"), None
        )
        if named and entity not in named:
            lost.append(Rejected(entity, f"{named[0].label} is named beside it", named[0]))
        elif entity.source == "dictionary" and around is not None and not is_head(entity):
            lost.append(Rejected(entity, f"is only a part of {around.text} ({around.label})", around))
        else:
            kept.append(entity)
    return kept, lost


def _same_head(entity: Entity, other: Entity) -> bool:
    return (
        other.end == entity.end
        and other.label != entity.label
        and other.source in ("dictionary", "model")
        and not other.negated
    )


def is_whole(text: str, entity: Entity) -> bool:
    """Whether an entity covers every word of the text."""
    found = words(text)
    return bool(found) and entity.start <= found[0].start and found[-1].end <= entity.end


def _too_weak(entity: Entity, schema: Schema) -> str | None:
    """A span below its label's bands is nothing: it must not stand in the way of others, nor of a negation's reach."""
    least = schema.labels[entity.label].band.boost
    if entity.source != "model" or entity.score >= least:
        return None
    return f"score {entity.score:.3f} is below the boost band ({least:g})"


def _why_not(text: str, entity: Entity, syntax: Syntax, schema: Schema) -> str | None:
    span = (entity.start, entity.end)
    if any(overlaps(span, quoted) for quoted in syntax.protected):
        return "inside quotes, where nothing is inferred"
    if any(overlaps(span, named.whole) for named in syntax.named):
        return "the user named the label of these words"
    if any(overlaps(span, item.whole) and span != (item.start, item.end) for item in syntax.excluded):
        return "is not the whole of what the user's dash excludes"
    if _PARTIAL.fullmatch(text[max(0, entity.start - 2) : entity.start]) or _PARTIAL.fullmatch(
        text[entity.end : entity.end + 2]
    ):
        return "is only a part of a longer word"
    if entity.start and text[entity.start - 1] == "!":
        return "stands behind a sign that may mean `not`"
    if is_free_of(text, entity, schema.languages):
        return "is what the query wants to be free of"
    if not is_whole(text, entity):
        if not _LETTER.search(entity.text):
            return _BARE
        if all(word.folded in FUNCTION_WORDS for word in words(entity.text)):
            return "a word without a meaning of its own"
    return None
