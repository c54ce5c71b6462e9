"""What the words right around a value say of it: that it is no attribute of what is looked for.

`faux leather sofa` is no leather, `green tea` no green, `biography of jane austen` not by her, `25 miles of austin` not
in Austin, `the art of war` a title. The words are data (`bridge/tagging/grammar/<language>/values.yaml`), compounds
come from the language's vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bridge.entities import Entity
from bridge.query._words import FUNCTION_WORDS, Word, first_after, last_before
from bridge.schema import Schema
from bridge.tagging import match_words
from bridge.tagging.grammar import ValuePack, Vocabulary, opens_amount

#: Words between an article and a value in a title: "a *brief* history of time".
_REACH = 2


class Surroundings:
    """The words of one query around its values.

    `found` are all its words, `things` what the catalogue holds, `taken` says of a word that it is part of a value or
    of another clause.
    """

    def __init__(
        self,
        text: str,
        found: Sequence[Word],
        schema: Schema,
        pack: ValuePack,
        vocabulary: Vocabulary | None,
        things: frozenset[str],
        taken: Callable[[Word], bool],
    ) -> None:
        self._text = text
        self._found = found
        self._schema = schema
        self._pack = pack
        self._vocabulary = vocabulary
        self._things = things
        self._taken = taken

    def objection(self, entity: Entity) -> str | None:
        """Why the words beside a value say that it is no attribute; None where they do not."""
        before, after = self._beside(entity)
        if before is not None and stem(before) in self._pack.sham:
            return f"{before.folded!r} before it says that it only looks so"
        if self._is_a_way(entity):
            return "it says from where a distance counts"
        if self._is_topic(entity):
            return "it is what the thing looked for is about"
        if self._is_title(entity):
            return "the words read as a title"
        if self._is_sentence():
            return "the words read as a sentence, which may be a title"
        return self._compound(entity, before, after)

    def is_called(self, entity: Entity, names: frozenset[str]) -> bool:
        """Whether one of these words is in the name of the value's label."""
        said = f"{entity.label.replace('_', ' ')} {self._schema.label_text(entity.label)}"
        return any(word.stem in names for word in match_words(said))

    def means_language(self, entity: Entity) -> bool:
        """Whether the name of a language is meant as one and not as a nation's: `books in french`, `french edition`."""
        before, after = self._beside(entity)
        behind_in = before is not None and before.folded in self._pack.within
        return behind_in or (after is not None and stem(after) in self._pack.versions)

    def _beside(self, entity: Entity) -> tuple[Word | None, Word | None]:
        """The words right before and behind a value, with nothing but space between."""
        found = self._found
        at, following = last_before(found, entity.start), first_after(found, entity.end)
        before = None if at is None else found[at]
        after = None if following is None else found[following]
        if before is not None and self._text[before.end : entity.start].strip(" -"):
            before = None
        if after is not None and self._text[entity.end : after.start].strip(" -"):
            after = None
        return before, after

    def _is_a_way(self, entity: Entity) -> bool:
        """Whether an amount of a way leads to a place: `within 25 miles of austin`, `10 minutes from denver`."""
        at = last_before(self._found, entity.start)
        while at is not None and at > 1 and self._found[at].folded not in self._pack.origins:
            if entity.start - self._found[at].end > 40 or self._taken(self._found[at]):
                return False
            at -= 1
        return at is not None and at > 0 and stem(self._found[at - 1]) in self._pack.ways

    def _is_topic(self, entity: Entity) -> bool:
        """Whether a word for what is told about somebody leads to the value: `biography of jane austen`."""
        at = last_before(self._found, entity.start)
        while at is not None and at > 0 and self._found[at].folded in self._pack.articles:
            at -= 1
        if at is None or at == 0 or self._found[at].folded not in self._pack.of:
            return False
        if stem(self._found[at - 1]) in self._pack.topics:
            return True
        # "2 grams of sugar protein powder": how much of it the thing has
        counted = at > 1 and opens_amount([w.folded for w in self._found[at - 2 : at]], tuple(self._schema.languages))
        return counted and first_after(self._found, entity.end) is not None

    def _is_title(self, entity: Entity) -> bool:
        """Whether the value is what an article and `of` stand around, or behind such words: `the art of war`."""
        for at, word in enumerate(self._found):
            if word.folded not in self._pack.of or at == 0:
                continue
            value = self._found[at - 1]
            ahead = self._found[max(0, at - 2 - _REACH) : at - 1]
            if not any(w.folded in self._pack.articles for w in ahead) or not self._taken(value):
                continue
            own = entity.start <= value.start < entity.end
            behind = at + 1 < len(self._found) and entity.start == self._found[at + 1].start
            if own or behind:
                return True
        return False

    def _is_sentence(self) -> bool:
        """Whether a verb ties the words together as none of a search does: `orange is the new black`."""
        for at, word in enumerate(self._found[1:-1], 1):
            before, after = self._found[at - 1], self._found[at + 1]
            plain = before.folded not in FUNCTION_WORDS and not self._taken(word)
            if word.folded in self._pack.copulas and plain and after.folded in self._pack.articles:
                return True
        return False

    def _compound(self, entity: Entity, before: Word | None, after: Word | None) -> str | None:
        """The thing that the value's words and their neighbour are the name of."""
        if self._vocabulary is None:
            return None
        own = [w for w in self._found if entity.start <= w.start < entity.end]
        if not own:
            return None
        for first, second in ((own[-1], after), (before, own[0])):
            other = second if first is own[-1] else first
            if first is None or second is None or other is None:
                continue
            if self._taken(other) or stem(other) in self._things:
                continue
            if self._vocabulary.is_compound(first.folded, second.folded):
                return f"{first.folded} {second.folded} is a thing of its own"
        return None


def stem(word: Word) -> str:
    """The form of a query's word that plurals share."""
    found = match_words(word.folded)
    return found[-1].stem if found else word.folded
