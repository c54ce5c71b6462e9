"""Linking by meaning: `laptop` finds the stored value `Notebooks` through vectors of the index's own values.

Stored values and words of the query go through the same encoder (the label side of a bi-encoder, which reads short
names), and the value whose vector is nearest is meant if it is near enough. Only labels that classify have meanings to
compare: a brand is a name, and no word means the same as a name. Such a link may boost or expand, never filter.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np

from bridge.entities import Entity
from bridge.errors import DeadlineExceededError
from bridge.query._names_or_words import classifies
from bridge.query._vectors import Vectors
from bridge.query._words import FUNCTION_WORDS, Range, Word, between, overlaps, words
from bridge.schema import Label, Schema
from bridge.tagging import Dictionary, match_words
from bridge.tagging.grammar import load_vocabulary

#: A value is meant from this cosine on, if cosine and lead over the second value (at most `MAX_LEAD`) add up to
#: `ENOUGH`: a word that is about as near to two values (`film` to two genres) means neither. Chosen on
#: tests/query/meaning.yaml and the real queries of tests/queries, see docs/query.md.
THRESHOLD, ENOUGH, MAX_LEAD = 0.60, 0.77, 0.20
#: Values of one label that are compared, the most frequent first.
MAX_VALUES = 2_000
#: Longest phrase in words, and phrases of one query that are encoded.
MAX_WORDS, MAX_PHRASES = 3, 8
_CACHED = 20_000


class Encoder(Protocol):
    """What turns short names into vectors: `bridge.scorer.Scorer` of a bi-encoder."""

    @property
    def embeds(self) -> bool: ...
    @property
    def fingerprint(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """[n, E] unit vectors; a text's does not depend on what is encoded beside it."""


@dataclass(frozen=True, slots=True)
class Meant:
    """A phrase and the stored value that it means; `others` are values that were nearly as near, best first."""

    entity: Entity
    key: str
    others: tuple[tuple[str, float], ...] = ()


class Meanings:
    """The vectors of one dictionary's values, and of the phrases compared with them last. Thread-safe.

    Building encodes every value of the labels that take part, thousands of them in seconds: keep it off requests.
    `former` lends its vectors, so that a refresh encodes only what is new; `known` are vectors of the same encoder that
    were kept (see `bridge.query._vectors`).
    """

    def __init__(
        self,
        schema: Schema,
        dictionary: Dictionary,
        encoder: Encoder,
        former: Meanings | None = None,
        known: Mapping[str, Vectors] | None = None,
    ) -> None:
        self._encoder = encoder
        self._keys = {name: _keys(dictionary, name) for name in _labels(schema, dictionary)}
        #: The head nouns of values that are kinds of things: a `laptop bag` is a bag.
        self._heads = {name: [head_noun(key) for key in self._keys[name]] for name in kinds_of(schema, self._keys)}
        self._head_words = {name: frozenset(heads) for name, heads in self._heads.items()}
        texts = list(dict.fromkeys(key for keys in (*self._keys.values(), *self._heads.values()) for key in keys))
        kept = former._of if former is not None and former._encoder is encoder else {}
        known = {**(known or {}), **kept}
        new = [text for text in texts if text not in known]
        fresh = dict(zip(new, encoder.embed(new), strict=True)) if new else {}
        self._of: dict[str, Vectors] = {text: known[text] if text in known else fresh[text] for text in texts}
        self._matrices = {name: self._stacked(keys) for name, keys in self._keys.items()}
        self._head_matrices = {name: self._stacked(heads) for name, heads in self._heads.items()}
        self._phrases: OrderedDict[str, Vectors] = OrderedDict()
        self._lock, self._encoding = Lock(), Lock()

    @property
    def vectors(self) -> Mapping[str, Vectors]:
        """The unit vector of each value that is compared, and of the head nouns of kinds."""
        return self._of

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels whose values are compared."""
        return tuple(self._keys)

    def nearest(
        self, label: str, phrases: Sequence[str], *, most: int = 3, deadline: float | None = None
    ) -> list[list[tuple[str, float]]]:
        """For each phrase the nearest values of a label with their cosine (three places), the nearest first.

        Raises DeadlineExceededError where the encoder is not free in time (`deadline` as `time.monotonic()`).
        """
        if label not in self._keys or not phrases:
            return [[] for _ in phrases]
        cosines = np.round(self._encoded(phrases, deadline) @ self._matrices[label].T, 3)
        keys = self._keys[label]
        order = np.argsort(-cosines, axis=1, kind="stable")[:, :most]
        return [[(keys[at], float(row[at])) for at in best] for row, best in zip(cosines, order, strict=True)]

    def alike(
        self, label: str, phrase: str, head: str, *, deadline: float | None = None
    ) -> list[tuple[str, float, float]]:
        """Each value of a label of kinds with the cosine of phrase and value, and how far both are the same sort of
        thing (three places): what the head nouns say, each compared with the other's whole name as well, the lower of
        the two. `laptop` and `laptop bag` are near, a laptop and a bag are not. In the order of `MAX_VALUES`.

        Raises DeadlineExceededError as `nearest` does.
        """
        if label not in self._heads:
            return []
        both = self._encoded([phrase, head], deadline)
        values, heads = both @ self._matrices[label].T, both @ self._head_matrices[label].T
        same = np.minimum(np.maximum(heads[0], heads[1]), np.maximum(values[1], heads[1]))
        rows = zip(self._keys[label], np.round(values[0], 3), np.round(same, 3), strict=True)
        return [(key, float(cosine), float(sort)) for key, cosine, sort in rows]

    def heads(self, label: str) -> frozenset[str]:
        """The words that a label's kinds end in."""
        return self._head_words.get(label, frozenset())

    def _stacked(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._of[text] for text in texts])

    def _encoded(self, phrases: Sequence[str], deadline: float | None) -> Vectors:
        with self._lock:
            known = {phrase: self._phrases[phrase] for phrase in phrases if phrase in self._phrases}
        missing = [phrase for phrase in dict.fromkeys(phrases) if phrase not in known]
        if missing:
            wait = -1.0 if deadline is None else max(0.0, deadline - time.monotonic())
            if not self._encoding.acquire(timeout=wait):
                raise DeadlineExceededError("the time budget of the query ran out while others were encoded")
            try:
                known.update(zip(missing, self._encoder.embed(missing), strict=True))
            finally:
                self._encoding.release()
        with self._lock:
            for phrase in phrases:
                self._phrases[phrase] = known[phrase]
                self._phrases.move_to_end(phrase)
            while len(self._phrases) > _CACHED:
                self._phrases.popitem(last=False)
        return np.stack([known[phrase] for phrase in phrases])


def find_meant(
    text: str,
    found: Sequence[Word],
    schema: Schema,
    meanings: Meanings,
    taken: Sequence[Range],
    disabled: frozenset[str] = frozenset(),
    deadline: float | None = None,
) -> list[Meant]:
    """Phrases of free text that mean a stored value: at most one value a phrase and label, phrases do not overlap.

    `taken` are ranges that something else has read already. Words that the language does not know have no meaning here.
    """
    labels = [name for name in meanings.labels if name not in disabled and not is_kind(schema.labels[name])]
    phrases = _phrases(text, found, schema, taken) if labels else []
    if not phrases:
        return []
    folded = [" ".join(word.folded for word in phrase) for phrase in phrases]
    near: list[Meant] = []
    for label in labels:
        for phrase, best in zip(phrases, meanings.nearest(label, folded, deadline=deadline), strict=True):
            if is_meant(best) and not _shares_words(text, phrase, (best[0][0], label, schema.label_text(label))):
                start, end = phrase[0].start, phrase[-1].end
                (key, cosine), *others = best
                entity = Entity(label, text[start:end], key, start, end, cosine, "model")
                near.append(Meant(entity, key, tuple(others)))
    kept: list[Meant] = []
    for one in sorted(near, key=lambda m: (-m.entity.score, m.entity.start, -m.entity.end, m.entity.label)):
        span = (one.entity.start, one.entity.end)
        rivals = [other.entity for other in kept if overlaps(span, (other.entity.start, other.entity.end))]
        if all((other.start, other.end) == span for other in rivals):
            kept.append(one)
    return sorted(kept, key=lambda m: (m.entity.start, m.entity.end, m.entity.label))


def is_kind(label: Label) -> bool:
    """Whether a label's values are kinds of things that may widen the text: see `bridge.query._kinds`."""
    return label.kind == "keyword" and label.position == "head" and label.use == "expand" and "meaning" in label.links


def kinds_of(schema: Schema, names: Iterable[str]) -> list[str]:
    """Those of some labels that hold kinds of things."""
    return [name for name in names if is_kind(schema.labels[name])]


def head_noun(name: str) -> str:
    """The last word of a name, which in English says what sort of thing it is; the name where it has no word."""
    found = words(name)
    return found[-1].folded if found else name


def is_meant(nearest: Sequence[tuple[str, float]]) -> bool:
    """Whether the nearest of some values is meant, by its cosine and its lead over the second."""
    if not nearest or nearest[0][1] < THRESHOLD:
        return False
    lead = nearest[0][1] - nearest[1][1] if len(nearest) > 1 else MAX_LEAD
    return nearest[0][1] + min(lead, MAX_LEAD) >= ENOUGH - 1e-6


def _shares_words(text: str, phrase: Sequence[Word], names: Sequence[str]) -> bool:
    """Whether a phrase names part of a value or the label: `film` does not mean `Film Noir`, nor `fuel` one of them."""
    stems = {word.stem for word in match_words(text[phrase[0].start : phrase[-1].end])}
    return any(word.stem in stems for name in names for word in match_words(name.replace("_", " ")))


def _phrases(text: str, found: Sequence[Word], schema: Schema, taken: Sequence[Range]) -> list[tuple[Word, ...]]:
    """Runs of up to three plain words that nothing has read; the whole run first, then its parts from the end.

    The end of a run is its head noun, so where there are too many parts the words before it are left out.
    """
    vocabulary = load_vocabulary(tuple(schema.languages))
    runs: list[list[Word]] = [[]]
    for word in found:
        plain = word.folded not in FUNCTION_WORDS and word.folded.isalpha() and len(word.folded) > 2
        free = not any(overlaps((word.start, word.end), span) for span in taken)
        if not plain or not free or (vocabulary is not None and not vocabulary.knows(word.folded)):
            runs.append([])
        elif runs[-1] and between(text, runs[-1][-1].end, word.start):
            runs.append([word])
        else:
            runs[-1].append(word)
    phrases = [
        tuple(run[first : first + size])
        for run in runs
        for size in range(min(MAX_WORDS, len(run)), 0, -1)
        for first in range(len(run) - size, -1, -1)
    ]
    return phrases[:MAX_PHRASES]


def _labels(schema: Schema, dictionary: Dictionary) -> list[str]:
    vocabulary = load_vocabulary(tuple(schema.languages))
    return [
        name
        for name, label in schema.labels.items()
        if label.kind == "keyword"
        and "meaning" in label.links
        and label.use != "ignore"
        and dictionary.values(name)
        and (vocabulary is None or classifies(dictionary, name, vocabulary))
    ]


def _keys(dictionary: Dictionary, label: str) -> list[str]:
    counts: Mapping[str, int] = dictionary.values(label)
    return sorted(counts, key=lambda key: (-counts[key], key))[:MAX_VALUES]
