"""Words that name a label right beside a value: "brand apple", "directed by clint eastwood", "red color".

Whoever says so means that label, also where the value could be one of several, or an ordinary word.
"""

from __future__ import annotations

from bridge.entities import Entity
from bridge.schema import Schema
from bridge.tagging import match_words


def is_named(text: str, entity: Entity, schema: Schema) -> bool:
    """Whether the label's name, its text or one of its cues stands right before the entity, or right behind it."""
    label = schema.labels[entity.label]
    before = [word.stem for word in match_words(text[: entity.start])]
    behind = [word.stem for word in match_words(text[entity.end :])]
    for said in (entity.label.replace("_", " "), label.text or "", *label.cues):
        words = [word.stem for word in match_words(said)]
        if words and (before[-len(words) :] == words or behind[: len(words)] == words):
            return True
    return False
