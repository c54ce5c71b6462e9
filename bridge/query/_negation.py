"""Negation: which words are left out, and what a cue does not reach.

A cue (`not`, `without`, `no`, `except`, `-word`) takes the entity right after it and, in a list, those that follow
(`not red or blue`, `without nuts, soy or dairy`). Which words are cues, and beside which words they are none, says the
language's pack (`bridge/tagging/grammar/<language>/negation.yaml`). Words that only look like one are left alone:
`sugar-free` and `non-stick` are single words, a cue that opens the query is a title (`no man's sky`, `not another teen
movie`), and so is one inside a stored value.

Two kinds of cue differ in what may happen to free text, that is to words that are no entity:
  exclude  (`not`, `except`, `-word`) names things not wanted: documents that say the word may be demoted;
  lack     (`without`, `no`) names a missing feature: documents that have it missing *say the word too*
           ("shoes without laces"), so free text under it stays part of the text and nothing is demoted.

What an opening cue reaches is neither wanted nor unwanted for sure, and so is what a vague one does ("food is not
enough", "never bose"): it is left as text.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from bridge.entities import Entity
from bridge.query._lists import joined_after
from bridge.query._syntax import Excluded, Named, Syntax
from bridge.query._words import (
    CONJUNCTIONS,
    FUNCTION_WORDS,
    Range,
    Word,
    between,
    first_after,
    has_content,
    last_before,
    overlaps,
    words,
)
from bridge.schema import Label, Schema
from bridge.tagging import Rejected
from bridge.tagging.grammar import NegationPack, load_negation, phrase_pattern

Kind = Literal["exclude", "lack", "opening", "vague"]
#: Kinds of cues of which nobody knows what they mean for what they reach, and why.
_UNCLEAR: dict[Kind, str] = {
    "opening": "follows an opening negation, which may be a title",
    "vague": "follows a negation that may belong to a sentence",
}

_MAX_FREE_WORDS = 3
#: A list is looked at no further than this many words ahead.
_MAX_LIST = 24


@dataclass(frozen=True, slots=True)
class Cue:
    """A negation word and what kind it is."""

    start: int
    end: int
    kind: Kind


@dataclass(frozen=True, slots=True)
class FreeText:
    """Negated words that are no entity; `consumes` also covers the cue."""

    start: int
    end: int
    kind: Kind
    consumes: Range


@dataclass(frozen=True, slots=True)
class Negation:
    """What the cues reach.

    `entities` have `negated` set where a cue reaches them; `consumes` gives the text that each negated one takes, by
    its range; `free` are negated words that are no entity; `unclear` are entities of which nobody knows whether they
    are wanted; `doubtful` are ranges of entities that probably are, but not certainly.
    """

    entities: tuple[Entity, ...] = ()
    consumes: Mapping[Range, Range] = field(default_factory=dict)
    free: tuple[FreeText, ...] = ()
    unclear: tuple[Rejected, ...] = ()
    doubtful: frozenset[Range] = frozenset()
    #: Whether the text begins as titles do ("no sex please we're british").
    title: bool = False
    #: Range of a value that was named (`brand:sony`) → its whole stretch with the cue before it.
    wholes: Mapping[Range, Range] = field(default_factory=dict)


def find_cues(text: str, syntax: Syntax, values: Iterable[Range], languages: Sequence[str]) -> list[Cue]:
    """The negation cues of a text, in order.

    `values` are ranges of stored values and of quantities: a cue inside one belongs to it ("no sugar added").
    """
    cues: list[Cue] = []
    closed = [*values, *syntax.protected, *(item.whole for item in syntax.named), *(e.whole for e in syntax.excluded)]
    found = words(text)
    opens = next((word.start for word in found if word.folded not in FUNCTION_WORDS), len(text))
    grammar = _grammar(tuple(languages))
    pack = grammar.pack
    universal = next((word.start for word in found if word.folded in pack.universal), len(text))
    for match in grammar.pattern.finditer(text):
        span = match.span()
        after, previous = first_after(found, match.end()), last_before(found, match.start())
        if after is None or any(overlaps(span, other) for other in closed):
            continue
        cue = _plain(match.group())
        kind = grammar.kinds[cue]
        before = "" if previous is None else _plain(found[previous].folded)
        if kind == "lack" and found[after].folded[:1].isdigit():
            continue  # "chanel no 5"
        if cue in pack.excepting:
            # "any laptop but dell", but neither "nothing but sony" nor "not a mouse but a keyboard".
            if before in pack.only or cues:
                continue
            kind = "exclude" if universal < match.start() else "vague"
        elif _plain(found[after].folded) in grammar.not_before or before in grammar.not_after:
            kind = "vague"
        elif opens >= match.start():
            # Of free text behind an opening cue nobody knows whether it is a title.
            kind = "lack" if cue in grammar.opening else "opening"
        start = span[0]
        if cues and not text[cues[-1].end : start].strip():
            start = cues.pop().start  # "not not red", "except without laces": one negation
        cues.append(Cue(start, span[1], kind))
    return cues


def is_cue(text: str, languages: Sequence[str]) -> bool:
    """Whether a text begins with a negation word."""
    return _grammar(tuple(languages)).pattern.match(text) is not None


def is_free_of(text: str, entity: Entity, languages: Sequence[str]) -> bool:
    """Whether the words around an entity make it a thing to be free of (`gluten free bread`, `non dairy creamer`)."""
    pack = _grammar(tuple(languages)).pack
    found = words(text)
    after, before = first_after(found, entity.end), last_before(found, entity.start)
    if before is not None and found[before].folded in pack.free_before:
        return not text[found[before].end : entity.start].strip(" -")
    if after is None or found[after].folded not in pack.free_after or text[entity.end : found[after].start].strip(" -"):
        return False
    return after + 1 >= len(found) or found[after + 1].folded not in pack.free_compounds


def apply_negation(
    text: str,
    schema: Schema,
    syntax: Syntax,
    cues: Sequence[Cue],
    entities: Sequence[Entity],
    quantities: Iterable[Range],
) -> Negation:
    """Give every cue, and every `-word`, what it reaches.

    A scope ends at `quantities` and at the user's own syntax; a value that the user named may be denied as a whole.
    """
    if not cues and not syntax.excluded:
        return Negation(tuple(entities))
    blocked = [*quantities, *syntax.protected, *(named.whole for named in syntax.named)]
    blocked += [*((cue.start, cue.end) for cue in cues), *(item.whole for item in syntax.excluded)]
    scope = _Scope(text, schema, entities, blocked, syntax.named)
    for item in syntax.excluded:
        scope.exclude(item)
    for cue in cues:
        scope.reach(cue)
    kept: list[Entity] = []
    unclear: list[Rejected] = []
    for entity in entities:
        span = (entity.start, entity.end)
        _, kind = scope.reached.get(span, (None, None))
        if entity.source == "syntax" and span in scope.wholes:
            kept.append(replace(entity, negated=True))
        elif not _is_word(entity) or (kind is None and span not in scope.beside):
            kept.append(entity)
        elif kind in _UNCLEAR:
            unclear.append(Rejected(entity, _UNCLEAR[kind]))
        elif kind is not None:
            kept.append(replace(entity, negated=True))
        elif schema.labels[entity.label].position != "any":
            unclear.append(Rejected(entity, "follows words that are not wanted, and may be one thing with them"))
        else:
            kept.append(entity)
    consumes = {span: taken for span, (taken, kind) in scope.reached.items() if kind not in _UNCLEAR}
    free = tuple(one for one in scope.free if one.kind not in _UNCLEAR)
    title = any(cue.kind == "opening" for cue in cues)
    return Negation(tuple(kept), consumes, free, tuple(unclear), frozenset(scope.beside), title, scope.wholes)


class _Scope:
    """How far the cues of one text reach; what they reach grows with each of them."""

    def __init__(
        self,
        text: str,
        schema: Schema,
        entities: Sequence[Entity],
        blocked: Sequence[Range],
        named: Sequence[Named],
    ) -> None:
        self._text = text
        self._found = words(text)
        self._blocked = blocked
        self._pack = load_negation(tuple(schema.languages))
        #: "not starring …", "not genre horror": a label's own words lead to its value.
        self._naming = {name: _label_words(name, label) for name, label in schema.labels.items()}
        self._starts: dict[int, list[Entity]] = {}
        for entity in entities:
            if _is_word(entity):
                self._starts.setdefault(entity.start, []).append(entity)
        #: Range of an entity → the text that its negation takes, and the kind of cue.
        self.reached: dict[Range, tuple[Range, Kind]] = {}
        self.free: list[FreeText] = []
        self.wholes: dict[Range, Range] = {}
        self._named = named
        #: Ranges of entities right behind negated words that are none ("without added sugar", "not steel toe boots").
        self.beside: set[Range] = set()

    def exclude(self, item: Excluded) -> None:
        """What a dash reaches: the word behind it."""
        span = (item.start, item.end)
        if any((entity.start, entity.end) == span for entity in self._starts.get(item.start, ())):
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
        last: Range | None = None
        position = cue.start
        while index < len(self._found) and not self._is_blocked(self._found[index]):
            start = self._found[index].start
            here = self._starts.get(start)
            if here:
                last = (start, max(entity.end for entity in here))
                end = self._with_name(last[1], here)
                for entity in here:
                    self.reached[entity.start, entity.end] = ((position, end), cue.kind)
                labels |= {entity.label for entity in here}
            else:
                stretch = self._free_stretch(index)
                if stretch is None:
                    return
                end = stretch
                linked = self._linked(end)
                if linked is not None:
                    index = linked
                    continue
                self.free.append(FreeText(start, end, cue.kind, (position, end)))
                if cue.kind == "lack" and last is not None:
                    # "without cable or case": once the cable is dealt with, no `case` may be required either.
                    (first, _), kind = self.reached[last]
                    self.reached[last] = ((first, end), kind)
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
                self.wholes[named.entity.start, named.entity.end] = (start, named.whole[1])
                start = position = named.whole[1]
        return position > cue.end

    def _goes_on(self, index: int, labels: set[str], cue: Cue) -> bool:
        """Whether the list goes on behind a comma or `and`: with values of the same labels, or up to an `or`."""
        if index >= len(self._found):
            return False
        following = self._starts.get(self._found[index].start)
        if following:
            return bool(labels & {entity.label for entity in following}) or (not labels and self._ends_in_choice(index))
        return (not labels or cue.kind == "lack") and self._ends_in_choice(index)

    def _ends_in_choice(self, index: int) -> bool:
        """Whether single words or values, joined by commas, lead from here to an `or` ("nuts, soy or dairy")."""
        for _ in range(_MAX_LIST):
            if index >= len(self._found) or self._is_blocked(self._found[index]):
                return False
            here = self._starts.get(self._found[index].start)
            end = max(entity.end for entity in here) if here else self._free_stretch(index)
            join = None if end is None else joined_after(self._text, self._found, end)
            if join is None or join.kind == "choice":
                return join is not None
            index = self._skip_leading(join.index)
        return False

    def _linked(self, end: int) -> int | None:
        """Index of the value that a preposition links to the words before it ("not directed by michael bay")."""
        index = first_after(self._found, end)
        if index is None or self._found[index].folded not in self._pack.linking:
            return None
        index = self._skip_leading(index + 1)
        return index if index < len(self._found) and self._found[index].start in self._starts else None

    def _with_name(self, end: int, here: Sequence[Entity]) -> int:
        """The end of a value with its label's own words behind it ("no automatic *transmission*")."""
        naming = frozenset().union(*(self._naming[entity.label] for entity in here))
        index = first_after(self._found, end)
        while index is not None and index < len(self._found) and self._found[index].folded in naming:
            if self._starting(index) or between(self._text, end, self._found[index].start):
                break
            end = self._found[index].end
            index += 1
        return end

    def _mark_beside(self, end: int) -> None:
        index = first_after(self._found, end)
        if index is not None and not between(self._text, end, self._found[index].start):
            self.beside |= {(one.start, one.end) for one in self._starts.get(self._found[index].start, ())}

    def _skip_leading(self, index: int) -> int:
        """The index without words that only lead to a thing; those of a label only to a value of it."""
        index = self._skip(index, self._pack.leading)
        for name, naming in self._naming.items():
            at = self._skip(index, naming | self._pack.leading)
            if at > index and any(e.label == name for e in self._starting(at)):
                return at
        return index

    def _skip(self, index: int, leading: Container[str]) -> int:
        while index < len(self._found) and self._found[index].folded in leading and not self._starting(index):
            index += 1
        return index

    def _starting(self, index: int) -> Sequence[Entity]:
        return self._starts.get(self._found[index].start, ()) if index < len(self._found) else ()

    def _is_blocked(self, word: Word) -> bool:
        return any(overlaps((word.start, word.end), block) for block in self._blocked)

    def _free_stretch(self, index: int) -> int | None:
        """End of the plain words from `index` on; None when there are none or too many to be sure what is meant."""
        found, first = self._found, index
        while index < len(found):
            word = found[index]
            if word.folded in FUNCTION_WORDS or word.folded in CONJUNCTIONS or self._is_blocked(word):
                break
            if index > first and (word.start in self._starts or between(self._text, found[index - 1].end, word.start)):
                break
            index += 1
        count = index - first
        end = found[index - 1].end
        if not 0 < count <= _MAX_FREE_WORDS or not any(c.isalpha() for c in self._text[found[first].start : end]):
            return None
        return end


@dataclass(frozen=True, slots=True)
class _Grammar:
    """A pack made ready; its words in the form that `_plain` gives."""

    pack: NegationPack
    pattern: re.Pattern[str]
    kinds: Mapping[str, Kind]
    opening: frozenset[str]
    not_before: frozenset[str]
    not_after: frozenset[str]


@lru_cache(maxsize=16)
def _grammar(languages: tuple[str, ...]) -> _Grammar:
    pack = load_negation(languages)
    phrases = phrase_pattern((*pack.exclude, *pack.lack, *pack.vague, *pack.excepting))
    pattern = re.compile(rf"(?<![\w'’&./-]){phrases}(?![\w'’&./-])", re.IGNORECASE)
    kinds: dict[str, Kind] = {_plain(phrase): "exclude" for phrase in pack.exclude}
    kinds |= {_plain(phrase): "lack" for phrase in pack.lack}
    kinds |= {_plain(phrase): "vague" for phrase in (*pack.vague, *pack.excepting)}
    opening, before, after = (
        frozenset(_plain(one) for one in listed) for listed in (pack.opening, pack.not_before, pack.not_after)
    )
    return _Grammar(pack, pattern, kinds, opening, before, after)


def _plain(words_: str) -> str:
    """Folded words with one space between them and without apostrophes: `Don’t  want` is `dont want`."""
    return re.sub(r"\s+", " ", words_.casefold().replace("'", "").replace("’", ""))


def _label_words(name: str, label: Label) -> frozenset[str]:
    phrases = (name.replace("_", " "), label.text or "", *label.cues) if label.kind == "keyword" else ()
    return frozenset(word.folded for phrase in phrases for word in words(phrase))


def _is_word(entity: Entity) -> bool:
    return entity.source not in ("syntax", "grammar")
