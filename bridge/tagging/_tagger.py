"""Documents → entities: the scorer, the dictionary snapshot and the quantity grammar, resolved once per text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from bridge.entities import Coverage, Entity, TaggedText
from bridge.schema import Schema
from bridge.tagging import _hashes
from bridge.tagging._dictionary import Dictionary
from bridge.tagging._mentions import find_mentions
from bridge.tagging._resolver import resolve
from bridge.tagging._things import other_things, without_modifiers
from bridge.tagging._values import canonical, stated_amount, synonym_table
from bridge.tagging.grammar import find_quantities

_NOTHING = Coverage(0, 0)


class TextScorer(Protocol):
    """What tagging needs of a scorer: `bridge.scorer.Scorer`, or something that queues in front of one."""

    @property
    def name(self) -> str:
        """The checkpoint as it was asked for."""

    @property
    def fingerprint(self) -> str:
        """Short hash of weights and config; equal fingerprints give equal scores."""

    def predict(
        self, texts: Sequence[str], labels: Sequence[str], threshold: Mapping[str, float], /
    ) -> Sequence[TaggedText]:
        """Spans of each text, from each label's threshold on, with offsets into the text."""


@dataclass(frozen=True, slots=True)
class TaggedDocument:
    """The entities of one document, by field, item and position.

    `entities` holds everything worth storing, also mere mentions (`negated`, or from a field that the label's `from`
    does not trust: see `attributes`). `coverage` counts words over all texts read.
    """

    entities: tuple[Entity, ...]
    coverage: Coverage
    text_hash: str
    tagging_hash: str
    derive_hash: str
    model: str


@dataclass(frozen=True, slots=True)
class _Piece:
    """One text of one document."""

    document: int
    field: str
    item: int
    text: str


class Tagger:
    """Tags documents of one schema. Safe to share between threads where the scorer is.

    `dictionary` is a pinned snapshot: documents never see live values, so that the same document is always tagged the
    same. Only labels that are not bound to an existing field are tagged.
    """

    def __init__(self, schema: Schema, scorer: TextScorer, dictionary: Dictionary | None = None) -> None:
        self._schema = schema
        self._scorer = scorer
        self._dictionary = dictionary
        self._tagged = set(schema.tagged_labels())
        self._texts = {text: name for name, text in schema.model_labels().items() if name in self._tagged}
        self._synonyms = {name: synonym_table(schema.labels[name]) for name in self._tagged}
        self._numbers = any(schema.labels[name].kind in ("number", "range") for name in self._tagged)
        self.tagging_hash = _hashes.tagging_hash(
            schema, model=scorer.fingerprint, generation=dictionary.generation if dictionary else None
        )
        self.derive_hash = _hashes.derive_hash(schema)

    @property
    def schema(self) -> Schema:
        return self._schema

    @property
    def asked(self) -> list[str]:
        """What the model is asked for, in words, in its order."""
        return list(self._texts)

    def texts(self, document: Mapping[str, object]) -> dict[str, list[str | None]]:
        """The texts that a document is tagged by: field → items; an item that is no text is None.

        A field may hold a text or a list of texts, and be addressed as written (`meta.title` as one key) or as a path.
        """
        found: dict[str, list[str | None]] = {}
        for field in self._schema.document_fields():
            value = _value_at(document, field)
            items = value if isinstance(value, list | tuple) else [value]
            texts = [item if isinstance(item, str) else None for item in items]
            if any(text is not None for text in texts):
                found[field] = texts
        return found

    def text_hash(self, document: Mapping[str, object]) -> str:
        """Hash of the document's texts, to see without the model whether it has changed since it was tagged."""
        return _hashes.text_hash(self.texts(document))

    def tag(self, documents: Sequence[Mapping[str, object]]) -> list[TaggedDocument]:
        """Tag many documents with one call of the scorer; a text that stands in several is scored once.

        Null, missing and non-text values are passed over: such a document has no entities and full coverage. Raises
        what the scorer raises.
        """
        texts = [self.texts(document) for document in documents]
        pieces = [
            _Piece(number, field, item, text)
            for number, fields in enumerate(texts)
            for field, items in fields.items()
            for item, text in enumerate(items)
            if text is not None
        ]
        scored = self._score(list(dict.fromkeys(piece.text for piece in pieces)))
        entities: list[list[Entity]] = [[] for _ in documents]
        coverage = [_NOTHING] * len(documents)
        for piece in pieces:
            result = scored.get(piece.text)
            entities[piece.document].extend(self._entities(piece, result))
            if result is not None:
                seen = coverage[piece.document]
                coverage[piece.document] = Coverage(
                    seen.scored + result.coverage.scored, seen.total + result.coverage.total
                )
        return [
            TaggedDocument(
                tuple(entities[number]),
                coverage[number],
                _hashes.text_hash(texts[number]),
                self.tagging_hash,
                self.derive_hash,
                self._scorer.name,
            )
            for number in range(len(documents))
        ]

    def _score(self, texts: Sequence[str]) -> dict[str, TaggedText]:
        """Text → what the model found in it. Blank texts are not scored; windows and label groups are the scorer's."""
        wanted = [text for text in texts if text.strip()]
        if not wanted or not self._texts:
            return {}
        thresholds = {text: self._schema.labels[name].store for text, name in self._texts.items()}
        return dict(zip(wanted, self._scorer.predict(wanted, self.asked, thresholds), strict=True))

    def _entities(self, piece: _Piece, scored: TaggedText | None) -> list[Entity]:
        candidates = [
            self._entity(self._texts[span.label], piece.text, span.start, span.end, span.score)
            for span in scored or ()
            if span.label in self._texts
        ]
        if self._dictionary is not None:
            candidates += [one for one in self._dictionary.find(piece.text) if self._may_look_up(one.label)]
        if self._numbers:
            matches = find_quantities(piece.text, self._schema)
            tagged = [match for match in matches if match.entity.label in self._tagged]
            stated = [stated_amount(self._schema.labels[match.entity.label], match) for match in tagged]
            candidates += [entity for entity in stated if entity is not None]
        accepted, _ = resolve(without_modifiers(candidates, self._schema), text=piece.text)
        if not accepted:
            return []
        mentions = find_mentions(piece.text, self._schema.languages)
        others = other_things(piece.text, accepted, self._schema)
        return [
            replace(
                entity,
                field=piece.field,
                item=piece.item,
                negated=entity.negated
                or at in others
                or mentions.covers(entity.start, entity.end, thing=self._is_thing(entity)),
            )
            for at, entity in enumerate(accepted)
        ]

    def _is_thing(self, entity: Entity) -> bool:
        return self._schema.labels[entity.label].position == "head"

    def _entity(self, label: str, text: str, start: int, end: int, score: float) -> Entity:
        value = canonical(self._schema.labels[label], text[start:end], self._synonyms[label], self._schema.languages)
        return Entity(label, text[start:end], value, start, end, score, "model")

    def _may_look_up(self, label: str) -> bool:
        return label in self._tagged and self._schema.labels[label].dictionary


def attributes(schema: Schema, tagged: TaggedDocument) -> tuple[list[Entity], list[Entity]]:
    """What a document's entities say of it: (attributes, mentions).

    An attribute comes from a field that the label's `from` names (with `take: first`, from the first of them that has
    one), is not under a negation or `compatible with`, and scores at least the label's boost threshold. Mentions are
    the others that reach that threshold. Attributes are ordered by trust in their field, then by position.
    """
    strong = [one for one in tagged.entities if one.score >= schema.labels[one.label].band.boost]
    rank = {
        name: {field: at for at, field in enumerate(schema.sources(name))} for name in {one.label for one in strong}
    }
    trusted = [one for one in strong if not one.negated and one.field in rank[one.label]]
    first: dict[str, int] = {}
    for one in trusted:
        place = rank[one.label][one.field or ""]
        first[one.label] = min(first.get(one.label, place), place)
    chosen = {
        id(one)
        for one in trusted
        if schema.labels[one.label].take == "all" or rank[one.label][one.field or ""] == first[one.label]
    }
    kept = [one for one in trusted if id(one) in chosen]
    kept.sort(key=lambda one: (rank[one.label][one.field or ""], one.item, one.start))
    return kept, [one for one in strong if id(one) not in chosen]


def _value_at(document: Mapping[str, object], field: str) -> object:
    if field in document:
        return document[field]
    value: object = document
    for part in field.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(part)
    return value
