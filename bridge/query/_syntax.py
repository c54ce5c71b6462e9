"""The user's own syntax: quotes, `label:value`, `@label value` and `-word`.

Whoever types this means it, so it goes before every guess: nothing is inferred inside quotes, and a named value is
taken for the label that was named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import fuzz, process

from bridge.entities import Entity, Interval
from bridge.query._words import Range, inside, last_before, words
from bridge.schema import Schema
from bridge.tagging.grammar import read_interval

#: What closes must follow what it closes without a space, but for the French «…»: `10 " pots and 12 " pans` is inches.
_QUOTED = (
    r"[\"“„](?!\s)[^\"“”„]*[^\"“”„\s][\"”“]|«[^«»]+»"
    r"|‘(?!\s)(?:[^‘’]|’(?=\w))+’|'(?![\s\d])(?:[^']|'(?=\w))*[^'\s]'(?!\w)"
)
_QUOTES = re.compile(rf"(?<![^\s\-:(])(?:{_QUOTED})(?=$|[\s.,;:!?)])")
_NAME = r"[^\W\d][\w.]{0,63}"
_HEAD = re.compile(
    rf"(?<![^\s(])(?P<minus>-)?(?:@(?P<at>{_NAME})(?:[:=]\s?|\s+)|(?P<name>{_NAME})[:=](?P<gap>\s?))(?=[^\s:=])"
)
_VALUE = re.compile(rf"(?:{_QUOTED}|\([^()]*\)|\[[^\[\]]*\]|[^\s\"“”„«»]+)")
_BRACKETS = re.compile(r"\[\s*(\S+)\s+to\s+(\S+)\s*\]", re.IGNORECASE)
_OR = re.compile(r"\s+or\s+|\s*[,|]+\s*", re.IGNORECASE)
#: A number after the dash is a number ("-5 degree sleeping bag"), not a word to leave out; after a lone letter the dash
#: joins ("t -shirt").
_MINUS = re.compile(rf"(?<![^\s,])(?<!\b\w\s)[-–−](?P<word>{_QUOTED}|[^\W\d_][^\s\"“”„,]*)")
_ADDRESS = re.compile(
    r"(?<!\S)(?:(?:[a-z][a-z0-9+.\-]{1,15}://|www\.)\S+|[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+)", re.IGNORECASE
)
_HEART = re.compile(r"(?<!\S)</?3(?!\S)")
_LOOSE = ".,;:!?)"
#: How alike a name and a label's must be (0 to 100) for a hint.
_ALIKE = 75.0


#: What is written as the value of a label → the days or years that it means; None where it is no date of that label.
ReadDate = Callable[[str, str], Interval | None]


@dataclass(frozen=True, slots=True)
class Named:
    """`label:value`. `entity` covers the value alone; `whole` covers name, sign and value.

    Of several values (`label:(a OR b)`) each is one, and the `whole` stretches follow each other.
    """

    entity: Entity
    whole: Range

    @property
    def value(self) -> Range:
        return self.entity.start, self.entity.end


@dataclass(frozen=True, slots=True)
class Excluded:
    """`-word`: `whole` with the dash, `start`/`end` without it and without quotes."""

    start: int
    end: int
    whole: Range


@dataclass(frozen=True, slots=True)
class Syntax:
    """What the user marked.

    `protected` are stretches where nothing is inferred: quotes, with their signs, addresses of pages and people, `<3`.

    `notes` are hints for explain: names that are nearly a label's.
    """

    protected: tuple[Range, ...] = ()
    named: tuple[Named, ...] = ()
    excluded: tuple[Excluded, ...] = ()
    notes: tuple[str, ...] = ()


def read_syntax(
    text: str,
    schema: Schema,
    disabled: frozenset[str] = frozenset(),
    stored: Sequence[Entity] = (),
    dates: ReadDate | None = None,
) -> Syntax:
    """Find quotes, named values and excluded words.

    A name is a label of the schema, its field, its text with underscores for spaces, or a number's cue; a name that is
    none of them (`http://…`, `re:zero`) is ordinary text, and so are labels in `disabled`. A value is a word, a quoted
    stretch, several values in parentheses or with commas, or the longest of the `stored` values that begins there
    (`@brand black and decker`); with a space after the colon (`brand: nike`) only a stored value. `dates` reads the
    value of a label that holds dates.
    """
    reader = _Reader(text, schema, disabled, stored, dates)
    named = [one for match in _HEAD.finditer(text) for one in reader.named(match)]
    excluded = list(reader.excluded())
    protected = [match.span() for match in _QUOTES.finditer(text) if reader.free(match.span())]
    protected += [match.span() for match in _ADDRESS.finditer(text) if reader.free(match.span())]
    protected += [match.span() for match in _HEART.finditer(text) if not reader.is_name_before(match.start())]
    return Syntax(tuple(sorted(protected)), tuple(named), tuple(excluded), tuple(dict.fromkeys(reader.notes)))


class _Reader:
    """One text with the names that it may use. `taken` grows with what was read."""

    def __init__(
        self,
        text: str,
        schema: Schema,
        disabled: frozenset[str],
        stored: Sequence[Entity],
        dates: ReadDate | None,
    ) -> None:
        self._text = text
        self._dates = dates
        self._schema = schema
        self._names = _names(schema, disabled)
        self._ends: dict[tuple[str, int], int] = {}
        self._longest: dict[int, int] = {}
        for entity in stored:
            self._ends[entity.label, entity.start] = entity.end
            self._longest[entity.start] = max(entity.end, self._longest.get(entity.start, 0))
        self._taken: list[Range] = []
        self.notes: list[str] = []

    def free(self, span: Range) -> bool:
        return not any(inside(span, taken) for taken in self._taken)

    def is_name_before(self, offset: int) -> bool:
        found = words(self._text)
        index = last_before(found, offset)
        return index is not None and found[index].folded in self._names

    def named(self, match: re.Match[str]) -> list[Named]:
        """What `label:` or `@label` names; nothing where the name or the value is none."""
        written = match["at"] or match["name"]
        label = self._names.get(written.casefold())
        if label is None:
            self._hint(written, sure=bool(match["at"]))
            return []
        if not self.free(match.span()):
            return []
        value = self._value(match.end(), label, stored_only=bool(match["gap"]))
        entities = [] if value is None else list(self._entities(value, label))
        if value is None or not entities:
            return []
        # Signs that close a value go with it, a comma behind it does not.
        whole_end = value[1] if self._text[value[0]] in "([\"“„‘«'" else entities[-1].end
        starts = [match.start(), *(entity.end for entity in entities[:-1])]
        ends = [*(entity.end for entity in entities[:-1]), whole_end]
        self._taken.append((match.start(), whole_end))
        if match["minus"]:
            entities = [replace(entity, negated=True) for entity in entities]
        return [Named(entity, (first, last)) for entity, first, last in zip(entities, starts, ends, strict=True)]

    def excluded(self) -> Iterator[Excluded]:
        """`-word` and `-"two words"`; the longest stored value that begins there is one word."""
        for match in _MINUS.finditer(self._text):
            start, end = _unquote(self._text, match.span("word"))
            stretch = self._text[start:end]
            end = max(end - len(stretch) + len(stretch.rstrip(_LOOSE)), self._longest.get(start, 0))
            whole = (match.start(), max(match.end(), end))
            if start < end and self.free(whole):
                self._taken.append(whole)
                yield Excluded(start, end, whole)

    def _value(self, start: int, label: str, *, stored_only: bool) -> Range | None:
        """Where the value that begins here ends."""
        match = _VALUE.match(self._text, start)
        longest = self._ends.get((label, start), 0)
        if match is None or (stored_only and not longest):
            return None
        return start, max(match.end(), longest)

    def _entities(self, value: Range, label: str) -> Iterator[Entity]:
        start, end = value
        stretch = self._text[start:end]
        keyword = self._schema.labels[label].kind == "keyword"
        if stretch.startswith("(") and stretch.endswith(")"):
            parts = list(_parts(self._text, (start + 1, end - 1)))
        elif keyword and _OR.search(stretch.strip(_LOOSE)) and not self._ends.get((label, start), 0) >= end:
            parts = list(_parts(self._text, value))
        else:
            parts = [value]
        for part in parts:
            entity = _entity(self._text, part, label, self._schema, self._dates)
            if entity is not None:
                yield entity

    def _hint(self, written: str, *, sure: bool) -> None:
        """Note a name that is nearly a label's. `re:zero`, `http://` and handles are just text."""
        near = process.extractOne(written.casefold(), sorted(self._names), scorer=fuzz.ratio, score_cutoff=_ALIKE)
        if near is not None and (sure or len(written) > 3):
            self.notes.append(f'"{written}" names no label, so it is text: did you mean "{near[0]}"?')


def _names(schema: Schema, disabled: frozenset[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for label, settings in schema.labels.items():
        if label in disabled or settings.use == "ignore":
            continue
        cues = (cue.replace(" ", "_") for cue in settings.cues)
        for name in (schema.label_text(label).replace(" ", "_"), settings.field, label, *cues):
            if name:
                names.setdefault(name.casefold(), label)
    for label in schema.labels:  # a label's own name wins over another label's field or text
        if label in names:
            names[label] = label if label not in disabled and schema.labels[label].use != "ignore" else names[label]
    return names


def _parts(text: str, span: Range) -> Iterator[Range]:
    """The members of `a OR b` or `a, b`."""
    position = span[0]
    for match in [*_OR.finditer(text, *span), None]:
        end = span[1] if match is None else match.start()
        stretch = text[position:end]
        start = position + len(stretch) - len(stretch.lstrip())
        end -= len(stretch) - len(stretch.rstrip())
        if start < end:
            yield start, end
        position = span[1] if match is None else match.end()


def _entity(text: str, span: Range, label: str, schema: Schema, dates: ReadDate | None) -> Entity | None:
    start, end = _unquote(text, span)
    if schema.labels[label].kind == "keyword":
        end -= len(text[start:end]) - len(text[start:end].rstrip(_LOOSE))
        start += text[start:end].startswith("(")
    written = text[start:end]
    if not any(map(str.isalnum, written)):
        return None
    kind = schema.labels[label].kind
    if kind == "keyword":
        return Entity(label, written, written, start, end, 1.0, "syntax")
    plain = _BRACKETS.sub(_plain_range, written)
    interval = read_interval(schema.labels[label], plain, schema.languages) if kind in ("number", "range") else None
    if interval is None and dates is not None:
        interval = dates(plain, label)
    return None if interval is None else Entity(label, written, interval, start, end, 1.0, "syntax")


def _plain_range(match: re.Match[str]) -> str:
    """Lucene's range as everything else writes it: `[10 TO 20]` is `10..20`, `[* TO 20]` is `<=20`."""
    low, high = match.groups()
    if low == "*":
        return f"<={high}"
    return f">={low}" if high == "*" else f"{low}..{high}"


def _unquote(text: str, span: Range) -> Range:
    start, end = span
    if end - start >= 2 and text[start] in "\"“„‘«'" and text[end - 1] in "\"”“’»'":
        return start + 1, end - 1
    return span
