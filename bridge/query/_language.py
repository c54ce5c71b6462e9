"""Which texts the grammar and the model may read: DESIGN's `languages`.

A text in another language or script gets exact stored values as boosts and nothing else: its words for `under` and
`without` are unknown, and a word that looks like a value may be another word. The caller may say the language; else the
script tells, and among languages in Latin letters their function words ("ohne", "avec"), with what is known of the
schema's own words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bridge.query._words import Range, words
from bridge.schema import Schema, fold
from bridge.tagging.grammar import (
    Vocabulary,
    known_languages,
    load_function_words,
    load_vocabulary,
    phrase_pattern,
    unit_words,
)

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
_OTHER_SCRIPTS = frozenset().union(*_SCRIPTS.values())
#: Scripts written without spaces: each character weighs as a word.
_UNSPACED = frozenset({"CJK", "HIRAGANA", "KATAKANA", "THAI"})
_SCRIPT = "the text's script is not one of the schema's languages"
_LANGUAGE = "the text's language is not one of the schema's"
_LETTERS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What function words say: of the schema's own languages, and language by language of the others."""

    home: frozenset[str]
    sure: dict[str, frozenset[str]]
    shared: dict[str, frozenset[str]]
    #: Everyday words of the others, and units that no language owns: `30 liter`.
    things: dict[str, frozenset[str]]
    units: frozenset[str]
    vocabulary: Vocabulary | None
    #: Expressions that the schema's languages took from others.
    loans: re.Pattern[str]


def foreign_reason(text: str, schema: Schema, language: str | None, stored: Sequence[Range] = ()) -> str | None:
    """Why a text is outside of the schema's languages; None when it is inside.

    A language given by the caller decides. Words inside the `stored` ranges (values that documents carry) are names,
    in whatever language.
    """
    known = {_base(one) for one in schema.languages}
    if language:
        return None if _base(language) in known else _LANGUAGE
    names = bytearray(len(text))
    known_words = evidence(tuple(schema.languages))
    for start, end in (*stored, *(match.span() for match in known_words.loans.finditer(_bare(text)))):
        names[start:end] = b"\1" * (end - start)
    script = _main_script(text, names)
    if script is None:
        return None
    if script != "LATIN":
        return None if _SCRIPTS.get(script, frozenset()) & known else _SCRIPT
    if not known - _OTHER_SCRIPTS:
        return _SCRIPT
    return _LANGUAGE if _is_foreign(text, known_words, names) else None


@lru_cache(maxsize=16)
def evidence(languages: tuple[str, ...]) -> _Evidence:
    """The words to look for where these are the schema's languages; read once."""
    known = {_base(one) for one in languages}
    packs = {code: load_function_words(code) for code in known_languages()}
    own = [pack for code, pack in packs.items() if code in known]
    # "90 min" is an amount, and no Swedish.
    units = frozenset(unit_words(languages))
    home = units.union(*(pack.all | pack.shared for pack in own))
    others = {code: pack for code, pack in packs.items() if code not in known}
    return _Evidence(
        home,
        {code: pack.all - home for code, pack in others.items()},
        {code: pack.shared for code, pack in others.items()},
        {code: pack.things - home for code, pack in others.items()},
        units,
        load_vocabulary(languages) if own else None,
        re.compile(rf"\b{phrase_pattern(phrase for pack in own for phrase in pack.loans)}\b"),
    )


def _is_foreign(text: str, known: _Evidence, names: bytearray) -> bool:
    """Whether function words of one other language stand in a text, and none of the schema's own.

    Words that several languages share count where there are two of them, where nothing else stands, or beside words
    that are not ordinary in the schema's languages. Everyday words (`fernseher`) count where they outnumber the
    ordinary ones: "queso dip" is English.
    """
    found = _tokens(text, names)
    if not found:
        return False
    content = {word for word in found if word not in known.home and _LETTERS.fullmatch(word)}
    vocabulary = known.vocabulary
    common = {word for word in found if vocabulary is not None and word.isascii() and vocabulary.is_common(word)}
    for code, sure in known.sure.items():
        shared = known.shared[code]
        things = found & known.things[code]
        structured = found & (known.home - known.units - shared - sure)
        if things and not structured and len((content - shared - things) & common) < len(things):
            return True
        if found & (known.home - shared - sure):
            continue
        weak = found & (shared - known.home)
        rest = content - shared
        native = len(rest & common)
        strange = len(rest) - native
        if found & sure or (len(weak) > 1 and not weak <= common) or (weak and weak == found):
            return True
        if weak and strange and strange >= native and not (native and weak <= common):
            return True
    # Letters that the schema's languages hardly use, in words that they do not know, and nothing that they do.
    if vocabulary is None or found & known.home or any(vocabulary.knows(fold(word)) for word in content):
        return False
    return any(not word.isascii() for word in content)


def _tokens(text: str, names: bytearray) -> set[str]:
    """The words outside of names, without numbers."""
    return {word.folded for word in words(text) if not names[word.start] and not word.folded[0].isdigit()}


def _main_script(text: str, names: bytearray) -> str | None:
    """The script of most words outside of names, of all words where there are no others."""
    if text.isascii():
        return "LATIN" if any(map(str.isalpha, text)) else None
    for left_out in (names, bytearray(len(text))):
        scripts: dict[str, int] = {}
        before = ""
        for at, character in enumerate(text):
            script = _script(character) if character.isalpha() else ""
            if script and not left_out[at]:
                scripts[script] = scripts.get(script, 0) + (script != before or script in _UNSPACED)
            if not unicodedata.combining(character):
                before = script
        if scripts:
            return max(sorted(scripts), key=lambda script: scripts[script])
    return None


def _bare(text: str) -> str:
    """The text in lower case and without accents, character by character, so that offsets stay."""
    if text.isascii():
        return text.lower()
    return "".join(unicodedata.normalize("NFD", character)[0].lower()[0] for character in text)


def _base(language: str) -> str:
    return language.replace("_", "-").split("-")[0].strip().casefold()


@lru_cache(maxsize=8192)
def _script(character: str) -> str:
    if character.isascii():
        return "LATIN"
    name = unicodedata.name(character, "UNKNOWN").split(" ")[0].split("-")[0]
    return "LATIN" if name in ("FULLWIDTH", "FEMININE", "MASCULINE", "MODIFIER") else name
