"""The words that deny something, and where they only look like it.

Which words are cues, and beside which words they are none, says the language's pack
(`bridge/tagging/grammar/<language>/negation.yaml`). Words that only look like one are left alone: `sugar-free` and
`non-stick` are single words, a cue that opens the query is a title (`no man's sky`, `not another teen movie`), and so
is one inside a stored value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bridge.entities import Entity
from bridge.query._syntax import Syntax
from bridge.query._words import FUNCTION_WORDS, Range, first_after, last_before, overlaps, words
from bridge.tagging.grammar import NegationPack, load_negation, phrase_pattern

#: Two kinds of cue differ in what may happen to free text, that is to words that are no entity:
#:   exclude  (`not`, `except`, `-word`) names things not wanted: documents that say the word may be demoted;
#:   lack     (`without`, `no`) names a missing feature: documents that have it missing *say the word too* ("shoes
#:            without laces"), so free text under it stays part of the text and nothing is demoted.
#: What an opening cue reaches is neither wanted nor unwanted for sure, and so is what a vague one does ("food is not
#: enough", "never bose"): it is left as text.
Kind = Literal["exclude", "lack", "opening", "vague"]
#: Kinds of cues of which nobody knows what they mean for what they reach, and why.
UNCLEAR: dict[Kind, str] = {
    "opening": "follows an opening negation, which may be a title",
    "vague": "follows a negation that may belong to a sentence",
}


@dataclass(frozen=True, slots=True)
class Cue:
    """A negation word and what kind it is."""

    start: int
    end: int
    kind: Kind


def find_cues(
    text: str, syntax: Syntax, values: Iterable[Range], languages: Sequence[str], limits: Iterable[Range] = ()
) -> list[Cue]:
    """The negation cues of a text, in order.

    `values` are ranges of stored values, `limits` those of quantities: a cue inside one belongs to it ("no sugar
    added"), and a limit behind an exception is wanted ("backpacks but under 2 kg").
    """
    cues: list[Cue] = []
    limits = list(limits)
    limited = {start for start, _ in limits}
    closed = [
        *values,
        *limits,
        *syntax.protected,
        *(item.whole for item in syntax.named),
        *(e.whole for e in syntax.excluded),
    ]
    found = words(text)
    opens = next((word.start for word in found if word.folded not in FUNCTION_WORDS), len(text))
    grammar = _grammar(tuple(languages))
    pack = grammar.pack
    universal = next((word.start for word in found if word.folded in pack.universal), len(text))
    for match in grammar.pattern.finditer(text):
        span = match.span()
        after, previous = first_after(found, match.end()), last_before(found, match.start())
        if after is None or any(overlaps(span, other) for other in closed):
            continue
        cue = _plain(match.group())
        kind = grammar.kinds[cue]
        before = "" if previous is None else _plain(found[previous].folded)
        if cue in pack.numbering and found[after].folded[:1].isdigit():
            continue  # "chanel no 5"
        if cue in pack.excepting:
            # "any laptop but dell", but neither "nothing but sony" nor "not a mouse but a keyboard".
            if before in pack.only or cues or found[after].start in limited:
                continue
            kind = "exclude" if universal < match.start() else "vague"
        elif _plain(found[after].folded) in grammar.not_before or before in grammar.not_after:
            kind = "vague"
        elif opens >= match.start():
            # Of free text behind an opening cue nobody knows whether it is a title.
            kind = "lack" if cue in grammar.opening else "opening"
        start = span[0]
        if cues and not text[cues[-1].end : start].strip():
            start = cues.pop().start  # "not not red", "except without laces": one negation
        cues.append(Cue(start, span[1], kind))
    return cues


def is_cue(text: str, languages: Sequence[str]) -> bool:
    """Whether a text begins with a negation word."""
    return _grammar(tuple(languages)).pattern.match(text) is not None


def is_free_of(text: str, entity: Entity, languages: Sequence[str]) -> bool:
    """Whether the words around an entity make it a thing to be free of (`gluten free bread`, `non dairy creamer`)."""
    pack = _grammar(tuple(languages)).pack
    found = words(text)
    after, before = first_after(found, entity.end), last_before(found, entity.start)
    if before is not None and found[before].folded in pack.free_before:
        return not text[found[before].end : entity.start].strip(" -")
    if after is None or found[after].folded not in pack.free_after or text[entity.end : found[after].start].strip(" -"):
        return False
    return after + 1 >= len(found) or found[after + 1].folded not in pack.free_compounds


@dataclass(frozen=True, slots=True)
class _Grammar:
    """A pack made ready; its words in the form that `_plain` gives."""

    pack: NegationPack
    pattern: re.Pattern[str]
    kinds: Mapping[str, Kind]
    opening: frozenset[str]
    not_before: frozenset[str]
    not_after: frozenset[str]


@lru_cache(maxsize=16)
def _grammar(languages: tuple[str, ...]) -> _Grammar:
    pack = load_negation(languages)
    phrases = phrase_pattern((*pack.exclude, *pack.lack, *pack.vague, *pack.excepting))
    pattern = re.compile(rf"(?<![\w'’&./-]){phrases}(?![\w'’&./-])", re.IGNORECASE)
    kinds: dict[str, Kind] = {_plain(phrase): "exclude" for phrase in pack.exclude}
    kinds |= {_plain(phrase): "lack" for phrase in pack.lack}
    kinds |= {_plain(phrase): "vague" for phrase in (*pack.vague, *pack.excepting)}
    opening, before, after = (
        frozenset(_plain(one) for one in listed) for listed in (pack.opening, pack.not_before, pack.not_after)
    )
    return _Grammar(pack, pattern, kinds, opening, before, after)


def _plain(words_: str) -> str:
    """Folded words with one space between them and without apostrophes: `Don’t  want` is `dont want`."""
    return re.sub(r"\s+", " ", words_.casefold().replace("'", "").replace("’", ""))
