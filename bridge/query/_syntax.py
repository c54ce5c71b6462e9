"""The user's own syntax: quotes, `label:value`, `@label value` and `-word`.

Whoever types this means it, so it goes before every guess: nothing is inferred inside quotes, and a named value is
taken for the label that was named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bridge.entities import Entity, Interval
from bridge.query._words import Range
from bridge.schema import Schema

_QUOTED = r'"[^"“”]+"|“[^"“”]+”'
_QUOTES = re.compile(rf"(?<![^\s\-:(])(?:{_QUOTED})(?=$|[\s.,;:!?)])")
_NAMED = re.compile(
    rf"(?<!\S)(?P<minus>-)?(?:(?P<name>@?[^\W\d]\w{{0,63}}):(?P<value>{_QUOTED}|[^\s\"“”]+)"
    rf"|@(?P<at>[^\W\d]\w{{0,63}})\s+(?P<after>{_QUOTED}|[^\s\"“”]+))"
)
#: A number after the dash is a number ("-5 degree sleeping bag"), not a word to leave out.
_MINUS = re.compile(rf"(?<!\S)-(?P<word>{_QUOTED}|[^\W\d_][^\s\"“”]*)")
_NUMBER = r"[^\d\s<>=.\-]{0,3}(\d{1,15}(?:\.\d{1,9})?)"
_COMPARED = re.compile(rf"(<=|>=|<|>)?{_NUMBER}")
_BETWEEN = re.compile(rf"{_NUMBER}(?:\.\.|-){_NUMBER}")


@dataclass(frozen=True, slots=True)
class Named:
    """`label:value`. `entity` covers the value alone; `whole` covers name, sign and value."""

    entity: Entity
    whole: Range


@dataclass(frozen=True, slots=True)
class Excluded:
    """`-word`: `whole` with the dash, `start`/`end` without it and without quotes."""

    start: int
    end: int
    whole: Range


@dataclass(frozen=True, slots=True)
class Syntax:
    """What the user marked. `protected` are quoted stretches, quotes included."""

    protected: tuple[Range, ...] = ()
    named: tuple[Named, ...] = ()
    excluded: tuple[Excluded, ...] = ()


def read_syntax(text: str, schema: Schema, disabled: frozenset[str] = frozenset()) -> Syntax:
    """Find quotes, named values and excluded words.

    A name is a label of the schema, its field, or its text with underscores for spaces; a name that is none of them
    (`http://…`, `re:zero`) is ordinary text. Labels in `disabled` are ordinary text too.
    """
    names = _names(schema, disabled)
    named: list[Named] = []
    taken: list[Range] = []
    for match in _NAMED.finditer(text):
        name = (match["name"] or match["at"]).lstrip("@").casefold()
        label = names.get(name)
        if label is None:
            continue
        entity = _entity(text, match.span("value") if match["name"] else match.span("after"), label, schema)
        if entity is None:
            continue
        named.append(Named(_negate(entity) if match["minus"] else entity, match.span()))
        taken.append(match.span())
    excluded = []
    for match in _MINUS.finditer(text):
        if not _within(match.span(), taken):
            start, end = _unquote(text, match.span("word"))
            end -= len(text[start:end]) - len(text[start:end].rstrip(".,;:!?"))
            if start < end:
                excluded.append(Excluded(start, end, match.span()))
                taken.append(match.span())
    protected = tuple(m.span() for m in _QUOTES.finditer(text) if not _within(m.span(), taken))
    return Syntax(protected, tuple(named), tuple(excluded))


def _names(schema: Schema, disabled: frozenset[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for label, settings in schema.labels.items():
        if label in disabled or settings.use == "ignore":
            continue
        for name in (schema.label_text(label).replace(" ", "_"), settings.field, label):
            if name:
                names[name.casefold()] = label
    for label in schema.labels:  # a label's own name wins over another label's field or text
        if label in names:
            names[label] = label if label not in disabled and schema.labels[label].use != "ignore" else names[label]
    return names


def _entity(text: str, span: Range, label: str, schema: Schema) -> Entity | None:
    start, end = _unquote(text, span)
    if schema.labels[label].kind == "keyword":
        end -= len(text[start:end]) - len(text[start:end].rstrip(".,;:!?"))
    written = text[start:end]
    if not written.strip():
        return None
    if schema.labels[label].kind in ("number", "range"):
        interval = _interval(written)
        return None if interval is None else Entity(label, written, interval, start, end, 1.0, "syntax")
    return Entity(label, written, written, start, end, 1.0, "syntax")


def _interval(written: str) -> Interval | None:
    compact = written.replace(",", "")
    if match := _BETWEEN.fullmatch(compact):
        low, high = sorted((float(match[1]), float(match[2])))
        return Interval(gte=low, lte=high)
    if match := _COMPARED.fullmatch(compact):
        number = float(match[2])
        match match[1]:
            case "<":
                return Interval(lt=number)
            case "<=":
                return Interval(lte=number)
            case ">":
                return Interval(gt=number)
            case ">=":
                return Interval(gte=number)
            case _:
                return Interval(gte=number, lte=number)
    return None


def _negate(entity: Entity) -> Entity:
    return Entity(
        entity.label, entity.text, entity.value, entity.start, entity.end, entity.score, entity.source, negated=True
    )


def _unquote(text: str, span: Range) -> Range:
    start, end = span
    if end - start >= 2 and text[start] in '"“' and text[end - 1] in '"”':
        return start + 1, end - 1
    return span


def _within(span: Range, ranges: list[Range]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in ranges)
