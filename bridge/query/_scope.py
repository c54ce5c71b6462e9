"""How far negation cues reach: over a value or an amount, over a list of them, over words that are neither."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from bridge.entities import Entity
from bridge.query._cues import Cue, Kind
from bridge.query._lists import joined_after
from bridge.query._syntax import Excluded, Syntax
from bridge.query._words import (
    CONJUNCTIONS,
    FUNCTION_WORDS,
    Range,
    Word,
    between,
    first_after,
    has_content,
    overlaps,
    words,
)
from bridge.schema import Label, Schema
from bridge.tagging import QuantityMatch
from bridge.tagging.grammar import load_negation

_MAX_FREE_WORDS = 3
#: A list is looked at no further than this many words ahead.
_MAX_LIST = 24


@dataclass(frozen=True, slots=True)
class FreeText:
    """Negated words that are no entity; `consumes` also covers the cue."""

    start: int
    end: int
    kind: Kind
    consumes: Range


@dataclass(frozen=True, slots=True)
class _Thing:
    """A value or an amount: where its stretch ends, and what it may be."""

    end: int
    entities: tuple[Entity, ...]
    is_amount: bool = False

    @property
    def spans(self) -> tuple[Range, ...]:
        return tuple((entity.start, entity.end) for entity in self.entities)

    @property
    def labels(self) -> set[str]:
        return {entity.label for entity in self.entities}


class Scope:
    """The reach of all cues of one text; what they reach grows with each of them."""

    def __init__(
        self,
        text: str,
        schema: Schema,
        syntax: Syntax,
        cues: Sequence[Cue],
        entities: Sequence[Entity],
        quantities: Sequence[QuantityMatch],
    ) -> None:
        self._text = text
        self._found = words(text)
        self._pack = load_negation(tuple(schema.languages))
        #: "not starring …", "not genre horror": a label's own words lead to its value.
        self._naming = {name: _label_words(name, label) for name, label in schema.labels.items()}
        self._named = syntax.named
        self._things: dict[int, _Thing] = {}
        for entity in entities:
            if entity.source not in ("syntax", "grammar"):
                other = self._things.get(entity.start, _Thing(0, ()))
                self._things[entity.start] = _Thing(max(other.end, entity.end), (*other.entities, entity))
        self._blocked = [*syntax.protected, *(named.whole for named in syntax.named)]
        self._blocked += [*((cue.start, cue.end) for cue in cues), *(item.whole for item in syntax.excluded)]
        for quantity in quantities:
            self._add_amount(quantity)
        #: Range of an entity → the text that its negation takes, and the kind of cue.
        self.reached: dict[Range, tuple[Range, Kind]] = {}
        self.free: list[FreeText] = []
        #: Range of a value that the user named → its whole stretch with the cue before it.
        self.wholes: dict[Range, Range] = {}
        #: Ranges of values right behind negated words that are none ("without added sugar", "not steel toe boots").
        self.beside: set[Range] = set()

    def _add_amount(self, quantity: QuantityMatch) -> None:
        start, end = quantity.consumes[0][0], quantity.consumes[-1][1]
        at = first_after(self._found, start)
        if isinstance(quantity.entity.value, str) or quantity.entity.negated or at is None:
            self._blocked += quantity.consumes  # words that order, or denied by the grammar: "not under $20"
        else:
            self._things[self._found[at].start] = _Thing(end, (quantity.entity,), is_amount=True)

    def exclude(self, item: Excluded) -> None:
        """What a dash reaches: the word behind it."""
        span = (item.start, item.end)
        thing = self._things.get(item.start)
        if thing is not None and span in thing.spans:
            self.reached[span] = (item.whole, "exclude")
        elif has_content(self._text[item.start : item.end]):
            self.free.append(FreeText(item.start, item.end, "exclude", item.whole))

    def reach(self, cue: Cue) -> None:
        """What a cue reaches: the thing behind it, and in a list what is joined to that."""
        if self._deny_named(cue):
            return
        after = first_after(self._found, cue.end)
        index = self._skip_leading(len(self._found) if after is None else after)
        labels: set[str] = set()
        last: _Thing | None = None
        position = cue.start
        while index < len(self._found) and not self._is_blocked(self._found[index]):
            thing = self._starting(index)
            if thing is not None:
                end = self._with_name(thing)
                kind = "vague" if thing.is_amount and self._describes(end) else cue.kind
                for span in thing.spans:
                    self.reached[span] = ((position, end), kind)
                labels |= thing.labels
                last = thing
            else:
                stretch = self._free_stretch(index)
                if stretch is None:
                    return
                linked = self._linked(index, stretch)
                if linked is not None:
                    index = linked
                    continue
                end = stretch
                if self._goes_with(end):
                    return
                self.free.append(FreeText(self._found[index].start, end, cue.kind, (position, end)))
                if cue.kind == "lack" and last is not None:
                    # "without cable or case": once the cable is dealt with, no `case` may be required either.
                    for span in last.spans:
                        (first, _), kind = self.reached[span]
                        self.reached[span] = ((first, end), kind)
                if cue.kind != "opening":
                    self._mark_beside(end)
            join = joined_after(self._text, self._found, end)
            if join is None:
                return
            index = self._skip_leading(join.index)
            if join.kind != "choice" and not self._goes_on(index, labels, cue):
                return
            position = end

    def _deny_named(self, cue: Cue) -> bool:
        """`not brand:sony`: deny what the user named right behind a cue, with all its values."""
        start, position = cue.start, cue.end
        for named in self._named:
            if named.whole[0] >= position and not self._text[position : named.whole[0]].strip():
                self.wholes[named.value] = (start, named.whole[1])
                start = position = named.whole[1]
        return position > cue.end

    def _goes_on(self, index: int, labels: set[str], cue: Cue) -> bool:
        """Whether the list goes on behind a comma or `and`: with values of the same labels, or up to an `or`."""
        thing = self._starting(index)
        if thing is not None:
            return bool(labels & thing.labels) or (not labels and self._ends_in_choice(index))
        return (not labels or cue.kind == "lack") and self._ends_in_choice(index)

    def _ends_in_choice(self, index: int) -> bool:
        """Whether single words or values, joined by commas, lead from here to an `or` ("nuts, soy or dairy")."""
        for _ in range(_MAX_LIST):
            if index >= len(self._found) or self._is_blocked(self._found[index]):
                return False
            thing = self._starting(index)
            end = thing.end if thing is not None else self._free_stretch(index)
            join = None if end is None else joined_after(self._text, self._found, end)
            if join is None or join.kind == "choice":
                return join is not None
            index = self._skip_leading(join.index)
        return False

    def _linked(self, first: int, end: int) -> int | None:
        """Index of the value that a preposition links to a participle ("not directed by michael bay")."""
        word = self._found[first]
        if word.end != end or not (
            word.folded in self._pack.participles or word.folded.endswith(self._pack.participle_endings)
        ):
            return None
        index = first + 1
        if index >= len(self._found) or self._found[index].folded not in self._pack.linking:
            return None
        index = self._skip_leading(index + 1)
        return index if self._starting(index) is not None else None

    def _goes_with(self, end: int) -> bool:
        """Whether words only say what the thing does not go with ("not compatible with samsung")."""
        index = first_after(self._found, end)
        return index is not None and self._found[index].folded in self._pack.relating

    def _describes(self, end: int) -> bool:
        """Whether an amount describes what follows ("without 90s music"): then nobody knows what is not wanted."""
        index = first_after(self._found, end)
        if index is None or between(self._text, end, self._found[index].start):
            return False
        self._mark_beside(end)
        word = self._found[index]
        return word.folded not in FUNCTION_WORDS and not self._is_blocked(word)

    def _with_name(self, thing: _Thing) -> int:
        """The end of a value with its label's own words behind it ("no automatic *transmission*")."""
        naming = frozenset().union(*(self._naming[label] for label in thing.labels))
        end = thing.end
        index = first_after(self._found, end)
        while index is not None and index < len(self._found) and self._found[index].folded in naming:
            if self._starting(index) is not None or between(self._text, end, self._found[index].start):
                break
            end = self._found[index].end
            index += 1
        return end

    def _mark_beside(self, end: int) -> None:
        index = first_after(self._found, end)
        if index is not None and not between(self._text, end, self._found[index].start):
            thing = self._starting(index)
            if thing is not None and not thing.is_amount:
                self.beside.update(thing.spans)

    def _skip_leading(self, index: int) -> int:
        """The index without words that only lead to a thing; those of a label only to a value of it."""
        index = self._skip(index, self._pack.leading)
        for name, naming in self._naming.items():
            at = self._skip(index, naming | self._pack.leading)
            thing = self._starting(at)
            if at > index and thing is not None and name in thing.labels:
                return at
        return index

    def _skip(self, index: int, leading: Container[str]) -> int:
        while index < len(self._found) and self._found[index].folded in leading and self._starting(index) is None:
            index += 1
        return index

    def _starting(self, index: int) -> _Thing | None:
        return self._things.get(self._found[index].start) if index < len(self._found) else None

    def _is_blocked(self, word: Word) -> bool:
        return any(overlaps((word.start, word.end), block) for block in self._blocked)

    def _free_stretch(self, index: int) -> int | None:
        """End of the plain words from `index` on; None when there are none or too many to be sure what is meant."""
        found, first = self._found, index
        while index < len(found):
            word = found[index]
            if word.folded in FUNCTION_WORDS or word.folded in CONJUNCTIONS or self._is_blocked(word):
                break
            if index > first and (
                self._starting(index) is not None or between(self._text, found[index - 1].end, word.start)
            ):
                break
            index += 1
        count = index - first
        end = found[index - 1].end
        if not 0 < count <= _MAX_FREE_WORDS or not any(c.isalpha() for c in self._text[found[first].start : end]):
            return None
        return end


def _label_words(name: str, label: Label) -> frozenset[str]:
    return frozenset(
        word.folded for phrase in (name.replace("_", " "), label.text or "", *label.cues) for word in words(phrase)
    )
