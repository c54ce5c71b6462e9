"""The small shop that the end-to-end tests index: documents on purpose awkward, with one schema over them."""

from __future__ import annotations

from typing import Any

SCHEMA = """
schema: e2e_shop
index: e2e-shop
engine: opensearch
text: [title, body, tags]
relax: counts
deadline_ms: 600
labels:
  brand: {text: brand}
  product_type: {text: product type}
  color: {text: color}
  category: {kind: keyword, field: category, model: false, use: filter}
  price: {kind: number, field: price, unit: USD, model: false, use: filter}
"""

MAPPING: dict[str, Any] = {
    "properties": {
        "title": {"type": "text", "analyzer": "english"},
        "body": {"type": "text", "analyzer": "english"},
        "tags": {"type": "text"},
        "category": {"type": "keyword"},
        "price": {"type": "double"},
        "sku": {"type": "keyword"},
        "big": {"type": "long"},
        "made": {"type": "date", "format": "strict_date_optional_time||epoch_millis"},
        "parts": {"type": "nested", "properties": {"name": {"type": "keyword"}, "n": {"type": "integer"}}},
    }
}

#: Hostile documents: whatever stands in the text must reach the sidecar and the index unchanged.
HOSTILE: dict[str, dict[str, Any]] = {
    "quotes": {"title": 'Apple 12" "Retina" display \\ back\\slash', "body": "it's 'quoted'"},
    "newlines": {"title": "Nike\nrunning\tshoes\r\nred", "body": "line one\u2028line two\x85end"},
    "emoji": {"title": "👟👩‍👩‍👧 Nike Air 🇩🇪 shoes 👍🏽", "body": "𝒻𝒶𝓃𝒸𝓎 brand Adidas e\u0301clair"},
    "json-object": {"title": '{"a":1}', "body": '{"title": "Nike shoes"}'},
    "json-array": {"title": '["Nike", "red"]', "body": "[1]"},
    "parameters": {"title": "Nike ${parameters.x} shoes ${parameters.schema}", "body": "${http_body} ${a:-b}"},
    "mustache": {"title": "Nike {{title}} shoes", "body": "{{_ingest.timestamp}} {{x {{{y}}}"},
    "mustache-product": {"title": "{{Nike}} {{shoes}}"},
    "array": {"title": "Nike shoes", "tags": ["red Adidas shirt", "Sony headphones", ""]},
    "null": {"title": None, "body": "Samsung phone"},
    "nothing": {"price": 3.5},
    "empty": {"title": "", "body": "   "},
    "number-title": {"title": 1917, "body": "film"},
    "entities-like": {"title": "Nike", "entities": {"brand": ["stale"]}, "entities_meta": {"state": "done"}},
    "control": {"title": "Nike \u0000 \u0007 shoes", "body": "\ufeffbom \u202ertl \ufffd"},
}

#: About 1 MB of text without two equal sentences.
LARGE: dict[str, Any] = {
    "title": "Sony camera",
    "body": "".join(
        f"Item {n}: a black leather wallet number {n} by Gucci for {n % 97} dollars. " for n in range(15_000)
    ),
}

PRODUCTS: list[dict[str, Any]] = [
    {
        "title": f"{brand} {color} {kind}",
        "body": f"a fine {kind} in {color}",
        "category": category,
        "price": price,
        "sku": str(1000 + n),
        "big": 9007199254740993 + n,
        "made": 1700000000000 + n * 86_400_000,
        "parts": [{"name": "lace", "n": n}, {"name": "sole", "n": 2}],
    }
    for n, (brand, color, kind, category, price) in enumerate(
        [
            ("Nike", "red", "running shoes", "Shoes", 45.0),
            ("Nike", "blue", "running shoes", "Shoes", 95.0),
            ("Adidas", "red", "running shoes", "Shoes", 60.0),
            ("Adidas", "black", "backpack", "Bags", 35.0),
            ("Sony", "black", "wireless headphones", "Audio", 120.0),
            ("Bose", "white", "wireless headphones", "Audio", 250.0),
            ("Apple", "white", "smartwatch", "Watches", 399.0),
            ("Samsung", "black", "smartwatch", "Watches", 199.0),
            ("Dell", "silver", "laptop", "Computers", 899.0),
            ("Lenovo", "black", "laptop", "Computers", 649.0),
            ("Generic", "brown", "shoe laces", "Shoes", 4.5),
            ("Fossil", "brown", "leather wallet", "Bags", 25.0),
        ]
    )
]
