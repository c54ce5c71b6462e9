"""Values that describe: whether a brand, a colour or a genre may filter from where it stands in the query.

A label with `position: any` may filter as a modifier too (`nike shoes`). It may not where the words are about something
else: `case for samsung` and `samsung charger` are made for a Samsung, `apple juice` has an ordinary word where a brand
could stand. Which words say so is in the language's pack (`bridge/tagging/grammar/<language>/values.yaml`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
from functools import lru_cache
from itertools import pairwise

from bridge.entities import Entity
from bridge.query._around import Surroundings, stem
from bridge.query._label_words import is_named
from bridge.query._lists import conjuncts, joined_after, joined_before
from bridge.query._names_or_words import familiarity, names_things
from bridge.query._words import CONJUNCTIONS, FUNCTION_WORDS, Range, Word, inside, overlaps, words
from bridge.schema import Label, Schema
from bridge.tagging import Dictionary, match_words
from bridge.tagging.grammar import load_values, load_vocabulary

#: Share of the documents that carry a label below which a value is a rare one.
_RARE = 0.01
_LISTED = re.compile(r",|/|\bor\b", re.IGNORECASE)


class Modifiers:
    """The values of one query seen as modifiers.

    `entities` are the query's keyword entities, `consumed` the ranges that other clauses take out of the text,
    `quoted` ranges have no grammar, `supported` are (label, range) pairs that the model says, too.
    """

    def __init__(
        self,
        schema: Schema,
        text: str,
        dictionary: Dictionary,
        entities: Sequence[Entity],
        *,
        consumed: Sequence[Range] = (),
        quoted: Sequence[Range] = (),
        supported: Container[tuple[str, Range]] = (),
    ) -> None:
        self._schema = schema
        self._dictionary = dictionary
        self._supported = supported
        #: What the schema's languages say about names.
        self.pack = load_values(tuple(schema.languages))
        self._vocabulary = load_vocabulary(tuple(schema.languages))
        self._entities = entities
        said = f"{schema.name} {schema.index} {schema.description}".replace("_", " ")
        self._things = _things(said, self.pack.things)
        #: Words that name whatever the index holds, by its name: `jobs`, `item`.
        self.named_things = _things(f"{schema.name} {schema.index}".replace("_", " "), self.pack.things)
        self._text = text
        self._consumed = consumed
        self._found = found = words(text)
        self._words = [w for w in found if not _in(w, consumed) and not _in(w, quoted)]
        # A preposition before an amount belongs to the amount: "laptop with 16gb ram by hp".
        self._spent = {w.start for w, following in pairwise(found) if _in(following, consumed)}
        # "looking for a samsung tv" is about no accessory.
        self._spent |= {w.start for asked, w in pairwise(found) if asked.folded in self.pack.asking}
        self._conjuncts = conjuncts(text, found)
        self._around = Surroundings(
            text, found, schema, self.pack, self._vocabulary, self._things, lambda word: self._is_taken(word)
        )
        self._accessory = self._find_accessory()

    def refusal(self, entity: Entity) -> str | None:
        """Why the value may not filter as a modifier; None where it may."""
        relation = self._relation(entity)
        if relation in self.pack.relations:
            return f"it stands behind {relation!r}: the thing looked for only goes with it"
        after = next((w for w in self._words if w.start >= entity.end), None)
        if (
            after is not None
            and stem(after) in self.pack.relating
            and not any(_same(after, e) for e in self._entities)
            and not is_named(self._text, entity, self._schema)
        ):
            return f"{after.folded!r} behind it says that the thing looked for only goes with it"
        if self._is_numbered(entity):
            return "the words end as titles do"
        objection = self._around.objection(entity)
        if objection is not None:
            return objection
        if self._accessory is not None and relation is None and not _same(self._accessory, entity):
            return f"what is looked for is made for something else ({self._accessory.folded})"
        if self._has_strange_alternative(entity):
            return "it stands in a list with words that are no value of its label"
        if (entity.label, (entity.start, entity.end)) in self._supported or is_named(self._text, entity, self._schema):
            return None
        if self._around.is_called(entity, self.pack.languages):
            meant = self._around.means_language(entity)
            return None if meant else "it may be a nation's name: a language is meant behind 'in' and the like"
        return self._could_mean_else(entity)

    def describes(self, entity: Entity) -> bool:
        """Whether the value describes what stands before it as well: `headphones sennheiser`, `desk black`."""
        if self._label(entity).position != "any" or self._vocabulary is None:
            return False
        if not self._names(entity):
            return self.refusal(entity) is None
        return familiarity(entity, self._dictionary, self._vocabulary) not in ("common", "uncommon")

    def _is_taken(self, word: Word) -> bool:
        return _in(word, self._consumed) or any(_same(word, e) for e in self._entities)

    def _relation(self, entity: Entity) -> str | None:
        """The preposition that governs an entity: the last one before it."""
        joining = self.pack.relations | self.pack.origins
        for word in reversed(self._words):
            if word.end <= entity.start and word.folded in joining and self._is_free(word):
                return word.folded
        return None

    def _is_free(self, word: Word) -> bool:
        """Whether a preposition is one of the query: not an amount's, not a part of a value ("plug in hybrid")."""
        return word.start not in self._spent and not any(_same(word, e) for e in self._entities)

    def _has_strange_alternative(self, entity: Entity) -> bool:
        """Whether it is joined to what is no value of its label ("nike or puma", and no value `puma`).

        `and` may also add a value of another label ("red and leather"); two things are each their own ("nike shoes and
        red coats").
        """
        for join in (
            joined_after(self._text, self._found, entity.end),
            joined_before(self._text, self._found, entity.start),
        ):
            if join is None or join.kind == "comma" or _in(self._found[join.index], self._consumed):
                continue
            word = self._found[join.index]
            beside = [e for e in self._entities if e.start == word.start or e.end == word.end]
            shared = any(inside((word.start, word.end), other) for other in self._sharing(entity))
            if not shared and not any(e.label == entity.label or join.kind == "addition" for e in beside):
                return True
        return self._lists_a_stranger(entity) or self._is_of_another_thing(entity)

    def _lists_a_stranger(self, entity: Entity) -> bool:
        """Whether a list leads to another value of its label over what is none: `honda, opel, mazda`, no `opel`."""
        for other in self._entities:
            if other.label != entity.label:
                continue
            start, end = min(entity.end, other.end), max(entity.start, other.start)
            parts = _LISTED.split(self._text[start:end]) if start < end else []
            if len(parts) < 3 or parts[0].strip() or parts[-1].strip():
                continue
            within = [w for w in self._found if start <= w.start and w.end <= end and w.folded not in CONJUNCTIONS]
            if within and not any(self._is_taken(w) or w.folded in FUNCTION_WORDS for w in within):
                return True
        return False

    def _sharing(self, entity: Entity) -> list[Range]:
        """The conjuncts that hold a value of the same label."""
        own = [(e.start, e.end) for e in self._entities if e.label == entity.label and e != entity]
        return [part for part in self._conjuncts if any(inside(span, part) for span in own)]

    def _is_of_another_thing(self, entity: Entity) -> bool:
        """Whether `or` or `and` joins the thing it describes to another one that is described without its label."""
        sharing = self._sharing(entity)
        for left, right in pairwise(self._conjuncts):
            here = [part for part in (left, right) if inside((entity.start, entity.end), part)]
            others = [part for part in (left, right) if part not in here]
            if not here or any(part in sharing for part in others):
                continue
            describing = [(e.start, e.end) for e in self._entities if self._label(e).position == "any"]
            ends_described = any(end == left[1] for _, end in describing)
            if not ends_described and all(any(inside(span, part) for span in describing) for part in others):
                return True
        return False

    def _find_accessory(self) -> Word | None:
        """The accessory that the query is for: before any preposition, and no part or modifier of another thing."""
        accessory: Word | None = None
        for word in self._words:
            if word.folded in self.pack.relations and self._is_free(word):
                break
            around = [e for e in self._entities if e.start <= word.start < e.end]
            if any(word.end < e.end or (self._label(e).position == "any" and not self._is_word(e)) for e in around):
                continue
            if stem(word) in self.pack.accessories or self._joined(word) in self.pack.accessories:
                accessory = word
            elif any(e.end >= word.end and self._label(e).position != "any" for e in around):
                accessory = None  # "strap sandals" are sandals
        return accessory

    def _is_word(self, entity: Entity) -> bool:
        """Whether a name is rather the word that everyone uses: the model `Charger` in `tesla charger`."""
        if self._vocabulary is None or not self._names(entity):
            return False
        return familiarity(entity, self._dictionary, self._vocabulary) == "common"

    def _joined(self, word: Word) -> str:
        """A word written in one with the one before it: `key ring`."""
        before = [w for w in self._words if w.end < word.start][-1:]
        return f"{before[0].folded}{stem(word)}" if before and self._is_beside(before[0], word) else ""

    def _is_beside(self, word: Word, following: Word) -> bool:
        return not self._text[word.end : following.start].strip(" -")

    def _could_mean_else(self, entity: Entity) -> str | None:
        """What else the words of a value may mean, where its label names things or where they describe another one."""
        if self._vocabulary is None:
            return None
        rank = familiarity(entity, self._dictionary, self._vocabulary)
        if rank in ("common", "uncommon") and self._is_place(entity):
            return None
        naming = self._names(entity)
        if not naming or self._is_synonym(entity):
            described = self._after(entity)[-1:]
            following = self._found_after(entity)
            if following is not None and not naming and self._is_only_a_name(following):
                return f"it may be a part of a name with {following.folded!r}"
            if following is not None and self._stands_alone(entity, following):
                return f"it is what stands before {following.folded!r}, and does not describe it"
            if any(self._is_strange(word) for word in described):
                return f"it may describe {described[0].folded!r} without being meant as a value"
            # "french red wine": the schema says what "french" means, and nothing else stands there
            if not naming or not any(self._is_strange(word) for word in self._words if not self._is_taken(word)):
                return None
        if rank == "common":
            return "it is an ordinary word, too"
        if rank == "uncommon" and not self._has_partner(entity):
            return "it is a word, too, and no other name stands beside it"
        if self._goes_on(entity):
            return "its words may only go on from those before them"
        if rank is not None and self._is_rare(entity) and self._has_strange_neighbour(entity):
            return "it means something else, too, and few documents carry it"
        return None

    def _is_numbered(self, entity: Entity) -> bool:
        """Whether a value that no name is stands in a phrase that ends in a Roman number: `american history x`."""
        behind = self._after(entity)[-1:]
        if self._vocabulary is None or (self._names(entity) and not self._is_synonym(entity)):
            return False
        return any(word.folded in self.pack.ordinals for word in behind)

    def _goes_on(self, entity: Entity) -> bool:
        """Whether a name with an article in it reads as the end of a phrase: `vitamins taken one a day`."""
        own = [w.folded for w in self._found if entity.start <= w.start < entity.end]
        before = [w for w in self._found if w.end <= entity.start][-1:]
        phrase = any(word in self.pack.articles for word in own[1:])
        return phrase and not self._after(entity) and any(self._is_strange(word) for word in self._plain(before))

    def _is_synonym(self, entity: Entity) -> bool:
        """Whether the schema's synonyms lead from the words to the value."""
        found = self._dictionary.lookup(entity.label, entity.text)
        return found is not None and found.how == "synonym"

    def _names(self, entity: Entity) -> bool:
        assert self._vocabulary is not None
        return names_things(entity.label, self._schema, self._dictionary, self._vocabulary, self.pack)

    def _after(self, entity: Entity) -> list[Word]:
        """The plain words behind an entity, up to the end of its phrase."""
        return self._plain(w for w in self._found if w.start >= entity.end)

    def _plain(self, words: Iterable[Word]) -> list[Word]:
        """The plain words that come first, up to a function word, a sign or what other clauses take."""
        plain: list[Word] = []
        for word in words:
            apart = plain and self._text[plain[-1].end : word.start].strip()
            if word.folded in FUNCTION_WORDS or _in(word, self._consumed) or apart:
                break
            plain.append(word)
        return plain

    def _is_strange(self, word: Word) -> bool:
        """Whether a word of the language is neither part of a value nor what the whole catalogue holds."""
        assert self._vocabulary is not None
        if stem(word) in self._things or any(_same(word, e) for e in self._entities):
            return False
        return self._vocabulary.rank(word.folded) not in (None, "name")

    def _found_after(self, entity: Entity) -> Word | None:
        """The word right behind an entity, with nothing but space between."""
        word = next((w for w in self._found if w.start >= entity.end), None)
        return None if word is None or self._text[entity.end : word.start].strip(" -") else word

    def _is_only_a_name(self, word: Word) -> bool:
        """Whether a word is known as a name only, and is no value: `pink floyd`."""
        assert self._vocabulary is not None
        plain = word.folded.isalpha() and not self._is_taken(word) and stem(word) not in self._things
        strange = plain and self._vocabulary.rank(word.folded) == "name"
        return strange and not any(self._dictionary.lookup(name, word.folded) for name in self._schema.labels)

    def _stands_alone(self, entity: Entity, following: Word) -> bool:
        """Whether nothing is described by a value before a preposition: `cream for tan lines`, `men in black`."""
        if not self._around.is_called(entity, self.pack.qualities):
            return False
        leading = self.pack.relations | self.pack.within | self.pack.placing
        if following.folded not in leading or not self._is_free(following):
            return False
        return not any(w.end <= entity.start for w in self._words)

    def _is_place(self, entity: Entity) -> bool:
        """Whether the words say that a place is meant, which no other label could hold: `houses in buffalo`."""
        if not self._around.is_called(entity, self.pack.places):
            return False
        span = (entity.start, entity.end)
        if any(e.label != entity.label and overlaps((e.start, e.end), span) for e in self._entities):
            return False
        before = [w for w in self._found if w.end <= entity.start][-1:]
        return any(w.folded in self.pack.within for w in before) or self._is_listed(entity)

    def _is_listed(self, entity: Entity) -> bool:
        """Whether it is joined to a name of its label that nobody takes for a word: `denver or boulder`."""
        assert self._vocabulary is not None
        for other in self._entities:
            if other.label != entity.label or other == entity:
                continue
            joined = self._text[min(entity.end, other.end) : max(entity.start, other.start)].strip(" ,/").casefold()
            if joined and joined not in CONJUNCTIONS:
                continue
            if familiarity(other, self._dictionary, self._vocabulary) in (None, "name"):
                return True
        return False

    def _has_partner(self, entity: Entity) -> bool:
        """Whether another name stands right beside it: `toyota corolla`."""
        return any(
            e.label != entity.label
            and not self._text[min(e.end, entity.end) : max(e.start, entity.start)].strip()
            and self.describes(e)
            for e in self._entities
        )

    def _is_rare(self, entity: Entity) -> bool:
        counts = self._dictionary.values(entity.label)
        return counts.get(str(entity.value), 0) < _RARE * sum(counts.values())

    def _has_strange_neighbour(self, entity: Entity) -> bool:
        """Whether a plain word that is no value stands right beside it in its phrase: `wall art fiji`."""
        before = [w for w in self._found if w.end <= entity.start][-1:]
        beside = [*self._plain(before), *self._after(entity)[:1]]
        return any(self._is_strange(word) for word in beside)

    def _label(self, entity: Entity) -> Label:
        return self._schema.labels[entity.label]


@lru_cache(maxsize=64)
def _things(said: str, groups: tuple[frozenset[str], ...]) -> frozenset[str]:
    """Words that name what a catalogue holds: those of its description, and those that mean the same."""
    own = {word.stem for word in match_words(said)}
    stems = [{word.stem for thing in group for word in match_words(thing)} for group in groups]
    return frozenset(own.union(*(group for at, group in enumerate(stems) if at == 0 or group & own)))


def _same(word: Word, entity: Entity) -> bool:
    return overlaps((word.start, word.end), (entity.start, entity.end))


def _in(word: Word, ranges: Sequence[Range]) -> bool:
    return any(overlaps((word.start, word.end), r) for r in ranges)
