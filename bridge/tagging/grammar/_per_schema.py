"""What a grammar prepares once for each schema."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from bridge.schema import Schema

T = TypeVar("T")
#: Schemas whose preparations are kept.
_KEPT = 64


def per_schema(prepare: Callable[[Schema], T]) -> Callable[[Schema], T]:
    """Keep what a function gives for the schemas asked for last, by identity: a schema never changes."""
    kept: OrderedDict[int, tuple[Schema, T]] = OrderedDict()

    def prepared(schema: Schema) -> T:
        found = kept.get(id(schema))
        if found is None:
            # The entry holds the schema, so that no other one can get its identity while it is kept.
            found = kept[id(schema)] = (schema, prepare(schema))
            while len(kept) > _KEPT:
                kept.popitem(last=False)
        return found[1]

    return prepared
