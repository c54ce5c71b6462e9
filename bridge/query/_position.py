"""Where in the query a value stands: as the thing looked for, or as a description of it.

`coffee under $20` is about coffee; `coffee mug`, `mug for coffee` and `coffee grinder` are not, and a hard filter on
the category `Coffee` would hide every mug. A value is the *head* when no plain word follows it in its phrase and no
preposition stands before it. Names behind it still describe it: `headphones sennheiser`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import takewhile

from bridge.entities import Entity
from bridge.query._around import stem
from bridge.query._lists import joined_after, joined_before
from bridge.query._words import CONJUNCTIONS, FUNCTION_WORDS, PREPOSITIONS, Range, Word, between, first_after, overlaps
from bridge.query._words import words as query_words
from bridge.tagging import match_words
from bridge.tagging.grammar import ValuePack, opens_amount, opens_designation

#: Figures that are no thing of their own: `binoculars 10x42`, `bed 160x200cm`.
_SIZED = re.compile(r"\d+(?:[.,]\d+)?(?:[x×]\d+(?:[.,]\d+)?)+[a-z]{0,2}")


class Positions:
    """The keyword entities of one query and where they stand in it.

    `consumed` are ranges that clauses take out of the text (amounts, negated words): they end a phrase. Words in the
    `quoted` ranges have no grammar. `describes` says of an entity that it describes from behind as well. `things` are
    words that name whatever the catalogue holds: "nurse jobs" are looked for where nurses are.
    """

    def __init__(
        self,
        text: str,
        entities: Sequence[Entity],
        *,
        pack: ValuePack,
        consumed: Sequence[Range] = (),
        quoted: Sequence[Range] = (),
        describes: Callable[[Entity], bool] = lambda _: False,
        things: Container[str] = (),
        languages: tuple[str, ...] = (),
    ) -> None:
        self._text = text
        self._found = query_words(text)
        self._entities = entities
        self._pack = pack
        self._consumed = consumed
        self._quoted = quoted
        self._describes = describes
        self._things = things
        self._languages = languages

    def is_head(self, entity: Entity, *, loose: bool = False) -> bool:
        """Whether the query is for the thing that `entity` names.

        With `loose` (a synonym) nothing but values that describe may stand before it: "vacuum cleaner" is no `cleaner`.
        """
        if any(word.end <= entity.start for word in self._prepositions) and not self._is_led_in(entity):
            return False
        if loose and any(word.end <= entity.start for word in self._undescribing):
            return False
        return not self._opens_late(entity) and self.ends_phrase(entity)

    def ends_phrase(self, entity: Entity) -> bool:
        """Whether no plain word follows the entity in its phrase ("coffee under $20", not "coffee mug")."""
        found = self._found
        index = first_after(found, entity.end)
        if index is None:
            return True
        word = found[index]
        if _in(word, self._consumed):
            return True
        join = joined_after(self._text, found, entity.end)
        if join is not None and join.kind == "addition" and _in(found[join.index], self._consumed):
            return True  # "not razer and under $80"
        if join is not None and join.kind == "comma" and self._describes_up_to_the_end(entity, found[join.index]):
            return True
        if join is not None or word.folded in CONJUNCTIONS:
            return join is not None and self._joins_a_head(entity, join.index)
        if between(self._text, entity.end, word.start) or word.folded in FUNCTION_WORDS:
            return True
        following = [w.folded for w in found[index : index + 6]]
        if self._relates(index) or opens_amount(following, self._languages):
            return True
        if opens_designation(following, self._languages) or _SIZED.fullmatch(word.folded):
            return True
        if stem(word) in self._things and not any(_within(word, e) for e in self._entities):
            return self.ends_phrase(replace(entity, end=word.end))
        if is_plural(word.folded) and not is_plural(found[index - 1].folded):
            return False  # "honey nut cheerios": the name is the thing, and what stands before describes it
        return self._describes_up_to_the_end(entity, word)

    def _describes_up_to_the_end(self, entity: Entity, first: Word) -> bool:
        """Whether a value of another label begins here and ends the phrase: `desk black`, `monitor, dell`."""
        behind = [
            e for e in self._entities if e.start == first.start and e.label != entity.label and self._describes(e)
        ]
        return bool(behind) and self.ends_phrase(max(behind, key=lambda e: e.end))

    @cached_property
    def _prepositions(self) -> list[Word]:
        """The prepositions of the query itself: no part of a value, of an amount or of a figure such as `2 in 1`."""
        found = self._found
        return [
            word
            for at, word in enumerate(found)
            if word.folded in PREPOSITIONS
            and not _in(word, self._consumed)
            and not _in(word, self._quoted)
            and not any(_within(word, e) for e in self._entities)
            and not (at > 0 and found[at - 1].folded in self._pack.asking)
            and not self._leads_from_a_pack(at)
            and not (0 < at < len(found) - 1 and self._counts(found[at - 1]) and found[at + 1].folded.isdigit())
        ]

    def _leads_from_a_pack(self, at: int) -> bool:
        """Whether all that stands before an `of` is how much of it there is: `six pack of beer`, `5lb bag of flour`."""
        before = self._found[:at]
        if not before or self._found[at].folded not in self._pack.of or stem(before[-1]) not in self._pack.containers:
            return False
        counted = [word for word in before if _in(word, self._consumed)]
        return bool(counted) and all(word in counted or self._opens(word) for word in before[:-1])

    def _opens(self, word: Word) -> bool:
        """Whether a word only asks for what follows: `i need a`, `looking for`."""
        return word.folded in FUNCTION_WORDS or word.folded in self._pack.asking or word.folded in self._pack.requests

    def _counts(self, word: Word) -> bool:
        """Whether a preposition and a number behind a word belong to it: `2 in 1`, `set of 4`."""
        return word.folded.isdigit() or word.folded in self._pack.containers

    @cached_property
    def _undescribing(self) -> list[Word]:
        """Words that neither ask nor join, and are no part of an amount, a quote or a name that describes."""
        taken = [*self._consumed, *self._quoted, *((e.start, e.end) for e in self._entities if self._describes(e))]
        opening = list(takewhile(self._opens, self._found))
        return [w for w in self._found[len(opening) :] if not _in(w, taken) and w.folded not in CONJUNCTIONS]

    def _is_led_in(self, entity: Entity) -> bool:
        """Whether the only preposition opens a compound that ends in the entity: "over ear headphones"."""
        before = [word for word in self._prepositions if word.end <= entity.start]
        opening = before[0]
        return (
            len(before) == 1
            and opening is self._found[0]
            and opening.folded in self._pack.placing
            and self._found[1].end <= entity.start
        )

    def _relates(self, index: int) -> bool:
        """Whether a word with a preposition leads on: "toner *compatible with* brother", "poles *made of* carbon"."""
        following = self._found[index : index + 2]
        if len(following) < 2 or following[1].folded not in PREPOSITIONS:
            return False
        if following[0].folded in self._pack.participles:
            return True
        return any(word.stem in self._pack.relating for word in match_words(following[0].folded))

    def _opens_late(self, entity: Entity) -> bool:
        """Whether a list leads to the entity with a member that is no value of its label ("tea or coffee", no tea).

        Words may stand between where the member is a plural, thus a thing and no description ("trucks and electric
        cars").
        """
        text, found = self._text, self._found
        own = {e.end for e in self._entities if e.label == entity.label}
        join = joined_before(text, found, entity.start)
        listed = own
        if join is not None and join.kind == "comma":  # "dyson, vacuum cleaners"
            listed = own | {e.end for e in self._entities if self._describes(e)}
        if join is not None and found[join.index].end not in listed and not _in(found[join.index], self._consumed):
            return True
        for word in found:
            plain = word.end < entity.start and word.end not in own and not _in(word, self._consumed)
            if plain and is_plural(word.folded):
                after = joined_after(text, found, word.end)
                if after is not None and after.kind != "comma" and found[after.index].start <= entity.start:
                    return True
        return False

    def _joins_a_head(self, entity: Entity, index: int) -> bool:
        """Whether a list leads from the entity to another value of its label that ends its phrase.

        Beside each other ("tea or coffee") all members stand where the last one stands; with words between ("nike shoes
        and adidas shirts") each is the head of its own. A comma may also go on describing ("wall decor floral, with
        teal").
        """
        found = self._found
        following = [e for e in self._entities if e.label == entity.label and e.start >= found[index].start]
        if not following or _in(found[index], self._consumed):
            return False
        first = min(following, key=lambda e: e.start)
        if first.start == found[index].start:
            return self.ends_phrase(first)
        if any(sign in self._text[found[index].start : first.start] for sign in ",&/|+"):
            return False  # "cameras, lenses, drones", no lenses
        between_them = [w for w in found[index:] if w.end <= first.start]
        describing = not any(w.folded in FUNCTION_WORDS or _in(w, self._consumed) for w in between_them)
        return describing and self.ends_phrase(first)


def is_plural(word: str) -> bool:
    """Whether a word looks like a regular plural: `trucks`, not `wireless` or `plus`."""
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "’s"))


def _within(word: Word, entity: Entity) -> bool:
    return entity.start <= word.start and word.end <= entity.end


def _in(word: Word, ranges: Iterable[Range]) -> bool:
    return any(overlaps((word.start, word.end), r) for r in ranges)
