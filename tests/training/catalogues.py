"""A catalogue of laptops and toner cartridges, and what an example says of its words."""

from __future__ import annotations

from typing import Any

from bridge.evaluation import Example

SCHEMA = """
schema: shop
index: shop
text: [title, description]
labels:
  product_type: {field: attributes.type, position: head}
  brand: {field: brand}
  color: {field: attributes.color}
  memory: {kind: number, field: attributes.memory, unit: gb, cues: [ram]}
  compatible_product: {field: attributes.fits}
  price: {kind: number, field: price, unit: USD}
"""
BRANDS, COLORS, TYPES = ["Kingston Technology", "Acme", "Sony"], ["Black", "Light blue"], ["Laptop", "Toner cartridge"]


def document(at: int) -> dict[str, Any]:
    brand, color, kind = BRANDS[at % 3], COLORS[at % 2], TYPES[at % 2]
    return {
        "title": f"{brand} X{at} {kind} {color} {8 + at % 4} GB",
        "brand": brand,
        "price": 10.0 + at,
        "attributes": {"type": kind, "color": color, "memory": 8 + at % 4, "fits": "HP P4015, OKI C610", "ok": True},
    }


DOCUMENTS = [document(at) for at in range(60)]


def said(example: Example) -> set[tuple[str, str]]:
    return {(" ".join(example.words[m.first : m.last + 1]), m.label) for m in example.mentions}
