"""Texts longer than the model can see at once are scored in overlapping windows, so that nothing is cut silently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Words that two neighbouring windows share at least, so that a word near a border is seen with its surroundings.
MIN_OVERLAP = 32
#: In a text of several windows no word may fill more than this share of one; see `longest_word`.
_WORDS_PER_WINDOW = 4


@dataclass(frozen=True, slots=True)
class Window:
    """Words `start..stop` (exclusive) are scored together; spans that *start* in the core belong to this window.

    The cores of a text's windows partition its words, so every span is decided exactly once.
    """

    start: int
    stop: int
    core_start: int
    core_stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def fits(sizes: Sequence[int], *, max_words: int, max_subtokens: int) -> bool:
    """Whether a text whose words have these numbers of subtokens can be scored at once."""
    return len(sizes) <= max_words and sum(sizes) <= max_subtokens


def longest_word(max_subtokens: int) -> int:
    """Subtokens that one word may have in a text that needs several windows; the rest of the word is not looked at.

    Without such a limit a run of base64 could fill whole windows and push the words around it out.
    """
    return max(max_subtokens // _WORDS_PER_WINDOW, 1)


def plan_windows(sizes: Sequence[int], *, max_words: int, max_subtokens: int, max_width: int) -> list[Window]:
    """Cover a text with windows.

    Args:
        sizes: subtokens of each word; of more than one window, none above `longest_word(max_subtokens)`.
        max_words: words that a window may hold.
        max_subtokens: subtokens that a window may hold.
        max_width: words that a span may hold; windows overlap by more, so that a span that starts in a core lies
            wholly in that window (unless the words are so long that the overlap would fill half a window).

    Returns one window where the text fits, none where it has no words.
    """
    total = len(sizes)
    if fits(sizes, max_words=max_words, max_subtokens=max_subtokens):
        return [Window(0, total, 0, total)] if total else []
    overlap = max(min(max(2 * max_width, MIN_OVERLAP), max_words // 2), min(max_width, max_words - 1))
    windows: list[Window] = []
    start = core_start = 0
    while True:
        stop = _furthest(sizes, start, max_words, max_subtokens)
        if stop == total:
            windows.append(Window(start, stop, core_start, total))
            return windows
        shared = _shared(sizes, start, stop, overlap, max_subtokens)
        # To the right of a core at least `max_width - 1` words are visible; the rest of the overlap is halved.
        core_stop = max(stop - max(min(max_width - 1, shared), shared // 2), core_start + 1)
        windows.append(Window(start, stop, core_start, core_stop))
        start, core_start = stop - shared, core_stop


def _furthest(sizes: Sequence[int], start: int, max_words: int, limit: int) -> int:
    """End of the longest window from `start`, at least one word long."""
    stop, used = start, 0
    while stop < len(sizes) and stop - start < max_words and (used + sizes[stop] <= limit or stop == start):
        used += sizes[stop]
        stop += 1
    return stop


def _shared(sizes: Sequence[int], start: int, stop: int, overlap: int, limit: int) -> int:
    """Words of the next overlap: as asked, fewer where long words would fill more than half of the next window."""
    shared, used = 0, 0
    while shared < overlap and stop - shared - 1 > start:
        used += sizes[stop - shared - 1]
        if used > limit // 2:
            break
        shared += 1
    return shared
