"""Misspelt stored values in a query: which words can be misspelt at all, and what is meant by them.

A word is misspelt only where neither the language nor the schema nor any stored value knows it. Such a link is a guess
and never filters.
"""

from __future__ import annotations

from collections.abc import Sequence

from bridge.entities import Entity
from bridge.query._options import Options
from bridge.query._words import FUNCTION_WORDS, Range
from bridge.schema import Schema
from bridge.tagging import Dictionary, Familiar, Link, match_words
from bridge.tagging.grammar import load_values, load_vocabulary


class Speller:
    """Finds misspelt values for one schema; finds none where a language of the schema has no list of words."""

    def __init__(self, schema: Schema) -> None:
        self._vocabulary = load_vocabulary(tuple(schema.languages))
        self._labels = frozenset(
            name
            for name, label in schema.labels.items()
            if "typo" in label.links and label.kind == "keyword" and label.dictionary and label.use != "ignore"
        )
        pack = load_values(tuple(schema.languages))
        said = [
            *FUNCTION_WORDS,
            *pack.accessories,
            *pack.relating,
            *pack.relations,
            *(w for g in pack.things for w in g),
        ]
        for name, label in schema.labels.items():
            said += [name.replace("_", " "), label.text or "", *label.cues]
            said += [word for words in label.sort_words.values() for word in words]
        self._known = frozenset(
            form for text in said for word in match_words(text) for form in (word.folded, word.stem)
        )

    def find(
        self, text: str, dictionary: Dictionary, options: Options, closed: Sequence[Range]
    ) -> list[tuple[Entity, Link]]:
        """Misspelt values with what they link to, in reading order. Words in `closed` ranges are something else."""
        if self._vocabulary is None or options.disable & {"dictionary", "typo"}:
            return []
        return dictionary.find_misspelt(text, self._familiar, self._labels - options.disable, closed)

    def _familiar(self, word: str) -> Familiar:
        assert self._vocabulary is not None
        if word in self._known:
            return "word"
        if self._vocabulary.rank(word) == "name":
            return "name"
        return "word" if self._vocabulary.knows(word) else "unknown"
