"""What a language says about names in documents: `documents.yaml` of its pack."""

from __future__ import annotations

from functools import lru_cache

from bridge.tagging.grammar._packs import Pack, load_pack

Words = frozenset[str]
Phrases = tuple[str, ...]


class DocumentPack(Pack):
    """`documents.yaml` of one language, all words in lower case, things in the singular; what is left out is empty."""

    #: What follows (or stands before) is denied: `contains no nuts`, `charger not included`.
    denied: Phrases = ()
    denied_after: Phrases = ()
    #: What follows is another thing, which this one only goes with: `toner compatible with HP`.
    relations: Phrases = ()
    #: Words before a purpose and before a part: `holder for phones`, `chair with cushion`.
    purposes: Words = frozenset()
    parts: Words = frozenset()
    #: Words that end the reach of all these.
    breaks: Phrases = ()
    #: Things made for another thing, beside those of `values.yaml`.
    accessories: Words = frozenset()
    #: Of all accessories, words that say no more than that: `mount accessory`.
    generic: Words = frozenset()
    #: Words in `-er` or `-or` that are no tools: `laptop computer`.
    no_tools: Words = frozenset()


@lru_cache(maxsize=16)
def load_documents(languages: tuple[str, ...]) -> DocumentPack:
    """What these languages say together; an empty pack where none of them has one."""
    packs = [pack for code in languages if (pack := load_pack(code, "documents", DocumentPack)) is not None]
    merged: dict[str, object] = {}
    for name in DocumentPack.model_fields:
        words = [word for pack in packs for word in getattr(pack, name)]
        merged[name] = tuple(dict.fromkeys(words))
    return DocumentPack.model_validate(merged)
