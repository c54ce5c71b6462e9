"""What a language says about names in a query: `values.yaml` of its pack."""

from __future__ import annotations

from functools import lru_cache

from bridge.tagging.grammar._packs import Pack, load_pack

Words = frozenset[str]


class ValuePack(Pack):
    """`values.yaml` of one language, all words in lower case and in the singular; what is left out is empty."""

    #: Prepositions before the maker, place or property of the thing that is looked for: `shoes by nike`.
    origins: Words = frozenset()
    #: Prepositions before another thing, which that one goes with or resembles: `case for samsung`.
    relations: Words = frozenset()
    #: Prepositions that open a compound at the start of a query: `over ear headphones`.
    placing: Words = frozenset()
    #: Words after a name that say the same: `hp compatible toner`.
    relating: Words = frozenset()
    #: Things that are made for another thing: `charger`, `case`.
    accessories: Words = frozenset()
    #: Names of labels whose values are names: `brand`, `director`.
    names: Words = frozenset()
    #: What whole catalogues hold, as groups of words that mean the same; the first goes with every catalogue.
    things: tuple[Words, ...] = ()


@lru_cache(maxsize=16)
def load_values(languages: tuple[str, ...]) -> ValuePack:
    """What these languages say together; an empty pack where none of them has one."""
    packs = [pack for code in languages if (pack := load_pack(code, "values", ValuePack)) is not None]
    sets = [name for name in ValuePack.model_fields if name != "things"]
    merged = {name: frozenset().union(*(getattr(pack, name) for pack in packs)) for name in sets}
    return ValuePack.model_validate({**merged, "things": [group for pack in packs for group in pack.things]})
