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
    ordinals: Words = frozenset()
    participles: Words = frozenset()
    #: Words before a value that say that the thing only looks so: `faux leather`.
    sham: Words = frozenset()
    #: Units of ways to a place: `within 25 miles of austin`.
    ways: Words = frozenset()
    #: What is told about somebody or something: `biography of jane austen`.
    topics: Words = frozenset()
    #: Words of which titles are made: `the art of war`, `orange is the new black`.
    articles: Words = frozenset()
    of: Words = frozenset()
    copulas: Words = frozenset()
    #: Names of labels whose values are languages; words before and behind a value that mean a language and no nation.
    languages: Words = frozenset()
    within: Words = frozenset()
    versions: Words = frozenset()
    #: Words for several things of a kind: `set of 4 chairs`.
    containers: Words = frozenset()
    #: Verbs whose preposition leads to what is looked for, and other words that ask: `looking for a`, `i need a`.
    asking: Words = frozenset()
    requests: Words = frozenset()
    #: Names of labels whose values describe and are never the thing looked for: `color`.
    qualities: Words = frozenset()
    #: Names of labels whose values are places.
    places: Words = frozenset()
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
