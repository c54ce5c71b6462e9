"""Values that labels typically have, and other names of labels, from the word lists that ship."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import yaml

from bridge.training._shop_words import shop_words

_MODELS = Path(__file__).parents[2] / "models"
_FILE, _THINGS = _MODELS / "label_values.yaml", _MODELS / "things.txt.gz"


def typical_values(label: str) -> tuple[str, ...]:
    """Values of a label, or of one that it is another name of; empty where the lists do not know it."""
    return _values().get(_known_name(label), ())


def other_names(label: str) -> tuple[str, ...]:
    """Other names of a label, from the same lists, without itself."""
    known = _known_name(label)
    return tuple(name for name in (known, *_names().get(known, ())) if known and name != label)


@cache
def thing_names() -> tuple[str, ...]:
    """Names of two to four words for food and what people make (WordNet 3.0): `garlic salt`, `cutting board`."""
    return tuple(gzip.decompress(_THINGS.read_bytes()).decode("ascii").split("\n")[:-1])


def _known_name(label: str) -> str:
    folded = label.casefold()
    if folded in _values():
        return folded
    return next((name for name, others in _names().items() if folded in others), "")


@cache
def _values() -> Mapping[str, tuple[str, ...]]:
    own = {label: _split(entry["values"]) for label, entry in _file().items()}
    listed = {value for values in own.values() for value in values}
    lists: dict[str, dict[str, None]] = {}
    for family in shop_words().families.values():
        for label, values in (("product type", family.types), ("brand", family.brands), *family.values.items()):
            # The file says better whose a value is: `dark roast` is a preparation there, and no flavor.
            kept = (value for value in values if label not in own or value in own[label] or value not in listed)
            lists.setdefault(label, {}).update(dict.fromkeys(kept))
    for label, listed_values in own.items():
        lists.setdefault(label, {}).update(dict.fromkeys(listed_values))
    return {label: tuple(values) for label, values in lists.items()}


@cache
def _names() -> Mapping[str, tuple[str, ...]]:
    names = {label: list(others) for label, others in shop_words().phrasings.items()}
    for label, entry in _file().items():
        names[label] = list(dict.fromkeys([*names.get(label, []), *_split(entry["names"])]))
    return {label: tuple(others) for label, others in names.items()}


@cache
def _file() -> Mapping[str, Mapping[str, str]]:
    lists: Mapping[str, Mapping[str, str]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return lists


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
