"""Which spans of a document are mere mentions: under a negation, or of a thing that the product only goes with.

`toner compatible with HP`, `charger not included`, `contains no nuts or soy`: HP, charger and nuts are no attributes.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

#: A cue reaches this many words; lists (`no palm oil, hydrogenated oil or colorings`) need more than a few.
_REACH = 10

_BEFORE = re.compile(
    r"\b(?:(?:in)?compatible (?:with|for)|compatibility with|(?:is |are )?not (?:for|a|an|from|by|compatible)"
    r"|fits(?: for)?|for use (?:with|in|on)|works? (?:with|on)|designed (?:for use )?(?:for|with)|suitable for"
    r"|replacement (?:part )?for|(?:as an )?alternative to|instead of|unlike|inspired by|similar to|goes with"
    r"|without(?: any)?|free (?:of|from)|contains? no|(?:does|do) not (?:contain|include|have|come with)"
    r"|(?:doesn[’']t|don[’']t) (?:contain|include|have|come with)|never|neither|nor|not|no)\b",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\b(?:(?:is|are)?\s?n[o’']t included|(?:is |are )?not included|not part of|(?:is |are )?sold separately"
    r"|(?:is |are )?not supplied)\b",
    re.IGNORECASE,
)
#: Where the reach of a cue ends: the end of a sentence or clause. A comma does not end it.
_BREAK = re.compile(r"[.!?;:\n\r|•()\[\]]|\b(?:but|however|which|that|while)\b|\s[-–—]\s", re.IGNORECASE)
_WORD = re.compile(r"\w+")
#: What may stand between a stretch and `not included`: `plate and flower are not included`.
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
    cues = [(match.start(), match.end()) for match in _BEFORE.finditer(text)]
    trailing = [(match.start(), match.end()) for match in _AFTER.finditer(text)]
    if not cues and not trailing:
        return Mentions((), ())
    breaks = [(match.start(), match.end()) for match in _BREAK.finditer(text)]
    break_starts = [start for start, _ in breaks]
    break_ends = [end for _, end in breaks]
    word_starts = [match.start() for match in _WORD.finditer(text)]
    ranges: list[tuple[int, int]] = []
    for _, start in cues:
        at = bisect_left(break_starts, start)
        end = break_starts[at] if at < len(break_starts) else len(text)
        beyond = bisect_left(word_starts, start) + _REACH
        ranges.append((start, min(end, word_starts[beyond]) if beyond < len(word_starts) else end))
    for end, _ in trailing:
        at = bisect_right(break_ends, end)
        start = break_ends[at - 1] if at else 0
        first = bisect_left(word_starts, end) - _AFTER_REACH
        ranges.append((max(start, word_starts[first]) if first > 0 else start, end))
    return _merged(ranges)


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
