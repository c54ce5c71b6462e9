"""The two example catalogues as the parser sees them: their schemas, their real values and fill rates."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge.clauses import Clause, Plan
from bridge.entities import Coverage, Span, TaggedText
from bridge.query import QueryParser, StaticValues
from bridge.schema import Schema, load_schema, parse_schema

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class TableScorer:
    """Stands for the model where a test is about the decisions that follow it: words → (label text, score)."""

    table: dict[str, tuple[str, float]]
    name: str = "table"
    fingerprint: str = "table"

    def predict(self, texts, labels, threshold=0.5, **_):  # type: ignore[no-untyped-def]
        def least(label: str) -> float:
            return threshold.get(label, 0.5) if isinstance(threshold, dict) else threshold

        found = []
        for text in texts:
            spans = [
                Span(text.index(words), text.index(words) + len(words), words, label, score)
                for words, (label, score) in self.table.items()
                if words in text and label in labels and score > least(label)
            ]
            found.append(TaggedText(text, tuple(sorted(spans, key=lambda s: s.start)), Coverage(1, 1)))
        return found


def _catalogue(name: str) -> tuple[Schema, StaticValues]:
    folder = ROOT / "examples" / name
    schema = load_schema(folder / "schema.yaml")
    with gzip.open(folder / "documents.jsonl.gz", "rt", encoding="utf-8") as lines:
        documents = [json.loads(line) for line in lines]
    categories = Counter(document["category"] for document in documents)
    fields = ("category", "price")
    rates = {field: sum(document.get(field) is not None for document in documents) / len(documents) for field in fields}
    return schema, StaticValues.of(schema, {"category": dict(categories)}, rates)


@pytest.fixture(scope="session")
def grocery() -> QueryParser:
    """Groceries with the values of the shipped documents and without a model."""
    schema, values = _catalogue("grocery")
    return QueryParser(schema, None, values)


@pytest.fixture(scope="session")
def products() -> QueryParser:
    """General products with the values of the shipped documents and without a model."""
    schema, values = _catalogue("products")
    return QueryParser(schema, None, values)


SHOP = """
schema: shop
index: shop
engine: opensearch
text: [title, description]
labels:
  brand: {field: brand, use: filter, relax: 1, consume: true}
  category: {field: category, use: filter, relax: 2}
  color: {use: boost}
  feature: {text: product feature, use: boost}
  price: {kind: number, field: price, unit: USD, use: filter, model: false}
"""
SHOP_VALUES = {
    "brand": {"Nike": 40, "Adidas": 30, "Apple": 20, "apple": 5, "Target": 3, "Jumpers": 2},
    "category": {"Shoes": 70, "Running Shoes": 30, "Laptops": 20, "Laptop Cases": 9, "Jumpers": 8, "Coats": 4},
    "color": {"red": 20, "blue": 20, "black": 30},
    "feature": {"laces": 10, "sugar free": 3, "noise cancelling": 4},
}
SHOP_RATES = {"brand": 0.99, "category": 1.0, "price": 1.0, "entities.color": 0.6, "entities.feature": 0.4}

Shop = Callable[..., QueryParser]


@pytest.fixture
def shop() -> Shop:
    """A shop with brands, colours and features; `shop({words: (label text, score)}, yaml=…, rates=…)`."""

    def make(
        table: dict[str, tuple[str, float]] | None = None,
        *,
        yaml: str = SHOP,
        values: dict[str, dict[str, int]] = SHOP_VALUES,
        rates: dict[str, float] = SHOP_RATES,
    ) -> QueryParser:
        schema = parse_schema(yaml)
        scorer = TableScorer(table) if table is not None else None
        return QueryParser(schema, scorer, StaticValues.of(schema, values, rates))  # type: ignore[arg-type]

    return make


def roles(plan: Plan) -> dict[str, str]:
    """Clause name (without prefix) → role."""
    return {clause.name.removeprefix("bridge:"): clause.role for clause in plan.clauses}


def clause(plan: Plan, name: str) -> Clause:
    """The clause of that name, without the prefix."""
    return next(c for c in plan.clauses if c.name == f"bridge:{name}")


def reasons(plan: Plan) -> str:
    """All of explain in one string."""
    return "\n".join(f"{line.entity.text if line.entity else ''}: {line.reason}" for line in plan.explain)
