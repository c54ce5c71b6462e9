"""Which spans of a document are mere mentions: under a negation, or of a thing that the product only goes with.

`toner compatible with HP`, `charger not included`, `contains no nuts or soy`: HP, charger and nuts are no attributes.
Which words say so is in the language's pack (`grammar/<language>/documents.yaml`).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bridge.tagging.grammar import load_documents, load_function_words, phrase_pattern

#: Words that a cue reaches in each part of a list: `no palm oil, hydrogenated oil or colorings` has three parts.
_NEGATED_PART = 4
_RELATED_PART = 6
#: The same for things: in `no sugar keto bar` the bar is there.
_NEAR_PART = 2
#: Words that a cue reaches in all.
_REACH = 40
#: Words that may stand between a thing and `not included`: `plate and flower are not included`.
_AFTER_REACH = 6

_WORD = re.compile(r"\w+(?:[’'.-]\w+)*|[,/&]")
_JOINS = frozenset({",", "/", "&"})


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Sorted ranges apart from each other."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    def cover(self, start: int, end: int) -> bool:
        at = bisect_right(self.starts, start)
        return at > 0 and self.ends[at - 1] >= end


@dataclass(frozen=True, slots=True)
class Mentions:
    """The stretches of one text in which what is named is only mentioned."""

    all: _Ranges = _Ranges()
    near: _Ranges = _Ranges()

    def covers(self, start: int, end: int, *, thing: bool = False) -> bool:
        """Whether a span lies wholly inside a stretch under a cue. Cues inside the span itself do not count.

        A `thing`, what the document may be about, must stand near a negation.
        """
        return (self.near if thing else self.all).cover(start, end)


@dataclass(frozen=True, slots=True)
class _Patterns:
    denied: re.Pattern[str]
    denied_after: re.Pattern[str]
    relations: re.Pattern[str]
    #: Where the reach of a cue ends: the end of a sentence or clause; no comma and no decimal point ends it.
    breaks: re.Pattern[str]
    joins: frozenset[str]
    determiners: frozenset[str]


def find_mentions(text: str, languages: Sequence[str] = ("en",)) -> Mentions:
    """The stretches under a cue; linear in the text's length (times the logarithm of its cues)."""
    patterns = _patterns(tuple(languages))
    denied = [match.end() for match in patterns.denied.finditer(text)]
    related = [match.end() for match in patterns.relations.finditer(text)]
    trailing = [match.start() for match in patterns.denied_after.finditer(text)]
    if not denied and not related and not trailing:
        return Mentions()
    breaks = [(match.start(), match.end()) for match in patterns.breaks.finditer(text)]
    words = list(_WORD.finditer(text))
    word_starts = [word.start() for word in words]

    def reached(starts: Sequence[int], part: int) -> list[tuple[int, int]]:
        ranges = []
        for start in starts:
            at = bisect_left(breaks, (start, 0))
            limit = breaks[at][0] if at < len(breaks) else len(text)
            first = bisect_left(word_starts, start)
            ranges.append((start, _reach(words, first, part, limit, patterns)))
        return ranges

    other = reached(related, _RELATED_PART)
    for end in trailing:
        at = bisect_right(breaks, (end, 0))
        start = breaks[at - 1][1] if at else 0
        other.append((_reach_back(words, bisect_left(word_starts, end), start, patterns), end))
    return Mentions(_merged([*other, *reached(denied, _NEGATED_PART)]), _merged([*other, *reached(denied, _NEAR_PART)]))


def _reach(words: Sequence[re.Match[str]], first: int, part: int, limit: int, patterns: _Patterns) -> int:
    """Where the reach of a cue ends: after `part` words without a comma, `and` or `or`, or at `limit`."""
    count = 0
    end = 0
    for at in range(first, min(first + _REACH, len(words))):
        word = words[at]
        form = word.group().lower()
        if word.start() >= limit:
            break
        if form in patterns.joins:
            count = 0
            continue
        count += form not in patterns.determiners
        if count > part:
            return end
        end = word.end()
    return end


def _reach_back(words: Sequence[re.Match[str]], last: int, limit: int, patterns: _Patterns) -> int:
    """Where the reach of a cue behind a thing begins: at the comma before it, or before the list that it ends."""
    start = words[last].start() if last < len(words) else limit
    joined = False
    for at in range(last - 1, max(last - 1 - _AFTER_REACH, -1), -1):
        form = words[at].group().lower()
        if words[at].start() < limit or (form == "," and not joined):
            break
        joined = joined or (form != "," and form in patterns.joins)
        start = words[at].start()
    return start


@lru_cache(maxsize=16)
def _patterns(languages: tuple[str, ...]) -> _Patterns:
    pack = load_documents(languages)
    words = [load_function_words(code) for code in languages]
    joins = frozenset().union(_JOINS, *(one.choices | one.additions for one in words))
    determiners = frozenset().union(*(one.determiners for one in words))
    denied, after, relations = (
        re.compile(rf"(?<!\w){phrase_pattern(phrases)}(?!\w)", re.IGNORECASE)
        for phrases in (pack.denied, pack.denied_after, pack.relations)
    )
    marks = r"\.(?![0-9])|[!?;:\n\r|•()\[\]]|\s[-–—]\s|\s{3}"
    breaks = re.compile(rf"{marks}|\b{phrase_pattern(pack.breaks)}\b", re.IGNORECASE)
    return _Patterns(denied, after, relations, breaks, joins, determiners)


def _merged(ranges: list[tuple[int, int]]) -> _Ranges:
    starts: list[int] = []
    ends: list[int] = []
    for start, end in sorted(ranges):
        if end <= start:
            continue
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return _Ranges(tuple(starts), tuple(ends))
