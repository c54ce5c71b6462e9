"""Keys set in a schema's text: everything else of the file stays as it was written."""

from __future__ import annotations

import pytest

from bridge.errors import SchemaError
from bridge.schema import parse_schema, set_keys

TEXT = """# Shop
schema: shop  # the name
index: "shop"
text: [title]
labels:
  brand:            # the maker

    text: maker
    # found in titles
    band:
      filter: 0.9   # careful
      boost: 0.5

  color: {}
  size: {store: 0.2}   # of clothes
"""


def test_keys_are_added_and_replaced_and_comments_stay() -> None:
    band = {"filter": 0.7, "boost": 0.5}
    changed = set_keys(
        TEXT,
        {
            ("labels", "brand", "precision"): 0.97,
            ("labels", "brand", "band"): band,
            ("labels", "color", "precision"): 0.5,
            ("labels", "size", "store"): 0.1,
            ("labels", "size", "band"): band,
            ("target_precision",): 0.95,
        },
    )
    schema = parse_schema(changed)
    assert schema.target_precision == 0.95
    assert (schema.labels["brand"].precision, schema.labels["brand"].band.filter) == (0.97, 0.7)
    assert (schema.labels["color"].precision, schema.labels["size"].store) == (0.5, 0.1)
    for kept in ("# Shop\n", "schema: shop  # the name\n", 'index: "shop"', "# the maker", "# found in titles"):
        assert kept in changed
    assert "}   # of clothes\n" in changed


def test_setting_a_key_twice_is_setting_it_once() -> None:
    keys = {("labels", "brand", "precision"): 0.9}
    assert set_keys(set_keys(TEXT, keys), keys) == set_keys(TEXT, keys)


def test_what_is_not_there_or_stands_elsewhere_is_refused() -> None:
    with pytest.raises(SchemaError, match=r"there is no labels\.shape"):
        set_keys(TEXT, {("labels", "shape", "precision"): 0.9})
    aliased = TEXT.replace("brand:  ", "brand: &one") + "  other: *one\n"
    with pytest.raises(SchemaError, match="alias"):
        set_keys(aliased, {("labels", "other", "precision"): 0.9})
