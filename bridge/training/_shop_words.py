"""The word lists of `bridge/models/shop_words.yaml`: product families with what is said about them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml

_FILE = Path(__file__).parent.parent / "models" / "shop_words.yaml"


class Family(NamedTuple):
    """Product types, brands, and values by label."""

    types: tuple[str, ...]
    brands: tuple[str, ...]
    values: dict[str, tuple[str, ...]]


class ShopWords(NamedTuple):
    """Families by name, price phrases, and other phrasings of the labels."""

    families: dict[str, Family]
    prices: tuple[str, ...]
    phrasings: dict[str, tuple[str, ...]]


@cache
def shop_words() -> ShopWords:
    """Read the lists."""
    raw = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    families = {}
    for name, lists in raw["families"].items():
        values = {label: _split(text) for label, text in lists.items()}
        families[name] = Family(values.pop("product type"), values.pop("brand"), values)
    phrasings = {label: _split(text) for label, text in raw["phrasings"].items()}
    return ShopWords(families, _split(raw["prices"]), phrasings)


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
