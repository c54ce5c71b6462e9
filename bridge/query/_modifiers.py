"""Values that describe: whether a brand, a colour or a genre may filter from where it stands in the query.

A label with `position: any` may filter as a modifier too (`nike shoes`). It may not where the words are about something
else: `case for samsung` and `samsung charger` are made for a Samsung, `apple juice` has an ordinary word where a brand
could stand. Which words say so is in the language's pack (`bridge/tagging/grammar/<language>/values.yaml`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from itertools import pairwise
from threading import Lock
from weakref import WeakKeyDictionary

from bridge.entities import Entity
from bridge.query._lists import conjuncts, joined_after, joined_before
from bridge.query._words import Range, Word, inside, overlaps, words
from bridge.schema import Label, Schema
from bridge.tagging import Dictionary, match_words
from bridge.tagging.grammar import ValuePack, Vocabulary, load_values, load_vocabulary

#: Where at least so many of a label's values are ordinary words, the label classifies (colours, genres): its values
#: mean just what the words mean. Elsewhere values are names.
_CLASSIFYING = 0.75
#: Values looked at to tell; the most frequent ones.
_SAMPLE = 1_000


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
        self._pack = load_values(tuple(schema.languages))
        self._vocabulary = load_vocabulary(tuple(schema.languages))
        self._entities = entities
        self._text = text
        self._consumed = consumed
        self._found = found = words(text)
        self._words = [w for w in found if not _in(w, consumed) and not _in(w, quoted)]
        # A preposition before an amount belongs to the amount: "laptop with 16gb ram by hp".
        self._spent = {w.start for w, following in pairwise(found) if _in(following, consumed)}
        self._conjuncts = conjuncts(text, found)
        self._accessory = self._find_accessory()

    def refusal(self, entity: Entity) -> str | None:
        """Why the value may not filter as a modifier; None where it may."""
        relation = self._relation(entity)
        if relation in self._pack.relations:
            return f"it stands behind {relation!r}: the thing looked for only goes with it"
        after = next((w for w in self._words if w.start >= entity.end), None)
        if after is not None and _stem(after) in self._pack.relating:
            return f"{after.folded!r} behind it says that the thing looked for only goes with it"
        if self._accessory is not None and relation is None and not _same(self._accessory, entity):
            return f"what is looked for is made for something else ({self._accessory.folded})"
        if self._has_strange_alternative(entity):
            return "it stands in a list with words that are no value of its label"
        if (entity.label, (entity.start, entity.end)) not in self._supported and self._is_ordinary(entity):
            return "it is an ordinary word, too"
        return None

    def _relation(self, entity: Entity) -> str | None:
        """The preposition that governs an entity: the last one before it."""
        joining = self._pack.relations | self._pack.origins
        for word in reversed(self._words):
            if word.end <= entity.start and word.folded in joining and word.start not in self._spent:
                return word.folded
        return None

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
        return self._is_of_another_thing(entity)

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
            if word.folded in self._pack.relations and word.start not in self._spent:
                break
            around = [e for e in self._entities if e.start <= word.start < e.end]
            if any(word.end < e.end or self._label(e).position == "any" for e in around):
                continue
            if _stem(word) in self._pack.accessories:
                accessory = word
            elif any(e.end >= word.end and self._label(e).position != "any" for e in around):
                accessory = None  # "strap sandals" are sandals
        return accessory

    def _is_ordinary(self, entity: Entity) -> bool:
        if self._vocabulary is None or any(sign in entity.text for sign in "'’"):
            return False  # "lay's" is a name, whatever "lays" is
        found = match_words(entity.text)
        if len(found) != 1 or not self._vocabulary.is_common(found[0].folded):
            return False
        return _is_naming(entity.label, self._label(entity), self._pack) or not classifies(
            self._dictionary, entity.label, self._vocabulary
        )

    def _label(self, entity: Entity) -> Label:
        return self._schema.labels[entity.label]


def _is_naming(name: str, label: Label, pack: ValuePack) -> bool:
    """Whether the label itself says that its values are names (`brand`, `car_make`)."""
    return any(word.stem in pack.names for word in match_words(f"{name.replace('_', ' ')} {label.text or ''}"))


_SHARES: WeakKeyDictionary[Dictionary, dict[str, bool]] = WeakKeyDictionary()
_LOCK = Lock()


def classifies(dictionary: Dictionary, label: str, vocabulary: Vocabulary) -> bool:
    """Whether a label's values are mostly ordinary words; worked out once for each dictionary and label."""
    with _LOCK:
        known = _SHARES.setdefault(dictionary, {})
    if label not in known:
        counts = dictionary.values(label)
        sample = sorted(counts, key=lambda key: (-counts[key], key))[:_SAMPLE]
        ordinary = sum(all(vocabulary.knows(word.folded) for word in match_words(key)) for key in sample)
        known[label] = bool(sample) and ordinary >= _CLASSIFYING * len(sample)
    return known[label]


def _stem(word: Word) -> str:
    found = match_words(word.folded)
    return found[-1].stem if found else word.folded


def _same(word: Word, entity: Entity) -> bool:
    return overlaps((word.start, word.end), (entity.start, entity.end))


def _in(word: Word, ranges: Sequence[Range]) -> bool:
    return any(overlaps((word.start, word.end), r) for r in ranges)
