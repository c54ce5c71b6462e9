"""Values that labels typically have, from the word lists that ship (`bridge/models/shop_words.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from bridge.training._shop_words import shop_words


def typical_values(label: str) -> tuple[str, ...]:
    """Values of a label, or of one that it is another name of; empty where the lists do not know it."""
    return _lists().get(_known_name(label), ())


def other_names(label: str) -> tuple[str, ...]:
    """Other names of a label, from the same lists, without itself."""
    known = _known_name(label)
    if not known:
        return ()
    return tuple(name for name in (known, *shop_words().phrasings.get(known, ())) if name != label)


def _known_name(label: str) -> str:
    folded = label.casefold()
    if folded in _lists():
        return folded
    return next((name for name, others in shop_words().phrasings.items() if folded in others), "")


@cache
def _lists() -> Mapping[str, tuple[str, ...]]:
    lists: dict[str, dict[str, None]] = {}
    for family in shop_words().families.values():
        for label, values in (("product type", family.types), ("brand", family.brands), *family.values.items()):
            lists.setdefault(label, {}).update(dict.fromkeys(values))
    return {label: tuple(values) for label, values in lists.items()}
