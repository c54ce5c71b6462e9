"""The schema: one YAML file that says what a business searches by, for documents and queries alike.

schema = load_schema("examples/grocery/schema.yaml")
schema.model_labels()                                   # {"brand": "brand", "product_type": "product type", …}
normalise(schema.labels["brand"], " Crème  de la Mer ") # "crème de la mer"
"""

from bridge.schema._edit import set_keys
from bridge.schema._load import json_schema, load_schema, load_schemas, parse_schema
from bridge.schema._mapping import check_mapping
from bridge.schema._models import Band, Kind, Label, ModelSettings, Schema
from bridge.schema._normalise import NORMALISERS, fold, normalise
from bridge.schema._units import CURRENCIES, MEASURES, Currency, Measure, convert, is_currency
from bridge.schema._yaml import read_yaml

__all__ = [
    "CURRENCIES",
    "MEASURES",
    "NORMALISERS",
    "Band",
    "Currency",
    "Kind",
    "Label",
    "Measure",
    "ModelSettings",
    "Schema",
    "check_mapping",
    "convert",
    "fold",
    "is_currency",
    "json_schema",
    "load_schema",
    "load_schemas",
    "normalise",
    "parse_schema",
    "read_yaml",
    "set_keys",
]
