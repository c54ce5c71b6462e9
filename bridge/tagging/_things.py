"""What a text is about: of the things that a title names, only the head of its phrase is the product.

`Laptop Case` is a case, `Phone Holder for Car` a holder, `Garden Chair with Cushion` a chair. Of a label whose values
are things (`position: head` in the schema) a span is only a mention where it

- stands right before another thing, or before one that is made for things (`charger`, `case`: the language's pack);
- stands behind `for`, or behind `with`, when the thing itself has been named.

Names of makers behind `for` are mentions as well: `Case for Samsung`, `HP compatible toner`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bridge.entities import Entity
from bridge.schema import Schema
from bridge.tagging._matching import Word, words
from bridge.tagging.grammar import Vocabulary, load_documents, load_function_words, load_values, load_vocabulary

#: A thing describes the next one only with so few other words between: "Camera *Carrying* Case".
_MAX_BETWEEN = 2
#: Marks that end a phrase; those inside of numbers and names (`15.6`, `1,000`, `StarTech.com`) do not. Behind some of
#: them something new begins.
_BREAK = re.compile(r"[;:|()\[\]{}•\n]|[.!?]\s|,(?!\d)|\s[-–—]|[-–—]\s")
_END = re.compile(r"\n|[.!?]\s")
#: "Rack-Mounted": the first part of a compound describes.
_COMPOUND = re.compile(r"[-‐‑][^\W\d_]")
#: Tools are called by what they do: cutter, tester, collector.
_TOOL = re.compile(r"[a-z]{4,}[eo]rs?")


@dataclass(frozen=True, slots=True)
class _Language:
    purposes: frozenset[str]
    parts: frozenset[str]
    #: Words that join things, and those at which one phrase ends and another begins.
    joins: frozenset[str]
    ends: frozenset[str]
    relating: frozenset[str]
    accessories: frozenset[str]
    generic: frozenset[str]
    no_tools: frozenset[str]
    names: frozenset[str]
    vocabulary: Vocabulary | None

    def is_accessory(self, word: Word) -> bool:
        return word.stem in self.accessories or word.folded in self.accessories

    def is_tool(self, word: Word) -> bool:
        """Whether a word says what a thing does: a known word with `-er` or `-or`."""
        form = word.folded
        if self.vocabulary is None or not _TOOL.fullmatch(form) or form in self.no_tools or word.stem in self.no_tools:
            return False
        base = form.removesuffix("s")[:-2]
        forms = [base, f"{base}e", base[:-1] if base[-1] == base[-2] else base]
        return any(len(one) > 2 and self.vocabulary.is_common(one) for one in forms)


def other_things(text: str, entities: Sequence[Entity], schema: Schema) -> set[int]:
    """Positions in `entities` of the things and names that are not the text's own. Linear in the text's length."""
    language = _language(tuple(schema.languages))
    kinds = {name: _kind(schema, name, language) for name in {entity.label for entity in entities}}
    if not any(kinds.values()):
        return set()
    starting: dict[int, list[int]] = {}
    for at, entity in enumerate(entities):
        if kinds[entity.label] is not None:
            starting.setdefault(entity.start, []).append(at)
    return _Reading(text, entities, kinds, starting, language).run()


class _Reading:
    """One pass over the words of a text."""

    def __init__(
        self,
        text: str,
        entities: Sequence[Entity],
        kinds: dict[str, Literal["thing", "name"] | None],
        starting: dict[int, list[int]],
        language: _Language,
    ) -> None:
        self._text = text
        self._entities = entities
        self._kinds = kinds
        self._starting = starting
        self._language = language
        self._found = words(text)
        self._others: set[int] = set()
        self._labels: set[str] = set()
        #: The things named last, which the next thing may make its modifiers; how many words ago, and how many of
        #: those stand behind a word that joins (None: no such word).
        self._last: list[int] = []
        self._between = 0
        self._joined: int | None = None
        #: Words of this phrase so far; whether it has named the thing, and whether an earlier one of the sentence has.
        self._length = 0
        self._headed = False
        self._named = False
        self._leading: Literal["purpose", "part"] | None = None

    def run(self) -> set[int]:
        end = 0
        for at, word in enumerate(self._found):
            here = self._starting.get(word.start)
            if word.start < end and not here:
                continue
            gap = self._text[end : word.start + 1]
            if _BREAK.search(gap):
                self._end_phrase(sentence=_END.search(gap) is not None, comma="," in gap, here=here)
            elif "/" in gap:
                self._joined = 0
            if here:
                self._read(here, at)
                end = max(end, *(self._entities[index].end for index in here))
            else:
                self._pass(word)
                end = word.end
            self._length += 1
        return self._others

    def _read(self, here: list[int], at: int) -> None:
        """Values that begin here."""
        end = max(self._entities[index].end for index in here)
        while at < len(self._found) and self._found[at].start < end:
            at += 1
        after = self._found[at] if at < len(self._found) else None
        for index in here:
            if self._kinds[self._entities[index].label] == "name":
                related = after is not None and after.stem in self._language.relating
                if self._leading == "purpose" or related:
                    self._set_aside([index])
        things = [index for index in here if self._kinds[self._entities[index].label] == "thing"]
        if not things:
            self._count()
        elif self._leading is not None or _COMPOUND.match(self._text, end):
            self._set_aside(things)
            self._last = []
        elif self._named and not self._is_member(end, after):
            self._set_aside(things)
        elif self._joined is not None and self._last and not self._between:
            self._last, self._joined = [*self._last, *things], None
        else:
            self._describe_next(self._last)
            self._last, self._between, self._joined, self._headed = things, 0, None, True

    def _is_member(self, end: int, after: Word | None) -> bool:
        """Whether a thing is one of a list ("shampoo, conditioner and soap"), with no words of its own."""
        return not self._length and (after is None or _BREAK.search(self._text[end : after.start + 1]) is not None)

    def _pass(self, word: Word) -> None:
        """A word that is no value."""
        language = self._language
        if word.folded in language.purposes or word.folded in language.parts:
            self._last = []
            if self._length:
                self._leading = "purpose" if word.folded in language.purposes else "part"
            elif word.folded in language.purposes:
                self._leading = None  # "For iPhone: Case"
        elif word.folded in language.joins:
            self._joined = 0
        elif word.folded in language.ends:
            self._last = []
        elif self._leading is None and not self._named and self._is_thing(word):
            self._describe_next(
                [index for index in self._last if word.stem not in language.generic or self._is_big(index)]
            )
            self._last, self._headed = [], True
        else:
            self._count()

    def _count(self) -> None:
        self._between += 1
        if self._joined is not None:
            self._joined += 1

    def _is_thing(self, word: Word) -> bool:
        """Whether a word that is no value is the thing: an accessory, or a tool right behind what it is for."""
        if self._language.is_accessory(word):
            return True
        return bool(self._last) and not self._between and self._joined is None and self._language.is_tool(word)

    def _is_big(self, index: int) -> bool:
        """Whether a thing is no accessory itself: a "mount accessory" is a mount."""
        return not any(self._language.is_accessory(word) for word in words(self._entities[index].text)[-1:])

    def _describe_next(self, last: Sequence[int]) -> None:
        """What was named last only describes the thing that stands here, unless that has words of its own behind a
        word that joins ("laptop stand and USB hub").
        """
        if self._between <= _MAX_BETWEEN and not self._joined:
            self._set_aside(last)

    def _set_aside(self, indices: Sequence[int]) -> None:
        self._others.update(indices)
        self._labels.update(self._entities[index].label for index in indices)

    def _end_phrase(self, *, sentence: bool, comma: bool, here: list[int] | None) -> None:
        self._named = not sentence and (self._named or self._headed)
        self._last, self._length, self._between, self._joined, self._headed = [], 0, 0, None, False
        goes_on = comma and here is not None and any(self._entities[index].label in self._labels for index in here)
        if not goes_on:
            self._leading = None


def _kind(schema: Schema, name: str, language: _Language) -> Literal["thing", "name"] | None:
    label = schema.labels[name]
    if label.position == "head":
        return "thing"
    said = words(f"{name.replace('_', ' ')} {label.text or ''}")
    return "name" if any(word.stem in language.names for word in said) else None


@lru_cache(maxsize=16)
def _language(languages: tuple[str, ...]) -> _Language:
    documents, values = load_documents(languages), load_values(languages)
    function = [load_function_words(code) for code in languages]
    joins = frozenset().union(*(one.choices | one.additions for one in function))
    ends = frozenset().union(documents.breaks, *(one.all for one in function))
    return _Language(
        documents.purposes,
        documents.parts,
        joins,
        ends - joins - documents.purposes - documents.parts,
        values.relating,
        values.accessories | documents.accessories,
        documents.generic,
        documents.no_tools,
        values.names,
        load_vocabulary(languages),
    )


def without_modifiers(candidates: Sequence[Entity], schema: Schema) -> list[Entity]:
    """The candidates without stored things that only begin a longer one: `Laptop`, where the model says `Laptop Bag`.

    The resolver would prefer what is stored, but the head noun stands at the end.
    """
    longer: dict[str, list[Entity]] = {}
    for one in candidates:
        label = schema.labels[one.label]
        if one.source == "model" and label.position == "head" and one.score >= label.band.boost:
            longer.setdefault(one.label, []).append(one)
    return [
        one
        for one in candidates
        if one.source != "dictionary"
        or not any(other.start <= one.start and one.end < other.end for other in longer.get(one.label, ()))
    ]
