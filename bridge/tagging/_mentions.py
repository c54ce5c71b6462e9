"""Which spans of a document are mere mentions: under a negation, or of a thing that the product only goes with.

`toner compatible with HP`, `charger not included`, `contains no nuts or soy`: HP, charger and nuts are no attributes.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

#: Words that a cue reaches in each part of a list: `no palm oil, hydrogenated oil or colorings` has three parts.
_NEGATED_PART = 4
_RELATED_PART = 6
#: Words that a cue reaches in all.
_REACH = 40

#: What follows is denied.
_NEGATION = re.compile(
    r"\b(?:(?:is |are )?not|without(?: any)?|free (?:of|from)|contains? no|(?:does|do) not (?:contain|include|have)"
    r"|(?:doesn[’']t|don[’']t) (?:contain|include|have)|neither|nor|no|lacks?)\b",
    re.IGNORECASE,
)
#: What follows is another thing, which this one only goes with or resembles.
_RELATION = re.compile(
    r"\b(?:(?:in)?compatible (?:with|for)|compatibility with|fits(?: for)?|for use (?:with|in|on)|works? (?:with|on)"
    r"|designed (?:for use )?(?:for|with)|suitable for|replacement (?:part )?for|alternative to|instead of|unlike"
    r"|inspired by|similar to|goes with|comparable to)\b",
    re.IGNORECASE,
)
#: What stands before is denied.
_AFTER = re.compile(
    r"\b(?:(?:is |are )?not included|(?:isn|aren)[’']t included|not part of|(?:is |are )?sold separately"
    r"|(?:is |are )?not supplied)\b",
    re.IGNORECASE,
)
#: Where the reach of a cue ends: the end of a sentence or clause. A comma does not end it, nor does a decimal point.
_BREAK = re.compile(
    r"\.(?![0-9])|[!?;:\n\r|•()\[\]]|\b(?:but|however|which|that|while)\b|\s[-–—]\s|\s{3}", re.IGNORECASE
)
_WORD = re.compile(r"\w+(?:[’'.-]\w+)*|[,/&]")
_JOINS = frozenset({",", "/", "&", "and", "or", "nor"})
#: Words that may stand between a thing and `not included`: `plate and flower are not included`.
_AFTER_REACH = 6


@dataclass(frozen=True, slots=True)
class Mentions:
    """The stretches of one text in which what is named is only mentioned, as sorted, possibly touching ranges."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def covers(self, start: int, end: int) -> bool:
        """Whether a span lies wholly inside a stretch under a cue. Cues inside the span itself do not count."""
        at = bisect_right(self.starts, start)
        return at > 0 and self.ends[at - 1] >= end


def find_mentions(text: str) -> Mentions:
    """The stretches under a cue; linear in the text's length (times the logarithm of its cues)."""
    cues = [(match.end(), _NEGATED_PART) for match in _NEGATION.finditer(text)]
    cues += [(match.end(), _RELATED_PART) for match in _RELATION.finditer(text)]
    trailing = [match.start() for match in _AFTER.finditer(text)]
    if not cues and not trailing:
        return Mentions((), ())
    breaks = [(match.start(), match.end()) for match in _BREAK.finditer(text)]
    words = list(_WORD.finditer(text))
    word_starts = [word.start() for word in words]
    ranges: list[tuple[int, int]] = []
    for start, part in cues:
        at = bisect_left(breaks, (start, 0))
        limit = breaks[at][0] if at < len(breaks) else len(text)
        ranges.append((start, _reach(words, bisect_left(word_starts, start), part, limit)))
    for end in trailing:
        at = bisect_right(breaks, (end, 0))
        start = breaks[at - 1][1] if at else 0
        first = max(bisect_left(word_starts, end) - _AFTER_REACH, 0)
        ranges.append((max(start, word_starts[first]), end) if words else (start, end))
    return _merged(ranges)


def _reach(words: Sequence[re.Match[str]], first: int, part: int, limit: int) -> int:
    """Where the reach of a cue ends: after `part` words without a comma, `and` or `or`, or at `limit`."""
    count = 0
    end = 0
    for at in range(first, min(first + _REACH, len(words))):
        word = words[at]
        if word.start() >= limit:
            break
        if word.group().lower() in _JOINS:
            count = 0
            continue
        count += 1
        if count > part:
            return end
        end = word.end()
    return end


def _merged(ranges: list[tuple[int, int]]) -> Mentions:
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
    return Mentions(tuple(starts), tuple(ends))
