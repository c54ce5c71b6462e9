"""Which texts the grammar and the model may read: DESIGN's `languages`."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from bridge.schema import Schema

#: Languages written in each script other than Latin, as far as a schema is likely to name them.
_SCRIPTS: dict[str, frozenset[str]] = {
    "CYRILLIC": frozenset({"ru", "uk", "bg", "sr", "mk", "be", "kk"}),
    "GREEK": frozenset({"el"}),
    "HEBREW": frozenset({"he", "yi"}),
    "ARABIC": frozenset({"ar", "fa", "ur"}),
    "DEVANAGARI": frozenset({"hi", "mr", "ne"}),
    "THAI": frozenset({"th"}),
    "HANGUL": frozenset({"ko"}),
    "HIRAGANA": frozenset({"ja"}),
    "KATAKANA": frozenset({"ja"}),
    "CJK": frozenset({"zh", "ja"}),
}


def foreign_reason(text: str, schema: Schema, language: str | None) -> str | None:
    """Why a text is outside of the schema's languages; None when it is inside.

    A language given by the caller decides; else the script of most letters does. Latin text counts as the schema's
    language when the schema has one that is written in Latin letters: telling Latin languages apart on a few words
    fails more often than it helps.
    """
    known = {_base(one) for one in schema.languages}
    if language is not None:
        return None if _base(language) in known else "the text's language is not one of the schema's"
    scripts: dict[str, int] = {}
    for character in text:
        if character.isalpha():
            script = _script(character)
            scripts[script] = scripts.get(script, 0) + 1
    if not scripts:
        return None
    main = max(sorted(scripts), key=lambda script: scripts[script])
    if main == "LATIN":
        others = frozenset().union(*_SCRIPTS.values())
        return None if known - others else "the text's script is not one of the schema's languages"
    return None if _SCRIPTS.get(main, frozenset()) & known else "the text's script is not one of the schema's languages"


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].strip().casefold()


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    if character.isascii():
        return "LATIN"
    name = unicodedata.name(character, "UNKNOWN").split(" ")[0].split("-")[0]
    return "LATIN" if name in ("FULLWIDTH", "FEMININE", "MASCULINE", "MODIFIER") else name
