"""What the model knew before, as texts: its own reading of them under labels of other shops.

Training on a catalogue's labels alone makes a model forget what others mean. Texts of the catalogue and of the shipped
word lists, read by the model before it is trained, keep it: what it was sure of is taught again with the score that it
had, what it was unsure of is left open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bridge.evaluation import Example, Mention, read_examples
from bridge.training._batches import TrainingSet
from bridge.training.catalog._mined import TitleReader

_MODELS = Path(__file__).parents[2] / "models"
_RECIPE = _MODELS / "recipe.yaml"
#: The set of the recipe whose texts are shop queries, and 2,500 of its annotated texts.
_SHOP = "queryner"
_SHOP_QUERIES = _MODELS / "shop_queries.jsonl.xz"
#: Spans above the first score are taught again, those between are left open.
_SURE, _UNSURE = 0.5, 0.25


def remembered(reader: TitleReader, texts: Iterable[Example], labels: Sequence[str]) -> list[Example]:
    """The texts, annotated by the model with `labels` instead of what they say of themselves.

    Args:
        reader: the model that training starts from.
        texts: any; their own annotation is not looked at.
        labels: all are asked for at once.
    """
    given = [example for example in texts if example.words]
    found = reader.predict([example.text for example in given], labels, _UNSURE, batch_size=32)
    result = []
    for example, spans in zip(given, found, strict=True):
        begins: dict[int, int] = {}
        ends: dict[int, int] = {}
        at = 0
        for number, word in enumerate(example.words):
            begins[at], ends[at + len(word)] = number, number
            at += len(word) + 1
        placed = [
            (begins[s.start], ends[s.end], s.label, s.score) for s in spans if s.start in begins and s.end in ends
        ]
        mentions = tuple(Mention(a, b, label, round(score, 3)) for a, b, label, score in placed if score >= _SURE)
        unknown = tuple((a, b) for a, b, _, score in placed if score < _SURE)
        result.append(Example(example.words, mentions, unknown=unknown))
    return result


def shop_labels() -> tuple[str, ...]:
    """Labels of the shop queries that the embedded model was trained on, as its recipe names them."""
    return tuple(_shop_phrasings())


def real_queries(weight: float) -> TrainingSet:
    """Queries that people typed into a shop, annotated by hand: some of those that the embedded model learnt from."""
    phrasings = dict(_shop_phrasings())
    return TrainingSet("real", read_examples(_SHOP_QUERIES), weight, phrasings=phrasings, possible=())


@cache
def _shop_phrasings() -> Mapping[str, list[str]]:
    sets: Sequence[Mapping[str, Any]] = yaml.safe_load(_RECIPE.read_text("utf-8"))["sets"]
    return next(one["phrasings"] for one in sets if one["name"] == _SHOP)
